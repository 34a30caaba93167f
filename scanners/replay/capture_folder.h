#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::scanners {

// Whom a template is of, when it was captured, and what is known of them.
struct CaptureOwner {
  SubjectId subject;
  std::uint32_t visit = 0;
  Demographics demographics;
  std::string source;
};

// A folder of files of templates or pictures with the manifest.csv that names them, as open_replay
// and `whorl enroll --manifest` read it: one file a capture, a thousand subjects a subfolder. The
// manifest is written last: a folder without one is not complete.
class CaptureFolder {
 public:
  // Prints are written in `format`, or, without one, in the engine's own container, as faces always
  // are. Faults: already_exists where there is a manifest; io_error.
  static Result<CaptureFolder> create(std::filesystem::path folder,
                                      std::optional<formats::MinutiaeFormat> format);

  // Faults: already_exists, disk_full, io_error, and those of encoding.
  Result<> add(const CaptureOwner& owner, const Template& value);
  // A finger's picture at 500 ppi, as PNG.
  Result<> add(const CaptureOwner& owner, FingerPosition position, const Image& picture);
  // A file of pictures of faces, as it came.
  Result<> add_faces(const CaptureOwner& owner, std::span<const std::byte> file);
  Result<std::filesystem::path> finish();  // of the manifest
  std::int64_t files() const { return files_; }

 private:
  CaptureFolder(std::filesystem::path folder, std::optional<formats::MinutiaeFormat> format)
      : folder_(std::move(folder)), format_(format) {}
  // What a file holds, for its name and its row.
  struct Content {
    Modality modality = Modality::finger;
    FingerPosition position = FingerPosition::unknown;
    std::string_view ending;
  };
  Result<> add(const CaptureOwner& owner, const Content& content, std::span<const std::byte> bytes);
  Result<std::filesystem::path> place_for(const CaptureOwner& owner, const Content& content);
  static std::string row(const CaptureOwner& owner, const Content& content,
                         const std::filesystem::path& path);

  std::filesystem::path folder_;
  std::optional<formats::MinutiaeFormat> format_;
  std::string rows_;
  std::int64_t files_ = 0;
  std::filesystem::path made_;  // the subfolder made last
  SubjectId subject_;
  std::map<std::string, int> times_;  // how often a name was used for this subject
};

}  // namespace whorl::scanners
