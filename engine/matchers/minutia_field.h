#pragma once

#include <vector>

#include "engine/base/biometrics.h"

namespace whorl::matchers {

struct Point {
  float x = 0, y = 0;
};
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline float dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
inline float cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
inline float squared_distance(Point a, Point b) { return dot(a - b, a - b); }

// A template's minutiae as the geometry needs them: y upwards, directions as unit vectors, and the
// area they cover. Refilled for every comparison; keeps its memory.
struct MinutiaField {
  std::vector<Point> at;         // px at 500 ppi, y up
  std::vector<Point> direction;  // unit vectors
  std::vector<Point> hull;       // convex, anticlockwise
  float area = 0;                // of the hull grown by half the usual spacing, px^2

  void assign(const FingerTemplate& print);
  std::size_t size() const { return at.size(); }
  bool covers(Point p) const;  // within the hull
};

}  // namespace whorl::matchers
