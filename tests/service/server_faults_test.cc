// Peers that vanish, are silent, or talk nonsense: engine/service/server.h.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <deque>
#include <list>
#include <thread>

#include "tests/service/served_house.h"
#include "tests/service/tls_client.h"

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

// What stands between a client and the service, and can be cut off.
class Wire {
 public:
  explicit Wire(int port)
      : port_(port), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listening_, 8), 0);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    own_port_ = ntohs(address.sin_port);
    carrier_ = std::jthread([this](const std::stop_token& stop) { carry(stop); });
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() {
    carrier_ = {};
    for (const int end : ends_) ::close(end);
    ::close(listening_);
  }

  int port() const { return own_port_; }
  // As when a cable is pulled: both sides stay connected and hear nothing more of each other.
  void go_silent() { silent_ = true; }
  // As when the client's process is killed: its system resets what it had open.
  void reset() {
    carrier_ = {};
    const linger at_once{1, 0};
    for (const int end : ends_) {
      ::setsockopt(end, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      ::close(end);
    }
    ends_.clear();
  }

 private:
  void carry(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> polled{{listening_, POLLIN, 0}};
      for (const int end : ends_) polled.push_back({end, POLLIN, 0});
      if (silent_) {
        std::this_thread::sleep_for(20ms);
        continue;
      }
      if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) pass_on(ends_[i - 1], ends_[(i - 1) ^ 1U]);
      }
      if (polled[0].revents != 0) connect();
    }
  }
  void connect() {
    const int client = ::accept(listening_, nullptr, nullptr);
    if (client < 0) return;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int service = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(service, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ends_.insert(ends_.end(), {client, service});
  }
  static void pass_on(int from, int to) {
    char bytes[16'384];
    const ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
    if (got <= 0) {
      ::shutdown(to, SHUT_WR);
      return;
    }
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t n =
          ::send(to, bytes + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += n;
    }
  }

  const int port_, listening_;
  int own_port_ = 0;
  std::vector<int> ends_;  // a client's, then the service's, and so on
  std::atomic<bool> silent_ = false;
  std::jthread carrier_;
};

class ServerFaults : public ServerTest {
 protected:
  static constexpr auto kTooLong = 90s;

  std::unique_ptr<Client> connect_over(const Wire& wire) {
    return std::move(*Client::connect(
        {"127.0.0.1:" + std::to_string(wire.port()), *authority_->issue_client("register"), ""}));
  }
  bool gauge_comes_to(const std::string& line) {
    const auto too_late = std::chrono::steady_clock::now() + kTooLong;
    while (std::chrono::steady_clock::now() < too_late) {
      if (house_.metrics->text().find("\n" + line + "\n") != std::string::npos) return true;
      std::this_thread::sleep_for(20ms);
    }
    ADD_FAILURE() << line << " never came:\n" << house_.metrics->text();
    return false;
  }
  static wire::CaptureRequestT first_capture() {
    wire::CaptureRequestT request;
    request.heading = heading("visit");
    request.subject = 5;
    request.sample = std::move(samples_of(3, 0).front());
    return request;
  }
  // Hears hits until its connection is gone.
  std::jthread watch(Client& client) {
    return std::jthread([&client] {
      wire::WatchHitsRequestT request;
      request.heading = heading("watch");
      (void)client.watch_hits(request, [](const auto&) { return true; }, {kTooLong});
    });
  }
};

TEST_F(ServerFaults, AClientThatVanishesInMidVisitEnrolsNobodyAndFreesItsPlace) {
  for (const bool silently : {false, true}) {
    SCOPED_TRACE(silently ? "without a word" : "with a reset");
    Wire wire(server_->port());
    const auto client = connect_over(wire);
    const auto visit = client->visit();
    ASSERT_TRUE(visit->send(first_capture()));
    const auto watcher = watch(*client);
    ASSERT_TRUE(gauge_comes_to("whorl_streams 1"));
    ASSERT_TRUE(gauge_comes_to("whorl_subscribers 1"));
    silently ? wire.go_silent() : wire.reset();
    ASSERT_TRUE(gauge_comes_to("whorl_streams 0"));
    ASSERT_TRUE(gauge_comes_to("whorl_subscribers 0"));
    EXPECT_EQ(*house_.engine->people("main"), 0);
    EXPECT_TRUE(connect()->stats(stats(silently ? "s2" : "s1")));
  }
}

TEST_F(ServerFaults, AVisitThatDoesNotBeginIsEndedLongBeforeItsTime) {
  const auto client = connect();
  const auto visit = client->visit({kTooLong * 2});
  ASSERT_TRUE(gauge_comes_to("whorl_streams 1"));
  ASSERT_TRUE(gauge_comes_to("whorl_streams 0"));
}

TEST_F(ServerFaults, PeersThatAreSilentOrTalkNonsenseAreDroppedAndKeepNobodyOut) {
  constexpr int kSilent = 200, kShaken = 20;
  std::deque<Socket> silent;
  std::list<TlsClient> shaken;
  for (int i = 0; i < kSilent; ++i) {
    ASSERT_TRUE(silent.emplace_back(server_->port()).connected());
    switch (i % 4) {
      case 0:
        break;  // says nothing at all
      case 1:
        silent.back().send("\x16\x03\x01\x02");  // the beginning of a handshake
        break;
      case 2:
        silent.back().send("GET / HTTP/1.1\r\n\r\n");
        break;
      default:
        silent.back().send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");  // the protocol without TLS
    }
  }
  const Credentials own = *authority_->issue_client("register");
  for (int i = 0; i < kShaken; ++i) EXPECT_TRUE(shaken.emplace_back(server_->port(), own).shaken());
  const auto client = connect();
  EXPECT_TRUE(client->stats(stats("meanwhile")));
  EXPECT_TRUE(connect()->enrol(enrolment("e", 5, 3)));
  // Which fails where nobody closes them.
  for (const Socket& socket : silent) socket.read_all();
  for (TlsClient& peer : shaken) peer.socket().read_all();
  EXPECT_TRUE(client->stats(stats("after")));
}

}  // namespace
}  // namespace whorl::service
