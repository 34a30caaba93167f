#include "engine/features/fingerprint/ridge_mask.h"

#include <algorithm>
#include <cmath>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr float kLooseSigmaPx = 10;  // 8 and 6, one after the other
constexpr float kLooseEnergy = 0.05F, kLooseCoherence = 0.25F;
constexpr float kLeastCorrelation = 0.45F;
constexpr float kLeastConfidence = 0.03F, kConfidenceShare = 0.2F;
constexpr float kAmplitudeShare = 0.2F;
constexpr float kEvenShare = 0.5F;  // of the deviation within the print
// Where the whole print is poor, its own better part is the measure: shares of what that reaches.
constexpr float kUsualCoherence = 0.5F, kUsualCorrelation = 0.7F, kUsualConfidence = 0.5F;
constexpr int kSmooth = 3;  // cells, 12 px: gaps and spikes narrower than twice this go
constexpr int kHoleShare = 12, kPartShare = 40;  // one over the share of the picture

Mask inverted(Mask mask) {
  for (std::uint8_t& cell : mask.cells()) cell = cell == 0 ? 1 : 0;
  return mask;
}

using Part = std::vector<std::pair<int, int>>;  // cells

// The four-connected parts of cells of `value`.
template <typename Visit>
void for_each_part(const Mask& mask, std::uint8_t value, const Visit& visit) {
  Mask seen(mask.width(), mask.height());
  Part part;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (mask.at(x, y) != value || seen.at(x, y) != 0) continue;
      part.assign(1, {x, y});
      seen.at(x, y) = 1;
      for (std::size_t i = 0; i < part.size(); ++i) {
        const auto [px, py] = part[i];
        for (const auto& [nx, ny] : {std::pair{px + 1, py}, std::pair{px - 1, py},
                                     std::pair{px, py + 1}, std::pair{px, py - 1}}) {
          if (!mask.contains(nx, ny) || mask.at(nx, ny) != value || seen.at(nx, ny) != 0) continue;
          seen.at(nx, ny) = 1;
          part.emplace_back(nx, ny);
        }
      }
      visit(part);
    }
  }
}

bool reaches_the_edge(const Part& part, const Mask& mask) {
  return std::any_of(part.begin(), part.end(), [&](const auto& at) {
    const auto [x, y] = at;
    return x == 0 || y == 0 || x == mask.width() - 1 || y == mask.height() - 1;
  });
}

float median_of(const Field& field, const Part& part) {
  std::vector<float> values;
  for (const auto& [x, y] : part) values.push_back(field.at(x, y));
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Small gaps become part of the mask, but for those that are spared; then small parts go.
template <typename IsSpared>
Mask tidied(const Mask& rough, const IsSpared& is_spared) {
  const auto small = [all = rough.size()](const Part& part, int share) {
    return static_cast<std::int64_t>(part.size()) < all / share;
  };
  const Mask closed = eroded(dilated(rough, kSmooth), kSmooth);
  Mask filled = closed;
  for_each_part(closed, 0, [&](const Part& gap) {
    if (!small(gap, kHoleShare) || is_spared(gap, closed)) return;
    for (const auto& [x, y] : gap) filled.at(x, y) = 1;
  });
  const Mask opened = dilated(eroded(filled, kSmooth), kSmooth);
  Mask kept = opened;
  for_each_part(opened, 1, [&](const Part& part) {
    if (!small(part, kPartShare)) return;
    for (const auto& [x, y] : part) kept.at(x, y) = 0;
  });
  return kept;
}

}  // namespace

Mask dilated(const Mask& mask, int cells) {
  Mask out(mask.width(), mask.height());
  for (int dy = -cells; dy <= cells; ++dy) {  // a disc, a row of it at a time
    const int reach = static_cast<int>(std::sqrt(static_cast<float>(cells * cells + 1 - dy * dy)));
    for (int y = std::max(0, -dy); y < std::min(mask.height(), mask.height() - dy); ++y) {
      const std::uint8_t* from = mask.row(y + dy);
      std::uint8_t* to = out.row(y);
      for (int dx = -reach; dx <= reach; ++dx) {
        const int end = std::min(mask.width(), mask.width() - dx);
        for (int x = std::max(0, -dx); x < end; ++x) to[x] |= from[x + dx];
      }
    }
  }
  return out;
}
Mask eroded(const Mask& mask, int cells) { return inverted(dilated(inverted(mask), cells)); }

std::int64_t area_of(const Mask& mask) {
  return std::count(mask.cells().begin(), mask.cells().end(), std::uint8_t{1});
}

Mask loose_mask(const Tensor& tensor) {
  const Tensor smooth = blurred(tensor, kLooseSigmaPx);
  const Flow flow = flow_of(smooth);
  Field coherent = smooth.energy, coherence = coherent;
  for (std::ptrdiff_t i = 0; i < coherent.size(); ++i) {
    coherence.cells().data()[i] = flow.coherence(i);
    coherent.cells().data()[i] *= flow.coherence(i);
  }
  const float least_coherence =
      std::min(kLooseCoherence, kUsualCoherence * quantile(coherence, {}, 0.9F));
  const float least = kLooseEnergy * quantile(coherent, {}, 0.9F);
  Mask mask(coherent.width(), coherent.height());
  for (std::ptrdiff_t i = 0; i < coherent.size(); ++i) {
    mask.cells().data()[i] =
        coherent.cells().data()[i] > least && flow.coherence(i) > least_coherence ? 1 : 0;
  }
  return tidied(mask, [](const Part&, const Mask&) { return false; });
}

Mask strict_mask(const Evidence& evidence, const Mask& loose, const CellGrey& grey) {
  const float usual = quantile(evidence.confidence, loose, 0.8F);
  const float least_confidence =
      std::max(std::min(kLeastConfidence, kUsualConfidence * usual), kConfidenceShare * usual);
  const float least_correlation =
      std::min(kLeastCorrelation, kUsualCorrelation * quantile(evidence.correlation, loose, 0.8F));
  const float least_amplitude = kAmplitudeShare * quantile(evidence.amplitude, loose, 0.8F);
  Mask mask(loose.width(), loose.height());
  for (std::ptrdiff_t i = 0; i < mask.size(); ++i) {
    mask.cells().data()[i] = loose.cells().data()[i] != 0 &&
                                     evidence.correlation.cells().data()[i] > least_correlation &&
                                     evidence.confidence.cells().data()[i] > least_confidence &&
                                     evidence.amplitude.cells().data()[i] > least_amplitude
                                 ? 1
                                 : 0;
  }
  const auto is_ground = [&grey](const Part& gap, const Mask& closed) {
    return reaches_the_edge(gap, closed) &&
           median_of(grey.mean, gap) > quantile(grey.mean, closed, 0.5F) &&
           median_of(grey.deviation, gap) < kEvenShare * quantile(grey.deviation, closed, 0.5F);
  };
  return tidied(mask, is_ground);
}

}  // namespace whorl::features
