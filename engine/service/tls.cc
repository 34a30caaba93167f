#include "engine/service/tls.h"

#include <cstdlib>
#include <mutex>

#include "kernels/core.h"

namespace whorl::service {

void require_tls13() {
  static std::once_flag once;
  std::call_once(
      once, [] { WHORL_CHECK(setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1) == 0); });
}

std::shared_ptr<grpc::ServerCredentials> server_credentials(const Credentials& credentials) {
  require_tls13();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = credentials.authority;
  options.pem_key_cert_pairs.push_back({credentials.private_key, credentials.certificate});
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const Credentials& credentials) {
  require_tls13();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = credentials.authority;
  options.pem_private_key = credentials.private_key;
  options.pem_cert_chain = credentials.certificate;
  return grpc::SslCredentials(options);
}

}  // namespace whorl::service
