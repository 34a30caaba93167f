#include "engine/gallery/durable_folder.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "engine/gallery/descriptor.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;

Result<> outcome(int error, const std::string& path) {
  if (error == 0) return {};
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? Fault::disk_full : Fault::io_error, 0,
              path + ": " + std::generic_category().message(error));
}

int sync_folder(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.open() && ::fsync(folder.number()) == 0 ? 0 : errno;
}

int write_and_sync(const std::string& path, std::size_t bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.open()) return errno;
  // Real bytes: some file systems promise room to a hole and do not keep it.
  const std::vector<char> content(bytes, '\x5A');
  const ssize_t written = ::write(file.number(), content.data(), content.size());
  if (written < 0) return errno;
  if (static_cast<std::size_t>(written) != bytes) return ENOSPC;
  return ::fsync(file.number()) == 0 ? 0 : errno;
}

}  // namespace

bool exists(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at is not there for us
  return fs::exists(path, ignored);
}

bool is_absent_or_empty(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return !error;
  return fs::is_directory(folder, error) && fs::is_empty(folder, error) && !error;
}

Result<> make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return outcome(error.value(), folder);
}

Result<> remove_folder(const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  return outcome(error.value(), folder);
}

Result<> rename_durably(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) error.assign(sync_folder(fs::path(to).parent_path()), std::generic_category());
  return outcome(error.value(), to);
}

Result<> probe_room(const std::string& folder, std::size_t bytes) {
  const std::string path = folder + "/probe";
  const int error = write_and_sync(path, bytes);
  std::error_code ignored;  // the next probe writes over what stays
  fs::remove(path, ignored);
  return outcome(error, folder);
}

}  // namespace whorl::gallery
