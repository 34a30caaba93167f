#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace whorl {

// Reads big-endian fields from bytes nobody vouches for. A read past the end yields zeroes and
// latches the failure: read a whole record in a straight line, then ask ok() once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes), size_(bytes.size()) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }

  std::span<const std::byte> take(std::size_t count) {
    if (count > rest_.size()) ok_ = false;  // compares sizes; never adds to a pointer first
    if (!ok_) return {};
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  // The bytes before the next `separator`, which is passed over; all that is left where there is
  // none.
  std::span<const std::byte> take_until(std::byte separator) {
    const auto found = std::find(rest_.begin(), rest_.end(), separator);
    const auto taken = take(static_cast<std::size_t>(found - rest_.begin()));
    if (ok_ && remaining() > 0) take(1);
    return taken;
  }

  bool ok() const { return ok_; }
  std::size_t remaining() const { return rest_.size(); }
  std::uint64_t offset() const { return size_ - rest_.size(); }

 private:
  std::uint64_t big_endian(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::byte b : take(width)) value = value << 8U | std::to_integer<std::uint64_t>(b);
    return value;
  }

  std::span<const std::byte> rest_;
  std::size_t size_;
  bool ok_ = true;
};

}  // namespace whorl
