#include "engine/search/face_search.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "engine/base/limits.h"

namespace whorl::search {
namespace {

constexpr int kFewLeftOut = 64;

using Nearest = std::vector<std::vector<index::FaceHit>>;
using Probes = std::vector<const FaceTemplate*>;

// How many faces the filter leaves out, where it does so by their owners' names alone and they are
// few: such probes can be searched together, for as many faces more.
std::optional<int> few_left_out(const GalleryIndex& gallery, const index::Filter& filter) {
  index::Filter others = filter;
  others.excluded.clear();
  if (!others.all()) return std::nullopt;
  std::int64_t faces = 0;
  for (const SubjectId subject : filter.excluded) {
    faces += std::ranges::count(gallery.places_of(subject), Modality::face,
                                &GalleryIndex::Place::modality);
  }
  return faces <= kFewLeftOut ? std::optional(static_cast<int>(faces)) : std::nullopt;
}

Nearest nearest_of_all(const index::FaceIndex& faces, const Probes& probes,
                       const index::Filter& filter, int k) {
  Nearest found;
  for (std::size_t first = 0; first < probes.size(); first += kMaxQueriesPerBatch) {
    const std::size_t end = std::min(probes.size(), first + std::size_t{kMaxQueriesPerBatch});
    std::vector<FaceTemplate> batch;
    for (std::size_t i = first; i < end; ++i) batch.push_back(*probes[i]);
    auto hits = faces.search(batch, filter, k);
    WHORL_CHECK(hits.has_value());  // check_query saw to it
    std::ranges::move(*hits, std::back_inserter(found));
  }
  return found;
}

// Few enough to be compared one by one.
Nearest nearest_of_the_new(const index::FaceIndex& faces, std::int64_t first, const Probes& probes,
                           const index::Filter& filter, int k) {
  std::vector<index::Row> rows;
  for (std::int64_t r = first; r < faces.rows(); ++r) {
    const index::Row row{static_cast<std::uint32_t>(r)};
    if (faces.is_live(row) && filter.admits(faces.owner(row))) rows.push_back(row);
  }
  Nearest found;
  for (const FaceTemplate* probe : probes) {
    const Result<std::vector<float>> prepared = faces.prepare(*probe);
    WHORL_CHECK(prepared.has_value());  // check_query saw to it
    found.push_back(faces.rank(*prepared, rows, k));
  }
  return found;
}

// Under one filter.
void search_together(const GalleryIndex& gallery, std::int64_t first, DeviceGallery* devices,
                     const index::Filter& filter, int k, std::span<FaceSearch* const> searches) {
  const index::FaceIndex& faces = *gallery.face();
  Probes probes;
  for (const FaceSearch* s : searches) probes.push_back(s->probe);
  std::optional<Nearest> nearest;
  if (devices != nullptr && first == 0) nearest = devices->search(faces, probes, filter, k);
  const bool on_device = nearest.has_value();
  if (!nearest) {
    nearest = first == 0 ? nearest_of_all(faces, probes, filter, k)
                         : nearest_of_the_new(faces, first, probes, filter, k);
  }
  for (std::size_t i = 0; i < searches.size(); ++i) {
    searches[i]->nearest = std::move((*nearest)[i]);
    searches[i]->on_device = on_device;
  }
}

}  // namespace

void search_faces(const GalleryIndex& gallery, std::int64_t first, DeviceGallery* devices,
                  std::span<FaceSearch> searches) {
  std::vector<FaceSearch*> naming;  // a few, or none
  int most_left_out = 0;
  for (FaceSearch& s : searches) {
    if (const auto left_out = few_left_out(gallery, *s.filter)) {
      naming.push_back(&s);
      most_left_out = std::max(most_left_out, *left_out);
    } else {
      FaceSearch* const alone = &s;
      search_together(gallery, first, devices, *s.filter, kFaceHits, {&alone, 1});
    }
  }
  if (naming.empty()) return;
  search_together(gallery, first, devices, {}, kFaceHits + most_left_out, naming);
  for (FaceSearch* const s : naming) {
    std::erase_if(s->nearest, [&](const auto& hit) { return !s->filter->admits(hit.owner); });
    if (s->nearest.size() > kFaceHits) s->nearest.resize(kFaceHits);
  }
}

}  // namespace whorl::search
