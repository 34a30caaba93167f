#include "engine/index/device_faces.h"

#include <algorithm>

#include "engine/index/on_all_devices.h"

namespace whorl::index {
namespace {

using kernels::Status;
constexpr std::int64_t kShareWords = DeviceFaces::kShareRows / 32;
static_assert(DeviceFaces::kShareRows % 32 == 0);

}  // namespace

std::unique_ptr<DeviceFaces> DeviceFaces::make(const kernels::Accelerator& accelerator,
                                               std::span<const int> devices, int dimension,
                                               Status* status) {
  if (status != nullptr) *status = Status::no_device;
  auto made = std::make_unique<DeviceFaces>();
  for (const int device : devices) {
    made->scanners_.push_back(accelerator.faces(device, dimension, 0, status));
    if (made->scanners_.back() == nullptr) return nullptr;
  }
  return devices.empty() ? nullptr : std::move(made);
}

Status DeviceFaces::sync(const FaceIndex& index) {
  WHORL_CHECK(index.rows() >= rows_ && index.removed().size() >= removals_);
  while (rows_ < index.rows()) {
    const std::int64_t end = std::min((rows_ / kShareRows + 1) * kShareRows, index.rows());
    if (const Status status = append_share(index, rows_, end); status != Status::ok) return status;
    rows_ = end;
  }
  const auto devices = std::ssize(scanners_);
  for (; removals_ < index.removed().size(); ++removals_) {
    const std::int64_t row = index.removed()[removals_].value(), share = row / kShareRows;
    const Status status = scanners_[static_cast<std::size_t>(share % devices)]->wipe(
        share / devices * kShareRows + row % kShareRows);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

// A device takes unit vectors only: in the place of one that was removed before it came it gets
// another, which is wiped at once.
Status DeviceFaces::append_share(const FaceIndex& index, std::int64_t first, std::int64_t last) {
  std::vector<float> vectors;
  for (std::int64_t r = first; r < last; ++r) {
    const Row row{static_cast<std::uint32_t>(r)};
    const std::span<const float> vector = index.vector(row);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
    if (!index.is_live(row)) vectors.back() = 1;
  }
  const std::int64_t device = first / kShareRows % std::ssize(scanners_);
  return scanners_[static_cast<std::size_t>(device)]->append(vectors.data(), last - first);
}

Status DeviceFaces::search(const FaceIndex& index, std::span<const std::vector<float>> probes,
                           std::span<const std::uint32_t> admitted, int k,
                           std::vector<std::vector<FaceHit>>& hits) {
  WHORL_CHECK(index.kind() == FaceIndexKind::exact);
  WHORL_CHECK(admitted.size() == index.live_bits().size());
  if (const Status status = sync(index); status != Status::ok) return status;
  std::vector<float> unpadded;
  for (const std::vector<float>& probe : probes)
    unpadded.insert(unpadded.end(), probe.begin(), probe.begin() + index.dimension());
  std::vector<Candidates> found(scanners_.size());
  const Status status = on_all_devices(scanners_.size(), [&](std::size_t d) {
    return scan_share(d, unpadded, static_cast<int>(probes.size()), admitted, k, found[d]);
  });
  if (status != Status::ok) return status;
  hits.clear();
  for (std::size_t p = 0; p < probes.size(); ++p) {
    TopK<Similarity> nearest(static_cast<std::size_t>(k));
    std::vector<Row> to_compare;
    for (std::size_t d = 0; d < found.size(); ++d) {
      if (found[d].empty()) continue;
      for (const kernels::FaceCandidate& one : found[d][p]) {
        const std::size_t share = one.row / kShareRows * found.size() + d;
        const Row row{static_cast<std::uint32_t>(share * kShareRows + one.row % kShareRows)};
        if (scanners_[d]->exact()) {
          nearest.offer({Similarity{one.similarity}, index.owner(row), row});
        } else {
          to_compare.push_back(row);
        }
      }
    }
    for (const FaceHit& hit : index.rank(probes[p], to_compare, k)) nearest.offer(hit);
    hits.push_back(nearest.sorted());
  }
  return Status::ok;
}

// Each device numbers its rows from 0: it wants their bits side by side.
Status DeviceFaces::scan_share(std::size_t device, std::span<const float> probes, int count,
                               std::span<const std::uint32_t> admitted, int k, Candidates& found) {
  kernels::FaceScanner& scanner = *scanners_[device];
  if (scanner.rows() == 0 || count == 0) return Status::ok;
  if (scanners_.size() == 1) return scanner.scan(probes.data(), count, admitted.data(), k, found);
  std::vector<std::uint32_t> share;
  const std::size_t step = scanners_.size() * kShareWords;
  for (std::size_t from = device * kShareWords; from < admitted.size(); from += step) {
    const std::size_t words = std::min<std::size_t>(kShareWords, admitted.size() - from);
    const auto run = admitted.subspan(from, words);
    share.insert(share.end(), run.begin(), run.end());
  }
  return scanner.scan(probes.data(), count, share.data(), k, found);
}

std::int64_t DeviceFaces::resident_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& scanner : scanners_) bytes += scanner->resident_bytes();
  return bytes;
}

}  // namespace whorl::index
