#pragma once
// The end of an audit log: the file that grows, and what of it is on disk.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/gallery/descriptor.h"
#include "engine/service/audit_files.h"
#include "engine/service/audit_seal.h"

namespace whorl::service {

// A file ends with the record that takes it past this, or before the first that is a day younger
// than its first: so long does a record outlive its time in purge_before.
inline constexpr std::uint64_t kAuditFileBytes = std::uint64_t{64} * 1024 * 1024;
inline constexpr std::int64_t kAuditFileSpanMs = std::int64_t{24} * 60 * 60 * 1000;
// How long what was appended with Durable::soon waits, and how much of it: then it is synced by
// whoever appends next. About 15,000 records.
inline constexpr std::chrono::milliseconds kAuditSyncEvery{500};
inline constexpr std::size_t kMaxUnsyncedBytes = std::size_t{4} * 1024 * 1024;
// Blocks that make_ready keeps beyond the newest record, about 1,000 records, and the least that
// must be left of them.
inline constexpr std::uint64_t kAuditRoomBytes = std::uint64_t{256} * 1024;
inline constexpr std::uint64_t kLeastAuditRoomBytes = std::uint64_t{64} * 1024;

// Appends, and brings what was appended to the disk: whoever waits for it shares one fdatasync of
// the file and one of the note of the newest record, made by one of them with the lock let go.
//
// Thread safety: any thread, but for the constructor.
class AuditTail {
 public:
  // What was found at opening: the last file, up to its last whole record.
  struct End {
    AuditFile file;
    std::uint64_t size = 0;
    std::optional<UnixMillis> first_at;  // of the file's first record
    AuditPlace newest, noted;
  };
  AuditTail(std::string folder, AuditSeal seal, NewestNote note, End end,
            gallery::Descriptor descriptor);

  // In the system's memory when it returns, and on disk with `now`. Faults: disk_full, io_error,
  // audit_broken where the files were taken away.
  Result<> append(const AuditContent& content, Durable durable);
  // The first record after a crash, over the bytes that it cut off, and in their file: at no time
  // are they gone without the record.
  Result<> append_over_torn(const AuditOpened& opened);
  // That what is appended next finds its file in place, room on the disk, and syncs that succeed.
  // Faults as append.
  Result<> make_ready(UnixMillis at);
  // All that was appended before. Faults as append.
  Result<> sync();
  // Begins a new file where the present one has had its day at `at`.
  Result<> end_file_of_another_day(UnixMillis at);

  // Syncs what waits, every kAuditSyncEvery, until stop(); for a thread of its own.
  void keep_syncing();
  void stop();

  AuditPlace newest_on_disk() const;
  std::uint64_t first_in_file() const;  // number of the present file's first record

 private:
  using Lock = std::unique_lock<std::mutex>;
  bool is_past_its_day(UnixMillis at) const;
  Result<> make_room(Lock& lock, UnixMillis at);
  Result<> begin_file();
  Result<> keep_room();
  Result<> write_record(const AuditContent& content);
  Result<> wait_for_disk(Lock& lock, std::uint64_t number);
  Result<> sync_now(Lock& lock);
  Result<> write_again();

  const std::string folder_;
  NewestNote note_;  // used by whoever syncs

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable settled_, stopped_;
  AuditSeal seal_;
  AuditFile file_;
  gallery::Descriptor descriptor_;  // stays open while syncing_
  std::uint64_t size_;              // of the file, up to the newest record
  std::uint64_t room_until_ = 0;    // what of the file, from its beginning, has blocks on the disk
  std::optional<UnixMillis> first_at_;
  bool file_is_done_ = false;  // whatever comes next begins another
  AuditPlace newest_, on_disk_;
  // What was written since on_disk_. Kept, because a system that failed to write its pages
  // may drop them: they are written again before the next sync.
  Bytes unsynced_;
  bool syncing_ = false;
  std::optional<Error> failure_;  // of the last sync, if it failed
  std::uint64_t syncs_ = 0;       // that ended
  std::uint64_t tried_ = 0;       // the newest record that the last of them was to cover
  bool stopping_ = false;
};

}  // namespace whorl::service
