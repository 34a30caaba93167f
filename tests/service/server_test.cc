// The protocol over loopback, mutual TLS and all: engine/service/server.h, client.h.
#include "engine/service/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "engine/base/limits.h"
#include "tests/service/served_house.h"

namespace whorl::service {
namespace {

TEST_F(ServerTest, AWholeConversation) {
  const auto client = connect();
  for (std::uint64_t p = 0; p < 5; ++p) {
    const auto enrolled = client->enrol(enrolment("e" + std::to_string(p), 10 + p, p));
    ASSERT_TRUE(enrolled) << describe(enrolled.error());
  }
  const auto duplicate = client->enrol_with_dedup(enrolment("d", 99, 2, 1));
  ASSERT_TRUE(duplicate) << describe(duplicate.error());
  EXPECT_EQ(duplicate->outcome, wire::Outcome::duplicate);
  const auto found = client->identify(query("i", 2, 1));
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_EQ(found->result->candidates.front()->subject, 12U);
  wire::UpdateRequestT update;
  update.heading = heading("u");
  update.subject = 12, update.encounter = 1;
  update.samples = samples_of(7, 0);
  ASSERT_TRUE(client->update(update));
  EXPECT_EQ(client->identify(query("i2", 7, 1))->result->candidates.front()->subject, 12U);
  wire::DeleteRequestT remove;
  remove.heading = heading("r");
  remove.subject = 12;
  ASSERT_TRUE(client->remove(remove));
  EXPECT_EQ(client->identify(query("i3", 7, 1))->result->decision, wire::Decision::no_hit);
  const auto seen = client->stats(stats("s"));
  ASSERT_TRUE(seen) << describe(seen.error());
  ASSERT_EQ(seen->galleries.size(), 2U);
  EXPECT_EQ(seen->galleries.front()->subjects, 4U);
}

TEST_F(ServerTest, AStationsStream) {
  const auto client = connect();
  const auto visit = client->visit();
  wire::CaptureRequestT request;
  request.heading = heading("visit");
  request.subject = 5;
  for (auto& sample : samples_of(3, 0)) {
    request.sample = std::move(sample);
    const auto feedback = visit->send(request);
    ASSERT_TRUE(feedback) << describe(feedback.error());
    EXPECT_TRUE(feedback->accepted);
    request = {};
  }
  request.finish = true;
  const auto done = visit->send(request);
  ASSERT_TRUE(done) << describe(done.error());
  ASSERT_NE(done->enrolment, nullptr);
  EXPECT_EQ(done->enrolment->subject, 5U);
  EXPECT_FALSE(visit->send(request));
  EXPECT_EQ(*house_.engine->people("main"), 1);
}

TEST_F(ServerTest, AVisitThatIsDroppedEnrolsNobody) {
  const auto client = connect();
  {
    const auto visit = client->visit();
    wire::CaptureRequestT request;
    request.heading = heading("visit");
    request.subject = 5;
    request.sample = std::move(samples_of(3, 0).front());
    ASSERT_TRUE(visit->send(request));
  }
  EXPECT_TRUE(client->stats(stats("s")));
  EXPECT_EQ(*house_.engine->people("main"), 0);
}

TEST_F(ServerTest, FaultsArriveWithTheirNumberPlaceAndRemedy) {
  const auto client = connect();
  auto request = enrolment("e", 5, 3);
  request.samples[1]->bytes.clear();
  const auto refused = client->enrol(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::empty_input);
  EXPECT_EQ(refused.error().where, "sample 2");
  wire::GetSubjectRequestT show;
  show.heading = heading("s");
  show.subject = 777;
  EXPECT_EQ(client->get_subject(show).error().fault, Fault::not_found);
  EXPECT_EQ(connect("gate")->stats(stats("s")).error().fault, Fault::not_allowed);
  EXPECT_EQ(connect("stranger")->stats(stats("s")).error().fault, Fault::unknown_client);
}

TEST_F(ServerTest, WhoHasNoCertificateOfTheAuthorityIsNotHeard) {
  auto elsewhere = *ThrowAwayAuthority::make(house_.clock.now());
  Credentials foreign = *elsewhere.issue_client("register");
  foreign.authority = authority_->certificate();  // it believes the server
  const UnixMillis now = house_.clock.now();
  const auto hours = [&](int n) { return UnixMillis{now.value() + n * 3'600'000LL}; };
  Credentials none = *authority_->issue_client("register");
  none.certificate.clear(), none.private_key.clear();
  const struct {
    const char* what;
    Credentials credentials;
  } table[] = {
      {"another authority's", foreign},
      {"expired", *authority_->issue_client("register", hours(-3), hours(-1))},
      {"not valid yet", *authority_->issue_client("register", hours(2), hours(3))},
      {"none", none},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    const auto refused = connect(row.credentials)->stats(stats("s"), {std::chrono::seconds(20)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unreachable) << describe(refused.error());
  }
  EXPECT_TRUE(connect()->stats(stats("ok")));
}

TEST_F(ServerTest, WhoseAuthorityIsRevokedIsRefused) {
  ThrowAwayAuthority office = *authority_->issue_authority("office");
  const auto client = connect(*office.issue_client("register"));
  EXPECT_TRUE(client->stats(stats("1")));
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(house_.folder() / name) << text;
    return (house_.folder() / name).string();
  };
  write("revoked.pem", *authority_->revoke({office.certificate()}));
  const std::string policy =
      write("policy.toml",
            "[service]\nrevoked = \"revoked.pem\"\n[[role]]\nname = \"register\"\n"
            "clients = [\"CN=register,O=Whorl\"]\nverbs = [\"stats\"]\npurposes = [\"*\"]\n");
  server_.reset();
  house_.serve_under(*Gatekeeper::open(policy, house_.clock, authority_->certificate()));
  start();
  const auto refused = connect(*office.issue_client("register"))->stats(stats("2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::unknown_client) << describe(refused.error());
  EXPECT_TRUE(connect()->stats(stats("3")));
}

TEST_F(ServerTest, AClientThatBelievesAnotherAuthorityDoesNotTalk) {
  auto elsewhere = *ThrowAwayAuthority::make(house_.clock.now());
  Credentials suspicious = *authority_->issue_client("register");
  suspicious.authority = elsewhere.certificate();
  const auto refused = connect(suspicious)->stats(stats("s"), {std::chrono::seconds(20)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::unreachable);
}

TEST_F(ServerTest, AMessageBeyondTheLimitIsRefusedAndTheNextOneAnswered) {
  const auto client = connect();
  auto request = enrolment("e", 5, 3);
  request.samples[0]->bytes.assign(kMaxMessageBytes + 1, 7);
  EXPECT_FALSE(client->enrol(request));
  EXPECT_TRUE(client->stats(stats("s")));
  EXPECT_EQ(*house_.engine->people("main"), 0);
}

TEST_F(ServerTest, ADeadlineThatPassedIsTold) {
  const auto refused = connect()->stats(stats("s"), {std::chrono::milliseconds(0)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::deadline_exceeded);
}

TEST_F(ServerTest, ARequestIsAskedAgainUntilTheServiceIsBack) {
  const auto client = connect();
  ASSERT_TRUE(client->enrol(enrolment("e", 5, 3)));
  const int port = server_->port();
  server_->drain(std::chrono::seconds(5));
  server_.reset();
  house_.open();
  std::thread late([&] {
    auto started = Server::start(
        {"127.0.0.1:" + std::to_string(port), *authority_->issue_server({"127.0.0.1"})},
        *house_.service);
    ASSERT_TRUE(started) << describe(started.error());
    server_ = std::move(*started);
  });
  const auto again = client->enrol(enrolment("e", 5, 3), {std::chrono::seconds(60), 30});
  late.join();
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_TRUE(again->report->repeated);
}

}  // namespace
}  // namespace whorl::service
