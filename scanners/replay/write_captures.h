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
  // Nothing: the engine's own container, which alone holds faces.
  std::optional<formats::MinutiaeFormat> format;
  std::function<void(std::int64_t captures)> progress;  // after each capture; may be empty
  std::stop_token stop;
};

struct Written {
  std::int64_t captures = 0;
  std::filesystem::path manifest;
};

// Writes all of a driver's captures as a folder that open_replay reads back: one file a capture,
// a thousand subjects a subfolder, and manifest.csv, which is written last and names them all.
//
// Faults: bad_argument for a driver's capture that nobody claims or that holds more than one
// template, and for a face in a minutiae format; already_exists where there is a manifest;
// disk_full and io_error; cancelled; and the driver's. What was written before stays, without a
// manifest.
Result<Written> write_captures(Driver& driver, const std::filesystem::path& folder,
                               const WriteOptions& options);

}  // namespace whorl::scanners
