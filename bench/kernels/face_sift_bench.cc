// The 8-bit first look at faces against what the machine can do. Rows of 512 codes: 4,096 stand in
// the cache; 1,000,000 do not (512 MB, WHORL_BENCH_FACES: other sizes). Counters: templates (pairs
// compared) a second, and of the two limits measured in this process, reading these very bytes
// (share_of_memory) and multiplying bytes from registers (share_of_products), the share that was
// reached. All rows but one in a thousand are told off, as a search does.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "bench/kernels/face_roofline.h"
#include "kernels/aligned_array.h"
#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

constexpr int kCodes = 512;
constexpr std::int64_t kGroups = 16;  // of a call, as the index asks
constexpr std::int64_t kPieceGroups = 64;
constexpr std::int64_t kGroupBytes = std::int64_t{kCodes} * kFaceGroupRows;
constexpr float kCutOfMany = 4.6e3F;  // of products of codes spread evenly over -24 .. 24

// Codes in pieces of 1,024 rows, as the index keeps them.
struct Gallery {
  explicit Gallery(std::int64_t wanted)
      : rows(wanted / (kPieceGroups * kFaceGroupRows) * kPieceGroups * kFaceGroupRows),
        scales(kPieceGroups * kFaceGroupRows, 0.1F),
        errors(kPieceGroups, 0.5F) {
    std::minstd_rand random(3);
    for (std::int64_t r = 0; r < rows; r += kPieceGroups * kFaceGroupRows) {
      auto& piece = pieces.emplace_back(kPieceGroups * kGroupBytes, std::uint8_t{0});
      for (std::int64_t i = 0; i < kPieceGroups * kGroupBytes; ++i) {
        piece[i] = static_cast<std::uint8_t>(kFaceCodeZero - 24 + static_cast<int>(random() % 49));
      }
      starts.push_back(piece.data());
    }
    memory_rate =
        read_bytes_per_second(starts.data(), std::ssize(starts), kPieceGroups * kGroupBytes);
  }
  FaceCodeBlock block(std::int64_t call) const {
    constexpr std::int64_t kCalls = kPieceGroups / kGroups;
    return {kGroups, kCodes,
            starts[static_cast<std::size_t>(call / kCalls)] + call % kCalls * kGroups * kGroupBytes,
            scales.data(), errors.data()};
  }
  std::int64_t calls() const { return rows / (kGroups * kFaceGroupRows); }

  std::int64_t rows;
  std::vector<AlignedArray<std::uint8_t>> pieces;
  std::vector<const std::uint8_t*> starts;
  AlignedArray<float> scales, errors;
  double memory_rate = 0;
};

const Gallery& gallery(std::int64_t rows) {
  static std::unique_ptr<Gallery> last;
  if (last == nullptr || last->rows != rows / 1024 * 1024) last = std::make_unique<Gallery>(rows);
  return *last;
}

struct Probes {
  explicit Probes(int how_many)
      : count(how_many),
        codes(std::int64_t{padded_probes(count)} * kCodes, 0),
        sums(padded_probes(count), 0),
        cuts(padded_probes(count), kCutOfMany),
        slopes(padded_probes(count), 1) {
    std::minstd_rand random(4);
    for (int p = 0; p < count; ++p) {
      for (int d = 0; d < kCodes; ++d) {
        const int code = static_cast<int>(random() % 99) - 49;
        codes[probe_code_place(p, d, kCodes)] = static_cast<std::int8_t>(code);
        sums[p] += code;
      }
    }
  }
  FaceSiftProbes view() const {
    return {count, codes.data(), sums.data(), cuts.data(), slopes.data()};
  }
  int count;
  AlignedArray<std::int8_t> codes;
  AlignedArray<std::int32_t> sums;
  AlignedArray<float> cuts, slopes;
};

struct Told {
  explicit Told(int count)
      : passed(count * kGroups, 0), dots(count * kGroups * kFaceGroupRows, 0) {}
  AlignedArray<std::uint16_t> passed;
  AlignedArray<std::int32_t> dots;
};

bool as_defined(SiftFaces sift, const Probes& probes, const FaceCodeBlock& block) {
  const Told mine(probes.count), wanted(probes.count);
  sift(probes.view(), block, mine.passed.data(), mine.dots.data());
  sift_faces_reference(probes.view(), block, wanted.passed.data(), wanted.dots.data());
  const auto size = probes.count * kGroups;
  return std::equal(mine.passed.data(), mine.passed.data() + size, wanted.passed.data()) &&
         std::equal(mine.dots.data(), mine.dots.data() + size * kFaceGroupRows, wanted.dots.data());
}

void BM_SiftFaces(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  const Gallery& rows = gallery(state.range(1));
  const Probes probes(static_cast<int>(state.range(2)));
  const SiftFaces sift = sift_faces(backend);
  if (!as_defined(sift, probes, rows.block(rows.calls() - 1))) {
    return state.SkipWithError("wrong answer");
  }
  const Told told(probes.count);
  for (auto _ : state) {
    for (std::int64_t call = 0; call < rows.calls(); ++call) {
      sift(probes.view(), rows.block(call), told.passed.data(), told.dots.data());
    }
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  const double compared = static_cast<double>(state.iterations() * rows.rows * probes.count);
  const double read = static_cast<double>(state.iterations() * rows.rows * kCodes);
  state.counters["templates"] = {compared, Counter::kIsRate};
  state.counters["memory_GB_s"] = rows.memory_rate / 1e9;
  state.counters["share_of_memory"] = {read / rows.memory_rate, Counter::kIsRate};
  if (const double peak = peak_byte_products_per_second(backend); peak > 0) {
    state.counters["peak_G_products_s"] = peak / 1e9;
    state.counters["share_of_products"] = {compared * kCodes / peak, Counter::kIsRate};
  }
  state.SetLabel(std::string(name_of(backend)));
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"backend", "rows", "probes"})->Unit(benchmark::kMicrosecond);
  bench->Args({0, 1024, 1});
  for (int backend = 1; backend <= 3; ++backend) {
    for (const int probes : {1, 8, 16, 64, 256}) bench->Args({backend, 4096, probes});
  }
  const char* more = std::getenv("WHORL_BENCH_FACES");
  const long rows = more == nullptr ? 100'000 : std::atol(more);
  for (int backend = 1; backend <= 3; ++backend) {
    for (const int probes : {1, 8, 16, 64, 256}) bench->Args({backend, rows, probes});
  }
}
BENCHMARK(BM_SiftFaces)->Apply(sizes);

}  // namespace
}  // namespace whorl::kernels
