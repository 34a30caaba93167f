#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "engine/base/result.h"

namespace whorl {

// A file that is there whole or not at all: written beside its place under another name, flushed to
// the disk, then renamed. Destroyed before commit(), it leaves nothing behind.
// Faults: disk_full, io_error, with the path in `where`.
class DurableFile {
 public:
  static Result<DurableFile> create(const std::string& path);
  DurableFile(DurableFile&& other) noexcept;
  DurableFile& operator=(DurableFile&&) = delete;
  ~DurableFile();

  Result<> append(std::span<const std::byte> bytes);
  Result<> commit();

 private:
  DurableFile(std::string path, int descriptor);
  std::string path_, temporary_;
  int descriptor_;
};

}  // namespace whorl
