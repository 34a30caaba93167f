#include "engine/app/report/backdrop.h"

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/limits.h"
#include "engine/features/fingerprint/slap.h"
#include "engine/features/read_capture.h"
#include "engine/formats/file_io.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/images/write_image.h"
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

// What each of the file's fingers is extracted of, in the order of extract_fingers.
Result<std::vector<Image>> fingers_of(std::span<const std::byte> bytes,
                                      std::optional<PixelsPerInch> ppi) {
  WHORL_TRY(std::vector<formats::FingerImage> pictures, formats::read_finger_images(bytes));
  std::vector<Image> fingers;
  for (formats::FingerImage& picture : pictures) {
    if (ppi) picture.image.ppi = ppi;
    WHORL_TRY(std::vector<features::SlapFinger> shown, features::fingers_in(picture));
    for (features::SlapFinger& finger : shown) fingers.push_back(std::move(finger.image));
  }
  return fingers;
}

// A browser shows the file as it is, and the same rows and columns of it as extraction saw.
bool can_be_shown(const Result<EmbeddedImage>& file, const Image& picture) {
  return file && std::cmp_equal(file->width_px, picture.width_px) &&
         std::cmp_equal(file->height_px, picture.height_px);
}

Result<EmbeddedImage> embedded(std::span<const std::byte> bytes, const Image& picture) {
  const auto format = formats::detect_image_format(bytes);
  if (format == formats::ImageFormat::png || format == formats::ImageFormat::jpeg) {
    Result<EmbeddedImage> as_it_is = embed_image(bytes);
    if (can_be_shown(as_it_is, picture)) return as_it_is;
  }
  WHORL_TRY(const Bytes png, formats::encode_png(picture));
  return embed_image(png);
}

}  // namespace

Result<Backdrop> read_backdrop(const std::filesystem::path& image_file,
                               const std::filesystem::path& template_file, std::size_t view,
                               std::optional<PixelsPerInch> ppi) {
  WHORL_TRY(EmbeddedImage image, embed_image_file(image_file));
  WHORL_TRY(const Bytes bytes, formats::read_file(template_file, kMaxImageFileBytes));
  if (features::is_picture(bytes)) {
    return fail(Fault::bad_argument, 0,
                template_file.string() + " is a picture itself and is drawn; leave out " +
                    image_file.string());
  }
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

Result<std::optional<Backdrop>> own_backdrop(const std::filesystem::path& capture_file,
                                             std::size_t view, std::optional<PixelsPerInch> ppi) {
  WHORL_TRY(const Bytes bytes, formats::read_file(capture_file, kMaxImageFileBytes));
  if (!features::is_picture(bytes)) return std::nullopt;
  WHORL_TRY(const std::vector<Image> fingers, fingers_of(bytes, ppi));
  const Image& finger = fingers.at(view);
  Result<EmbeddedImage> image = embedded(bytes, finger);
  if (!image) return at(std::move(image).error(), capture_file.string());
  const formats::CaptureFrame frame = own_frame(*image, finger.ppi);
  return Backdrop{*std::move(image), frame};
}

}  // namespace whorl::app
