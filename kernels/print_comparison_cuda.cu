#include <algorithm>
#include <cstdint>
#include <memory>

#include "kernels/comparison_growth_cuda.h"
#include "kernels/cuda_accelerator.h"
#include "kernels/cuda_launch.h"
#include "kernels/cuda_memory.h"

namespace whorl::kernels {
namespace {

using namespace device;

constexpr int kPairWarps = 4;  // of a thread block; each takes a pair of its own

// The halves of a comparison follow one another, and so may share their memory.
struct ComparisonScratch {
  RankedPairs ranked;
  union {
    PairScratch pairs;
    GrowthScratch growth;
  };
};
constexpr std::size_t kScratchBytes = kPairWarps * sizeof(ComparisonScratch);
static_assert(kScratchBytes <= 48 << 10, "what any kernel may have");

struct PairsOnDevice {
  const PrintPair* pairs;
  std::int64_t count;
  float* similarities;
};

__global__ void __launch_bounds__(kPairWarps* kWarp)
    compare_pairs(PrintsOnDevice prints, PairsOnDevice all,
                  const comparison::ComparisonTables* tables) {
  const std::int64_t number = std::int64_t{blockIdx.x} * kPairWarps + warp_of_thread();
  if (number >= all.count) return;
  auto& scratch = reinterpret_cast<ComparisonScratch*>(shared_bytes())[warp_of_thread()];
  const DevicePrint first = print_of(prints, all.pairs[number].first);
  const DevicePrint second = print_of(prints, all.pairs[number].second);
  float support = 0;
  const int pairs = WarpPairs(first, second, *tables, scratch.pairs).find(scratch.ranked, support);
  __syncwarp();
  const float grown =
      WarpGrowth(first, second, *tables, scratch.growth).log_likelihood(scratch.ranked, pairs);
  if (lane_of_warp() == 0) all.similarities[number] = comparison::similarity_of(grown, support);
}

class CudaComparer final : public PrintComparer {
 public:
  explicit CudaComparer(int device) : device_(device) {}
  ~CudaComparer() override { (void)cudaSetDevice(device_); }  // what it owns is freed after this

  Status open() {
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    WHORL_STATUS_TRY(timeline_.open());
    WHORL_STATUS_TRY(tables_.copy_from(&comparison::comparison_tables(), 1, timeline_.stream()));
    return timeline_.wait();
  }

  Status compare(const PrintBatch& batch, const PrintPair* pairs, std::int64_t count,
                 float* similarities) override {
    kernel_ms_ = 0;
    if (count == 0) return Status::ok;
    check(batch, pairs, count);
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    const cudaStream_t stream = timeline_.stream();
    const auto copy = [stream](auto& device, const auto& host) {
      return device.copy_from(host.data(), static_cast<std::int64_t>(host.size()), stream);
    };
    WHORL_STATUS_TRY(copy(prints_, batch.prints));
    WHORL_STATUS_TRY(copy(minutiae_, batch.minutiae));
    WHORL_STATUS_TRY(copy(vectors_, batch.vectors));
    WHORL_STATUS_TRY(copy(corners_, batch.corners));
    WHORL_STATUS_TRY(pairs_.copy_from(pairs, count, stream));
    WHORL_STATUS_TRY(similarities_.reserve(count));
    const PrintsOnDevice prints = {prints_.data(), minutiae_.data(), vectors_.data(),
                                   corners_.data()};
    const PairsOnDevice all = {pairs_.data(), count, similarities_.data()};
    const auto blocks = static_cast<unsigned>((count + kPairWarps - 1) / kPairWarps);
    WHORL_STATUS_TRY(timeline_.start());
    WHORL_STATUS_TRY(launch(compare_pairs, dim3(blocks), kPairWarps * kWarp, kScratchBytes, stream,
                            prints, all, tables_.data()));
    WHORL_STATUS_TRY(timeline_.stop());
    WHORL_STATUS_TRY(similarities_.copy_to(similarities, count, stream));
    WHORL_STATUS_TRY(timeline_.wait());
    return timeline_.add_elapsed(kernel_ms_);
  }
  float last_kernel_ms() const override { return kernel_ms_; }

 private:
  static void check(const PrintBatch& batch, const PrintPair* pairs, std::int64_t count) {
    for (const ComparedPrint& print : batch.prints) {
      WHORL_CHECK(print.minutiae >= 0 && print.minutiae <= kMaxComparedMinutiae);
    }
    const auto prints = static_cast<std::int64_t>(batch.prints.size());
    for (std::int64_t p = 0; p < count; ++p) {
      WHORL_CHECK(pairs[p].first >= 0 && pairs[p].first < prints);
      WHORL_CHECK(pairs[p].second >= 0 && pairs[p].second < prints);
    }
  }

  int device_;
  float kernel_ms_ = 0;
  Timeline timeline_;
  DeviceArray<comparison::ComparisonTables> tables_;
  DeviceArray<ComparedPrint> prints_;
  DeviceArray<ComparedMinutia> minutiae_;
  DeviceArray<std::int8_t> vectors_;
  DeviceArray<comparison::Point> corners_;
  DeviceArray<PrintPair> pairs_;
  DeviceArray<float> similarities_;
};

}  // namespace

std::unique_ptr<PrintComparer> WHORL_CUDA_ENTRY(make_cuda_comparer)(int device, Status* why) {
  auto comparer = std::make_unique<CudaComparer>(device);
  const Status opened = comparer->open();
  if (why != nullptr) *why = opened;
  if (opened != Status::ok) return nullptr;
  return comparer;
}

}  // namespace whorl::kernels
