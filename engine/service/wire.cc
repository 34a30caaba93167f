#include "engine/service/wire.h"

#include <algorithm>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/gallery/catalogue.h"
#include "engine/search/fuse.h"

namespace whorl::service {
namespace {

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : text->string_view();
}

template <class To, class From>
Result<To> one_of(From value, From last, std::string_view field) {
  if (value > last) return fail(Fault::bad_request, 0, std::string(field));
  return static_cast<To>(value);
}

wire::Modality to_wire(Modality modality) {
  return modality == Modality::face ? wire::Modality::face : wire::Modality::finger;
}

wire::Decision to_wire(search::Decision decision) { return static_cast<wire::Decision>(decision); }
static_assert(static_cast<int>(search::Decision::hit) == static_cast<int>(wire::Decision::hit));
static_assert(static_cast<int>(search::Decision::refer) == static_cast<int>(wire::Decision::refer));
static_assert(static_cast<int>(Sex::other) == static_cast<int>(wire::Sex::other));
static_assert(static_cast<int>(Priority::bulk) == static_cast<int>(wire::Priority::bulk));

std::string backend_of(const search::Effort& effort) {
  const std::string cpu(kernels::name_of(effort.backend));
  if (effort.on_device == 0) return cpu;
  return effort.on_device == effort.comparisons ? "cuda" : "cuda, " + cpu;
}

}  // namespace

bool is_request_id(std::string_view id) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  return !id.empty() && id.size() <= kMaxRequestIdBytes && std::ranges::all_of(id, fits);
}

// Words of the policy, so nothing that could break a log line.
bool is_purpose(std::string_view purpose) {
  return !purpose.empty() && purpose.size() <= kMaxPurposeBytes && gallery::is_name(purpose);
}

Result<Heading> read_heading(const wire::Heading* heading, NeedsGallery needs_gallery) {
  if (heading == nullptr) return fail(Fault::bad_request, 0, "heading");
  Heading read;
  read.request_id = text_of(heading->request_id());
  if (!is_request_id(read.request_id)) return fail(Fault::bad_request, 0, "heading.request_id");
  read.gallery = text_of(heading->gallery());
  if (needs_gallery == NeedsGallery::yes || !read.gallery.empty()) {
    if (!gallery::is_name(read.gallery)) return fail(Fault::bad_name, 0, "heading.gallery");
  }
  read.purpose = text_of(heading->purpose());
  const bool none = read.purpose.empty() && needs_gallery == NeedsGallery::no;
  if (!none && !is_purpose(read.purpose)) return fail(Fault::bad_request, 0, "heading.purpose");
  WHORL_TRY(read.priority,
            one_of<Priority>(heading->priority(), wire::Priority::bulk, "heading.priority"));
  return read;
}

Result<search::Query> read_search(const wire::Search* search, const GalleryPolicy& policy,
                                  const Bands& bands) {
  search::Query query;
  query.hit_at = bands.hit_at;
  query.refer_at = bands.refer_at;
  query.max_loss = policy.max_loss;
  if (search == nullptr) return query;
  if (search->max_candidates() < 1) return fail(Fault::bad_request, 0, "search.max_candidates");
  if (search->max_candidates() > kMaxCandidates) {
    return fail(Fault::limit_exceeded, 0, "search.max_candidates");
  }
  query.max_candidates = search->max_candidates();
  if (search->max_loss() != 0) {
    if (!(search->max_loss() > 0 && search->max_loss() < 1)) {
      return fail(Fault::bad_request, 0, "search.max_loss");
    }
    query.max_loss = search->max_loss();
  }
  query.any_finger = search->any_finger();
  query.any_rotation = search->any_rotation();
  WHORL_TRY(query.filter.sex, one_of<Sex>(search->sex(), wire::Sex::other, "search.sex"));
  query.filter.birth_year_min = search->birth_year_min();
  query.filter.birth_year_max = search->birth_year_max();
  if (query.filter.birth_year_min > query.filter.birth_year_max) {
    return fail(Fault::bad_request, 0, "search.birth_year_min");
  }
  if (const auto* excluded = search->excluded(); excluded != nullptr) {
    if (excluded->size() > static_cast<std::size_t>(kMaxExcludedSubjects)) {
      return fail(Fault::limit_exceeded, 0, "search.excluded");
    }
    for (const std::uint64_t subject : *excluded) query.filter.excluded.emplace_back(subject);
    std::ranges::sort(query.filter.excluded);
  }
  return query;
}

Result<SubjectId> read_subject(std::uint64_t number) {
  if (number == 0) return fail(Fault::bad_request, 0, "subject");
  return SubjectId{number};
}

Result<Encounter> read_encounter(const flatbuffers::String* source, std::uint64_t captured_at_ms,
                                 wire::Sex sex, std::uint16_t birth_year, UnixMillis now) {
  constexpr std::uint64_t kYear10000 = 253'402'300'800'000;
  if (captured_at_ms >= kYear10000) return fail(Fault::bad_request, 0, "captured_at_ms");
  Encounter encounter;
  encounter.captured_at =
      captured_at_ms == 0 ? now : UnixMillis{static_cast<std::int64_t>(captured_at_ms)};
  encounter.source = text_of(source);
  if (encounter.source.size() > kMaxSourceBytes) return fail(Fault::limit_exceeded, 0, "source");
  WHORL_TRY(encounter.demographics.sex, one_of<Sex>(sex, wire::Sex::other, "sex"));
  encounter.demographics.birth_year = birth_year;
  return encounter;
}

std::unique_ptr<wire::ThresholdsT> to_wire(const Bands& bands) {
  auto thresholds = std::make_unique<wire::ThresholdsT>();
  thresholds->hit_fmr = bands.hit_at.value();
  thresholds->refer_fmr = bands.refer_at.value();
  thresholds->hit_fpir = search::false_positive_rate(bands.hit_at, bands.people).value();
  thresholds->refer_fpir = search::false_positive_rate(bands.refer_at, bands.people).value();
  thresholds->people = static_cast<std::uint64_t>(bands.people);
  return thresholds;
}

std::unique_ptr<wire::CandidateT> to_wire(const search::Candidate& candidate, const Telling& by) {
  auto found = std::make_unique<wire::CandidateT>();
  found->subject = candidate.subject.value();
  found->fmr = candidate.value.fmr.value();
  found->fpir = search::false_positive_rate(candidate.value.fmr, by.bands.people).value();
  found->log_likelihood_ratio = candidate.value.ratio.value();
  found->decision = to_wire(judge(candidate, by.bands, by.policy));
  for (const search::Evidence& e : candidate.evidence) {
    auto evidence = std::make_unique<wire::EvidenceT>();
    evidence->sample = by.reports.at(static_cast<std::size_t>(e.probe))->sample;
    evidence->modality = to_wire(e.modality);
    evidence->position = static_cast<std::uint8_t>(e.probe_position);
    evidence->reference_position = static_cast<std::uint8_t>(e.reference_position);
    evidence->encounter = e.encounter.value();
    evidence->fmr = e.value.fmr.value();
    evidence->log_likelihood_ratio = e.value.ratio.value();
    evidence->share = share_of(e, candidate);
    found->evidence.push_back(std::move(evidence));
  }
  return found;
}

std::unique_ptr<wire::SearchResultT> to_wire(const search::Answer& answer, const Telling& by) {
  auto result = std::make_unique<wire::SearchResultT>();
  result->decision = to_wire(answer.decision);
  for (const search::Candidate& candidate : answer.candidates) {
    result->candidates.push_back(to_wire(candidate, by));
  }
  result->thresholds = to_wire(by.bands);
  result->loss = answer.effort.loss;
  result->comparisons = static_cast<std::uint64_t>(answer.effort.comparisons);
  result->backend = backend_of(answer.effort);
  result->reasons = answer.reasons;
  return result;
}

search::Answer from_wire(const wire::SearchResultT& result, const wire::TimingsT& timings) {
  search::Answer answer;
  answer.decision = static_cast<search::Decision>(result.decision);
  answer.reasons = result.reasons;
  answer.effort.comparisons = static_cast<std::int64_t>(result.comparisons);
  answer.effort.loss = result.loss;
  answer.effort.stage1_s = static_cast<double>(timings.stage1_us) / 1e6;
  answer.effort.stage2_s = static_cast<double>(timings.stage2_us) / 1e6;
  for (const auto& from : result.candidates) {
    search::Candidate candidate;
    candidate.subject = SubjectId{from->subject};
    candidate.value = {LogLikelihoodRatio{from->log_likelihood_ratio}, FalseMatchRate{from->fmr}};
    candidate.fpir = search::FalsePositiveRate{from->fpir};
    for (const auto& e : from->evidence) {
      candidate.evidence.push_back(
          {static_cast<int>(e->sample),
           e->modality == wire::Modality::face ? Modality::face : Modality::finger,
           static_cast<FingerPosition>(e->position),
           static_cast<FingerPosition>(e->reference_position),
           EncounterId{e->encounter},
           {LogLikelihoodRatio{e->log_likelihood_ratio}, FalseMatchRate{e->fmr}}});
    }
    answer.candidates.push_back(std::move(candidate));
  }
  return answer;
}

}  // namespace whorl::service
