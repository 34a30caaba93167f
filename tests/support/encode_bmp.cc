#include "tests/support/encode_images.h"
#include "tests/support/memory_file.h"

namespace whorl::test {
namespace {

void put(ByteWriter& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.u8(value >> (8U * static_cast<unsigned>(i)) & 0xFFU);
}

std::uint32_t as_unsigned(int value) { return static_cast<std::uint32_t>(value); }

void put_header(ByteWriter& out, const Samples& samples, const BmpOptions& options) {
  const int height = options.top_down ? -samples.height_px : samples.height_px;
  const int bits = samples.bits * samples.channels;
  const std::uint32_t header = options.core ? 12 : options.alpha ? 56 : 40;
  const auto palette = static_cast<std::uint32_t>(options.palette.size());
  out.text("BM");
  put(out, 0, 8);  // the length, which nobody reads, and two reserved
  put(out, 14 + header + palette * (options.core ? 3 : 4), 4);
  put(out, header, 4);
  put(out, as_unsigned(samples.width_px), options.core ? 2 : 4);
  put(out, as_unsigned(height), options.core ? 2 : 4);
  put(out, 1, 2);
  put(out, as_unsigned(bits), 2);
  if (!options.core) {
    put(out, options.alpha ? 3 : 0, 4);
    put(out, 0, 4);
    put(out, as_unsigned(options.x_per_metre), 4);
    put(out, as_unsigned(options.y_per_metre), 4);
    put(out, palette, 4);
    put(out, 0, 4);
  }
  if (options.alpha) {
    for (const std::uint32_t mask : {0xFF0000U, 0xFF00U, 0xFFU, 0xFF000000U}) put(out, mask, 4);
  }
  for (const Colour16& c : options.palette) {
    for (const std::uint16_t value : {c.blue, c.green, c.red}) put(out, value, 1);
    if (!options.core) put(out, 0, 1);
  }
}

}  // namespace

Bytes encode_bmp(const Samples& samples, const BmpOptions& options) {
  ByteWriter out;
  put_header(out, samples, options);
  for (int i = 0; i < samples.height_px; ++i) {
    const int y = options.top_down ? i : samples.height_px - 1 - i;
    auto row = packed_row(samples, y, 0, samples.width_px, 0, samples.channels, Sixteen::native);
    for (std::size_t x = 0; samples.channels >= 3 && x < row.size();
         x += static_cast<std::size_t>(samples.channels)) {
      std::swap(row[x], row[x + 2]);
    }
    row.resize((row.size() + 3) / 4 * 4);
    out.bytes(std::as_bytes(std::span(row)));
  }
  return out.take();
}

}  // namespace whorl::test
