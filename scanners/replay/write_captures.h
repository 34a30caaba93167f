#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"
#include "scanners/driver.h"

namespace whorl::scanners {

struct WriteOptions {
  // Of prints; nothing: the engine's own container, in which faces are written always.
  std::optional<formats::MinutiaeFormat> format;
  std::function<void(std::int64_t captures)> progress;  // after each capture; may be empty
  std::stop_token stop;
};

struct Written {
  std::int64_t captures = 0;
  std::filesystem::path manifest;
};

// Writes all of a driver's captures as a folder that open_replay reads back: capture_folder.h.
//
// Faults: bad_argument for a capture that nobody claims; those of CaptureFolder and the driver;
// cancelled. What was written before stays, without a manifest.
Result<Written> write_captures(Driver& driver, const std::filesystem::path& folder,
                               const WriteOptions& options);

}  // namespace whorl::scanners
