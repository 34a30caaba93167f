#pragma once
// What the encoders of encode_images.h share: packed rows and a file in memory.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/support/encode_images.h"

namespace whorl::test {

enum class Sixteen { big_endian, native };

// One row as files hold it: the first sample in the highest bits, rows from whole bytes on.
inline std::vector<std::uint8_t> packed_row(const Samples& samples, int y, int first_x, int columns,
                                            int first_channel, int channels, Sixteen order) {
  const auto bits = static_cast<std::size_t>(samples.bits);
  const std::size_t count = static_cast<std::size_t>(std::int64_t{columns} * channels);
  std::vector<std::uint8_t> row((count * bits + 7) / 8);
  for (std::size_t i = 0; i < count; ++i) {
    const int x = first_x + static_cast<int>(i) / channels;
    if (x >= samples.width_px || y >= samples.height_px) continue;
    const unsigned value = samples.at(x, y, first_channel + static_cast<int>(i) % channels);
    if (bits == 16 && order == Sixteen::native) {
      const auto word = static_cast<std::uint16_t>(value);
      std::memcpy(row.data() + 2 * i, &word, 2);
    } else if (bits == 16) {
      row[2 * i] = static_cast<std::uint8_t>(value >> 8U);
      row[2 * i + 1] = static_cast<std::uint8_t>(value & 0xFFU);
    } else {
      const std::size_t bit = i * bits;
      row[bit / 8] = static_cast<std::uint8_t>(row[bit / 8] | value << (8 - bits - bit % 8));
    }
  }
  return row;
}

inline std::vector<std::uint8_t> whole_row(const Samples& samples, int y, Sixteen order) {
  return packed_row(samples, y, 0, samples.width_px, 0, samples.channels, order);
}

// A file in memory that may be written anywhere.
struct MemoryFile {
  std::vector<std::uint8_t> bytes;
  std::size_t position = 0;

  void write(const void* data, std::size_t count) {
    if (bytes.size() < position + count) bytes.resize(position + count);
    std::memcpy(bytes.data() + position, data, count);
    position += count;
  }
  std::size_t read(void* target, std::size_t count) {
    count = std::min(count, bytes.size() - std::min(position, bytes.size()));
    std::memcpy(target, bytes.data() + position, count);
    position += count;
    return count;
  }
  Bytes take() const {
    Bytes out(bytes.size());
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
};
inline MemoryFile& file_of(void* handle) { return *static_cast<MemoryFile*>(handle); }

}  // namespace whorl::test
