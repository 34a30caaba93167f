#include "engine/base/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace whorl {
namespace {

tl::unexpected<Error> refused(const std::string& path) {
  return fail(errno == ENOSPC || errno == EDQUOT ? Fault::disk_full : Fault::io_error, 0, path);
}

}  // namespace

Result<DurableFile> DurableFile::create(const std::string& path) {
  const std::string temporary = path + ".new";
  const int descriptor = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0) return refused(path);
  return DurableFile(path, descriptor);
}

DurableFile::DurableFile(std::string path, int descriptor)
    : path_(std::move(path)), temporary_(path_ + ".new"), descriptor_(descriptor) {}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

DurableFile::~DurableFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

Result<> DurableFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return refused(path_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> DurableFile::commit() {
  if (::fsync(descriptor_) != 0) return refused(path_);
  if (::close(std::exchange(descriptor_, -1)) != 0 ||
      std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const auto fault = refused(path_);
    ::unlink(temporary_.c_str());
    return fault;
  }
  // The new name itself must reach the disk.
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const int directory =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return refused(path_);
  const bool flushed = ::fsync(directory) == 0;
  ::close(directory);
  return flushed ? Result<>{} : Result<>{refused(path_)};
}

}  // namespace whorl
