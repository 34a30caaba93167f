#include "scanners/replay/replay_driver.h"

#include <string>
#include <system_error>
#include <utility>

#include "scanners/replay/manifest.h"

namespace whorl::scanners {
namespace {

constexpr const char* kDefaultSource = "replay";

class ReplayDriver final : public Driver {
 public:
  ReplayDriver(std::vector<ManifestRow> rows, const Clock& clock)
      : rows_(std::move(rows)), clock_(clock) {}

  Result<std::optional<Capture>> next(std::stop_token stop) override {
    if (stop.stop_requested()) return fail(Fault::cancelled);
    if (next_ == rows_.size()) return std::optional<Capture>();
    const ManifestRow& row = rows_[next_++];
    WHORL_TRY(std::vector<Template> templates, read_capture_file(row.file));
    Capture made;
    made.claimed = row.subject;
    made.visit = row.visit;
    made.modality = row.file.modality.value_or(Modality::finger);
    made.position = row.file.position;
    made.captured_at = clock_.now();
    made.source = row.source.empty() ? kDefaultSource : row.source;
    made.demographics = row.demographics;
    made.templates = std::move(templates);
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
