#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "engine/base/limits.h"
#include "engine/base/result.h"
#include "engine/service/certificates.h"
#include "engine/service/service.h"

namespace whorl::service {

struct ServerOptions {
  std::string address;      // host:port; port 0: any free one
  Credentials credentials;  // the server's, and the authority whose clients may connect
  int most_waiting = kPriorities * kMaxQueuedRequests;  // requests together: each holds a thread
};

// The protocol over gRPC: TLS 1.3, both sides with certificates. What it does with a request is the
// service's; here are connections, deadlines, sizes and the shape of faults.
class Server {
 public:
  // Listens. Faults: bad_argument (an address that cannot be listened at), bad_certificate.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Service& service);
  ~Server();  // stops at once; what was acknowledged is safe
  int port() const;

  // Takes nothing new, answers what is under way, for `patience` at most, then stops.
  void drain(std::chrono::milliseconds patience);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
