#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "engine/base/biometrics.h"
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

// A folder of template files with the manifest.csv that names them, as open_replay and `whorl
// enroll --manifest` read it: one file a template, a thousand subjects a subfolder. The manifest is
// written last: a folder without one is not complete.
class CaptureFolder {
 public:
  // Prints are written in `format`, or, without one, in the engine's own container, as faces always
  // are. Faults: already_exists where there is a manifest; io_error.
  static Result<CaptureFolder> create(std::filesystem::path folder,
                                      std::optional<formats::MinutiaeFormat> format);

  // Faults: already_exists, disk_full, io_error, and those of encoding.
  Result<> add(const CaptureOwner& owner, const Template& value);
  Result<std::filesystem::path> finish();  // of the manifest
  std::int64_t files() const { return files_; }

 private:
  CaptureFolder(std::filesystem::path folder, std::optional<formats::MinutiaeFormat> format)
      : folder_(std::move(folder)), format_(format) {}
  Result<std::filesystem::path> place_for(const CaptureOwner& owner, const Template& value);

  std::filesystem::path folder_;
  std::optional<formats::MinutiaeFormat> format_;
  std::string rows_;
  std::int64_t files_ = 0;
  std::filesystem::path made_;  // the subfolder made last
  SubjectId subject_;
  std::map<std::string, int> times_;  // how often a name was used for this subject
};

}  // namespace whorl::scanners
