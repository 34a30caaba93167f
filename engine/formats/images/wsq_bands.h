#pragma once
// How a picture is cut into bands: IAFIS-IC-0110 (V3.1), annex A. Five levels of splits in two,
// each way, of the low passes; one or two more of the high ones; 64 bands in the order of
// frequency.

#include <array>
#include <cstdint>
#include <vector>

#include "engine/formats/images/wsq_segments.h"

namespace whorl::formats::wsq {

// A rectangle of a plane. A high pass comes out of the halving of the rate with its frequencies
// reversed; `mirrored_x` says so, and then the next split puts its low pass on the right (`_y`: at
// the bottom), which keeps the plane in the order of frequency.
struct Area {
  int left = 0, top = 0, width = 0, height = 0;
  bool mirrored_x = false, mirrored_y = false;
  // Splits that led here. An area lies in plane depth % 2, what it is split into in the other.
  int depth = 0;
};

// Where the two halves of a length lie: the low pass has the odd sample.
struct Halves {
  int low_at = 0, low_size = 0, high_at = 0, high_size = 0;
};
Halves halves_x(const Area& area);
Halves halves_y(const Area& area);

struct BandTree {
  std::vector<Area> splits;        // an area before what it is split into; none is empty
  std::array<Area, kBands> bands;  // may be empty where the picture is small
};

BandTree band_tree(int width_px, int height_px);

// Blocks of the standard encoders: bands 0 .. 18, 19 .. 51, 52 .. 59.
inline constexpr std::array<int, 4> kBlockBands = {0, 19, 52, kCodedBands};

// The two floating-point pictures a transform goes back and forth between.
class Planes {
 public:
  Planes(int width, int height);
  float* row(int depth, int y) { return planes_[depth % 2 == 0 ? 0 : 1].data() + y * stride_; }
  const float* row(int depth, int y) const {
    return planes_[depth % 2 == 0 ? 0 : 1].data() + y * stride_;
  }
  float* row(const Area& area, int y) { return row(area.depth, area.top + y) + area.left; }
  const float* row(const Area& area, int y) const {
    return row(area.depth, area.top + y) + area.left;
  }

 private:
  std::int64_t stride_;
  std::array<std::vector<float>, 2> planes_;
};

}  // namespace whorl::formats::wsq
