#include "engine/app/report/minutiae_picture.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "engine/app/words.h"

namespace whorl::app {
namespace {

using Complex = std::complex<double>;  // a point of an image, y downwards

constexpr double kPanelWidth = 300, kPanelHeight = 360, kGap = 24, kTop = 34, kFoot = 62;
constexpr double kPanelMargin = 18;
constexpr double kWidth = 3 * kPanelWidth + 2 * kGap + 2;
constexpr double kHeight = kTop + kPanelHeight + kFoot;
constexpr double kRadius = 3.2, kTail = 11;
// A pair that says this much (nats) is drawn full; of good captures the usual pair says 4 to 5.
constexpr double kFullShare = 7;

struct Mark2D {
  Complex at;
  double radians;  // anticlockwise as seen
  MinutiaKind kind;
  bool mated = false;
};

std::vector<Mark2D> marks_of(const FingerTemplate& print) {
  std::vector<Mark2D> marks;
  for (const Minutia& m : print.minutiae) {
    marks.push_back({{static_cast<double>(m.x_px), static_cast<double>(m.y_px)},
                     m.direction.radians(),
                     m.kind});
  }
  return marks;
}

// Where a panel shows an image: scaled to fit, never enlarged beyond twice, centred.
class Frame {
 public:
  Frame(const std::vector<const std::vector<Mark2D>*>& shown, double left) {
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (const auto* marks : shown) {
      for (const Mark2D& m : *marks) {
        x0 = std::min(x0, m.at.real()), x1 = std::max(x1, m.at.real());
        y0 = std::min(y0, m.at.imag()), y1 = std::max(y1, m.at.imag());
      }
    }
    if (x1 < x0) x0 = x1 = y0 = y1 = 0;
    const double room_x = kPanelWidth - 2 * kPanelMargin, room_y = kPanelHeight - 2 * kPanelMargin;
    scale_ = std::min({2.0, room_x / std::max(1.0, x1 - x0), room_y / std::max(1.0, y1 - y0)});
    origin_ = {left + kPanelWidth / 2 - scale_ * (x0 + x1) / 2,
               kTop + kPanelHeight / 2 - scale_ * (y0 + y1) / 2};
  }
  At operator()(Complex p) const {
    return {origin_.real() + scale_ * p.real(), origin_.imag() + scale_ * p.imag()};
  }

 private:
  Complex origin_;
  double scale_;
};

// The motion z -> turn * (z - from) + to with the least squared distances over the pairs, each
// weighted by its share: in the complex plane, turn is the direction of sum w * q * conj(p).
struct Motion {
  Complex turn{1, 0}, from{0, 0}, to{0, 0};
  Complex operator()(Complex p) const { return turn * (p - from) + to; }
};

Motion motion_of(const std::vector<Mark2D>& probe, const std::vector<Mark2D>& reference,
                 const std::vector<matchers::GrownPair>& pairs) {
  Motion motion;
  double total = 0;
  const auto weight = [](const matchers::GrownPair& p) { return std::max(0.1, 0.0 + p.share); };
  for (const auto& p : pairs) {
    motion.from += weight(p) * probe.at(p.pair.first).at;
    motion.to += weight(p) * reference.at(p.pair.second).at;
    total += weight(p);
  }
  if (total <= 0) return motion;
  motion.from /= total, motion.to /= total;
  Complex lean{0, 0};
  for (const auto& p : pairs) {
    lean += weight(p) * (reference.at(p.pair.second).at - motion.to) *
            std::conj(probe.at(p.pair.first).at - motion.from);
  }
  if (std::abs(lean) > 0) motion.turn = lean / std::abs(lean);
  return motion;
}

void draw(Svg& svg, const Mark2D& m, const Frame& frame, std::string_view shape_class) {
  const At at = frame(m.at);
  const Mark look{shape_class, m.mated ? 1.0 : 0.7, 0};
  if (m.kind == MinutiaKind::bifurcation) {
    svg.square(at, kRadius, look);
  } else {
    svg.circle(at, kRadius, look);
  }
  const double dx = std::cos(m.radians), dy = -std::sin(m.radians);
  svg.line({at.x + kRadius * dx, at.y + kRadius * dy}, {at.x + kTail * dx, at.y + kTail * dy},
           look);
}

void draw_all(Svg& svg, const std::vector<Mark2D>& marks, const Frame& frame,
              std::string_view shape_class) {
  for (const Mark2D& m : marks) draw(svg, m, frame, m.mated ? shape_class : "lone");
}

// How strongly a pair is drawn: faint where it says nothing, full at kFullShare.
Mark strength(float share) {
  const double strong = std::clamp(share / kFullShare, 0.0, 1.0);
  return {"mate", 0.2 + 0.8 * strong, 0.5 + 2 * strong};
}

std::string counts(const FingerTemplate& probe, const FingerTemplate& reference,
                   const matchers::FingerComparison& c) {
  return std::to_string(c.pairs.size()) + " corresponding minutiae of " +
         std::to_string(probe.minutiae.size()) + " and " +
         std::to_string(reference.minutiae.size()) + "; geometry " + rounded(c.log_likelihood, 1) +
         " nats, neighbourhoods agree to " + percent(c.local_support, 0);
}

std::string verdict(const matchers::FingerComparison& c, const matchers::Calibrated& value) {
  return "similarity " + rounded(c.similarity.value(), 1) + ", log likelihood ratio " +
         rounded(value.ratio.value(), 1) + "; two different people score this much " +
         one_in(value.fmr);
}

}  // namespace

Svg minutiae_picture(const FingerTemplate& probe, const FingerTemplate& reference,
                     const matchers::FingerComparison& comparison, const MinutiaeCaption& caption) {
  std::vector<Mark2D> first = marks_of(probe), second = marks_of(reference);
  for (const auto& p : comparison.pairs) {
    first.at(p.pair.first).mated = second.at(p.pair.second).mated = true;
  }
  const Motion motion = motion_of(first, second, comparison.pairs);
  std::vector<Mark2D> moved = first;
  for (Mark2D& m : moved) {
    m.at = motion(m.at);
    m.radians -= std::arg(motion.turn);  // y points down: a positive turn is clockwise as seen
  }

  Svg svg(kWidth, kHeight, "Corresponding minutiae of two prints");
  const double lefts[] = {1, 1 + kPanelWidth + kGap, 1 + 2 * (kPanelWidth + kGap)};
  for (const double left : lefts) {
    svg.rectangle({left, kTop}, kPanelWidth, kPanelHeight, {"frame"});
  }
  const Frame left({&first}, lefts[0]), middle({&second}, lefts[1]);
  const Frame over({&moved, &second}, lefts[2]);
  for (const auto& p : comparison.pairs) {
    svg.line(left(first.at(p.pair.first).at), middle(second.at(p.pair.second).at),
             strength(p.share));
    svg.line(over(moved.at(p.pair.first).at), over(second.at(p.pair.second).at), strength(p.share));
  }
  draw_all(svg, first, left, "first");
  draw_all(svg, second, middle, "second");
  draw_all(svg, moved, over, "first");
  draw_all(svg, second, over, "second");

  constexpr auto start = Svg::Anchor::start;
  svg.text({lefts[0], 22}, start, caption.probe, "head");
  svg.text({lefts[1], 22}, start, caption.reference, "head");
  svg.text({lefts[2], 22}, start, "over each other", "head");
  const double foot = kTop + kPanelHeight;
  svg.text({1, foot + 22}, start, verdict(comparison, caption.value));
  svg.text({1, foot + 40}, start, counts(probe, reference, comparison));
  svg.text({1, foot + 57}, start,
           "circle: ending, square: bifurcation; a thicker, stronger join says more for one "
           "person; faint: no partner",
           "tick");
  return svg;
}

}  // namespace whorl::app
