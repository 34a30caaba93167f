#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/search/device_gallery.h"
#include "engine/search/gallery_index.h"

namespace whorl::search {

// What one probe face asks of a gallery's faces, and whom it finds.
struct FaceSearch {
  const FaceTemplate* probe;
  const index::Filter* filter;
  std::vector<index::FaceHit> nearest = {};  // at most kFaceHits, best first
  bool on_device = false;
};
inline constexpr int kFaceHits = 200;

// Fills them from rows `first` and later; as many together as can be, since each block of the
// gallery is then read once for all. Probes must have passed check_query; `devices` is the
// gallery's or null, and is asked only where every row is looked at.
void search_faces(const GalleryIndex& gallery, std::int64_t first, DeviceGallery* devices,
                  std::span<FaceSearch> searches);

}  // namespace whorl::search
