#include "tests/scanners/print_statistics.h"

#include <algorithm>

namespace whorl::testing {
namespace {

constexpr double kDegreesPerStep = 360.0 / Direction::kStepsPerTurn;

Rigid from_seed(const Minutia& a, const Minutia& b) {
  const double turn =
      signed_turn(a.direction, b.direction) * kDegreesPerStep * 3.14159265358979 / 180;
  Rigid made{std::cos(turn), std::sin(turn), 0, 0};
  made.dx = b.x_px - made.x(a);
  made.dy = b.y_px - made.y(a);
  return made;
}

// Greedy in the order of `a`: enough to rank proposals.
int quick_count(const Rigid& rigid, const FingerTemplate& a, const FingerTemplate& b,
                Tolerance tolerance, int turn_steps) {
  const double limit = tolerance.px * tolerance.px;
  const int turn_limit = static_cast<int>(tolerance.degrees / kDegreesPerStep);
  std::uint8_t used[256] = {};
  int count = 0;
  for (const Minutia& m : a.minutiae) {
    const double x = rigid.x(m), y = rigid.y(m);
    const Direction turned{static_cast<std::uint8_t>(m.direction.steps() + turn_steps)};
    for (std::size_t j = 0; j < b.minutiae.size(); ++j) {
      const Minutia& n = b.minutiae[j];
      const double dx = n.x_px - x, dy = n.y_px - y;
      if (used[j] != 0 || dx * dx + dy * dy > limit) continue;
      if (turn_between(turned, n.direction) > turn_limit) continue;
      used[j] = 1;
      ++count;
      break;
    }
  }
  return count;
}

}  // namespace

double turn_degrees(const Minutia& a, const Minutia& b) {
  return signed_turn(a.direction, b.direction) * kDegreesPerStep;
}

std::vector<Pair> pairs_under(const Rigid& rigid, const FingerTemplate& a, const FingerTemplate& b,
                              Tolerance tolerance) {
  struct Near {
    double squared;
    Pair pair;
  };
  std::vector<Near> near;
  const double turn = rigid.degrees();
  for (std::size_t i = 0; i < a.minutiae.size(); ++i) {
    for (std::size_t j = 0; j < b.minutiae.size(); ++j) {
      const double dx = b.minutiae[j].x_px - rigid.x(a.minutiae[i]);
      const double dy = b.minutiae[j].y_px - rigid.y(a.minutiae[i]);
      const double off = std::remainder(turn_degrees(a.minutiae[i], b.minutiae[j]) - turn, 360);
      if (dx * dx + dy * dy > tolerance.px * tolerance.px) continue;
      if (std::abs(off) <= tolerance.degrees) near.push_back({dx * dx + dy * dy, {i, j}});
    }
  }
  std::sort(near.begin(), near.end(),
            [](const Near& p, const Near& q) { return p.squared < q.squared; });
  std::vector<bool> used_a(a.minutiae.size()), used_b(b.minutiae.size());
  std::vector<Pair> pairs;
  for (const Near& n : near) {
    if (used_a[n.pair.a] || used_b[n.pair.b]) continue;
    used_a[n.pair.a] = used_b[n.pair.b] = true;
    pairs.push_back(n.pair);
  }
  return pairs;
}

Rigid fit(const FingerTemplate& a, const FingerTemplate& b, const std::vector<Pair>& pairs) {
  double ax = 0, ay = 0, bx = 0, by = 0;
  for (const Pair& p : pairs) {
    ax += a.minutiae[p.a].x_px;
    ay += a.minutiae[p.a].y_px;
    bx += b.minutiae[p.b].x_px;
    by += b.minutiae[p.b].y_px;
  }
  const double n = static_cast<double>(pairs.size());
  ax /= n, ay /= n, bx /= n, by /= n;
  double along = 0, across = 0;
  for (const Pair& p : pairs) {
    const double u = a.minutiae[p.a].x_px - ax, v = a.minutiae[p.a].y_px - ay;
    const double s = b.minutiae[p.b].x_px - bx, t = b.minutiae[p.b].y_px - by;
    along += u * s + v * t;
    across += v * s - u * t;
  }
  const double length = std::hypot(along, across);
  Rigid made;
  if (length > 0) made = {along / length, across / length, 0, 0};
  made.dx = bx - (made.cosine * ax + made.sine * ay);
  made.dy = by - (made.cosine * ay - made.sine * ax);
  return made;
}

Alignment best_alignment(const FingerTemplate& a, const FingerTemplate& b, Tolerance tolerance,
                         double most_degrees) {
  int best = -1;
  Rigid start;
  for (const Minutia& m : a.minutiae) {
    for (const Minutia& n : b.minutiae) {
      if (std::abs(turn_degrees(m, n)) > most_degrees) continue;
      const Rigid rigid = from_seed(m, n);
      const int count = quick_count(rigid, a, b, tolerance, signed_turn(m.direction, n.direction));
      if (count > best) best = count, start = rigid;
    }
  }
  Alignment found{start, pairs_under(start, a, b, tolerance)};
  for (int round = 0; round < 5 && found.pairs.size() >= 3; ++round) {
    const Rigid refined = fit(a, b, found.pairs);
    std::vector<Pair> pairs = pairs_under(refined, a, b, tolerance);
    if (pairs.size() < found.pairs.size()) break;
    found = {refined, std::move(pairs)};
  }
  return found;
}

}  // namespace whorl::testing
