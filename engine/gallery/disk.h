#pragma once
// An ordered key-value store on disk: all of RocksDB that the gallery sees. Keys and values are
// bytes; what they mean is in records.h.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"

namespace whorl::gallery {

using ByteView = std::span<const std::byte>;

// One ordered table each.
enum class Space : std::uint8_t { meta, subjects, encounters, changes, pictures };
inline constexpr int kSpaces = 5;

class DiskView;  // the disk as it was at one moment

// Walks one space in ascending order of key.
class Cursor {
 public:
  struct Walker;
  explicit Cursor(std::unique_ptr<Walker> walker);
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  void seek(ByteView key);  // to the first record at or after `key`
  bool valid() const;       // false at the end, and on an error: ask status()
  void next();
  ByteView key() const;  // until the next move
  ByteView value() const;
  Result<> status() const;

 private:
  std::unique_ptr<Walker> walker_;
};

class Disk;

// Changes that reach the disk together. They are seen by its own get and cursor at once, by no one
// else before Disk::write. Used by one thread.
class DiskBatch {
 public:
  explicit DiskBatch(const Disk& disk);
  DiskBatch(const DiskBatch&) = delete;
  DiskBatch& operator=(const DiskBatch&) = delete;
  ~DiskBatch();

  Result<std::optional<Bytes>> get(Space space, ByteView key) const;
  Cursor cursor(Space space) const;
  void put(Space space, ByteView key, ByteView value);
  void remove(Space space, ByteView key);

  // keep() or undo() everything since the last mark().
  void mark();
  void keep();
  void undo();

 private:
  friend class Disk;
  struct Changes;
  const Disk& disk_;
  std::unique_ptr<Changes> changes_;
};

// Thread safety: all members may run at once, but write() by one thread at a time.
// Faults: disk_full, io_error, store_corrupt (the files), out_of_memory.
class Disk {
 public:
  enum class Mode : std::uint8_t { create, write, read_only };
  static Result<std::unique_ptr<Disk>> open(const std::string& folder, Mode mode);
  ~Disk();

  Result<std::optional<Bytes>> get(Space space, ByteView key, const DiskView* view) const;
  Cursor cursor(Space space, const DiskView* view) const;  // a null view: as it is now
  std::shared_ptr<const DiskView> view() const;            // must not outlive the disk

  // On disk when it returns, if `sync`. After a failure nothing more may be written: close, then
  // drop_unacknowledged(), then open again.
  Result<> write(DiskBatch& batch, bool sync);
  // Cuts from a closed disk's log what the failed write may have left of itself behind
  // `log_end`, which is that disk's.
  struct LogEnd {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  LogEnd log_end() const { return log_end_; }
  static void drop_unacknowledged(const std::string& folder, LogEnd log_end);

  // Writes out what is in memory, then rewrites every file that holds or held the key, and waits
  // until the old files are deleted. Nothing may view the disk meanwhile.
  Result<> destroy(Space space, ByteView key);
  Result<> compact(Space space);  // the same for every key of the space
  Result<> compact();             // and of all spaces
  Result<> check_files() const;   // every block of every file against its checksum
  std::int64_t bytes() const;

  // The note is written into the backup and comes back from read_backup_note.
  Result<> backup(const std::string& to, ByteView note) const;
  static Result<Bytes> read_backup_note(const std::string& from);
  static Result<> restore(const std::string& from, const std::string& folder);

 private:
  friend class DiskBatch;
  struct Database;
  explicit Disk(std::unique_ptr<Database> database);
  void remember_log_end();

  std::unique_ptr<Database> database_;
  LogEnd log_end_;
};

}  // namespace whorl::gallery
