#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "engine/app/visits.h"
#include "engine/base/result.h"

namespace whorl::app {

// Visits listed in a CSV file with the columns (docs/command.md)
//
//     subject,modality,position,path,ppi   and, where its first line names them,
//     encounter, sex, birth_year, source
//
// in any order under a first line that names them, or the five in this order without one. Paths
// are relative to the manifest; position and ppi may be empty; fields may be quoted (RFC 4180).
// Consecutive rows of one subject are one visit until `encounter` changes or, where there is no
// such column, a finger or the face comes again.
//
// All rows are read before anything is done with the first. Fault::bad_manifest names line and
// column; empty_input where there is no row.
Result<std::vector<Visit>> read_manifest(const std::filesystem::path& path);

// The same from its text; `folder` is what paths are relative to.
Result<std::vector<Visit>> parse_manifest(std::string_view text,
                                          const std::filesystem::path& folder);

// Fields of one line; nothing where a quote is not closed.
std::optional<std::vector<std::string>> csv_fields(std::string_view line);

inline constexpr std::size_t kMaxManifestBytes = std::size_t{4} << 30U;  // about 50 million rows

}  // namespace whorl::app
