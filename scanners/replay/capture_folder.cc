#include "scanners/replay/capture_folder.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/base/names.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/images/write_image.h"
#include "engine/formats/template_container.h"
#include "scanners/replay/csv.h"

namespace whorl::scanners {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader =
    "subject,modality,position,path,ppi,encounter,sex,birth_year,source\n";
constexpr std::string_view kManifest = "manifest.csv";
constexpr std::uint64_t kSubjectsPerFolder = 1000;  // file systems list long folders slowly

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
  const auto* print = std::get_if<FingerTemplate>(&value);
  if (print == nullptr || !format) return formats::encode_template(value);
  WHORL_TRY(const auto record, formats::to_minutiae_record(std::span(print, 1), *format));
  return formats::encode_minutiae_record(record);
}

std::string_view ending(const Template& value, std::optional<formats::MinutiaeFormat> format) {
  if (!format || modality_of(value) == Modality::face) return ".whorl";
  return formats::is_ansi(*format) ? ".ansi" : ".iso";
}

// For people: readers tell a file by its bytes.
std::string_view ending_of(std::span<const std::byte> file) {
  const auto format = formats::detect_image_format(file);
  if (!format) return ".bin";
  constexpr std::array<std::string_view, 7> kEndings{".png", ".jpg", ".tif", ".bmp",
                                                     ".pnm", ".jp2", ".wsq"};
  return kEndings.at(static_cast<std::size_t>(*format));
}

FingerPosition position_of(const Template& value) {
  const auto* print = std::get_if<FingerTemplate>(&value);
  return print == nullptr ? FingerPosition::unknown : print->position;
}

}  // namespace

Result<CaptureFolder> CaptureFolder::create(fs::path folder,
                                            std::optional<formats::MinutiaeFormat> format) {
  std::error_code trouble;
  if (fs::exists(folder / kManifest, trouble)) {
    return fail(Fault::already_exists, 0, (folder / kManifest).string());
  }
  fs::create_directories(folder, trouble);
  if (trouble) return fail(Fault::io_error, 0, folder.string());
  return CaptureFolder(std::move(folder), format);
}

std::string CaptureFolder::row(const CaptureOwner& owner, const Content& content,
                               const fs::path& path) {
  const bool face = content.modality == Modality::face;
  const Demographics& person = owner.demographics;
  return std::to_string(owner.subject.value()) + "," + std::string(name_of(content.modality)) +
         "," + (face ? "" : std::string(name_of(content.position))) + "," + path.generic_string() +
         (face ? ",," : ",500,") + std::to_string(owner.visit) + "," +
         std::string(name_of(person.sex)) + "," +
         (person.birth_year == 0 ? "" : std::to_string(person.birth_year)) + "," +
         csv_quoted(owner.source) + "\n";
}

Result<> CaptureFolder::add(const CaptureOwner& owner, const Template& value) {
  WHORL_TRY(const Bytes bytes, encoded(value, format_));
  return add(owner, {modality_of(value), position_of(value), ending(value, format_)}, bytes);
}

Result<> CaptureFolder::add(const CaptureOwner& owner, FingerPosition position,
                            const Image& picture) {
  WHORL_TRY(const Bytes bytes, formats::encode_png(picture));
  return add(owner, {Modality::finger, position, ".png"}, bytes);
}

Result<> CaptureFolder::add_faces(const CaptureOwner& owner, std::span<const std::byte> file) {
  return add(owner, {Modality::face, FingerPosition::unknown, ending_of(file)}, file);
}

Result<> CaptureFolder::add(const CaptureOwner& owner, const Content& content,
                            std::span<const std::byte> bytes) {
  WHORL_TRY(const fs::path path, place_for(owner, content));
  std::error_code trouble;  // of the question alone; writing has its own
  if (fs::exists(folder_ / path, trouble)) {
    return fail(Fault::already_exists, 0, (folder_ / path).string());
  }
  WHORL_TRY_VOID(write_file(folder_ / path, bytes));
  rows_ += row(owner, content, path);
  ++files_;
  return {};
}

Result<fs::path> CaptureFolder::finish() {
  fs::path manifest = folder_ / kManifest;
  WHORL_TRY_VOID(write_file(manifest, as_bytes(std::string(kHeader) + rows_)));
  return manifest;
}

// SUBJECT_POSITION_VISIT, and a number more where that finger came twice in a visit.
Result<fs::path> CaptureFolder::place_for(const CaptureOwner& owner, const Content& content) {
  const fs::path part = std::to_string(owner.subject.value() / kSubjectsPerFolder);
  if (part != made_) {
    std::error_code trouble;
    fs::create_directories(folder_ / part, trouble);
    if (trouble) return fail(Fault::io_error, 0, (folder_ / part).string());
    made_ = part;
  }
  if (owner.subject != subject_) times_.clear();
  subject_ = owner.subject;
  const std::string what = content.modality == Modality::face
                               ? "face"
                               : std::to_string(static_cast<int>(content.position));
  std::string name =
      std::to_string(owner.subject.value()) + "_" + what + "_" + std::to_string(owner.visit);
  if (const int before = times_[name]++; before > 0) name += "_" + std::to_string(before + 1);
  return part / (name + std::string(content.ending));
}

}  // namespace whorl::scanners
