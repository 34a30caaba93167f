#include "scanners/replay/capture_file.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/names.h"
#include "engine/features/read_capture.h"
#include "engine/formats/file_io.h"
#include "scanners/replay/csv.h"

namespace whorl::scanners {
namespace {

constexpr std::array<std::string_view, 5> kTemplateEndings = {".iso", ".fmr", ".ansi", ".whorl",
                                                              ".bin"};
constexpr std::array<std::string_view, 12> kImageEndings = {".png",  ".jpg", ".jpeg", ".tif",
                                                            ".tiff", ".bmp", ".pgm",  ".jp2",
                                                            ".j2k",  ".jpc", ".wsq",  ".fir"};

template <std::size_t Count>
bool has_ending(const std::filesystem::path& path,
                const std::array<std::string_view, Count>& endings) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::find(endings, ending) != endings.end();
}

// Whoever said what the file holds: a manifest, a folder's convention, or the command line.
tl::unexpected<Error> not_as_said(const CaptureFile& file, Fault fault, const std::string& what) {
  const std::string line = file.line > 0 ? "line " + std::to_string(file.line) + ", " : "";
  return fail(fault, 0, line + file.path.string() + ", " + what);
}

// Erases the templates that are not meant, and their flaws with them.
Result<> keep_position(const CaptureFile& file, std::vector<Template>& templates,
                       std::vector<features::Flaws>& flaws) {
  const auto is_meant = [&](const Template& t) {
    const auto* print = std::get_if<FingerTemplate>(&t);
    return print != nullptr && print->position == file.position;
  };
  if (std::ranges::any_of(templates, is_meant)) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < templates.size(); ++i) {
      if (!is_meant(templates[i])) continue;
      std::swap(templates[kept], templates[i]), std::swap(flaws[kept], flaws[i]);
      ++kept;
    }
    templates.resize(kept), flaws.resize(kept);
    return {};
  }
  if (templates.size() != 1) {
    return not_as_said(file, file.line > 0 ? Fault::bad_manifest : Fault::bad_argument,
                       "none of its " + std::to_string(templates.size()) + " views is the " +
                           std::string(name_of(file.position)));
  }
  if (auto* print = std::get_if<FingerTemplate>(&templates.front())) {
    print->position = file.position;
  }
  return {};
}

}  // namespace

Result<std::vector<Template>> read_capture_file(const CaptureFile& file,
                                                std::vector<features::Flaws>* flaws, Bytes* whole) {
  WHORL_TRY(Bytes bytes, formats::read_file(file.path, kMaxImageFileBytes));
  features::CaptureOptions options{file.ppi, file.modality, {}, file.face};
  options.print.mode = file.extraction;
  std::vector<features::Flaws> found;
  auto templates = features::read_capture(bytes, options, &found);
  if (!templates) {
    Error error = std::move(templates).error();  // its own `where` is the view
    error.where = file.path.string() + (error.where.empty() ? "" : ", " + error.where);
    return tl::unexpected<Error>(std::move(error));
  }
  for (const Template& t : *templates) {
    if (file.modality && modality_of(t) != *file.modality) {
      return not_as_said(file, Fault::bad_manifest,
                         "holds a " + std::string(name_of(modality_of(t))));
    }
  }
  if (file.position != FingerPosition::unknown) {
    WHORL_TRY_VOID(keep_position(file, *templates, found));
  }
  if (flaws != nullptr) *flaws = std::move(found);
  if (whole != nullptr) *whole = std::move(bytes);
  return templates;
}

bool has_template_ending(const std::filesystem::path& path) {
  return has_ending(path, kTemplateEndings);
}

bool has_image_ending(const std::filesystem::path& path) { return has_ending(path, kImageEndings); }

std::optional<NumberedName> numbered_name(const std::filesystem::path& path) {
  const std::string stem = path.stem().string();
  const std::size_t gap = stem.find('_');
  if (gap == std::string::npos) return std::nullopt;
  const auto number = number_in<std::uint64_t>(std::string_view(stem).substr(0, gap));
  const auto impression = number_in<std::uint32_t>(std::string_view(stem).substr(gap + 1));
  if (!number || !impression) return std::nullopt;
  return NumberedName{*number, *impression};
}

}  // namespace whorl::scanners
