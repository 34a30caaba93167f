#include "engine/gallery/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace whorl::gallery {

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.open()) return fail(errno == ENOSPC ? Fault::disk_full : Fault::io_error, 0, path);
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    return fail(errno == EWOULDBLOCK ? Fault::store_in_use : Fault::io_error, 0, folder);
  }
  return FolderLock(std::move(file));
}

}  // namespace whorl::gallery
