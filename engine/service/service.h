#pragma once
// What the service does with a request, whatever brought it: from a message's bytes to an answer's.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/search/engine.h"
#include "engine/service/admission.h"
#include "engine/service/answer_book.h"
#include "engine/service/audit.h"
#include "engine/service/gatekeeper.h"
#include "engine/service/hit_board.h"
#include "engine/service/metrics.h"
#include "engine/service/refusals.h"
#include "engine/service/request_log.h"
#include "engine/service/search_desk.h"
#include "engine/service/wire.h"

namespace whorl::service {

// One call of a client.
struct Call {
  Caller caller;
  Patience patience;
  // As the request says it, once that was read: tells how long a refused client should wait.
  mutable Priority priority = Priority::routine;
};

using Message = std::span<const std::byte>;

// What the service stands on; all of it outlives it.
struct Foundations {
  search::Engine& engine;
  Gatekeeper& gatekeeper;
  AuditLog& audit;
  Metrics& metrics;
  RequestLog& log;
  const Clock& clock;
};

// Every request goes the same way: its message is verified and read, the gatekeeper admits it, it
// finds a place, its id is looked up among those answered before, it does its work, and it is
// written to the audit log before it is answered.
//
// Thread safety: every member may be called from any thread.
// Invariants:
//   1. No answer without its record in the audit log; a visit has one for each capture, and the
//      refusals of a client that may not ask have one together once they come by the dozen. Nothing
//      is changed while the log fails; where it does so after a change, that is what is told.
//   2. A change and the answer to it are stored in one write, so an id that comes again, also after
//      a crash, is given the first answer and does nothing.
class Service {
 public:
  // `at_once`: requests that use a CPU together besides the search; 0: as many as there are CPUs.
  Service(const Foundations& on, int at_once);
  ~Service();

  // The bytes of an answer to the bytes of a request, both of whorl.fbs. Faults: bad_request,
  // unknown_client, not_allowed, busy, draining, deadline_exceeded, cancelled, request_reused, and
  // those of the work itself.
  Result<Bytes> enrol(const Call& call, Message message);
  Result<Bytes> enrol_with_dedup(const Call& call, Message message);
  Result<Bytes> identify(const Call& call, Message message);
  Result<Bytes> verify(const Call& call, Message message);
  Result<Bytes> update(const Call& call, Message message);
  Result<Bytes> remove(const Call& call, Message message);
  Result<Bytes> erase(const Call& call, Message message);
  Result<Bytes> get_subject(const Call& call, Message message);
  Result<Bytes> list_galleries(const Call& call, Message message);
  Result<Bytes> stats(const Call& call, Message message);
  Result<Bytes> backup(const Call& call, Message message);
  Result<Bytes> compact(const Call& call, Message message);
  Result<Bytes> reload(const Call& call, Message message);
  Result<Bytes> drain(const Call& call, Message message);

  // Sends hits until the client gives up, `send` says no, or the service stops.
  Result<> watch_hits(const Call& call, Message message, const std::function<bool(Bytes)>& send);

  struct Job;   // a request while it is done
  struct Done;  // what became of it

  // One visit of a person to a station: its messages one after another.
  class Visit {
   public:
    Visit(Service& service, const Call& call) : service_(service), call_(call) {}
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit();
    // Takes a place among the visits, before anything is said. Faults, recorded: those of
    // Gatekeeper::may_ask, busy.
    Result<> open();
    // The bytes of a Feedback, after open(). A fault ends the visit; a capture that is not accepted
    // does not.
    Result<Bytes> take(Message message);
    bool finished() const { return finished_; }

   private:
    Result<> take_place();
    Result<Done> look(Message message, Job& job, wire::FeedbackT& feedback);
    Result<> begin(const wire::CaptureRequest& first);
    Result<> add(const wire::Sample& sample, Job& job, wire::FeedbackT& feedback);
    Result<> look_whether_enrolled(Job& job, wire::FeedbackT& feedback);
    Result<> finish(wire::FeedbackT& feedback);

    Service& service_;
    const Call& call_;
    std::optional<Heading> heading_;
    SubjectId subject_;
    Encounter encounter_;                     // without its templates
    Captured captured_;                       // what was accepted
    std::optional<search::Answer> searched_;  // what was found for it
    std::string digest_;                      // of everything so far
    std::uint32_t captures_ = 0;
    bool open_ = false;      // has a place
    bool last_ = false;      // the message at hand ends the visit
    bool finished_ = false;  // nothing more is taken
  };

  // Nothing new is taken from now on.
  void begin_draining();
  bool draining() const { return admission_.draining(); }
  // After begin_draining: whether all was answered by then. Ends those who watch.
  bool wait_until_idle(SteadyTime until);
  // When an operator asked for a drain over the protocol, is called, once.
  void on_drain(std::function<void()> call) { on_drain_ = std::move(call); }

  // To be called now and then: takes the policy's bounds over, records the refusals that were only
  // counted, forgets old answers, purges the audit log.
  Result<> tidy();

  std::chrono::milliseconds retry_after(const Call& call, const Error& error) const;

 private:
  template <class Request>
  using Work = Result<Done> (Service::*)(const Request&, Job&);
  template <class Request>
  Result<Bytes> handle(Verb verb, const Call& call, Message message, NeedsGallery needs_gallery,
                       Work<Request> work);
  Result<Bytes> run(Job& job, const std::function<Result<Done>()>& work);
  Result<Done> answer_once(Job& job, const std::function<Result<Done>()>& work);
  void tell(const Job& job, const Result<Done>& done);
  Result<> record(Job& job, const Result<Done>& done);
  Result<> record_refusals();

  Result<Done> do_enrol(const wire::EnrolRequest& request, Job& job);
  Result<Done> do_identify(const wire::IdentifyRequest& request, Job& job);
  Result<Done> do_verify(const wire::VerifyRequest& request, Job& job);
  Result<Done> do_update(const wire::UpdateRequest& request, Job& job);
  Result<Done> do_delete(const wire::DeleteRequest& request, Job& job);
  Result<Done> do_erase(const wire::EraseRequest& request, Job& job);
  Result<Done> do_get_subject(const wire::GetSubjectRequest& request, Job& job);
  Result<Done> do_list(const wire::ListGalleriesRequest& request, Job& job);
  Result<Done> do_stats(const wire::StatsRequest& request, Job& job);
  Result<Done> do_backup(const wire::BackupRequest& request, Job& job);
  Result<Done> do_compact(const wire::CompactRequest& request, Job& job);
  Result<Done> do_reload(const wire::ReloadRequest& request, Job& job);
  Result<Done> do_drain(const wire::DrainRequest& request, Job& job);

  Result<HowToRead> how_to_read(const Job& job) const;
  Result<Captured> capture(const WireSamples* samples, Job& job);
  Result<Done> enrol_encounter(search::Enrolment enrolment, const search::Dedup* dedup,
                               SampleReports reports, const Bands& bands, Job& job);
  Result<search::Answer> look_for(const std::string& gallery, search::Query query, Job& job);
  Result<Bands> bands_of(const Job& job) const;
  Result<Admission::Turn> turn_to_change(Job& job);
  Result<Admission::Turn> turn_for_upkeep(Job& job);
  Result<Done> changed(Job& job, const wire::ChangeAnswerT& answer,
                       const std::function<Result<Revision>(const gallery::Note&)>& change);
  std::unique_ptr<wire::ReportT> report_of(const Job& job) const;
  void publish(Job& job, const wire::SearchResultT& result);
  std::vector<std::unique_ptr<wire::GalleryInfoT>> galleries_seen(const Job& job) const;
  Metrics::Gauges gauges();

  const Foundations on_;
  const UnixMillis started_at_;
  Admission admission_;
  Admission changes_;  // who goes next among those that change the store, one at a time
  // Likewise of what the store does one at a time for minutes: backup, compaction, erasure. Taken
  // before a turn to change, so that others change the store while an erasure waits.
  Admission upkeep_;
  AnswerBook answers_;
  HitBoard board_;
  Refusals refusals_;
  SearchDesk desk_;
  std::mutex visits_lock_;
  std::map<std::string, int> visits_of_;  // by client, one or more
  std::atomic<std::int64_t> visits_ = 0;  // of all
  std::function<void()> on_drain_;
};

}  // namespace whorl::service
