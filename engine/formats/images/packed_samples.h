#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "engine/formats/images/raster.h"

namespace whorl::formats {

// A row of samples of 1, 2, 4, 8 or 16 bits, the first in the highest bits; 16 bits in the
// machine's byte order.
struct PackedSamples {
  std::span<const std::byte> row;
  unsigned bits;
  bool scaled;  // to 0 .. 255; else as they are, for looking up

  std::uint32_t at(std::size_t index) const {
    if (bits == 8) return std::to_integer<std::uint32_t>(row[index]);
    if (bits == 16) {
      std::uint16_t value = 0;
      std::memcpy(&value, row.subspan(2 * index, 2).data(), 2);
      return value;
    }
    const std::size_t bit = index * bits;
    const unsigned shift = 8 - bits - static_cast<unsigned>(bit % 8);
    return std::to_integer<std::uint32_t>(row[bit / 8]) >> shift & ((1U << bits) - 1);
  }

  // `count` samples from `first` on, every `step`th, to every `target_step`th of the target.
  void unpack(std::size_t first, std::size_t step, std::size_t count,
              std::span<std::uint8_t> target, std::size_t target_step) const {
    const std::uint32_t max = (1U << bits) - 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t value = at(first + i * step);
      target[i * target_step] =
          scaled && bits != 8 ? to_eight_bits(value, max) : static_cast<std::uint8_t>(value);
    }
  }
};

}  // namespace whorl::formats
