#include "engine/service/https_listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/gallery/descriptor.h"
#include "engine/service/broken_pipes.h"
#include "engine/service/x509.h"
#include "kernels/core.h"

namespace whorl::service {
namespace {

using Moment = std::chrono::steady_clock::time_point;
using gallery::Descriptor;
using Ssl = std::unique_ptr<SSL, x509::Free<SSL_free>>;
using SslContext = std::unique_ptr<SSL_CTX, x509::Free<SSL_CTX_free>>;

// Three certificates of RSA keys as long as are in use.
constexpr long kMaxChainBytes = 32 * 1024;
// Connections that wait in the system's queue until a thread is free.
constexpr int kWaitingConnections = 64;

Result<SslContext> context_of(const Credentials& credentials) {
  WHORL_TRY(const auto chain, x509::read_certificates(credentials.certificate));
  WHORL_TRY(const auto key, x509::read_private_key(credentials.private_key));
  WHORL_TRY(const auto authority, x509::read_certificates(credentials.authority));
  SslContext context(SSL_CTX_new(TLS_server_method()));
  WHORL_CHECK(context != nullptr);
  SSL_CTX* tls = context.get();
  WHORL_CHECK(SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1);
  if (SSL_CTX_use_certificate(tls, chain[0].get()) != 1 ||
      SSL_CTX_use_PrivateKey(tls, key.get()) != 1) {
    ERR_clear_error();
    return fail(Fault::bad_certificate, 0, "the certificate and the private key");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    WHORL_CHECK(SSL_CTX_add1_chain_cert(tls, chain[i].get()) == 1);
  }
  for (const x509::Certificate& trusted : authority) {
    WHORL_CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), trusted.get()) == 1);
    WHORL_CHECK(SSL_CTX_add_client_CA(tls, trusted.get()) == 1);
  }
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_max_cert_list(tls, kMaxChainBytes);
  // Every connection proves its certificate anew: none is taken up again after it was revoked.
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
  WHORL_CHECK(SSL_CTX_set_num_tickets(tls, 0) == 1);
  return context;
}

struct Address {
  std::string host, port;
};

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return fail(Fault::bad_argument, 0, text + " has no port");
  Address address{text.substr(0, colon), text.substr(colon + 1)};
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return fail(Fault::bad_argument, 0, text + " is no [address]:port");
  }
  if (address.host.empty()) return fail(Fault::bad_argument, 0, text + " has no host");
  std::uint16_t port = 0;
  const char* const end = address.port.data() + address.port.size();
  const auto read = std::from_chars(address.port.data(), end, port);
  if (read.ec != std::errc() || read.ptr != end) {
    return fail(Fault::bad_argument, 0, text + " has no port");
  }
  return address;
}

Result<Descriptor> listen_at(const std::string& text) {
  WHORL_TRY(const Address address, parse_address(text));
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* first = nullptr;
  if (getaddrinfo(address.host.c_str(), address.port.c_str(), &wanted, &first) != 0) {
    return fail(Fault::io_error, 0, text + ": no such host");
  }
  const std::unique_ptr<addrinfo, x509::Free<freeaddrinfo>> found(first);
  for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
    Descriptor made(::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // So that a service which starts again need not wait for the last one's connections to expire.
    const int yes = 1;
    if (made.open() &&
        ::setsockopt(made.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        ::bind(made.number(), one->ai_addr, one->ai_addrlen) == 0 &&
        ::listen(made.number(), kWaitingConnections) == 0) {
      return made;
    }
  }
  return fail(Fault::io_error, 0, text + ": cannot be listened at; is another process there?");
}

int port_of(const Descriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  WHORL_CHECK(::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const bool v6 = address.ss_family == AF_INET6;
  return ntohs(v6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                  : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// Until the descriptor is ready for `events`; false where the moment comes, or `stop`, before.
bool wait_for(int descriptor, short events, const Descriptor& stop, std::optional<Moment> until) {
  while (true) {
    int left_ms = -1;
    if (until) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      left_ms = static_cast<int>(left.count());
    }
    pollfd both[] = {{descriptor, events, 0}, {stop.number(), POLLIN, 0}};
    const int ready = ::poll(both, 2, left_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || both[1].revents != 0) return false;
    if (ready > 0) return true;
  }
}

// One client, until a moment that was set when it came.
class Connection {
 public:
  Connection(SSL_CTX& context, const Descriptor& socket, const Descriptor& stop, Moment until)
      : ssl_(SSL_new(&context)), socket_(socket), stop_(stop), until_(until) {
    WHORL_CHECK(ssl_ != nullptr);
    WHORL_CHECK(SSL_set_fd(ssl_.get(), socket.number()) == 1);
  }

  bool shake_hands() {
    return try_until_done([this] { return SSL_accept(ssl_.get()); }) > 0;
  }

  // Up to the empty line; nothing where the client is too slow, too long or gone.
  std::optional<std::string> read_head() {
    std::string head;
    char bytes[1024];
    while (head.size() <= HttpsListener::kMaxHeadBytes) {
      const int got = try_until_done(
          [&] { return SSL_read(ssl_.get(), bytes, static_cast<int>(sizeof bytes)); });
      if (got <= 0) return std::nullopt;
      // The empty line may have come in two parts.
      const std::size_t seen = head.size() < 3 ? 0 : head.size() - 3;
      head.append(bytes, static_cast<std::size_t>(got));
      const std::size_t end = head.find("\r\n\r\n", seen);
      if (end != std::string::npos) return head.substr(0, end);
    }
    return std::nullopt;
  }

  void write(const std::string& text) {
    std::size_t written = 0;
    try_until_done([&] { return SSL_write_ex(ssl_.get(), text.data(), text.size(), &written); });
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  // The client's first, then those that vouch for it.
  std::string certificate_pem() const {
    const STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl_.get());
    const x509::Bio out(BIO_new(BIO_s_mem()));
    WHORL_CHECK(chain != nullptr);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
      WHORL_CHECK(PEM_write_bio_X509(out.get(), sk_X509_value(chain, i)) == 1);
    }
    return x509::text_in(out);
  }

 private:
  int try_until_done(auto step) {
    while (true) {
      ERR_clear_error();
      const int result = step();
      if (result > 0) return result;
      const int why = SSL_get_error(ssl_.get(), result);
      ERR_clear_error();
      const short events = why == SSL_ERROR_WANT_READ    ? POLLIN
                           : why == SSL_ERROR_WANT_WRITE ? POLLOUT
                                                         : 0;
      if (events == 0 || !wait_for(socket_.number(), events, stop_, until_)) return 0;
    }
  }

  Ssl ssl_;
  const Descriptor& socket_;
  const Descriptor& stop_;
  Moment until_;
};

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

std::string text_of(const HttpAnswer& answer, bool with_body) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + reason_of(answer.status) +
                     "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8"
                     "\r\nContent-Length: " +
                     std::to_string(answer.body.size()) + "\r\nConnection: close\r\n";
  if (answer.status == 405) text += "Allow: GET, HEAD\r\n";
  if (answer.retry_after.count() > 0) {
    text += "Retry-After: " + std::to_string(answer.retry_after.count()) + "\r\n";
  }
  text += "\r\n";
  return with_body ? text + answer.body : text;
}

}  // namespace

struct HttpsListener::State {
  SslContext context;
  Descriptor listening;
  Respond respond;
  Limits limits;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};  // readable when all are to end
  std::vector<std::thread> threads;

  State(SslContext tls, Descriptor socket, Respond answer, const Limits& bounds)
      : context(std::move(tls)),
        listening(std::move(socket)),
        respond(std::move(answer)),
        limits(bounds) {
    WHORL_CHECK(stop.open());
    for (int i = 0; i < limits.threads; ++i) threads.emplace_back([this] { take_connections(); });
  }
  ~State() {
    WHORL_CHECK(::eventfd_write(stop.number(), 1) == 0);
    for (std::thread& thread : threads) thread.join();
  }

  void take_connections() const {
    block_broken_pipes();
    while (wait_for(listening.number(), POLLIN, stop, std::nullopt)) {
      const Descriptor socket(
          ::accept4(listening.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      const Moment now = std::chrono::steady_clock::now();
      if (socket.open()) {
        serve(socket, now + limits.time);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The connection stays there to be taken, so asking at once again would not wait.
        wait_for(stop.number(), POLLIN, stop, now + std::chrono::milliseconds(100));
      }
    }
  }

  void serve(const Descriptor& socket, Moment until) const {
    Connection client(*context, socket, stop, until);
    if (!client.shake_hands()) return;
    const auto head = client.read_head();
    if (!head) return;
    const auto request = parse_http_request(*head);
    if (!request) {
      client.write(text_of({400, describe(request.error()) + "\n", {}}, true));
    } else if (request->method != "GET" && request->method != "HEAD") {
      client.write(text_of({405, "only GET and HEAD\n", {}}, true));
    } else {
      client.write(text_of(respond(client.certificate_pem(), *request), request->method == "GET"));
    }
  }
};

HttpsListener::HttpsListener(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpsListener::~HttpsListener() = default;

Result<std::unique_ptr<HttpsListener>> HttpsListener::start(const std::string& address,
                                                            const Credentials& credentials,
                                                            Respond respond, const Limits& limits) {
  WHORL_TRY(SslContext context, context_of(credentials));
  WHORL_TRY(Descriptor socket, listen_at(address));
  return std::unique_ptr<HttpsListener>(new HttpsListener(
      std::make_unique<State>(std::move(context), std::move(socket), std::move(respond), limits)));
}

int HttpsListener::port() const { return port_of(state_->listening); }

}  // namespace whorl::service
