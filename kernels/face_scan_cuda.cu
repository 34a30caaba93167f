// Faces on a CUDA device. See kernels/face_scan.h for what a list promises.
//
// A gallery is scanned in slices that grow: each is offered to the probes' lists and then settled,
// which raises the floors that the next slice is held against. All of that is launched without
// waiting. A list that was too short for what it was offered says so, and its probe is scanned on
// from there in slices that fit.

#include <algorithm>
#include <cfloat>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "kernels/face_lists_cuda.h"
#include "kernels/face_probes_cuda.h"
#include "kernels/face_rank_cuda.h"
#include "kernels/face_scan_cuda.h"
#include "kernels/face_slice_cuda.h"
#include "kernels/face_store_cuda.h"

namespace whorl::kernels {
namespace {

using device::FaceIntake;
using device::FaceLedger;
using device::FaceLists;
using device::FaceScan;

// Each slice is as many times what was seen before. A list then is offered about so many times
// `keep`, times the few that the bounds' width costs: kRoom.
constexpr std::int64_t kSliceGrowth = 16;
constexpr std::int64_t kRoom = 8;
constexpr std::int64_t kListPerKept = 64, kFirstPerKept = 32;
constexpr std::int64_t kListEntriesMax = 1 << 20;
constexpr std::int64_t kProbesPerLaunch = 1024;
constexpr int kIntakeWarps = 8;

template <class Codes>
__global__ void __launch_bounds__(kIntakeWarps* device::kWarp) quantise_rows(FaceIntake intake) {
  const int row = static_cast<int>(blockIdx.x) * kIntakeWarps + device::warp_of_thread();
  if (row < intake.rows) device::quantise_row<Codes>(intake, row);
}
template <class Codes>
__global__ void __launch_bounds__(device::kSettleThreads) settle_lists(FaceScan scan) {
  __shared__ device::SettleShared shared;
  device::settle<Codes>(scan, static_cast<int>(blockIdx.x), shared);
}
__global__ void __launch_bounds__(device::kSettleThreads)
    pack_lists(FaceLists lists, const std::int64_t* starts, FaceEntry* packed) {
  device::pack(lists, starts, packed);
}
__global__ void __launch_bounds__(device::kRankThreads) rank_pairs(device::FaceRanking ranking) {
  device::rank_pair(ranking);
}

template <class Codes>
Status start_quantising(const FaceIntake& intake, cudaStream_t stream) {
  const int blocks = (intake.rows + kIntakeWarps - 1) / kIntakeWarps;
  return launch(quantise_rows<Codes>, dim3(static_cast<unsigned>(blocks)),
                kIntakeWarps * device::kWarp, 0, stream, intake);
}

template <class Codes>
class CudaFaceScanner final : public FaceScanner {
 public:
  CudaFaceScanner(int device, int dimension, const FaceScanTuning& tuning)
      : device_(device),
        dimension_(dimension),
        tuning_(tuning),
        store_(dimension, padded_face_codes<typename Codes::Kind>(dimension) * kCodeBytes,
               tuning.vectors, start_quantising<Codes>) {}
  ~CudaFaceScanner() override { (void)cudaSetDevice(device_); }  // what it owns is freed after this

  Status open(std::int64_t memory_bytes) {
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    cudaDeviceProp properties{};
    WHORL_CUDA_TRY(cudaGetDeviceProperties(&properties, device_));
    WHORL_STATUS_TRY(slice_.open(device_, properties, dimension_, tuning_));
    WHORL_STATUS_TRY(timeline_.open());
    return store_.open(memory_bytes, static_cast<std::int64_t>(properties.totalGlobalMem),
                       tuning_.page_bytes);
  }

  Status append(const float* vectors, std::int64_t rows) override {
    WHORL_CHECK(rows >= 0);
    if (rows == 0) return Status::ok;
    for (std::int64_t r = 0; r < rows; ++r) {
      WHORL_CHECK(is_face_vector(vectors + r * dimension_, dimension_));
    }
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    return store_.append(vectors, rows, timeline_.stream());
  }
  Status wipe(std::int64_t row) override {
    WHORL_CHECK(row >= 0);
    WHORL_CHECK(row < rows());
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    return store_.wipe(row, timeline_.stream());
  }
  std::int64_t rows() const override { return store_.rows(); }
  std::int64_t resident_bytes() const override { return store_.resident_bytes(); }
  bool exact() const override { return store_.has_vectors(); }
  float last_kernel_ms() const override { return kernel_ms_; }

  Status scan(const float* probes, int count, const std::uint32_t* admitted, int keep,
              std::vector<std::vector<FaceCandidate>>& lists) override;

 private:
  using Entries = std::vector<std::vector<FaceEntry>>;
  static constexpr int kCodeBytes = static_cast<int>(sizeof(typename Codes::Code));

  std::uint32_t end_row() const { return static_cast<std::uint32_t>(rows()); }
  Status scan_batch(const float* probes, int count, FaceScan& scan, Entries& found);
  Status sweep(FaceScan& scan);
  Status catch_up(FaceScan& scan, Entries& found);
  Status collect(const FaceScan& scan, Entries& found);
  Status rank(const float* probes, const FaceScan& scan, std::vector<FaceCandidate>* lists);
  template <class Work>
  Status timed(Work work);

  Status step(const FaceScan& scan);

  int device_, dimension_;
  FaceScanTuning tuning_;
  float kernel_ms_ = 0;
  Timeline timeline_;
  FaceStore store_;
  FaceSliceScan<Codes> slice_;
  ProbeBatch<Codes> batch_;
  std::vector<FaceLedger> ledgers_;
  DeviceArray<std::uint32_t> admitted_;
  DeviceArray<FaceEntry> entries_, packed_;
  DeviceArray<FaceLedger> device_ledgers_;
  DeviceArray<std::int64_t> starts_;
  std::vector<device::FacePair> pairs_;
  DeviceArray<device::FacePair> device_pairs_;
  DeviceArray<float> device_probes_, similarities_;
};

template <class Codes>
Status CudaFaceScanner<Codes>::scan(const float* probes, int count, const std::uint32_t* admitted,
                                    int keep, std::vector<std::vector<FaceCandidate>>& lists) {
  WHORL_CHECK(count >= 0);
  WHORL_CHECK(keep >= 1);
  lists.assign(static_cast<std::size_t>(count), {});
  kernel_ms_ = 0;
  if (count == 0 || rows() == 0) return Status::ok;
  WHORL_CUDA_TRY(cudaSetDevice(device_));
  if (admitted != nullptr) {
    WHORL_STATUS_TRY(admitted_.copy_from(admitted, (rows() + 31) / 32, timeline_.stream()));
  }
  const std::int64_t kept = std::min<std::int64_t>(keep, rows());
  // Whole tiles fit into its halves; more than the gallery is never offered.
  const std::int64_t wanted = std::min(std::max(tuning_.list_entries, kListPerKept * kept),
                                       std::min(kListEntriesMax, rows()));
  constexpr std::int64_t kUnit = 2 * device::kTileRows;
  const std::int64_t capacity = (wanted + kUnit - 1) / kUnit * kUnit;
  FaceScan scan{};
  scan.rows = store_.view(admitted != nullptr ? admitted_.data() : nullptr);
  scan.lists.capacity = static_cast<std::uint32_t>(capacity);
  scan.lists.keep = static_cast<std::uint32_t>(kept);
  const std::int64_t lists_fit =
      tuning_.list_bytes / (capacity * static_cast<std::int64_t>(sizeof(FaceEntry)));
  const auto per_launch =
      static_cast<int>(std::clamp<std::int64_t>(lists_fit, 1, kProbesPerLaunch));
  for (int first = 0; first < count; first += per_launch) {
    Entries found(static_cast<std::size_t>(std::min(per_launch, count - first)));
    WHORL_STATUS_TRY(scan_batch(probes + std::int64_t{first} * dimension_,
                                static_cast<int>(found.size()), scan, found));
    auto list = lists.begin() + first;
    for (auto& entries : found) {
      keep_possible_faces(entries, kept);
      for (const FaceEntry& entry : entries) list->push_back({entry.row, entry.similarity});
      ++list;
    }
    if (!exact()) continue;
    WHORL_STATUS_TRY(rank(probes + std::int64_t{first} * dimension_, scan,
                          &lists[static_cast<std::size_t>(first)]));
  }
  return Status::ok;
}

// The exact similarities of what the probes of the last batch listed, and the best of each by them.
template <class Codes>
Status CudaFaceScanner<Codes>::rank(const float* probes, const FaceScan& scan,
                                    std::vector<FaceCandidate>* lists) {
  pairs_.clear();
  for (int p = 0; p < scan.probes.count; ++p) {
    for (const FaceCandidate& one : lists[p])
      pairs_.push_back({one.row, static_cast<std::uint32_t>(p)});
  }
  const auto count = static_cast<std::int64_t>(pairs_.size());
  if (count == 0) return Status::ok;
  const cudaStream_t stream = timeline_.stream();
  WHORL_STATUS_TRY(
      device_probes_.copy_from(probes, std::int64_t{scan.probes.count} * dimension_, stream));
  WHORL_STATUS_TRY(device_pairs_.copy_from(pairs_.data(), count, stream));
  WHORL_STATUS_TRY(similarities_.reserve(count));
  constexpr std::int64_t kBlockPairs = device::kRankThreads / kFaceLanes;
  const dim3 grid(static_cast<unsigned>((count + kBlockPairs - 1) / kBlockPairs));
  std::vector<float> exact(pairs_.size());
  WHORL_STATUS_TRY(timeline_.start());
  WHORL_STATUS_TRY(launch(rank_pairs, grid, device::kRankThreads, 0, stream,
                          device::FaceRanking{scan.rows, device_probes_.data(), dimension_,
                                              device_pairs_.data(), similarities_.data(), count}));
  WHORL_STATUS_TRY(timeline_.stop());
  WHORL_STATUS_TRY(similarities_.copy_to(exact.data(), count, stream));
  WHORL_STATUS_TRY(timeline_.wait());
  WHORL_STATUS_TRY(timeline_.add_elapsed(kernel_ms_));
  auto next = exact.begin();
  for (int p = 0; p < scan.probes.count; ++p) {
    for (FaceCandidate& one : lists[p]) one.similarity = *next++;
    keep_nearest_faces(lists[p], scan.lists.keep);
  }
  return Status::ok;
}

template <class Codes>
Status CudaFaceScanner<Codes>::scan_batch(const float* probes, int count, FaceScan& scan,
                                          Entries& found) {
  WHORL_STATUS_TRY(batch_.upload(probes, count, dimension_, timeline_.stream()));
  scan.probes = batch_.view();
  WHORL_STATUS_TRY(entries_.reserve(std::int64_t{count} * scan.lists.capacity));
  scan.lists.entries = entries_.data();
  ledgers_.assign(static_cast<std::size_t>(count), {0, 0, 0, -FLT_MAX, -FLT_MAX});
  WHORL_STATUS_TRY(device_ledgers_.copy_from(ledgers_.data(), count, timeline_.stream()));
  scan.lists.ledgers = device_ledgers_.data();
  WHORL_STATUS_TRY(timed([&] { return sweep(scan); }));
  WHORL_STATUS_TRY(catch_up(scan, found));
  return collect(scan, found);
}

// Does the work on the device and reads the ledgers.
template <class Codes>
template <class Work>
Status CudaFaceScanner<Codes>::timed(Work work) {
  WHORL_STATUS_TRY(timeline_.start());
  WHORL_STATUS_TRY(work());
  WHORL_STATUS_TRY(timeline_.stop());
  WHORL_STATUS_TRY(device_ledgers_.copy_to(
      ledgers_.data(), static_cast<std::int64_t>(ledgers_.size()), timeline_.stream()));
  WHORL_STATUS_TRY(timeline_.wait());
  return timeline_.add_elapsed(kernel_ms_);
}

// A first slice that every list has room for, then growing ones. All rows of the first are offered,
// which is dear where probes are many: they begin with fewer, for a slice more.
template <class Codes>
Status CudaFaceScanner<Codes>::sweep(FaceScan& scan) {
  const std::int64_t capacity = scan.lists.capacity;
  const std::int64_t growth =
      std::clamp<std::int64_t>(capacity / (kRoom * scan.lists.keep), 1, kSliceGrowth);
  std::int64_t slice = rows() <= capacity ? rows() : capacity / 2;
  if (scan.probes.count > device::kMaxWordProbes) {
    constexpr std::int64_t kTile = device::kTileRows;
    slice = std::min(slice, (kFirstPerKept * scan.lists.keep + kTile - 1) / kTile * kTile);
  }
  for (std::int64_t begin = 0; begin < rows();) {
    const std::int64_t end = std::min(rows(), begin + slice);
    scan.begin = static_cast<std::uint32_t>(begin);
    scan.end = static_cast<std::uint32_t>(end);
    WHORL_STATUS_TRY(step(scan));
    begin = end;
    slice = end * growth;
  }
  return Status::ok;
}

// For the probes whose lists were too short, until they have seen all rows: a slice that their
// lists have room for cannot fail, and larger ones are tried after it.
template <class Codes>
Status CudaFaceScanner<Codes>::catch_up(FaceScan& scan, Entries& found) {
  const std::int64_t capacity = scan.lists.capacity;
  std::int64_t hoped = 0;
  for (;;) {
    std::uint32_t next = end_row();
    for (const FaceLedger& ledger : ledgers_) next = std::min(next, ledger.next);
    if (next == end_row()) return Status::ok;
    std::int64_t held = 0;
    for (const FaceLedger& ledger : ledgers_) held = std::max<std::int64_t>(held, ledger.offered);
    if (held > capacity / 2) {
      WHORL_STATUS_TRY(collect(scan, found));
      held = 0;
    }
    for (FaceLedger& ledger : ledgers_) {
      ledger.bar = ledger.next == next ? ledger.floor : std::numeric_limits<float>::infinity();
    }
    const std::int64_t fits = (capacity - held) / device::kTileRows * device::kTileRows;
    const std::int64_t slice = std::min(std::max(hoped, fits), rows() - next);
    scan.begin = next;
    scan.end = next + static_cast<std::uint32_t>(slice);
    WHORL_STATUS_TRY(device_ledgers_.copy_from(
        ledgers_.data(), static_cast<std::int64_t>(ledgers_.size()), timeline_.stream()));
    WHORL_STATUS_TRY(timed([&] { return step(scan); }));
    const bool all_went_on = std::all_of(ledgers_.begin(), ledgers_.end(),
                                         [next](const FaceLedger& l) { return l.next > next; });
    hoped = all_went_on ? 4 * slice : 0;
  }
}

// Takes the entries of all lists off the device.
template <class Codes>
Status CudaFaceScanner<Codes>::collect(const FaceScan& scan, Entries& found) {
  const cudaStream_t stream = timeline_.stream();
  std::vector<std::int64_t> starts;
  std::int64_t total = 0;
  for (const FaceLedger& ledger : ledgers_) {
    starts.push_back(total);
    total += ledger.offered;
  }
  if (total == 0) return Status::ok;
  const auto count = static_cast<std::int64_t>(ledgers_.size());
  std::vector<FaceEntry> host(static_cast<std::size_t>(total));
  WHORL_STATUS_TRY(starts_.copy_from(starts.data(), count, stream));
  WHORL_STATUS_TRY(packed_.reserve(total));
  WHORL_STATUS_TRY(launch(pack_lists, dim3(static_cast<unsigned>(count)), device::kSettleThreads, 0,
                          stream, scan.lists, starts_.data(), packed_.data()));
  WHORL_STATUS_TRY(packed_.copy_to(host.data(), total, stream));
  WHORL_STATUS_TRY(timeline_.wait());
  auto next = host.begin();
  for (std::size_t p = 0; p < ledgers_.size(); ++p) {
    const auto end = next + ledgers_[p].offered;
    found[p].insert(found[p].end(), next, end);
    next = end;
    ledgers_[p].offered = ledgers_[p].settled = 0;
  }
  return Status::ok;
}

template <class Codes>
Status CudaFaceScanner<Codes>::step(const FaceScan& scan) {
  WHORL_STATUS_TRY(slice_.start(scan, timeline_.stream()));
  return launch(settle_lists<Codes>, dim3(static_cast<unsigned>(scan.probes.count)),
                device::kSettleThreads, 0, timeline_.stream(), scan);
}

template <class Codes>
std::unique_ptr<FaceScanner> open_scanner(int device, int dimension, std::int64_t memory_bytes,
                                          const FaceScanTuning& tuning, Status* why) {
  auto scanner = std::make_unique<CudaFaceScanner<Codes>>(device, dimension, tuning);
  const Status opened = scanner->open(memory_bytes);
  if (why != nullptr) *why = opened;
  if (opened != Status::ok) return nullptr;
  return scanner;
}

}  // namespace

std::unique_ptr<FaceScanner> WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(int device, int dimension,
                                                                     std::int64_t memory_bytes,
                                                                     const FaceScanTuning& tuning,
                                                                     Status* why) {
  WHORL_CHECK(dimension >= 1);
  WHORL_CHECK(dimension <= kMaxFaceCodes);
  WHORL_CHECK(memory_bytes >= 0);
  return tuning.codes == FaceCodes::bytes
             ? open_scanner<device::ByteCodes>(device, dimension, memory_bytes, tuning, why)
             : open_scanner<device::HalfCodes>(device, dimension, memory_bytes, tuning, why);
}

std::unique_ptr<FaceScanner> WHORL_CUDA_ENTRY(make_cuda_faces)(int device, int dimension,
                                                               std::int64_t memory_bytes,
                                                               Status* why) {
  FaceScanTuning tuning;
  tuning.vectors = true;
  return WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(device, dimension, memory_bytes, tuning, why);
}

}  // namespace whorl::kernels
