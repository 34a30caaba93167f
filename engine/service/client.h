#pragma once
// The protocol from the other side: for registers, stations, the command and tests.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/generated/whorl_generated.h"
#include "engine/service/certificates.h"

namespace whorl::service {

struct ClientOptions {
  std::string address;      // host:port
  Credentials credentials;  // the client's, and the authority of the server
  std::string server_name;  // as its certificate has it, where the address is another; may be empty
};

struct CallOptions {
  std::chrono::milliseconds deadline{60'000};
  // How often a request is sent again, under the same id, when the service was busy, draining or
  // away; each time after the time it names, or a second.
  int retries = 0;
};

// One connection, which comes back by itself. Messages are those of whorl.fbs as plain structs.
//
// Thread safety: every member may be called from any thread.
class Client {
 public:
  static Result<std::unique_ptr<Client>> connect(const ClientOptions& options);
  ~Client();

  // Faults: those of the service, unreachable, deadline_exceeded, bad_request (an answer that does
  // not verify).
  Result<wire::EnrolAnswerT> enrol(const wire::EnrolRequestT& request, const CallOptions& = {});
  Result<wire::EnrolAnswerT> enrol_with_dedup(const wire::EnrolRequestT& request,
                                              const CallOptions& = {});
  Result<wire::IdentifyAnswerT> identify(const wire::IdentifyRequestT& request,
                                         const CallOptions& = {});
  Result<wire::VerifyAnswerT> verify(const wire::VerifyRequestT& request, const CallOptions& = {});
  Result<wire::ChangeAnswerT> update(const wire::UpdateRequestT& request, const CallOptions& = {});
  Result<wire::ChangeAnswerT> remove(const wire::DeleteRequestT& request, const CallOptions& = {});
  Result<wire::ChangeAnswerT> erase(const wire::EraseRequestT& request, const CallOptions& = {});
  Result<wire::SubjectAnswerT> get_subject(const wire::GetSubjectRequestT& request,
                                           const CallOptions& = {});
  Result<wire::GalleriesAnswerT> list_galleries(const wire::ListGalleriesRequestT& request,
                                                const CallOptions& = {});
  Result<wire::StatsAnswerT> stats(const wire::StatsRequestT& request, const CallOptions& = {});
  Result<wire::AdminAnswerT> backup(const wire::BackupRequestT& request, const CallOptions& = {});
  Result<wire::AdminAnswerT> compact(const wire::CompactRequestT& request, const CallOptions& = {});
  Result<wire::AdminAnswerT> reload(const wire::ReloadRequestT& request, const CallOptions& = {});
  Result<wire::AdminAnswerT> drain(const wire::DrainRequestT& request, const CallOptions& = {});

  // Until `hear` says no, the deadline passes (no fault), or the service stops (draining).
  Result<> watch_hits(const wire::WatchHitsRequestT& request,
                      const std::function<bool(const wire::HitT&)>& hear, const CallOptions& = {});

  // One visit at a station: one message in, one feedback out. Ended by a fault, by `finish`, or by
  // being dropped, which enrols nothing.
  class Visit {
   public:
    ~Visit();
    Result<wire::FeedbackT> send(const wire::CaptureRequestT& capture);

   private:
    friend class Client;
    struct State;
    explicit Visit(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  std::unique_ptr<Visit> visit(const CallOptions& = {});

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
