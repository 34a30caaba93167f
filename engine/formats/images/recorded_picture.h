#pragma once
// Inside the formats layer: a picture as a record holds it, still coded, with what the record's
// header says of it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/units.h"

namespace whorl::formats {

enum class SampleCoding : std::uint8_t {
  whole_bytes,  // a sample a byte, or two (high byte first) where it is deeper than 8 bits
  packed,       // no bits between samples; rows begin at a byte or they do not
  compressed    // a picture file of its own: PNG, JPEG, JPEG 2000, WSQ or TIFF, by its first bytes
};

struct RecordedPicture {
  SampleCoding coding = SampleCoding::compressed;
  int width_px = 0;  // as the header says
  int height_px = 0;
  int depth_bits = 8;            // of a pixel; 1 .. 16 grey, 24 red green blue; not for compressed
  bool zero_is_white = false;    // likewise
  bool size_may_differ = false;  // from the compressed picture's, which then is the truth
  std::optional<PixelsPerInch> ppi;  // as the record says; beats the picture's own
  std::span<const std::byte> data;   // of the record's bytes, which must outlive this
  std::uint64_t offset = 0;          // of `data` in them
};

// Faults: those of read_image, their offsets counted from the record's begin; length_mismatch where
// the samples are not as many as width and height say, or the picture is of another size;
// bad_magic where compressed data is no picture; out_of_range for a depth not listed above.
Result<Image> decode_picture(const RecordedPicture& picture);

}  // namespace whorl::formats
