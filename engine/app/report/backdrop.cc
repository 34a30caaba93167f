#include "engine/app/report/backdrop.h"

#include <cmath>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/formats/file_io.h"
#include "engine/formats/template_container.h"

namespace whorl::app {
namespace {

// Image and frame may differ by a cut-off row or so.
constexpr double kMostShapeDifference = 0.02;

formats::CaptureFrame own_frame(const EmbeddedImage& image, std::optional<PixelsPerInch> ppi) {
  const double scale = kCanonicalPixelsPerInch / ppi.value_or(PixelsPerInch{500}).value();
  return {static_cast<float>(image.width_px * scale), static_cast<float>(image.height_px * scale)};
}

bool same_shape(const EmbeddedImage& image, const formats::CaptureFrame& frame) {
  const double a = static_cast<double>(image.width_px) * frame.height_px;
  const double b = static_cast<double>(image.height_px) * frame.width_px;
  return std::abs(a - b) <= kMostShapeDifference * std::max(a, b);
}

}  // namespace

Result<Backdrop> read_backdrop(const std::filesystem::path& image_file,
                               const std::filesystem::path& template_file, std::size_t view,
                               std::optional<PixelsPerInch> ppi) {
  WHORL_TRY(EmbeddedImage image, embed_image_file(image_file));
  WHORL_TRY(const Bytes bytes, formats::read_file(template_file));
  if (formats::is_template_container(bytes)) {
    const formats::CaptureFrame frame = own_frame(image, ppi);
    return Backdrop{std::move(image), frame};
  }
  WHORL_TRY(const formats::MinutiaeRecord record, formats::decode_minutiae_record(bytes));
  WHORL_TRY(const formats::ConvertedRecord converted, formats::to_finger_templates(record, ppi));
  const formats::CaptureFrame frame = converted.frames.at(view);
  if (!same_shape(image, frame)) {
    return fail(Fault::bad_argument, 0,
                image_file.string() + ", " + std::to_string(image.width_px) + " x " +
                    std::to_string(image.height_px) + " px; the template's capture was " +
                    std::to_string(record.views.at(view).width_px) + " x " +
                    std::to_string(record.views.at(view).height_px));
  }
  return Backdrop{std::move(image), frame};
}

}  // namespace whorl::app
