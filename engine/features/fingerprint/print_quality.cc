#include "engine/features/fingerprint/print_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr float kMmPerCell = 25.4F * kCellPx / 500;
constexpr float kConfidenceSigmaPx = 12;  // as the strict mask's evidence is blurred

// A cell shows ridges where the unfiltered picture is periodic, with a period that skin has (a
// child's 4.5 px, a large man's 12) and a flow that is coherent. Of 554 prints none had less than
// 0.27 of the finger's area so; of 73 faces, photographs, noise and texts none more than 0.12.
constexpr float kRidgeConfidence = 0.1F, kRidgeCoherence = 0.8F;
constexpr float kShortestSkinPx = 4, kLongestSkinPx = 13;
constexpr float kNoFingerShare = 0.1F, kFingerShare = 0.2F;
// Skin has 0.37 minutiae a square millimetre (docs/simulation.md); gratings, bar codes and lined
// paper have none.
constexpr float kFewestPerMm2 = 0.05F;

// So many effective minutiae score 63: the median print of FVC2002. Under a score of 20 one
// comparison in five misses its mate at a false match rate of 1 in 10,000, over 40 one in seventy
// (docs/quality.md).
constexpr float kTypicalEffective = 5.3F;

constexpr float kMatedAtBest = 0.67F;  // share of minutiae of full quality that find their mate

// Where flaws begin.
constexpr float kSmallMm2 = 80;  // a disc of 10 mm: two such that overlap by half share 15 minutiae
// What NFIQ 2 calls a sufficient foreground, 50,000 px; where more than this is left, being cut or
// off the centre has cost nothing.
constexpr float kAmpleMm2 = 130;
constexpr int kFewMinutiae = 15;  // scanners/quality_gate.h says why
// Clear enough: thin, dark or faint ridges do no harm while these are reached.
constexpr float kClearReliability = 0.35F, kClearShare = 0.6F;
constexpr float kSmudgedLoss = 0.2F;  // of that clearness, for no other reason
constexpr float kDryShare = 0.34F, kWetShare = 0.53F;
constexpr float kFaintGrey = 18;  // of 255
constexpr float kCutMm = 6, kRoomMm = 4;
constexpr float kCutShare = 0.3F;  // of the print's outline

bool shows_ridges(const ClearRidges& clear, float confidence, std::ptrdiff_t cell) {
  static const float kShortest = std::log(kShortestSkinPx), kLongest = std::log(kLongestSkinPx);
  const float period = clear.course.log_period.cells().data()[cell];
  return confidence > kRidgeConfidence && period > kShortest && period < kLongest &&
         clear.course.flow.coherence(cell) > kRidgeCoherence;
}

// The finger's area, and the part of it with ridges.
struct Areas {
  float finger_mm2 = 0, ridges_mm2 = 0;
};
Areas areas_of(const Survey& survey, const ClearRidges& clear, const Field& confidence) {
  Areas areas;
  for (std::ptrdiff_t i = 0; i < confidence.size(); ++i) {
    if (survey.loose.cells().data()[i] == 0) continue;
    areas.finger_mm2 += kMmPerCell * kMmPerCell;
    if (clear.mask.cells().data()[i] != 0 && shows_ridges(clear, confidence.cells().data()[i], i)) {
      areas.ridges_mm2 += kMmPerCell * kMmPerCell;
    }
  }
  return areas;
}

// A minutia's reliability is its quality times the root of the period's confidence there: of what
// was tried, the best guess at whether its mate will be found (docs/quality.md).
float mean_reliability(const std::vector<Minutia>& minutiae) {
  float sum = 0;
  for (const Minutia& m : minutiae) sum += 0.01F * static_cast<float>(m.quality);
  return minutiae.empty() ? 0 : kMatedAtBest * sum / static_cast<float>(minutiae.size());
}

// Grey levels on ridges and in valleys, and how much of the print is dark.
struct Tones {
  float contrast = 0, dark_share = 0;
};
Tones tones_of(const Field& grey, const Survey& survey, const ClearRidges& clear) {
  float sum[2] = {0, 0}, count[2] = {0, 0}, dark = 0;
  for (int y = 0; y < grey.height(); y += 2) {
    const std::uint8_t* inside = clear.mask.row(y / kCellPx);
    const float *level = grey.row(y), *filtered = clear.filtered.row(y),
                *normal = survey.normal.row(y);
    for (int x = 0; x < grey.width(); x += 2) {
      if (inside[x / kCellPx] == 0) continue;
      const int ridge = filtered[x] > 0 ? 1 : 0;
      sum[ridge] += level[x], count[ridge] += 1;
      dark += normal[x] > 0 ? 1.0F : 0.0F;
    }
  }
  if (count[0] == 0 || count[1] == 0) return {};
  const float contrast = sum[0] / count[0] - sum[1] / count[1];
  return {survey.light_ridges ? -contrast : contrast, dark / (count[0] + count[1])};
}

// How the print lies in the picture.
struct Placing {
  // Along the edge that it runs over and from whose opposite it lies farthest, where there is such
  // an edge, and how far that is.
  float cut_mm = 0, room_mm = 0;
  float cut_share = 0;  // of its outline, at all edges
};
Placing placing_of(const Mask& mask) {
  const int w = mask.width(), h = mask.height();
  std::array<int, 4> touched{}, room = {w, w, h, h};  // left, right, top, bottom
  int outline = 0;
  const auto ends = [&](int x, int y) { return !mask.contains(x, y) || mask.at(x, y) == 0; };
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      if (mask.at(x, y) == 0) continue;
      const std::array<int, 4> away = {x, w - 1 - x, y, h - 1 - y};
      for (std::size_t side = 0; side < 4; ++side) {
        room[side] = std::min(room[side], away[side]);
        touched[side] += away[side] == 0 ? 1 : 0;
      }
      outline += ends(x - 1, y) + ends(x + 1, y) + ends(x, y - 1) + ends(x, y + 1);
    }
  }
  Placing placing;
  int cut = 0;
  for (std::size_t side = 0; side < 4; ++side) {
    cut += touched[side];
    const float mm = kMmPerCell * static_cast<float>(touched[side]);
    const float opposite_mm = kMmPerCell * static_cast<float>(room[side ^ 1U]);
    if (mm <= kCutMm || opposite_mm < placing.room_mm) continue;
    placing.cut_mm = mm, placing.room_mm = opposite_mm;
  }
  if (outline > 0) placing.cut_share = static_cast<float>(cut) / static_cast<float>(outline);
  return placing;
}

// Flaws, and the share that each has lost of what would have been enough, so that unlike ones can
// be put in order.
class Flaws {
 public:
  void add(QualityFlaw flaw, float loss) {
    if (loss > 0) found_.push_back({flaw, loss});
  }
  std::vector<QualityFlaw> sorted() && {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Found& a, const Found& b) { return a.loss > b.loss; });
    std::vector<QualityFlaw> flaws;
    for (const Found& f : found_) flaws.push_back(f.flaw);
    return flaws;
  }

 private:
  struct Found {
    QualityFlaw flaw;
    float loss;
  };
  std::vector<Found> found_;
};

void add_flaws_of_extent(const PrintQuality& q, float cut_share, Flaws& flaws) {
  const float loss = 1 - q.area_mm2 / kAmpleMm2;
  if (q.room_mm > kRoomMm) {
    flaws.add(QualityFlaw::off_centre, loss);
  } else if (cut_share > kCutShare) {
    flaws.add(QualityFlaw::cut_off, loss);
  }
  flaws.add(QualityFlaw::too_small, 1 - q.area_mm2 / kSmallMm2);
  if (q.area_mm2 >= kSmallMm2) {
    flaws.add(QualityFlaw::few_minutiae, 1 - static_cast<float>(q.minutiae) / kFewMinutiae);
  }
}

void add_flaws_of_clearness(const PrintQuality& q, Flaws& flaws) {
  const float loss = 1 - std::min(q.reliability / kClearReliability, q.clear_share / kClearShare);
  const bool dry = q.dark_share<kDryShare, wet = q.dark_share> kWetShare,
             faint = q.contrast_grey < kFaintGrey;
  if (dry) flaws.add(QualityFlaw::too_dry, loss);
  if (wet) flaws.add(QualityFlaw::too_wet, loss);
  if (faint) flaws.add(QualityFlaw::faint, loss);
  if (!dry && !wet && !faint && loss > kSmudgedLoss) flaws.add(QualityFlaw::smudged, loss);
}

bool is_a_finger(const PrintQuality& q) {
  return q.clear_share > (kNoFingerShare + kFingerShare) / 2 && q.minutiae > 0 &&
         static_cast<float>(q.minutiae) > kFewestPerMm2 * q.area_mm2;
}

std::uint8_t score_of(const PrintQuality& q) {
  const float finger =
      std::clamp((q.clear_share - kNoFingerShare) / (kFingerShare - kNoFingerShare), 0.0F, 1.0F);
  const float score = 100 * finger * (1 - std::exp(-q.effective_minutiae / kTypicalEffective));
  return static_cast<std::uint8_t>(std::lround(score));
}

std::vector<QualityFlaw> flaws_of(const PrintQuality& q, float cut_share) {
  if (!is_a_finger(q)) return {QualityFlaw::not_a_fingerprint};
  Flaws flaws;
  add_flaws_of_extent(q, cut_share, flaws);
  add_flaws_of_clearness(q, flaws);
  return std::move(flaws).sorted();
}

}  // namespace

std::string_view name_of(QualityFlaw flaw) {
  constexpr std::array<std::string_view, kQualityFlaws> kNames = {
      "not-a-fingerprint", "too-small", "cut-off", "off-centre",  "too-dry",
      "too-wet",           "faint",     "smudged", "few-minutiae"};
  return kNames[static_cast<std::size_t>(flaw)];
}

std::string_view text_of(QualityFlaw flaw) {
  switch (flaw) {
    case QualityFlaw::not_a_fingerprint:
      return "No fingerprint is seen; place the finger flat on the scanner.";
    case QualityFlaw::too_small:
      return "Little of the finger touches; press a little more firmly with the flat of the "
             "finger.";
    case QualityFlaw::cut_off:
      return "Part of the finger lies outside the picture; place it so that its middle is seen.";
    case QualityFlaw::off_centre:
      return "The finger lies too near one edge; move it to the middle of the scanner.";
    case QualityFlaw::too_dry:
      return "The finger is too dry; moisten it, rub the hands together or press more firmly.";
    case QualityFlaw::too_wet:
      return "The finger is too wet or pressed too hard; wipe it dry and touch lightly.";
    case QualityFlaw::faint:
      return "The print is faint; clean the scanner and press more firmly.";
    case QualityFlaw::smudged:
      return "The ridges are smudged; clean finger and scanner and hold the finger still.";
    case QualityFlaw::few_minutiae:
      return "There is too little in the print to compare; show more of the finger or another one.";
  }
  return {};
}

PrintQuality quality_of(const Field& grey, const Survey& survey, const ClearRidges& clear,
                        const std::vector<Minutia>& minutiae) {
  const Field confidence = blurred(survey.period.confidence, kConfidenceSigmaPx / kCellPx);
  const Areas areas = areas_of(survey, clear, confidence);
  const Tones tones = tones_of(grey, survey, clear);
  const Placing placing = placing_of(clear.mask);
  PrintQuality q;
  q.minutiae = static_cast<int>(minutiae.size());
  q.reliability = mean_reliability(minutiae);
  q.effective_minutiae = static_cast<float>(q.minutiae) * q.reliability * q.reliability;
  q.area_mm2 = areas.ridges_mm2;
  q.clear_share = areas.ridges_mm2 / std::max(areas.finger_mm2, 1e-6F);
  q.contrast_grey = tones.contrast, q.dark_share = tones.dark_share;
  q.cut_mm = placing.cut_mm, q.room_mm = placing.room_mm;
  q.score.value = score_of(q);
  q.flaws = flaws_of(q, placing.cut_share);
  return q;
}

}  // namespace whorl::features
