#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/features/read_capture.h"

namespace whorl::scanners {

// A file of templates or pictures that is not read yet, and what is known of it beside what it says
// itself.
struct CaptureFile {
  std::filesystem::path path;
  std::optional<Modality> modality;                   // nothing: whatever it holds
  FingerPosition position = FingerPosition::unknown;  // unknown: as the record says
  std::optional<PixelsPerInch> ppi;                   // nothing: as the record says
  std::int64_t line = 0;                              // of the manifest that names it; 0: none does
  features::ExtractionMode extraction = features::ExtractionMode::accurate;  // of pictures
  features::FaceOptions face{};                                              // likewise
};

// The templates that are meant: a position's views of a record, or its only view, which is given
// that position; pictures are made templates. Every fault names the file: those of read_file and
// read_capture; bad_manifest
// where it holds another modality; bad_manifest, or bad_argument where no manifest named the file,
// where it has several views and none is the position's. `flaws` as of read_capture; `bytes`, where
// given, receives what the file holds.
Result<std::vector<Template>> read_capture_file(const CaptureFile& file,
                                                std::vector<features::Flaws>* flaws = nullptr,
                                                Bytes* bytes = nullptr);

// Endings of template files: .iso .fmr .ansi .whorl .bin; of pictures of fingers: .png .jpg .jpeg
// .tif .tiff .bmp .pgm .jp2 .j2k .jpc .wsq .fir, in small letters or capitals.
bool has_template_ending(const std::filesystem::path& path);
bool has_image_ending(const std::filesystem::path& path);

// What FVC and folders of captures call their files: "101_4.iso" is impression 4 of finger 101, or
// of subject 101. Nothing for other names.
struct NumberedName {
  std::uint64_t number = 0;
  std::uint32_t impression = 0;
  auto operator<=>(const NumberedName&) const = default;
};
std::optional<NumberedName> numbered_name(const std::filesystem::path& path);

}  // namespace whorl::scanners
