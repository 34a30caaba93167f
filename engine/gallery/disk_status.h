#pragma once
// RocksDB's statuses and slices as ours. Included by disk*.cc alone.

#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/gallery/disk.h"

namespace whorl::gallery {

inline rocksdb::Slice slice(ByteView bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}
inline ByteView view_of(const rocksdb::Slice& slice) {
  return std::as_bytes(std::span(slice.data(), slice.size()));
}

// Messages of RocksDB name files and offsets, never values.
inline Result<> outcome(const rocksdb::Status& status) {
  if (status.ok()) return {};
  const auto fault = [&] {
    if (status.IsNoSpace() || status.IsCompactionTooLarge()) return Fault::disk_full;
    if (status.IsMemoryLimit()) return Fault::out_of_memory;
    // A file that is missing, a column family that is missing: the folder is not what we left.
    if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound() ||
        status.IsInvalidArgument() || status.IsNotSupported()) {
      return Fault::store_corrupt;
    }
    return Fault::io_error;
  };
  return fail(fault(), 0, status.ToString());
}

}  // namespace whorl::gallery
