#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/index/device_face_lists.h"
#include "engine/index/device_faces.h"
#include "engine/index/device_fingers.h"
#include "engine/search/device_comparers.h"
#include "engine/search/position_search.h"
#include "kernels/accelerator.h"

namespace whorl::search {

// Below these a device is not asked. Its fixed cost, launches, copies both ways and a wait, is
// taken to be 0.1 ms, in which sixteen cores score and align 3,000 prints or compare 90,000 faces
// (docs/benchmarks.md: 1.9 and 56 million a second and core). No device was measured for it.
inline constexpr std::int64_t kLeastPrintsOnDevice = 10'000;
inline constexpr std::int64_t kLeastFacesOnDevice = 100'000;
// Full comparisons: a warp takes one from end to end, by its cycles a tenth of a millisecond or
// two, in which sixteen cores make about 100.
inline constexpr std::int64_t kLeastPairsOnDevice = 200;

// How an engine uses an accelerator: all of its devices together.
struct DeviceOptions {
  const kernels::Accelerator* accelerator = nullptr;  // null: the CPU does everything
  std::int64_t least_prints = kLeastPrintsOnDevice;   // of one finger position
  std::int64_t least_faces = kLeastFacesOnDevice;
  std::int64_t least_pairs = kLeastPairsOnDevice;  // of prints to be compared in full
  // Told once of each cause for which a gallery leaves its devices, by the thread whose call found
  // out; must not call the engine. Answers do not change, they come later.
  std::function<void(const Error&)> warn;
};

// What of one gallery is on devices too: each finger position and the faces by themselves, from the
// first search that is worth it until something goes wrong there. A position whose device memory is
// used up goes back to the CPU for good; a device that fails takes all of the gallery with it.
//
// Thread safety: searches and status may run at once; wipe_removed and drop need the gallery's
// index, and so this, to themselves.
class DeviceGallery {
 public:
  DeviceGallery(const DeviceOptions& options, std::string gallery);

  // True: all lists are as search_on_cpu would have filled them. False: they are untouched, and
  // somebody else must.
  bool search(const index::FingerIndex& prints, PositionSearch& search);
  // What FaceIndex::search would give, of inverted lists about that; nothing where somebody else
  // must find it. Probes that the index does not take are a bug of ours.
  std::optional<std::vector<std::vector<index::FaceHit>>> search(
      const index::FaceIndex& faces, std::span<const FaceTemplate* const> probes,
      const index::Filter& filter, int k);

  // Whether so many pairs are worth preparing for compare().
  bool compares(std::size_t pairs) const {
    return static_cast<std::int64_t>(pairs) >= options_.least_pairs && !closed(comparers_);
  }
  // True: each pair's similarity is FingerMatcher's. False: they are untouched.
  bool compare(const kernels::PrintBatch& batch, std::span<const kernels::PrintPair> pairs,
               std::span<float> similarities);

  // After prints or faces were removed: they leave the devices' memory at once, as they left the
  // index's.
  void wipe_removed(const index::FingerIndex& prints);
  void wipe_removed(const index::FaceIndex& faces);
  // Before the index is made anew.
  void drop();

  std::int64_t resident_bytes() const;         // of device memory
  std::optional<Error> trouble() const;        // the last that was warned of
  float last_kernel_ms(FingerPosition) const;  // for benchmarks

 private:
  template <class Mirror>
  struct Place {
    mutable std::mutex busy;  // guards the mirror: searches come together, a scanner takes one
    std::unique_ptr<Mirror> mirror;
    std::atomic<bool> given_up = false;
  };
  template <class Mirror>
  bool closed(const Place<Mirror>& place) const {
    return lost_ || place.given_up;
  }
  template <class Mirror, class Index>
  void sync(Place<Mirror>& place, const Index& index);
  using FaceHits = std::vector<std::vector<index::FaceHit>>;
  bool exactly(const index::FaceIndex& faces, std::span<const std::vector<float>> probes,
               const index::Filter& filter, int k, FaceHits& hits);
  bool by_lists(const index::FaceIndex& faces, std::span<const std::vector<float>> probes, int k,
                FaceHits& hits);
  template <class Mirror, class Make, class Use>
  bool attempt(Place<Mirror>& place, Make make, Use use);
  template <class Mirror>
  void empty(Place<Mirror>& place);
  std::vector<int> devices() const;
  void leave(kernels::Status status);

  const DeviceOptions options_;
  const std::string gallery_;
  std::array<Place<index::DeviceFingers>, kFingerPositions> fingers_;
  Place<index::DeviceFaces> faces_;
  Place<index::DeviceFaceLists> face_lists_;  // on the first device
  Place<DeviceComparers> comparers_;
  std::atomic<bool> lost_ = false;  // a device failed
  mutable std::mutex telling_;      // guards troubles_
  std::vector<Error> troubles_;     // as they were warned of
};

}  // namespace whorl::search
