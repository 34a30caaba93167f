#include "scanners/simulated/finger_capture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "scanners/simulated/placed_capture.h"
#include "scanners/simulated/spacing.h"

namespace whorl::scanners {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr double kUsualQuality = 70;
// Quality points that double the errors, or all but remove them.
constexpr double kQualityScale = 60;
constexpr double kMostLost = 0.5;
// A minutia's quality about its capture's, and how much lower made-up ones are.
constexpr double kMinutiaQualitySd = 10, kSpuriousQualityLoss = 15;
// Two detections nearer than this are one to every extractor measured.
constexpr float kMergedPx = 5;
// A capture with fewer than kFewestSeen is taken again; after so many the finger is as it is.
constexpr int kAttempts = 6;
constexpr int kDartsPerSpurious = 8;

Contact draw_contact(const MasterFinger& finger, const CaptureConditions& c, SeededRandom& random) {
  const auto size = static_cast<float>(
      std::clamp(random.normal(c.contact_size, c.contact_size_sd), 0.2, kFingerReach - 0.1));
  const auto wander = [&](float half_axis) {
    return static_cast<float>(random.normal(0, c.contact_shift_sd)) * half_axis;
  };
  const float x = wander(finger.contact.half_width_px), y = wander(finger.contact.half_height_px);
  return {{x, y}, {size * finger.contact.half_width_px, size * finger.contact.half_height_px}};
}

// One attempt at a capture, as it fills.
class Sheet {
 public:
  Sheet(const MasterFinger& finger, const CaptureConditions& conditions, SeededRandom& random)
      : finger_(finger),
        conditions_(conditions),
        random_(random),
        contact_(draw_contact(finger, conditions, random)),
        skin_(conditions, random),
        quality_(
            std::clamp(random.normal(conditions.quality_mean, conditions.quality_sd), 5.0, 98.0)),
        trouble_(std::max(0.3, 1 + (kUsualQuality - quality_) / kQualityScale)) {}

  void see_minutiae() {
    const double lost = std::min(kMostLost, conditions_.lost * trouble_);
    for (const MasterMinutia& m : finger_.minutiae) {
      if (!contact_.holds(m.at)) continue;
      ++touched_;
      if (random_.chance(lost)) continue;
      const bool flipped = random_.chance(std::min(0.5, conditions_.kind_flipped * trouble_));
      put(m.at, m.direction_radians, flipped ? other(m.kind) : m.kind, 0);
    }
  }

  // Made up where ridges break or touch: along the flow, either way, as far apart as real ones.
  void make_up(int count) {
    for (int darts = count * kDartsPerSpurious; count > 0 && darts > 0; --darts) {
      const FingerPoint at = dart();
      if (!random_.chance(chance_beside_neighbour(skin_places_.nearest_squared(at)))) continue;
      // Draws stand in statements of their own: C++ leaves the order of arguments to the compiler.
      const float along = finger_.flow.orientation(at);
      const float direction = random_.chance(0.5) ? along : along + kPi;
      const bool ending = random_.chance(kEndingShare);
      put(at, direction, ending ? MinutiaKind::ending : MinutiaKind::bifurcation,
          kSpuriousQualityLoss);
      --count;
    }
  }

  int draw_spurious_count() {
    if (conditions_.spurious <= 0) return 0;
    const double mean = touched_ * std::min(kMostLost, conditions_.spurious * trouble_);
    const auto whole = static_cast<int>(mean);
    const int rounded = random_.chance(mean - whole) ? whole + 1 : whole;
    return rounded + static_cast<int>(random_.below(3)) - 1;
  }

  int seen() const { return count_; }
  double quality() const { return quality_; }
  const Contact& contact() const { return contact_; }
  const Skin& skin() const { return skin_; }
  std::span<Minutia> minutiae() { return std::span(seen_).first(static_cast<std::size_t>(count_)); }

 private:
  static MinutiaKind other(MinutiaKind kind) {
    return kind == MinutiaKind::ending ? MinutiaKind::bifurcation : MinutiaKind::ending;
  }

  FingerPoint dart() {
    for (;;) {
      const double u = random_.uniform(-1, 1), v = random_.uniform(-1, 1);
      if (u * u + v * v > 1) continue;
      return {contact_.middle.x_px + static_cast<float>(u) * contact_.size.half_width_px,
              contact_.middle.y_px + static_cast<float>(v) * contact_.size.half_height_px};
    }
  }

  void put(FingerPoint at, float direction, MinutiaKind kind, double quality_loss) {
    if (count_ == static_cast<int>(seen_.size())) return;
    const double jitter = conditions_.jitter_px * trouble_;
    const OnPlaten placed = skin_.place(at, direction);
    const double x = placed.at.x_px + random_.normal(0, jitter);
    const double y = placed.at.y_px + random_.normal(0, jitter);
    if (!(x >= 0 && x < conditions_.platen_width.value())) return;
    if (!(y >= 0 && y < conditions_.platen_height.value())) return;
    const FingerPoint detected{static_cast<float>(x), static_cast<float>(y)};
    if (platen_places_.nearest_squared(detected) < kMergedPx * kMergedPx) return;
    const double turn =
        random_.normal(0, conditions_.direction_sd_degrees * trouble_ * std::numbers::pi / 180);
    const double steps = (placed.direction_radians + turn) * (128 / std::numbers::pi);
    const double quality =
        std::clamp(quality_ - quality_loss + random_.normal(0, kMinutiaQualitySd), 1.0, 100.0);
    seen_[static_cast<std::size_t>(count_++)] = {
        static_cast<std::int16_t>(x),
        static_cast<std::int16_t>(y),
        Direction{static_cast<std::uint8_t>(std::lround(steps) & 0xFF)},
        kind,
        static_cast<std::uint8_t>(quality),
        0};
    platen_places_.add(detected);
    skin_places_.add(at);
  }

  const MasterFinger& finger_;
  const CaptureConditions& conditions_;
  SeededRandom& random_;
  Contact contact_;
  Skin skin_;
  double quality_;
  double trouble_;  // 1 at the usual quality; scales every error
  int touched_ = 0;
  int count_ = 0;
  std::array<Minutia, 160> seen_;
  Spacing<160> skin_places_;
  Spacing<160> platen_places_;
};

// The best kMostSeen, then in raster order as extractors write them.
FingerTemplate to_template(const MasterFinger& finger, Sheet& sheet) {
  std::span<Minutia> seen = sheet.minutiae();
  const auto raster = [](const Minutia& a, const Minutia& b) {
    return a.y_px != b.y_px ? a.y_px < b.y_px : a.x_px < b.x_px;
  };
  if (seen.size() > kMostSeen) {
    std::sort(seen.begin(), seen.end(), [&](const Minutia& a, const Minutia& b) {
      return a.quality != b.quality ? a.quality > b.quality : raster(a, b);
    });
    seen = seen.first(kMostSeen);
  }
  std::sort(seen.begin(), seen.end(), raster);
  FingerTemplate made;
  made.position = finger.position;
  made.quality = Quality{static_cast<std::uint8_t>(sheet.quality())};
  made.minutiae.assign(seen.begin(), seen.end());
  return made;
}

}  // namespace

PlacedCapture capture_placed(const MasterFinger& finger, const CaptureConditions& conditions,
                             SeededRandom& random) {
  for (int attempt = 1;; ++attempt) {
    Sheet sheet(finger, conditions, random);
    sheet.see_minutiae();
    sheet.make_up(sheet.draw_spurious_count());
    if (sheet.seen() >= kFewestSeen || attempt == kAttempts) {
      return {to_template(finger, sheet), sheet.contact(), sheet.skin(), sheet.quality()};
    }
  }
}

FingerTemplate capture(const MasterFinger& finger, const CaptureConditions& conditions,
                       SeededRandom& random) {
  return capture_placed(finger, conditions, random).print;
}

}  // namespace whorl::scanners
