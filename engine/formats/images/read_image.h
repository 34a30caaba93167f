#pragma once
// Pictures of people as scanners, cameras and registers store them: docs/formats/images.md.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/image.h"
#include "engine/base/result.h"

namespace whorl::formats {

enum class ImageFormat : std::uint8_t { png, jpeg, tiff, bmp, pnm, jpeg2000, wsq };

// By the first bytes alone; nothing where they are no picture's.
std::optional<ImageFormat> detect_image_format(std::span<const std::byte> bytes);

// Any of them as 8-bit grey or RGB: palettes are looked up, 16 bits rounded to 8, transparency laid
// on white, white-is-zero turned round. `ppi` of the answer is what the file says of its
// resolution, wherever the format has a place for it.
//
// Sizes are judged against limits.h before memory is asked for. Faults: empty_input, bad_magic,
// truncated, unsupported (a variant not read), out_of_range, limit_exceeded, bad_resolution (x and
// y differ by more than 1 %), damaged_file (a checksum or the compressed stream is wrong).
Result<Image> read_image(std::span<const std::byte> bytes);

}  // namespace whorl::formats
