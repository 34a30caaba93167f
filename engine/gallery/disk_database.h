#pragma once
// What the disk*.cc files share of an open RocksDB.

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string>

#include "engine/gallery/disk.h"

namespace whorl::gallery {

// In place of RocksDB's own log file (disk_logger.cc).
std::shared_ptr<rocksdb::Logger> no_diary();

struct Disk::Database {
  std::string folder;
  std::unique_ptr<rocksdb::DB> db;
  // Null where a store that is read only has none yet.
  std::array<rocksdb::ColumnFamilyHandle*, kSpaces> spaces{};

  rocksdb::ColumnFamilyHandle* of(Space space) const {
    return spaces.at(static_cast<std::size_t>(space));
  }
  rocksdb::Status flush() const {
    return db->Flush(rocksdb::FlushOptions(), {spaces.begin(), spaces.end()});
  }
  ~Database() {
    for (rocksdb::ColumnFamilyHandle* space : spaces) {
      if (space != nullptr) db->DestroyColumnFamilyHandle(space);
    }
  }
};

class DiskView {
 public:
  explicit DiskView(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  DiskView(const DiskView&) = delete;
  DiskView& operator=(const DiskView&) = delete;
  ~DiskView() { db_.ReleaseSnapshot(snapshot_); }
  const rocksdb::Snapshot* snapshot() const { return snapshot_; }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
};

}  // namespace whorl::gallery
