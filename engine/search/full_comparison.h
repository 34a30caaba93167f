#pragma once

#include <span>
#include <vector>

#include "engine/index/finger_index.h"
#include "engine/matchers/finger_matcher.h"
#include "engine/search/device_gallery.h"

namespace whorl::search {

// One print that is left at the end of the cascade, and the probe that it may be a mate of.
struct FullComparison {
  std::size_t probe;
  const index::FingerIndex* prints;
  index::Row row;
  matchers::Rotation rotation = matchers::Rotation::upright;
};

// What FingerMatcher says of each: runs of upright ones on devices, if there are any and it is
// worth it, the rest on all cores. The bits are the same. `devices` may be null.
std::vector<Similarity> compare_in_full(std::span<const FingerTemplate* const> probes,
                                        std::span<const FullComparison> wanted,
                                        kernels::Backend backend, DeviceGallery* devices);

}  // namespace whorl::search
