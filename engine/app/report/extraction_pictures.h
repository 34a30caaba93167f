#pragma once
// The pictures of extraction_trace.h, one a figure.

#include <string>
#include <vector>

#include "engine/app/report/embedded_image.h"
#include "engine/app/report/svg.h"
#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/features/fingerprint/extract.h"

namespace whorl::app {

// A picture that the page carries once, and how much of the print it covers: px at 500 ppi.
struct Raster {
  std::string id;
  double width_px = 0, height_px = 0;
  EmbeddedImage image;
};

struct RidgeRasters {
  Raster filtered, quality;
};
struct ExtractionRasters {
  Raster grey, normal, period, confidence;
  Raster period_scale, share_scale;  // from the least to the most, for legends
  std::vector<RidgeRasters> ways;    // of the trace's ways
  RidgeRasters ridges;               // of what the minutiae were read from
  Raster skeleton;
};
// Faults: those of embed_raster.
Result<ExtractionRasters> rasters_of(const features::ExtractionTrace& trace);

// Each for a page that shows them in this order: the picture as it came and the scales are defined
// by the first that draws them. Circles are endings, squares forks, the tail points along the
// minutia's direction.
Svg template_picture(const FingerTemplate& print, const Raster& grey);
Svg normalised_picture(const Raster& normal);
Svg flow_picture(const features::Survey& survey, const Raster& grey);
Svg period_picture(const features::Survey& survey, const ExtractionRasters& rasters);
Svg filtered_picture(const features::Survey& survey, const features::ClearRidges& ridges,
                     const RidgeRasters& rasters, const Raster& share_scale);
Svg skeleton_picture(const features::ExtractionTrace& trace, const Raster& skeleton);

inline constexpr int kStrokesAcross = 60;  // of the flow, at most, along the longer side
int stroke_step_cells(const features::Flow& flow);

}  // namespace whorl::app
