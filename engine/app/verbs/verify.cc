#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/app/files.h"
#include "engine/app/report/backdrop.h"
#include "engine/app/report/face_trace.h"
#include "engine/app/report/trace.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/base/limits.h"
#include "engine/features/read_capture.h"
#include "engine/formats/file_io.h"
#include "engine/matchers/comparison.h"
#include "scanners/replay/capture_file.h"

namespace whorl::app {
namespace {

struct VerifyOptions {
  std::string probe, reference, trace, probe_image, reference_image;
  std::string modality, model{features::kDefaultFaceModel};
  std::optional<double> ppi;
  double fmr = 1e-4;
};

std::string text_of_comparison(const VerifyOptions& o, const matchers::Comparison& c, bool match) {
  return std::string(match ? "match" : "no match") + ": raw score " +
         rounded(c.similarity.value(), 2) + ", log likelihood ratio " +
         rounded(c.value.ratio.value(), 2) + "\n" +
         "false match rate, how often two different people score this much: " +
         one_in(c.value.fmr) + " (asked for " + one_in(FalseMatchRate{o.fmr}) + ")\n";
}

// The image that was named, else the capture itself where it is one.
Result<std::optional<Backdrop>> backdrop_of(const std::string& image, const std::string& capture,
                                            std::size_t view, std::optional<PixelsPerInch> ppi) {
  if (image.empty()) return own_backdrop(capture, view, ppi);
  WHORL_TRY(Backdrop named, read_backdrop(image, capture, view, ppi));
  return named;
}

Result<> trace(const VerifyOptions& o, std::optional<PixelsPerInch> ppi,
               const std::vector<Template>& probe, const std::vector<Template>& reference,
               const matchers::Comparison& best) {
  Explained explained{o.probe,    probe.at(best.probe), o.reference, reference.at(best.reference),
                      best.value, std::nullopt,         std::nullopt};
  WHORL_TRY(explained.probe_image, backdrop_of(o.probe_image, o.probe, best.probe, ppi));
  WHORL_TRY(explained.reference_image,
            backdrop_of(o.reference_image, o.reference, best.reference, ppi));
  return write_trace(o.trace, explained);
}

// The person before the camera is the main face; others are told of in the page.
features::FaceOptions face_options(const VerifyOptions& o) {
  return {o.model, features::Rivals::ignore};
}

Result<std::vector<Template>> read(const VerifyOptions& o, const std::string& file) {
  scanners::CaptureFile capture;
  capture.path = file;
  if (o.ppi) capture.ppi = PixelsPerInch{*o.ppi};
  if (!o.modality.empty()) {
    capture.modality = o.modality == "face" ? Modality::face : Modality::finger;
  }
  capture.face = face_options(o);
  return read_ready(capture);
}

Result<features::FaceExtraction> face_of(const VerifyOptions& o, const std::string& file,
                                         std::size_t view) {
  WHORL_TRY(const Bytes bytes, formats::read_file(file, kMaxImageFileBytes));
  auto faces = features::extract_faces(bytes, face_options(o));
  if (faces && view < faces->size()) return std::move(faces->at(view));
  return fail(Fault::bad_argument, 0, "--trace draws faces of pictures, and " + file + " is none");
}

Result<> trace_faces(const VerifyOptions& o, const matchers::Comparison& best) {
  WHORL_TRY(const features::FaceExtraction probe, face_of(o, o.probe, best.probe));
  WHORL_TRY(const features::FaceExtraction reference, face_of(o, o.reference, best.reference));
  WHORL_TRY(const auto extractor, features::shared_face_extractor(o.model));
  return write_face_trace(o.trace, {o.probe, o.reference, probe, reference,
                                    extractor->model().embedder, best.similarity, best.value});
}

Result<Exit> verify(const VerifyOptions& o, Console& console) {
  if (!(o.fmr > 0 && o.fmr <= 1)) return fail(Fault::bad_argument, 0, "--fmr, 0 < FMR <= 1");
  if (!o.trace.empty()) WHORL_TRY_VOID(check_trace_name(o.trace));
  if (o.trace.empty() && !(o.probe_image + o.reference_image).empty()) {
    return fail(Fault::bad_argument, 0, "--probe-image and --reference-image need --trace");
  }
  const auto ppi = o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
  WHORL_TRY(const std::vector<Template> probe, read(o, o.probe));
  WHORL_TRY(const std::vector<Template> reference, read(o, o.reference));
  WHORL_TRY(const matchers::Comparison best, matchers::best_comparison(probe, reference));
  const bool faces = modality_of(probe.at(best.probe)) == Modality::face;
  if (!o.trace.empty()) {
    WHORL_TRY_VOID(faces ? trace_faces(o, best) : trace(o, ppi, probe, reference, best));
  }
  const bool match = best.value.fmr <= FalseMatchRate{o.fmr};
  Json facts{{"decision", match ? "match" : "no-match"},
             {"similarity", best.similarity.value()},
             {"fmr", best.value.fmr.value()},
             {"log_likelihood_ratio", best.value.ratio.value()},
             {"threshold_fmr", o.fmr},
             {"modality", faces ? "face" : "finger"},
             {"probe_view", best.probe + 1},
             {"reference_view", best.reference + 1}};
  const auto* first = std::get_if<FingerTemplate>(&probe.at(best.probe));
  const auto* second = std::get_if<FingerTemplate>(&reference.at(best.reference));
  if (first != nullptr && second != nullptr) {
    facts["probe_minutiae"] = first->minutiae.size();
    facts["reference_minutiae"] = second->minutiae.size();
  }
  if (faces) facts["model"] = std::get<FaceTemplate>(probe.at(best.probe)).model;
  console.answer(facts, text_of_comparison(o, best, match));
  return match ? Exit::ok : Exit::no_match;
}

Run declare_verify(CLI::App& options) {
  auto o = std::make_shared<VerifyOptions>();
  options.add_option("A", o->probe, "Template or picture of the person who is here")->required();
  options.add_option("B", o->reference, "Template or picture to compare with")->required();
  options.add_option("--ppi", o->ppi, "True resolution of both, where they do not say it or lie");
  options.add_option("--fmr", o->fmr, "Call it a match at this false match rate or less")
      ->capture_default_str();
  options
      .add_option("--modality", o->modality,
                  "What pictures show; left out: a finger where one is to be seen, else a face")
      ->check(CLI::IsMember({"finger", "face"}));
  options.add_option("--model", o->model, "Of pictures of faces: a model's id, or FILE.toml")
      ->capture_default_str();
  options.add_option("--trace", o->trace,
                     "Draw why: FILE.html, or FILE.svg of fingers' corresponding minutiae");
  options.add_option("--probe-image", o->probe_image,
                     "The image A was made of, PNG or JPEG, to draw under its minutiae");
  options.add_option("--reference-image", o->reference_image, "Likewise for B");
  return [o](Console& console) { return verify(*o, console); };
}

}  // namespace

const Verb kVerify{
    "verify", "Compare two template files or pictures: are they of one person?",
    "Examples:\n"
    "  whorl verify visit1.iso visit2.iso --trace why.html\n"
    "  whorl verify visit1.iso visit2.iso --trace why.html --probe-image visit1.png\n"
    "  whorl verify visit1.png visit2.wsq --ppi 500 --trace why.html\n"
    "  whorl verify passport.dg2 gate.jpg --modality face --trace why.html\n"
    "\n"
    "Every view of A is compared with every view of B of the same modality; the best pair counts.\n"
    "The false match rate is the chance that two different people score this much or more; the\n"
    "log likelihood ratio (natural logarithm) weighs one person against two. Files may be ISO/IEC\n"
    "19794-2, ANSI/INCITS 378 or Whorl templates, or pictures of fingers as `whorl extract` reads\n"
    "them; a picture is drawn under its own minutiae. Faces are pictures, ISO/IEC 19794-5 records\n"
    "or a passport's data group 2; the largest face near the middle counts. The trace copies "
    "images\n"
    "as they are: keep it as you keep images of people.\n"
    "Exit code: 0 match, 1 no match.",
    declare_verify};

}  // namespace whorl::app
