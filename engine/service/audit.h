#pragma once
// Who asked what of whom, and why: an append-only log whose records are chained. docs/audit.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

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
  bool cut = false;  // a text is longer than its bound; append sets it and keeps the beginning
  std::uint32_t samples = 0, candidates = 0;
  std::string decision;  // "hit", "refer", "no-hit", "enrolled", "duplicate" or empty
  // Refusals of this client since its record before that were like this one and have none.
  std::uint32_t alike = 0;
  std::uint64_t subject = 0;  // that was enrolled, changed or read; 0: none

  bool operator==(const AuditRecord&) const = default;
};

using AuditMac = std::array<std::byte, 32>;

// A record of the chain, by its number, counted from 1, and its HMAC, which vouches for all before
// it. Noted elsewhere it is an anchor: a log that was put back to an earlier state does not have
// it.
struct AuditPlace {
  std::uint64_t number = 0;
  AuditMac mac{};

  bool operator==(const AuditPlace&) const = default;
};

// What the log says of itself between the requests: that a process began to write here, after
// removing `torn_bytes` that a crash had cut off; that a file of old records was removed.
struct AuditOpened {
  UnixMillis at;
  std::uint64_t torn_bytes = 0;

  bool operator==(const AuditOpened&) const = default;
};
struct AuditPurged {
  UnixMillis at;
  AuditPlace before, last;  // the record before the file's first, and its last

  bool operator==(const AuditPurged&) const = default;
};
using AuditContent = std::variant<AuditRecord, AuditOpened, AuditPurged>;

struct AuditEntry {
  AuditPlace place;
  AuditContent content;
};

enum class Durable : bool {
  soon,
  now
};  // soon: in the system's memory at once, on disk in a second

// Files of records in one folder. Each record carries an HMAC-SHA256 over itself and the one
// before, under a key of the log's own, which is kept sealed under the master key; the newest
// record on disk is noted in a file of its own, so that a log whose end was cut off is told from a
// whole one. docs/formats/audit-log.md has the bytes.
//
// Thread safety: append may be called from any thread; records are in the order of the calls.
// Those that wait for the disk share its answers.
// Invariants:
//   1. What append returned from survives a killed process; with Durable::now, a power cut.
//   2. A record half-written by a crash is removed at the next open, and that is recorded.
//   3. Altered, missing, doubled or reordered records do not verify.
//   4. The note of the newest record is never ahead of the log on disk, and behind it by what is
//      not yet synced: nothing that append(Durable::now) returned from.
class AuditLog {
 public:
  // Makes the folder where there is none. Cost: reads the newest file, 64 MB at most. Faults:
  // audit_broken, wrong_key, io_error, disk_full, store_in_use, store_version.
  static Result<std::unique_ptr<AuditLog>> open(const std::string& folder, const Key& master,
                                                const Clock& clock);
  ~AuditLog();  // syncs

  // Faults: disk_full, io_error, audit_broken (the files were taken away): then the request must
  // not be answered. A refused record may yet be in the log, where writing it succeeded and syncing
  // did not. While the disk fails, and when more waits for it than a second should bring,
  // Durable::soon is taken as Durable::now.
  Result<> append(const AuditRecord& record, Durable durable);

  // To be called before a change is made that is to be recorded: a log that fails, was taken away
  // or has no room on its disk is found out while nothing is done yet. Keeps room for the records
  // of the next moments. Faults as append.
  Result<> make_ready();

  // Removes whole files whose records are all older, after appending a record for each that proves
  // it: the number and the chain's value at both ends. A file spans a day at most. How many records
  // were removed. Faults as append, and audit_broken: nothing that does not verify is removed.
  Result<std::int64_t> purge_before(UnixMillis oldest);

  // The newest record that is on disk.
  AuditPlace newest() const;

 private:
  struct State;
  explicit AuditLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Walks a log without changing it, oldest first, checking the chain; `visit` may be empty. The log
// may be in use meanwhile. Only at the end is it known that nothing is missing there. Memory: a
// piece of a file. Faults: audit_broken names the file, record and what is wrong; wrong_key;
// io_error; store_version.
struct AuditSummary {
  std::int64_t records = 0;  // requests
  std::int64_t purged = 0;   // before the first that is there
  UnixMillis first, last;    // times of the first and last record of any kind
  AuditPlace newest;
  std::uint64_t torn_bytes = 0;  // after it: cut off by a crash, or just being written
};
Result<AuditSummary> walk_audit(const std::string& folder, const Key& master,
                                const std::function<void(const AuditEntry&)>& visit);

// The log's own key, sealed under `master`, is sealed under `fresh` instead; nothing else changes.
// Where that was done before, nothing is done. Faults: wrong_key, store_in_use, audit_broken,
// io_error, disk_full.
Result<> rewrap_audit_key(const std::string& folder, const Key& master, const Key& fresh);

}  // namespace whorl::service
