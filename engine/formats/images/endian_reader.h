#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"

namespace whorl::formats {

// A ByteReader for formats whose integers are, or may be, little-endian: BMP, EXIF.
class EndianReader {
 public:
  EndianReader(std::span<const std::byte> bytes, bool little) : in_(bytes), little_(little) {}

  std::uint8_t u8() { return in_.u8(); }
  std::uint16_t u16() {
    const std::uint16_t value = in_.u16();
    return little_ ? static_cast<std::uint16_t>(value << 8U | value >> 8U) : value;
  }
  std::uint32_t u32() {
    const std::uint32_t value = in_.u32();
    if (!little_) return value;
    return value << 24U | (value & 0xFF00U) << 8U | (value >> 8U & 0xFF00U) | value >> 24U;
  }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::span<const std::byte> take(std::size_t count) { return in_.take(count); }

  bool ok() const { return in_.ok(); }
  std::size_t remaining() const { return in_.remaining(); }
  std::uint64_t offset() const { return in_.offset(); }

 private:
  ByteReader in_;
  bool little_;
};

}  // namespace whorl::formats
