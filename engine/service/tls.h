#pragma once
// Connections of gRPC, both sides of which prove who they are, over TLS 1.3 and nothing older.

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "engine/service/certificates.h"

namespace whorl::service {

// Holds every connection that gRPC makes or takes in this process to TLS 1.3. gRPC 1.51 has no
// option for it: it asks OpenSSL for 1.2 or 1.3, and reads from GRPC_SSL_CIPHER_SUITES, once, which
// suites TLS 1.2 may choose from; those of TLS 1.3 are another list, which it leaves alone. So this
// sets that variable, whatever it was, to one suite that needs a key both sides were given
// beforehand (RFC 4279). gRPC never has one, and a handshake of TLS 1.2 finds no suite.
// The two below do this themselves. A program that has threads calls it in main, before them,
// because the environment may be read by any.
void require_tls13();

// For a server: refuses, in the handshake, whoever has no certificate of the authority. What the
// certificate may do is the gatekeeper's to say.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const Credentials& credentials);

// For a client: refuses a server whose certificate is not of the authority or does not name the
// host that was called.
std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const Credentials& credentials);

}  // namespace whorl::service
