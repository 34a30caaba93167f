#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/capture_notes.h"
#include "engine/app/extraction_option.h"
#include "engine/app/extraction_record.h"
#include "engine/app/face_extraction.h"
#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/report/extraction_trace.h"
#include "engine/app/report/face_trace.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/app/workers.h"
#include "engine/base/limits.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/features/read_capture.h"
#include "engine/formats/file_io.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/template_container.h"
#include "engine/search/thread_limit.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;
using features::Extraction;

constexpr const char *kNoRidgeCounts = "none", *kByQuadrant = "quadrant", *kByOctant = "octant";

struct ExtractOptions {
  std::vector<std::string> images;
  std::string out, trace, format{kWhorlFormat}, extraction{kAccurateExtraction};
  std::string ridge_counts{kNoRidgeCounts}, modality, model{features::kDefaultFaceModel};
  std::optional<double> ppi;
  int threads = 0;
};

// What became of one image.
struct Outcome {
  std::vector<std::string> files;  // written
  std::vector<Extraction> prints;
  std::vector<features::FaceExtraction> faces;
};

std::string ending_of(std::optional<formats::MinutiaeFormat> format) {
  if (!format) return ".whorl";
  return formats::is_ansi(*format) ? ".ansi" : ".iso";
}

std::int64_t count_of(const Extraction& e, features::SingularKind kind) {
  return std::ranges::count(e.singular_points, kind, &features::SingularPoint::kind);
}

struct NamedBytes {
  fs::path path;
  Bytes bytes;
};

// A container holds one print: those of a card are told apart by their finger.
Result<std::vector<NamedBytes>> encoded(std::vector<Extraction>& prints, const fs::path& stem,
                                        std::optional<formats::MinutiaeFormat> format) {
  std::vector<NamedBytes> files;
  if (format) {
    WHORL_TRY(Bytes bytes, record_of(prints, *format));
    files.push_back({stem.string() + ending_of(format), std::move(bytes)});
    return files;
  }
  for (std::size_t i = 0; i < prints.size(); ++i) {
    features::describe_minutiae(prints[i].print);
    WHORL_TRY(Bytes bytes, formats::encode_template(prints[i].print));
    const std::string which = prints.size() > 1 ? "_" + std::to_string(i + 1) + "_" +
                                                      std::string(name_of(prints[i].print.position))
                                                : "";
    files.push_back({stem.string() + which + ending_of(format), std::move(bytes)});
  }
  return files;
}

std::optional<features::Sectors> sectors_of(const ExtractOptions& o) {
  if (o.ridge_counts == kNoRidgeCounts) return std::nullopt;
  return o.ridge_counts == kByQuadrant ? features::Sectors::quadrants : features::Sectors::octants;
}

Result<> check_ridge_counts(const ExtractOptions& o,
                            std::optional<formats::MinutiaeFormat> format) {
  if (format || !sectors_of(o)) return {};
  return fail(Fault::bad_argument, 0,
              "--ridge-counts needs --format: a Whorl template has no room for them");
}

// A page walks one print: of several it would grow beyond what anybody reads.
Result<> check_trace(const ExtractOptions& o) {
  if (o.trace.empty()) return {};
  if (fs::path(o.trace).extension() != ".html") {
    return fail(Fault::bad_argument, 0, "--trace, give FILE.html");
  }
  if (o.images.size() == 1) return {};
  return fail(Fault::bad_argument, 0, "--trace shows one image; give it alone");
}

Result<> check_one(std::string_view what, std::size_t count) {
  if (count == 1) return {};
  return fail(
      Fault::bad_argument, 0,
      "--trace shows one " + std::string(what) + ", and the image holds " + std::to_string(count));
}

Result<> write_page(const fs::path& path, std::span<const std::byte> image,
                    std::optional<PixelsPerInch> ppi, const Extraction& print,
                    const features::ExtractionTrace& trace) {
  if (!ppi) {
    WHORL_TRY(const auto pictures, formats::read_finger_images(image));
    ppi = pictures.front().image.ppi;
  }
  WHORL_TRY(const std::string page, extraction_page({print, trace, ppi.value()}));
  return write_file(path, page);
}

Result<> write_all(const std::vector<NamedBytes>& files, Outcome& outcome) {
  for (const NamedBytes& file : files) {
    WHORL_TRY_VOID(write_file(file.path, file.bytes));
    outcome.files.push_back(file.path.string());
  }
  return {};
}

Result<Outcome> extract_prints(const fs::path& image, std::span<const std::byte> bytes,
                               const ExtractOptions& o,
                               std::optional<formats::MinutiaeFormat> format) {
  Outcome outcome;
  features::ExtractionOptions options;
  options.mode = extraction_mode(o.extraction);
  options.ridge_counts = sectors_of(o);
  const auto ppi = o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
  std::vector<features::ExtractionTrace> traces;
  WHORL_TRY(outcome.prints,
            features::extract_fingers(bytes, ppi, options, o.trace.empty() ? nullptr : &traces));
  if (!o.trace.empty()) WHORL_TRY_VOID(check_one("finger", outcome.prints.size()));
  WHORL_TRY(const auto files, encoded(outcome.prints, fs::path(o.out) / image.stem(), format));
  WHORL_TRY_VOID(write_all(files, outcome));
  if (!o.trace.empty()) {
    WHORL_TRY_VOID(write_page(o.trace, bytes, ppi, outcome.prints.front(), traces.front()));
  }
  return outcome;
}

// The main face of each picture: others beside it are told as a flaw.
Result<Outcome> extract_faces(const fs::path& image, std::span<const std::byte> bytes,
                              const ExtractOptions& o,
                              std::optional<formats::MinutiaeFormat> format) {
  if (format) {
    return fail(Fault::bad_argument, 0, "--format " + o.format + " has no room for a face");
  }
  Outcome outcome;
  WHORL_TRY(outcome.faces, features::extract_faces(bytes, {o.model, features::Rivals::ignore}));
  if (!o.trace.empty()) WHORL_TRY_VOID(check_one("face", outcome.faces.size()));
  WHORL_TRY(std::vector<Bytes> containers, containers_of(outcome.faces));
  std::vector<NamedBytes> files;
  const std::string stem = (fs::path(o.out) / image.stem()).string();
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const std::string which = containers.size() > 1 ? "_" + std::to_string(i + 1) + "_face" : "";
    files.push_back({stem + which + ending_of(format), std::move(containers[i])});
  }
  WHORL_TRY_VOID(write_all(files, outcome));
  if (!o.trace.empty()) {
    WHORL_TRY(const auto pictures, formats::read_face_images(bytes));
    WHORL_TRY(const auto extractor, features::shared_face_extractor(o.model));
    WHORL_TRY_VOID(write_face_steps(o.trace, pictures.front().image, outcome.faces.front(),
                                    extractor->model().embedder));
  }
  return outcome;
}

Result<Outcome> extract_file(const fs::path& image, const ExtractOptions& o,
                             std::optional<formats::MinutiaeFormat> format) {
  WHORL_TRY(const Bytes bytes, formats::read_file(image, kMaxImageFileBytes));
  const bool faces = o.modality == "face" || features::is_face_record(bytes);
  if (faces && o.modality == "finger") return fail(Fault::no_finger);
  return faces ? extract_faces(image, bytes, o, format) : extract_prints(image, bytes, o, format);
}

// Two images of one name would write one file, and so might card.an2 and card_1_right-thumb.png.
Result<> check_stems(const std::vector<std::string>& images) {
  std::map<std::string, std::string> seen;
  for (const std::string& image : images) {
    const auto [other, is_new] = seen.emplace(fs::path(image).stem().string(), image);
    if (!is_new) {
      return fail(Fault::bad_argument, 0, image + " and " + other->second + ", one name for two");
    }
  }
  for (const auto& entry : seen) {
    const std::string& stem = entry.first;
    for (std::size_t gap = stem.find('_'); gap != std::string::npos;
         gap = stem.find('_', gap + 1)) {
      const auto card = seen.find(stem.substr(0, gap));
      const bool numbered = gap + 1 < stem.size() && stem[gap + 1] >= '0' && stem[gap + 1] <= '9';
      if (card == seen.end() || !numbered || stem.find('_', gap + 1) == std::string::npos) continue;
      return fail(Fault::bad_argument, 0,
                  entry.second + " is named as a finger of " + card->second);
    }
  }
  return {};
}

Json facts_of(const std::string& image, const Outcome& outcome) {
  Json prints = Json::array();
  for (const Extraction& e : outcome.prints) {
    const features::Flaws flaws = features::flaws_of(e.quality);
    prints.push_back({{"position", name_of(e.print.position)},
                      {"minutiae", e.print.minutiae.size()},
                      {"quality", e.print.quality.value},
                      {"flaws", flaw_names(flaws)},
                      {"reasons", flaw_reasons(flaws)},
                      {"cores", count_of(e, features::SingularKind::core)},
                      {"deltas", count_of(e, features::SingularKind::delta)},
                      {"width_px", e.width_px},
                      {"height_px", e.height_px}});
  }
  Json facts{{"image", image}, {"files", outcome.files}, {"prints", std::move(prints)}};
  for (const features::FaceExtraction& face : outcome.faces) {
    facts["faces"].push_back(as_json(face));
  }
  return facts;
}

std::string lines_of(const std::string& image, const Outcome& outcome) {
  std::string text;
  for (const Extraction& e : outcome.prints) {
    text += image + ": " + std::string(name_of(e.print.position)) + ", " +
            std::to_string(e.print.minutiae.size()) + " minutiae, quality " +
            std::to_string(e.print.quality.value) + "\n";
    if (!e.quality.flaws.empty()) {
      text += "  " + std::string(features::text_of(e.quality.flaws.front())) + "\n";
    }
  }
  for (const features::FaceExtraction& face : outcome.faces) text += image + ": " + as_text(face);
  return text;
}

Result<Exit> extract(const ExtractOptions& o, Console& console) {
  WHORL_TRY(const auto format, print_format(o.format));
  WHORL_TRY_VOID(check_ridge_counts(o, format));
  WHORL_TRY_VOID(check_stems(o.images));
  WHORL_TRY_VOID(check_trace(o));
  WHORL_TRY_VOID(make_folder(o.out));
  search::limit_threads(o.threads);
  const UnixMillis started = console.clock().now();
  std::vector<Result<Outcome>> outcomes(o.images.size());
  Progress progress = console.progress("extract", "images", std::ssize(o.images));
  share_out(std::ssize(o.images), progress, [&] {
    return [&](std::int64_t i) {
      const auto image = static_cast<std::size_t>(i);
      Result<Outcome> one = extract_file(o.images[image], o, format);
      if (!one) one = at(one.error(), o.images[image]);
      outcomes[image] = std::move(one);
    };
  });
  if (!o.trace.empty() && !outcomes.front()) return tl::unexpected<Error>(outcomes.front().error());
  Json images = Json::array(), refused = Json::array();
  std::string text;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) {
      console.warn(outcomes[i].error());
      refused.push_back({{"image", o.images[i]}, {"error", as_json(outcomes[i].error())}});
      continue;
    }
    images.push_back(facts_of(o.images[i], *outcomes[i]));
    text += lines_of(o.images[i], *outcomes[i]);
  }
  const double seconds =
      static_cast<double>(console.clock().now().value() - started.value()) / 1000;
  text += with_commas(std::ssize(images)) + " images extracted, " +
          with_commas(std::ssize(refused)) + " refused, " + duration(seconds);
  const bool all_done = refused.empty();
  console.answer(
      {{"images", std::move(images)}, {"refused", std::move(refused)}, {"seconds", seconds}}, text);
  return all_done ? Exit::ok : Exit::bad_input;
}

Run declare_extract(CLI::App& options) {
  auto o = std::make_shared<ExtractOptions>();
  options.add_option("IMAGE", o->images, "Pictures of fingers or faces, records, transactions")
      ->required();
  options.add_option("--out", o->out, "Folder for the templates, named as the images")->required();
  options.add_option("--format", o->format, "One of " + format_names())->capture_default_str();
  options.add_option("--ppi", o->ppi, "Resolution of the images, where they do not say it or lie");
  options
      .add_option("--modality", o->modality,
                  "What pictures show; left out: fingers, and faces in records of faces")
      ->check(CLI::IsMember({"finger", "face"}));
  options.add_option("--model", o->model, "Of pictures of faces: a model's id, or FILE.toml")
      ->capture_default_str();
  add_extraction_option(options, o->extraction);
  options
      .add_option("--ridge-counts", o->ridge_counts,
                  "In records: ridges to the nearest minutia of each quadrant or octant")
      ->check(CLI::IsMember({kNoRidgeCounts, kByQuadrant, kByOctant}))
      ->capture_default_str();
  options.add_option("--trace", o->trace,
                     "Show every step, of one image of one finger or face: FILE.html");
  options.add_option("--threads", o->threads, "0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  return [o](Console& console) { return extract(*o, console); };
}

}  // namespace

const Verb kExtract{
    "extract", "Make templates of pictures of fingers or faces",
    "Examples:\n"
    "  whorl extract visit1.png visit2.png --out templates --ppi 500\n"
    "  whorl extract card.an2 --out templates --format iso19794-2:2005 --ridge-counts octant\n"
    "  whorl extract visit1.png --out templates --trace steps.html\n"
    "  whorl extract gate.jpg passport.dg2 --modality face --out templates\n"
    "\n"
    "Images are PNG, JPEG, TIFF, BMP, PNM, JPEG 2000 or WSQ, records of ISO/IEC 19794-4, or\n"
    "ANSI/NIST transactions. A scanner's resolution is needed: from the image, or with --ppi. An\n"
    "image without a single minutia is refused and the rest goes on (exit code 3); the quality\n"
    "says what the others are worth. Wherever whorl takes a template file, it takes an image too.\n"
    "Of a picture of faces the largest near the middle is taken, with the flaw several-faces "
    "where\n"
    "another is nearly as large; its template is a Whorl template of --model.\n"
    "The trace holds the picture: keep it as you keep pictures of people.",
    declare_extract};

}  // namespace whorl::app
