#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/service/audit.h"

namespace whorl::service {

// Requests of clients that may not make them, which come as fast as a network carries them and cost
// nothing to make: what each adds to the audit log and the request log is bounded, and counted.
//
// Thread safety: every member may be called from any thread.
class Refusals {
 public:
  static constexpr int kRecordedAMinute = 60;  // of one client, each by itself

  // Whether the refusal is to be recorded by itself; else it is counted.
  bool is_recorded(const AuditRecord& refusal);
  // For each client that was refused more often: the last such refusal, with the number of those
  // that were like it. From then on they are counted anew.
  std::vector<AuditRecord> take();

 private:
  struct Minute {
    UnixMillis begun;
    int recorded = 0;
    std::uint32_t counted = 0;
    AuditRecord last;
  };
  std::mutex mutex_;
  std::map<std::string, Minute> minutes_;  // by client
};

}  // namespace whorl::service
