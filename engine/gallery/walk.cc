#include "engine/gallery/walk.h"

namespace whorl::gallery {
namespace {

// Into the list where there is one; otherwise back to the caller.
Result<> noted(Error error, std::vector<Error>* damage) {
  if (damage == nullptr) return tl::unexpected<Error>(std::move(error));
  damage->push_back(std::move(error));
  return {};
}

}  // namespace

Walk::Walk(const DiskReader& reader, const Vault& vault, std::optional<GalleryId> only,
           SubjectPlace from)
    : vault_(vault),
      only_(only),
      subjects_(reader.cursor(Space::subjects)),
      encounters_(reader.cursor(Space::encounters)) {
  if (only && from.gallery < *only) from = {*only, SubjectId{0}};
  subjects_.seek(key_of(from));
  encounters_.seek(key_of(from));
}

Result<std::optional<SubjectPlace>> Walk::subject_here() const {
  if (!subjects_.valid()) {
    WHORL_TRY_VOID(named(subjects_.status(), "subject records"));
    return std::nullopt;
  }
  const auto place = subject_of(subjects_.key());
  if (!place) return fail(Fault::store_corrupt, 0, "subject records: a key of another length");
  if (!within(place->gallery)) return std::nullopt;
  return place;
}

Result<> Walk::no_orphan_before(std::optional<SubjectPlace> place, std::vector<Error>* damage) {
  for (; encounters_.valid(); encounters_.next()) {
    const auto at = encounter_of(encounters_.key());
    if (!at) return fail(Fault::store_corrupt, 0, "encounter records: a key of another length");
    if (!within(at->of.gallery) || (place && at->of >= *place)) return {};
    WHORL_TRY_VOID(
        noted({Fault::store_corrupt, 0, name_of(*at) + ": its subject is missing"}, damage));
  }
  if (place) return {};  // read_encounters tells it of the subject
  return named(encounters_.status(), "encounter records");
}

Result<SubjectRecord> Walk::record_here(SubjectPlace place) const {
  WHORL_TRY(const ByteView body, named(unframe(key_of(place), subjects_.value()), name_of(place)));
  return named(decode_subject(body), name_of(place));
}

Result<> Walk::read_encounters(SubjectPlace place, std::vector<Error>* damage, Subject& subject) {
  const auto record = record_here(place);
  const auto key =
      record ? unwrap(vault_, place, *record) : Result<Key>(tl::unexpected<Error>(record.error()));
  if (!key) WHORL_TRY_VOID(noted(key.error(), damage));
  std::uint32_t met = 0;
  // After a damaged block the cursor stands nowhere; it is set down again for each subject.
  if (!encounters_.valid()) encounters_.seek(key_of(place));
  for (; encounters_.valid(); encounters_.next()) {
    const auto at = encounter_of(encounters_.key());
    if (!at || at->of != place) break;
    ++met;
    if (!key) continue;
    auto opened = open_encounter(vault_, *key, *at, encounters_.value());
    if (opened) {
      subject.encounters.push_back(
          {place.gallery, place.subject, at->encounter, *std::move(opened)});
    } else {
      WHORL_TRY_VOID(noted(opened.error(), damage));
    }
  }
  if (auto status = named(encounters_.status(), name_of(place)); !status) {
    return noted(status.error(), damage);
  }
  if (record && met != record->encounters) {
    return noted({Fault::store_corrupt, 0,
                  name_of(place) + ": " + std::to_string(met) + " of " +
                      std::to_string(record->encounters) + " encounters"},
                 damage);
  }
  return {};
}

Result<std::optional<Walk::Subject>> Walk::next(std::vector<Error>* damage) {
  WHORL_TRY(const auto place, subject_here());
  WHORL_TRY_VOID(no_orphan_before(place, damage));
  if (!place) return std::nullopt;
  Subject subject{*place, {}};
  WHORL_TRY_VOID(read_encounters(*place, damage, subject));
  subjects_.next();
  return subject;
}

}  // namespace whorl::gallery
