#include <rocksdb/env.h>

#include "engine/gallery/disk_database.h"

namespace whorl::gallery {
namespace {

// RocksDB's diary is dropped. What goes wrong is told by the status of each call, and the diary's
// own file makes the process stop when the disk it lies on is full (an assertion in
// WritableFileWriter that Debian's build keeps).
class NoDiary final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

std::shared_ptr<rocksdb::Logger> no_diary() { return std::make_shared<NoDiary>(); }

}  // namespace whorl::gallery
