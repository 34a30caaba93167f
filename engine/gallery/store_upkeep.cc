// Scrub, compaction, backup and restore.

#include "engine/gallery/durable_folder.h"
#include "engine/gallery/notes.h"
#include "engine/gallery/pictures.h"
#include "engine/gallery/store_body.h"

namespace whorl::gallery {
namespace {

constexpr std::string_view kBackupNoteKey = "backup";
constexpr int kSubjectsPerBatch = 64;

// ------------------------------------------------------------------ scrub

using Counts = std::map<GalleryId, GalleryRecord>;

void count(Counts& counts, const Walk::Subject& subject) {
  GalleryRecord& gallery = counts[subject.place.gallery];
  ++gallery.subjects;
  gallery.encounters += std::ssize(subject.encounters);
  for (const StoredEncounter& encounter : subject.encounters) {
    gallery.templates.add(tally_of(encounter.content), +1);
  }
}

void note(Scrub& scrub, std::vector<Error> damage) {
  for (Error& error : damage) {
    ++scrub.damaged;
    if (scrub.damage.size() < Scrub::kMaxListed) scrub.damage.push_back(std::move(error));
  }
}

void note(Scrub& scrub, const Result<>& outcome) {
  if (!outcome) note(scrub, std::vector<Error>{outcome.error()});
}

// Reads a few subjects from `from` on; where to go on, or nothing at the end.
std::optional<SubjectPlace> scrub_chunk(const DiskReader& reader, const Vault& vault,
                                        SubjectPlace from, Counts& counts, Scrub& scrub) {
  Walk walk(reader, vault, std::nullopt, from);
  std::optional<SubjectPlace> last;
  for (int i = 0; i < kSubjectsPerBatch; ++i) {
    std::vector<Error> damage;
    const auto subject = walk.next(&damage);
    note(scrub, std::move(damage));
    if (!subject) note(scrub, std::vector<Error>{subject.error()});
    if (!subject || !*subject) return std::nullopt;
    last = (*subject)->place;
    count(counts, **subject);
    ++scrub.subjects;
    scrub.encounters += std::ssize((*subject)->encounters);
  }
  return last ? after(*last) : std::nullopt;
}

Result<> check_change_log(const DiskReader& reader, Revision last) {
  Revision expected{1};
  Cursor cursor = reader.cursor(Space::changes);
  for (cursor.seek({}); cursor.valid(); cursor.next()) {
    const std::string name = "change " + std::to_string(expected.value());
    if (revision_of(cursor.key()) != expected) return fail(Fault::store_corrupt, 0, name);
    WHORL_TRY(const ByteView body, named(unframe(cursor.key(), cursor.value()), name));
    WHORL_TRY_VOID(named(decode_change(expected, body), name));
    expected = Revision{expected.value() + 1};
  }
  WHORL_TRY_VOID(named(cursor.status(), "change log"));
  if (expected.value() == last.value() + 1) return {};
  return fail(Fault::store_corrupt, 0, "change " + std::to_string(expected.value()));
}

Result<> check_counters(const Catalogue& catalogue, const Counts& counts) {
  for (const auto& [id, record] : catalogue.galleries) {
    const auto found = counts.find(id);
    const GalleryRecord none;
    const GalleryRecord& counted = found == counts.end() ? none : found->second;
    if (record.subjects != counted.subjects || record.encounters != counted.encounters ||
        record.templates != counted.templates) {
      return fail(Fault::store_corrupt, 0, name_of(id) + ": counters");
    }
  }
  return {};
}

void scrub_meta(const DiskReader& reader, const Vault& vault, const Counts& counts, Scrub& scrub) {
  const auto catalogue = Catalogue::load(reader);
  if (!catalogue) return note(scrub, std::vector<Error>{catalogue.error()});
  note(scrub, check_change_log(reader, catalogue->revision));
  note(scrub, check_notes(reader, vault, scrub.notes));
  note(scrub, scrub_pictures(reader, vault, scrub.pictures));
  // Damage found before makes the counts differ; it is not told twice.
  if (scrub.damaged == 0) note(scrub, check_counters(*catalogue, counts));
}

// ------------------------------------------------------------------ backup

struct BackupNote {
  StoreId store{};
  Revision revision;
};

Bytes encode(const BackupNote& backup) {
  ByteWriter body;
  body.bytes(backup.store);
  body.u64(backup.revision.value());
  return frame(as_bytes(kBackupNoteKey), body.view());
}

Result<BackupNote> read_note(const std::string& from) {
  WHORL_TRY(const Bytes bytes, Disk::read_backup_note(from));
  WHORL_TRY(const ByteView body, named(unframe(as_bytes(kBackupNoteKey), bytes), "backup note"));
  ByteReader in(body);
  BackupNote backup;
  const ByteView store = in.take(backup.store.size());
  backup.revision = Revision{in.u64()};
  if (!in.ok()) return fail(Fault::store_corrupt, 0, "backup note");
  std::ranges::copy(store, backup.store.begin());
  return backup;
}

bool may_back_up_to(const std::string& to, const StoreId& store) {
  if (is_absent_or_empty(to)) return true;
  const auto earlier = read_note(to);
  return earlier && earlier->store == store;
}

Result<> restore_database(const std::string& from, const std::string& to) {
  const std::string unfinished = to + "/db.new";
  WHORL_TRY(const BackupNote backup, read_note(from));
  WHORL_TRY_VOID(make_folder(unfinished));
  WHORL_TRY_VOID(Disk::restore(from, unfinished));
  WHORL_TRY_VOID(AcknowledgedMark::create(unfinished, backup.store, backup.revision));
  WHORL_TRY_VOID(open_store_files(unfinished));
  return rename_durably(unfinished, to + "/db");
}

}  // namespace

Result<Scrub> Store::verify(const ScrubProgress& progress) const {
  Scrub scrub;
  Counts counts;
  const auto state = body_->take_snapshot();
  const auto with_view = [&](const StoreBody::ReadWork& work) -> Result<> {
    const auto shared = body_->disk_lock.shared();
    if (state->view == nullptr) return fail(Fault::cancelled, 0, "an erasure ended the scrub");
    return work({body_->disk.get(), state->view.get()});
  };
  const auto files = [&](const DiskReader& reader) -> Result<> {
    note(scrub, named(reader.disk->check_files(), "files"));
    return {};
  };
  std::optional<SubjectPlace> from{SubjectPlace{}};
  const auto chunk = [&](const DiskReader& reader) -> Result<> {
    from = scrub_chunk(reader, body_->vault, *from, counts, scrub);
    return {};
  };
  const auto the_rest = [&](const DiskReader& reader) -> Result<> {
    scrub_meta(reader, body_->vault, counts, scrub);
    return {};
  };
  WHORL_TRY_VOID(with_view(files));
  while (from) {
    WHORL_TRY_VOID(with_view(chunk));
    if (progress) progress(scrub);
  }
  WHORL_TRY_VOID(with_view(the_rest));
  if (const auto& unfinished = body_->unfinished_rotation) {
    note(scrub, named(Result<>(tl::unexpected<Error>(*unfinished)), "the change of master key"));
  }
  return scrub;
}

Result<> Store::finish_erasures() {
  const std::scoped_lock one_at_a_time(body_->upkeep);
  return body_->writers.alone([&]() -> Result<> {
    WHORL_TRY_VOID(body_->make_writable(StoreBody::Upkeep::held));
    return body_->finish_erasures();
  });
}

Result<> Store::compact() {
  WHORL_TRY_VOID(finish_erasures());
  const std::scoped_lock one_at_a_time(body_->upkeep);
  // No view: it would keep what was deleted.
  const auto shared = body_->disk_lock.shared();
  return body_->disk->compact();
}

Result<> Store::backup(const std::string& to) {
  const std::scoped_lock one_at_a_time(body_->upkeep);
  const StoreId store = body_->mark.store();
  if (!may_back_up_to(to, store)) return fail(Fault::already_exists, 0, to);
  const bool fresh = is_absent_or_empty(to);
  const bool there = exists(to);
  const Bytes backup_note = encode(BackupNote{store, revision()});
  WHORL_TRY_VOID(make_folder(to));
  const auto shared = body_->disk_lock.shared();
  if (body_->disk == nullptr) return tl::unexpected<Error>(body_->disk_error);
  auto outcome = body_->disk->backup(to, backup_note);
  if (outcome || !fresh) return outcome;
  // Half a first backup must not pass for one. What cannot be removed is refused when it is read.
  [[maybe_unused]] const auto removed = remove_folder(to);
  if (there) [[maybe_unused]]
    const auto made = make_folder(to);
  return outcome;
}

Result<> Store::restore(const std::string& from, const std::string& to) {
  if (!exists(from + "/meta")) return fail(Fault::no_store, 0, from);
  if (!is_absent_or_empty(to)) return fail(Fault::already_exists, 0, to);
  const bool there = exists(to);
  auto outcome = named(restore_database(from, to), from);
  if (outcome) return outcome;
  // The first error is the one to tell; what cannot be removed is an unfinished db.new.
  [[maybe_unused]] const auto removed = remove_folder(there ? to + "/db.new" : to);
  return outcome;
}

}  // namespace whorl::gallery
