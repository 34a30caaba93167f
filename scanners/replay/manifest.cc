#include "scanners/replay/manifest.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/names.h"
#include "engine/formats/file_io.h"
#include "scanners/replay/csv.h"

namespace whorl::scanners {
namespace {

namespace fs = std::filesystem;

enum class Column : std::uint8_t {
  subject,
  modality,
  position,
  path,
  ppi,
  encounter,
  sex,
  birth_year,
  source
};
constexpr std::array<std::string_view, 9> kColumns = {
    "subject", "modality", "position", "path", "ppi", "encounter", "sex", "birth_year", "source"};
constexpr std::size_t kRequired = 4;
constexpr int kAbsent = -1;
using Places = std::array<int, kColumns.size()>;  // of each column in a line

constexpr int kEarliestBirthYear = 1850, kLatestBirthYear = 2200;

// One line's fields by column; columns that are absent read as empty.
class Fields {
 public:
  Fields(const Places& places, const std::vector<std::string>& fields, std::int64_t line)
      : places_(places), fields_(fields), line_(line) {}

  std::string_view operator[](Column column) const {
    const int place = places_[static_cast<std::size_t>(column)];
    return place == kAbsent ? std::string_view() : fields_.at(static_cast<std::size_t>(place));
  }
  tl::unexpected<Error> bad(Column column) const {
    return fail(Fault::bad_manifest, 0,
                "line " + std::to_string(line_) + ", " +
                    std::string(kColumns[static_cast<std::size_t>(column)]));
  }

 private:
  const Places& places_;
  const std::vector<std::string>& fields_;
  std::int64_t line_;
};

tl::unexpected<Error> bad_line(std::int64_t line, std::string_view what) {
  return fail(Fault::bad_manifest, 0, "line " + std::to_string(line) + ", " + std::string(what));
}

template <std::size_t N>
std::optional<std::size_t> place_of(std::string_view name,
                                    const std::array<std::string_view, N>& names) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

Result<Places> read_header(const std::vector<std::string>& names, std::int64_t line) {
  Places places;
  places.fill(kAbsent);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto column = place_of(names[i], kColumns);
    if (!column) return bad_line(line, "column " + std::to_string(i + 1) + " has an unknown name");
    if (places[*column] != kAbsent) return bad_line(line, "two columns of one name");
    places[*column] = static_cast<int>(i);
  }
  for (std::size_t i = 0; i < kRequired; ++i) {
    if (places[i] == kAbsent) return bad_line(line, "no column " + std::string(kColumns[i]));
  }
  return places;
}

Result<> read_capture(const Fields& fields, CaptureFile& file) {
  file.modality = modality_from_name(fields[Column::modality]);
  if (!file.modality) return fields.bad(Column::modality);
  if (!fields[Column::position].empty()) {
    const auto finger = finger_from_name(fields[Column::position]);
    if (!finger) return fields.bad(Column::position);
    file.position = *finger;
  }
  if (file.modality == Modality::face && file.position != FingerPosition::unknown) {
    return fields.bad(Column::position);
  }
  if (!fields[Column::ppi].empty()) {
    const auto value = number_in<double>(fields[Column::ppi]);
    if (!value || !(*value >= kMinPixelsPerInch && *value <= kMaxPixelsPerInch)) {
      return fields.bad(Column::ppi);
    }
    file.ppi = PixelsPerInch{*value};
  }
  return {};
}

Result<> read_person(const Fields& fields, ManifestRow& row) {
  const auto number = number_in<std::uint64_t>(fields[Column::subject]);
  if (!number || *number == 0) return fields.bad(Column::subject);
  row.subject = SubjectId{*number};
  if (!fields[Column::encounter].empty()) {
    const auto visit = number_in<std::uint32_t>(fields[Column::encounter]);
    if (!visit) return fields.bad(Column::encounter);
    row.visit = *visit;
  }
  if (!fields[Column::sex].empty()) {
    const auto known = sex_from_name(fields[Column::sex]);
    if (!known) return fields.bad(Column::sex);
    row.demographics.sex = *known;
  }
  if (!fields[Column::birth_year].empty()) {
    const auto year = number_in<std::uint16_t>(fields[Column::birth_year]);
    if (!year || *year < kEarliestBirthYear || *year > kLatestBirthYear) {
      return fields.bad(Column::birth_year);
    }
    row.demographics.birth_year = *year;
  }
  return {};
}

Result<ManifestRow> read_row(const Fields& fields, std::int64_t line, const fs::path& folder) {
  ManifestRow row;
  row.file.line = line;
  WHORL_TRY_VOID(read_person(fields, row));
  WHORL_TRY_VOID(read_capture(fields, row.file));
  if (fields[Column::path].empty()) return fields.bad(Column::path);
  row.file.path = folder / fields[Column::path];  // an absolute path stays itself
  if (fields[Column::source].size() > kMaxSourceBytes) return fields.bad(Column::source);
  row.source = fields[Column::source];
  return row;
}

std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<std::vector<ManifestRow>> parse_manifest(std::string_view text, const fs::path& folder) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // spreadsheets write it
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::optional<Places> places;
  std::vector<ManifestRow> rows;
  for (std::int64_t line = 1; !text.empty(); ++line) {
    const std::string_view row_text = take_line(text);
    if (row_text.empty() || row_text.starts_with('#')) continue;
    const auto fields = csv_fields(row_text);
    if (!fields) return bad_line(line, "a quote in the wrong place");
    if (!places) {
      WHORL_TRY(places, read_header(*fields, line));
      continue;
    }
    const auto columns = std::ranges::count_if(*places, [](int p) { return p != kAbsent; });
    if (static_cast<std::ptrdiff_t>(fields->size()) != columns) {
      return bad_line(line, std::to_string(fields->size()) + " fields for " +
                                std::to_string(columns) + " columns");
    }
    WHORL_TRY(ManifestRow row, read_row(Fields(*places, *fields, line), line, folder));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return fail(Fault::empty_input, 0, "a manifest without rows");
  return rows;
}

Result<std::vector<ManifestRow>> read_manifest(const fs::path& file) {
  WHORL_TRY(const Bytes bytes, formats::read_file(file, kMaxManifestBytes));
  std::string text(bytes.size(), '\0');
  std::ranges::transform(bytes, text.begin(),
                         [](std::byte b) { return static_cast<char>(std::to_integer<int>(b)); });
  auto rows = parse_manifest(text, file.parent_path());
  if (rows) return rows;
  Error error = rows.error();
  error.where = file.string() + ", " + error.where;
  return tl::unexpected<Error>(std::move(error));
}

// The folder's files of one kind; an error code where it cannot be read.
static std::vector<fs::path> files_of(const fs::path& folder, bool (*is_meant)(const fs::path&),
                                      std::error_code& trouble) {
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    if (is_meant(entry->path())) files.push_back(entry->path());
  }
  return files;
}

Result<std::vector<ManifestRow>> rows_of_folder(const fs::path& folder,
                                                std::optional<PixelsPerInch> resolution) {
  std::error_code trouble;
  std::vector<fs::path> found = files_of(folder, has_template_ending, trouble);
  if (found.empty() && !trouble) found = files_of(folder, has_image_ending, trouble);
  if (trouble) return fail(Fault::io_error, 0, folder.string());
  if (found.empty()) {
    return fail(Fault::empty_input, 0, folder.string() + ", no files of templates or pictures");
  }
  std::vector<std::pair<NumberedName, fs::path>> files;
  for (fs::path& file : found) {
    const auto name = numbered_name(file);
    if (!name || name->number == 0) {
      return fail(Fault::bad_manifest, 0, file.string() + ", not SUBJECT_IMPRESSION");
    }
    files.emplace_back(*name, std::move(file));
  }
  std::ranges::sort(files);
  std::vector<ManifestRow> rows;
  for (auto& [name, path] : files) {
    rows.push_back({{std::move(path), Modality::finger, FingerPosition::unknown, resolution, 0},
                    SubjectId{name.number},
                    name.impression,
                    {},
                    {}});
  }
  return rows;
}

}  // namespace whorl::scanners
