#pragma once
// Pictures of simulated people's fingers as files.

#include <cstdint>

#include "engine/base/byte_writer.h"
#include "engine/base/image.h"
#include "engine/base/random.h"
#include "engine/formats/images/write_image.h"
#include "scanners/simulated/people.h"

namespace whorl::test {

inline Image picture_of(std::uint64_t person, std::uint64_t capture) {
  constexpr std::uint64_t kSeed = 11;
  return scanners::Population(kSeed).person(person).capture_image(FingerPosition::right_index,
                                                                  capture);
}

// Dark grain, in which there are minutiae but no finger.
inline Image grain() {
  constexpr int kSide = 300;
  SeededRandom random(3);
  Image grain{kSide, kSide, 1, PixelsPerInch{500}, {}};
  for (int i = 0; i < kSide * kSide; ++i) {
    grain.samples.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return grain;
}

inline Bytes png_of(const Image& image) { return formats::encode_png(image).value(); }
inline Bytes png_of(std::uint64_t person, std::uint64_t capture) {
  return png_of(picture_of(person, capture));
}

}  // namespace whorl::test
