#include "engine/service/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/base/limits.h"
#include "engine/generated/whorl.grpc.fb.h"
#include "engine/service/status.h"
#include "engine/service/tls.h"

namespace whorl::service {
namespace {

using flatbuffers::grpc::Message;

// However far a call's deadline is, it is over by then.
constexpr std::chrono::minutes kLongestCall{5};
constexpr std::chrono::hours kLongestWatch{24};
// A peer that vanished is found out within half a minute, one that shakes hands slowly is dropped,
// and a connection that nobody uses is closed.
constexpr int kAskIfThereMs = 20'000, kAnswerWithinMs = 10'000, kHandshakeMs = 10'000;
constexpr int kIdleConnectionMs = 600'000;
// Messages under way of all clients together.
constexpr std::size_t kMemoryForMessages = std::size_t{1} << 30U;
constexpr int kThreadsBesides = 64;  // for connections and those who watch
constexpr std::chrono::seconds kFirstMessageWithin{10};

std::string first_property(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

Call call_of(grpc::ServerContext& context,
             std::chrono::steady_clock::duration longest = kLongestCall) {
  Call call;
  if (const auto proof = context.auth_context(); proof && proof->IsPeerAuthenticated()) {
    call.caller.name = first_property(*proof, GRPC_X509_SUBJECT_PROPERTY_NAME);
    // Those between it and the root behind it: one that is revoked takes its clients with it.
    call.caller.certificate_pem = first_property(*proof, GRPC_X509_PEM_CERT_PROPERTY_NAME) +
                                  first_property(*proof, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  }
  const auto left = context.deadline() - std::chrono::system_clock::now();
  call.patience.until =
      std::chrono::steady_clock::now() +
      std::min<std::chrono::steady_clock::duration>(
          std::chrono::duration_cast<std::chrono::steady_clock::duration>(left), longest);
  call.patience.gave_up = [&context] { return context.IsCancelled(); };
  return call;
}

// A message's bytes where tables may lie: gRPC puts them anywhere.
class Aligned {
 public:
  Aligned(const std::uint8_t* data, std::size_t size)
      : bytes_(std::as_bytes(std::span(data, size))) {
    if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::max_align_t) == 0) return;
    copy_.assign(bytes_.begin(), bytes_.end());
    bytes_ = copy_;
  }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
  Bytes copy_;
};

template <class Answer>
Message<Answer> message_of(const Bytes& bytes) {
  return Message<Answer>(grpc::Slice(bytes.data(), bytes.size()));
}

// Ends a call that has lasted its time: its client may be silent for ever, and a read waits as
// long.
class CutOff {
 public:
  CutOff(grpc::ServerContext& context, SteadyTime until)
      : watch_([&context, until](const std::stop_token& over) {
          std::mutex lock;
          std::condition_variable_any bell;
          std::unique_lock held(lock);
          bell.wait_until(held, over, until, [] { return false; });
          if (!over.stop_requested()) context.TryCancel();
        }) {}

 private:
  std::jthread watch_;
};

class Glue {
 public:
  explicit Glue(Service& service) : service_(service) {}

  template <class Request, class Answer>
  grpc::Status answer(grpc::ServerContext* context, const Message<Request>* request,
                      Message<Answer>* answer,
                      Result<Bytes> (Service::*verb)(const Call&, service::Message)) {
    const Call call = call_of(*context);
    const Aligned message(request->data(), request->size());
    const Result<Bytes> done = (service_.*verb)(call, message.bytes());
    if (!done) return refuse(call, done.error(), *context);
    *answer = message_of<Answer>(*done);
    return grpc::Status::OK;
  }

  grpc::Status refuse(const Call& call, const Error& error, grpc::ServerContext& context) {
    return to_status(error, service_.retry_after(call, error), context);
  }

  Service& service() { return service_; }

 private:
  Service& service_;
};

#define WHORL_UNARY(Name, RequestName, AnswerName, verb)                                     \
  grpc::Status Name(grpc::ServerContext* context, const Message<wire::RequestName>* request, \
                    Message<wire::AnswerName>* answer) override {                            \
    return glue_.answer(context, request, answer, &Service::verb);                           \
  }

class RegisterCalls final : public wire::Register::Service {
 public:
  explicit RegisterCalls(service::Service& service) : glue_(service) {}
  using Service = service::Service;
  WHORL_UNARY(Enrol, EnrolRequest, EnrolAnswer, enrol)
  WHORL_UNARY(EnrolWithDedup, EnrolRequest, EnrolAnswer, enrol_with_dedup)
  WHORL_UNARY(Identify, IdentifyRequest, IdentifyAnswer, identify)
  WHORL_UNARY(Verify, VerifyRequest, VerifyAnswer, verify)
  WHORL_UNARY(Update, UpdateRequest, ChangeAnswer, update)
  WHORL_UNARY(Delete, DeleteRequest, ChangeAnswer, remove)
  WHORL_UNARY(Erase, EraseRequest, ChangeAnswer, erase)
  WHORL_UNARY(GetSubject, GetSubjectRequest, SubjectAnswer, get_subject)
  WHORL_UNARY(ListGalleries, ListGalleriesRequest, GalleriesAnswer, list_galleries)
  WHORL_UNARY(Stats, StatsRequest, StatsAnswer, stats)

  grpc::Status WatchHits(grpc::ServerContext* context,
                         const Message<wire::WatchHitsRequest>* request,
                         grpc::ServerWriter<Message<wire::Hit>>* writer) override {
    const Call call = call_of(*context, kLongestWatch);
    const CutOff cut_off(*context, call.patience.until);
    const Aligned message(request->data(), request->size());
    const Result<> watched = glue_.service().watch_hits(
        call, message.bytes(),
        [&](const Bytes& hit) { return writer->Write(message_of<wire::Hit>(hit)); });
    return watched ? grpc::Status::OK : glue_.refuse(call, watched.error(), *context);
  }

 private:
  Glue glue_;
};

class AdminCalls final : public wire::Admin::Service {
 public:
  explicit AdminCalls(service::Service& service) : glue_(service) {}
  using Service = service::Service;
  WHORL_UNARY(Backup, BackupRequest, AdminAnswer, backup)
  WHORL_UNARY(Compact, CompactRequest, AdminAnswer, compact)
  WHORL_UNARY(Reload, ReloadRequest, AdminAnswer, reload)
  WHORL_UNARY(Drain, DrainRequest, AdminAnswer, drain)

 private:
  Glue glue_;
};
#undef WHORL_UNARY

class StationCalls final : public wire::Station::Service {
 public:
  explicit StationCalls(service::Service& service) : glue_(service) {}

  grpc::Status Capture(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<Message<wire::Feedback>,
                                                Message<wire::CaptureRequest>>* stream) override {
    const Call call = call_of(*context);
    service::Service::Visit visit(glue_.service(), call);
    if (const Result<> open = visit.open(); !open)
      return glue_.refuse(call, open.error(), *context);
    std::optional<CutOff> cut_off(
        std::in_place, *context,
        std::min(call.patience.until, SteadyTime::clock::now() + kFirstMessageWithin));
    Message<wire::CaptureRequest> request;
    bool first_read = false;
    while (!visit.finished() && stream->Read(&request)) {
      if (!first_read) cut_off.emplace(*context, call.patience.until);
      first_read = true;
      const Aligned message(request.data(), request.size());
      const Result<Bytes> feedback = visit.take(message.bytes());
      if (!feedback) return glue_.refuse(call, feedback.error(), *context);
      if (!stream->Write(message_of<wire::Feedback>(*feedback))) break;
    }
    return grpc::Status::OK;
  }

 private:
  Glue glue_;
};

}  // namespace

struct Server::State {
  explicit State(Service& of)
      : service(of), register_calls(of), station_calls(of), admin_calls(of) {}
  Service& service;
  RegisterCalls register_calls;
  StationCalls station_calls;
  AdminCalls admin_calls;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Service& service) {
  require_tls13();
  grpc::EnableDefaultHealthCheckService(true);
  auto state = std::make_unique<State>(service);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, server_credentials(options.credentials), &state->port);
  builder.RegisterService(&state->register_calls);
  builder.RegisterService(&state->station_calls);
  builder.RegisterService(&state->admin_calls);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kAskIfThereMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kAnswerWithinMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kAnswerWithinMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleConnectionMs);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two services share no address
  grpc::ResourceQuota quota("whorl");
  quota.Resize(kMemoryForMessages);
  quota.SetMaxThreads(options.most_waiting + kMaxVisits + kThreadsBesides);
  builder.SetResourceQuota(quota);
  state->server = builder.BuildAndStart();
  if (state->server == nullptr || state->port == 0) {
    return fail(Fault::bad_argument, 0, "cannot listen at " + options.address);
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

int Server::port() const { return state_->port; }

void Server::drain(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  if (auto* health = state_->server->GetHealthCheckService()) health->SetServingStatus(false);
  state_->service.begin_draining();
  (void)state_->service.wait_until_idle(until);
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  state_->server->Wait();
}

Server::~Server() {
  if (state_->server == nullptr) return;
  state_->service.begin_draining();
  state_->server->Shutdown(std::chrono::system_clock::now());
  state_->server->Wait();
}

}  // namespace whorl::service
