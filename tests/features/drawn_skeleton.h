#pragma once
// Skeletons drawn in text, and lines drawn on them.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/features/fingerprint/ridge_lines.h"
#include "engine/features/fingerprint/skeleton.h"

namespace whorl::features::testing {

// '#' is ridge, anything else is not.
inline Bitmap drawn(const std::vector<std::string_view>& rows) {
  Bitmap out(static_cast<int>(rows.at(0).size()), static_cast<int>(rows.size()));
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      out.at(x, y) = rows[static_cast<std::size_t>(y)].at(static_cast<std::size_t>(x)) == '#';
    }
  }
  return out;
}

inline std::string text_of(const Bitmap& bitmap) {
  std::string text = "\n";
  for (int y = 0; y < bitmap.height(); ++y) {
    for (int x = 0; x < bitmap.width(); ++x) text += bitmap.at(x, y) != 0 ? '#' : '.';
    text += '\n';
  }
  return text;
}

inline int count_of(const Bitmap& bitmap) {
  return static_cast<int>(std::count(bitmap.cells().begin(), bitmap.cells().end(), 1));
}

// One pixel a step along the longer axis.
inline void draw_line(Bitmap& bitmap, Pixel a, Pixel b) {
  const int steps = std::max({1, std::abs(b.x - a.x), std::abs(b.y - a.y)});
  for (int i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    bitmap.at(static_cast<int>(std::lround(a.x + share * (b.x - a.x))),
              static_cast<int>(std::lround(a.y + share * (b.y - a.y)))) = 1;
  }
}

// Every part of pixels of `value`, by flooding; `diagonal`: whether a common corner joins.
inline std::vector<std::vector<Pixel>> parts_of(const Bitmap& bitmap, std::uint8_t value,
                                                bool diagonal) {
  std::vector<std::vector<Pixel>> parts;
  Bitmap seen(bitmap.width(), bitmap.height());
  for (int y = 0; y < bitmap.height(); ++y) {
    for (int x = 0; x < bitmap.width(); ++x) {
      if (bitmap.at(x, y) != value || seen.at(x, y) != 0) continue;
      std::vector<Pixel>& part = parts.emplace_back(1, Pixel{x, y});
      seen.at(x, y) = 1;
      for (std::size_t i = 0; i < part.size(); ++i) {
        for (std::size_t n = 0; n < kAround.size(); n += diagonal ? 1 : 2) {
          const int px = part[i].x + kAround[n].x, py = part[i].y + kAround[n].y;
          if (!bitmap.contains(px, py) || bitmap.at(px, py) != value || seen.at(px, py) != 0) {
            continue;
          }
          seen.at(px, py) = 1;
          part.push_back({px, py});
        }
      }
    }
  }
  return parts;
}

}  // namespace whorl::features::testing
