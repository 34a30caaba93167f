// Any text as a service's policy.

#include <cstdint>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/service/policy.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whorl;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = service::parse_policy(text);
  if (!policy) {
    const Fault fault = policy.error().fault;
    FUZZ_CHECK((fault == Fault::bad_policy && policy.error().where.starts_with("line ")) ||
               (fault == Fault::limit_exceeded && size > kMaxPolicyBytes));
    return 0;
  }
  for (const service::Role& role : policy->roles) {
    FUZZ_CHECK(!role.name.empty() && !role.clients.empty() && !role.verbs.empty());
    for (const std::string& client : role.clients) {
      FUZZ_CHECK(client.size() <= kMaxClientNameBytes && client.find('=') != std::string::npos);
    }
    FUZZ_CHECK(role.requests_per_minute >= 0 && role.requests_per_minute < 1e6);
    FUZZ_CHECK(role.burst == 0 || role.requests_per_minute > 0);
  }
  for (const auto& [name, gallery] : policy->galleries) {
    FUZZ_CHECK(!name.empty() && name.size() <= kMaxGalleryNameBytes);
    FUZZ_CHECK(gallery.hit_fpir > 0 && gallery.hit_fpir <= gallery.refer_fpir);
    FUZZ_CHECK(gallery.hit_fmr > 0 && gallery.hit_fmr <= gallery.refer_fmr);
    FUZZ_CHECK(gallery.refer_fpir < 1 && gallery.refer_fmr < 1);
    FUZZ_CHECK(gallery.max_loss > 0 && gallery.max_loss < 1);
  }
  for (const int length : policy->queue.most)
    FUZZ_CHECK(length > 0 && length <= kMaxQueuedRequests);
  FUZZ_CHECK(policy->keep_answers.count() >= 1 && policy->keep_audit.count() >= 1);
  FUZZ_CHECK(policy->revoked.find('\0') == std::string::npos);
  return 0;
}
