#include "scanners/replay/replay_driver.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "engine/formats/file_io.h"
#include "engine/formats/read_templates.h"
#include "scanners/replay/manifest.h"

namespace whorl::scanners {
namespace {

constexpr const char* kDefaultSource = "replay";

tl::unexpected<Error> row_and_file_differ(const ManifestRow& row, const char* how) {
  return fail(Fault::bad_manifest, 0,
              "line " + std::to_string(row.line) + ", " + row.path.string() + ", " + how);
}

// The views that the row means: those of its finger, or the only one, whose finger it then names.
Result<> keep_meant(const ManifestRow& row, std::vector<Template>& templates) {
  for (const Template& t : templates) {
    if (modality_of(t) != row.modality) return row_and_file_differ(row, "another modality");
  }
  if (row.position == FingerPosition::unknown) return {};
  const auto meant = [&](const Template& t) {
    return std::get<FingerTemplate>(t).position == row.position;
  };
  if (std::ranges::any_of(templates, meant)) {
    std::erase_if(templates, [&](const Template& t) { return !meant(t); });
  } else if (templates.size() == 1) {
    std::get<FingerTemplate>(templates.front()).position = row.position;
  } else {
    return row_and_file_differ(row, "several fingers, none of them the row's");
  }
  return {};
}

class ReplayDriver final : public Driver {
 public:
  ReplayDriver(std::vector<ManifestRow> rows, const Clock& clock)
      : rows_(std::move(rows)), clock_(clock) {}

  Result<std::optional<Capture>> next(std::stop_token stop) override {
    if (stop.stop_requested()) return fail(Fault::cancelled);
    if (next_ == rows_.size()) return std::optional<Capture>();
    const ManifestRow& row = rows_[next_++];
    WHORL_TRY(const Bytes bytes, formats::read_file(row.path));
    auto templates = formats::read_templates(bytes, row.ppi);
    if (!templates) {
      Error error = templates.error();  // its own `where` is the view
      error.where = row.path.string() + (error.where.empty() ? "" : ", " + error.where);
      return tl::unexpected<Error>(std::move(error));
    }
    WHORL_TRY_VOID(keep_meant(row, *templates));
    Capture made;
    made.claimed = row.subject;
    made.visit = row.visit;
    made.modality = row.modality;
    made.position = row.position;
    made.captured_at = clock_.now();
    made.source = row.source.empty() ? kDefaultSource : row.source;
    made.demographics = row.demographics;
    made.templates = std::move(*templates);
    return made;
  }

 private:
  std::vector<ManifestRow> rows_;
  std::size_t next_ = 0;
  const Clock& clock_;
};

Result<std::vector<ManifestRow>> rows_of(const std::filesystem::path& source,
                                         std::optional<PixelsPerInch> ppi) {
  std::error_code trouble;
  if (std::filesystem::is_directory(source, trouble)) return rows_of_folder(source, ppi);
  if (ppi) return fail(Fault::bad_argument, 0, "a manifest names the resolution in its rows");
  return read_manifest(source);
}

}  // namespace

Result<std::unique_ptr<Driver>> open_replay(const std::filesystem::path& source,
                                            std::optional<PixelsPerInch> ppi, const Clock& clock) {
  WHORL_TRY(std::vector<ManifestRow> rows, rows_of(source, ppi));
  return std::make_unique<ReplayDriver>(std::move(rows), clock);
}

}  // namespace whorl::scanners
