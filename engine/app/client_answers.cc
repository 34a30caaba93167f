#include "engine/app/client_answers.h"

#include <flatbuffers/idl.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/app/names.h"
#include "engine/app/words.h"
#include "engine/generated/whorl_schema.h"

namespace whorl::app {
namespace {

// The schema itself tells how a message reads, so that a new field needs no line here.
template <class MessageT>
Json json_of(const MessageT& message) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(MessageT::TableType::Pack(builder, &message));
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  options.output_default_scalars_in_json = true;
  flatbuffers::Parser parser(options);
  std::string text;
  const bool told = parser.Parse(kProtocolSchema) &&
                    parser.SetRootType(MessageT::TableType::GetFullyQualifiedName()) &&
                    flatbuffers::GenerateText(parser, builder.GetBufferPointer(), &text);
  return told ? Json::parse(text, nullptr, false) : Json{};
}

std::string_view word_of(wire::Decision decision) {
  return decision == wire::Decision::hit     ? "hit"
         : decision == wire::Decision::refer ? "refer"
                                             : "no-hit";
}

std::string finger_or_face(wire::Modality modality, std::uint8_t position) {
  if (modality == wire::Modality::face) return "face";
  if (position >= kFingerPositions) return "finger";
  return std::string(name_of(static_cast<FingerPosition>(position)));
}

std::string line_of(const wire::EvidenceT& e) {
  std::string line = finger_or_face(e.modality, e.position);
  if (e.position != e.reference_position) {
    line += " on " + finger_or_face(e.modality, e.reference_position);
  }
  return line + " " + one_in(FalseMatchRate{e.fmr}) + ", " + rounded(100 * e.share, 0) + " %";
}

std::string line_of(const wire::CandidateT& c) {
  std::string line = "  subject " + std::to_string(c.subject) + ": " +
                     std::string(word_of(c.decision)) + ", " + one_in(FalseMatchRate{c.fmr}) +
                     "; of a search here " + one_in(FalseMatchRate{c.fpir}) + " (";
  for (std::size_t i = 0; i < c.evidence.size(); ++i) {
    line += (i == 0 ? "" : "; ") + line_of(*c.evidence[i]);
  }
  return line + ")\n";
}

std::string lines_of(const std::vector<std::unique_ptr<wire::SampleReportT>>& samples) {
  std::string text;
  for (const auto& s : samples) {
    text += "  " + finger_or_face(s->modality, s->position);
    if (s->quality <= 100) text += ", quality " + std::to_string(s->quality);
    if (s->modality == wire::Modality::finger) {
      text += ", " + std::to_string(s->minutiae) + " minutiae";
    }
    text += "\n";
    for (const std::string& flaw : s->flaws) text += "    " + flaw + "\n";
  }
  return text;
}

std::string lines_of(const wire::SearchResultT& result) {
  std::string text(word_of(result.decision));
  for (const std::string& reason : result.reasons) text += ": " + reason;
  text += "\n";
  for (const auto& candidate : result.candidates) text += line_of(*candidate);
  return text;
}

std::string person_of(const wire::EncounterInfoT& e) {
  std::string text;
  if (e.sex != wire::Sex::not_recorded) {
    text += ", " + std::string(name_of(static_cast<Sex>(e.sex)));
  }
  if (e.birth_year != 0) text += ", born in " + std::to_string(e.birth_year);
  return text;
}

std::string repeated(const std::unique_ptr<wire::ReportT>& report) {
  return report && report->repeated ? "(the first answer to this request id) " : "";
}

std::string lines_of(const std::vector<std::unique_ptr<wire::GalleryInfoT>>& galleries) {
  std::string text;
  for (const auto& g : galleries) {
    text += g->name + ": " + with_commas(static_cast<std::int64_t>(g->subjects)) + " people, " +
            with_commas(static_cast<std::int64_t>(g->templates)) + " templates, " +
            bytes_of(static_cast<double>(g->memory_bytes)) + " of memory\n";
  }
  return text.empty() ? "no gallery that you may see\n" : text;
}

}  // namespace

Json as_json(const wire::EnrolAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::IdentifyAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::VerifyAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::ChangeAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::SubjectAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::GalleriesAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::StatsAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::AdminAnswerT& answer) { return json_of(answer); }
Json as_json(const wire::FeedbackT& answer) { return json_of(answer); }
Json as_json(const wire::HitT& hit) { return json_of(hit); }

std::string as_text(const wire::EnrolAnswerT& a) {
  std::string text = repeated(a.report) + "subject " + std::to_string(a.subject);
  text += a.outcome == wire::Outcome::enrolled
              ? " enrolled as encounter " + std::to_string(a.encounter) + "\n"
              : " is a duplicate: not stored\n";
  text += lines_of(a.samples);
  if (a.search) text += lines_of(*a.search);
  return text;
}

std::string as_text(const wire::IdentifyAnswerT& a) {
  return repeated(a.report) + (a.result ? lines_of(*a.result) : "") + lines_of(a.samples);
}

std::string as_text(const wire::VerifyAnswerT& a) {
  std::string text = repeated(a.report) + (a.match == wire::Decision::hit     ? "match"
                                           : a.match == wire::Decision::refer ? "refer"
                                                                              : "no match");
  text += ", " + one_in(FalseMatchRate{a.fmr}) + ", log likelihood ratio " +
          rounded(a.log_likelihood_ratio, 1) + "\n";
  for (const auto& e : a.evidence) text += "  " + line_of(*e) + "\n";
  for (const std::string& reason : a.reasons) text += "  " + reason + "\n";
  return text;
}

std::string as_text(const wire::ChangeAnswerT& a) {
  const std::uint64_t revision = a.report ? a.report->revision : 0;
  return repeated(a.report) + "done, revision " + std::to_string(revision) + "\n" +
         lines_of(a.samples);
}

std::string as_text(const wire::SubjectAnswerT& a) {
  std::string text = repeated(a.report);
  for (const auto& e : a.encounters) {
    text += "encounter " + std::to_string(e->encounter) +
            (e->source.empty() ? "" : ", from " + e->source) + person_of(*e) + "\n" +
            lines_of(e->samples);
  }
  return text;
}

std::string as_text(const wire::GalleriesAnswerT& a) { return lines_of(a.galleries); }

std::string as_text(const wire::StatsAnswerT& a) {
  std::int64_t inside = 0;
  for (const std::uint32_t waiting : a.waiting) inside += waiting;
  return lines_of(a.galleries) + bytes_of(static_cast<double>(a.disk_bytes)) + " of disk, " +
         with_commas(inside) + " requests in the service\n";
}

std::string as_text(const wire::AdminAnswerT& a) { return repeated(a.report) + "done\n"; }

std::string as_text(const wire::FeedbackT& f) {
  if (f.enrolment) return as_text(*f.enrolment);
  std::string text = "capture " + std::to_string(f.capture + 1) + ": ";
  text += f.accepted ? "accepted" : f.refused_because;
  if (f.duplicate_suspected) text += "; this person may be enrolled already";
  return text + "\n" + lines_of(f.samples);
}

std::string as_text(const wire::HitT& h) {
  std::string text(word_of(h.decision));
  text += " in " + h.gallery + ", " + h.verb + " for " + h.purpose + "\n";
  for (const auto& candidate : h.candidates) text += line_of(*candidate);
  return text;
}

}  // namespace whorl::app
