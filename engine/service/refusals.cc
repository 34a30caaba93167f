#include "engine/service/refusals.h"

#include <utility>

namespace whorl::service {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

bool Refusals::is_recorded(const AuditRecord& refusal) {
  const std::lock_guard lock(mutex_);
  Minute& minute = minutes_[refusal.client];
  const std::int64_t passed = refusal.at.value() - minute.begun.value();
  if (passed >= kMinuteMs || passed < 0) {  // a clock may be set back
    minute.begun = refusal.at;
    minute.recorded = 0;
  }
  if (minute.recorded < kRecordedAMinute) {
    ++minute.recorded;
    return true;
  }
  ++minute.counted;
  minute.last = refusal;
  return false;
}

std::vector<AuditRecord> Refusals::take() {
  const std::lock_guard lock(mutex_);
  std::vector<AuditRecord> all;
  for (auto& [client, minute] : minutes_) {
    if (minute.counted == 0) continue;
    minute.last.alike = minute.counted - 1;
    all.push_back(std::move(minute.last));
  }
  // Who is not counted now begins a minute of its own, at most one earlier than it would have.
  std::erase_if(minutes_, [](const auto& entry) { return entry.second.counted == 0; });
  for (auto& [client, minute] : minutes_) minute.counted = 0;
  return all;
}

}  // namespace whorl::service
