#pragma once
// The bytes of the audit log: docs/formats/audit-log.md draws them.

#include <span>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/base/limits.h"
#include "engine/base/result.h"
#include "engine/service/audit.h"

namespace whorl::service {

inline constexpr std::uint16_t kAuditLayout = 1;

// A record in a file: length u32 | body | HMAC.
inline constexpr std::size_t kAuditLengthBytes = 4;
inline constexpr std::size_t kMaxDecisionBytes = 32;  // the longest word there is has 9
// Of a request, the largest kind: fixed fields, then five texts of at most their bounds.
inline constexpr std::size_t kMaxAuditBodyBytes = 33 + 5 * 2 + kMaxClientNameBytes +
                                                  kMaxGalleryNameBytes + kMaxPurposeBytes +
                                                  kMaxRequestIdBytes + kMaxDecisionBytes;
static_assert(kMaxAuditBodyBytes < 4096);

// Texts longer than their bounds are cut, and the record says so: a request is never left out of
// the log because its names are long.
Bytes encode_audit_body(const AuditContent& content);
// Faults, with the offset: truncated, length_mismatch, out_of_range, unsupported (another kind).
Result<AuditContent> decode_audit_body(std::span<const std::byte> body);

// How a file begins: whatever follows has numbers from before.number + 1, and its chain goes on
// from before.mac.
inline constexpr std::size_t kAuditHeaderBytes = 8 + 2 + 8 + 32;
Bytes encode_audit_header(const AuditPlace& before);
// Faults: truncated, bad_magic, out_of_range, store_version.
Result<AuditPlace> decode_audit_header(std::span<const std::byte> bytes);

}  // namespace whorl::service
