// Erasure: docs/decisions/erasure.md.

#include "engine/gallery/notes.h"
#include "engine/gallery/store_body.h"

namespace whorl::gallery {
namespace {

// What is still to be destroyed of an erased subject besides its key: the body of its erasure's
// record has the names of its notes, each behind its length (u8).
struct BegunErasure {
  SubjectPlace place;
  std::vector<std::string> notes;
};

Bytes encode_names(const std::vector<std::string>& names) {
  ByteWriter out;
  for (const std::string& name : names) {
    out.u8(name.size());
    out.text(name);
  }
  return out.take();
}

std::vector<std::string> decode_names(ByteView body) {
  std::vector<std::string> names;
  ByteReader in(body);
  while (in.remaining() > 0 && in.ok()) names.push_back(text_in(in.take(in.u8())));
  return names;
}

Result<std::vector<BegunErasure>> begun_erasures(const DiskReader& reader) {
  std::vector<BegunErasure> begun;
  Cursor cursor = reader.cursor(Space::meta);
  for (cursor.seek(as_bytes(kErasingPrefix)); cursor.valid(); cursor.next()) {
    const auto key = after_prefix(kErasingPrefix, cursor.key());
    const auto place = key ? subject_of(*key) : std::nullopt;
    if (!place) break;
    WHORL_TRY(const ByteView body, named(unframe(cursor.key(), cursor.value()), "erasure record"));
    begun.push_back({*place, decode_names(body)});
  }
  WHORL_TRY_VOID(named(cursor.status(), "erasure records"));
  return begun;
}

}  // namespace

Result<Revision> Store::erase_subject(GalleryId gallery, SubjectId subject, const Note* note) {
  if (note != nullptr) WHORL_TRY_VOID(check(*note));
  Revision revision;
  const std::scoped_lock one_at_a_time(body_->upkeep);
  const auto work = [&] { return body_->erase({gallery, subject}, note, revision); };
  WHORL_TRY_VOID(body_->writers.alone(work));
  return revision;
}

// The records go first, in one write with a record that a key is still to be destroyed: a process
// that dies in between finishes when the store is next opened.
Result<> StoreBody::erase(SubjectPlace place, const Note* with, Revision& revision) {
  WHORL_TRY_VOID(make_writable(Upkeep::held));
  ChangeApplier::Removal removal;
  const auto work = [&](DiskBatch& batch, Catalogue& next) -> Result<> {
    const UnixMillis now = options.clock->now();
    ChangeApplier applier(vault, batch, next, now);
    if (with != nullptr) WHORL_TRY_VOID(must_be_free(batch, with->name));
    WHORL_TRY(removal, applier.erase(place));
    batch.remove(Space::meta, meta_key(kSidePrefix, as_bytes(kIndexSnapshotKey)));
    WHORL_TRY(const auto emptied, empty_notes_of(batch, vault, place));
    put_record(batch, Space::meta, meta_key(kErasingPrefix, key_of(place)), encode_names(emptied));
    revision = next.revision;
    if (with == nullptr) return {};
    return put_note(batch, vault, with->name,
                    {with->content, revision, place.gallery, place.subject, EncounterId{0}, now});
  };
  WHORL_TRY_VOID(edit_now(work));
  WHORL_TRY_VOID(named(finish_erasures(), name_of(place) + ": the erasure is not finished"));
  return removal.unreadable == 0 ? Result<>() : recount(place.gallery);
}

Result<> StoreBody::finish_erasures() {
  std::vector<BegunErasure> begun;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(begun, begun_erasures(reader));
    return {};
  };
  WHORL_TRY_VOID(read(work));
  if (begun.empty()) return {};
  const auto destroy = [&]() -> Result<> {
    for (const BegunErasure& erasure : begun) {
      WHORL_TRY_VOID(disk->destroy(Space::subjects, key_of(erasure.place)));
      for (const std::string& note : erasure.notes) {
        WHORL_TRY_VOID(disk->destroy(Space::meta, meta_key(kNotePrefix, as_bytes(note))));
      }
    }
    return disk->destroy(Space::meta, meta_key(kSidePrefix, as_bytes(kIndexSnapshotKey)));
  };
  WHORL_TRY_VOID(rewrite_files(destroy));
  return edit_now([&](DiskBatch& batch, Catalogue&) -> Result<> {
    for (const BegunErasure& erasure : begun) {
      batch.remove(Space::meta, meta_key(kErasingPrefix, key_of(erasure.place)));
    }
    return {};
  });
}

Result<> StoreBody::rewrite_files(const std::function<Result<>()>& work) {
  const auto alone = disk_lock.alone();
  end_snapshots();
  must_reopen = true;  // unless all goes well: a disk that could not flush takes no more writes
  WHORL_TRY_VOID(work());
  must_reopen = false;
  return {};
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
