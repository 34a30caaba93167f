#pragma once
// One reader a format, each alone with its library; read_image chooses. All judge sizes before they
// ask for memory, give a whole picture or an error, pass over bytes behind the picture's end, and
// may run on many threads at once. Faults: those of read_image, offsets from the start of `bytes`.

#include <cstddef>
#include <span>

#include "engine/base/image.h"
#include "engine/base/result.h"

namespace whorl::formats {

Result<Image> decode_png(std::span<const std::byte> bytes);
Result<Image> decode_jpeg(std::span<const std::byte> bytes);
Result<Image> decode_tiff(std::span<const std::byte> bytes);
Result<Image> decode_jpeg2000(std::span<const std::byte> bytes);
Result<Image> decode_bmp(std::span<const std::byte> bytes);
Result<Image> decode_pnm(std::span<const std::byte> bytes);

}  // namespace whorl::formats
