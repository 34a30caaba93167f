#pragma once

#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/search/device_gallery.h"
#include "engine/search/gallery_index.h"
#include "engine/search/query.h"
#include "kernels/backend.h"

namespace whorl::search {

// Refuses what cannot be searched with: no templates or too many, a face of another model or
// dimension, counts beyond limits.h, rates that are none or out of order. Says which template by
// its number in `where`.
Result<> check_query(const Query& query, const GalleryIndex& gallery);

// The identify pipeline: one pass over the gallery for all the queries together.
//
//   describe   codes for probes that came without                         parallel over probes
//   stage 1    every admitted print of the like fingers is scored by      parallel over blocks
//              its codes, those that might match are aligned, the best   or on devices
//              of each probe survive (survivor_policy.h)
//   stage 2    survivors are compared by the finger matcher, calibrated   parallel over survivors
//   fuse       a subject's best comparison with each probe, added up      parallel over queries
//   decide     thresholds on the false match rate; reasons
//
// Each stage ends before the next begins, and what it hands on does not depend on who worked on it:
// the same gallery and query give the same answer on any number of threads and every backend.
// Queries must have passed check_query. Stage 1 is done by `devices` as far as they will, the same
// gallery's or null; what they leave or lose, by the CPU.
std::vector<Answer> identify(const GalleryIndex& gallery, std::span<const Query> queries,
                             kernels::Backend backend, DeviceGallery* devices = nullptr);

// What the query's search would find now, given what it found before the gallery grew to what it
// is: only what was added since is looked at, on the CPU. The earlier answer must be of the
// gallery's present form.
Answer identify_since(const GalleryIndex& gallery, const Query& query, Answer earlier,
                      kernels::Backend backend);

}  // namespace whorl::search
