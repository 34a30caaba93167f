#include "engine/service/service.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/base/crypto.h"
#include "engine/base/version.h"
#include "engine/service/service_job.h"

namespace whorl::service {
namespace {

std::uint64_t micros(double seconds) { return static_cast<std::uint64_t>(seconds * 1e6); }

// What is written to disk before its answer is given; the rest within a second.
bool changes_something(Verb verb) {
  switch (verb) {
    case Verb::enrol:
    case Verb::enrol_with_dedup:
    case Verb::capture:
    case Verb::update:
    case Verb::delete_:
    case Verb::erase:
      return true;
    default:
      return false;
  }
}

// What an operator should look at. A crowd is told by the requests' own lines: a second one for
// each would make it worse.
bool is_trouble(Fault fault) {
  switch (fault) {
    case Fault::busy:
    case Fault::draining:
    case Fault::deadline_exceeded:
    case Fault::cancelled:
      return false;
    default:
      return text_of(fault).blame == Blame::machine;
  }
}

bool is_about_rights(Fault fault) {
  return fault == Fault::unknown_client || fault == Fault::not_allowed ||
         fault == Fault::bad_certificate;
}

template <class Answer>
std::uint16_t fault_number(const Result<Answer>& done) {
  return done ? 0 : static_cast<std::uint16_t>(done.error().fault);
}

}  // namespace

Service::Service(const Foundations& on, int at_once)
    : on_(on),
      started_at_(on.clock.now()),
      admission_(at_once > 0 ? at_once : static_cast<int>(std::thread::hardware_concurrency()),
                 on.gatekeeper.policy()->queue),
      changes_(1, {}),
      upkeep_(1, {}),
      answers_(on.engine.store()),
      desk_(
          [this](const std::string& gallery, std::span<const search::Query> queries) {
            return on_.engine.identify(gallery, queries);
          },
          [this](std::int64_t queries) { on_.metrics.batch(queries); }) {
  on_.metrics.gauges_from([this] { return gauges(); });
}

Service::~Service() {
  if (const Result<> recorded = record_refusals(); !recorded) on_.log.warning(recorded.error());
  on_.metrics.gauges_from({});
  board_.close();
}

template <class Request>
Result<Bytes> Service::handle(Verb verb, const Call& call, Message message,
                              NeedsGallery needs_gallery, Work<Request> work) {
  Job job{verb, call, {}, {}};
  job.message = message;
  const auto request = verified<Request>(message);
  Result<Heading> heading = request ? read_heading((*request)->heading(), needs_gallery)
                                    : Result<Heading>(tl::unexpected<Error>(request.error()));
  if (!heading) {
    return run(job,
               [&]() -> Result<Done> { return tl::unexpected<Error>(std::move(heading).error()); });
  }
  job.heading = *std::move(heading);
  call.priority = job.heading.priority;
  return run(job, [&] { return (this->*work)(**request, job); });
}

Result<Bytes> Service::run(Job& job, const std::function<Result<Done>()>& work) {
  Result<Done> done = answer_once(job, work);
  if (Result<> written = record(job, done); !written) {
    const Error& why = written.error();
    // What was changed stays changed: whoever asked must not believe that it was not.
    const bool changed = done && changes_something(job.verb);
    done = changed ? fail(Fault::unrecorded, 0, describe(why)) : tl::unexpected<Error>(why);
  }
  tell(job, done);
  if (!done) return tl::unexpected<Error>(std::move(done).error());
  if (job.hit) board_.tell(job.hit);
  return std::move(done->answer);
}

Result<Service::Done> Service::answer_once(Job& job, const std::function<Result<Done>()>& work) {
  if (job.heading.request_id.empty()) {  // the work says what is wrong with it, to who may know
    WHORL_TRY_VOID(on_.gatekeeper.may_ask(job.call.caller, job.verb));
    return work();
  }
  const Heading& heading = job.heading;
  WHORL_TRY_VOID(job.admitted ? on_.gatekeeper.allows(job.call.caller, job.wish())
                              : on_.gatekeeper.admit(job.call.caller, job.wish()));
  job.policy = on_.gatekeeper.policy();
  WHORL_TRY(const Admission::Place place, admission_.enter(heading.priority));
  if (job.digest.empty()) job.digest = sha256_hex(job.message);
  WHORL_TRY(const AnswerBook::Entry entry, answers_.open(job.call.caller.name, heading.request_id,
                                                         job.verb, job.digest, job.call.patience));
  if (entry.first_answer()) {
    job.repeated = true;
    // A full disk may have left the first one's keys to be destroyed.
    if (job.verb == Verb::erase) {
      WHORL_TRY(const Admission::Turn turn, turn_for_upkeep(job));
      WHORL_TRY_VOID(on_.engine.store().finish_erasures());
    }
    return Done{*entry.first_answer(), true};
  }
  job.entry = &entry;
  WHORL_TRY(Done done, work());
  // What changed nothing may be done again. What tells of one person is not kept at all: it would
  // outlive the person's erasure. Nor are sizes, which monitors ask for all day.
  const bool of_sizes = job.verb == Verb::stats || job.verb == Verb::list_galleries;
  if (!done.kept && job.subject == 0 && !of_sizes) {
    if (const Result<> kept = entry.keep(done.answer); !kept) on_.log.warning(kept.error());
  }
  return done;
}

Result<> Service::record(Job& job, const Result<Done>& done) {
  AuditRecord record;
  record.at = on_.clock.now();
  record.client = job.call.caller.name;
  record.verb = job.verb;
  record.gallery = job.heading.gallery;
  record.purpose = job.heading.purpose;
  record.request_id = job.heading.request_id;
  record.fault = fault_number(done);
  record.repeated = job.repeated;
  record.samples = job.samples;
  record.candidates = job.candidates;
  record.decision = job.decision;
  record.subject = job.subject;
  const bool cheap = !done && (is_about_rights(done.error().fault) || record.request_id.empty());
  job.counted_alone = cheap && !refusals_.is_recorded(record);
  if (job.counted_alone) return {};
  return on_.audit.append(record,
                          done && changes_something(job.verb) ? Durable::now : Durable::soon);
}

Result<> Service::record_refusals() {
  while (const auto one = refusals_.take()) {
    if (Result<> recorded = on_.audit.append(*one, Durable::soon); !recorded) {
      refusals_.put_back(*one);
      return recorded;
    }
    on_.log.event("refusals-not-told-one-by-one", std::to_string(one->alike + 1));
  }
  return {};
}

void Service::tell(const Job& job, const Result<Done>& done) {
  const double seconds = job.seconds();
  on_.metrics.request(job.verb, fault_number(done), Metrics::Seconds(seconds));
  const auto stage = [&](Metrics::Stage which, double took) {
    if (took > 0) on_.metrics.stage(which, Metrics::Seconds(took));
  };
  stage(Metrics::Stage::queued, job.queued_s);
  stage(Metrics::Stage::extracted, job.extracted_s);
  stage(Metrics::Stage::stage1, job.stage1_s);
  stage(Metrics::Stage::stage2, job.stage2_s);
  if (job.counted_alone) return;
  RequestLog::Line line;
  line.request_id = job.heading.request_id;
  line.client = job.call.caller.name;
  line.gallery = job.heading.gallery;
  line.purpose = job.heading.purpose;
  line.verb = job.verb;
  line.fault = fault_number(done);
  line.repeated = job.repeated;
  line.total_ms = seconds * 1000;
  line.queued_ms = job.queued_s * 1000;
  on_.log.request(line);
  if (!done && is_trouble(done.error().fault)) on_.log.warning(done.error());
}

std::unique_ptr<wire::ReportT> Service::report_of(const Job& job) const {
  auto report = std::make_unique<wire::ReportT>();
  report->engine = kEngineVersion;
  report->request_id = job.heading.request_id;
  report->timings = std::make_unique<wire::TimingsT>();
  report->timings->queued_us = micros(job.queued_s);
  report->timings->extracted_us = micros(job.extracted_s);
  report->timings->stage1_us = micros(job.stage1_s);
  report->timings->stage2_us = micros(job.stage2_s);
  report->timings->total_us = micros(job.seconds());
  return report;
}

Result<Bands> Service::bands_of(const Job& job) const {
  WHORL_TRY(const std::int64_t people, on_.engine.people(job.heading.gallery));
  return bands_for(job.gallery_policy(), people);
}

Metrics::Gauges Service::gauges() {
  Metrics::Gauges gauges;
  const auto inside = admission_.inside();
  gauges.waiting.assign(inside.begin(), inside.end());
  gauges.streams = visits_;
  gauges.subscribers = board_.watchers();
  gauges.draining = admission_.draining();
  gauges.log_lines_lost = on_.log.lost();
  gauges.galleries = on_.engine.status();
  if (const auto stats = on_.engine.store().stats()) gauges.disk_bytes = stats->disk_bytes;
  return gauges;
}

void Service::begin_draining() {
  admission_.drain();
  board_.close();
}

bool Service::wait_until_idle(SteadyTime until) { return admission_.wait_until_empty(until); }

Result<> Service::tidy() {
  const auto policy = on_.gatekeeper.policy();
  admission_.set_bounds(policy->queue);
  const Result<> recorded = record_refusals();
  const auto ago = [&](std::chrono::days days) {
    return UnixMillis{on_.clock.now().value() -
                      std::chrono::duration_cast<std::chrono::milliseconds>(days).count()};
  };
  for (std::int64_t dropped = gallery::Store::kNotesPerDrop;
       dropped == gallery::Store::kNotesPerDrop;) {
    WHORL_TRY(dropped, on_.engine.store().drop_notes_before(ago(policy->keep_answers)));
  }
  WHORL_TRY(const std::int64_t purged, on_.audit.purge_before(ago(policy->keep_audit)));
  if (purged > 0) on_.log.event("audit-purged", std::to_string(purged) + " records");
  return recorded;
}

std::chrono::milliseconds Service::retry_after(const Call& call, const Error& error) const {
  if (error.fault != Fault::busy) return std::chrono::milliseconds(0);
  return std::max(on_.gatekeeper.wait_for(call.caller), admission_.retry_after(call.priority));
}

// ---- The verbs ---------------------------------------------------------------------------------

Result<Bytes> Service::enrol(const Call& call, Message message) {
  return handle(Verb::enrol, call, message, NeedsGallery::yes, &Service::do_enrol);
}
Result<Bytes> Service::enrol_with_dedup(const Call& call, Message message) {
  return handle(Verb::enrol_with_dedup, call, message, NeedsGallery::yes, &Service::do_enrol);
}
Result<Bytes> Service::identify(const Call& call, Message message) {
  return handle(Verb::identify, call, message, NeedsGallery::yes, &Service::do_identify);
}
Result<Bytes> Service::verify(const Call& call, Message message) {
  return handle(Verb::verify, call, message, NeedsGallery::yes, &Service::do_verify);
}
Result<Bytes> Service::update(const Call& call, Message message) {
  return handle(Verb::update, call, message, NeedsGallery::yes, &Service::do_update);
}
Result<Bytes> Service::remove(const Call& call, Message message) {
  return handle(Verb::delete_, call, message, NeedsGallery::yes, &Service::do_delete);
}
Result<Bytes> Service::erase(const Call& call, Message message) {
  return handle(Verb::erase, call, message, NeedsGallery::yes, &Service::do_erase);
}
Result<Bytes> Service::get_subject(const Call& call, Message message) {
  return handle(Verb::get_subject, call, message, NeedsGallery::yes, &Service::do_get_subject);
}
Result<Bytes> Service::list_galleries(const Call& call, Message message) {
  return handle(Verb::list_galleries, call, message, NeedsGallery::no, &Service::do_list);
}
Result<Bytes> Service::stats(const Call& call, Message message) {
  return handle(Verb::stats, call, message, NeedsGallery::no, &Service::do_stats);
}
Result<Bytes> Service::backup(const Call& call, Message message) {
  return handle(Verb::backup, call, message, NeedsGallery::no, &Service::do_backup);
}
Result<Bytes> Service::compact(const Call& call, Message message) {
  return handle(Verb::compact, call, message, NeedsGallery::no, &Service::do_compact);
}
Result<Bytes> Service::reload(const Call& call, Message message) {
  return handle(Verb::reload, call, message, NeedsGallery::no, &Service::do_reload);
}
Result<Bytes> Service::drain(const Call& call, Message message) {
  return handle(Verb::drain, call, message, NeedsGallery::no, &Service::do_drain);
}

}  // namespace whorl::service
