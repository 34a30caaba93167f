#pragma once
// Private to service*.cc: one request on its way.

#include "engine/service/service.h"

namespace whorl::service {

struct Service::Job {
  Verb verb;
  const Call& call;
  Heading heading;
  std::string digest;  // of the whole request; of `message` where empty
  SteadyTime begun = std::chrono::steady_clock::now();
  std::shared_ptr<const Policy> policy = nullptr;
  const AnswerBook::Entry* entry = nullptr;
  Message message = {};
  bool admitted = false;  // before, and paid for
  // What became of it, for the answer, the audit log and the metrics.
  double queued_s = 0, extracted_s = 0, stage1_s = 0, stage2_s = 0;
  bool repeated = false;
  bool counted_alone = false;  // a refusal of many: neither recorded nor logged by itself
  std::uint32_t samples = 0, candidates = 0;
  std::uint64_t subject = 0;
  std::string decision = {};
  std::shared_ptr<const wire::HitT> hit = nullptr;  // for those who watch, once it is recorded

  const GalleryPolicy& gallery_policy() const { return policy->gallery(heading.gallery); }
  Wish wish() const { return {verb, heading.gallery, heading.purpose, heading.priority}; }
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
};

struct Service::Done {
  Bytes answer;
  bool kept = false;  // stored already, with the change it tells of
};

}  // namespace whorl::service
