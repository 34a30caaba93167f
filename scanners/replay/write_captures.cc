#include "scanners/replay/write_captures.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "engine/formats/finger_templates.h"
#include "engine/formats/template_container.h"
#include "scanners/replay/csv.h"

namespace whorl::scanners {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader =
    "subject,modality,position,path,ppi,encounter,sex,birth_year,source\n";
constexpr std::uint64_t kSubjectsPerFolder = 1000;  // file systems list long folders slowly
constexpr std::array<std::string_view, 4> kSexes = {"", "female", "male", "other"};

Result<> write_file(const fs::path& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  // The one cast that writing bytes takes: the stream knows only char.
  file.write(static_cast<const char*>(static_cast<const void*>(bytes.data())),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return {};
  return fail(errno == ENOSPC ? Fault::disk_full : Fault::io_error, 0, path.string());
}

Result<Bytes> encoded(const Template& value, std::optional<formats::MinutiaeFormat> format) {
  if (!format) return formats::encode_template(value);
  const auto* print = std::get_if<FingerTemplate>(&value);
  if (print == nullptr) return fail(Fault::bad_argument, 0, "a face in a minutiae format");
  WHORL_TRY(const auto record, formats::to_minutiae_record(std::span(print, 1), *format));
  return formats::encode_minutiae_record(record);
}

std::string_view ending(std::optional<formats::MinutiaeFormat> format) {
  if (!format) return ".whorl";
  return formats::is_ansi(*format) ? ".ansi" : ".iso";
}

class Writer {
 public:
  Writer(fs::path folder, const WriteOptions& options)
      : folder_(std::move(folder)), options_(options) {}

  Result<> add(const Capture& capture) {
    if (!capture.claimed || capture.templates.size() != 1) {
      return fail(Fault::bad_argument, 0, "a capture is of one subject and one finger or face");
    }
    WHORL_TRY(const Bytes bytes, encoded(capture.templates.front(), options_.format));
    WHORL_TRY(const fs::path path, place_for(capture));
    std::error_code trouble;  // of the question alone; writing has its own
    if (std::filesystem::exists(folder_ / path, trouble)) {
      return fail(Fault::already_exists, 0, (folder_ / path).string());
    }
    WHORL_TRY_VOID(write_file(folder_ / path, bytes));
    rows_ += row(capture, path);
    return {};
  }

  Result<fs::path> finish() {
    const fs::path manifest = folder_ / "manifest.csv";
    WHORL_TRY_VOID(write_file(manifest, as_bytes(rows_)));
    return manifest;
  }

 private:
  // SUBJECT_POSITION_VISIT, and a number more where that finger came twice in a visit.
  Result<fs::path> place_for(const Capture& capture) {
    const std::uint64_t subject = capture.claimed->value();
    const fs::path part = std::to_string(subject / kSubjectsPerFolder);
    if (part != made_) {
      std::error_code trouble;
      fs::create_directories(folder_ / part, trouble);
      if (trouble) return fail(Fault::io_error, 0, (folder_ / part).string());
      made_ = part;
    }
    if (subject != subject_) times_.clear();
    subject_ = subject;
    const std::string finger = capture.modality == Modality::face
                                   ? "face"
                                   : std::to_string(static_cast<int>(capture.position));
    std::string name = std::to_string(subject) + "_" + finger + "_" + std::to_string(capture.visit);
    if (const int before = times_[name]++; before > 0) name += "_" + std::to_string(before + 1);
    return part / (name + std::string(ending(options_.format)));
  }

  std::string row(const Capture& capture, const fs::path& path) const {
    const bool face = capture.modality == Modality::face;
    const Demographics& person = capture.demographics;
    std::string made = std::to_string(capture.claimed->value());
    made +=
        face ? ",face,0," : ",finger," + std::to_string(static_cast<int>(capture.position)) + ",";
    made += path.generic_string() + (face ? ",," : ",500,") + std::to_string(capture.visit) + ",";
    made += std::string(kSexes.at(static_cast<std::size_t>(person.sex))) + ",";
    made += person.birth_year == 0 ? "" : std::to_string(person.birth_year);
    return made + "," + csv_quoted(capture.source) + "\n";
  }

  fs::path folder_;
  const WriteOptions& options_;
  std::string rows_{kHeader};
  fs::path made_;
  std::uint64_t subject_ = 0;
  std::map<std::string, int> times_;  // how often a name was used for this subject
};

}  // namespace

Result<Written> write_captures(Driver& driver, const fs::path& folder,
                               const WriteOptions& options) {
  std::error_code trouble;
  if (fs::exists(folder / "manifest.csv", trouble)) {
    return fail(Fault::already_exists, 0, (folder / "manifest.csv").string());
  }
  fs::create_directories(folder, trouble);
  if (trouble) return fail(Fault::io_error, 0, folder.string());
  Writer writer(folder, options);
  Written written;
  for (;;) {
    WHORL_TRY(const std::optional<Capture> capture, driver.next(options.stop));
    if (!capture) break;
    WHORL_TRY_VOID(writer.add(*capture));
    ++written.captures;
    if (options.progress) options.progress(written.captures);
  }
  WHORL_TRY(written.manifest, writer.finish());
  return written;
}

}  // namespace whorl::scanners
