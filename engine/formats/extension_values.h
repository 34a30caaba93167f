#pragma once
// Inside the formats layer: the content of one extension, without its header.

#include <cstdint>
#include <span>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

struct FrameSize {
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
};

// Never fails: content that does not read as its type says, or would not come back as the same
// bytes, is an OpaqueExtension.
Extension decode_extension(MinutiaeFormat format, FrameSize frame, std::uint16_t type,
                           std::span<const std::byte> data);

std::uint16_t extension_type(const Extension& extension);
// Appends the content. Fault::out_of_range for values the format has no room for.
Result<> encode_extension(MinutiaeFormat format, FrameSize frame, const Extension& extension,
                          ByteWriter& out);

// Core and delta data says by its own counts where it ends: this one does, with nothing left over.
bool ends_by_its_own_counts(const Extension& extension);

}  // namespace whorl::formats
