#pragma once
// How a fault travels over gRPC: docs/protocol.md, Faults.

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>

#include "engine/base/result.h"

namespace whorl::service {

// Its number, name and remedy as text, the number and place again as trailing metadata, and, where
// a client should come again, after how many milliseconds.
grpc::Status to_status(const Error& error, std::chrono::milliseconds retry_after,
                       grpc::ServerContext& context);

// The fault a service answered with; unreachable, deadline_exceeded or cancelled where it did not.
Error from_status(const grpc::Status& status, const grpc::ClientContext& context);
// Zero where the service did not say.
std::chrono::milliseconds retry_after(const grpc::ClientContext& context);

}  // namespace whorl::service
