#pragma once

#include <filesystem>
#include <string>

#include "engine/base/byte_writer.h"
#include "engine/base/limits.h"
#include "engine/base/result.h"

namespace whorl::formats {

// A whole file of at most `limit` bytes. Faults, each naming the file: io_error (missing, a folder,
// no permission), empty_input, limit_exceeded. Memory: no more than the limit, whatever the file.
Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit = kMaxRecordBytes);
// The same, as text.
Result<std::string> read_text(const std::filesystem::path& path, std::size_t limit);

}  // namespace whorl::formats
