#pragma once
// Walking along the skeleton, and taking from it what no ridge is.

#include <array>
#include <cstdint>
#include <vector>

#include "engine/features/fingerprint/ridge_flow.h"
#include "engine/features/fingerprint/skeleton.h"

namespace whorl::features {

struct Pixel {
  int x = 0, y = 0;
  bool operator==(const Pixel&) const = default;
};

// Neighbours 0 .. 7 of a pixel, from the right on, clockwise as y points down.
inline constexpr std::array<Pixel, 8> kAround{
    {{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}}};

// How many ridges leave a pixel of a skeleton: 1 an ending, 2 a ridge's middle, 3 and more a fork
// (Rutovitz's crossing number). The pixel must not be on the edge.
int crossing_number(const Bitmap& skeleton, Pixel at);

// The first pixels of the ridges that leave `at`.
std::vector<Pixel> branches(const Bitmap& skeleton, Pixel at);

// From `from` over its neighbour `next` on, at most `longest` pixels, until the ridge ends or forks
// (that pixel is the last one). `from` itself is not among them.
std::vector<Pixel> walk(const Bitmap& skeleton, Pixel from, Pixel next, int longest);

// Erases spurs, bridges across the flow, lakes and loose pieces that are too short to be ridges.
void tidy(Bitmap& skeleton, const Flow& flow);

}  // namespace whorl::features
