#include "engine/index/device_fingers.h"

#include <algorithm>

#include "engine/index/on_all_devices.h"

namespace whorl::index {
namespace {

using kernels::Status;
constexpr std::uint32_t kPerBlock = kernels::kBlockPrints;

kernels::PackedFingers as_put(const PackedBlock& block) {
  return {block.bytes().data(), std::ssize(block.bytes()), block.view(), block.minutiae()};
}

// The index's block stays in its memory as long as the mirror holds on to it, so other memory is
// another block.
bool same(const PackedBlock& a, const PackedBlock& b) {
  return a.bytes().data() == b.bytes().data();
}

}  // namespace

std::unique_ptr<DeviceFingers> DeviceFingers::make(const kernels::Accelerator& accelerator,
                                                   std::span<const int> devices, Status* status) {
  if (status != nullptr) *status = Status::no_device;
  auto made = std::make_unique<DeviceFingers>();
  for (const int device : devices) {
    made->scanners_.push_back(accelerator.fingers(device, 0, status));
    if (made->scanners_.back() == nullptr) return nullptr;
  }
  return devices.empty() ? nullptr : std::move(made);
}

Status DeviceFingers::sync(const FingerIndex& index) {
  const std::int64_t there = std::ssize(blocks_);
  WHORL_CHECK(index.blocks() >= there && index.removed().size() >= removals_);
  WHORL_CHECK(there < 2 || same(index.block(there - 2), blocks_[blocks_.size() - 2]));
  const auto devices = std::ssize(scanners_);
  const bool last_grew = there > 0 && !same(index.block(there - 1), blocks_.back());
  for (std::int64_t b = there - (last_grew ? 1 : 0); b < index.blocks(); ++b) {
    const PackedBlock& block = index.block(b);
    const Status status =
        scanners_[static_cast<std::size_t>(b % devices)]->put(b / devices, as_put(block));
    if (status != Status::ok) return status;
    blocks_.resize(static_cast<std::size_t>(b), block);  // only now may the old one go
    blocks_.push_back(block);
  }
  if (there == 0) removals_ = index.removed().size();  // all blocks came just now, as they are
  for (; removals_ < index.removed().size(); ++removals_) {
    const std::int64_t block = index.removed()[removals_].value() / kPerBlock;
    const Status status =
        scanners_[static_cast<std::size_t>(block % devices)]->refresh(block / devices);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

Status DeviceFingers::search(const FingerIndex& index, std::span<const DeviceSearch> searches,
                             std::span<Shortlist> lists) {
  return scan(index, searches, kernels::FingerScore::alignment, lists);
}

Status DeviceFingers::rank_by_codes(const FingerIndex& index,
                                    std::span<const DeviceSearch> searches,
                                    std::span<CodeHits> lists) {
  return scan(index, searches, kernels::FingerScore::codes, lists);
}

template <class Score>
Status DeviceFingers::scan(const FingerIndex& index, std::span<const DeviceSearch> searches,
                           kernels::FingerScore by, std::span<TopK<Score>> lists) {
  WHORL_CHECK(searches.size() == lists.size());
  if (const Status status = sync(index); status != Status::ok) return status;
  std::vector<kernels::FingerSearch> asked;
  for (std::size_t s = 0; s < searches.size(); ++s) {
    WHORL_CHECK(std::ssize(searches[s].eligible) == index.blocks());
    const bool aligned = by == kernels::FingerScore::alignment;
    const std::uint16_t least = aligned ? searches[s].passage.alignment.value() : std::uint16_t{0};
    asked.push_back({searches[s].probe->codes(), searches[s].probe->minutiae(),
                     searches[s].eligible.data(), searches[s].passage.votes,
                     std::max<std::uint16_t>(least, 1), static_cast<int>(lists[s].k())});
  }
  std::vector<Candidates> found(scanners_.size());
  const Status status = on_all_devices(
      scanners_.size(), [&](std::size_t d) { return scan_share(d, asked, by, found[d]); });
  if (status != Status::ok) return status;
  const auto devices = static_cast<std::uint32_t>(scanners_.size());
  for (std::uint32_t d = 0; d < devices; ++d) {
    for (std::size_t s = 0; s < found[d].size(); ++s) {
      for (const kernels::FingerCandidate& one : found[d][s]) {
        if (!lists[s].worth(Score{one.score})) continue;
        const std::uint32_t block = one.row / kPerBlock * devices + d;
        const Row row{block * kPerBlock + one.row % kPerBlock};
        lists[s].offer({Score{one.score}, index.owner(row), row});
      }
    }
  }
  return Status::ok;
}

// Each device numbers its blocks from 0: it wants their bits side by side.
Status DeviceFingers::scan_share(std::size_t device, std::vector<kernels::FingerSearch> searches,
                                 kernels::FingerScore by, Candidates& found) {
  kernels::FingerScanner& scanner = *scanners_[device];
  if (scanner.blocks() == 0 || searches.empty()) return Status::ok;
  std::vector<std::vector<std::uint64_t>> shares;
  const std::uint64_t* whole = nullptr;
  for (kernels::FingerSearch& search : searches) {
    if (scanners_.size() == 1) break;
    if (search.eligible != whole) {
      whole = search.eligible;
      shares.emplace_back();
      for (std::size_t b = device; b < blocks_.size(); b += scanners_.size())
        shares.back().push_back(whole[b]);
    }
    search.eligible = shares.back().data();
  }
  return scanner.scan(searches.data(), static_cast<int>(searches.size()), by, found);
}

std::int64_t DeviceFingers::resident_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& scanner : scanners_) bytes += scanner->resident_bytes();
  return bytes;
}

float DeviceFingers::last_kernel_ms() const {
  float slowest = 0;
  for (const auto& scanner : scanners_) slowest = std::max(slowest, scanner->last_kernel_ms());
  return slowest;
}

}  // namespace whorl::index
