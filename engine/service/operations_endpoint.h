#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/service/certificates.h"
#include "engine/service/gatekeeper.h"
#include "engine/service/metrics.h"

namespace whorl::service {

class HttpsListener;

// HTTPS with mutual TLS 1.3 for Prometheus and probes: GET /metrics (needs the right `observe`) and
// GET /healthz (any certificate of the authority): 200 "ok", or 503 while draining.
class OperationsEndpoint {
 public:
  // Listens on host:port (port 0: any free one). All outlive it.
  // Faults: bad_argument, bad_certificate, io_error where the address cannot be had.
  static Result<std::unique_ptr<OperationsEndpoint>> start(const std::string& address,
                                                           const Credentials& credentials,
                                                           Gatekeeper& gatekeeper, Metrics& metrics,
                                                           std::function<bool()> healthy);
  ~OperationsEndpoint();  // stops
  int port() const;

 private:
  explicit OperationsEndpoint(std::unique_ptr<HttpsListener> listener);
  std::unique_ptr<HttpsListener> listener_;
};

}  // namespace whorl::service
