// A client that takes up an earlier TLS session again proves itself by that, and shows nothing of
// what stands between it and the root: what was revoked meanwhile is refused all the same.
#include <grpc/grpc_security.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "engine/generated/whorl.grpc.fb.h"
#include "engine/service/tls.h"
#include "tests/service/served_house.h"

namespace whorl::service {
namespace {

class ResumedSession : public ServerTest {
 protected:
  void SetUp() override {
    authority_.emplace(*ThrowAwayAuthority::make(house_.clock.now()));
    revoke({});
    const std::string policy = (house_.folder() / "policy.toml").string();
    std::ofstream(policy) << "[service]\nrevoked = \"revoked.pem\"\n[[role]]\nname = \"register\"\n"
                             "clients = [\"CN=register,O=Whorl\"]\nverbs = [\"stats\"]\n"
                             "purposes = [\"*\"]\n";
    auto rules = Gatekeeper::open(policy, house_.clock, authority_->certificate());
    ASSERT_TRUE(rules) << describe(rules.error());
    house_.serve_under(*std::move(rules));
    auto started =
        Server::start({"127.0.0.1:0", *authority_->issue_server({"localhost"})}, *house_.service);
    ASSERT_TRUE(started) << describe(started.error());
    server_ = std::move(*started);
  }
  ~ResumedSession() override { grpc_ssl_session_cache_destroy(sessions_); }

  void revoke(const std::vector<std::string>& certificates) {
    std::ofstream(house_.folder() / "revoked.pem") << *authority_->revoke(certificates);
  }

  struct Told {
    grpc::StatusCode code;
    bool resumed;
  };
  // Over a new connection, in the session of the last one if the service takes it up again.
  Told ask(const Credentials& own) {
    grpc::ChannelArguments arguments;
    const grpc_arg kept = grpc_ssl_session_cache_create_channel_arg(sessions_);
    arguments.SetPointerWithVtable(kept.key, kept.value.pointer.p, kept.value.pointer.vtable);
    arguments.SetSslTargetNameOverride("localhost");  // sessions are kept by name, not by address
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto stub = wire::Register::NewStub(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(server_->port()), channel_credentials(own), arguments));
    flatbuffers::grpc::MessageBuilder builder;
    const wire::StatsRequestT request = stats("s" + std::to_string(++asked_));
    builder.Finish(wire::StatsRequest::Pack(builder, &request));
    const auto message = builder.ReleaseMessage<wire::StatsRequest>();
    flatbuffers::grpc::Message<wire::StatsAnswer> answer;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const grpc::Status status = stub->Stats(&context, message, &answer);
    const auto reused =
        context.auth_context()->FindPropertyValues(GRPC_SSL_SESSION_REUSED_PROPERTY);
    return {status.error_code(), reused.size() == 1 && reused.front() == "true"};
  }

  grpc_ssl_session_cache* const sessions_ = grpc_ssl_session_cache_create_lru(8);
  int asked_ = 0;
};

TEST_F(ResumedSession, IsAnsweredUntilItsCertificateIsRevoked) {
  const Credentials own = *authority_->issue_client("register");
  const Told first = ask(own), second = ask(own);
  EXPECT_EQ(first.code, grpc::StatusCode::OK);
  EXPECT_FALSE(first.resumed);
  EXPECT_EQ(second.code, grpc::StatusCode::OK);
  EXPECT_TRUE(second.resumed);
  revoke({own.certificate});
  ASSERT_TRUE(house_.gatekeeper->reload());
  const Told third = ask(own);
  EXPECT_EQ(third.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(third.resumed);
}

TEST_F(ResumedSession, IsRefusedWhereItsAuthorityIsNotToBeSeen) {
  ThrowAwayAuthority office = *authority_->issue_authority("office");
  const Credentials own = *office.issue_client("register");
  EXPECT_EQ(ask(own).code, grpc::StatusCode::OK);
  const Told again = ask(own);
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.code, grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace whorl::service
