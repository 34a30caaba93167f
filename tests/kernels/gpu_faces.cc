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
constexpr int kRuns = 9;
constexpr int kFewProbes = 16;
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
  FaceScanTuning tuning;
};
FaceScanTuning by(FaceCodes codes) {
  FaceScanTuning tuning;
  tuning.codes = codes;
  return tuning;
}
FaceScanTuning with_vectors(FaceScanTuning tuning) {
  tuning.vectors = true;
  return tuning;
}
FaceScanTuning bytes() { return by(FaceCodes::bytes); }
// Alone their similarities have bits of the device's own.
FaceScanTuning halves() { return with_vectors(by(FaceCodes::halves)); }
FaceScanTuning without_tensor_cores(FaceScanTuning tuning) {
  tuning.tiles = false;
  return tuning;
}
// So that slices have to be scanned again.
FaceScanTuning with_short_lists(FaceScanTuning tuning) {
  tuning.list_entries = 256;
  return tuning;
}
FaceScanTuning by_wgmma(FaceScanTuning tuning) {
  tuning.wgmma = Wgmma::unchecked;
  return tuning;
}
std::string name_of(const FaceScanTuning& tuning) {
  return std::string(tuning.codes == FaceCodes::bytes ? "bytes" : "halves") +
         (tuning.vectors ? ", exact" : "") + (tuning.tiles ? "" : ", no tensor cores") +
         (tuning.wgmma == Wgmma::never ? "" : ", wgmma");
}

// The best rows, ties included, by face_dot.h.
class ExactFaces {
 public:
  explicit ExactFaces(int dimension)
      : dimension_(dimension), padded_((dimension + kFaceLanes - 1) / kFaceLanes * kFaceLanes) {}
  void append(const float* vectors, std::int64_t rows) {
    for (std::int64_t r = 0; r < rows; ++r, vectors += dimension_) {
      rows_.insert(rows_.end(), vectors, vectors + dimension_);
      rows_.resize(rows_.size() + static_cast<std::size_t>(padded_ - dimension_));
    }
  }
  std::vector<FaceCandidate> nearest(const float* probe, const std::vector<std::uint32_t>& admitted,
                                     int keep) const {
    std::vector<float> padded(probe, probe + dimension_);
    padded.resize(static_cast<std::size_t>(padded_));
    const auto rows = static_cast<std::int64_t>(rows_.size()) / padded_;
    std::vector<float> similarities(static_cast<std::size_t>(rows));
    face_dot(best_backend())(padded.data(), {rows_.data(), rows, padded_}, similarities.data());
    std::vector<FaceCandidate> list;
    for (std::uint32_t r = 0; r < similarities.size(); ++r) {
      if ((admitted[r / 32] >> r % 32 & 1U) != 0) list.push_back({r, similarities[r]});
    }
    keep_nearest_faces(list, keep);
    return list;
  }

 private:
  std::int64_t dimension_, padded_;
  std::vector<float> rows_;
};

// Usual and awkward vectors, some of them twice; some rows wiped, some not admitted. Empty where
// the lists are the definition's.
std::string disagreement(int device, Shape shape) {
  FaceScanUse use;
  shape.tuning.use = &use;
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
  const auto scanner =
      WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(device, shape.dimension, 0, shape.tuning);
  FaceScanReference reference(shape.dimension);
  ExactFaces exact(shape.dimension);
  if (!scanner) return "NO SCANNER";
  for (std::int64_t rows = 0; rows < shape.rows;) {
    const std::int64_t more = std::min<std::int64_t>(shape.rows - rows, 1 + maker.below(3000));
    const std::vector<float> vectors = vectors_of(more);
    if (scanner->append(vectors.data(), more) != Status::ok) return "AN APPEND FAILED";
    (void)reference.append(vectors.data(), more);
    exact.append(vectors.data(), more);
    rows += more;
  }
  std::vector<std::uint32_t> admitted(static_cast<std::size_t>((shape.rows + 31) / 32));
  std::vector<std::uint32_t> there = admitted;  // and not wiped
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    const auto word = static_cast<std::size_t>(r / 32);
    if (maker.below(100) < shape.admitted_percent) admitted[word] |= 1U << r % 32;
    there[word] |= admitted[word] & 1U << r % 32;
    if (maker.below(50) != 0) continue;
    if (scanner->wipe(r) != Status::ok) return "A WIPE FAILED";
    (void)reference.wipe(r);
    there[word] &= ~(1U << r % 32);
  }
  const std::uint32_t* filter = shape.admitted_percent < 100 ? admitted.data() : nullptr;
  const std::vector<float> probes = vectors_of(shape.probes);
  Lists found, expected;
  if (scanner->scan(probes.data(), shape.probes, filter, shape.keep, found) != Status::ok) {
    return "THE SCAN FAILED";
  }
  if (shape.tuning.vectors) {
    for (int p = 0; p < shape.probes; ++p)
      expected.push_back(
          exact.nearest(probes.data() + std::int64_t{p} * shape.dimension, there, shape.keep));
  } else {
    (void)reference.scan(probes.data(), shape.probes, filter, shape.keep, expected);
  }
  for (std::size_t p = 0; p < expected.size(); ++p) {
    if (in_order(found[p]) != in_order(expected[p])) return "DIFFERS, probe " + std::to_string(p);
  }
  // What was asked for was also what ran.
  const bool wgmma = shape.tuning.wgmma != Wgmma::never;
  const bool as_asked = found.size() == expected.size() &&
                        scanner->exact() == shape.tuning.vectors && wgmma == (use.by_wgmma > 0);
  return as_asked ? "" : "ANOTHER KERNEL RAN";
}

// Whether the exact nearest are all in the list and, where it says so, nobody else, each with its
// similarity to the last bit.
bool holds_the_best(const FaceScanner& scanner, const float* probe,
                    const std::vector<float>& vectors, const std::vector<FaceCandidate>& list) {
  const auto rows = static_cast<std::int64_t>(vectors.size()) / kTimedDimension;
  std::vector<float> similarities(static_cast<std::size_t>(rows));
  face_dot(best_backend())(probe, {vectors.data(), rows, kTimedDimension}, similarities.data());
  std::vector<float> ranked = similarities;
  const auto kept = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(kKept, rows));
  std::nth_element(ranked.begin(), ranked.begin() + (kept - 1), ranked.end(), std::greater<>());
  const float least = ranked[static_cast<std::size_t>(kept - 1)];
  const auto wanted = std::count_if(similarities.begin(), similarities.end(),
                                    [least](float s) { return s >= least; });
  const auto best = std::count_if(list.begin(), list.end(), [&](const FaceCandidate& c) {
    return similarities[c.row] >= least;
  });
  if (!scanner.exact()) return best == wanted;
  return best == wanted && list.size() == static_cast<std::size_t>(wanted) &&
         std::all_of(list.begin(), list.end(),
                     [&](const FaceCandidate& c) { return c.similarity == similarities[c.row]; });
}

struct Times {
  std::vector<double> kernel_s, call_s;  // in order
  bool checked = false;
  double listed = 0;  // a probe
};

bool time_scans(FaceScanner& scanner, const std::vector<float>& vectors, int count,
                const GpuSizes& sizes, Times& times) {
  const std::vector<float> probes =
      FaceMaker(kSeed + 1 + static_cast<std::uint64_t>(count), kTimedDimension).faces(count);
  Lists lists;
  for (int run = 0; run < sizes.warm_ups() + sizes.at_most(kRuns, 1); ++run) {
    const auto before = std::chrono::steady_clock::now();
    if (scanner.scan(probes.data(), count, nullptr, kKept, lists) != Status::ok) return false;
    const std::chrono::duration<double> call = std::chrono::steady_clock::now() - before;
    if (run < sizes.warm_ups()) continue;
    times.call_s.push_back(call.count());
    times.kernel_s.push_back(static_cast<double>(scanner.last_kernel_ms()) * 1e-3);
  }
  std::sort(times.kernel_s.begin(), times.kernel_s.end());
  std::sort(times.call_s.begin(), times.call_s.end());
  times.checked = true;
  for (int i = 0; i < std::min(count, kCheckedProbes); ++i) {
    const int p = i * (count / std::min(count, kCheckedProbes));
    times.checked =
        times.checked && holds_the_best(scanner, probes.data() + std::int64_t{p} * kTimedDimension,
                                        vectors, lists[static_cast<std::size_t>(p)]);
  }
  for (const auto& list : lists) times.listed += static_cast<double>(list.size());
  times.listed /= count;
  return true;
}

double median(const std::vector<double>& ordered) { return ordered[ordered.size() / 2]; }

// Few probes are held against memory, many against the tensor cores.
void tell(const Times& times, const FaceScanTuning& tuning, std::int64_t rows, int count,
          const GpuRates& rates, std::vector<GpuFigure>& figures) {
  const std::string name = "faces, " + std::to_string(rows) + " x 512, " + std::to_string(count) +
                           (count == 1 ? " probe" : " probes") + ", " + name_of(tuning);
  const bool halves = tuning.codes == FaceCodes::halves;
  const double pairs = static_cast<double>(rows) * count;
  const bool of_memory = count <= kFewProbes;
  const double row_bytes = kTimedDimension * (halves ? 2.0 : 1.0) + sizeof(FaceRowTerms);
  const double work =
      of_memory ? static_cast<double>(rows) * row_bytes : 2 * pairs * kTimedDimension;
  const std::string unit = of_memory ? "B/s" : "operations/s";
  const double mma = halves ? rates.mma_halves : rates.mma_bytes;
  const double wgmma = halves ? rates.wgmma_halves : rates.wgmma_bytes;
  const double products = tuning.wgmma != Wgmma::never ? wgmma : mma;
  const double limit = of_memory ? std::max(rates.read, rates.copy) : products;
  const std::string said = of_memory ? "reading alone" : "products alone";
  figures.push_back({name + (of_memory ? ", read" : ", operations"), work / median(times.kernel_s),
                     unit, limit, said, times.checked});
  figures.push_back({name, pairs / median(times.kernel_s), "comparisons/s", limit / work * pairs,
                     said, times.checked});
  figures.push_back(
      {name + ", whole call", pairs / median(times.call_s), "comparisons/s", 0, "", times.checked});
  figures.push_back({name + ", listed for " + std::to_string(kKept), times.listed, "rows a probe",
                     0, "", times.checked});
}

}  // namespace

bool check_gpu_faces(int device, GpuPart part, const GpuSizes& sizes) {
  const Shape shapes[] = {{1, 1, 1, 1, 100, bytes()},
                          {7, 31, 3, 2, 100, bytes()},
                          {31, 33, 17, 3, 50, bytes()},
                          {32, 1000, 16, 10, 100, bytes()},
                          {33, 5000, 2, 5, 100, bytes()},
                          {33, 5000, 40, 5, 30, with_short_lists(bytes())},
                          {128, 20'000, 1, 10, 100, bytes()},
                          {128, 20'000, 200, 10, 100, bytes()},
                          {128, 20'000, 40, 10, 70, with_vectors(bytes())},
                          {512, 20'000, 8, 10, 100, with_short_lists(bytes())},
                          {512, 20'000, 300, 10, 90, with_short_lists(bytes())},
                          {512, 20'000, 70, 100, 100, bytes()},
                          {512, 20'000, 3, 10, 100, with_vectors(bytes())},
                          {200, 5000, 1, 5, 100, bytes()},
                          {200, 5000, 2, 5, 50, bytes()},
                          {200, 5000, 3, 5, 100, bytes()},
                          {200, 5000, 7, 5, 100, bytes()},
                          {513, 9000, 20, 10, 100, without_tensor_cores(bytes())},
                          {576, 9000, 5, 10, 70, bytes()},
                          {4096, 1000, 9, 4, 100, with_short_lists(bytes())},
                          {1, 1, 1, 1, 100, halves()},
                          {7, 33, 17, 3, 50, halves()},
                          {33, 5000, 2, 5, 100, halves()},
                          {33, 5000, 40, 5, 30, with_short_lists(halves())},
                          {128, 20'000, 200, 10, 100, halves()},
                          {100, 5000, 1, 5, 100, halves()},
                          {100, 5000, 2, 5, 50, halves()},
                          {100, 5000, 3, 5, 100, halves()},
                          {100, 5000, 7, 5, 100, halves()},
                          {512, 20'000, 8, 10, 100, with_short_lists(halves())},
                          {512, 20'000, 300, 10, 90, with_short_lists(halves())},
                          {513, 9000, 20, 10, 100, without_tensor_cores(halves())},
                          {4096, 1000, 9, 4, 100, halves()},
                          {512, 20'000, 300, 10, 90, by_wgmma(bytes())},
                          {33, 5000, 130, 5, 100, by_wgmma(with_short_lists(bytes()))},
                          {1024, 5000, 70, 10, 100, by_wgmma(bytes())},
                          {512, 20'000, 300, 10, 90, by_wgmma(halves())},
                          {33, 5000, 130, 5, 100, by_wgmma(with_short_lists(halves()))}};
  bool all = true;
  for (const Shape& shape : shapes) {
    if ((shape.tuning.wgmma != Wgmma::never) != (part == GpuPart::wgmma)) continue;
    Shape fit = shape;
    const bool wgmma = part == GpuPart::wgmma;  // which takes blocks of many
    fit.rows = std::min<std::int64_t>(fit.rows, sizes.at_most(20'000, wgmma ? 130 : 200));
    fit.probes = std::min(fit.probes, sizes.at_most(300, wgmma ? 130 : 20));
    std::printf("gpu: faces: %d probes, %lld x %d, %d %% admitted, %s%s: ", fit.probes,
                static_cast<long long>(fit.rows), fit.dimension, fit.admitted_percent,
                name_of(fit.tuning).c_str(), fit.tuning.list_entries == 256 ? ", short lists" : "");
    (void)std::fflush(stdout);  // so that what hangs or dies is named
    const std::string wrong = disagreement(device, fit);
    std::puts(wrong.empty() ? "the definition's lists" : wrong.c_str());
    all = all && wrong.empty();
  }
  return all;
}

bool time_gpu_faces(int device, GpuPart part, const GpuSizes& sizes, const GpuRates& rates,
                    std::vector<GpuFigure>& figures) {
  const int rows = sizes.at_most(1'000'000, 140),
            many = sizes.at_most(1024, part == GpuPart::wgmma ? 130 : 20);
  const std::vector<float> vectors = FaceMaker(kSeed, kTimedDimension).faces(rows);
  const bool wgmma = part == GpuPart::wgmma;
  FaceScanUse use;
  const std::vector<FaceScanTuning> portable{with_vectors(bytes()), bytes(), by(FaceCodes::halves)};
  const std::vector<FaceScanTuning> hopper{by_wgmma(with_vectors(bytes())),
                                           by_wgmma(by(FaceCodes::halves))};
  for (FaceScanTuning tuning : wgmma ? hopper : portable) {
    if (!sizes.time_for("faces of 512, " + name_of(tuning))) continue;
    tuning.use = &use;
    const auto scanner =
        WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(device, kTimedDimension, 0, tuning);
    if (!scanner || scanner->append(vectors.data(), rows) != Status::ok) return false;
    for (const int count : {1, kFewProbes, many}) {
      if (wgmma && count < many) continue;
      Times times;
      use = {};
      if (!time_scans(*scanner, vectors, count, sizes, times)) return false;
      times.checked = times.checked && wgmma == (use.by_wgmma > 0);
      tell(times, tuning, rows, count, rates, figures);
    }
  }
  return true;
}

}  // namespace whorl::kernels
