#include "engine/gallery/apply_change.h"

#include <limits>

#include "engine/base/limits.h"
#include "engine/gallery/notes.h"
#include "engine/gallery/pictures.h"

namespace whorl::gallery {
namespace {

SubjectPlace place_of(const Change& change) { return {change.gallery, change.subject}; }

// One before the largest: the number after it must exist.
constexpr EncounterId kLastEncounter{std::numeric_limits<EncounterId::rep>::max() - 1};

}  // namespace

Result<std::vector<PreparedChange>> prepare(const Batch& batch) {
  if (batch.size() > kMaxChangesPerBatch) return fail(Fault::limit_exceeded, 0, "batch");
  std::vector<PreparedChange> prepared;
  for (const Change& change : batch.changes()) {
    PreparedChange& next = prepared.emplace_back(PreparedChange{&change, {}, {}});
    if (change.note) WHORL_TRY_VOID(check(*change.note));
    if (change.operation != Operation::enrol && change.operation != Operation::update) continue;
    const std::string name =
        change.encounter ? name_in_gallery(EncounterPlace{place_of(change), *change.encounter})
                         : name_in_gallery(change.subject);
    WHORL_TRY(next.plain, named(encode(change.content), name));
    WHORL_TRY_VOID(named(check_pictures(change), name));
    next.tally = tally_of(change.content);
  }
  return prepared;
}

// A note's name is looked up first: of a request that was done already, that is what to tell.
Result<EncounterId> ChangeApplier::apply(const PreparedChange& prepared) {
  const std::optional<Note>& note = prepared.change->note;
  if (note) WHORL_TRY_VOID(must_be_free(batch_, note->name));
  WHORL_TRY(const EncounterId encounter, change(prepared));
  if (note) {
    const SubjectPlace place = place_of(*prepared.change);
    WHORL_TRY_VOID(put_note(
        batch_, vault_, note->name,
        {note->content, catalogue_.revision, place.gallery, place.subject, encounter, now_}));
  }
  return encounter;
}

Result<EncounterId> ChangeApplier::change(const PreparedChange& prepared) {
  const Change& change = *prepared.change;
  if (!catalogue_.galleries.contains(change.gallery)) {
    return fail(Fault::not_found, 0, name_of(change.gallery));
  }
  switch (change.operation) {
    case Operation::enrol:
      return enrol(prepared);
    case Operation::update:
      return update(prepared);
    case Operation::delete_encounter:
      return delete_encounter(change);
    case Operation::delete_subject:
    case Operation::erase_subject:  // not in a batch: it is more than a change of records
      break;
  }
  return delete_subject(change);
}

Result<EncounterId> ChangeApplier::enrol(const PreparedChange& prepared) {
  const Change& change = *prepared.change;
  const SubjectPlace place = place_of(change);
  WHORL_TRY(auto record, find_subject(batch_, place));
  if (record && change.expect_new_subject)
    return fail(Fault::duplicate_id, 0, name_in_gallery(place.subject));
  Key key;
  if (record) {
    WHORL_TRY(key, unwrap(vault_, place, *record));
  } else {
    WHORL_TRY(Vault::NewKey fresh, vault_.new_subject_key(place));
    key = fresh.key;
    record = SubjectRecord{EncounterId{1}, 0, std::move(fresh.wrapped)};
    ++counters(change.gallery).subjects;
  }

  const EncounterPlace at{place, change.encounter.value_or(record->next)};
  if (at.encounter == EncounterId{0} || at.encounter > kLastEncounter) {
    return fail(Fault::out_of_range, 0, name_in_gallery(at));
  }
  if (record->encounters >= kMaxEncountersPerSubject) {
    return fail(Fault::limit_exceeded, 0, name_in_gallery(at));
  }
  WHORL_TRY(const auto taken, named(batch_.get(Space::encounters, key_of(at)), name_of(at)));
  if (taken) return fail(Fault::duplicate_id, 0, name_in_gallery(at));

  record->next = std::max(record->next, EncounterId{at.encounter.value() + 1});
  ++record->encounters;
  put_subject(place, *record);
  WHORL_TRY_VOID(put_encounter(key, at, prepared.plain));
  WHORL_TRY_VOID(put_pictures(batch_, vault_, key, at, change.pictures));
  ++counters(change.gallery).encounters;
  counters(change.gallery).templates.add(prepared.tally, +1);
  log(change.operation, at);
  return at.encounter;
}

Result<EncounterId> ChangeApplier::update(const PreparedChange& prepared) {
  const Change& change = *prepared.change;
  const EncounterPlace at{place_of(change), *change.encounter};
  WHORL_TRY(const Enrolled enrolled, must_find(at.of));
  WHORL_TRY(const Encounter old, must_open(enrolled.key, at));
  WHORL_TRY_VOID(put_encounter(enrolled.key, at, prepared.plain));
  if (!change.pictures_stay) {
    WHORL_TRY_VOID(remove_pictures(batch_, at));
    WHORL_TRY_VOID(put_pictures(batch_, vault_, enrolled.key, at, change.pictures));
  }
  counters(change.gallery).templates.add(tally_of(old), -1);
  counters(change.gallery).templates.add(prepared.tally, +1);
  log(change.operation, at);
  return at.encounter;
}

Result<EncounterId> ChangeApplier::delete_encounter(const Change& change) {
  const EncounterPlace at{place_of(change), *change.encounter};
  WHORL_TRY(Enrolled enrolled, must_find(at.of));
  WHORL_TRY(const Encounter old, must_open(enrolled.key, at));
  batch_.remove(Space::encounters, key_of(at));
  WHORL_TRY_VOID(remove_pictures(batch_, at));
  --counters(change.gallery).encounters;
  counters(change.gallery).templates.add(tally_of(old), -1);
  if (--enrolled.record.encounters == 0) {
    batch_.remove(Space::subjects, key_of(at.of));
    --counters(change.gallery).subjects;
  } else {
    put_subject(at.of, enrolled.record);
  }
  log(change.operation, at);
  return at.encounter;
}

Result<EncounterId> ChangeApplier::delete_subject(const Change& change) {
  const SubjectPlace place = place_of(change);
  WHORL_TRY(const Enrolled enrolled, must_find(place));
  WHORL_TRY(const auto encounters, encounters_of(place));
  for (const EncounterPlace& at : encounters) {
    WHORL_TRY(const Encounter old, must_open(enrolled.key, at));
    counters(change.gallery).templates.add(tally_of(old), -1);
    batch_.remove(Space::encounters, key_of(at));
    WHORL_TRY_VOID(remove_pictures(batch_, at));
  }
  batch_.remove(Space::subjects, key_of(place));
  counters(change.gallery).encounters -= std::ssize(encounters);
  --counters(change.gallery).subjects;
  log(Operation::delete_subject, {place, EncounterId{0}});
  return EncounterId{0};
}

Result<ChangeApplier::Removal> ChangeApplier::erase(SubjectPlace place) {
  if (!catalogue_.galleries.contains(place.gallery)) {
    return fail(Fault::not_found, 0, name_of(place.gallery));
  }
  WHORL_TRY(const auto value, named(batch_.get(Space::subjects, key_of(place)), name_of(place)));
  if (!value) return fail(Fault::not_found, 0, name_in_gallery(place.subject));
  WHORL_TRY(const auto encounters, encounters_of(place));
  const auto enrolled = must_find(place);  // a damaged key must not keep a person from erasure
  Removal removal;
  for (const EncounterPlace& at : encounters) {
    const auto old = enrolled ? must_open(enrolled->key, at)
                              : Result<Encounter>(tl::unexpected<Error>(enrolled.error()));
    if (old) {
      counters(place.gallery).templates.add(tally_of(*old), -1);
    } else {
      ++removal.unreadable;
    }
    batch_.remove(Space::encounters, key_of(at));
    WHORL_TRY_VOID(remove_pictures(batch_, at));
  }
  batch_.remove(Space::subjects, key_of(place));
  counters(place.gallery).encounters -= std::ssize(encounters);
  --counters(place.gallery).subjects;
  log(Operation::erase_subject, {place, EncounterId{0}});
  return removal;
}

Result<ChangeApplier::Enrolled> ChangeApplier::must_find(SubjectPlace place) const {
  WHORL_TRY(auto record, find_subject(batch_, place));
  if (!record) return fail(Fault::not_found, 0, name_in_gallery(place.subject));
  WHORL_TRY(const Key key, unwrap(vault_, place, *record));
  return Enrolled{std::move(*record), key};
}

Result<Encounter> ChangeApplier::must_open(const Key& key, EncounterPlace place) const {
  WHORL_TRY(auto encounter, find_encounter(batch_, vault_, key, place));
  if (!encounter) return fail(Fault::not_found, 0, name_in_gallery(place));
  return std::move(*encounter);
}

Result<std::vector<EncounterPlace>> ChangeApplier::encounters_of(SubjectPlace place) const {
  std::vector<EncounterPlace> found;
  Cursor cursor = batch_.cursor(Space::encounters);
  for (cursor.seek(key_of(place)); cursor.valid(); cursor.next()) {
    const auto at = encounter_of(cursor.key());
    if (!at || at->of != place) break;
    found.push_back(*at);
  }
  WHORL_TRY_VOID(named(cursor.status(), name_of(place)));
  return found;
}

Result<> ChangeApplier::put_encounter(const Key& key, EncounterPlace place, ByteView plain) {
  WHORL_TRY(const Bytes sealed, vault_.seal_encounter(key, place, plain));
  put_record(batch_, Space::encounters, key_of(place), sealed);
  return {};
}

void ChangeApplier::put_subject(SubjectPlace place, const SubjectRecord& record) {
  put_record(batch_, Space::subjects, key_of(place), encode(record));
}

void ChangeApplier::log(Operation operation, EncounterPlace place) {
  ChangeEntry entry;
  entry.revision = catalogue_.next_revision();
  entry.operation = operation;
  entry.gallery = place.of.gallery;
  entry.subject = place.of.subject;
  entry.encounter = place.encounter;
  entry.changed_at = now_;
  put_record(batch_, Space::changes, key_of(entry.revision), encode(entry));
}

}  // namespace whorl::gallery
