#pragma once

#include <string>

#include "engine/base/crypto.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/search/gallery_index.h"

namespace whorl::search {

// A gallery's index as one file, so that a restart reads instead of rebuilding. Layout in
// docs/formats/index-snapshot.md: a plain header, then sealed chunks, each bound to the header and
// to its number, so that a chunk altered, moved, dropped or taken from another file does not open.
// The seal is the checksum.
//
// The key is the snapshot's own and lives in the store; erasing a subject destroys it, and with it
// every copy of the file that still holds the subject.
Result<> save_index(const std::string& path, const Key& key, GalleryId gallery, Revision revision,
                    const GalleryIndex& index, Entropy& entropy);

struct LoadedIndex {
  Revision revision;  // of the store when the snapshot was taken
  GalleryIndex index;
};

// The file is mapped and each block unsealed once, straight into the memory it will be searched in,
// by all threads oneTBB has here. Cost: one pass of AES-GCM over the file, 0.6 us of CPU a print.
//
// Faults: not_found (no file), snapshot_stale (another gallery, layout or code version), truncated,
// seal_broken, store_corrupt, io_error, out_of_memory. Whatever the fault, the remedy is to
// rebuild: the gallery is the truth.
// Faces are added anew, to an index of the kind that the gallery has now.
Result<LoadedIndex> load_index(const std::string& path, const Key& key, GalleryId gallery,
                               FaceIndexKind faces = FaceIndexKind::exact);

}  // namespace whorl::search
