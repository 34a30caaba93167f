// Real connections over loopback, most of them by clients that misbehave.
#include "engine/service/https_listener.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/tls_client.h"

namespace whorl::service {
namespace {

using std::chrono::milliseconds;

constexpr HttpsListener::Limits kPatient = {2, milliseconds(20'000)};
constexpr HttpsListener::Limits kImpatient = {1, milliseconds(1000)};

class HttpsConnections : public ::testing::Test {
 protected:
  void listen(const HttpsListener::Limits& limits = kPatient) {
    auto started = HttpsListener::start(
        "127.0.0.1:0", authority_.issue_server({"localhost", "127.0.0.1"}).value(),
        [this](const std::string& certificate_pem, const HttpRequest& request) {
          const std::scoped_lock lock(guard_);
          ++asked_;
          certificate_ = certificate_pem;
          path_ = request.path;
          return answer_;
        },
        limits);
    ASSERT_TRUE(started) << describe(started.error());
    listener_ = std::move(*started);
  }
  int port() const { return listener_->port(); }
  std::string ask(std::string_view request) { return TlsClient(port(), client_).ask(request); }
  bool answers() { return ask(get("/")).starts_with("HTTP/1.1 200 OK\r\n"); }

  ThrowAwayAuthority authority_ = ThrowAwayAuthority::make(SystemClock().now()).value();
  Credentials client_ = authority_.issue_client("prometheus").value();
  HttpAnswer answer_{200, "hello\n", {}};
  std::atomic<int> asked_ = 0;
  std::mutex guard_;  // what the listener's threads write
  std::string certificate_, path_;
  std::unique_ptr<HttpsListener> listener_;
};

TEST_F(HttpsConnections, GetOneAnswerAndAreClosed) {
  listen();
  EXPECT_EQ(ask("GET /metrics?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /again HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            "Content-Length: 6\r\n"
            "Connection: close\r\n"
            "\r\n"
            "hello\n");
  EXPECT_EQ(path_, "/metrics");
  EXPECT_EQ(asked_, 1);
}

TEST_F(HttpsConnections, HeadIsAnsweredWithoutTheBody) {
  listen();
  const std::string answer = ask("HEAD / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("Content-Length: 6\r\nConnection: close\r\n\r\n")) << answer;
}

TEST_F(HttpsConnections, TellWhenToComeAgain) {
  answer_ = {429, "later\n", std::chrono::seconds(7)};
  listen();
  const std::string answer = ask(get("/"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: 7\r\n"), std::string::npos);
}

TEST_F(HttpsConnections, HandOnTheCertificateThatTheClientProved) {
  listen();
  ASSERT_TRUE(answers());
  EXPECT_EQ(subject_of(certificate_), subject_of(client_.certificate));
  EXPECT_EQ(certificate_, client_.certificate + authority_.certificate()) << "and who vouches";
}

TEST_F(HttpsConnections, AreRefusedWithoutAGoodCertificate) {
  listen();
  ThrowAwayAuthority other = ThrowAwayAuthority::make(SystemClock().now()).value();
  Credentials none = client_;
  none.certificate.clear();
  Credentials stranger = other.issue_client("prometheus").value();
  stranger.authority = client_.authority;
  const std::int64_t now = SystemClock().now().value();
  constexpr std::int64_t kDay = 86'400'000;
  const std::pair<const char*, Credentials> rows[] = {
      {"none", none},
      {"of another authority", stranger},
      {"expired",
       authority_.issue_client("p", UnixMillis{now - 2 * kDay}, UnixMillis{now - kDay}).value()},
      {"not yet valid",
       authority_.issue_client("p", UnixMillis{now + kDay}, UnixMillis{now + 2 * kDay}).value()},
      {"a server's", authority_.issue_server({"localhost"}).value()},
  };
  for (const auto& [what, credentials] : rows) {
    EXPECT_EQ(TlsClient(port(), credentials).ask(get("/")), "") << what;
  }
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(answers());
}

// While one authority takes the place of another.
TEST_F(HttpsConnections, MayBeOfAnyOfSeveralAuthorities) {
  ThrowAwayAuthority next = ThrowAwayAuthority::make(SystemClock().now()).value();
  Credentials server = authority_.issue_server({"localhost"}).value();
  server.authority += next.certificate();
  const auto both = HttpsListener::start(
      "127.0.0.1:0", server, [](const auto&, const auto&) { return HttpAnswer{}; }, kPatient);
  ASSERT_TRUE(both);
  Credentials newer = next.issue_client("prometheus").value();
  newer.authority = client_.authority;
  for (const Credentials& client : {client_, newer}) {
    EXPECT_NE(TlsClient((*both)->port(), client).ask(get("/")), "");
  }
}

TEST_F(HttpsConnections, AreOfTls13Alone) {
  listen();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION}) {
    EXPECT_FALSE(TlsClient(port(), client_, version).shaken()) << version;
  }
  TlsClient newest(port(), client_);
  EXPECT_EQ(SSL_version(newest.ssl()), TLS1_3_VERSION);
}

TEST_F(HttpsConnections, AreNotTakenUpAgain) {
  listen();
  TlsClient client(port(), client_);
  ASSERT_NE(client.ask(get("/")), "");
  EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get_session(client.ssl())), 0);
}

TEST_F(HttpsConnections, PlainHttpIsNotAnswered) {
  listen();
  const Socket plain(port());
  ASSERT_TRUE(plain.send(get("/metrics")));
  EXPECT_EQ(plain.read_all().find("HTTP"), std::string::npos);
  EXPECT_EQ(asked_, 0);
}

TEST_F(HttpsConnections, RefuseWhatIsNoRequestOfTheirs) {
  listen();
  const std::pair<const char*, const char*> rows[] = {
      {"\r\n\r\n", "400 Bad Request"},
      {"GET\r\n\r\n", "400 Bad Request"},
      {"GET /\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/2\r\n\r\n", "400 Bad Request"},
      {"GET http://x/ HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"\x16\x03\x01\r\n\r\n", "400 Bad Request"},
      {"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed"},
      {"DELETE / HTTP/1.1\r\n\r\n", "405 Method Not Allowed"},
      {"CONNECT / HTTP/1.1\r\n\r\n", "405 Method Not Allowed"},
  };
  for (const auto& [request, status] : rows) {
    const std::string answer = ask(request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status))) << request << answer;
  }
  EXPECT_EQ(asked_, 0);
}

TEST_F(HttpsConnections, PutTogetherAHeadThatComesInPieces) {
  listen();
  const std::string request = get("/");
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    TlsClient client(port(), client_);
    ASSERT_TRUE(client.send(request.substr(0, cut)));
    EXPECT_TRUE(client.ask(request.substr(cut)).starts_with("HTTP/1.1 200")) << cut;
  }
}

TEST_F(HttpsConnections, AreCutWhenTheHeadIsTooLong) {
  listen();
  const std::string begin = "GET / HTTP/1.1\r\nX: ", end = "\r\n\r\n";
  const auto padded = [&](std::size_t size) {
    return begin + std::string(size - begin.size() - end.size(), 'x') + end;
  };
  EXPECT_NE(ask(padded(HttpsListener::kMaxHeadBytes)), "");
  EXPECT_EQ(ask(padded(2 * HttpsListener::kMaxHeadBytes)), "");
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() < 2 * HttpsListener::kMaxHeadBytes) many += "A: b\r\n";
  EXPECT_EQ(ask(many + "\r\n"), "");
  EXPECT_EQ(asked_, 1);
  EXPECT_TRUE(answers());
}

// One thread, which a slow client must not keep.
TEST_F(HttpsConnections, AreCutWhenTheyAreSlow) {
  listen(kImpatient);
  const Socket silent(port());
  EXPECT_EQ(silent.read_all(), "") << "never began its handshake";

  const Socket half(port());
  ASSERT_TRUE(half.send("\x16\x03\x01"));
  EXPECT_EQ(half.read_all(), "") << "sent a part of its handshake";

  TlsClient mute(port(), client_);
  EXPECT_EQ(mute.read_all(), "") << "asked for nothing";

  TlsClient endless(port(), client_);
  ASSERT_TRUE(endless.send("GET / HTTP/1.1\r\n"));
  while (endless.send("a")) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(endless.read_all(), "") << "never ended its head";
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(answers());
}

TEST_F(HttpsConnections, AreCutWhenNobodyReadsTheAnswer) {
  answer_.body = std::string(64 << 20, 'x');
  listen(kImpatient);
  TlsClient deaf(port(), client_);
  ASSERT_TRUE(deaf.send(get("/")));
  while (asked_ == 0) std::this_thread::yield();
  {
    const std::scoped_lock lock(guard_);
    answer_.body = "hello\n";
  }
  EXPECT_TRUE(answers()) << "by the only thread there is";
  EXPECT_LT(deaf.read_all().size(), std::size_t{64} << 20);
}

TEST_F(HttpsConnections, MayVanishAtAnyMoment) {
  answer_.body = std::string(8 << 20, 'x');
  listen();
  { const Socket before_the_handshake(port()); }
  { TlsClient before_the_request(port(), client_); }
  for (int i = 0; i < 5; ++i) {
    TlsClient before_the_answer(port(), client_);
    ASSERT_TRUE(before_the_answer.send(get("/")));
    while (asked_ <= i) std::this_thread::yield();
    before_the_answer.socket().reset();
  }
  for (int i = 0; i < 5; ++i) {  // what is written after such an end raises SIGPIPE
    TlsClient in_good_order(port(), client_);
    ASSERT_TRUE(in_good_order.send(get("/")));
    in_good_order.socket().close();
  }
  while (asked_ < 10) std::this_thread::yield();
  EXPECT_TRUE(answers());
}

TEST_F(HttpsConnections, ManyAtOnceAreAllAnswered) {
  listen();
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) clients.emplace_back([&] { answered += answers() ? 1 : 0; });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 16);
}

TEST_F(HttpsConnections, DoNotKeepTheListenerFromEnding) {
  listen();
  TlsClient under_way(port(), client_);
  ASSERT_TRUE(under_way.send("GET / HTTP/1.1\r\n"));
  listener_.reset();
  EXPECT_EQ(under_way.read_all(), "");
}

TEST_F(HttpsConnections, ReachTheFreePortThatWasFound) {
  listen();
  EXPECT_GT(port(), 0);
  const auto second = HttpsListener::start("127.0.0.1:" + std::to_string(port()),
                                           authority_.issue_server({"localhost"}).value(), {}, {});
  ASSERT_FALSE(second) << "a port is one process's";
  EXPECT_EQ(second.error().fault, Fault::io_error);
}

TEST_F(HttpsConnections, NeedAnAddress) {
  const Credentials server = authority_.issue_server({"localhost"}).value();
  const std::pair<const char*, Fault> rows[] = {
      {"", Fault::bad_argument},
      {"127.0.0.1", Fault::bad_argument},
      {"127.0.0.1:", Fault::bad_argument},
      {":9464", Fault::bad_argument},
      {"[]:9464", Fault::bad_argument},
      {"::1:9464", Fault::bad_argument},
      {"127.0.0.1:port", Fault::bad_argument},
      {"127.0.0.1:-1", Fault::bad_argument},
      {"127.0.0.1:65536", Fault::bad_argument},
      {"127.0.0.1:80 ", Fault::bad_argument},
      {"256.0.0.1:0", Fault::io_error},
      {"no-such-host.invalid:0", Fault::io_error},
      {"192.0.2.1:0", Fault::io_error},  // of documentation, RFC 5737: not this machine's
  };
  for (const auto& [address, fault] : rows) {
    const auto started = HttpsListener::start(address, server, {}, kPatient);
    ASSERT_FALSE(started) << address;
    EXPECT_EQ(started.error().fault, fault) << address;
  }
  for (const char* good : {"localhost:0", "127.0.0.1:0"}) {
    EXPECT_TRUE(HttpsListener::start(good, server, {}, kPatient)) << good;
  }
}

TEST_F(HttpsConnections, NeedCredentialsThatBelongTogether) {
  const Credentials good = authority_.issue_server({"localhost"}).value();
  const auto with = [&](auto member, const std::string& text) {
    Credentials changed = good;
    changed.*member = text;
    return changed;
  };
  const Credentials rows[] = {
      with(&Credentials::certificate, ""),
      with(&Credentials::certificate, good.private_key),
      with(&Credentials::private_key, ""),
      with(&Credentials::private_key, client_.private_key),
      with(&Credentials::private_key, good.certificate),
      with(&Credentials::authority, ""),
      with(&Credentials::authority, "-----BEGIN CERTIFICATE-----\nAAAA\n"),
  };
  for (const Credentials& bad : rows) {
    const auto started = HttpsListener::start("127.0.0.1:0", bad, {}, kPatient);
    ASSERT_FALSE(started) << &bad - rows;
    EXPECT_EQ(started.error().fault, Fault::bad_certificate) << &bad - rows;
  }
}

TEST(HttpRequestHead, IsItsFirstLine) {
  struct Row {
    std::string head;
    std::string_view method, path;
  };
  for (const Row& row : {
           Row{"GET / HTTP/1.1", "GET", "/"},
           Row{"GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n", "GET", "/metrics"},
           Row{"HEAD /healthz?full=1&b HTTP/1.1\r\n", "HEAD", "/healthz"},
           Row{"GET /? HTTP/1.1\r\n", "GET", "/"},
           Row{"PATCH /%2e%2e/a HTTP/1.1\r\n", "PATCH", "/%2e%2e/a"},
       }) {
    const auto request = parse_http_request(row.head);
    ASSERT_TRUE(request) << row.head;
    EXPECT_EQ(request->method, row.method);
    EXPECT_EQ(request->path, row.path);
  }
}

TEST(HttpRequestHead, IsRefusedWhereTheFirstLineIsNotOne) {
  for (const std::string_view head : {
           "",
           " ",
           "\r\n",
           "GET",
           "GET /",
           "GET / ",
           "GET / HTTP/1.2",
           "GET / HTTP/1.1 ",
           "GET / http/1.1",
           "GET  / HTTP/1.1",
           "GET / a HTTP/1.1",
           " GET / HTTP/1.1",
           "get / HTTP/1.1",
           "G:T / HTTP/1.1",
           "GET metrics HTTP/1.1",
           "GET * HTTP/1.1",
           "GET http://h/ HTTP/1.1",
           "GET\t/ HTTP/1.1",
           "GET /a\tb HTTP/1.1",
           "GET /\x7f HTTP/1.1",
           "GET /\xc3\xa4 HTTP/1.1",
           "GET / HTTP/1.1\n",
           "GET / HTTP/1.1\nHost: x\r\n\r\n",
           "\r\nGET / HTTP/1.1",
           "GET /\r\n HTTP/1.1",
           "/ HTTP/1.1",
       }) {
    const auto request = parse_http_request(head);
    ASSERT_FALSE(request) << head;
    EXPECT_EQ(request.error().fault, Fault::bad_request);
  }
}

}  // namespace
}  // namespace whorl::service
