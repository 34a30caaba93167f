#pragma once
// What stands behind Store and Snapshot. The order in which locks are taken:
// upkeep, the writer's turn, disk, then one of snapshots and catalogue.

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "engine/gallery/acknowledged_mark.h"
#include "engine/gallery/apply_change.h"
#include "engine/gallery/catalogue.h"
#include "engine/gallery/fair_lock.h"
#include "engine/gallery/folder_lock.h"
#include "engine/gallery/store.h"
#include "engine/gallery/walk.h"
#include "engine/gallery/writer_queue.h"

namespace whorl::gallery {

struct StoreBody;

struct SnapshotState {
  std::shared_ptr<StoreBody> body;
  std::shared_ptr<const DiskView>
      view;  // guarded by body->disk_lock; null once an erasure ended it
  Revision revision;

  ~SnapshotState();
};

struct StoreBody : std::enable_shared_from_this<StoreBody> {
  StoreBody(std::string folder_name, FolderLock folder_lock, StoreOptions with, Vault keys,
            AcknowledgedMark acknowledged)
      : folder(std::move(folder_name)),
        lock(std::move(folder_lock)),
        options(with),
        vault(std::move(keys)),
        mark(std::move(acknowledged)) {}

  const std::string folder;
  const FolderLock lock;
  const StoreOptions options;
  Vault vault;  // changed before the store is shared, by finish_rotation() alone
  // Why the store is still going over to its master key: told by verify().
  std::optional<Error> unfinished_rotation;

  std::mutex upkeep;    // erase, compact, backup and reopening: one at a time
  WriterQueue writers;  // guards mark and must_reopen

  AcknowledgedMark mark;
  bool must_reopen = false;  // a write failed: nothing may be appended behind it

  FairLock disk_lock;          // shared to use the disk, alone to replace it or destroy a key on it
  std::unique_ptr<Disk> disk;  // null when it could not even be opened for reading
  Error disk_error{Fault::io_error, 0, {}};  // why

  mutable std::shared_mutex catalogue_lock;
  Catalogue catalogue;

  std::mutex snapshots_lock;
  std::vector<SnapshotState*> snapshots;

  std::string database_folder() const { return folder + "/db"; }

  // ---- reading (store_read.cc)
  using ReadWork = std::function<Result<>(const DiskReader&)>;
  // With the disk as it is now, at one revision.
  Result<> read(const ReadWork& work);
  Catalogue catalogue_now() const;
  std::shared_ptr<SnapshotState> take_snapshot();
  void end_snapshots();  // disk_lock is held alone

  // ---- writing (store_write.cc)
  enum class Upkeep : bool { free, held };  // whether the caller holds `upkeep`
  using Edit = std::function<Result<>(DiskBatch&, Catalogue&)>;
  using Sync = Store::Sync;  // yes: as the options say
  Result<> write_alone(const Edit& edit, Upkeep upkeep_state, Sync sync = Sync::yes);
  void write_group(std::span<PendingBatch* const> group);
  // The following in the writer's turn.
  Result<> make_writable(Upkeep upkeep_state);
  Result<> edit_now(const Edit& edit, Sync sync = Sync::yes);
  Result<> put_on_disk(DiskBatch& batch, Catalogue next, Sync sync);
  Result<> reopen();

  // ---- erasing (store_erase.cc)
  Result<> erase(SubjectPlace place, const Note* with, Revision& revision);
  // Destroys the keys of erasures that are begun. In the writer's turn, with `upkeep` held.
  Result<> finish_erasures();
  Result<> recount(GalleryId gallery);
  // Runs `work`, which rewrites files of the disk, while no one else uses it; ends all snapshots.
  Result<> rewrite_files(const std::function<Result<>()>& work);

  // ---- another master key (store_rotate.cc), before the store is shared
  Result<> begin_rotation(const Key& old_master, const Key& new_master);
  Result<> finish_rotation(const RotationProgress& progress);
};

// Opens the store as it is; an unfinished rotation is not gone on with.
Result<std::shared_ptr<StoreBody>> open_body(const std::string& folder, const Key& master,
                                             const StoreOptions& options);

// ---- files (store_files.cc)
struct StoreFiles {
  std::unique_ptr<Disk> disk;
  HeaderRecord header;
  Bytes predecessor;  // the master key before, sealed, while a rotation is under way; else empty
  AcknowledgedMark mark;
};
Result<> create_store(const std::string& folder, const Key& master, Entropy& entropy,
                      UnixMillis now);
Result<HeaderRecord> read_header(const Disk& disk);
// Looks before it touches: what is damaged is left as it is.
Result<StoreFiles> open_store_files(const std::string& database_folder);

}  // namespace whorl::gallery
