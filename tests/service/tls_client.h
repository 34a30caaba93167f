#pragma once
// A client over OpenSSL's own interface, for tests that do what no well-behaved client would.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "engine/service/certificates.h"
#include "engine/service/x509.h"

namespace whorl::service {

// Writes where nobody reads any more give an error here, while the code under test still has to see
// to itself.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;
  ~NoBrokenPipe() {
    const timespec at_once{};
    sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{}, before_{};
};

// A TCP connection to a port of this machine; reads that get nothing for 20 s fail the test.
class Socket {
 public:
  explicit Socket(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    // A request need not wait until the end of the handshake is acknowledged.
    const int yes = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  bool connected() const { return connected_; }
  int descriptor() const { return descriptor_; }
  bool send(std::string_view text) const {
    return ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // All until the other side closes or cuts the connection.
  std::string read_all() const {
    std::string text;
    char bytes[4096];
    ssize_t got = 0;
    while ((got = ::recv(descriptor_, bytes, sizeof bytes, 0)) > 0) {
      text.append(bytes, static_cast<std::size_t>(got));
    }
    EXPECT_FALSE(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nobody closed it";
    return text;
  }
  // As a machine does that loses its power: what was sent to it is answered by a reset.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
  bool connected_ = false;
};

class TlsClient {
 public:
  // Shakes hands. Without a certificate where `own` has none; up to the TLS version `newest`.
  TlsClient(int port, const Credentials& own, int newest = TLS1_3_VERSION)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    const NoBrokenPipe guard;
    SSL_CTX_set_max_proto_version(context_.get(), newest);
    if (!own.certificate.empty()) {
      const auto chain = x509::read_certificates(own.certificate);
      const auto key = x509::read_private_key(own.private_key);
      EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), chain.value()[0].get()), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key->get()), 1);
    }
    const auto authority = x509::read_certificates(own.authority);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority.value()[0].get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.descriptor());
    shaken_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }

  // What this side thinks; the other may yet refuse the certificate.
  bool shaken() const { return shaken_; }
  Socket& socket() { return socket_; }
  SSL* ssl() { return ssl_.get(); }
  bool send(std::string_view text) {
    const NoBrokenPipe guard;
    const bool sent =
        shaken_ && SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
    ERR_clear_error();
    return sent;
  }
  std::string read_all() {
    const NoBrokenPipe guard;
    std::string text;
    char bytes[4096];
    int got = 0;
    while (shaken_ && (got = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0) {
      text.append(bytes, static_cast<std::size_t>(got));
    }
    ERR_clear_error();
    return text;
  }
  std::string ask(std::string_view request) {
    send(request);
    return read_all();
  }

 private:
  Socket socket_;
  std::unique_ptr<SSL_CTX, x509::Free<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, x509::Free<SSL_free>> ssl_;
  bool shaken_ = false;
};

inline std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

}  // namespace whorl::service
