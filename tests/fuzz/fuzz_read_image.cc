// Any bytes as a picture. What is accepted is a whole picture within the limits, the same at a
// second reading, and comes back from our own PNG and PNM.

#include <cstdint>
#include <span>

#include "engine/base/limits.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/images/write_image.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whorl;           // NOLINT: one short function
  using namespace whorl::formats;  // NOLINT
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto image = read_image(bytes);
  if (!image) {
    FUZZ_CHECK(image.error().offset <= size);
    return 0;
  }
  const std::int64_t pixels = std::int64_t{image->width_px} * image->height_px;
  FUZZ_CHECK(detect_image_format(bytes).has_value());
  FUZZ_CHECK(image->width_px > 0 && image->width_px <= kMaxImageSidePx);
  FUZZ_CHECK(image->height_px > 0 && image->height_px <= kMaxImageSidePx);
  FUZZ_CHECK(pixels <= kMaxImagePixels);
  FUZZ_CHECK(image->channels == 1 || image->channels == 3);
  FUZZ_CHECK(static_cast<std::int64_t>(image->samples.size()) == pixels * image->channels);
  if (image->ppi) {
    FUZZ_CHECK(image->ppi->value() >= kMinPixelsPerInch);
    FUZZ_CHECK(image->ppi->value() <= kMaxPixelsPerInch);
  }
  if (pixels > 100'000) return 0;  // the rest is for content, which large pictures have no more of
  const auto again = read_image(bytes);
  FUZZ_CHECK(again.has_value() && *again == *image);
  for (const auto& written : {encode_png(*image), encode_pnm(*image)}) {
    FUZZ_CHECK(written.has_value());
    const auto back = read_image(*written);
    FUZZ_CHECK(back.has_value() && back->samples == image->samples);
  }
  return 0;
}
