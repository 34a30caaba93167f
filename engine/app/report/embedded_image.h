#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "engine/base/result.h"

namespace whorl::app {

inline constexpr std::size_t kMaxEmbeddedBytes = std::size_t{16}
                                                 << 20U;    // a 1000 ppi tenprint card
inline constexpr std::uint32_t kMaxEmbeddedSidePx = 16384;  // browsers draw no more

// A picture file that a page carries within itself.
struct EmbeddedImage {
  std::uint32_t width_px = 0, height_px = 0;
  std::string data_uri;  // "data:image/png;base64,..."
};

// PNG or JPEG, told by the first bytes and followed chunk by chunk to the end; pixels are left to
// the browser. The bytes go into the page as they are, with whatever a camera wrote beside the
// picture. Faults: empty_input, limit_exceeded (bytes or side), bad_magic (neither of the two),
// truncated, out_of_range (no size, or one of 0), length_mismatch (bytes after a PNG's end).
Result<EmbeddedImage> embed_image(std::span<const std::byte> bytes);

// The same of a file, named in every fault; also io_error.
Result<EmbeddedImage> embed_image_file(const std::filesystem::path& path);

}  // namespace whorl::app
