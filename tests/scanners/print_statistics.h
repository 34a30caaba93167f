#pragma once
// What can be measured of finger templates alone, the way specs of real prints are measured: no
// knowledge of how they were made goes in.

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/base/biometrics.h"

namespace whorl::testing {

struct Spread {
  std::vector<double> values;

  void add(double value) { values.push_back(value); }
  double mean() const {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum / static_cast<double>(values.size());
  }
  double sd() const {
    const double middle = mean();
    double sum = 0;
    for (const double v : values) sum += (v - middle) * (v - middle);
    return std::sqrt(sum / static_cast<double>(values.size()));
  }
  double least() const {
    double least = std::numeric_limits<double>::infinity();
    for (const double v : values) least = v < least ? v : least;
    return least;
  }
  double most() const {
    double most = -std::numeric_limits<double>::infinity();
    for (const double v : values) most = v > most ? v : most;
    return most;
  }
};

inline double nearest_neighbour_px(const FingerTemplate& print, std::size_t of) {
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < print.minutiae.size(); ++i) {
    if (i == of) continue;
    nearest = std::min(nearest, std::hypot(print.minutiae[i].x_px - print.minutiae[of].x_px,
                                           print.minutiae[i].y_px - print.minutiae[of].y_px));
  }
  return nearest;
}

// Turns about the origin, anticlockwise as seen on an image whose y runs downwards, then moves.
struct Rigid {
  double cosine = 1, sine = 0, dx = 0, dy = 0;

  double x(const Minutia& m) const { return cosine * m.x_px + sine * m.y_px + dx; }
  double y(const Minutia& m) const { return cosine * m.y_px - sine * m.x_px + dy; }
  double degrees() const { return std::atan2(sine, cosine) * 180 / 3.14159265358979; }
};

struct Pair {
  std::size_t a, b;
};
struct Tolerance {
  double px, degrees;
};

double turn_degrees(const Minutia& a, const Minutia& b);
// Nearest pairs first, each minutia once; `a` is moved by `rigid`.
std::vector<Pair> pairs_under(const Rigid& rigid, const FingerTemplate& a, const FingerTemplate& b,
                              Tolerance tolerance);
// Least squares over the pairs (Umeyama 1991, without scale).
Rigid fit(const FingerTemplate& a, const FingerTemplate& b, const std::vector<Pair>& pairs);

struct Alignment {
  Rigid rigid;
  std::vector<Pair> pairs;
};
// Every pair of minutiae proposes a rigid motion; the one with most pairs, refined, wins.
Alignment best_alignment(const FingerTemplate& a, const FingerTemplate& b, Tolerance tolerance,
                         double most_degrees = 180);

}  // namespace whorl::testing
