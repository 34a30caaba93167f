#pragma once
// Who asked what of whom, and why: an append-only log whose records are chained. docs/audit.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/crypto.h"
#include "engine/base/result.h"
#include "engine/service/verb.h"

namespace whorl::service {

// One request. Never a template, never a picture, never a score.
struct AuditRecord {
  UnixMillis at;
  std::string client;  // subject of its certificate
  Verb verb = Verb::identify;
  std::string gallery, purpose, request_id;
  std::uint16_t fault = 0;  // 0: answered; else the Fault's number
  bool repeated = false;    // an earlier answer was given again
  std::uint32_t samples = 0, candidates = 0;
  std::string decision;       // "hit", "refer", "no-hit", "enrolled", "duplicate" or empty
  std::uint64_t subject = 0;  // that was enrolled, changed or read; 0: none
};

enum class Durable : bool {
  soon,
  now
};  // soon: in the system's memory at once, on disk in a second

// Files of records in one folder. Each record carries an HMAC-SHA256 over itself and the one
// before, under a key derived from the master key; the newest record's number and HMAC are kept
// sealed in a file of their own, so that a log whose end was cut off is told from a whole one.
//
// Thread safety: append may be called from any thread; records are in the order of the calls.
// Invariants:
//   1. What append returned from survives a killed process; with Durable::now, a power cut.
//   2. A record half-written by a crash is removed at the next open, and that is recorded.
//   3. Altered, missing, doubled or reordered records do not verify.
class AuditLog {
 public:
  // Makes the folder where there is none. Faults: audit_broken, wrong_key, io_error, disk_full,
  // store_in_use.
  static Result<std::unique_ptr<AuditLog>> open(const std::string& folder, const Key& master,
                                                const Clock& clock);
  ~AuditLog();

  // Faults: disk_full, io_error: then the request must not be answered.
  Result<> append(const AuditRecord& record, Durable durable);

  // Removes whole files whose records are all older, and appends a record that proves it: first and
  // last number, count and the chain's value at both ends. How many were removed.
  Result<std::int64_t> purge_before(UnixMillis oldest);

 private:
  struct State;
  explicit AuditLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Walks a log without changing it, oldest first, checking the chain; `visit` may be empty. Number
// of records. Fault: audit_broken names the file, record and what is wrong; wrong_key; io_error.
struct AuditSummary {
  std::int64_t records = 0, purged = 0;
  UnixMillis first, last;
};
Result<AuditSummary> walk_audit(const std::string& folder, const Key& master,
                                const std::function<void(const AuditRecord&)>& visit);

}  // namespace whorl::service
