#include "engine/service/operations_endpoint.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/base/source_tree.h"
#include "tests/scanners/temporary_folder.h"
#include "tests/service/tls_client.h"

namespace whorl::service {
namespace {

using whorl::testing::file_text;
using whorl::testing::TemporaryFolder;

Policy policy_for(const std::string& client) {
  Role role;
  role.name = "monitoring";
  role.clients = {client};
  role.verbs = {Verb::observe};
  Policy policy;
  policy.roles = {role};
  return policy;
}

class Operations : public ::testing::Test {
 protected:
  void start(const Policy& policy) {
    gatekeeper_ = std::make_unique<Gatekeeper>(policy, clock_);
    auto started =
        OperationsEndpoint::start("127.0.0.1:0", authority_.issue_server({"127.0.0.1"}).value(),
                                  *gatekeeper_, metrics_, [this] { return healthy_.load(); });
    ASSERT_TRUE(started) << describe(started.error());
    endpoint_ = std::move(*started);
  }
  std::string ask(const std::string& path, const Credentials& as) {
    return TlsClient(endpoint_->port(), as).ask(get(path));
  }
  bool counted(const std::string& fault, int times) const {
    return metrics_.text().find("whorl_requests_total{fault=\"" + fault + "\",verb=\"observe\"} " +
                                std::to_string(times) + "\n") != std::string::npos;
  }

  ManualClock clock_{SystemClock().now()};  // stands still: a used-up rate stays used up
  ThrowAwayAuthority authority_ = ThrowAwayAuthority::make(clock_.now()).value();
  Credentials prometheus_ = authority_.issue_client("prometheus").value();
  Credentials other_ = authority_.issue_client("gate-7").value();
  Metrics metrics_;
  std::atomic<bool> healthy_ = true;
  std::unique_ptr<Gatekeeper> gatekeeper_;
  std::unique_ptr<OperationsEndpoint> endpoint_;
};

constexpr const char* kPrometheus = "CN=prometheus,O=Whorl";

TEST_F(Operations, WhoMayObserveIsShownTheMetrics) {
  start(policy_for(kPrometheus));
  for (const char* path : {"/metrics", "/metrics?name[]=up"}) {
    const std::string answer = ask(path, prometheus_);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("# TYPE whorl_requests_total counter\n"), std::string::npos);
    EXPECT_EQ(answer.find("CN="), std::string::npos) << "of no client's name";
  }
  EXPECT_TRUE(counted("none", 2));
}

TEST_F(Operations, OthersAreToldWhatTheyLack) {
  Policy policy = policy_for(kPrometheus);
  Role searcher;
  searcher.name = "border";
  searcher.clients = {"CN=gate-7,O=Whorl"};
  searcher.galleries = searcher.purposes = {"*"};
  searcher.verbs = {Verb::identify};
  policy.roles.push_back(searcher);
  start(policy);
  const std::pair<Credentials, const char*> rows[] = {
      {other_, "not-allowed"},
      {authority_.issue_client("nobody").value(), "unknown-client"},
  };
  for (const auto& [client, fault] : rows) {
    const std::string answer = ask("/metrics", client);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 Forbidden\r\n")) << answer;
    EXPECT_NE(answer.find(fault), std::string::npos) << answer;
    EXPECT_EQ(answer.find("whorl_"), std::string::npos);
    EXPECT_TRUE(counted(fault, 1));
  }
}

TEST_F(Operations, WhoAsksTooOftenIsToldWhenToComeBack) {
  Policy policy = policy_for(kPrometheus);
  policy.roles[0].requests_per_minute = 6;
  policy.roles[0].burst = 1;
  start(policy);
  EXPECT_TRUE(ask("/metrics", prometheus_).starts_with("HTTP/1.1 200"));
  const std::string answer = ask("/metrics", prometheus_);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: 10\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(counted("busy", 1));
}

TEST_F(Operations, HealthIsToldToAnyOfTheAuthority) {
  start({});
  for (const Credentials& client : {prometheus_, other_}) {
    const std::string answer = ask("/healthz", client);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"))
        << answer;
  }
  healthy_ = false;
  const std::string answer = ask("/healthz", other_);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\ndraining\n")) << answer;
}

TEST_F(Operations, ThereIsNothingElse) {
  start(policy_for(kPrometheus));
  for (const char* path : {"/", "/metrics/", "/Metrics", "//metrics", "/healthz/../metrics",
                           "/%6detrics", "/debug/pprof", "/etc/passwd"}) {
    EXPECT_TRUE(ask(path, prometheus_).starts_with("HTTP/1.1 404 Not Found\r\n")) << path;
  }
}

TEST_F(Operations, NothingIsToldWithoutACertificateOfTheAuthority) {
  start(policy_for(kPrometheus));
  ThrowAwayAuthority strangers = ThrowAwayAuthority::make(clock_.now()).value();
  Credentials stranger = strangers.issue_client("prometheus").value();
  stranger.authority = prometheus_.authority;
  for (const char* path : {"/metrics", "/healthz"}) EXPECT_EQ(ask(path, stranger), "") << path;
}

// The commands of the page, in its order, by the shell that an operator has.
class CertificatesPage : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string page = file_text("docs/operations.md");
    const std::string fence = "```sh\n";
    std::string script = "set -e\ncd '" + folder_.path().string() + "'\n";
    for (auto at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
      at += fence.size();
      script += page.substr(at, page.find("```", at) - at);
    }
    folder_.write("run", script);
    const std::string run = "sh '" + file("run") + "' > '" + file("said") + "' 2>&1";
    ASSERT_EQ(std::system(run.c_str()), 0) << text("said");
  }
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Result<Credentials> credentials(const std::string& of) const {
    return load_credentials(file(of + ".pem"), file(of + ".key"), file("authority.pem"), clock_);
  }
  TemporaryFolder folder_;
  SystemClock clock_;
};

TEST_F(CertificatesPage, MakesWhatTheServiceAndItsClientsNeed) {
  const auto service = credentials("service"), prometheus = credentials("prometheus");
  ASSERT_TRUE(service) << describe(service.error());
  ASSERT_TRUE(prometheus) << describe(prometheus.error());
  const std::string name = subject_of(prometheus->certificate).value();
  EXPECT_EQ(name, "CN=prometheus,O=Migration,C=LT");
  EXPECT_NE(text("said").find("subject=" + name + "\n"), std::string::npos)
      << "the page says that this line prints the client's name";

  Gatekeeper gatekeeper(policy_for(name), clock_);
  Metrics metrics;
  const auto endpoint =
      OperationsEndpoint::start("127.0.0.1:0", *service, gatekeeper, metrics, [] { return true; });
  ASSERT_TRUE(endpoint) << describe(endpoint.error());
  const int port = (*endpoint)->port();
  EXPECT_TRUE(TlsClient(port, *prometheus).ask(get("/metrics")).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(TlsClient(port, *service).ask(get("/metrics")), "") << "a service is no client";
}

TEST_F(CertificatesPage, TakesAClientBack) {
  const auto list = RevocationList::parse(text("revoked.pem"), text("authority.pem"));
  ASSERT_TRUE(list) << describe(list.error());
  const auto prometheus = list->check(text("prometheus.pem"));
  ASSERT_FALSE(prometheus);
  EXPECT_EQ(prometheus.error().fault, Fault::unknown_client);
  EXPECT_TRUE(list->check(text("service.pem")));
}

}  // namespace
}  // namespace whorl::service
