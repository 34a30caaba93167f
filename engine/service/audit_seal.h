#pragma once

#include <memory>
#include <span>

#include "engine/base/crypto.h"
#include "engine/service/audit.h"

namespace whorl::service {

// HMAC-SHA256 (RFC 2104) of a log's records and of the note of its newest, under keys derived from
// the log's own. One thread at a time.
class AuditSeal {
 public:
  explicit AuditSeal(const Key& log_key);
  AuditSeal(AuditSeal&&) noexcept;
  ~AuditSeal();

  // The place of the record that follows `before` with this body: over before.mac | its number u64
  // | the body's length u32 | the body.
  AuditPlace following(const AuditPlace& before, std::span<const std::byte> body);
  AuditMac of_note(std::span<const std::byte> note);

 private:
  struct Macs;
  std::unique_ptr<Macs> macs_;
};

}  // namespace whorl::service
