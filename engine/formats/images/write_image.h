#pragma once
// Pictures as files that any viewer opens: simulated captures, pages, what an examiner looks at.

#include "engine/base/byte_writer.h"
#include "engine/base/image.h"
#include "engine/base/result.h"

namespace whorl::formats {

// Lossless; grey or RGB of 8 bits, the resolution in a pHYs chunk where the picture has one. What
// read_image makes of it is the same picture, its resolution to a pixel per metre. Faults:
// unsupported (neither 1 nor 3 channels), out_of_range (no pixels), limit_exceeded (limits.h).
Result<Bytes> encode_png(const Image& image);

// P5, or P6 in colour, which have no place for a resolution. The same faults.
Result<Bytes> encode_pnm(const Image& image);

}  // namespace whorl::formats
