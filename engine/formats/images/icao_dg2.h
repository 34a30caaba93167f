#pragma once
// Data group 2 of a passport's chip, EF.DG2: the holder's face as ICAO Doc 9303-10, 4.7.2 wraps it.
// Read only. docs/formats/icao-dg2.md.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// One biometric information template.
struct Dg2Face {
  std::span<const std::byte> record;  // its data block, of the group's bytes, which must outlive it
  std::uint64_t offset = 0;           // of `record` in them
  CaptureTime created;                // as the template's header says
};

// By the bytes that are there of its outermost tag, a length, and the tag inside it.
bool looks_like_icao_dg2(std::span<const std::byte> bytes);

// 1 .. kMaxImagesPerFile of them; their records are not read. Zeroes behind the group are the rest
// of the chip's file and passed over. Faults: empty_input, bad_magic, truncated, unsupported,
// out_of_range, length_mismatch, limit_exceeded; the offset is that of the element refused.
Result<std::vector<Dg2Face>> read_icao_dg2(std::span<const std::byte> bytes);

}  // namespace whorl::formats
