// Snapshots, and everything that is read through one.

#include <algorithm>

#include "engine/gallery/store_body.h"

namespace whorl::gallery {
namespace {

// How much is read while the disk cannot be replaced; the visitor runs between two such chunks.
constexpr std::size_t kEncountersPerChunk = 256;
constexpr std::size_t kSubjectsPerChunk = 4096;

Error ended() {
  return {Fault::cancelled, 0, "the snapshot was ended by an erasure or a full disk"};
}

Result<> with_view(const SnapshotState& state, const StoreBody::ReadWork& work) {
  const auto shared = state.body->disk_lock.shared();
  if (state.view == nullptr) return tl::unexpected<Error>(ended());
  return work({state.body->disk.get(), state.view.get()});
}

using SubjectChunk = std::vector<Walk::Subject>;

Result<SubjectChunk> read_chunk(const SnapshotState& state, std::optional<GalleryId> gallery,
                                SubjectPlace from) {
  SubjectChunk chunk;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    Walk walk(reader, state.body->vault, gallery, from);
    for (std::size_t encounters = 0; encounters < kEncountersPerChunk;) {
      WHORL_TRY(auto subject, walk.next());
      if (!subject) return {};
      encounters += subject->encounters.size();
      chunk.push_back(std::move(*subject));
    }
    return {};
  };
  WHORL_TRY_VOID(with_view(state, work));
  return chunk;
}

Result<std::vector<EnrolledSubject>> read_subjects(const SnapshotState& state,
                                                   std::optional<GalleryId> gallery,
                                                   SubjectPlace from) {
  std::vector<EnrolledSubject> chunk;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    Cursor cursor = reader.cursor(Space::subjects);
    for (cursor.seek(key_of(from)); cursor.valid(); cursor.next()) {
      if (chunk.size() == kSubjectsPerChunk) return {};
      const auto place = subject_of(cursor.key());
      if (!place) return fail(Fault::store_corrupt, 0, "subject records");
      if (gallery && place->gallery != *gallery) return {};
      WHORL_TRY(const ByteView body, named(unframe(cursor.key(), cursor.value()), name_of(*place)));
      WHORL_TRY(const SubjectRecord record, named(decode_subject(body), name_of(*place)));
      chunk.push_back({place->gallery, place->subject, record.encounters});
    }
    return named(cursor.status(), "subject records");
  };
  WHORL_TRY_VOID(with_view(state, work));
  return chunk;
}

Result<std::vector<StoredEncounter>> read_subject(const DiskReader& reader, const Vault& vault,
                                                  SubjectPlace place) {
  WHORL_TRY(const auto record, find_subject(reader, place));
  if (!record) return fail(Fault::not_found, 0, name_in_gallery(place.subject));
  Walk walk(reader, vault, place.gallery, place);
  WHORL_TRY(auto subject, walk.next());
  if (!subject || subject->place != place) return fail(Fault::store_corrupt, 0, name_of(place));
  return std::move(subject->encounters);
}

}  // namespace

// ------------------------------------------------------------------ snapshot

SnapshotState::~SnapshotState() {
  const std::scoped_lock lock(body->snapshots_lock);
  std::erase(body->snapshots, this);
  view.reset();
}

Snapshot::Snapshot(std::shared_ptr<SnapshotState> state) : state_(std::move(state)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

Revision Snapshot::revision() const { return state_->revision; }

Result<> Snapshot::for_each_encounter(std::optional<GalleryId> gallery,
                                      const EncounterVisitor& visit) const {
  std::optional<SubjectPlace> from{SubjectPlace{gallery.value_or(GalleryId{0}), SubjectId{0}}};
  while (from) {
    WHORL_TRY(const SubjectChunk chunk, read_chunk(*state_, gallery, *from));
    if (chunk.empty()) return {};
    for (const Walk::Subject& subject : chunk) {
      for (const StoredEncounter& encounter : subject.encounters) WHORL_TRY_VOID(visit(encounter));
    }
    from = after(chunk.back().place);
  }
  return {};
}

Result<> Snapshot::for_each_subject(std::optional<GalleryId> gallery,
                                    const SubjectVisitor& visit) const {
  std::optional<SubjectPlace> from{SubjectPlace{gallery.value_or(GalleryId{0}), SubjectId{0}}};
  while (from) {
    WHORL_TRY(const auto chunk, read_subjects(*state_, gallery, *from));
    if (chunk.empty()) return {};
    for (const EnrolledSubject& subject : chunk) WHORL_TRY_VOID(visit(subject));
    from = after({chunk.back().gallery, chunk.back().subject});
  }
  return {};
}

Result<std::vector<StoredEncounter>> Snapshot::get_subject(GalleryId gallery,
                                                           SubjectId subject) const {
  std::vector<StoredEncounter> found;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(found, read_subject(reader, state_->body->vault, {gallery, subject}));
    return {};
  };
  WHORL_TRY_VOID(with_view(*state_, work));
  return found;
}

// ------------------------------------------------------------------ body

Result<> StoreBody::read(const ReadWork& work) {
  const auto shared = disk_lock.shared();
  if (disk == nullptr) return tl::unexpected<Error>(disk_error);
  const auto view = disk->view();
  return work({disk.get(), view.get()});
}

Catalogue StoreBody::catalogue_now() const {
  const std::shared_lock lock_here(catalogue_lock);
  return catalogue;
}

// While the disk can be neither read nor replaced, the snapshot is born ended.
std::shared_ptr<SnapshotState> StoreBody::take_snapshot() {
  auto state = std::make_shared<SnapshotState>();
  state->body = shared_from_this();
  const auto shared = disk_lock.shared();
  if (disk != nullptr) {
    state->view = disk->view();
    // The catalogue may be a moment behind the view: the view's own revision counts.
    const auto seen = Catalogue::load({disk.get(), state->view.get()});
    state->revision = seen ? seen->revision : catalogue_now().revision;
  }
  const std::scoped_lock lock_here(snapshots_lock);
  snapshots.push_back(state.get());
  return state;
}

void StoreBody::end_snapshots() {
  const std::scoped_lock lock_here(snapshots_lock);
  for (SnapshotState* state : snapshots) state->view.reset();
}

// ------------------------------------------------------------------ store

Snapshot Store::snapshot() const { return Snapshot(body_->take_snapshot()); }

Result<bool> Store::contains(GalleryId gallery, SubjectId subject) const {
  bool found = false;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(const auto record, find_subject(reader, {gallery, subject}));
    found = record.has_value();
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return found;
}

Result<std::vector<StoredEncounter>> Store::get_subject(GalleryId gallery,
                                                        SubjectId subject) const {
  std::vector<StoredEncounter> found;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(found, read_subject(reader, body_->vault, {gallery, subject}));
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return found;
}

Result<Encounter> Store::get_encounter(GalleryId gallery, SubjectId subject,
                                       EncounterId encounter) const {
  const EncounterPlace at{{gallery, subject}, encounter};
  Encounter content;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(const auto record, find_subject(reader, at.of));
    if (!record) return fail(Fault::not_found, 0, name_in_gallery(at));
    WHORL_TRY(const Key key, unwrap(body_->vault, at.of, *record));
    WHORL_TRY(auto found, find_encounter(reader, body_->vault, key, at));
    if (!found) return fail(Fault::not_found, 0, name_in_gallery(at));
    content = std::move(*found);
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return content;
}

Result<> Store::for_each_encounter(std::optional<GalleryId> gallery,
                                   const EncounterVisitor& visit) const {
  return snapshot().for_each_encounter(gallery, visit);
}

Result<std::vector<ChangeEntry>> Store::changes_since(Revision after, std::size_t most) const {
  std::vector<ChangeEntry> entries;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    Cursor cursor = reader.cursor(Space::changes);
    Revision expected{after.value() + 1};
    for (cursor.seek(key_of(expected)); cursor.valid() && entries.size() < most; cursor.next()) {
      const std::string name = "change " + std::to_string(expected.value());
      // Revisions have no gaps; one that is not there was lost.
      if (revision_of(cursor.key()) != expected) return fail(Fault::store_corrupt, 0, name);
      WHORL_TRY(const ByteView body, named(unframe(cursor.key(), cursor.value()), name));
      WHORL_TRY(const ChangeEntry entry, named(decode_change(expected, body), name));
      entries.push_back(entry);
      expected = Revision{expected.value() + 1};
    }
    WHORL_TRY_VOID(named(cursor.status(), "change log"));
    WHORL_TRY(const Catalogue seen, Catalogue::load(reader));
    if (entries.size() < most && expected <= seen.revision) {
      return fail(Fault::store_corrupt, 0, "change " + std::to_string(expected.value()));
    }
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return entries;
}

Result<std::optional<Bytes>> Store::get_side(std::string_view name) const {
  if (!is_name(name)) return fail(Fault::bad_name, 0, std::string(name));
  std::optional<Bytes> value;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    const std::string label = "side value " + std::string(name);
    WHORL_TRY(const auto sealed,
              named(get_record(reader, Space::meta, meta_key(kSidePrefix, as_bytes(name))), label));
    if (!sealed) return {};
    WHORL_TRY(value, named(body_->vault.open_side(name, *sealed), label));
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return value;
}

}  // namespace whorl::gallery
