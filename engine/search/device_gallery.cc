#include "engine/search/device_gallery.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <deque>

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;
using kernels::Status;

// All words of index.admitted(word, filter); work for the CPU, so done before a device is waited
// for.
template <class Word, class Index>
std::vector<Word> admitted(const Index& index, const index::Filter& filter) {
  std::vector<Word> bits(index.live_bits().size());
  tbb::parallel_for(std::size_t{0}, bits.size(), [&](std::size_t word) {
    bits[word] = index.admitted(static_cast<std::int64_t>(word), filter);
  });
  return bits;
}

Fault fault_of(Status status) {
  return status == Status::no_device              ? Fault::no_device
         : status == Status::device_out_of_memory ? Fault::out_of_memory
                                                  : Fault::device_fault;
}

}  // namespace

DeviceGallery::DeviceGallery(const DeviceOptions& options, std::string gallery)
    : options_(options), gallery_(std::move(gallery)) {}

std::vector<int> DeviceGallery::devices() const {
  std::vector<int> numbers;
  for (const kernels::DeviceInfo& device : options_.accelerator->devices())
    numbers.push_back(device.number);
  return numbers;
}

// Whether `use` went well. Nothing of oneTBB runs under the lock, so that no thread that waits for
// its own tasks can come to wait for this.
template <class Mirror, class Make, class Use>
bool DeviceGallery::attempt(Place<Mirror>& place, Make make, Use use) {
  Status status = Status::ok;
  {
    const std::lock_guard guard(place.busy);
    if (closed(place)) return false;
    if (place.mirror == nullptr) place.mirror = make(status);
    if (place.mirror != nullptr) status = use(*place.mirror);
    if (status == Status::ok) return true;
    place.given_up = true;
    place.mirror.reset();
  }
  leave(status);
  return false;
}

void DeviceGallery::leave(Status status) {
  if (status != Status::device_out_of_memory) {
    lost_ = true;
    drop();
  }
  const Error error{fault_of(status), 0,
                    status == Status::device_out_of_memory
                        ? "gallery '" + gallery_ + "', device memory, the CPU searches the rest"
                        : "gallery '" + gallery_ + "', the CPU searches it from now on"};
  const std::lock_guard guard(telling_);
  if (std::ranges::find(troubles_, error) != troubles_.end()) return;
  troubles_.push_back(error);
  if (options_.warn) options_.warn(error);
}

bool DeviceGallery::search(const index::FingerIndex& prints, PositionSearch& search) {
  auto& place = fingers_[static_cast<std::size_t>(prints.position())];
  if (prints.live() < options_.least_prints || closed(place)) return false;
  std::deque<std::vector<std::uint64_t>> filtered;
  std::vector<index::DeviceSearch> asked;
  for (std::size_t p = 0; p < search.probes.size(); ++p) {
    const index::Filter* filter = search.filters[p];
    const bool again = p > 0 && filter == search.filters[p - 1];
    std::span<const std::uint64_t> eligible = prints.live_bits();
    if (again) {
      eligible = asked.back().eligible;
    } else if (!filter->all()) {
      eligible = filtered.emplace_back(admitted<std::uint64_t>(prints, *filter));
    }
    asked.push_back({&search.probes[p], eligible, search.passages[p]});
  }
  return attempt(
      place,
      [&](Status& status) {
        return index::DeviceFingers::make(*options_.accelerator, devices(), &status);
      },
      [&](index::DeviceFingers& mirror) { return mirror.search(prints, asked, search.lists); });
}

std::optional<std::vector<std::vector<index::FaceHit>>> DeviceGallery::search(
    const index::FaceIndex& faces, std::span<const FaceTemplate* const> probes,
    const index::Filter& filter, int k) {
  const bool exact = faces.kind() == FaceIndexKind::exact;
  const bool lists = filter.all() && index::DeviceFaceLists::takes(faces);
  if (exact) empty(face_lists_);  // it may have become so
  if (faces.live() < options_.least_faces) return std::nullopt;
  if (exact ? closed(faces_) : !lists || closed(face_lists_)) return std::nullopt;
  std::vector<std::vector<float>> prepared;
  for (const FaceTemplate* probe : probes) {
    auto vector = faces.prepare(*probe);
    WHORL_CHECK(vector.has_value());
    prepared.push_back(std::move(*vector));
  }
  FaceHits hits;
  const bool found =
      exact ? exactly(faces, prepared, filter, k, hits) : by_lists(faces, prepared, k, hits);
  return found ? std::optional(std::move(hits)) : std::nullopt;
}

bool DeviceGallery::exactly(const index::FaceIndex& faces,
                            std::span<const std::vector<float>> probes, const index::Filter& filter,
                            int k, FaceHits& hits) {
  std::vector<std::uint32_t> filtered;
  if (!filter.all()) filtered = admitted<std::uint32_t>(faces, filter);
  const auto bits = filter.all() ? faces.live_bits() : std::span<const std::uint32_t>(filtered);
  return attempt(
      faces_,
      [&](Status& status) {
        return index::DeviceFaces::make(*options_.accelerator, devices(), faces.dimension(),
                                        &status);
      },
      [&](index::DeviceFaces& mirror) { return mirror.search(faces, probes, bits, k, hits); });
}

bool DeviceGallery::by_lists(const index::FaceIndex& faces,
                             std::span<const std::vector<float>> probes, int k, FaceHits& hits) {
  return attempt(
             face_lists_, [&](Status& status) { return index::DeviceFaceLists::make(0, &status); },
             [&](index::DeviceFaceLists& mirror) {
               return mirror.search(faces, probes, k, hits);
             }) &&
         hits.size() == probes.size();
}

bool DeviceGallery::compare(const kernels::PrintBatch& batch,
                            std::span<const kernels::PrintPair> pairs,
                            std::span<float> similarities) {
  return attempt(
      comparers_,
      [&](Status& status) {
        return DeviceComparers::make(*options_.accelerator, devices(), &status);
      },
      [&](DeviceComparers& all) { return all.compare(batch, pairs, similarities); });
}

template <class Mirror, class Index>
void DeviceGallery::sync(Place<Mirror>& place, const Index& index) {
  if (place.mirror == nullptr) return;
  attempt(
      place, [](Status&) { return std::unique_ptr<Mirror>(); },
      [&](Mirror& mirror) { return mirror.sync(index); });
}

void DeviceGallery::wipe_removed(const index::FingerIndex& prints) {
  sync(fingers_[static_cast<std::size_t>(prints.position())], prints);
}
void DeviceGallery::wipe_removed(const index::FaceIndex& faces) {
  sync(faces_, faces);
  sync(face_lists_, faces);
}

template <class Mirror>
void DeviceGallery::empty(Place<Mirror>& place) {
  const std::lock_guard guard(place.busy);
  place.mirror.reset();
}

void DeviceGallery::drop() {
  for (auto& place : fingers_) empty(place);
  empty(faces_);
  empty(face_lists_);
  empty(comparers_);
}

std::int64_t DeviceGallery::resident_bytes() const {
  std::int64_t bytes = 0;
  const auto add = [&](const auto& place) {
    const std::lock_guard guard(place.busy);
    if (place.mirror != nullptr) bytes += place.mirror->resident_bytes();
  };
  for (const auto& place : fingers_) add(place);
  add(faces_);
  add(face_lists_);
  return bytes;
}

std::optional<Error> DeviceGallery::trouble() const {
  const std::lock_guard guard(telling_);
  return troubles_.empty() ? std::nullopt : std::optional(troubles_.back());
}

float DeviceGallery::last_kernel_ms(FingerPosition position) const {
  const auto& place = fingers_[static_cast<std::size_t>(position)];
  const std::lock_guard guard(place.busy);
  return place.mirror == nullptr ? 0 : place.mirror->last_kernel_ms();
}

}  // namespace whorl::search
