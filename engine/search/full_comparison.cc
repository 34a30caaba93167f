#include "engine/search/full_comparison.h"

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <map>

#include "engine/base/limits.h"
#include "engine/matchers/print_batch.h"

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;
static_assert(kMaxMinutiaePerTemplate <= kernels::kMaxComparedMinutiae);

// Prepared for a device at a time: some 50 MB, and a millisecond's work of one.
constexpr std::size_t kRound = 8192;

class Comparing {
 public:
  Comparing(std::span<const FingerTemplate* const> probes, kernels::Backend backend)
      : backend_(backend), probes_(probes.size()) {
    tbb::parallel_for(std::size_t{0}, probes.size(),
                      [&](std::size_t p) { probes_[p].prepare(*probes[p], backend_); });
  }

  void on_cpu(std::span<const FullComparison> wanted, std::span<Similarity> similarities) {
    tbb::parallel_for(std::size_t{0}, wanted.size(), [&](std::size_t s) {
      similarities[s] = matchers_.local().compare(probes_[wanted[s].probe], reference(wanted[s]),
                                                  wanted[s].rotation);
    });
  }

  // False: nothing was written.
  bool on_devices(std::span<const FullComparison> wanted, DeviceGallery& devices,
                  std::span<Similarity> similarities) {
    std::vector<matchers::PreparedPrint> references(wanted.size());
    tbb::parallel_for(std::size_t{0}, wanted.size(), [&](std::size_t s) {
      references[s].prepare(reference(wanted[s]), backend_);
    });
    kernels::PrintBatch batch;
    std::vector<kernels::PrintPair> pairs;
    std::map<std::size_t, std::int32_t> numbers;  // of the probes in the batch
    for (std::size_t s = 0; s < wanted.size(); ++s) {
      const matchers::PreparedPrint& probe = probes_[wanted[s].probe];
      const auto [place, added] = numbers.try_emplace(wanted[s].probe, 0);
      if (added) place->second = add_print(probe, batch);
      kernels::PrintPair pair = {place->second, add_print(references[s], batch)};
      if (goes_first(references[s], probe)) std::swap(pair.first, pair.second);
      pairs.push_back(pair);
    }
    std::vector<float> found(pairs.size());
    if (!devices.compare(batch, pairs, found)) return false;
    std::ranges::transform(found, similarities.begin(), [](float s) { return Similarity{s}; });
    return true;
  }

 private:
  static FingerTemplate reference(const FullComparison& wanted) {
    return wanted.prints->minutiae(wanted.row);
  }

  kernels::Backend backend_;
  std::vector<matchers::PreparedPrint> probes_;
  tbb::enumerable_thread_specific<matchers::FingerMatcher> matchers_{
      [this] { return matchers::FingerMatcher(backend_); }};
};

}  // namespace

std::vector<Similarity> compare_in_full(std::span<const FingerTemplate* const> probes,
                                        std::span<const FullComparison> wanted,
                                        kernels::Backend backend, DeviceGallery* devices) {
  std::vector<Similarity> similarities(wanted.size());
  Comparing comparing(probes, backend);
  for (std::size_t first = 0; first < wanted.size();) {
    const auto left = wanted.subspan(first);
    const matchers::Rotation rotation = left.front().rotation;
    const auto alike = static_cast<std::size_t>(
        std::ranges::find_if(left, [&](const auto& one) { return one.rotation != rotation; }) -
        left.begin());
    const bool asked =
        rotation == matchers::Rotation::upright && devices != nullptr && devices->compares(alike);
    const std::size_t count = asked ? std::min(kRound, alike) : alike;
    const auto some = wanted.subspan(first, count);
    const auto out = std::span(similarities).subspan(first, count);
    if (!asked || !comparing.on_devices(some, *devices, out)) comparing.on_cpu(some, out);
    first += count;
  }
  return similarities;
}

}  // namespace whorl::search
