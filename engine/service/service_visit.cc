// A visit to a station: captures one after another, feedback to each, an enrolment at the end.

#include <iterator>
#include <utility>

#include "engine/base/crypto.h"
#include "engine/base/limits.h"
#include "engine/service/service_job.h"
#include "scanners/quality_gate.h"

namespace whorl::service {
namespace {

// Over what was so far and what came now, so that a visit that is sent again is known by it.
std::string digest_with(const std::string& before, Message message) {
  const std::string both = before + sha256_hex(message);
  return sha256_hex(std::as_bytes(std::span(both)));
}

}  // namespace

Service::Visit::~Visit() {
  if (!open_) return;
  const std::lock_guard lock(service_.visits_lock_);
  const auto own = service_.visits_of_.find(call_.caller.name);
  if (--own->second == 0) service_.visits_of_.erase(own);
  --service_.visits_;
}

Result<> Service::Visit::open() {
  const Result<> placed = take_place();
  if (placed) return {};
  finished_ = true;
  Job job{Verb::capture, call_, {}, {}};
  const Result<Done> refused = tl::unexpected<Error>(placed.error());
  const Result<> recorded = service_.record(job, refused);
  service_.tell(job, refused);
  return recorded ? placed : recorded;
}

// A client that says nothing holds a place, too: only who may capture has any, and not all.
Result<> Service::Visit::take_place() {
  WHORL_TRY_VOID(service_.on_.gatekeeper.may_ask(call_.caller, Verb::capture));
  const std::lock_guard lock(service_.visits_lock_);
  const auto own = service_.visits_of_.find(call_.caller.name);
  if (own != service_.visits_of_.end() && own->second >= kMaxVisitsOfClient) {
    return fail(Fault::busy, 0, "visits of one client");
  }
  if (service_.visits_ >= kMaxVisits) return fail(Fault::busy, 0, "visits");
  ++service_.visits_of_[call_.caller.name];
  ++service_.visits_;
  open_ = true;
  return {};
}

// Every capture is recorded before it is answered, and so is what is wrong with a message.
Result<Bytes> Service::Visit::take(Message message) {
  if (finished_) return fail(Fault::bad_request, 0, "a message after the last");
  if (!open_) WHORL_TRY_VOID(open());
  Job job{Verb::capture, call_, heading_.value_or(Heading{}), {}};
  wire::FeedbackT feedback;
  Result<Done> looked = look(message, job, feedback);
  const bool finish_now = looked && last_;
  if (!looked || job.samples > 0) {
    if (Result<> written = service_.record(job, looked); !written) {
      looked = tl::unexpected<Error>(std::move(written).error());
    }
    service_.tell(job, looked);
  }
  if (!looked) finished_ = true;
  if (!looked) return tl::unexpected<Error>(std::move(looked).error());
  if (finish_now) WHORL_TRY_VOID(finish(feedback));
  return packed(feedback);
}

Result<Service::Done> Service::Visit::look(Message message, Job& job, wire::FeedbackT& feedback) {
  WHORL_TRY(const wire::CaptureRequest* const request, verified<wire::CaptureRequest>(message));
  if (!heading_) {
    WHORL_TRY(job.heading, read_heading(request->heading(), NeedsGallery::yes));
    call_.priority = job.heading.priority;
    WHORL_TRY_VOID(service_.on_.gatekeeper.admit(call_.caller, job.wish()));
    WHORL_TRY_VOID(begin(*request));
    heading_ = job.heading;
  } else {
    WHORL_TRY_VOID(service_.on_.gatekeeper.allows(call_.caller, job.wish()));  // still
  }
  digest_ = digest_with(digest_, message);
  job.policy = service_.on_.gatekeeper.policy();
  job.subject = subject_.value();
  feedback.capture = captures_;
  if (request->sample() != nullptr) {
    if (captures_ >= kMaxCapturesPerVisit) return fail(Fault::limit_exceeded, 0, "captures");
    ++captures_;
    job.samples = 1;
    WHORL_TRY_VOID(add(*request->sample(), job, feedback));
  }
  last_ = request->finish();
  return Done{};
}

Result<> Service::Visit::begin(const wire::CaptureRequest& first) {
  WHORL_TRY(subject_, read_subject(first.subject()));
  WHORL_TRY(encounter_, read_encounter(first.source(), 0, wire::Sex::not_recorded, 0,
                                       service_.on_.clock.now()));
  return {};
}

// What is wrong with one capture is told and ends nothing; what is wrong with the machine does.
Result<> Service::Visit::add(const wire::Sample& sample, Job& job, wire::FeedbackT& feedback) {
  WHORL_TRY(const HowToRead how, service_.how_to_read(job));
  Result<Captured> captured = fail(Fault::cancelled);
  {
    WHORL_TRY(const Admission::Place place, service_.admission_.enter(heading_->priority));
    WHORL_TRY(const Admission::Turn turn,
              service_.admission_.turn(heading_->priority, call_.patience));
    captured = read_sample(sample, feedback.capture, how);
  }
  if (!captured) {
    if (text_of(captured.error().fault).blame == Blame::machine) {
      return tl::unexpected<Error>(captured.error());
    }
    feedback.refused_because = describe(captured.error());
    return {};
  }
  scanners::Capture judged;
  judged.templates = captured->templates;
  if (!judged.templates.empty()) judged.modality = modality_of(judged.templates.front());
  const bool fits = std::ssize(captured_.templates) + std::ssize(captured->templates) <=
                    kMaxTemplatesPerEncounter;
  if (!fits) return fail(Fault::limit_exceeded, 0, "templates of a visit");
  std::size_t kept = 0;
  for (const auto& one : captured_.pictures) kept += one.file.size();
  for (const auto& one : captured->pictures) kept += one.file.size();
  if (kept > kMaxMessageBytes) return fail(Fault::limit_exceeded, 0, "pictures of a visit");
  const auto refusal = scanners::refusal_of(judged, {});
  for (const auto& report : captured->reports) {
    feedback.samples.push_back(std::make_unique<wire::SampleReportT>(*report));
  }
  if (refusal) {
    feedback.refused_because = refusal->reason;
    return {};
  }
  feedback.accepted = true;
  service::add(*std::move(captured), captured_);
  return look_whether_enrolled(job, feedback);
}

// By everything captured so far, so that the clerk hears of it while the person is still there.
Result<> Service::Visit::look_whether_enrolled(Job& job, wire::FeedbackT& feedback) {
  WHORL_TRY(const Admission::Place place, service_.admission_.enter(heading_->priority));
  WHORL_TRY(const Bands bands, service_.bands_of(job));
  WHORL_TRY(search::Query query, read_search(nullptr, job.gallery_policy(), bands));
  query.templates = captured_.templates;
  query.filter.excluded = {subject_};
  WHORL_TRY(search::Answer answer, service_.look_for(heading_->gallery, query, job));
  searched_ = answer;
  decide(job.gallery_policy(), bands, query, answer);
  job.decision = search::name_of(answer.decision);
  job.candidates = static_cast<std::uint32_t>(answer.candidates.size());
  feedback.duplicate_suspected = answer.decision != search::Decision::no_hit;
  return {};
}

Result<> Service::Visit::finish(wire::FeedbackT& feedback) {
  finished_ = true;
  Job job{Verb::capture, call_, *heading_, digest_};
  job.admitted = true;
  job.samples = captures_;
  job.subject = subject_.value();
  const auto work = [&]() -> Result<Done> {
    WHORL_TRY(const Bands bands, service_.bands_of(job));
    search::Dedup dedup;
    WHORL_TRY(dedup.query, read_search(nullptr, job.gallery_policy(), bands));
    encounter_.templates = std::move(captured_.templates);
    search::Enrolment enrolment{subject_, std::move(encounter_)};
    enrolment.pictures = std::move(captured_.pictures);
    enrolment.searched = std::move(searched_);
    return service_.enrol_encounter(std::move(enrolment), &dedup, std::move(captured_.reports),
                                    bands, job);
  };
  WHORL_TRY(const Bytes answer, service_.run(job, work));
  feedback.enrolment.reset(flatbuffers::GetRoot<wire::EnrolAnswer>(answer.data())->UnPack());
  return {};
}

}  // namespace whorl::service
