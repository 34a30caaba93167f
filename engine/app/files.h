#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "scanners/replay/capture_file.h"

namespace whorl::app {

// Templates of a file, pictures made templates, faces scaled to unit length: ready to be enrolled
// or searched. Faults as read_capture_file and matchers::normalise; every one names the file.
// `flaws` and `bytes` as of read_capture_file.
Result<std::vector<Template>> read_ready(const scanners::CaptureFile& file,
                                         std::vector<features::Flaws>* flaws = nullptr,
                                         Bytes* bytes = nullptr);
inline Result<std::vector<Template>> read_template_file(const std::filesystem::path& path,
                                                        std::optional<PixelsPerInch> ppi) {
  return read_ready({path, std::nullopt, FingerPosition::unknown, ppi, 0});
}
// The same for a file of fingerprints, with codes: ready to be compared. Fault::unsupported for a
// file that holds a face.
Result<std::vector<FingerTemplate>> read_prints(const scanners::CaptureFile& file);
inline Result<std::vector<FingerTemplate>> read_prints(const std::filesystem::path& path,
                                                       std::optional<PixelsPerInch> ppi) {
  return read_prints({path, std::nullopt, FingerPosition::unknown, ppi, 0});
}

// Writes a whole file, in place of what was there: first beside it, then renamed, so that a reader
// finds the old or the new one. Faults, naming the file: disk_full, io_error.
Result<> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
inline Result<> write_file(const std::filesystem::path& path, std::string_view text) {
  return write_file(path, as_bytes(text));
}
// A file that only its owner may read, and that must not exist yet: already_exists.
Result<> write_secret(const std::filesystem::path& path, std::string_view text);

// Makes a folder and those above it. Fault::io_error.
Result<> make_folder(const std::filesystem::path& path);

}  // namespace whorl::app
