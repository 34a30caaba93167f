// Any bytes as a WSQ stream. What is accepted must be a whole picture, one that our encoder writes
// and that comes back with the same size and resolution.

#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/wsq.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

// Large pictures of few bytes are allowed, and slow under sanitizers: fuzzing finds more elsewhere.
constexpr int kMaxPixels = 512 * 512;

bool claims_a_large_picture(std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i + 10 < bytes.size(); ++i) {
    if (bytes[i] != std::byte{0xFF} || bytes[i + 1] != std::byte{0xA2}) continue;
    whorl::ByteReader in(bytes.subspan(i + 6));
    const int height = in.u16();
    const int width = in.u16();
    if (std::int64_t{width} * height > kMaxPixels) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whorl::formats;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (claims_a_large_picture(bytes)) return 0;
  const auto image = decode_wsq(bytes);
  if (!image) {
    FUZZ_CHECK(image.error().offset <= size);
    FUZZ_CHECK(image.error() == decode_wsq(bytes).error());
    return 0;
  }
  FUZZ_CHECK(image->channels == 1);
  FUZZ_CHECK(image->samples.size() == static_cast<std::size_t>(image->width_px) *
                                          static_cast<std::size_t>(image->height_px));
  const auto encoded = encode_wsq(*image);
  FUZZ_CHECK(encoded.has_value());
  const auto again = decode_wsq(*encoded);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->width_px == image->width_px && again->height_px == image->height_px);
  FUZZ_CHECK(again->ppi == image->ppi);
  return 0;
}
