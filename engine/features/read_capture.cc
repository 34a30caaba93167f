#include "engine/features/read_capture.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/features/fingerprint/slap.h"
#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/finger_image_record.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/images/icao_dg2.h"
#include "engine/formats/images/nist_itl.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/read_templates.h"

namespace whorl::features {
namespace {

// Coarse pictures grow when they are brought to 500 ppi: what all of them come to is judged first.
Result<> check_size(const std::vector<formats::FingerImage>& pictures,
                    std::optional<PixelsPerInch> ppi) {
  double pixels = 0;
  for (const formats::FingerImage& finger : pictures) {
    const double own = (ppi ? *ppi : finger.image.ppi.value_or(PixelsPerInch{500})).value();
    const double scale = kCanonicalPixelsPerInch / std::max(own, double{kMinPixelsPerInch});
    pixels += static_cast<double>(finger.image.width_px) * finger.image.height_px * scale * scale;
  }
  if (pixels > static_cast<double>(kMaxPrintPixelsPerFile)) return fail(Fault::limit_exceeded);
  return {};
}

// Extracts the fingers of one picture, several of a slap, and adds them to `extractions`.
Result<> add_fingers(formats::FingerImage picture, std::optional<PixelsPerInch> ppi,
                     const ExtractionOptions& options, std::vector<Extraction>& extractions,
                     std::vector<ExtractionTrace>* traces) {
  if (ppi) picture.image.ppi = ppi;
  if (!picture.image.ppi) return fail(Fault::bad_resolution);
  WHORL_TRY(const std::vector<SlapFinger> fingers, fingers_in(picture));
  for (const SlapFinger& finger : fingers) {
    ExtractionTrace* trace = traces != nullptr ? &traces->emplace_back() : nullptr;
    WHORL_TRY(Extraction extraction, extract_print(finger.image, std::nullopt, options, trace));
    extraction.print.position = finger.position;
    extractions.push_back(std::move(extraction));
  }
  return {};
}

// Names the one of several; counted as they stand in the file.
tl::unexpected<Error> no_finger(std::size_t fingers, std::size_t which) {
  return fail(Fault::no_finger, 0, fingers > 1 ? "finger " + std::to_string(which + 1) : "");
}

}  // namespace

bool is_picture(std::span<const std::byte> bytes) {
  return formats::detect_image_format(bytes) || formats::looks_like_finger_image_record(bytes) ||
         formats::looks_like_nist_itl(bytes);
}

Result<std::vector<Extraction>> extract_fingers(std::span<const std::byte> bytes,
                                                std::optional<PixelsPerInch> ppi,
                                                const ExtractionOptions& options,
                                                std::vector<ExtractionTrace>* traces) {
  WHORL_TRY(std::vector<formats::FingerImage> pictures, formats::read_finger_images(bytes));
  if (traces != nullptr && pictures.size() > 1) {
    return fail(Fault::bad_argument, 0,
                "a trace shows one finger, and the image holds " + std::to_string(pictures.size()));
  }
  WHORL_TRY_VOID(check_size(pictures, ppi));
  std::vector<Extraction> extractions;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Result<> added = add_fingers(std::move(pictures[i]), ppi, options, extractions, traces);
    if (added) continue;
    Error error = added.error();
    if (pictures.size() > 1) {
      error.where =
          "picture " + std::to_string(i + 1) + (error.where.empty() ? "" : ", " + error.where);
    }
    return tl::unexpected<Error>(std::move(error));
  }
  return extractions;
}

bool shows_a_finger(const Extraction& extraction) {
  return std::ranges::find(extraction.quality.flaws, QualityFlaw::not_a_fingerprint) ==
         extraction.quality.flaws.end();
}

Result<std::vector<FaceExtraction>> extract_faces(std::span<const std::byte> bytes,
                                                  const FaceOptions& options) {
  WHORL_TRY(const std::vector<formats::FaceImage> pictures, formats::read_face_images(bytes));
  WHORL_TRY(const auto extractor, shared_face_extractor(options.model));
  std::vector<FaceExtraction> extractions;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    Result<FaceExtraction> one = extractor->extract(pictures[i].image, options.rivals);
    if (!one) {
      return at(std::move(one).error(),
                pictures.size() > 1 ? "picture " + std::to_string(i + 1) : "");
    }
    extractions.push_back(std::move(*one));
  }
  return extractions;
}

namespace {

template <class Quality>
Flaws named_flaws(const Quality& quality) {
  Flaws flaws;
  for (const auto flaw : quality.flaws) flaws.push_back({name_of(flaw), text_of(flaw)});
  return flaws;
}

// The templates of a file and what is wrong with each.
struct Read {
  std::vector<Template> templates;
  std::vector<Flaws> flaws;
};

Result<Read> finger_templates(std::span<const std::byte> bytes, const CaptureOptions& options) {
  WHORL_TRY(std::vector<Extraction> extractions,
            extract_fingers(bytes, options.ppi, options.print));
  Read read;
  for (Extraction& extraction : extractions) {
    if (!shows_a_finger(extraction)) return no_finger(extractions.size(), read.templates.size());
    read.templates.emplace_back(std::move(extraction.print));
    read.flaws.push_back(flaws_of(extraction.quality));
  }
  return read;
}

Result<Read> face_templates(std::span<const std::byte> bytes, const CaptureOptions& options) {
  WHORL_TRY(std::vector<FaceExtraction> extractions, extract_faces(bytes, options.face));
  Read read;
  for (FaceExtraction& extraction : extractions) {
    read.templates.emplace_back(std::move(extraction.face));
    read.flaws.push_back(flaws_of(extraction.quality));
  }
  return read;
}

// All that a transaction holds: of one kind there may be none, but what is there must be readable.
Result<Read> of_both_kinds(std::span<const std::byte> bytes, const CaptureOptions& options) {
  Result<Read> fingers = finger_templates(bytes, options);
  if (!fingers && fingers.error().fault != Fault::not_found) return fingers;
  Result<Read> faces = face_templates(bytes, options);
  if (!faces) return fingers && faces.error().fault == Fault::not_found ? fingers : faces;
  if (!fingers) return faces;
  std::ranges::move(faces->templates, std::back_inserter(fingers->templates));
  std::ranges::move(faces->flaws, std::back_inserter(fingers->flaws));
  return fingers;
}

// Of a bare picture that does not say what it shows.
Result<Read> tell_apart(std::span<const std::byte> bytes, const CaptureOptions& options) {
  Result<Read> fingers = finger_templates(bytes, options);
  if (fingers) return fingers;
  Result<Read> faces = face_templates(bytes, options);
  if (faces) return faces;
  const Fault fault = faces.error().fault;
  const bool saw_a_face = fault == Fault::many_faces || fault == Fault::face_too_small;
  return saw_a_face ? faces : fingers;
}

Result<Read> read(std::span<const std::byte> bytes, const CaptureOptions& options) {
  if (is_face_record(bytes)) return face_templates(bytes, options);
  if (!is_picture(bytes)) {
    WHORL_TRY(std::vector<Template> templates, formats::read_templates(bytes, options.ppi));
    std::vector<Flaws> none(templates.size());
    return Read{std::move(templates), std::move(none)};
  }
  if (formats::looks_like_finger_image_record(bytes)) return finger_templates(bytes, options);
  if (!options.modality) {
    return formats::looks_like_nist_itl(bytes) ? of_both_kinds(bytes, options)
                                               : tell_apart(bytes, options);
  }
  return *options.modality == Modality::face ? face_templates(bytes, options)
                                             : finger_templates(bytes, options);
}

}  // namespace

bool is_face_record(std::span<const std::byte> bytes) {
  return formats::looks_like_face_image_record(bytes) || formats::looks_like_icao_dg2(bytes);
}

bool are_pictures_of_faces(std::span<const std::byte> bytes,
                           const std::vector<Template>& templates) {
  return (formats::detect_image_format(bytes) || is_face_record(bytes)) &&
         std::ranges::all_of(templates,
                             [](const Template& t) { return modality_of(t) == Modality::face; });
}

Flaws flaws_of(const PrintQuality& quality) { return named_flaws(quality); }
Flaws flaws_of(const FaceQuality& quality) { return named_flaws(quality); }

Result<std::vector<Template>> read_capture(std::span<const std::byte> bytes,
                                           const CaptureOptions& options,
                                           std::vector<Flaws>* flaws) {
  WHORL_TRY(Read all, read(bytes, options));
  if (flaws != nullptr) *flaws = std::move(all.flaws);
  return std::move(all.templates);
}

}  // namespace whorl::features
