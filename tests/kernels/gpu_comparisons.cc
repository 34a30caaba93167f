#include "tests/kernels/gpu_comparisons.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/random_prints.h"

namespace whorl::kernels {
namespace {

constexpr std::uint64_t kSeed = 20261126;
constexpr int kRuns = 7;
constexpr int kTimedProbes = 16, kTimedMinutiae = 40;
// Warp instructions of a pair, by count (docs/gpu.md), and those that a multiprocessor starts in a
// cycle.
constexpr double kInstructionsOfPair = 1e5, kInstructionsOfCycle = 4;

// Empty where every similarity is the definition's.
std::string disagreement(PrintComparer& device, const ManyPairs& many) {
  std::vector<float> found(many.pairs.size(), -1);
  const auto count = static_cast<std::int64_t>(many.pairs.size());
  if (device.compare(many.batch, many.pairs.data(), count, found.data()) != Status::ok)
    return "THE COMPARISON FAILED";
  const std::vector<float> expected = many.expected();
  const auto wrong = std::mismatch(found.begin(), found.end(), expected.begin()).first;
  return wrong == found.end() ? "" : "DIFFERS, pair " + std::to_string(wrong - found.begin());
}

struct Timed {
  PrintBatch batch;
  std::vector<PrintPair> pairs;
  std::size_t checked;  // pairs, each the definition's, which is slow
  explicit Timed(const GpuSizes& sizes)
      : checked(static_cast<std::size_t>(sizes.at_most(400, 20))) {
    PrintMaker maker(kSeed);
    for (int p = 0; p < kTimedProbes; ++p) PrintMaker::put(maker.print(kTimedMinutiae), batch);
    for (int p = 0; p < sizes.at_most(8192, 40); ++p)
      pairs.push_back({p % kTimedProbes, PrintMaker::put(maker.print(kTimedMinutiae), batch)});
  }
  bool right(const std::vector<float>& found) const {
    std::vector<float> expected(checked);
    compare_prints_reference(batch, pairs.data(), static_cast<std::int64_t>(checked),
                             expected.data());
    return std::equal(expected.begin(), expected.end(), found.begin());
  }
};

}  // namespace

bool check_gpu_comparisons(int device, const GpuSizes& sizes) {
  const auto comparer = WHORL_CUDA_ENTRY(make_cuda_comparer)(device);
  bool all = comparer != nullptr;
  for (const int most : {0, 1, 2, 5, 12, 31, 33, 48, 128}) {
    if (comparer == nullptr) break;
    std::printf("gpu: full comparisons, up to %d minutiae: ", most);
    (void)std::fflush(stdout);  // so that what hangs or dies is named
    const ManyPairs many(kSeed + static_cast<std::uint64_t>(most), sizes.at_most(200, 6), most);
    const std::string wrong = disagreement(*comparer, many);
    std::puts(wrong.empty() ? "the definition's bits" : wrong.c_str());
    all = all && wrong.empty();
  }
  return all;
}

bool time_gpu_comparisons(int device, const GpuSizes& sizes, const GpuRates& rates,
                          std::vector<GpuFigure>& figures) {
  const auto comparer = WHORL_CUDA_ENTRY(make_cuda_comparer)(device);
  if (comparer == nullptr) return false;
  const Timed timed(sizes);
  const auto pairs = static_cast<std::int64_t>(timed.pairs.size());
  std::vector<float> found(timed.pairs.size());
  std::vector<double> kernel_s, call_s;
  for (int run = 0; run < sizes.warm_ups() + sizes.at_most(kRuns, 1); ++run) {
    const auto before = std::chrono::steady_clock::now();
    if (comparer->compare(timed.batch, timed.pairs.data(), pairs, found.data()) != Status::ok) {
      return false;
    }
    const std::chrono::duration<double> call = std::chrono::steady_clock::now() - before;
    if (run < sizes.warm_ups()) continue;
    kernel_s.push_back(static_cast<double>(comparer->last_kernel_ms()) * 1e-3);
    call_s.push_back(call.count());
  }
  const bool checked = timed.right(found);
  const auto rate = [&](std::vector<double>& seconds) {
    std::sort(seconds.begin(), seconds.end());
    return static_cast<double>(pairs) / seconds[seconds.size() / 2];
  };
  figures.push_back({"full comparisons of prints", rate(kernel_s), "comparisons/s",
                     rates.processors * rates.clock_hz * kInstructionsOfCycle / kInstructionsOfPair,
                     "instructions by count", checked});
  figures.push_back(
      {"full comparisons of prints, whole call", rate(call_s), "comparisons/s", 0, "", checked});
  return true;
}

}  // namespace whorl::kernels
