// Real connections over loopback: who gets in, as whom, and by which version of TLS.
#include "engine/service/tls.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <mutex>
#include <string>

#include "engine/generated/whorl.grpc.fb.h"
#include "engine/service/x509.h"

namespace whorl::service {
namespace {

using Ssl = std::unique_ptr<SSL, x509::Free<SSL_free>>;
using SslContext = std::unique_ptr<SSL_CTX, x509::Free<SSL_CTX_free>>;

ThrowAwayAuthority new_authority() { return ThrowAwayAuthority::make(SystemClock().now()).value(); }

// For TLS 1.2 up to `newest`.
SslContext context_of(const SSL_METHOD* method, int newest, const Credentials& credentials) {
  SslContext context(SSL_CTX_new(method));
  const auto certificates = x509::read_certificates(credentials.certificate).value();
  const auto key = x509::read_private_key(credentials.private_key).value();
  EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificates[0].get()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key.get()), 1);
  EXPECT_EQ(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION), 1);
  EXPECT_EQ(SSL_CTX_set_max_proto_version(context.get(), newest), 1);
  return context;
}

// Answers Stats, and remembers who asked.
class Listener final : public wire::Register::Service {
 public:
  grpc::Status Stats(grpc::ServerContext* context,
                     const flatbuffers::grpc::Message<wire::StatsRequest>*,
                     flatbuffers::grpc::Message<wire::StatsAnswer>* answer) override {
    const std::lock_guard lock(guard_);
    for (const grpc::string_ref& part :
         context->auth_context()->FindPropertyValues("x509_subject")) {
      subject_ += std::string(part.data(), part.size());
    }
    for (const grpc::string_ref& part :
         context->auth_context()->FindPropertyValues("x509_pem_cert")) {
      certificate_ += std::string(part.data(), part.size());
    }
    flatbuffers::grpc::MessageBuilder builder;
    builder.Finish(wire::CreateStatsAnswer(builder));
    *answer = builder.ReleaseMessage<wire::StatsAnswer>();
    return grpc::Status::OK;
  }
  std::string subject() const {
    const std::lock_guard lock(guard_);
    return subject_;
  }
  std::string certificate() const {
    const std::lock_guard lock(guard_);
    return certificate_;
  }

 private:
  mutable std::mutex guard_;  // what follows
  std::string subject_, certificate_;
};

class Connections : public ::testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(
        "127.0.0.1:0",
        server_credentials(authority_.issue_server({"localhost", "127.0.0.1"}).value()), &port_);
    builder.RegisterService(&listener_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    ASSERT_NE(port_, 0);
  }

  std::string address(const std::string& host = "127.0.0.1") const {
    return host + ":" + std::to_string(port_);
  }

  static grpc::Status call(const std::shared_ptr<grpc::Channel>& channel) {
    const auto stub = wire::Register::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    flatbuffers::grpc::MessageBuilder builder;
    builder.Finish(
        wire::CreateStatsRequest(builder, wire::CreateHeadingDirect(builder, "request-1")));
    const auto request = builder.ReleaseMessage<wire::StatsRequest>();
    flatbuffers::grpc::Message<wire::StatsAnswer> answer;
    return stub->Stats(&context, request, &answer);
  }
  grpc::Status call_with(const Credentials& credentials, const std::string& host = "127.0.0.1") {
    return call(grpc::CreateChannel(address(host), channel_credentials(credentials)));
  }

  // What a handshake of OpenSSL's own, held to versions up to `newest`, ends with: the version
  // spoken, or nothing. With `psk` it offers the one suite that gRPC is left with, and a key.
  std::string handshake(int newest, const Credentials& credentials, bool psk = false) const {
    const SslContext context = context_of(TLS_client_method(), newest, credentials);
    if (psk) {
      EXPECT_EQ(SSL_CTX_set_cipher_list(context.get(), "PSK-AES256-GCM-SHA384"), 1);
      SSL_CTX_set_psk_client_callback(context.get(),
                                      [](SSL*, const char*, char* identity, unsigned,
                                         unsigned char* key, unsigned) -> unsigned {
                                        identity[0] = 'x', identity[1] = 0;
                                        std::fill_n(key, 32, '\0');
                                        return 32;
                                      });
    }
    const Ssl ssl(SSL_new(context.get()));
    constexpr unsigned char kHttp2[] = {2, 'h', '2'};
    EXPECT_EQ(SSL_set_alpn_protos(ssl.get(), kHttp2, sizeof kHttp2), 0);
    BIO* socket = BIO_new_connect(address().c_str());
    EXPECT_EQ(BIO_do_connect(socket), 1);
    SSL_set_bio(ssl.get(), socket, socket);
    return SSL_connect(ssl.get()) == 1 ? SSL_get_version(ssl.get()) : "";
  }

  ThrowAwayAuthority authority_ = new_authority();
  Listener listener_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(Connections, AreOfTls13AndNothingOlder) {
  const Credentials client = authority_.issue_client("gate-7").value();
  EXPECT_EQ(handshake(TLS1_3_VERSION, client), "TLSv1.3");
  EXPECT_EQ(handshake(TLS1_2_VERSION, client), "");
  EXPECT_EQ(handshake(TLS1_2_VERSION, client, true), "");
}

TEST_F(Connections, AreNotMadeToAnOlderServer) {
  const Credentials client = authority_.issue_client("gate-7").value();
  for (const auto& [newest, spoken] :
       {std::pair{TLS1_3_VERSION, "TLSv1.3"}, std::pair{TLS1_2_VERSION, ""}}) {
    const SslContext context =
        context_of(TLS_server_method(), newest, authority_.issue_server({"127.0.0.1"}).value());
    SSL_CTX_set_alpn_select_cb(
        context.get(),
        [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned,
           void*) {
          *out = in + 1, *size = in[0];  // whatever comes first
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    const x509::Bio listening(BIO_new_accept("127.0.0.1:0"));
    ASSERT_EQ(BIO_do_accept(listening.get()), 1);
    const auto channel =
        grpc::CreateChannel(std::string("127.0.0.1:") + BIO_get_accept_port(listening.get()),
                            channel_credentials(client));
    ASSERT_NE(channel->GetState(true), GRPC_CHANNEL_SHUTDOWN);  // it begins to connect
    ASSERT_EQ(BIO_do_accept(listening.get()), 1);
    const Ssl ssl(SSL_new(context.get()));
    BIO* socket = BIO_pop(listening.get());
    SSL_set_bio(ssl.get(), socket, socket);
    const bool done = SSL_accept(ssl.get()) == 1;
    EXPECT_STREQ(done ? SSL_get_version(ssl.get()) : "", spoken);
  }
}

TEST_F(Connections, CarryTheSubjectThatThePolicyNames) {
  for (const char* name :
       {"gate-7", "a,b", " x ", "#7", "say \"no\"", "vartai \xC4\x97", "a+b=c;<>\\"}) {
    const Credentials client = authority_.issue_client(name).value();
    const std::string before = listener_.subject(), certificates = listener_.certificate();
    const grpc::Status status = call_with(client);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(listener_.subject(), before + subject_of(client.certificate).value());
    EXPECT_EQ(listener_.certificate(), certificates + client.certificate);
  }
}

TEST_F(Connections, NeedACertificateOfTheAuthorityThatIsInTime) {
  const UnixMillis now = SystemClock().now();
  const auto hours = [&](int after) { return UnixMillis{now.value() + after * 3'600'000}; };
  ThrowAwayAuthority other = new_authority();
  Credentials foreign = other.issue_client("gate-7").value();
  foreign.authority = authority_.certificate();
  const Credentials server = authority_.issue_server({"localhost"}).value();
  const Credentials nobody{{}, {}, authority_.certificate()};
  struct Case {
    const char* what;
    Credentials credentials;
    bool gets_in;
  };
  for (const auto& [what, credentials, gets_in] : {
           Case{"good", authority_.issue_client("gate-7").value(), true},
           Case{"of another authority", foreign, false},
           Case{"none at all", nobody, false},
           Case{"expired", authority_.issue_client("gate-7", hours(-3), hours(-1)).value(), false},
           Case{"not yet valid", authority_.issue_client("gate-7", hours(1), hours(3)).value(),
                false},
           Case{"a server's", server, false},
       }) {
    const grpc::Status status = call_with(credentials);
    EXPECT_EQ(status.ok(), gets_in) << what << ": " << status.error_message();
  }
  EXPECT_FALSE(call(grpc::CreateChannel(address(), grpc::InsecureChannelCredentials())).ok());
}

TEST_F(Connections, AreOnlyMadeToTheServerThatWasMeant) {
  const Credentials client = authority_.issue_client("gate-7").value();
  EXPECT_TRUE(call_with(client, "localhost").ok());
  EXPECT_FALSE(call_with(client, "127.0.0.2").ok());  // the certificate does not name it
  Credentials trusting_another = client;
  trusting_another.authority = new_authority().certificate();
  EXPECT_FALSE(call_with(trusting_another).ok());
}

}  // namespace
}  // namespace whorl::service
