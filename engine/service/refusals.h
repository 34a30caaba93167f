#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/clock.h"
#include "engine/service/audit.h"

namespace whorl::service {

// Requests of clients that may not make them, and messages that are none: they come as fast as a
// network carries them and cost nothing to make, so what each adds to the audit log and the request
// log is bounded, and counted.
//
// Thread safety: every member may be called from any thread.
class Refusals {
 public:
  static constexpr int kRecordedAMinute = 60;  // of one client, each by itself

  // Whether the refusal is to be recorded by itself; else it is counted.
  bool is_recorded(const AuditRecord& refusal);
  // One that was counted, with the number of those that were like it: of the same client, verb and
  // fault. Nothing where all are taken.
  std::optional<AuditRecord> take();
  // One that was taken and could not be recorded.
  void put_back(const AuditRecord& refusal);

 private:
  struct Minute {
    UnixMillis begun;
    int recorded = 0;
  };
  using Kind = std::pair<Verb, std::uint16_t>;
  using Of = std::pair<std::string, Kind>;  // the client, and what it was refused

  std::mutex mutex_;
  std::map<std::string, Minute> minutes_;  // by client
  std::map<Of, AuditRecord> counted_;      // the last of each
};

}  // namespace whorl::service
