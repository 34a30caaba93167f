#include "engine/formats/images/wsq_bands.h"

namespace whorl::formats::wsq {
namespace {

Halves halves(int at, int size, bool mirrored) {
  const int low = (size + 1) / 2;
  const int high = size / 2;
  return mirrored ? Halves{at + high, low, at, high} : Halves{at, low, at + low, high};
}

// The quarters of an area by where they lie: left top, right top, left bottom, right bottom.
std::array<Area, 4> quarters(const Area& area) {
  const Halves x = halves_x(area);
  const Halves y = halves_y(area);
  const int left = area.mirrored_x ? x.high_size : x.low_size;
  const int top = area.mirrored_y ? y.high_size : y.low_size;
  std::array<Area, 4> out;
  for (int i = 0; i < 4; ++i) {
    const bool right = i % 2 == 1;
    const bool bottom = i / 2 == 1;
    Area& quarter = out.at(static_cast<std::size_t>(i));
    quarter.left = right ? area.left + left : area.left;
    quarter.top = bottom ? area.top + top : area.top;
    quarter.width = right ? area.width - left : left;
    quarter.height = bottom ? area.height - top : top;
    quarter.mirrored_x = right;  // whichever pass it is: reversing what is reversed restores it
    quarter.mirrored_y = bottom;
    quarter.depth = area.depth + 1;
  }
  return out;
}

class TreeBuilder {
 public:
  BandTree build(int width, int height) {
    const auto [low, right, below, both] = split({0, 0, width, height});
    const auto [low2, right2, below2, both2] = split(low);
    const auto [low3, right3, below3, both3] = split(low2);
    const auto [low4, right4, below4, both4] = split(low3);
    split_into_bands(low4, 1, 0);
    band(right4, 4);
    band(below4, 5);
    band(both4, 6);
    split_into_bands(right3, 1, 7);
    split_into_bands(below3, 1, 11);
    split_into_bands(both3, 1, 15);
    split_into_bands(right2, 2, 19);
    split_into_bands(below2, 2, 35);
    band(both2, 51);
    split_into_bands(right, 1, 52);
    split_into_bands(below, 1, 56);
    return std::move(tree_);  // `both` would be bands 60 .. 63, which do not travel
  }

 private:
  std::array<Area, 4> split(const Area& area) {
    if (area.width > 0 && area.height > 0) tree_.splits.push_back(area);
    return quarters(area);
  }
  void band(const Area& area, int number) {
    tree_.bands.at(static_cast<std::size_t>(number)) = area;
  }

  void split_into_bands(const Area& area, int levels, int first) {
    const int step = levels == 1 ? 1 : 4;
    int number = first;
    for (const Area& quarter : split(area)) {
      if (levels == 1) {
        band(quarter, number);
      } else {
        split_into_bands(quarter, levels - 1, number);
      }
      number += step;
    }
  }

  BandTree tree_;
};

}  // namespace

Halves halves_x(const Area& area) { return halves(area.left, area.width, area.mirrored_x); }
Halves halves_y(const Area& area) { return halves(area.top, area.height, area.mirrored_y); }

BandTree band_tree(int width_px, int height_px) { return TreeBuilder().build(width_px, height_px); }

Planes::Planes(int width, int height) : stride_(width) {
  for (auto& plane : planes_) {
    plane.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  }
}

}  // namespace whorl::formats::wsq
