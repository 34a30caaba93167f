// Any small picture through the extractor, in both modes. The input is the width and height less
// one, the resolution in ppi (two bytes) and samples, row by row; missing ones are black.

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/limits.h"
#include "engine/features/fingerprint/extract.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace whorl;            // NOLINT: one short program
using namespace whorl::features;  // NOLINT

constexpr int kMostSidePx = 96;
// Coarse pictures grow when they are brought to 500 ppi: slow, and nothing new.
constexpr int kMostPixels = 256 * 256;

void check(const Extraction& extraction) {
  const std::vector<Minutia>& minutiae = extraction.print.minutiae;
  FUZZ_CHECK(!minutiae.empty() && std::ssize(minutiae) <= kMaxMinutiaePerTemplate);
  for (const Minutia& m : minutiae) {
    FUZZ_CHECK(m.x_px >= 0 && m.x_px < extraction.width_px);
    FUZZ_CHECK(m.y_px >= 0 && m.y_px < extraction.height_px);
    FUZZ_CHECK(m.quality >= 1 && m.quality <= 100);
    FUZZ_CHECK(m.kind == MinutiaKind::ending || m.kind == MinutiaKind::bifurcation);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(std::as_bytes(std::span(data, size)));
  Image image;
  image.width_px = 1 + in.u8() % kMostSidePx;
  image.height_px = 1 + in.u8() % kMostSidePx;
  const double ppi = in.u16(), scale = kCanonicalPixelsPerInch / std::max(1.0, ppi);
  if (!in.ok() || image.width_px * image.height_px * scale * scale > kMostPixels) return 0;
  image.samples.resize(static_cast<std::size_t>(image.width_px * image.height_px));
  const std::size_t given = std::min(size - 4, image.samples.size());
  std::copy_n(data + 4, given, image.samples.begin());
  for (const ExtractionMode mode : {ExtractionMode::fast, ExtractionMode::accurate}) {
    const auto extraction = extract_print(image, PixelsPerInch{ppi}, {mode});
    if (extraction) {
      check(*extraction);
    } else {
      FUZZ_CHECK(extraction.error().fault == Fault::no_minutiae ||
                 extraction.error().fault == Fault::bad_resolution);
    }
  }
  return 0;
}
