#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace whorl {

using Bytes = std::vector<std::byte>;

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Appends big-endian fields. Lengths that are known only afterwards are patched in place.
class ByteWriter {
 public:
  void u8(std::uint64_t value) { big_endian(value, 1); }
  void u16(std::uint64_t value) { big_endian(value, 2); }
  void u32(std::uint64_t value) { big_endian(value, 4); }
  void u64(std::uint64_t value) { big_endian(value, 8); }
  void bytes(std::span<const std::byte> data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void text(std::string_view data) { bytes(as_bytes(data)); }

  void patch_u16(std::size_t at, std::uint64_t value) { patch(at, value, 2); }
  void patch_u32(std::size_t at, std::uint64_t value) { patch(at, value, 4); }

  std::size_t size() const { return out_.size(); }
  std::span<const std::byte> view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  void big_endian(std::uint64_t value, std::size_t width) {
    out_.resize(out_.size() + width);
    patch(out_.size() - width, value, width);
  }
  void patch(std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0; value >>= 8U) {
      out_.at(at + i) = static_cast<std::byte>(value & 0xFFU);
    }
  }

  Bytes out_;
};

}  // namespace whorl
