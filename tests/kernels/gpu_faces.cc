#include "tests/kernels/gpu_faces.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "kernels/backend.h"
#include "kernels/face_scan.h"
#include "kernels/face_scan_cuda.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {
namespace {

using Lists = std::vector<std::vector<FaceCandidate>>;

constexpr std::uint64_t kSeed = 20261126;
constexpr int kTimedDimension = 512;
constexpr int kKept = 10;
constexpr int kRuns = 11, kWarmUps = 2;
constexpr int kCheckedProbes = 4;  // an exact scan of the host each

std::vector<std::pair<std::uint32_t, float>> in_order(const std::vector<FaceCandidate>& list) {
  std::vector<std::pair<std::uint32_t, float>> all;
  for (const FaceCandidate& c : list) all.emplace_back(c.row, c.similarity);
  std::sort(all.begin(), all.end());
  return all;
}

struct Shape {
  int dimension;
  std::int64_t rows;
  int probes, keep;
  int admitted_percent;
  bool tiles;
  bool short_lists;    // so that slices have to be scanned again
  bool wgmma = false;  // where the device is a Hopper
};

// Usual and awkward vectors, some of them twice; some rows wiped, some not admitted.
bool agrees(int device, const Shape& shape) {
  FaceMaker maker(kSeed + static_cast<std::uint64_t>(shape.dimension), shape.dimension);
  const auto vectors_of = [&](std::int64_t count) {
    std::vector<float> all;
    std::vector<float> one;
    for (std::int64_t i = 0; i < count; ++i) {
      if (one.empty() || maker.below(16) != 0) {
        one = maker.below(4) == 0 ? maker.awkward_face() : maker.face();
      }
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  };
  FaceScanTuning tuning;
  tuning.tiles = shape.tiles;
  if (shape.short_lists) tuning.list_entries = 256;
  if (shape.wgmma) tuning.wgmma = Wgmma::unchecked;
  const auto scanner = WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(device, shape.dimension, 0, tuning);
  FaceScanReference reference(shape.dimension);
  if (!scanner) return false;
  for (std::int64_t rows = 0; rows < shape.rows;) {
    const std::int64_t more = std::min<std::int64_t>(shape.rows - rows, 1 + maker.below(3000));
    const std::vector<float> vectors = vectors_of(more);
    if (scanner->append(vectors.data(), more) != Status::ok) return false;
    (void)reference.append(vectors.data(), more);
    rows += more;
  }
  std::vector<std::uint32_t> admitted(static_cast<std::size_t>((shape.rows + 31) / 32));
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    if (maker.below(100) < shape.admitted_percent) {
      admitted[static_cast<std::size_t>(r / 32)] |= 1U << r % 32;
    }
    if (maker.below(50) != 0) continue;
    if (scanner->wipe(r) != Status::ok) return false;
    (void)reference.wipe(r);
  }
  const std::uint32_t* filter = shape.admitted_percent < 100 ? admitted.data() : nullptr;
  const std::vector<float> probes = vectors_of(shape.probes);
  Lists found, expected;
  (void)reference.scan(probes.data(), shape.probes, filter, shape.keep, expected);
  if (scanner->scan(probes.data(), shape.probes, filter, shape.keep, found) != Status::ok) {
    return false;
  }
  for (std::size_t p = 0; p < expected.size(); ++p) {
    if (in_order(found[p]) != in_order(expected[p])) return false;
  }
  return found.size() == expected.size();
}

// The exact nearest are all in the list.
bool holds_the_best(const float* probe, const std::vector<float>& vectors,
                    const std::vector<FaceCandidate>& list) {
  const auto rows = static_cast<std::int64_t>(vectors.size()) / kTimedDimension;
  std::vector<float> similarities(static_cast<std::size_t>(rows));
  face_dot(best_backend())(probe, {vectors.data(), rows, kTimedDimension}, similarities.data());
  std::vector<float> ranked = similarities;
  const auto kept = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(kKept, rows));
  std::nth_element(ranked.begin(), ranked.begin() + (kept - 1), ranked.end(), std::greater<>());
  const float least = ranked[static_cast<std::size_t>(kept - 1)];
  const auto wanted = std::count_if(similarities.begin(), similarities.end(),
                                    [least](float s) { return s >= least; });
  return wanted == std::count_if(list.begin(), list.end(), [&](const FaceCandidate& c) {
           return similarities[c.row] >= least;
         });
}

struct Times {
  std::vector<double> kernel_s, call_s;  // in order
  bool checked = false;
  double listed = 0;  // a probe
};

bool time_scans(FaceScanner& scanner, const std::vector<float>& vectors, int count, Times& times) {
  const std::vector<float> probes =
      FaceMaker(kSeed + 1 + static_cast<std::uint64_t>(count), kTimedDimension).faces(count);
  Lists lists;
  for (int run = 0; run < kRuns; ++run) {
    const auto before = std::chrono::steady_clock::now();
    if (scanner.scan(probes.data(), count, nullptr, kKept, lists) != Status::ok) return false;
    const std::chrono::duration<double> call = std::chrono::steady_clock::now() - before;
    if (run < kWarmUps) continue;
    times.call_s.push_back(call.count());
    times.kernel_s.push_back(static_cast<double>(scanner.last_kernel_ms()) * 1e-3);
  }
  std::sort(times.kernel_s.begin(), times.kernel_s.end());
  std::sort(times.call_s.begin(), times.call_s.end());
  times.checked = true;
  for (int i = 0; i < std::min(count, kCheckedProbes); ++i) {
    const int p = i * (count / std::min(count, kCheckedProbes));
    times.checked =
        times.checked && holds_the_best(probes.data() + std::int64_t{p} * kTimedDimension, vectors,
                                        lists[static_cast<std::size_t>(p)]);
  }
  for (const auto& list : lists) times.listed += static_cast<double>(list.size());
  times.listed /= count;
  return true;
}

double median(const std::vector<double>& ordered) { return ordered[ordered.size() / 2]; }

// Few probes are held against memory, many against what the tensor cores do, which nothing here
// measures.
void tell(const Times& times, std::int64_t rows, int count, bool wgmma, double copy_rate,
          std::vector<GpuFigure>& figures) {
  const std::string name = "faces, " + std::to_string(rows) + " x 512, " + std::to_string(count) +
                           (count == 1 ? " probe" : " probes") +
                           (wgmma ? ", wgmma where there is one" : "");
  const double pairs = static_cast<double>(rows) * count;
  const bool of_memory = count <= 16;
  const double work = of_memory
                          ? static_cast<double>(rows) * (kTimedDimension + sizeof(FaceRowTerms))
                          : 2 * pairs * kTimedDimension;
  const std::string unit = of_memory ? "B/s" : "int8 operations/s";
  const double limit = of_memory ? copy_rate : 0;
  const std::string said = of_memory ? "copy" : "not known";
  figures.push_back(
      {name + ", best", work / times.kernel_s.front(), unit, limit, said, times.checked});
  figures.push_back(
      {name + ", median", work / median(times.kernel_s), unit, limit, said, times.checked});
  figures.push_back(
      {name + ", median", pairs / median(times.kernel_s), "comparisons/s", 0, "", times.checked});
  figures.push_back({name + ", whole call, median", pairs / median(times.call_s), "comparisons/s",
                     0, "", times.checked});
  figures.push_back({name + ", listed for " + std::to_string(kKept), times.listed, "rows a probe",
                     0, "", times.checked});
}

}  // namespace

bool check_gpu_faces(int device) {
  const Shape shapes[] = {{1, 1, 1, 1, 100, true, false},
                          {7, 31, 3, 2, 100, true, false},
                          {31, 33, 17, 3, 50, true, false},
                          {32, 1000, 16, 10, 100, true, false},
                          {33, 5000, 2, 5, 100, true, false},
                          {33, 5000, 40, 5, 30, true, true},
                          {128, 20'000, 1, 10, 100, true, false},
                          {128, 20'000, 200, 10, 100, true, false},
                          {512, 20'000, 8, 10, 100, true, true},
                          {512, 20'000, 300, 10, 90, true, true},
                          {512, 20'000, 70, 100, 100, true, false},
                          {513, 9000, 20, 10, 100, false, false},
                          {576, 9000, 5, 10, 70, true, false},
                          {4096, 1000, 9, 4, 100, true, true},
                          // Last, because it never ran: a device that refuses it is lost.
                          {512, 20'000, 300, 10, 90, true, false, true},
                          {33, 5000, 130, 5, 100, true, true, true}};
  bool all = true;
  for (const Shape& shape : shapes) {
    const bool same = agrees(device, shape);
    std::printf("gpu: faces: %d probes, %lld x %d, %d %% admitted%s%s: %s\n", shape.probes,
                static_cast<long long>(shape.rows), shape.dimension, shape.admitted_percent,
                shape.tiles ? "" : ", no tensor cores",
                shape.wgmma         ? ", wgmma where there is one"
                : shape.short_lists ? ", short lists"
                                    : "",
                same ? "the definition's lists" : "DIFFERS");
    all = all && same;
  }
  return all;
}

std::vector<GpuFigure> time_gpu_faces(int device, double copy_rate, std::int64_t rows) {
  const std::vector<float> vectors = FaceMaker(kSeed, kTimedDimension).faces(rows);
  std::vector<GpuFigure> figures;
  for (const bool wgmma : {false, true}) {
    FaceScanTuning tuning;
    tuning.vectors = true;
    if (wgmma) tuning.wgmma = Wgmma::where_right;
    const auto scanner =
        WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(device, kTimedDimension, 0, tuning);
    if (!scanner || scanner->append(vectors.data(), rows) != Status::ok) return {};
    for (const int count : {1, 16, 1024}) {
      if (wgmma && count < 1024) continue;
      Times times;
      if (!time_scans(*scanner, vectors, count, times)) return {};
      tell(times, rows, count, wgmma, copy_rate, figures);
    }
  }
  return figures;
}

}  // namespace whorl::kernels
