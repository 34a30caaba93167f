#include "engine/service/client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/base/limits.h"
#include "engine/generated/whorl.grpc.fb.h"
#include "engine/service/status.h"
#include "engine/service/tls.h"
#include "engine/service/wire.h"

namespace whorl::service {
namespace {

// As it travels.
template <class Table>
using Sent = flatbuffers::grpc::Message<Table>;

constexpr std::chrono::milliseconds kTryAgainAfter{1000};

template <class RequestT>
Sent<typename RequestT::TableType> message_of(const RequestT& request) {
  flatbuffers::grpc::MessageBuilder builder;
  builder.Finish(RequestT::TableType::Pack(builder, &request));
  return builder.ReleaseMessage<typename RequestT::TableType>();
}

template <class Answer>
Result<typename Answer::NativeTableType> unpacked(const Sent<Answer>& message) {
  const Bytes bytes = [&] {  // gRPC's may lie anywhere, tables may not
    const auto raw = std::as_bytes(std::span(message.data(), message.size()));
    return Bytes(raw.begin(), raw.end());
  }();
  WHORL_TRY(const Answer* const root, verified<Answer>(bytes));
  typename Answer::NativeTableType answer;
  root->UnPackTo(&answer);
  return answer;
}

void set_deadline(grpc::ClientContext& context, std::chrono::steady_clock::time_point until) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(
                           until - std::chrono::steady_clock::now()));
}

bool worth_another_try(Fault fault) {
  return fault == Fault::busy || fault == Fault::draining || fault == Fault::unreachable;
}

}  // namespace

struct Client::State {
  std::unique_ptr<wire::Register::Stub> people;
  std::unique_ptr<wire::Station::Stub> station;
  std::unique_ptr<wire::Admin::Stub> admin;
};

namespace {

template <class Stub, class Request, class Answer, class RequestT>
Result<typename Answer::NativeTableType> call(Stub& stub,
                                              grpc::Status (Stub::*rpc)(grpc::ClientContext*,
                                                                        const Sent<Request>&,
                                                                        Sent<Answer>*),
                                              const RequestT& request, const CallOptions& options) {
  const auto until = std::chrono::steady_clock::now() + options.deadline;
  const Sent<Request> message = message_of(request);
  for (int tries = 0;; ++tries) {
    grpc::ClientContext context;
    set_deadline(context, until);
    Sent<Answer> answer;
    const grpc::Status status = (stub.*rpc)(&context, message, &answer);
    if (status.ok()) return unpacked(answer);
    Error error = from_status(status, context);
    auto wait = retry_after(context);
    if (wait.count() == 0) wait = kTryAgainAfter;
    const bool in_time = std::chrono::steady_clock::now() + wait < until;
    if (tries >= options.retries || !worth_another_try(error.fault) || !in_time) {
      return tl::unexpected<Error>(std::move(error));
    }
    std::this_thread::sleep_for(wait);
  }
}

}  // namespace

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::connect(const ClientOptions& options) {
  require_tls13();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // two clients are two connections
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  const auto channel = grpc::CreateCustomChannel(
      options.address, channel_credentials(options.credentials), arguments);
  auto state = std::make_unique<State>();
  state->people = wire::Register::NewStub(channel);
  state->station = wire::Station::NewStub(channel);
  state->admin = wire::Admin::NewStub(channel);
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Result<wire::EnrolAnswerT> Client::enrol(const wire::EnrolRequestT& request,
                                         const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Enrol, request, options);
}
Result<wire::EnrolAnswerT> Client::enrol_with_dedup(const wire::EnrolRequestT& request,
                                                    const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::EnrolWithDedup, request, options);
}
Result<wire::IdentifyAnswerT> Client::identify(const wire::IdentifyRequestT& request,
                                               const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Identify, request, options);
}
Result<wire::VerifyAnswerT> Client::verify(const wire::VerifyRequestT& request,
                                           const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Verify, request, options);
}
Result<wire::ChangeAnswerT> Client::update(const wire::UpdateRequestT& request,
                                           const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Update, request, options);
}
Result<wire::ChangeAnswerT> Client::remove(const wire::DeleteRequestT& request,
                                           const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Delete, request, options);
}
Result<wire::ChangeAnswerT> Client::erase(const wire::EraseRequestT& request,
                                          const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Erase, request, options);
}
Result<wire::SubjectAnswerT> Client::get_subject(const wire::GetSubjectRequestT& request,
                                                 const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::GetSubject, request, options);
}
Result<wire::GalleriesAnswerT> Client::list_galleries(const wire::ListGalleriesRequestT& request,
                                                      const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::ListGalleries, request, options);
}
Result<wire::StatsAnswerT> Client::stats(const wire::StatsRequestT& request,
                                         const CallOptions& options) {
  return call(*state_->people, &wire::Register::Stub::Stats, request, options);
}
Result<wire::AdminAnswerT> Client::backup(const wire::BackupRequestT& request,
                                          const CallOptions& options) {
  return call(*state_->admin, &wire::Admin::Stub::Backup, request, options);
}
Result<wire::AdminAnswerT> Client::compact(const wire::CompactRequestT& request,
                                           const CallOptions& options) {
  return call(*state_->admin, &wire::Admin::Stub::Compact, request, options);
}
Result<wire::AdminAnswerT> Client::reload(const wire::ReloadRequestT& request,
                                          const CallOptions& options) {
  return call(*state_->admin, &wire::Admin::Stub::Reload, request, options);
}
Result<wire::AdminAnswerT> Client::drain(const wire::DrainRequestT& request,
                                         const CallOptions& options) {
  return call(*state_->admin, &wire::Admin::Stub::Drain, request, options);
}

Result<> Client::watch_hits(const wire::WatchHitsRequestT& request,
                            const std::function<bool(const wire::HitT&)>& hear,
                            const CallOptions& options) {
  grpc::ClientContext context;
  set_deadline(context, std::chrono::steady_clock::now() + options.deadline);
  const auto stream = state_->people->WatchHits(&context, message_of(request));
  Sent<wire::Hit> message;
  while (stream->Read(&message)) {
    WHORL_TRY(const wire::HitT hit, unpacked(message));
    if (hear(hit)) continue;
    context.TryCancel();
    (void)stream->Finish();
    return {};
  }
  const grpc::Status status = stream->Finish();
  if (status.ok()) return fail(Fault::draining);
  Error error = from_status(status, context);
  if (error.fault == Fault::deadline_exceeded) return {};
  return tl::unexpected<Error>(std::move(error));
}

struct Client::Visit::State {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<Sent<wire::CaptureRequest>, Sent<wire::Feedback>>>
      stream;
  bool over = false;
};

Client::Visit::Visit(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Visit::~Visit() {
  if (state_->over) return;
  state_->context.TryCancel();
  (void)state_->stream->Finish();
}

Result<wire::FeedbackT> Client::Visit::send(const wire::CaptureRequestT& capture) {
  if (state_->over) return fail(Fault::bad_request, 0, "the visit is over");
  Sent<wire::Feedback> feedback;
  const bool answered =
      state_->stream->Write(message_of(capture)) && state_->stream->Read(&feedback);
  if (!answered || capture.finish) {
    state_->over = true;
    (void)state_->stream->WritesDone();
    const grpc::Status status = state_->stream->Finish();
    if (!answered) return tl::unexpected<Error>(from_status(status, state_->context));
  }
  return unpacked(feedback);
}

std::unique_ptr<Client::Visit> Client::visit(const CallOptions& options) {
  auto state = std::make_unique<Visit::State>();
  set_deadline(state->context, std::chrono::steady_clock::now() + options.deadline);
  state->stream = state_->station->Capture(&state->context);
  return std::unique_ptr<Visit>(new Visit(std::move(state)));
}

}  // namespace whorl::service
