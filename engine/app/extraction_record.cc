#include "engine/app/extraction_record.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/base/limits.h"
#include "engine/formats/finger_templates.h"

namespace whorl::app {
namespace {

using features::Extraction;

// Formats have room for at most 15 of each.
formats::CoresAndDeltas cores_and_deltas(const Extraction& e) {
  constexpr std::size_t kMost = 15;
  formats::CoresAndDeltas all;
  for (const features::SingularPoint& p : e.singular_points) {
    const auto x = static_cast<std::uint16_t>(std::max(0L, std::lround(p.x_px)));
    const auto y = static_cast<std::uint16_t>(std::max(0L, std::lround(p.y_px)));
    if (p.kind == features::SingularKind::core && all.cores.size() < kMost) {
      all.cores.push_back({x, y, std::nullopt});
    } else if (p.kind == features::SingularKind::delta && all.deltas.size() < kMost) {
      all.deltas.push_back({x, y, std::nullopt});
    }
  }
  return all;
}

// Records number their minutiae from 1; 0 stands for the neighbour that a sector does not have
// (docs/formats/README.md).
formats::RidgeCounts ridge_counts(const Extraction& e) {
  static_assert(kMaxMinutiaePerTemplate <= 255, "a number is one byte");
  const auto number = [](std::size_t index) { return static_cast<std::uint8_t>(index + 1); };
  formats::RidgeCounts all;
  all.method = e.ridge_counts.size() == 4 * e.print.minutiae.size()
                   ? formats::RidgeCountMethod::quadrants
                   : formats::RidgeCountMethod::octants;
  for (const features::RidgesBetween& r : e.ridge_counts) {
    all.counts.push_back({number(r.from), r.to ? number(*r.to) : std::uint8_t{0},
                          static_cast<std::uint8_t>(std::min(r.ridges, 255))});
  }
  return all;
}

}  // namespace

Result<Bytes> record_of(const std::vector<Extraction>& prints, formats::MinutiaeFormat format) {
  std::vector<FingerTemplate> templates;
  int width_px = 1, height_px = 1;  // the forms of 2004 and 2005 have one frame for all views
  for (const Extraction& e : prints) {
    templates.push_back(e.print);
    width_px = std::max(width_px, e.width_px), height_px = std::max(height_px, e.height_px);
  }
  WHORL_TRY(formats::MinutiaeRecord record, formats::to_minutiae_record(templates, format));
  for (std::size_t i = 0; i < prints.size(); ++i) {
    formats::FingerView& view = record.views.at(i);
    view.width_px = static_cast<std::uint16_t>(width_px);
    view.height_px = static_cast<std::uint16_t>(height_px);
    if (!prints[i].ridge_counts.empty()) view.extensions.emplace_back(ridge_counts(prints[i]));
    if (!prints[i].singular_points.empty()) {
      view.extensions.emplace_back(cores_and_deltas(prints[i]));
    }
  }
  return formats::encode_minutiae_record(record);
}

}  // namespace whorl::app
