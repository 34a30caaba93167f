#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cuda_accelerator.h"
#include "kernels/cuda_launch.h"
#include "kernels/cuda_memory.h"
#include "kernels/finger_gallery_cuda.h"
#include "kernels/finger_scan_kernel.h"
#include "kernels/finger_wgmma_cuda.h"

namespace whorl::kernels {
namespace {

using namespace device;

// Prints of a first slice, and how much larger the next one is: the few best of it already keep
// most of what follows from being written down.
constexpr std::int64_t kFirstSliceBlocks = 64, kSliceGrowth = 16;
// A slice's candidates, were they all. With the two buffers of a stream it fits a dozen times, once
// a finger, into what a gallery leaves free.
constexpr std::int64_t kCandidateBytes = 32 << 20;

// Probes that one launch takes along, and what their tiles and the columns may take of the shared
// memory that a thread block has.
constexpr int kMaxLaunchProbes = 16;
constexpr std::int64_t kProbeBytes = 40 << 10, kColumnBytes = 40 << 10;
// What slices of probes may take, unless one alone takes more: two thread blocks still find room on
// a multiprocessor of Hopper's.
constexpr std::int64_t kSliceBytes = 40 << 10;

ScanKernel kernel_for(CodeUnit unit, FingerScore score) {
  switch (unit) {
    case CodeUnit::wgmma:
      return WHORL_CUDA_ENTRY(wgmma_scan)(score);
    case CodeUnit::bits:
      return kernel_of<TileColumns<BitUnit>>(score);
    case CodeUnit::bytes:
      return kernel_of<TileColumns<ByteUnit>>(score);
    default:
      return kernel_of<PopcountColumns>(score);
  }
}

class CudaFingers final : public FingerScanner {
 public:
  CudaFingers(int device, std::int64_t memory_bytes, CodeUnit unit)
      : device_(device), unit_(unit), gallery_(memory_bytes) {}
  ~CudaFingers() override { (void)cudaSetDevice(device_); }  // what it owns is freed after this

  Status open() {
    cudaDeviceProp properties{};
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    WHORL_CUDA_TRY(cudaGetDeviceProperties(&properties, device_));
    if (unit_ == CodeUnit::best) {
      unit_ = properties.major >= 8 ? CodeUnit::bytes : CodeUnit::popcount;
    }
    const bool hopper = properties.major == 9 && properties.minor == 0;
    WHORL_CHECK(unit_ == CodeUnit::popcount || properties.major >= 8);
    WHORL_CHECK(unit_ != CodeUnit::wgmma || hopper);
    const auto shared_bytes = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin);
    WHORL_STATUS_TRY(plan_memory(shared_bytes));
    for (const FingerScore score : {FingerScore::codes, FingerScore::alignment})
      WHORL_STATUS_TRY(allow_all_shared_bytes(kernel_for(unit_, score), shared_bytes));
    WHORL_STATUS_TRY(timeline_.open());
    WHORL_STATUS_TRY(gallery_.open());
    WHORL_STATUS_TRY(tables_.copy_from(&host_tables(), 1, timeline_.stream()));
    return timeline_.wait();
  }

  Status put(std::int64_t number, const PackedFingers& block) override {
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    WHORL_STATUS_TRY(gallery_.put(number, block, timeline_.stream()));
    return timeline_.wait();  // what was put there before may go away now
  }
  Status refresh(std::int64_t number) override {
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    WHORL_STATUS_TRY(gallery_.refresh(number, timeline_.stream()));
    return timeline_.wait();
  }
  std::int64_t blocks() const override { return gallery_.blocks(); }
  std::int64_t resident_bytes() const override { return gallery_.resident_bytes(); }
  float last_kernel_ms() const override { return kernel_ms_; }

  Status scan(const FingerSearch* searches, int count, FingerScore score,
              std::vector<std::vector<FingerCandidate>>& lists) override {
    lists.assign(static_cast<std::size_t>(count), {});
    kernel_ms_ = 0;
    if (count == 0 || blocks() == 0) return Status::ok;
    WHORL_CUDA_TRY(cudaSetDevice(device_));
    for (int first = 0; first < count;) {
      const int last = end_of_batch(searches, first, count);
      WHORL_STATUS_TRY(scan_batch(searches + first, last - first, score, lists.data() + first));
      first = last;
    }
    return Status::ok;
  }

 private:
  static const AlignmentTables& host_tables() {
    static const AlignmentTables tables;
    return tables;
  }

  // Columns of the largest block and the largest probe must fit beside the warps' notes; every
  // device from Turing on has the room.
  Status plan_memory(std::int64_t shared_bytes) {
    constexpr std::int64_t kMostColumns =
        kMaxBlockGroups * kLanes * static_cast<std::int64_t>(sizeof(FingerColumn));
    warps_ = shared_bytes >= 96 << 10 ? kMostWarps : kMostWarps / 2;
    std::int64_t notes = table_bytes() + scratch_bytes(warps_);
    if (unit_ == CodeUnit::wgmma) {
      const std::int64_t slices = std::int64_t{sliced_codes(kMaxProbeCodes)} * kSlicedCodeBytes;
      notes = table_bytes() + std::max(scratch_bytes(warps_), slices + kSliceAlignment);
    }
    probe_bytes_ = whole_parts(
        std::clamp((shared_bytes - notes) / 5, tile_bytes(kMaxProbeCodes), kProbeBytes));
    column_bytes_ = std::min(unit_ == CodeUnit::wgmma ? kMostColumns : kColumnBytes,
                             shared_bytes - notes - probe_bytes_);
    return column_bytes_ >= kMostColumns ? Status::ok : Status::no_device;
  }

  // How the probes in hand share the part of the shared memory that columns are made in.
  void plan_slices() {
    at_once_ = static_cast<int>(probes_.size()), slice_codes_ = 0;
    work_bytes_ = scratch_bytes(warps_);
    if (unit_ != CodeUnit::wgmma) return;
    for (const ScanProbe& probe : probes_)
      slice_codes_ = std::max(slice_codes_, sliced_codes(probe.codes));
    const std::int64_t each = std::max(1, slice_codes_) * std::int64_t{kSlicedCodeBytes};
    at_once_ = static_cast<int>(std::clamp<std::int64_t>(kSliceBytes / each, 1, at_once_));
    work_bytes_ = std::max(work_bytes_, whole_parts(at_once_ * each + kSliceAlignment));
  }

  static std::int64_t whole_parts(std::int64_t bytes) {
    return (bytes + kSharedAlignment - 1) / kSharedAlignment * kSharedAlignment;
  }

  int end_of_batch(const FingerSearch* searches, int first, int count) const {
    std::int64_t bytes = 0;
    int last = first;
    for (; last < count && last - first < kMaxLaunchProbes; ++last) {
      bytes += tile_bytes(searches[last].codes.count);
      if (bytes > probe_bytes_) break;
    }
    return last;
  }

  Status scan_batch(const FingerSearch* searches, int count, FingerScore score,
                    std::vector<FingerCandidate>* lists) {
    WHORL_STATUS_TRY(upload(searches, count, score));
    const auto tiles = codes_.size() * (sizeof(ProbeTileCode) + sizeof(ProbeTileHead));
    batch_bytes_ = whole_parts(static_cast<std::int64_t>(tiles));
    plan_slices();
    std::int64_t slice = kFirstSliceBlocks;
    const std::int64_t most =
        kCandidateBytes /
        (count * kBlockPrints * static_cast<std::int64_t>(sizeof(FingerCandidate)));
    for (std::int64_t first = 0; first < blocks();) {
      GallerySlice part;
      WHORL_STATUS_TRY(gallery_.slice(first, std::min(slice, most), timeline_.stream(), part));
      WHORL_STATUS_TRY(scan_slice(part, count, score));
      first += part.count;
      slice = std::min(slice * kSliceGrowth, most);
      WHORL_STATUS_TRY(gallery_.prefetch(first, slice));
      WHORL_STATUS_TRY(collect(searches, count, part.count * kBlockPrints, lists));
    }
    return Status::ok;
  }

  // Probes as the kernel reads them, and each eligibility once.
  Status upload(const FingerSearch* searches, int count, FingerScore score) {
    codes_.clear(), heads_.clear(), minutiae_.clear(), probes_.clear(), floors_.clear();
    std::vector<const std::uint64_t*> masks;
    for (int s = 0; s < count; ++s) {
      const FingerSearch& search = searches[s];
      WHORL_CHECK(search.at_least >= 1 && search.keep >= 1);
      const auto mask = std::find(masks.begin(), masks.end(), search.eligible) - masks.begin();
      if (mask == static_cast<std::ptrdiff_t>(masks.size())) masks.push_back(search.eligible);
      probes_.push_back({static_cast<int>(codes_.size()), search.codes.count,
                         search.codes.gate_steps, static_cast<int>(minutiae_.size()),
                         search.minutiae.codes, search.minutiae.count, search.least_votes,
                         static_cast<int>(mask)});
      floors_.push_back(search.at_least);
      add_tiles(search.codes, codes_, heads_);
      if (score == FingerScore::codes) continue;
      minutiae_.insert(minutiae_.end(), search.minutiae.minutiae,
                       search.minutiae.minutiae + search.minutiae.count);
    }
    const auto size = [](const auto& v) { return static_cast<std::int64_t>(v.size()); };
    cudaStream_t stream = timeline_.stream();
    WHORL_STATUS_TRY(device_codes_.copy_from(codes_.data(), size(codes_), stream));
    WHORL_STATUS_TRY(device_heads_.copy_from(heads_.data(), size(heads_), stream));
    WHORL_STATUS_TRY(device_minutiae_.copy_from(minutiae_.data(), size(minutiae_), stream));
    WHORL_STATUS_TRY(device_probes_.copy_from(probes_.data(), size(probes_), stream));
    if (size(masks) * blocks() > eligible_.capacity())
      WHORL_STATUS_TRY(eligible_.reserve(size(masks) * blocks() * 3 / 2));
    for (std::size_t m = 0; m < masks.size(); ++m) {
      WHORL_STATUS_TRY(
          eligible_.copy_part(static_cast<std::int64_t>(m) * blocks(), masks[m], blocks(), stream));
    }
    return Status::ok;
  }

  Status scan_slice(const GallerySlice& slice, int count, FingerScore score) {
    cudaStream_t stream = timeline_.stream();
    const std::int64_t room = slice.count * kBlockPrints;
    Status reserved = candidates_.reserve(room * count);
    if (reserved == Status::device_out_of_memory) {
      gallery_.stop_prefetching();
      reserved = candidates_.reserve(room * count);
    }
    WHORL_STATUS_TRY(reserved);
    WHORL_STATUS_TRY(device_floors_.copy_from(floors_.data(), count, stream));
    WHORL_STATUS_TRY(counters_.reserve(count));
    WHORL_CUDA_TRY(cudaMemsetAsync(counters_.data(), 0,
                                   sizeof(int) * static_cast<std::size_t>(count), stream));
    const ScanPart part{slice.blocks, slice.first,   blocks(), eligible_.data(), work_bytes_,
                        batch_bytes_, column_bytes_, at_once_, slice_codes_};
    const ScanProbes probes{device_probes_.data(),   device_codes_.data(),  device_heads_.data(),
                            device_minutiae_.data(), device_floors_.data(), count};
    const ScanOutput output{candidates_.data(), counters_.data(), room};
    const auto kernel = kernel_for(unit_, score);
    const std::int64_t shared = work_bytes_ + table_bytes() + batch_bytes_ + column_bytes_;
    WHORL_STATUS_TRY(timeline_.start());
    WHORL_STATUS_TRY(launch(kernel, dim3(static_cast<unsigned>(slice.count)), warps_ * kWarp,
                            static_cast<std::size_t>(shared), stream, part, probes, tables_.data(),
                            output));
    return timeline_.stop();
  }

  // Fetches what the slice gave and raises the floors.
  Status collect(const FingerSearch* searches, int count, std::int64_t room,
                 std::vector<FingerCandidate>* lists) {
    std::vector<int> found(static_cast<std::size_t>(count));
    WHORL_STATUS_TRY(counters_.copy_to(found.data(), count, timeline_.stream()));
    WHORL_STATUS_TRY(timeline_.wait());
    WHORL_STATUS_TRY(timeline_.add_elapsed(kernel_ms_));
    for (int s = 0; s < count; ++s) {
      const auto old = static_cast<std::ptrdiff_t>(lists[s].size());
      lists[s].resize(lists[s].size() +
                      static_cast<std::size_t>(found[static_cast<std::size_t>(s)]));
      WHORL_STATUS_TRY(candidates_.copy_part_to(
          lists[s].data() + old, s * room, found[static_cast<std::size_t>(s)], timeline_.stream()));
    }
    WHORL_STATUS_TRY(timeline_.wait());
    for (int s = 0; s < count; ++s) {
      auto& floor = floors_[static_cast<std::size_t>(s)];
      floor = keep_best(lists[s], static_cast<std::size_t>(searches[s].keep), floor);
    }
    return Status::ok;
  }
  // Drops who is below `keep` others; the floor that the rest sets.
  static int keep_best(std::vector<FingerCandidate>& list, std::size_t keep, int floor) {
    if (list.size() <= keep) return floor;
    const auto at = list.begin() + static_cast<std::ptrdiff_t>(keep) - 1;
    std::nth_element(
        list.begin(), at, list.end(),
        [](const FingerCandidate& a, const FingerCandidate& b) { return a.score > b.score; });
    const int least = at->score;
    list.erase(
        std::remove_if(at, list.end(), [&](const FingerCandidate& c) { return c.score < least; }),
        list.end());
    return least;
  }

  int device_;
  CodeUnit unit_;
  int warps_ = kMostWarps;
  std::int64_t probe_bytes_ = 0, column_bytes_ = 0;  // at most; of shared memory
  std::int64_t batch_bytes_ = 0, work_bytes_ = 0;    // of the probes in hand
  int at_once_ = 0, slice_codes_ = 0;
  float kernel_ms_ = 0;
  Timeline timeline_;
  CudaFingerGallery gallery_;

  std::vector<ProbeTileCode> codes_;
  std::vector<ProbeTileHead> heads_;
  std::vector<PackedMinutia> minutiae_;
  std::vector<ScanProbe> probes_;
  std::vector<int> floors_;
  DeviceArray<AlignmentTables> tables_;
  DeviceArray<ProbeTileCode> device_codes_;
  DeviceArray<ProbeTileHead> device_heads_;
  DeviceArray<PackedMinutia> device_minutiae_;
  DeviceArray<ScanProbe> device_probes_;
  DeviceArray<int> device_floors_, counters_;
  DeviceArray<std::uint64_t> eligible_;
  DeviceArray<FingerCandidate> candidates_;
};

}  // namespace

std::unique_ptr<FingerScanner> WHORL_CUDA_ENTRY(make_cuda_fingers)(int device,
                                                                   std::int64_t memory_bytes,
                                                                   CodeUnit unit, Status* why) {
  auto fingers = std::make_unique<CudaFingers>(device, memory_bytes, unit);
  const Status opened = fingers->open();
  if (why != nullptr) *why = opened;
  if (opened != Status::ok) return nullptr;
  return fingers;
}

}  // namespace whorl::kernels
