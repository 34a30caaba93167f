// One face against a gallery, latency: each kind of index, with what it loses beside its speed.
// Counters: recall_at_10 against the exact scan, rank1 of mated probes, resident bytes a face,
// comparisons a second where every face is compared. Simulated people, seed 11: 20,000, and as many
// more as WHORL_BENCH_FACES says (100,000 take a minute to index).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "engine/index/face_index.h"
#include "tests/support/simulated_faces.h"

namespace whorl::index {
namespace {

using ::whorl::testing::SimulatedFaces;

constexpr std::uint64_t kSeed = 11;
constexpr int kProbes = 200;
constexpr int kWanted = 10;

struct Quality {
  double recall_at_10 = 0;
  double rank1 = 0;
};

std::unique_ptr<FaceIndex> build(FaceIndexKind kind, std::int64_t people) {
  const SimulatedFaces faces(kSeed);
  auto index =
      std::make_unique<FaceIndex>(kind, SimulatedFaces::kModel, SimulatedFaces::kDimension);
  for (std::int64_t person = 0; person < people; ++person) {
    const auto number = static_cast<std::uint64_t>(person);
    if (!index->add({number, 1, 0, 0, 0}, faces.face(number, 0))) return nullptr;
  }
  return index;
}

// Building a large graph takes minutes: once a size and kind.
const FaceIndex* cached(FaceIndexKind kind, std::int64_t people) {
  static std::array<std::unique_ptr<FaceIndex>, 4> indexes;
  auto& index = indexes[static_cast<std::size_t>(kind)];
  if (index == nullptr || index->rows() != people) index = build(kind, people);
  return index.get();
}

std::vector<FaceTemplate> mated_probes(std::int64_t people) {
  const SimulatedFaces faces(kSeed);
  std::vector<FaceTemplate> probes;
  for (std::int64_t i = 0; i < kProbes; ++i) {
    probes.push_back(faces.face(static_cast<std::uint64_t>(i * people / kProbes), 1));
  }
  return probes;
}

std::vector<std::uint64_t> nearest(const FaceIndex& index, const FaceTemplate& probe) {
  std::vector<std::uint64_t> subjects;
  const auto found = index.search(std::span(&probe, 1), Filter{}, kWanted);
  if (!found) return subjects;
  for (const FaceHit& hit : found->front()) subjects.push_back(hit.owner.subject);
  return subjects;
}

Quality quality_of(const FaceIndex& index, const FaceIndex& exact,
                   const std::vector<FaceTemplate>& probes) {
  Quality quality;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const auto truth = nearest(exact, probes[i]), found = nearest(index, probes[i]);
    for (const std::uint64_t subject : truth) {
      quality.recall_at_10 += std::ranges::count(found, subject) > 0 ? 1.0 / kWanted : 0.0;
    }
    const auto mate =
        static_cast<std::uint64_t>(static_cast<std::int64_t>(i) * exact.rows() / kProbes);
    quality.rank1 += !found.empty() && found.front() == mate ? 1 : 0;
  }
  return {quality.recall_at_10 / kProbes, quality.rank1 / kProbes};
}

void search_one(benchmark::State& state, FaceIndexKind kind) {
  const std::int64_t people = state.range(0);
  const FaceIndex* exact = cached(FaceIndexKind::exact, people);
  const FaceIndex* index = cached(kind, people);
  const auto probes = mated_probes(people);
  if (exact == nullptr || index == nullptr) {
    state.SkipWithError("wrong answer: the index could not be built");
    return;
  }
  const Quality quality = quality_of(*index, *exact, probes);
  if (kind == FaceIndexKind::exact && quality.recall_at_10 < 0.999999) {
    state.SkipWithError("wrong answer: the exact scan disagrees with itself");
    return;
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(nearest(*index, probes[next]));
    next = (next + 1) % probes.size();
  }
  state.counters["recall_at_10"] = quality.recall_at_10;
  state.counters["rank1"] = quality.rank1;
  state.counters["resident_bytes_per_face"] =
      static_cast<double>(index->resident_bytes()) / static_cast<double>(people);
  if (kind == FaceIndexKind::exact) {
    state.counters["comparisons_per_s"] = benchmark::Counter(
        static_cast<double>(people), benchmark::Counter::kIsIterationInvariantRate);
  }
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(20'000)->Unit(benchmark::kMicrosecond);
  const char* more = std::getenv("WHORL_BENCH_FACES");
  if (const long people = more == nullptr ? 0 : std::atol(more); people > kProbes) {
    bench->Arg(people);
  }
}
BENCHMARK_CAPTURE(search_one, exact, FaceIndexKind::exact)->Apply(sizes);
BENCHMARK_CAPTURE(search_one, ivf, FaceIndexKind::ivf)->Apply(sizes);
BENCHMARK_CAPTURE(search_one, hnsw, FaceIndexKind::hnsw)->Apply(sizes);
BENCHMARK_CAPTURE(search_one, pq, FaceIndexKind::pq)->Apply(sizes);

}  // namespace
}  // namespace whorl::index
