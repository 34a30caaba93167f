#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "engine/gallery/record_access.h"

namespace whorl::gallery {

bool is_name(std::string_view name);  // [a-z0-9_-]{1,64}

// The store's small state, held in memory: its galleries with their counters, and the revision.
// Every commit writes what it changed of it, in the same write.
struct Catalogue {
  Revision revision;
  std::map<GalleryId, GalleryRecord> galleries;

  static Result<Catalogue> load(const DiskReader& reader);
  // Adds to the batch what differs from `before`.
  void save(DiskBatch& batch, const Catalogue& before) const;

  std::optional<GalleryId> find(std::string_view name) const;
  Revision next_revision() { return revision = Revision{revision.value() + 1}; }
};

}  // namespace whorl::gallery
