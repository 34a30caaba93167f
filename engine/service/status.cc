#include "engine/service/status.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace whorl::service {
namespace {

constexpr const char* kFault = "whorl-fault";
constexpr const char* kWhere = "whorl-where-bin";  // -bin: any bytes
constexpr const char* kRetryAfter = "retry-after-ms";

grpc::StatusCode code_of(Fault fault) {
  switch (fault) {
    case Fault::unknown_client:
      return grpc::StatusCode::UNAUTHENTICATED;
    case Fault::not_allowed:
      return grpc::StatusCode::PERMISSION_DENIED;
    case Fault::busy:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Fault::draining:
    case Fault::disk_full:
      return grpc::StatusCode::UNAVAILABLE;
    case Fault::deadline_exceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case Fault::cancelled:
      return grpc::StatusCode::CANCELLED;
    case Fault::not_found:
      return grpc::StatusCode::NOT_FOUND;
    case Fault::duplicate_id:
    case Fault::already_exists:
    case Fault::request_reused:
      return grpc::StatusCode::ALREADY_EXISTS;
    default:
      return text_of(fault).blame == Blame::machine ? grpc::StatusCode::INTERNAL
                                                    : grpc::StatusCode::INVALID_ARGUMENT;
  }
}

std::optional<std::string> trailing(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return std::nullopt;
  return std::string(found->second.data(), found->second.size());
}

std::optional<long> number(const std::optional<std::string>& text) {
  long value = 0;
  if (!text) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return std::nullopt;
  return value;
}

Error without_a_fault(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {Fault::deadline_exceeded, 0, {}};
    case grpc::StatusCode::CANCELLED:
      return {Fault::cancelled, 0, {}};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // gRPC's own: messages or threads beyond its bounds
      return {Fault::busy, 0, status.error_message()};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {Fault::unsupported, 0, status.error_message()};
    default:
      return {Fault::unreachable, 0, status.error_message()};
  }
}

}  // namespace

grpc::Status to_status(const Error& error, std::chrono::milliseconds retry_after,
                       grpc::ServerContext& context) {
  context.AddTrailingMetadata(kFault, std::to_string(static_cast<int>(error.fault)));
  if (!error.where.empty()) context.AddTrailingMetadata(kWhere, error.where);
  if (retry_after.count() > 0) {
    context.AddTrailingMetadata(kRetryAfter, std::to_string(retry_after.count()));
  }
  return {code_of(error.fault), describe(error)};
}

Error from_status(const grpc::Status& status, const grpc::ClientContext& context) {
  const auto fault = number(trailing(context, kFault));
  // A number that is newer than this client is told as gRPC has it.
  if (!fault || *fault < 1 || *fault > static_cast<long>(kLastFault)) {
    return without_a_fault(status);
  }
  return {static_cast<Fault>(*fault), 0, trailing(context, kWhere).value_or("")};
}

std::chrono::milliseconds retry_after(const grpc::ClientContext& context) {
  return std::chrono::milliseconds(
      std::max(0L, number(trailing(context, kRetryAfter)).value_or(0)));
}

}  // namespace whorl::service
