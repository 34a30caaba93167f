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
  std::string name;  // the subject of its certificate, RFC 4514
  // For the revocation list: its own, then what it sent of those that issued it. Empty only in
  // tests.
  std::string certificate_pem;
};

// What a request wants to do.
struct Wish {
  Verb verb = Verb::identify;
  std::string_view gallery;  // empty where the verb is about none
  std::string_view purpose;
  Priority priority = Priority::routine;
};

// Decides who may do what: deny by default. Policy and revocation list are replaced together and
// without a pause; what was admitted goes on. docs/policy.md says how rights and rates are counted.
// Cost: a few look-ups under a lock; a certificate is read once, which takes a thousand times as
// long, and remembered.
//
// Thread safety: every member may be called from any thread.
class Gatekeeper {
 public:
  // `clock` outlives it. Revocation lists must be signed by one of the authorities, where their
  // certificates (PEM) are given. Faults: those of reload().
  static Result<std::unique_ptr<Gatekeeper>> open(const std::string& policy_path,
                                                  const Clock& clock,
                                                  std::string authority_pem = {});
  // For tests: a policy that is in no file, and cannot be reloaded; its `revoked` is not read.
  Gatekeeper(Policy policy, const Clock& clock);
  ~Gatekeeper();

  // After a fault the old policy holds. Faults: those of load_policy, and of the revocation list:
  // bad_certificate, io_error, empty_input, limit_exceeded; bad_argument where there is no file.
  Result<> reload();

  // Faults: unknown_client (also for a certificate that is revoked or has expired since),
  // not_allowed with what is missing in `where` ("purpose x"), busy when the client's rate is used
  // up, bad_certificate where it cannot be read or is not the named client's.
  Result<> admit(const Caller& caller, const Wish& wish);
  // The same of what goes on, a stream for instance: takes nothing from the rate. Faults as admit,
  // but busy.
  Result<> allows(const Caller& caller, const Wish& wish) const;
  // Whether some role of the client has the verb at all, before it is known what for. Faults:
  // unknown_client, not_allowed, bad_certificate.
  Result<> may_ask(const Caller& caller, Verb verb) const;
  // Whether the client may see the gallery at all, for lists; takes nothing from its rate.
  bool may_see(const Caller& caller, std::string_view gallery) const;
  // How long until the client's rate allows a request again, under the first role that does; 0
  // where it allows one now.
  std::chrono::milliseconds wait_for(const Caller& caller) const;

  std::shared_ptr<const Policy> policy() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
