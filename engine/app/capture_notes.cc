#include "engine/app/capture_notes.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/names.h"

namespace whorl::app {

std::vector<CaptureNote> notes_of(const std::vector<Template>& templates,
                                  std::vector<features::Flaws> flaws) {
  std::vector<CaptureNote> notes;
  for (std::size_t t = 0; t < templates.size(); ++t) {
    CaptureNote& note = notes.emplace_back();
    note.modality = modality_of(templates[t]);
    note.flaws = std::move(flaws.at(t));
    if (const auto* print = std::get_if<FingerTemplate>(&templates[t])) {
      note.position = print->position, note.quality = print->quality;
    } else {
      note.quality = std::get<FaceTemplate>(templates[t]).quality;
    }
  }
  return notes;
}

Json flaw_names(const features::Flaws& flaws) {
  Json names = Json::array();
  for (const features::Flaw& flaw : flaws) names.push_back(flaw.name);
  return names;
}

Json flaw_reasons(const features::Flaws& flaws) {
  Json reasons = Json::array();
  for (const features::Flaw& flaw : flaws) reasons.push_back(flaw.text);
  return reasons;
}

Json as_json(const CaptureNote& note) {
  Json facts{{"modality", name_of(note.modality)},
             {"quality", nullptr},
             {"flaws", flaw_names(note.flaws)},
             {"reasons", flaw_reasons(note.flaws)}};
  if (note.quality.value != Quality::kNotReported) facts["quality"] = note.quality.value;
  if (note.modality == Modality::finger) facts["position"] = name_of(note.position);
  return facts;
}

std::string as_text(const CaptureNote& note) {
  std::string text =
      "  " + std::string(note.modality == Modality::face ? "face" : name_of(note.position));
  if (note.quality.value != Quality::kNotReported) {
    text += ", quality " + std::to_string(note.quality.value);
  }
  text += "\n";
  for (const features::Flaw& flaw : note.flaws) text += "    " + std::string(flaw.text) + "\n";
  return text;
}

}  // namespace whorl::app
