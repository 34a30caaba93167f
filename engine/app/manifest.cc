#include "engine/app/manifest.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include "engine/app/names.h"
#include "engine/base/limits.h"
#include "engine/formats/file_io.h"

namespace whorl::app {
namespace {

constexpr std::string_view kColumns[] = {"subject",   "modality", "position",   "path",  "ppi",
                                         "encounter", "sex",      "birth_year", "source"};
constexpr std::size_t kRequired = 4;  // ppi may be missing altogether

// One row, with its columns by name; unnamed ones read as empty.
class Row {
 public:
  Row(const std::vector<std::string>& columns, const std::vector<std::string>& fields, int line)
      : columns_(columns), fields_(fields), line_(line) {}

  const std::string& operator[](std::string_view column) const {
    static const std::string kEmpty;
    const auto at = std::ranges::find(columns_, column);
    return at == columns_.end() ? kEmpty
                                : fields_.at(static_cast<std::size_t>(at - columns_.begin()));
  }
  tl::unexpected<Error> bad(std::string_view column) const {
    return fail(Fault::bad_manifest, 0,
                "line " + std::to_string(line_) + ", " + std::string(column));
  }

 private:
  const std::vector<std::string>& columns_;
  const std::vector<std::string>& fields_;
  int line_;
};

Result<VisitFile> file_of(const Row& row, const std::filesystem::path& folder) {
  VisitFile file;
  if (row["path"].empty()) return row.bad("path");
  file.path = folder / row["path"];  // an absolute path stays itself
  if (row["modality"] == "finger") {
    file.modality = Modality::finger;
  } else if (row["modality"] == "face") {
    file.modality = Modality::face;
  } else {
    return row.bad("modality");
  }
  if (!row["position"].empty()) {
    file.position = finger_from_name(row["position"]);
    if (!file.position) return row.bad("position");
  }
  if (const std::string& ppi = row["ppi"]; !ppi.empty()) {
    double value = 0;
    const auto read = std::from_chars(ppi.data(), ppi.data() + ppi.size(), value);
    if (read.ec != std::errc{} || read.ptr != ppi.data() + ppi.size()) return row.bad("ppi");
    file.ppi = PixelsPerInch{value};
  }
  return file;
}

Result<Visit> visit_of_row(const Row& row, const std::filesystem::path& folder) {
  Visit visit;
  const auto subject = whole_number(row["subject"]);
  if (!subject || *subject == 0) return row.bad("subject");
  visit.subject = SubjectId{*subject};
  WHORL_TRY(VisitFile file, file_of(row, folder));
  visit.files.push_back(std::move(file));
  if (!row["sex"].empty()) {
    const auto sex = sex_from_name(row["sex"]);
    if (!sex) return row.bad("sex");
    visit.demographics.sex = *sex;
  }
  if (!row["birth_year"].empty()) {
    const auto year = whole_number(row["birth_year"]);
    if (!year || *year < 1850 || *year > 2200) return row.bad("birth_year");
    visit.demographics.birth_year = static_cast<std::uint16_t>(*year);
  }
  if (row["source"].size() > kMaxSourceBytes) return row.bad("source");
  visit.source = row["source"];
  return visit;
}

// Puts rows together to visits.
class Gatherer {
 public:
  void add(Visit row, const std::string& encounter) {
    const auto part = std::pair(*row.files.front().modality, row.files.front().position);
    const bool known_finger = part.second && *part.second != FingerPosition::unknown;
    const bool again = encounter.empty() && (known_finger || part.first == Modality::face) &&
                       parts_.contains(part);
    if (visits_.empty() || visits_.back().subject != row.subject || encounter != encounter_ ||
        again) {
      parts_.clear();
      visits_.push_back(std::move(row));
    } else {
      visits_.back().files.push_back(std::move(row.files.front()));
    }
    parts_.insert(part);
    encounter_ = encounter;
  }
  std::vector<Visit> take() { return std::move(visits_); }

 private:
  std::vector<Visit> visits_;
  std::set<std::pair<Modality, std::optional<FingerPosition>>> parts_;  // of the last visit
  std::string encounter_;
};

std::optional<Error> check_columns(const std::vector<std::string>& columns) {
  for (std::size_t i = 0; i < kRequired; ++i) {
    if (std::ranges::find(columns, kColumns[i]) == columns.end()) {
      return Error{Fault::bad_manifest, 0, "line 1, no column " + std::string(kColumns[i])};
    }
  }
  for (const std::string& column : columns) {
    if (std::ranges::find(kColumns, column) == std::end(kColumns) ||
        std::ranges::count(columns, column) > 1) {
      return Error{Fault::bad_manifest, 0, "line 1, column '" + column.substr(0, 32) + "'"};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += c, ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

Result<std::vector<Visit>> parse_manifest(std::string_view text,
                                          const std::filesystem::path& folder) {
  std::vector<std::string> columns{"subject", "modality", "position", "path", "ppi"};
  Gatherer gatherer;
  bool any = false;
  for (int line = 1; !text.empty(); ++line) {
    std::string_view row_text = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), row_text.size() + 1));
    if (row_text.ends_with('\r')) row_text.remove_suffix(1);
    if (row_text.empty() || row_text.starts_with('#')) continue;
    auto fields = csv_fields(row_text);
    if (!fields) {
      return fail(Fault::bad_manifest, 0, "line " + std::to_string(line) + ", an open quote");
    }
    if (line == 1 && std::ranges::find(*fields, "subject") != fields->end()) {
      columns = std::move(*fields);
      if (auto error = check_columns(columns)) return tl::unexpected<Error>(std::move(*error));
      continue;
    }
    if (fields->size() != columns.size()) {
      return fail(Fault::bad_manifest, 0,
                  "line " + std::to_string(line) + ", " + std::to_string(fields->size()) +
                      " columns for " + std::to_string(columns.size()));
    }
    const Row row(columns, *fields, line);
    WHORL_TRY(Visit visit, visit_of_row(row, folder));
    gatherer.add(std::move(visit), row["encounter"]);
    any = true;
  }
  if (!any) return fail(Fault::empty_input, 0, "no rows");
  return gatherer.take();
}

Result<std::vector<Visit>> read_manifest(const std::filesystem::path& path) {
  WHORL_TRY(const Bytes bytes, formats::read_file(path, kMaxManifestBytes));
  const std::string text(static_cast<const char*>(static_cast<const void*>(bytes.data())),
                         bytes.size());
  auto visits = parse_manifest(text, path.parent_path());
  if (visits) return visits;
  Error error = std::move(visits).error();
  error.where = path.string() + ", " + error.where;
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace whorl::app
