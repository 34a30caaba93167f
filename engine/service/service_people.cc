// What requests about people do: Service's enrolling, searching, comparing and forgetting half.

#include <algorithm>
#include <utility>

#include "engine/search/verify.h"
#include "engine/service/service_job.h"

namespace whorl::service {
namespace {

constexpr const char* kUnlikeItsOwn =
    "the subject is enrolled already and this visit does not look like its others: an examiner "
    "should compare them";

double since(SteadyTime begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// Time in the line counts as queued, whichever line it is.
Result<Admission::Turn> wait_in(Admission& line, Service::Job& job) {
  const SteadyTime asked = std::chrono::steady_clock::now();
  auto turn = line.turn(job.heading.priority, job.call.patience);
  job.queued_s += since(asked);
  return turn;
}

// Whether a search passes people over that the policy's own would find.
bool passes_people_over(const search::Query& query, const GalleryPolicy& policy) {
  return !query.filter.all() || query.max_loss > policy.max_loss;
}

// Whether the person is enrolled under this number, and does not look like it: two people whose
// numbers were mixed up, or one who took another's. Only where the two can be compared; a hint, so
// no fault of the store's stands in the way of enrolling.
bool is_unlike_its_own(search::Engine& engine, const std::string& gallery,
                       const search::Enrolment& enrolment, const GalleryPolicy& policy) {
  constexpr std::size_t kVisitsLookedAt = 16;
  const gallery::Store& store = engine.store();
  const auto info = store.find_gallery(gallery);
  if (!info) return false;
  const auto own = store.get_subject(info->id, enrolment.subject);
  if (!own) return false;
  const std::size_t newest = std::min(own->size(), kVisitsLookedAt);
  const auto alike = search::verify(enrolment.encounter.templates, std::span(*own).last(newest));
  return alike && *alike && (*alike)->value.fmr > verify_bands(policy).refer_at;
}

search::Decision least_duplicate(const search::Dedup& dedup) {
  return dedup.enrol_referrals ? search::Decision::hit : search::Decision::refer;
}

}  // namespace

Result<HowToRead> Service::how_to_read(const Job& job) const {
  WHORL_TRY(const gallery::GalleryInfo info, on_.engine.store().find_gallery(job.heading.gallery));
  return HowToRead{job.gallery_policy().face_model, info.settings.keep_pictures};
}

// Waits for a turn, then reads the samples: pictures cost tens of milliseconds of a CPU each.
Result<Captured> Service::capture(const WireSamples* samples, Job& job) {
  WHORL_TRY(const HowToRead how, how_to_read(job));
  WHORL_TRY(const Admission::Turn turn, wait_in(admission_, job));
  const SteadyTime begun = std::chrono::steady_clock::now();
  WHORL_TRY(Captured captured, read_samples(samples, how, job.call.patience));
  job.extracted_s += since(begun);
  job.samples += samples->size();
  return captured;
}

// The engine changes one thing at a time; here the most urgent comes first, and who gave up, never.
// Nothing is changed that could not be recorded.
Result<Admission::Turn> Service::turn_to_change(Job& job) {
  auto turn = wait_in(changes_, job);
  if (turn) WHORL_TRY_VOID(on_.audit.make_ready());
  return turn;
}

Result<Admission::Turn> Service::turn_for_upkeep(Job& job) { return wait_in(upkeep_, job); }

Result<search::Answer> Service::look_for(const std::string& gallery, search::Query query,
                                         Job& job) {
  const SteadyTime asked = std::chrono::steady_clock::now();
  WHORL_TRY(search::Answer answer,
            desk_.search(gallery, std::move(query), job.heading.priority, job.call.patience));
  job.stage1_s += answer.effort.stage1_s;
  job.stage2_s += answer.effort.stage2_s;
  job.queued_s += std::max(0.0, since(asked) - answer.effort.stage1_s - answer.effort.stage2_s);
  return answer;
}

void Service::publish(Job& job, const wire::SearchResultT& result) {
  on_.metrics.searched(static_cast<std::int64_t>(result.comparisons), result.loss, result.backend,
                       job.decision);
  if (result.decision == wire::Decision::no_hit) return;
  auto hit = std::make_shared<wire::HitT>();
  hit->request_id = job.heading.request_id;
  hit->verb = name_of(job.verb);
  hit->gallery = job.heading.gallery;
  hit->purpose = job.heading.purpose;
  hit->at_ms = static_cast<std::uint64_t>(on_.clock.now().value());
  hit->decision = result.decision;
  for (const auto& candidate : result.candidates) {
    if (candidate->decision == wire::Decision::no_hit) continue;
    hit->candidates.push_back(std::make_unique<wire::CandidateT>(*candidate));
  }
  job.hit = std::move(hit);
}

Result<Service::Done> Service::do_enrol(const wire::EnrolRequest& request, Job& job) {
  const GalleryPolicy& policy = job.gallery_policy();
  search::Enrolment enrolment;
  WHORL_TRY(enrolment.subject, read_subject(request.subject()));
  job.subject = enrolment.subject.value();
  WHORL_TRY(enrolment.encounter,
            read_encounter(request.source(), request.captured_at_ms(), request.sex(),
                           request.birth_year(), on_.clock.now()));
  enrolment.expect_new_subject = request.expect_new_subject();
  WHORL_TRY(const Bands bands, bands_of(job));
  search::Dedup dedup;
  WHORL_TRY(dedup.query, read_search(request.search(), policy, bands));
  std::erase(dedup.query.filter.excluded, enrolment.subject);  // is left out anyway
  if (job.verb == Verb::enrol_with_dedup && passes_people_over(dedup.query, policy)) {
    Wish wish = job.wish();
    wish.verb = Verb::enrol;  // without dedup, which this amounts to for those who are passed over
    WHORL_TRY_VOID(on_.gatekeeper.allows(job.call.caller, wish));
  }
  dedup.enrol_referrals = !request.refuse_referrals();
  WHORL_TRY(Captured captured, capture(request.samples(), job));
  enrolment.encounter.templates = std::move(captured.templates);
  enrolment.pictures = std::move(captured.pictures);
  return enrol_encounter(std::move(enrolment),
                         job.verb == Verb::enrol_with_dedup ? &dedup : nullptr,
                         std::move(captured.reports), bands, job);
}

Result<Service::Done> Service::enrol_encounter(search::Enrolment enrolment,
                                               const search::Dedup* dedup, SampleReports reports,
                                               const Bands& bands, Job& job) {
  const GalleryPolicy& policy = job.gallery_policy();
  std::optional<search::Dedup> judged;
  bool unlike = false;
  if (dedup != nullptr) {
    judged = *dedup;
    if (!enrolment.searched) {  // with those of other clients, most urgent first
      WHORL_TRY(enrolment.searched,
                look_for(job.heading.gallery, search::dedup_query(enrolment, *dedup), job));
    }
    {
      WHORL_TRY(const Admission::Turn turn, wait_in(admission_, job));
      unlike = is_unlike_its_own(on_.engine, job.heading.gallery, enrolment, policy);
    }
    judged->judge = [&](const search::Query& query, search::Answer& answer) {
      decide(policy, bands, query, answer);
    };
  }
  wire::EnrolAnswerT told;
  Bytes answer;
  enrolment.note = [&](const std::optional<search::Answer>& search) {
    if (search) {
      told.search = to_wire(*search, {bands, policy, reports});
      if (unlike) told.search->reasons.emplace_back(kUnlikeItsOwn);
      const bool duplicate = search->decision >= least_duplicate(*judged);
      told.outcome = duplicate ? wire::Outcome::duplicate : wire::Outcome::enrolled;
      job.candidates = static_cast<std::uint32_t>(search->candidates.size());
    }
    job.decision = told.outcome == wire::Outcome::duplicate ? "duplicate" : "enrolled";
    told.subject = enrolment.subject.value();
    told.samples = std::move(reports);
    told.report = report_of(job);
    answer = packed(told);
    return std::optional(job.entry->note(answer));
  };
  WHORL_TRY(const Admission::Turn turn, turn_to_change(job));
  const SteadyTime begun = std::chrono::steady_clock::now();
  WHORL_TRY(search::Receipt receipt,
            on_.engine.enrol(job.heading.gallery, enrolment, judged ? &*judged : nullptr));
  if (receipt.error) {
    job.decision.clear();
    return tl::unexpected<Error>(*receipt.error);
  }
  on_.metrics.stage(Metrics::Stage::committed, Metrics::Seconds(since(begun)));
  if (told.search) publish(job, *told.search);
  AnswerBook::complete(answer, job.verb, {receipt.encounter, receipt.revision}, false);
  return Done{std::move(answer), true};
}

Result<Service::Done> Service::do_identify(const wire::IdentifyRequest& request, Job& job) {
  const GalleryPolicy& policy = job.gallery_policy();
  WHORL_TRY(const Bands bands, bands_of(job));
  WHORL_TRY(search::Query query, read_search(request.search(), policy, bands));
  WHORL_TRY(Captured captured, capture(request.samples(), job));
  query.templates = std::move(captured.templates);
  WHORL_TRY(search::Answer answer, look_for(job.heading.gallery, query, job));
  decide(policy, bands, query, answer);
  job.candidates = static_cast<std::uint32_t>(answer.candidates.size());
  job.decision = search::name_of(answer.decision);
  wire::IdentifyAnswerT told;
  told.result = to_wire(answer, {bands, policy, captured.reports});
  publish(job, *told.result);
  told.samples = std::move(captured.reports);
  told.report = report_of(job);
  return Done{packed(told)};
}

Result<Service::Done> Service::do_verify(const wire::VerifyRequest& request, Job& job) {
  const bool given = request.references() != nullptr && request.references()->size() > 0;
  if (given == (request.subject() != 0)) {
    return fail(Fault::bad_request, 0, "one of subject and references");
  }
  const GalleryPolicy& policy = job.gallery_policy();
  WHORL_TRY(Captured captured, capture(request.samples(), job));
  std::vector<gallery::StoredEncounter> references;
  if (given) {
    WHORL_TRY(Captured other, capture(request.references(), job));
    references.push_back({});
    references.back().content.templates = std::move(other.templates);
  } else {
    job.subject = request.subject();
    auto& store = on_.engine.store();
    WHORL_TRY(const gallery::GalleryInfo info, store.find_gallery(job.heading.gallery));
    WHORL_TRY(references, store.get_subject(info.id, SubjectId{request.subject()}));
  }
  search::Query query;
  const Bands bands = verify_bands(policy);
  query.hit_at = bands.hit_at, query.refer_at = bands.refer_at;
  query.templates = std::move(captured.templates);
  WHORL_TRY(const Admission::Turn turn, wait_in(admission_, job));
  const SteadyTime begun = std::chrono::steady_clock::now();
  WHORL_TRY(std::optional<search::Candidate> best, search::verify(query.templates, references));
  job.stage2_s += since(begun);
  if (!best) return fail(Fault::bad_argument, 0, "samples: none can be compared with a reference");
  search::Answer answer;
  answer.effort.gallery_prints = 1;
  answer.candidates.push_back(*std::move(best));
  decide(policy, bands, query, answer);
  job.decision = search::name_of(answer.decision);
  job.candidates = 1;
  wire::VerifyAnswerT told;
  auto candidate = to_wire(answer.candidates.front(), {bands, policy, captured.reports});
  told.match = static_cast<wire::Decision>(answer.decision);
  told.fmr = candidate->fmr;
  told.log_likelihood_ratio = candidate->log_likelihood_ratio;
  told.evidence = std::move(candidate->evidence);
  told.thresholds = to_wire(bands);
  told.reasons = answer.reasons;
  told.samples = std::move(captured.reports);
  told.report = report_of(job);
  return Done{packed(told)};
}

// A change whose answer is stored with it, and completed by what the store gave it.
Result<Service::Done> Service::changed(
    Job& job, const wire::ChangeAnswerT& told,
    const std::function<Result<Revision>(const gallery::Note&)>& change) {
  Bytes answer = packed(told);
  WHORL_TRY(const Admission::Turn turn, turn_to_change(job));
  WHORL_TRY(const Revision revision, change(job.entry->note(answer)));
  AnswerBook::complete(answer, job.verb, {EncounterId{0}, revision}, false);
  return Done{std::move(answer), true};
}

Result<Service::Done> Service::do_update(const wire::UpdateRequest& request, Job& job) {
  WHORL_TRY(const SubjectId subject, read_subject(request.subject()));
  job.subject = subject.value();
  if (request.encounter() == 0) return fail(Fault::bad_request, 0, "encounter");
  WHORL_TRY(Encounter content,
            read_encounter(request.source(), request.captured_at_ms(), request.sex(),
                           request.birth_year(), on_.clock.now()));
  WHORL_TRY(Captured captured, capture(request.samples(), job));
  content.templates = std::move(captured.templates);
  wire::ChangeAnswerT told;
  told.samples = std::move(captured.reports);
  told.report = report_of(job);
  return changed(job, told, [&](const gallery::Note& note) {
    return on_.engine.update(job.heading.gallery, subject, EncounterId{request.encounter()},
                             content, &note, std::move(captured.pictures));
  });
}

Result<Service::Done> Service::do_delete(const wire::DeleteRequest& request, Job& job) {
  WHORL_TRY(const SubjectId subject, read_subject(request.subject()));
  job.subject = subject.value();
  wire::ChangeAnswerT told;
  told.report = report_of(job);
  return changed(job, told, [&](const gallery::Note& note) {
    if (request.encounter() == 0) {
      return on_.engine.delete_subject(job.heading.gallery, subject, &note);
    }
    return on_.engine.delete_encounter(job.heading.gallery, subject,
                                       EncounterId{request.encounter()}, &note);
  });
}

Result<Service::Done> Service::do_erase(const wire::EraseRequest& request, Job& job) {
  WHORL_TRY(const SubjectId subject, read_subject(request.subject()));
  job.subject = subject.value();
  wire::ChangeAnswerT told;
  WHORL_TRY(const Admission::Turn turn, turn_for_upkeep(job));
  told.report = report_of(job);
  return changed(job, told, [&](const gallery::Note& note) {
    return on_.engine.erase_subject(job.heading.gallery, subject, &note);
  });
}

}  // namespace whorl::service
