#include "scanners/simulated/finger_image.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "scanners/simulated/ridge_ink.h"
#include "scanners/simulated/smooth_noise.h"
#include "scanners/simulated/stroke.h"

namespace whorl::scanners {
namespace {

// Quality at which conditions hold as written, and the points below it that double them.
constexpr double kUsualQuality = 70, kQualityScale = 60;
constexpr double kResolutionPpi = 500;
constexpr float kDarkest = 18;  // grey level of a wet ridge
// How far the background's light varies; nearly a platen.
constexpr int kLightPx = 160;
constexpr Range kScratchLengthPx{25, 140}, kScratchWidthPx{0.5, 1.2};
constexpr Range kSpeckPx{0.5, 1.4};    // sd of a speck of dust
constexpr float kDustDarkness = 0.6F;  // a wet ridge is 1
// What a last touch left is dry, and lies a finger's usual wander away.
constexpr float kResidueMoisture = -0.3F;

double trouble_of(double quality) {
  return std::max(0.3, 1 + (kUsualQuality - quality) / kQualityScale);
}

// Poisson: how many uniform numbers it takes to multiply below exp(-mean).
int draw_count(double mean, SeededRandom& random) {
  constexpr int kMost = 100;
  const double end = std::exp(-mean);
  int count = 0;
  for (double product = random.uniform(); product > end && count < kMost; ++count) {
    product *= random.uniform();
  }
  return count;
}

Touch draw_touch(const ImageConditions& c, double trouble, SeededRandom& random) {
  const double moisture = random.normal(c.moisture_mean, c.moisture_sd * trouble);
  return {static_cast<float>(std::clamp(moisture, -1.0, 1.0)),
          static_cast<float>(c.blotches * trouble), static_cast<float>(c.roughness * trouble)};
}

void scratch(Ink& ink, int count, SeededRandom& random) {
  while (count-- > 0) {
    const double x = random.uniform(0, ink.width_px), y = random.uniform(0, ink.height_px);
    const Stroke line = draw_stroke(x, y, kScratchLengthPx, kScratchWidthPx, random);
    line.for_each_pixel(ink.width_px, ink.height_px,
                        [&](int px, int py, float cover) { ink.row(py)[px] *= 1 - cover; });
  }
}

void add_residue(Ink& ink, const Ink& residue, float strength) {
  for (std::size_t i = 0; i < ink.cover.size(); ++i) {
    ink.cover[i] = std::max(ink.cover[i], strength * residue.cover[i]);
  }
}

void add_dust(Ink& ink, int count, SeededRandom& random) {
  while (count-- > 0) {
    const auto x = static_cast<float>(random.uniform(0, ink.width_px));
    const auto y = static_cast<float>(random.uniform(0, ink.height_px));
    const auto sd = static_cast<float>(random.uniform(kSpeckPx.least, kSpeckPx.most));
    for_each_pixel_of_spot(x, y, sd, ink.width_px, ink.height_px, [&](int px, int py, float cover) {
      ink.row(py)[px] = std::max(ink.row(py)[px], kDustDarkness * cover);
    });
  }
}

// Four numbers of mean 0 and sd 1, nearly normal, from one draw: grain is most of all draws.
class Grain {
 public:
  explicit Grain(SeededRandom& random) : random_(random) {}
  float next() {
    if (left_ == 0) {
      bits_ = random_.next();
      left_ = 4;
    }
    const auto pair = static_cast<float>((bits_ & 0xFF) + (bits_ >> 8 & 0xFF));
    bits_ >>= 16;
    --left_;
    return (pair - 255) * (1 / 104.5F);  // the sd of two bytes
  }

 private:
  SeededRandom& random_;
  std::uint64_t bits_ = 0;
  int left_ = 0;
};

Image expose(const Ink& ink, const ImageConditions& c, SeededRandom& random) {
  Image image;
  image.width_px = ink.width_px;
  image.height_px = ink.height_px;
  image.ppi = PixelsPerInch{kResolutionPpi};
  image.samples.resize(ink.cover.size());
  const SmoothNoise light(ink.width_px, ink.height_px, kLightPx, random);
  Grain grain(random);
  const auto w = static_cast<std::size_t>(ink.width_px);
  std::vector<float> light_row(w);
  for (int y = 0; y < ink.height_px; ++y) {
    light.read_row(y, light_row);
    const float* cover = ink.row(y);
    std::uint8_t* out = image.samples.data() + static_cast<std::size_t>(y) * w;
    for (std::size_t x = 0; x < w; ++x) {
      const float ground =
          static_cast<float>(c.background) + static_cast<float>(c.unevenness) * light_row[x];
      const float grey =
          ground - (ground - kDarkest) * cover[x] + static_cast<float>(c.grain_sd) * grain.next();
      out[x] = static_cast<std::uint8_t>(std::clamp(grey, 0.0F, 255.0F));
    }
  }
  return image;
}

}  // namespace

Image capture_image(const MasterFinger& finger, const RidgePattern& pattern,
                    const CaptureConditions& conditions, const ImageConditions& c,
                    SeededRandom& random) {
  const PlacedCapture placed = capture_placed(finger, conditions, random);
  const double trouble = trouble_of(placed.quality);
  const Touch touch = draw_touch(c, trouble, random);
  const auto print = [&](const Skin& skin, const Touch& how) {
    return press(pattern, placed.contact, skin, how, conditions.platen_width,
                 conditions.platen_height, random);
  };
  Ink ink = print(placed.skin, touch);
  scratch(ink, draw_count(c.scratches * trouble, random), random);
  if (c.residue > 0) {
    const Skin before(conditions, random);
    add_residue(ink, print(before, {kResidueMoisture, touch.blotches, touch.roughness}),
                static_cast<float>(c.residue));
  }
  add_dust(ink, draw_count(c.dust, random), random);
  return expose(ink, c, random);
}

Image capture_image(const MasterFinger& finger, const CaptureConditions& conditions,
                    const ImageConditions& image_conditions, SeededRandom& random) {
  return capture_image(finger, grow_ridges(finger), conditions, image_conditions, random);
}

}  // namespace whorl::scanners
