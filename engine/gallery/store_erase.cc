// Erasure: docs/decisions/erasure.md.

#include "engine/gallery/store_body.h"

namespace whorl::gallery {

Result<Revision> Store::erase_subject(GalleryId gallery, SubjectId subject) {
  Revision revision;
  const std::scoped_lock one_at_a_time(body_->upkeep);
  const auto work = [&] { return body_->erase({gallery, subject}, revision); };
  WHORL_TRY_VOID(body_->writers.alone(work));
  return revision;
}

// The records go first, in one write with a note that a key is still to be destroyed: a process
// that dies in between finishes when the store is next opened.
Result<> StoreBody::erase(SubjectPlace place, Revision& revision) {
  WHORL_TRY_VOID(make_writable(Upkeep::held));
  ChangeApplier::Removal removal;
  const auto work = [&](DiskBatch& batch, Catalogue& next) -> Result<> {
    ChangeApplier applier(vault, batch, next, options.clock->now());
    WHORL_TRY(removal, applier.erase(place));
    batch.remove(Space::meta, meta_key(kSidePrefix, as_bytes(kIndexSnapshotKey)));
    put_record(batch, Space::meta, meta_key(kErasingPrefix, key_of(place)), {});
    revision = next.revision;
    return {};
  };
  WHORL_TRY_VOID(edit_now(work));
  WHORL_TRY_VOID(named(finish_erasures(), name_of(place) + ": the erasure is not finished"));
  return removal.unreadable == 0 ? Result<>() : recount(place.gallery);
}

Result<> StoreBody::finish_erasures() {
  const ByteView prefix = as_bytes(kErasingPrefix);
  std::vector<SubjectPlace> pending;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    Cursor cursor = reader.cursor(Space::meta);
    for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
      const ByteView key = cursor.key();
      if (key.size() != prefix.size() + kSubjectKeyBytes) break;
      if (!std::ranges::equal(key.first(prefix.size()), prefix)) break;
      pending.push_back(*subject_of(key.subspan(prefix.size())));
    }
    return named(cursor.status(), "erasure notes");
  };
  WHORL_TRY_VOID(read(work));
  if (pending.empty()) return {};
  {
    const auto alone = disk_lock.alone();
    end_snapshots();
    must_reopen = true;  // unless all goes well: a disk that could not flush takes no more writes
    for (const SubjectPlace place : pending) {
      WHORL_TRY_VOID(disk->destroy(Space::subjects, key_of(place)));
    }
    WHORL_TRY_VOID(disk->destroy(Space::meta, meta_key(kSidePrefix, as_bytes(kIndexSnapshotKey))));
    must_reopen = false;
  }
  return edit_now([&](DiskBatch& batch, Catalogue&) -> Result<> {
    for (const SubjectPlace place : pending) {
      batch.remove(Space::meta, meta_key(kErasingPrefix, key_of(place)));
    }
    return {};
  });
}

// What an unreadable encounter held was counted when it was enrolled and cannot be subtracted:
// everything readable is counted anew.
Result<> StoreBody::recount(GalleryId gallery) {
  Tally tally;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    Walk walk(reader, vault, gallery, {gallery, SubjectId{0}});
    std::vector<Error> damage;  // told by verify(), not here
    while (true) {
      WHORL_TRY(const auto subject, walk.next(&damage));
      if (!subject) return {};
      for (const StoredEncounter& encounter : subject->encounters) {
        tally.add(tally_of(encounter.content), +1);
      }
    }
  };
  WHORL_TRY_VOID(read(work));
  return edit_now([&](DiskBatch&, Catalogue& next) -> Result<> {
    next.galleries.at(gallery).templates = tally;
    return {};
  });
}

}  // namespace whorl::gallery
