#pragma once
// Pictures of faces among the records: sealed with their subject's key, bound to their place, in a
// space of their own, so that who reads encounters does not read them.

#include <vector>

#include "engine/gallery/batch.h"
#include "engine/gallery/record_access.h"

namespace whorl::gallery {

// Each is of a face of the encounter, none of the same. Faults: empty_input, limit_exceeded,
// out_of_range.
Result<> check_pictures(const Change& change);

Result<> put_pictures(DiskBatch& batch, const Vault& vault, const Key& key, EncounterPlace place,
                      const std::vector<Picture>& pictures);
Result<> remove_pictures(DiskBatch& batch, EncounterPlace place);
Result<> remove_pictures(DiskBatch& batch, GalleryId gallery);
Result<std::vector<Picture>> find_pictures(const DiskReader& reader, const Vault& vault,
                                           const Key& key, EncounterPlace place);

// Opens every picture; those that are sound are counted, damage is named.
std::vector<Error> scrub_pictures(const DiskReader& reader, const Vault& vault,
                                  std::int64_t& sound);

}  // namespace whorl::gallery
