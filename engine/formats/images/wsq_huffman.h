#pragma once
// Prefix codes of WSQ's blocks: IAFIS-IC-0110 (V3.1), A.5 and annex C. As in JPEG, canonical codes
// of 1 .. 16 bits, the first bit the highest, and a zero byte stuffed behind every 0xFF.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/formats/images/wsq_segments.h"

namespace whorl::formats::wsq {

// The bits between two markers.
class BitReader {
 public:
  // `bytes` hold no marker: whatever follows 0xFF is stuffing.
  explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // At least 57 bits, or all there are. Bits behind the end read as zeroes.
  void refill() {
    while (count_ <= 56 && next_ < bytes_.size()) {
      const auto byte = std::to_integer<std::uint64_t>(bytes_[next_]);
      next_ += byte == 0xFF ? 2 : 1;
      bits_ |= byte << (56 - count_);
      count_ += 8;
    }
  }
  int count() const { return count_; }
  // `width` of 1 .. 32; refill before.
  std::uint32_t peek(int width) const { return static_cast<std::uint32_t>(bits_ >> (64 - width)); }
  void skip(int width) {
    bits_ <<= width;
    count_ -= width;
    used_ += static_cast<std::uint64_t>(width);
  }
  // Ones fill up the last byte; where it is full some encoders add a byte of ones (NIST's sample
  // valid1.9.an2). No code is all ones. Refill before.
  bool at_end() const {
    return count_ <= 8 &&
           (count_ == 0 || peek(count_) == (1U << static_cast<unsigned>(count_)) - 1);
  }
  // Of the byte with the next bit.
  std::size_t offset() const;

 private:
  std::span<const std::byte> bytes_;
  std::size_t next_ = 0;
  std::uint64_t bits_ = 0;
  int count_ = 0;
  std::uint64_t used_ = 0;
};

class BitWriter {
 public:
  explicit BitWriter(ByteWriter& out) : out_(out) {}
  void put(std::uint32_t value, int width);
  void fill_up();  // the last byte, with ones

 private:
  ByteWriter& out_;
  std::uint64_t bits_ = 0;
  int count_ = 0;
};

struct Code {
  std::uint16_t bits = 0;
  std::uint8_t length = 0;  // 0: none
};

// Codes that start with at most kQuick bits are found by one look.
class HuffmanDecoder {
 public:
  explicit HuffmanDecoder(const HuffmanSpec& spec);

  struct Found {
    std::uint8_t symbol = 0;
    std::uint8_t length = 0;  // 0: no such code
  };
  Found find(std::uint32_t next16) const {
    const Found found = quick_[next16 >> (kLongestCode - kQuick)];
    return found.length != 0 ? found : find_long(next16);
  }

 private:
  static constexpr int kQuick = 10;
  Found find_long(std::uint32_t next16) const;

  std::array<Found, 1U << kQuick> quick_{};
  std::array<std::uint32_t, kLongestCode + 1> end_{};    // the code after the last of a length
  std::array<std::uint32_t, kLongestCode + 1> begin_{};  // the first code of a length
  std::array<std::size_t, kLongestCode + 1> place_{};    // of its symbol
  std::vector<std::uint8_t> symbols_;
};

using Histogram = std::array<std::uint32_t, 256>;

// The shortest codes for symbols that occur so often, none longer than 16 bits and none all ones,
// which no stream may hold. Empty where no symbol occurs.
HuffmanSpec make_huffman_spec(const Histogram& histogram);

// By symbol.
std::array<Code, 256> codes_of(const HuffmanSpec& spec);

}  // namespace whorl::formats::wsq
