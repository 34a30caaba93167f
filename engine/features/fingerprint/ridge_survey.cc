#include "engine/features/fingerprint/ridge_survey.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr int kWiderCells = 2;
constexpr float kCourseSigmaPx = 8;    // of the second look's tensor
constexpr float kLevelSigmaCells = 2;  // of the amplitude that is levelled
constexpr float kEvidencePx = 11.3F;   // 8 and 8, one after the other
constexpr float kConfidencePx = 12;
constexpr float kSurelyPeriodic = 0.45F;  // a good print's confidence
// A background this much darker than the finger, and this large, tells that ridges are light.
constexpr float kDarkerGrey = 30;
constexpr float kBackgroundShare = 0.1F;

// Values over the root of their mean square nearby, so that faint ridges have a say.
Field levelled(Field filtered, int block) {
  Field scale = filtered;
  for (float& v : scale.cells()) v *= v;
  scale = blurred(block_means(scale, block), kLevelSigmaCells);
  const float floor = 1e-3F * quantile(scale, {}, 0.9F) + 1e-9F;
  for (float& v : scale.cells()) v = 1 / std::sqrt(v + floor);
  scale = spread(scale, block, filtered.width(), filtered.height());
  for (std::ptrdiff_t i = 0; i < filtered.size(); ++i) {
    filtered.cells().data()[i] *= scale.cells().data()[i];
  }
  return filtered;
}

bool background_is_darker(const Field& grey, const Mask& finger) {
  const Field cells = block_means(grey, kCellPx);
  double sum[2] = {0, 0}, count[2] = {0, 0};
  for (std::ptrdiff_t i = 0; i < cells.size(); ++i) {
    const int side = finger.cells().data()[i];
    sum[side] += cells.cells().data()[i], count[side] += 1;
  }
  return count[0] > kBackgroundShare * (count[0] + count[1]) && count[1] > 0 &&
         sum[1] / count[1] - sum[0] / count[0] > kDarkerGrey;
}

// Coherence squared times confidence: a cell's say in smoothing the flow.
Field trust_of(const Flow& flow, const Field& confidence) {
  Field trust = confidence;
  for (std::ptrdiff_t i = 0; i < trust.size(); ++i) {
    const float c = flow.coherence(i);
    trust.cells().data()[i] *= c * c;
  }
  return trust;
}

Evidence evidence_of(const Field& filtered, const Field& normal, const Field& confidence) {
  Field ff = filtered, nn = normal, fn = filtered;
  for (std::ptrdiff_t i = 0; i < ff.size(); ++i) {
    float &f = ff.cells().data()[i], &n = nn.cells().data()[i];
    fn.cells().data()[i] = f * n;
    f *= f, n *= n;
  }
  const auto smooth = [](const Field& f) {
    return blurred(block_means(f, kCellPx), kEvidencePx / kCellPx);
  };
  ff = smooth(ff), nn = smooth(nn), fn = smooth(fn);
  Evidence e{std::move(fn), ff, blurred(confidence, kConfidencePx / kCellPx)};
  for (std::ptrdiff_t i = 0; i < ff.size(); ++i) {
    const float f = ff.cells().data()[i];
    e.correlation.cells().data()[i] /= std::sqrt(f * nn.cells().data()[i]) + 1e-9F;
    e.amplitude.cells().data()[i] = std::sqrt(f);
  }
  return e;
}

ClearRidges judged(const Survey& survey, Field filtered, Course course) {
  ClearRidges clear;
  clear.filtered = std::move(filtered);
  clear.course = std::move(course);
  const Evidence evidence = evidence_of(clear.filtered, survey.normal, survey.period.confidence);
  clear.mask = strict_mask(evidence, survey.loose, survey.grey);
  clear.quality = evidence.correlation;
  for (std::ptrdiff_t i = 0; i < clear.quality.size(); ++i) {
    float& q = clear.quality.cells().data()[i];
    const float periodic = evidence.confidence.cells().data()[i] / kSurelyPeriodic;
    q = std::max(0.0F, q) * std::sqrt(clear.course.flow.coherence(i) * std::min(1.0F, periodic));
  }
  return clear;
}

void mix(Field& first, const Field& second, const Field& share) {
  for (std::ptrdiff_t i = 0; i < first.size(); ++i) {
    float& a = first.cells().data()[i];
    a += (1 - share.cells().data()[i]) * (second.cells().data()[i] - a);
  }
}

}  // namespace

Survey survey_of(const Field& grey) {
  Survey s;
  s.normal = normalised(grey);
  s.grey = cell_grey(grey);
  const Tensor tensor = structure_tensor(s.normal, 1);
  s.loose = loose_mask(tensor);
  s.wide = dilated(s.loose, kWiderCells);
  s.light_ridges = background_is_darker(grey, s.loose);
  if (s.light_ridges) {
    for (float& v : s.normal.cells()) v = -v;
    for (float& v : s.grey.mean.cells()) v = 255 - v;
  }
  s.flow = flow_of_two_scales(tensor);
  s.period = period_of(s.normal, 1, s.flow, s.wide);
  s.flow = diffused(s.flow, trust_of(s.flow, s.period.confidence), s.loose);
  return s;
}

Course course_of(const Field& cleared, const Mask& mask) {
  const Field level = levelled(cleared, kCellPx / 2);
  Course course{flow_of(blurred(structure_tensor(level, 2), kCourseSigmaPx)), {}};
  course.log_period = period_of(level, 2, course.flow, mask).log_px;
  return course;
}

ClearRidges clear_ridges(const Survey& survey, const RidgeFilter& filter, Course course) {
  Field filtered = filter.filtered(course.flow, course.log_period, survey.wide);
  return judged(survey, std::move(filtered), std::move(course));
}

ClearRidges blended(const Survey& survey, const ClearRidges& first, const ClearRidges& second) {
  Field share = first.quality;
  for (std::ptrdiff_t i = 0; i < share.size(); ++i) {
    const auto say = [i](const Field& quality) {
      const float q = quality.cells().data()[i] + 1e-3F;
      return q * q * q * q;
    };
    const float a = say(first.quality), b = say(second.quality);
    share.cells().data()[i] = a / (a + b);
  }
  Course course = first.course;
  mix(course.flow.cosine, second.course.flow.cosine, share);
  mix(course.flow.sine, second.course.flow.sine, share);
  mix(course.log_period, second.course.log_period, share);
  Field filtered = first.filtered;
  mix(filtered, second.filtered, spread(share, kCellPx, filtered.width(), filtered.height()));
  return judged(survey, std::move(filtered), std::move(course));
}

}  // namespace whorl::features
