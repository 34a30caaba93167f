#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/units.h"

namespace whorl {

// A picture as every layer hands it on: 8 bits a sample, row by row from the top left, the channels
// of a pixel side by side; 0 is black. Deeper samples are brought to 8 bits when they are read.
struct Image {
  int width_px = 0;
  int height_px = 0;
  int channels = 1;                   // 1 grey, 3 red green blue
  std::optional<PixelsPerInch> ppi;   // what its file says; nothing where it does not
  std::vector<std::uint8_t> samples;  // width_px * height_px * channels

  bool operator==(const Image&) const = default;
};

}  // namespace whorl
