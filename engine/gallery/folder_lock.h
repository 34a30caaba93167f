#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/gallery/descriptor.h"

namespace whorl::gallery {

// Keeps a folder to one store object, in this process or another, while it lives. The kernel lets
// go of it when the process dies, however it dies.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::string& folder);  // store_in_use, io_error

 private:
  explicit FolderLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace whorl::gallery
