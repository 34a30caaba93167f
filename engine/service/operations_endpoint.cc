#include "engine/service/operations_endpoint.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/service/https_listener.h"

namespace whorl::service {
namespace {

using SteadyClock = std::chrono::steady_clock;

int status_of(Fault fault) {
  switch (fault) {
    case Fault::unknown_client:
    case Fault::not_allowed:
    case Fault::bad_certificate:
      return 403;
    case Fault::busy:
      return 429;
    default:
      return 500;
  }
}

Result<Caller> caller_with(const std::string& certificate_pem) {
  WHORL_TRY(std::string name, subject_of(certificate_pem));
  return Caller{std::move(name), certificate_pem};
}

Result<> admit(Gatekeeper& gatekeeper, const Result<Caller>& caller) {
  WHORL_TRY_VOID(caller);
  return gatekeeper.admit(*caller, {Verb::observe, {}, {}, Priority::routine});
}

HttpAnswer show_metrics(const std::string& certificate_pem, Gatekeeper& gatekeeper,
                        Metrics& metrics) {
  const auto begin = SteadyClock::now();
  const auto caller = caller_with(certificate_pem);
  const auto admitted = admit(gatekeeper, caller);
  HttpAnswer answer;
  if (admitted) {
    answer.body = metrics.text();
  } else {
    answer = {status_of(admitted.error().fault), describe(admitted.error()) + "\n", {}};
    if (admitted.error().fault == Fault::busy) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(gatekeeper.wait_for(*caller));
      answer.retry_after = std::max(wait, std::chrono::seconds(1));
    }
  }
  metrics.request(Verb::observe,
                  admitted ? std::uint16_t{0} : static_cast<std::uint16_t>(admitted.error().fault),
                  SteadyClock::now() - begin);
  return answer;
}

}  // namespace

OperationsEndpoint::OperationsEndpoint(std::unique_ptr<HttpsListener> listener)
    : listener_(std::move(listener)) {}
OperationsEndpoint::~OperationsEndpoint() = default;

Result<std::unique_ptr<OperationsEndpoint>> OperationsEndpoint::start(
    const std::string& address, const Credentials& credentials, Gatekeeper& gatekeeper,
    Metrics& metrics, std::function<bool()> healthy) {
  const auto respond = [&gatekeeper, &metrics, healthy = std::move(healthy)](
                           const std::string& certificate_pem,
                           const HttpRequest& request) -> HttpAnswer {
    if (request.path == "/metrics") return show_metrics(certificate_pem, gatekeeper, metrics);
    if (request.path != "/healthz") return {404, "only /metrics and /healthz\n", {}};
    return healthy() ? HttpAnswer{200, "ok\n", {}} : HttpAnswer{503, "draining\n", {}};
  };
  WHORL_TRY(auto listener, HttpsListener::start(address, credentials, respond, {}));
  return std::unique_ptr<OperationsEndpoint>(new OperationsEndpoint(std::move(listener)));
}

int OperationsEndpoint::port() const { return listener_->port(); }

}  // namespace whorl::service
