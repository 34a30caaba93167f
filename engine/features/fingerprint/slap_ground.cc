#include "engine/features/fingerprint/slap_ground.h"

#include <algorithm>
#include <cmath>

#include "engine/base/limits.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/ridge_period.h"

namespace whorl::features {
namespace {

constexpr double kHalfScalePpi = 250;
constexpr float kNearCells = 2.5F;   // two ridge periods within a deviation either side
constexpr float kGradientGain = 32;  // structure_tensor's of a slope of one grey level a pixel
constexpr float kLeastCoherence = 0.2F, kSureCoherence = 0.45F;
constexpr float kThresholdShare = 0.22F;  // of the amplitude that a twentieth of the cells exceeds
constexpr float kLeastAmplitude = 3;      // grey levels, of any skin
constexpr int kWindowCells = 2;           // period_of's windows lie so far apart
constexpr float kConfidenceCells = 2.5F;
constexpr float kMaskShare = 0.3F;  // of what a good cell of this picture reaches
constexpr float kLeastConfidence = 0.08F, kEnoughConfidence = 0.18F;
// Gaps of 1.2 mm are closed and strokes of 2.4 mm opened: by one disc and by two after each other,
// which is cheaper than one of twice the size.
constexpr int kDiscCells = 3;

Result<> check(const Image& image, PixelsPerInch ppi) {
  if (image.width_px < 1 || image.height_px < 1) return fail(Fault::empty_input);
  if (!(ppi.value() >= kMinPixelsPerInch && ppi.value() <= kMaxPixelsPerInch)) {
    return fail(Fault::bad_resolution);
  }
  const double ratio = ppi.value() / kCanonicalPixelsPerInch;
  if (static_cast<double>(image.width_px) * image.height_px / (ratio * ratio) >
      static_cast<double>(kMaxPrintPixels)) {
    return fail(Fault::limit_exceeded);
  }
  if (image.samples.size() != static_cast<std::size_t>(image.width_px) *
                                  static_cast<std::size_t>(image.height_px) *
                                  static_cast<std::size_t>(image.channels)) {
    return fail(Fault::length_mismatch);
  }
  return {};
}

// Means of blocks of whole pixels. Green speaks for a coloured picture: it is most of the grey, and
// nothing here is measured on it.
Field block_means_of(const Image& image, int block) {
  const int w = (image.width_px + block - 1) / block, h = (image.height_px + block - 1) / block;
  const auto channels = static_cast<std::size_t>(image.channels);
  Field out(w, h);
  std::vector<int> sums(static_cast<std::size_t>(image.width_px));
  for (int y = 0; y < h; ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    const int rows = std::min(block, image.height_px - y * block);
    for (int j = 0; j < rows; ++j) {
      const std::uint8_t* row = image.samples.data() +
                                static_cast<std::size_t>(y * block + j) * sums.size() * channels +
                                (channels == 3 ? 1 : 0);
      for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += row[x * channels];
    }
    for (int x = 0; x < w; ++x) {
      const int columns = std::min(block, image.width_px - x * block);
      int sum = 0;
      for (int i = 0; i < columns; ++i) sum += sums[static_cast<std::size_t>(x * block + i)];
      out.at(x, y) = static_cast<float>(sum) / static_cast<float>(rows * columns);
    }
  }
  return out;
}

// At 250 ppi, or as near as whole blocks come and then by linear interpolation.
Field at_half_scale(const Image& image, PixelsPerInch ppi) {
  const double ratio = ppi.value() / kHalfScalePpi;
  const int block = std::max(1, static_cast<int>(ratio + 0.01));
  Field grey = block_means_of(image, block);
  const double rest = ratio / block;
  if (std::abs(rest - 1) < 0.01) return grey;
  const auto pixels = [&](int n) { return std::max(1, static_cast<int>(std::lround(n / rest))); };
  Field out(pixels(grey.width()), pixels(grey.height()));
  const auto at = [&](int i) { return static_cast<float>((i + 0.5) * rest - 0.5); };
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) out.at(x, y) = sample(grey, 1, at(x), at(y));
  }
  return out;
}

float ramp(float value, float from, float to) {
  return std::clamp((value - from) / (to - from), 0.0F, 1.0F);
}

Mask above(const Field& field, float least) {
  Mask mask(field.width(), field.height());
  for (std::ptrdiff_t i = 0; i < mask.size(); ++i) {
    mask.cells().data()[i] = field.cells().data()[i] > least ? 1 : 0;
  }
  return mask;
}

// Grey levels of ridges: the amplitude of the gradient where it keeps to a direction.
Field strength_of(const Tensor& smooth, const Flow& flow) {
  Field strength(smooth.energy.width(), smooth.energy.height());
  for (std::ptrdiff_t i = 0; i < strength.size(); ++i) {
    strength.cells().data()[i] = std::sqrt(smooth.energy.cells().data()[i]) / kGradientGain *
                                 ramp(flow.coherence(i), kLeastCoherence, kSureCoherence);
  }
  return strength;
}

// How periodic the picture is, by every second window of those that period_of looks through, as on
// the black squares of a chess board.
Field confidence_in(const Field& grey, const Flow& flow, const Mask& perhaps) {
  Mask asked = perhaps;
  for (int y = 0; y < asked.height(); ++y) {
    for (int x = 0; x < asked.width(); ++x) {
      if ((x / kWindowCells + y / kWindowCells) % 2 != 0) asked.at(x, y) = 0;
    }
  }
  Field confidence = blurred(period_of(grey, 2, flow, asked).confidence, kConfidenceCells);
  for (float& c : confidence.cells()) c *= 2;
  return confidence;
}

}  // namespace

Result<SlapGround> slap_ground(const Image& image, PixelsPerInch ppi) {
  WHORL_TRY_VOID(check(image, ppi));
  const Field grey = at_half_scale(image, ppi);
  const Tensor smooth = blurred(structure_tensor(grey, 2), kNearCells * kCellPx);
  const Flow flow = flow_of(smooth);
  const Field strength = strength_of(smooth, flow);
  const Mask perhaps =
      above(strength, std::max(kLeastAmplitude, kThresholdShare * quantile(strength, {}, 0.95F)));
  SlapGround ground;
  ground.cell_px = static_cast<float>(ppi.value() * kCellPx / kCanonicalPixelsPerInch);
  ground.ridges = confidence_in(grey, flow, perhaps);
  const float good = quantile(ground.ridges, perhaps, 0.9F);
  Mask mask =
      above(ground.ridges, std::clamp(kMaskShare * good, kLeastConfidence, kEnoughConfidence));
  mask = eroded(dilated(mask, kDiscCells), kDiscCells);
  mask = eroded(eroded(mask, kDiscCells), kDiscCells);
  ground.mask = dilated(dilated(mask, kDiscCells), kDiscCells);
  return ground;
}

}  // namespace whorl::features
