#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/service/policy.h"

namespace whorl::service {

// A client as its connection proved it.
struct Caller {
  std::string name;             // the subject of its certificate, RFC 4514
  std::string certificate_pem;  // for the revocation list; empty only in tests
};

// What a request wants to do.
struct Wish {
  Verb verb = Verb::identify;
  std::string_view gallery;  // empty where the verb is about none
  std::string_view purpose;
  Priority priority = Priority::routine;
};

// Decides who may do what: deny by default. Policy and revocation list are replaced together and
// without a pause; what was admitted goes on.
//
// Thread safety: every member may be called from any thread.
class Gatekeeper {
 public:
  // `clock` outlives it.
  static Result<std::unique_ptr<Gatekeeper>> open(const std::string& policy_path,
                                                  const Clock& clock);
  // For tests: a policy that is in no file, and cannot be reloaded.
  Gatekeeper(Policy policy, const Clock& clock);
  ~Gatekeeper();

  // After a fault the old policy holds. Faults: those of load_policy, bad_certificate.
  Result<> reload();

  // Faults: unknown_client (also revoked certificates), not_allowed with what is missing in `where`
  // ("purpose x"), busy when the client's rate is used up.
  Result<> admit(const Caller& caller, const Wish& wish);
  // Whether the client may see the gallery at all, for lists; takes nothing from its rate.
  bool may_see(const Caller& caller, std::string_view gallery) const;
  // How long until the client's rate allows a request again.
  std::chrono::milliseconds wait_for(const Caller& caller) const;

  std::shared_ptr<const Policy> policy() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
