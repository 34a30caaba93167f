#pragma once

#include <cstddef>
#include <span>

namespace whorl::formats {

// Which way up a camera was held: 1 .. 8 of an APP1 segment's EXIF (CIPA DC-008, tag 0x0112) in the
// first image file directory. 1, upright, where the segment is another's, says nothing or is
// spoilt: EXIF is a note beside the picture.
int exif_orientation(std::span<const std::byte> app1);

}  // namespace whorl::formats
