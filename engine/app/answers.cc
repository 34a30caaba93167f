#include "engine/app/answers.h"

#include <nlohmann/json.hpp>

#include "engine/app/backend_choice.h"
#include "engine/app/names.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

Json as_json(const search::Evidence& e) {
  Json facts{{"probe", e.probe + 1},
             {"modality", name_of(e.modality)},
             {"encounter", e.encounter.value()},
             {"fmr", e.value.fmr.value()},
             {"log_likelihood_ratio", e.value.ratio.value()}};
  if (e.modality == Modality::finger) {
    facts["probe_position"] = name_of(e.probe_position);
    facts["reference_position"] = name_of(e.reference_position);
  }
  return facts;
}

Json as_json(const search::Candidate& c) {
  Json evidence = Json::array();
  for (const search::Evidence& e : c.evidence) evidence.push_back(as_json(e));
  return {{"subject", c.subject.value()},
          {"fmr", c.value.fmr.value()},
          {"fpir", c.fpir.value()},
          {"log_likelihood_ratio", c.value.ratio.value()},
          {"evidence", evidence}};
}

std::string evidence_words(const search::Evidence& e) {
  if (e.modality == Modality::face) return "face";
  const std::string position(name_of(e.reference_position));
  if (e.probe_position == e.reference_position) return position;
  return std::string(name_of(e.probe_position)) + " on " + position;
}

std::string line_of(const search::Candidate& c) {
  std::string line = "  subject " + std::to_string(c.subject.value()) + ": " + one_in(c.value.fmr) +
                     ", in a search of this size " + one_in(FalseMatchRate{c.fpir.value()}) +
                     ", log likelihood ratio " + rounded(c.value.ratio.value(), 1) + " (";
  for (std::size_t i = 0; i < c.evidence.size(); ++i) {
    line += (i == 0 ? "" : ", ") + evidence_words(c.evidence[i]) + " of encounter " +
            std::to_string(c.evidence[i].encounter.value());
  }
  return line + ")\n";
}

// What made the first comparisons: cuda, a twin of the CPU, or both.
std::string backend_of(const search::Effort& effort) {
  const std::string cpu(kernels::name_of(effort.backend)), device(kCuda);
  if (effort.on_device == 0) return cpu;
  return effort.on_device == effort.comparisons ? device : device + ", " + cpu;
}

std::string effort_line(const search::Effort& effort) {
  std::string line = "  searched " + std::to_string(effort.gallery_prints) + " templates";
  if (effort.on_device > 0) line += " (" + backend_of(effort) + ")";
  if (effort.survivors > 0) {
    line += ", compared " + std::to_string(effort.survivors) + " prints in full";
  }
  if (effort.loss > 0) {
    line += "; a single print's mate is lost before that in " + rounded(100 * effort.loss, 2) +
            " % of searches (--max-loss)";
  }
  return line + "\n";
}

}  // namespace

std::string_view name_of(search::Outcome outcome) {
  return outcome == search::Outcome::enrolled    ? "enrolled"
         : outcome == search::Outcome::duplicate ? "duplicate"
                                                 : "refused";
}

Json as_json(const search::Answer& answer) {
  Json candidates = Json::array();
  for (const search::Candidate& c : answer.candidates) candidates.push_back(as_json(c));
  return {{"decision", search::name_of(answer.decision)},
          {"candidates", candidates},
          {"reasons", answer.reasons},
          {"effort",
           {{"gallery", answer.effort.gallery_prints},
            {"searched", answer.effort.searched},
            {"comparisons", answer.effort.comparisons},
            {"backend", backend_of(answer.effort)},
            {"on_device", answer.effort.on_device},
            {"survivors", answer.effort.survivors},
            {"loss", answer.effort.loss},
            {"stage1_s", answer.effort.stage1_s},
            {"stage2_s", answer.effort.stage2_s}}}};
}

std::string as_text(const search::Answer& answer) {
  std::string text(search::name_of(answer.decision));
  for (const std::string& reason : answer.reasons) text += ": " + reason;
  text += "\n";
  for (const search::Candidate& c : answer.candidates) text += line_of(c);
  return text + effort_line(answer.effort);
}

Json as_json(const search::Receipt& receipt) {
  Json facts{{"subject", receipt.subject.value()}, {"outcome", name_of(receipt.outcome)}};
  if (receipt.outcome == search::Outcome::enrolled) {
    facts["encounter"] = receipt.encounter.value();
  }
  if (receipt.search) facts["search"] = as_json(*receipt.search);
  if (receipt.error) facts["error"] = as_json(*receipt.error);
  return facts;
}

std::string as_text(const search::Receipt& receipt) {
  std::string text = "subject " + std::to_string(receipt.subject.value()) + ": " +
                     std::string(name_of(receipt.outcome));
  if (receipt.outcome == search::Outcome::enrolled) {
    text += " as encounter " + std::to_string(receipt.encounter.value());
  }
  if (receipt.error) return text + ": " + describe(*receipt.error) + "\n";
  if (receipt.search && receipt.outcome == search::Outcome::duplicate) {
    return text + " (not stored)\n" + as_text(*receipt.search);
  }
  return text + "\n";
}

}  // namespace whorl::app
