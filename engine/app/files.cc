#include "engine/app/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/face_matcher.h"

namespace whorl::app {
namespace {

Error file_error(int number, const std::filesystem::path& path) {
  const bool full = number == ENOSPC || number == EDQUOT;
  const Fault fault = full               ? Fault::disk_full
                      : number == EEXIST ? Fault::already_exists
                                         : Fault::io_error;
  return {fault, 0, path.string() + " (" + std::generic_category().message(number) + ")"};
}

enum class Keep { eventually, now };  // now: on the disk before it returns

// Everything or an error; the file is closed either way.
Result<> fill_and_close(int file, std::span<const std::byte> bytes,
                        const std::filesystem::path& path, Keep keep) {
  int trouble = 0;
  while (!bytes.empty() && trouble == 0) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      trouble = errno;
    }
  }
  if (trouble == 0 && keep == Keep::now && ::fsync(file) != 0) trouble = errno;
  if (::close(file) != 0 && trouble == 0) trouble = errno;
  if (trouble != 0) return tl::unexpected<Error>(file_error(trouble, path));
  return {};
}

}  // namespace

Result<std::vector<Template>> read_ready(const scanners::CaptureFile& file,
                                         std::vector<features::Flaws>* flaws, Bytes* bytes) {
  WHORL_TRY(std::vector<Template> templates, scanners::read_capture_file(file, flaws, bytes));
  for (Template& t : templates) {
    auto* face = std::get_if<FaceTemplate>(&t);
    if (face == nullptr) continue;
    if (const Result<> ready = matchers::normalise(*face); !ready) {
      return at(ready.error(), file.path.string());
    }
  }
  return templates;
}

Result<std::vector<FingerTemplate>> read_prints(const scanners::CaptureFile& file) {
  WHORL_TRY(std::vector<Template> templates, read_ready(file));
  std::vector<FingerTemplate> prints;
  for (Template& t : templates) {
    auto* print = std::get_if<FingerTemplate>(&t);
    if (print == nullptr) {
      return fail(Fault::unsupported, 0,
                  file.path.string() + ", a face where a fingerprint is needed");
    }
    features::describe_minutiae(*print);
    prints.push_back(std::move(*print));
  }
  return prints;
}

Result<> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const std::filesystem::path beside = path.string() + ".part";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return tl::unexpected<Error>(file_error(errno, path));
  if (const Result<> written = fill_and_close(file, bytes, path, Keep::eventually); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int trouble = errno;
    ::unlink(beside.c_str());
    return tl::unexpected<Error>(file_error(trouble, path));
  }
  return {};
}

Result<> write_secret(const std::filesystem::path& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return tl::unexpected<Error>(file_error(errno, path));
  const Result<> written = fill_and_close(file, as_bytes(text), path, Keep::now);
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<> make_folder(const std::filesystem::path& path) {
  std::error_code trouble;
  std::filesystem::create_directories(path, trouble);
  if (trouble) return tl::unexpected<Error>(file_error(trouble.value(), path));
  return {};
}

}  // namespace whorl::app
