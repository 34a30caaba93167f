#pragma once
// The gallery: the durable truth about who is enrolled. docs/decisions/store-layout.md.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/clock.h"
#include "engine/base/crypto.h"
#include "engine/base/face_index_kind.h"
#include "engine/base/random.h"
#include "engine/base/result.h"
#include "engine/gallery/batch.h"

namespace whorl::gallery {

struct StoreOptions {
  bool create = false;           // make the store where there is none
  const Clock* clock = nullptr;  // null: the system's. Both are the caller's and outlive the store
  Entropy* entropy = nullptr;    // null: the system's. Asked by one thread at a time
  // false: commits are acknowledged before they are on disk, and a power cut may take the last of
  // them (a killed process may not). For tests, and bulk loads that can be repeated.
  bool sync = true;
};

// What an operator chose for a gallery; durable.
struct GallerySettings {
  FaceIndexKind face_index = FaceIndexKind::exact;
  bool keep_pictures = false;  // of faces, beside the templates made of them: docs/privacy.md
  std::string moving_to;       // the face model whose vectors are on their way in; else empty
  bool operator==(const GallerySettings&) const = default;
};

struct GalleryInfo {
  GalleryId id;
  std::string name;
  UnixMillis created_at;
  GallerySettings settings{};
};

struct StoredEncounter {
  GalleryId gallery;
  SubjectId subject;
  EncounterId id;
  Encounter content;
};

struct EnrolledSubject {
  GalleryId gallery;
  SubjectId subject;
  std::int64_t encounters = 0;
};

struct ChangeEntry {
  Revision revision;
  Operation operation = Operation::enrol;
  GalleryId gallery;
  SubjectId subject;
  EncounterId encounter;  // 0 where the change meant the whole subject
  UnixMillis changed_at;
};

// A note as it is found again.
struct Noted {
  Bytes content;  // empty once the subject was erased
  // What the change was given; where there was none, the store's revision, and no subject (0).
  Revision revision;
  GalleryId gallery;
  SubjectId subject;
  EncounterId encounter;  // 0 where the change meant the whole subject
  UnixMillis noted_at;
};

struct GalleryStats {
  GalleryInfo gallery;
  std::int64_t subjects = 0;
  std::int64_t encounters = 0;
  std::array<std::int64_t, kFingerPositions> fingers{};  // templates, by FingerPosition
  std::int64_t faces = 0;
};

struct StoreStats {
  Revision revision;
  std::vector<GalleryStats> galleries;
  std::int64_t disk_bytes = 0;
};

// What a scrub found. A sound store has no damage.
struct Scrub {
  static constexpr std::size_t kMaxListed = 1000;
  std::int64_t subjects = 0;
  std::int64_t encounters = 0;
  std::int64_t notes = 0;
  std::int64_t pictures = 0;
  std::int64_t damaged = 0;
  std::vector<Error> damage;  // each names its record; the first kMaxListed
};

// Called for one item after another; an error stops the walk and is what the walk returns.
using EncounterVisitor = std::function<Result<>(const StoredEncounter&)>;
using SubjectVisitor = std::function<Result<>(const EnrolledSubject&)>;
using ScrubProgress = std::function<void(const Scrub&)>;
using RotationProgress = std::function<void(std::int64_t subjects, std::int64_t of)>;

// The side value that seals the search index's snapshot file. erase_subject destroys it, so that
// a snapshot that still holds the erased subject does not open: docs/decisions/erasure.md.
inline constexpr std::string_view kIndexSnapshotKey = "index-snapshot-key";

struct StoreBody;
struct SnapshotState;

// The store as it was at one revision; later changes do not show. Keeps old versions on disk while
// it lives, so hold it for a walk, not for a day; the store stays open as long. An erasure ends it,
// and so does going on after a full disk: reading on gives Fault::cancelled, and a new snapshot
// shows the store as it is then.
//
// Thread safety: const members may run at once.
class Snapshot {
 public:
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  Revision revision() const;

  // All encounters of the gallery, or of all galleries, by ascending (gallery, subject, encounter).
  // The visitor runs without any lock and may use the store. About 15 us an encounter of one print.
  // Faults: bad_checksum, seal_broken, store_corrupt with the record's name; cancelled.
  Result<> for_each_encounter(std::optional<GalleryId> gallery,
                              const EncounterVisitor& visit) const;
  // Subjects in ascending (gallery, subject), without opening their encounters.
  Result<> for_each_subject(std::optional<GalleryId> gallery, const SubjectVisitor& visit) const;
  // All encounters of one subject, ascending. Fault::not_found when it is not enrolled.
  Result<std::vector<StoredEncounter>> get_subject(GalleryId gallery, SubjectId subject) const;

 private:
  friend class Store;
  explicit Snapshot(std::shared_ptr<SnapshotState> state);
  std::shared_ptr<SnapshotState> state_;
};

// A folder with galleries of subjects, their encounters, and nothing derived from them.
//
// Thread safety: all members may run at once. One process at a time.
// Invariants:
//   1. What commit() acknowledged is on disk; a batch is there wholly or not at all.
//   2. Every record is versioned, carries a CRC-32C, and is sealed with its subject's own key,
//   bound
//      to its place; that key is sealed with a key derived from the master key.
//   3. Damage is told, by record, never answered around: if the files end before the last
//      acknowledged revision, the store does not open.
//   4. Revisions count up by one a change, over all galleries.
// Faults of every member that reads: store_corrupt, bad_checksum, seal_broken, io_error; of every
// one that writes also: disk_full. After disk_full the store can be read, and the next write that
// finds room goes through.
class Store {
 public:
  // Faults: no_store when there is none here and `create` is not set, wrong_key, store_in_use,
  // store_version, store_corrupt, disk_full. Costs milliseconds, and up to a second after a crash.
  static Result<std::unique_ptr<Store>> open(const std::string& folder, const Key& master,
                                             const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::string& folder() const;

  // Faults: bad_name outside [a-z0-9_-]{1,64}, already_exists.
  Result<GalleryId> create_gallery(std::string_view name, const GallerySettings& settings = {});
  // Pictures that are not to be kept any longer are removed in the same write, and their files
  // rewritten without them before it returns (cut off before that, by the next compact). Reads all
  // pictures of the gallery, ends all snapshots. Fault::not_found.
  Result<> change_settings(GalleryId gallery, const GallerySettings& settings);
  Result<GalleryInfo> find_gallery(std::string_view name) const;  // not_found, bad_name
  std::vector<GalleryInfo> list_galleries() const;                // ascending id

  // Stores the batch, or nothing of it; returns when it is on disk. Batches of several threads
  // share one write to the disk. At most kMaxChangesPerBatch changes.
  // Faults: duplicate_id (also for a note's name), not_found, limit_exceeded, out_of_range,
  // bad_name and empty_input of a note, and those of formats::encode_template, each with the
  // record's name; nothing of a refused batch is stored.
  Result<Commit> commit(const Batch& batch);

  // Destroys the subject's key in every file of the store, and the side value kIndexSnapshotKey;
  // its records cannot be opened from then on, not even from an older copy of the data that lacks
  // the key. The notes of its changes lose their content in the same way; their names stay taken,
  // so that a request that comes again does not enrol the erased subject. Ends all snapshots.
  // Costs a rewrite of the key files (about 100 bytes a subject), and of those that hold its notes.
  // `note` is stored with the erasure. When the process dies after that and before the keys are
  // destroyed, the next start finishes the erasure. Faults: not_found, and of the note as commit().
  Result<Revision> erase_subject(GalleryId gallery, SubjectId subject, const Note* note = nullptr);

  // Destroys the keys that erase_subject could not, on a full disk; nothing where there are none.
  Result<> finish_erasures();

  // The newest state; each call sees one revision. See Snapshot for the members of the same name.
  Snapshot snapshot() const;
  Revision revision() const;
  Result<bool> contains(GalleryId gallery, SubjectId subject) const;
  Result<std::vector<StoredEncounter>> get_subject(GalleryId gallery, SubjectId subject) const;
  Result<Encounter> get_encounter(GalleryId gallery, SubjectId subject,
                                  EncounterId encounter) const;
  // What is kept of an encounter's pictures, by their number; none where nothing is.
  // Fault::not_found where the subject is not enrolled. No other member reads them, but verify.
  Result<std::vector<Picture>> get_pictures(GalleryId gallery, SubjectId subject,
                                            EncounterId encounter) const;
  Result<> for_each_encounter(std::optional<GalleryId> gallery,
                              const EncounterVisitor& visit) const;

  // What happened after `after`, oldest first, at most `most` entries; call again from the last
  // one's revision. A derived index that is at revision r is brought up to date with these alone.
  Result<std::vector<ChangeEntry>> changes_since(Revision after, std::size_t most = 10'000) const;

  // From counters that every commit keeps; no scan.
  Result<StoreStats> stats() const;

  // Small values of derived data, sealed with the master key and bound to their name
  // ([a-z0-9_-]{1,64}). Absent ones are no fault: get gives nothing, delete does nothing.
  Result<> put_side(std::string_view name, std::span<const std::byte> value);
  Result<std::optional<Bytes>> get_side(std::string_view name) const;
  Result<> delete_side(std::string_view name);

  // Notes (batch.h): sealed with the master key, bound to their name; in backups. bad_name.
  Result<std::optional<Noted>> get_note(std::string_view name) const;
  // Of something that changed nothing. Survives the death of the process at once, a power cut only
  // once a later commit returned, or this call did where it syncs. Fault::duplicate_id.
  enum class Sync : bool { no, yes };
  Result<> put_note(const Note& note, Sync sync = Sync::no);
  // Removes notes from before `time`, oldest first, at most kNotesPerDrop a call; how many there
  // were. Call again while it is that many. A power cut may bring the last ones back.
  Result<std::int64_t> drop_notes_before(UnixMillis time);
  static constexpr std::int64_t kNotesPerDrop = 4096;

  // Reads and opens every record and recounts the counters. The answer is a list of damage; the
  // call itself fails only when it cannot go on. Twice as long as for_each_encounter.
  Result<Scrub> verify(const ScrubProgress& progress = {}) const;

  // Rewrites all files without what was deleted.
  Result<> compact();

  // Copies the store as it is now to a folder that is absent, empty, or holds an earlier backup of
  // this store; the earlier one is replaced once the new one is complete, and files that did not
  // change are not copied again. Commits go on meanwhile. Faults: already_exists, disk_full.
  Result<> backup(const std::string& to);

  // Makes a store from a backup, checking every file against its checksum on the way; needs no key.
  // Faults: already_exists unless `to` is absent or empty; store_corrupt, bad_checksum for a
  // damaged backup; no_store where there is no backup. A failed restore leaves nothing behind.
  static Result<> restore(const std::string& from, const std::string& to);

  // Puts a store that no one has open under another master key, records untouched: whatever the old
  // one sealed is sealed anew, and the old forms are destroyed in every file. From its first write
  // on, the new key alone opens the store. Cut off by a crash, a full disk or damage after that, it
  // is gone on with by every open() and by calling it again with the same keys; until it is
  // finished the store holds the old key, sealed with the new one, and opens all the same.
  // Copies and backups made before stay under the old key. docs/decisions/key-rotation.md.
  // Faults: wrong_key when neither key is the store's, bad_argument when both are the same, those
  // of open(), and of the first record that does not open: nothing was changed then.
  static Result<> rotate_master_key(const std::string& folder, const Key& old_master,
                                    const Key& new_master, const StoreOptions& options,
                                    const RotationProgress& progress = {});

 private:
  explicit Store(std::shared_ptr<StoreBody> body);
  std::shared_ptr<StoreBody> body_;
};

}  // namespace whorl::gallery
