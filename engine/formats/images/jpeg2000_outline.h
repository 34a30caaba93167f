#pragma once
// What a JPEG 2000 file says before a sample is decoded: where its codestream lies, whether all of
// it is there, how much memory it would take, and the resolution that OpenJPEG does not hand on.

#include <cstddef>
#include <optional>
#include <span>

#include "engine/base/result.h"
#include "engine/base/units.h"

namespace whorl::formats {

struct Jpeg2000Outline {
  bool boxed = false;                // a JP2 file (ISO/IEC 15444-1 Annex I), else a bare codestream
  std::size_t end = 0;               // of the codestream
  std::optional<PixelsPerInch> ppi;  // of the capture, else of the display
};

// Faults: those of read_image.
Result<Jpeg2000Outline> read_jpeg2000_outline(std::span<const std::byte> bytes);

// The codestream that begins at `start` and ends with the bytes, or before. Gives its end. Faults:
// truncated, damaged_file, out_of_range, unsupported, limit_exceeded.
Result<std::size_t> judge_jpeg2000_codestream(std::span<const std::byte> bytes, std::size_t start);

}  // namespace whorl::formats
