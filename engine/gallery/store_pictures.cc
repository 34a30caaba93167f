// What an operator chose for a gallery, and the pictures that one of the choices keeps.

#include "engine/gallery/pictures.h"
#include "engine/gallery/store_body.h"

namespace whorl::gallery {

Result<> Store::change_settings(GalleryId gallery, const GallerySettings& settings) {
  const std::scoped_lock one_at_a_time(body_->upkeep);
  bool dropped = false;
  const auto edit = [&](DiskBatch& batch, Catalogue& next) -> Result<> {
    const auto found = next.galleries.find(gallery);
    if (found == next.galleries.end()) return fail(Fault::not_found, 0, name_of(gallery));
    dropped = found->second.settings.keep_pictures && !settings.keep_pictures;
    found->second.settings = settings;
    return dropped ? remove_pictures(batch, gallery) : Result<>();
  };
  WHORL_TRY_VOID(body_->write_alone(edit, StoreBody::Upkeep::held));
  if (!dropped) return {};
  const auto rewrite = [&] { return body_->disk->compact(Space::pictures); };
  return body_->writers.alone([&] { return body_->rewrite_files(rewrite); });
}

Result<std::vector<Picture>> Store::get_pictures(GalleryId gallery, SubjectId subject,
                                                 EncounterId encounter) const {
  const EncounterPlace at{{gallery, subject}, encounter};
  std::vector<Picture> pictures;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(const auto record, find_subject(reader, at.of));
    if (!record) return fail(Fault::not_found, 0, name_in_gallery(at));
    WHORL_TRY(const Key key, unwrap(body_->vault, at.of, *record));
    WHORL_TRY(pictures, find_pictures(reader, body_->vault, key, at));
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return pictures;
}

}  // namespace whorl::gallery
