// How changes reach the disk.

#include <filesystem>

#include "engine/gallery/durable_folder.h"
#include "engine/gallery/store_body.h"
#include "kernels/core.h"

namespace whorl::gallery {
namespace {

// Room that must be there before a store that met a full disk is opened again: opening writes a new
// list of files and begins a new log.
constexpr std::size_t kRoomToReopenBytes = 4U << 20U;

Result<Commit> apply_all(const PendingBatch& pending, ChangeApplier& applier,
                         const Catalogue& catalogue) {
  Commit commit;
  for (const PreparedChange& change : pending.changes) {
    WHORL_TRY(const EncounterId encounter, applier.apply(change));
    commit.encounters.push_back(encounter);
  }
  commit.revision = catalogue.revision;
  return commit;
}

}  // namespace

Result<Commit> Store::commit(const Batch& batch) {
  PendingBatch pending;
  WHORL_TRY(pending.changes, prepare(batch));
  body_->writers.submit(pending, [this](auto group) { body_->write_group(group); });
  return std::move(pending.outcome);
}

void StoreBody::write_group(std::span<PendingBatch* const> group) {
  const auto refuse_all = [&](const Error& error) {
    for (PendingBatch* pending : group) {
      if (pending->outcome) pending->outcome = tl::unexpected<Error>(error);
    }
  };
  if (const auto writable = make_writable(Upkeep::free); !writable) {
    return refuse_all(writable.error());
  }
  const auto shared = disk_lock.shared();
  DiskBatch batch(*disk);
  Catalogue next = catalogue;
  const UnixMillis now = options.clock->now();
  for (PendingBatch* pending : group) {
    Catalogue attempt = next;
    ChangeApplier applier(vault, batch, attempt, now);
    batch.mark();
    pending->outcome = apply_all(*pending, applier, attempt);
    if (pending->outcome) {
      batch.keep();
      next = std::move(attempt);
    } else {
      batch.undo();
    }
  }
  if (const auto written = put_on_disk(batch, std::move(next), Sync::yes); !written) {
    refuse_all(written.error());
  }
}

Result<> StoreBody::write_alone(const Edit& edit, Upkeep upkeep_state, Sync sync) {
  return writers.alone([&]() -> Result<> {
    WHORL_TRY_VOID(make_writable(upkeep_state));
    return edit_now(edit, sync);
  });
}

Result<> StoreBody::edit_now(const Edit& edit, Sync sync) {
  const auto shared = disk_lock.shared();
  DiskBatch batch(*disk);
  Catalogue next = catalogue;
  WHORL_TRY_VOID(edit(batch, next));
  return put_on_disk(batch, std::move(next), sync);
}

Result<> StoreBody::put_on_disk(DiskBatch& batch, Catalogue next, Sync sync) {
  next.save(batch, catalogue);
  const auto written = disk->write(batch, options.sync && sync == Sync::yes);
  if (!written) {
    must_reopen = true;
    return written;
  }
  // Without sync the log may be behind the mark after a power cut, which would look like damage.
  if (options.sync && next.revision != mark.revision()) mark.advance(next.revision);
  const std::unique_lock lock_here(catalogue_lock);
  catalogue = std::move(next);
  return {};
}

Result<> StoreBody::make_writable(Upkeep upkeep_state) {
  if (!must_reopen) return {};
  std::unique_lock busy(upkeep, std::defer_lock);
  if (upkeep_state == Upkeep::free && !busy.try_lock()) {
    return fail(Fault::disk_full, 0, "a backup or compaction is still running");
  }
  WHORL_TRY_VOID(probe_room(folder, kRoomToReopenBytes));
  return reopen();
}

Result<> StoreBody::reopen() {
  const auto alone = disk_lock.alone();
  end_snapshots();
  if (disk != nullptr) {
    const Disk::LogEnd log_end = disk->log_end();
    disk.reset();
    if (log_end.number != 0) Disk::drop_unacknowledged(database_folder(), log_end);
  }
  auto opened = Disk::open(database_folder(), Disk::Mode::write);
  must_reopen = !opened;
  const Result<> outcome = opened ? Result<>() : Result<>(tl::unexpected<Error>(opened.error()));
  if (!opened) opened = Disk::open(database_folder(), Disk::Mode::read_only);
  if (!opened) {
    disk_error = opened.error();
    return outcome;
  }
  disk = std::move(*opened);
  WHORL_TRY(Catalogue stored, Catalogue::load({disk.get(), nullptr}));
  // What was acknowledged is in its log; a store that comes back without it must not go on.
  if (stored.revision < catalogue.revision) {
    must_reopen = true;
    return fail(Fault::store_corrupt, 0, folder);
  }
  const std::unique_lock lock_here(catalogue_lock);
  catalogue = std::move(stored);
  return outcome;
}

}  // namespace whorl::gallery
