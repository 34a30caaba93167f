#include "engine/service/refusals.h"

namespace whorl::service {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

bool Refusals::is_recorded(const AuditRecord& refusal) {
  const std::lock_guard lock(mutex_);
  Minute& minute = minutes_[refusal.client];
  const std::int64_t passed = refusal.at.value() - minute.begun.value();
  if (passed >= kMinuteMs || passed < 0) minute = {refusal.at, 0};  // a clock may be set back
  if (minute.recorded < kRecordedAMinute) {
    ++minute.recorded;
    return true;
  }
  const auto [at, fresh] =
      counted_.try_emplace({refusal.client, {refusal.verb, refusal.fault}}, refusal);
  if (fresh) return false;
  const std::uint32_t before = at->second.alike + 1;
  at->second = refusal;
  at->second.alike = before;
  return false;
}

std::optional<AuditRecord> Refusals::take() {
  const std::lock_guard lock(mutex_);
  if (counted_.empty()) return std::nullopt;
  return std::move(counted_.extract(counted_.begin()).mapped());
}

void Refusals::put_back(const AuditRecord& refusal) {
  const std::lock_guard lock(mutex_);
  const auto [at, fresh] =
      counted_.try_emplace({refusal.client, {refusal.verb, refusal.fault}}, refusal);
  if (!fresh) at->second.alike += refusal.alike + 1;
}

}  // namespace whorl::service
