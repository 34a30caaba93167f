#include "engine/formats/file_io.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <system_error>

namespace whorl::formats {
namespace {

std::streamsize as_streamsize(std::size_t size) { return static_cast<std::streamsize>(size); }

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code trouble;
  if (std::filesystem::is_directory(path, trouble)) return fail(Fault::io_error, 0, path.string());
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::io_error, 0, path.string());

  // In pieces, because the size a file system tells is not always what a read gives (pipes, /proc).
  constexpr std::size_t kPiece = std::size_t{64} * 1024;
  Bytes bytes;
  while (file && bytes.size() <= limit) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kPiece);
    // The one cast that reading a file into bytes takes: the stream knows only char.
    file.read(static_cast<char*>(static_cast<void*>(bytes.data() + before)), as_streamsize(kPiece));
    bytes.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return fail(Fault::io_error, bytes.size(), path.string());
  if (bytes.size() > limit) return fail(Fault::limit_exceeded, limit, path.string());
  if (bytes.empty()) return fail(Fault::empty_input, 0, path.string());
  return bytes;
}

Result<std::string> read_text(const std::filesystem::path& path, std::size_t limit) {
  WHORL_TRY(const Bytes bytes, read_file(path, limit));
  std::string text(bytes.size(), '\0');
  std::ranges::transform(bytes, text.begin(), [](std::byte b) { return static_cast<char>(b); });
  return text;
}

}  // namespace whorl::formats
