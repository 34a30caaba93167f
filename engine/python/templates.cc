#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/features/read_capture.h"
#include "engine/formats/template_container.h"
#include "engine/matchers/comparison.h"
#include "engine/python/module.h"
#include "engine/python/values.h"

namespace whorl::python {
namespace {

namespace py = pybind11;
using namespace py::literals;

py::bytes bytes_of(const Template& value) {
  const Bytes bytes = value_of(formats::encode_template(value));
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

std::optional<int> quality_of(Quality quality) {
  if (quality.value == Quality::kNotReported) return std::nullopt;
  return quality.value;
}

using MinutiaTuple = std::tuple<int, int, float, std::string>;
std::vector<MinutiaTuple> minutiae_of(const FingerTemplate& print) {
  std::vector<MinutiaTuple> minutiae;
  for (const Minutia& m : print.minutiae) {
    const char* const kind = m.kind == MinutiaKind::ending        ? "ending"
                             : m.kind == MinutiaKind::bifurcation ? "bifurcation"
                                                                  : "other";
    minutiae.emplace_back(m.x_px, m.y_px, m.direction.degrees(), kind);
  }
  return minutiae;
}

// The one finger of a file that does not say which it is.
void name_finger(std::vector<Template>& templates, FingerPosition position) {
  auto* const print =
      templates.size() == 1 ? std::get_if<FingerTemplate>(&templates.front()) : nullptr;
  if (print == nullptr) raise({Fault::bad_argument, 0, "position, of a file of one finger"});
  print->position = position;
}

std::vector<Template> extract(const py::bytes& file, std::optional<double> ppi,
                              const Word& position, const Word& modality,
                              const std::string& model) {
  features::CaptureOptions options;
  if (ppi) options.ppi = PixelsPerInch{*ppi};
  if (modality) {
    options.modality = noun_from(modality_from_name, modality, "modality", Modality::finger);
  }
  options.face.model = model;
  const auto finger = noun_from(finger_from_name, position, "position", FingerPosition::unknown);
  const std::string_view text = file;
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  auto templates = value_of(unlocked([&] { return features::read_capture(bytes, options); }));
  if (position) name_finger(templates, finger);
  return templates;
}

matchers::Comparison verify(const std::vector<Template>& probe,
                            const std::vector<Template>& reference) {
  return value_of(unlocked([&] { return matchers::best_comparison(probe, reference); }));
}

}  // namespace

void define_templates(py::module_& module) {
  py::class_<FingerTemplate>(module, "FingerTemplate", "The minutiae of one finger, at 500 ppi.")
      .def_property_readonly("position",
                             [](const FingerTemplate& t) { return name_of(t.position); })
      .def_property_readonly(
          "quality", [](const FingerTemplate& t) { return quality_of(t.quality); },
          "0 .. 100, or None")
      .def_property_readonly("minutiae", minutiae_of, "(x_px, y_px, direction in degrees, kind)")
      .def("to_bytes", bytes_of, "Whorl's own container, which extract() reads.")
      .def("__repr__", [](const FingerTemplate& t) {
        return "<whorl.FingerTemplate " + std::string(name_of(t.position)) + ", " +
               std::to_string(t.minutiae.size()) + " minutiae>";
      });

  py::class_<FaceTemplate>(module, "FaceTemplate", "The vector of one face.")
      .def_readonly("model", &FaceTemplate::model, "The network that made it")
      .def_property_readonly(
          "quality", [](const FaceTemplate& t) { return quality_of(t.quality); },
          "0 .. 100, or None")
      .def_readonly("vector", &FaceTemplate::vector)
      .def("to_bytes", bytes_of, "Whorl's own container, which extract() reads.")
      .def("__repr__",
           [](const FaceTemplate& t) { return "<whorl.FaceTemplate " + t.model + ">"; });

  py::class_<matchers::Comparison>(module, "Comparison", "The best pair of two sides' templates.")
      .def_readonly("probe", &matchers::Comparison::probe, "Index into the probe's templates")
      .def_readonly("reference", &matchers::Comparison::reference)
      .def_readonly("similarity", &matchers::Comparison::similarity, "The matcher's own scale")
      .def_property_readonly(
          "fmr", [](const matchers::Comparison& c) { return c.value.fmr; },
          "How often two different people score this much or more")
      .def_property_readonly("log_likelihood_ratio",
                             [](const matchers::Comparison& c) { return c.value.ratio; });

  module.def("extract", extract, "file"_a, py::kw_only(), "ppi"_a = py::none(),
             "position"_a = py::none(), "modality"_a = py::none(),
             "model"_a = std::string(features::kDefaultFaceModel),
             "The templates of all that a file's bytes show: pictures of fingers and faces, and\n"
             "records of minutiae. `ppi` is the true resolution of fingers, `position` names the\n"
             "finger of a file of one, `modality` says what a bare picture shows.");
  module.def("verify", verify, "probe"_a, "reference"_a,
             "Compares two lists of templates 1:1: the pair that speaks loudest for one person.");
}

}  // namespace whorl::python
