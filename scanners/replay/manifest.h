#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "scanners/replay/capture_file.h"

namespace whorl::scanners {

// One file of a manifest or folder, and whom it is of.
struct ManifestRow {
  CaptureFile file;
  SubjectId subject;
  std::uint32_t visit = 0;  // column `encounter`
  Demographics demographics;
  std::string source;
};

// Rows of a CSV file (RFC 4180; \n or \r\n; no line breaks inside quotes). The first line names the
// columns, in any order: subject, modality, position and path, and if wanted ppi, encounter, sex,
// birth_year and source. docs/scanners.md is the table of what each may hold. Empty lines and lines
// that begin with '#' are skipped. `folder` is what relative paths are relative to; absolute ones
// and ".." are allowed, since the manifest is the operator's own.
//
// All rows are judged before the first is used. Faults: bad_manifest with "line N, column" in
// `where`, never what stands there; empty_input where there is no row.
Result<std::vector<ManifestRow>> parse_manifest(std::string_view text,
                                                const std::filesystem::path& folder);

// The same of a file, with its path in `where`; also io_error and limit_exceeded.
Result<std::vector<ManifestRow>> read_manifest(const std::filesystem::path& path);

inline constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 30U;  // some 15 million rows

// Files of a folder named SUBJECT_IMPRESSION.ext, as FVC names them (101_3.iso), by subject and
// impression; each impression is a visit. Files of templates, or, where there is none, pictures
// (capture_file.h has the endings); others are passed over. Faults: io_error; bad_manifest for a
// name of another form; empty_input where there is neither.
Result<std::vector<ManifestRow>> rows_of_folder(const std::filesystem::path& folder,
                                                std::optional<PixelsPerInch> ppi);

}  // namespace whorl::scanners
