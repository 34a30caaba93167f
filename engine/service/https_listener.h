#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/service/certificates.h"
#include "engine/service/http_request.h"

namespace whorl::service {

struct HttpAnswer {
  int status = 200;
  std::string body;  // plain text
  std::chrono::seconds retry_after{0};
};

// HTTP/1.1 over mutually authenticated TLS 1.3, as little of it as Prometheus and probes need: a
// connection brings one request without a body, gets one answer, and is closed. Its own few pages
// and not a library's, because everything about it is bounded: threads, bytes and time.
//
// Debian's cpp-httplib 0.11 was tried: one header line of 100 MB takes 100 MB of its memory, a
// client that sends a byte a second holds its thread, connections wait for one without bound, and
// it ignores SIGPIPE for the whole process.
class HttpsListener {
 public:
  // A head of Prometheus has 200 to 400 bytes.
  static constexpr std::size_t kMaxHeadBytes = 8192;
  struct Limits {
    int threads = 8;  // as many connections at once; more wait in the system's queue
    std::chrono::milliseconds time{5000};  // for a connection, from its begin to its end
  };
  // Called on any of the threads, with the certificate that the client proved to have.
  using Respond =
      std::function<HttpAnswer(const std::string& certificate_pem, const HttpRequest& request)>;

  // `address` is host:port, [v6 address]:port; port 0 is any free one.
  // Faults: bad_argument, bad_certificate, io_error where the address cannot be had.
  static Result<std::unique_ptr<HttpsListener>> start(const std::string& address,
                                                      const Credentials& credentials,
                                                      Respond respond, const Limits& limits);
  ~HttpsListener();  // cuts connections that are under way
  int port() const;

 private:
  struct State;
  explicit HttpsListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
