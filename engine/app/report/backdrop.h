#pragma once

#include <filesystem>
#include <optional>

#include "engine/app/report/embedded_image.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/formats/finger_templates.h"

namespace whorl::app {

// The capture a template was made of, to be drawn under its minutiae.
struct Backdrop {
  EmbeddedImage image;
  formats::CaptureFrame frame;  // what the image covers, from the template's origin
};

// Reads an image and lays it in the frame of view `view` (from 0) of a template file, whatever the
// image's own resolution. The engine's container knows no frame: there the image is taken to be at
// `ppi`, or at 500. Faults: those of embed_image_file; bad_argument where image and frame differ in
// shape, which is how another capture's image is noticed, and where the template file is a picture
// itself.
Result<Backdrop> read_backdrop(const std::filesystem::path& image,
                               const std::filesystem::path& template_file, std::size_t view,
                               std::optional<PixelsPerInch> ppi);

// The picture itself that print `view` (from 0) of a file was extracted of, cut out where it shows
// several fingers: PNG and JPEG of one finger as they are, everything else (WSQ, TIFF, records ...)
// as PNG. Nothing where the file holds templates. `view` is one of those extract_fingers finds
// there with the same `ppi`. Faults: those of read_finger_images, fingers_in and encode_png;
// limit_exceeded beyond kMaxEmbeddedBytes.
Result<std::optional<Backdrop>> own_backdrop(const std::filesystem::path& capture_file,
                                             std::size_t view, std::optional<PixelsPerInch> ppi);

}  // namespace whorl::app
