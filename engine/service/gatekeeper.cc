#include "engine/service/gatekeeper.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/formats/file_io.h"
#include "engine/gallery/catalogue.h"
#include "engine/service/certificates.h"

namespace whorl::service {
namespace {

using Millis = std::chrono::milliseconds;

// A certificate is looked at once, and remembered: reading one takes a thousand times as long as
// finding it again. More than these at a time are looked at again.
constexpr std::size_t kCertificatesRemembered = 1024;
constexpr std::size_t kMaxCertificateBytes = std::size_t{64} * 1024;  // and its chain

constexpr bool is_about_people(Verb verb) {
  switch (verb) {
    case Verb::list_galleries:
    case Verb::stats:
    case Verb::backup:
    case Verb::compact:
    case Verb::reload:
    case Verb::drain:
    case Verb::observe:
      return false;
    default:
      return true;
  }
}

bool lists(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& n) { return n == "*" || n == name; });
}

bool has_verb(const Role& role, Verb verb) {
  return std::ranges::find(role.verbs, verb) != role.verbs.end();
}

// What the role does not allow of the wish, in the order in which it is told; nothing where it
// allows all.
enum class Lack : std::uint8_t { verb, gallery, purpose, priority, nothing };

Lack lack_of(const Role& role, const Wish& wish) {
  if (!has_verb(role, wish.verb)) return Lack::verb;
  if (!wish.gallery.empty() && !lists(role.galleries, wish.gallery)) return Lack::gallery;
  const bool purpose_allowed =
      wish.purpose.empty() ? !is_about_people(wish.verb) : lists(role.purposes, wish.purpose);
  if (!purpose_allowed) return Lack::purpose;
  if (rank_of(wish.priority) < rank_of(role.highest)) return Lack::priority;
  return Lack::nothing;
}

// A client's own words come back only where they are words of a policy's kind.
std::string told(const std::string& what, std::string_view word) {
  return gallery::is_name(word) ? what + " " + std::string(word) : what;
}

std::string text_of(Lack lack, const Wish& wish) {
  switch (lack) {
    case Lack::verb:
      return told("verb", name_of(wish.verb));
    case Lack::gallery:
      return told("gallery", wish.gallery);
    case Lack::purpose:
      return wish.purpose.empty() ? "no purpose" : told("purpose", wish.purpose);
    default:
      return told("priority", name_of(wish.priority));
  }
}

double burst_of(const Role& role) {
  return role.burst > 0 ? role.burst : std::max(1.0, std::ceil(role.requests_per_minute / 60));
}

// Requests that one client may still make under one role. By the wall's clock, which may be set: a
// step forward fills it at most once, a step back fills nothing and is forgotten at once.
struct Bucket {
  double tokens = 0;
  UnixMillis filled_at;

  // A hair less than one is one: the wait that was told must be enough, whatever is lost in adding.
  bool has_one() const { return tokens > 1 - 1e-6; }
  void take() { tokens = std::max(0.0, tokens - 1); }
  void fill(const Role& role, UnixMillis now) {
    const auto passed = static_cast<double>(now.value() - filled_at.value());
    const double gained = std::max(0.0, passed) * role.requests_per_minute / 60'000;
    tokens = std::min(burst_of(role), tokens + gained);
    filled_at = now;
  }
};

// A policy with what follows from it. Never changed once it is in force, but for what it remembers.
struct Rules {
  Policy policy;
  RevocationList revoked;
  std::unordered_map<std::string, std::vector<std::size_t>> roles_of;  // by client; in their order

  Rules(Policy its_policy, RevocationList its_revoked)
      : policy(std::move(its_policy)), revoked(std::move(its_revoked)) {
    for (std::size_t r = 0; r < policy.roles.size(); ++r) {
      for (const std::string& client : policy.roles[r].clients) roles_of[client].push_back(r);
    }
  }
};

struct Known {
  std::string subject;
  UnixMillis valid_until;
  bool revoked = false;
};

}  // namespace

struct Gatekeeper::State {
  explicit State(const Clock& its_clock) : clock(its_clock) {}

  const Clock& clock;
  std::string path, authority_pem;  // no path: the policy is in no file

  std::mutex reloading;  // one reload at a time, so that the last one asked for holds
  std::mutex guard;      // the rest
  std::shared_ptr<const Rules> rules;
  std::unordered_map<std::string, Known> certificates;            // by their text; of `rules`
  std::map<std::pair<std::string, std::string>, Bucket> buckets;  // by role and client

  Result<std::shared_ptr<const Rules>> rules_for(const Caller& caller);
  Result<Known> look_at(const std::string& pem, const std::shared_ptr<const Rules>& under);
  Bucket& bucket(const Role& role, const std::string& client);
};

// The certificate is read outside the lock: others go on meanwhile.
Result<Known> Gatekeeper::State::look_at(const std::string& pem,
                                         const std::shared_ptr<const Rules>& under) {
  {
    const std::lock_guard lock(guard);
    const auto known = certificates.find(pem);
    if (rules == under && known != certificates.end()) return known->second;
  }
  if (pem.size() > kMaxCertificateBytes) return fail(Fault::bad_certificate, 0, "is too long");
  WHORL_TRY(const Identity identity, identity_of(pem));
  const Result<> standing = under->revoked.check(pem);
  if (!standing && standing.error().fault != Fault::unknown_client) {
    return tl::unexpected<Error>(standing.error());
  }
  const Known known{identity.subject, identity.valid_until, !standing};
  const std::lock_guard lock(guard);
  if (rules == under) {
    if (certificates.size() >= kCertificatesRemembered) certificates.clear();
    certificates.emplace(pem, known);
  }
  return known;
}

// The rules in force, where the caller's certificate is good under them.
Result<std::shared_ptr<const Rules>> Gatekeeper::State::rules_for(const Caller& caller) {
  std::shared_ptr<const Rules> now_in_force;
  {
    const std::lock_guard lock(guard);
    now_in_force = rules;
  }
  if (caller.certificate_pem.empty()) {
    if (now_in_force->policy.revoked.empty()) return now_in_force;
    return fail(Fault::unknown_client, 0, "no certificate to look for in the revocation list");
  }
  WHORL_TRY(const Known known, look_at(caller.certificate_pem, now_in_force));
  if (known.subject != caller.name) return fail(Fault::bad_certificate, 0, "is somebody else's");
  if (known.revoked) return fail(Fault::unknown_client, 0, "the certificate is revoked");
  if (clock.now() > known.valid_until) {
    return fail(Fault::unknown_client, 0, "the certificate has expired");
  }
  return now_in_force;
}

Bucket& Gatekeeper::State::bucket(const Role& role, const std::string& client) {
  const UnixMillis now = clock.now();
  const auto [at, fresh] = buckets.try_emplace({role.name, client}, Bucket{burst_of(role), now});
  if (!fresh) at->second.fill(role, now);
  return at->second;
}

namespace {

tl::unexpected<Error> no_role() {
  return fail(Fault::unknown_client, 0, "no role names the certificate's subject");
}

// The client's roles that allow the wish, of which there is one.
Result<std::vector<const Role*>> roles_for(const Rules& rules, const Caller& caller,
                                           const Wish& wish) {
  const auto own = rules.roles_of.find(caller.name);
  if (own == rules.roles_of.end()) return no_role();
  std::vector<const Role*> allowing;
  Lack least = Lack::verb;
  for (const std::size_t r : own->second) {
    const Role& role = rules.policy.roles[r];
    const Lack lack = lack_of(role, wish);
    least = std::max(least, lack);
    if (lack == Lack::nothing) allowing.push_back(&role);
  }
  if (allowing.empty()) return fail(Fault::not_allowed, 0, text_of(least, wish));
  return allowing;
}

Result<std::shared_ptr<const Rules>> load_rules(const std::string& path,
                                                const std::string& authority_pem) {
  WHORL_TRY(Policy policy, load_policy(path));
  RevocationList revoked;
  if (!policy.revoked.empty()) {
    WHORL_TRY(const std::string pem, formats::read_text(policy.revoked, kMaxPemBytes));
    auto parsed = RevocationList::parse(pem, authority_pem);
    if (!parsed) {
      return fail(parsed.error().fault, 0, policy.revoked + ": " + parsed.error().where);
    }
    revoked = std::move(*parsed);
  }
  return std::make_shared<const Rules>(std::move(policy), std::move(revoked));
}

}  // namespace

Result<std::unique_ptr<Gatekeeper>> Gatekeeper::open(const std::string& policy_path,
                                                     const Clock& clock,
                                                     std::string authority_pem) {
  auto gatekeeper = std::make_unique<Gatekeeper>(Policy(), clock);
  gatekeeper->state_->path = policy_path;
  gatekeeper->state_->authority_pem = std::move(authority_pem);
  WHORL_TRY_VOID(gatekeeper->reload());
  return gatekeeper;
}

Gatekeeper::Gatekeeper(Policy policy, const Clock& clock) : state_(std::make_unique<State>(clock)) {
  policy.revoked.clear();
  state_->rules = std::make_shared<const Rules>(std::move(policy), RevocationList());
}
Gatekeeper::~Gatekeeper() = default;

Result<> Gatekeeper::reload() {
  if (state_->path.empty()) return fail(Fault::bad_argument, 0, "the policy is in no file");
  const std::lock_guard one(state_->reloading);
  WHORL_TRY(auto fresh, load_rules(state_->path, state_->authority_pem));
  const std::lock_guard lock(state_->guard);
  state_->certificates.clear();
  std::erase_if(state_->buckets, [&](const auto& entry) {
    const auto its_roles = fresh->roles_of.find(entry.first.second);
    return its_roles == fresh->roles_of.end() ||
           std::ranges::none_of(its_roles->second, [&](std::size_t r) {
             return fresh->policy.roles[r].name == entry.first.first;
           });
  });
  state_->rules = std::move(fresh);
  return {};
}

Result<> Gatekeeper::admit(const Caller& caller, const Wish& wish) {
  WHORL_TRY(const auto rules, state_->rules_for(caller));
  WHORL_TRY(const auto roles, roles_for(*rules, caller, wish));
  const std::lock_guard lock(state_->guard);
  for (const Role* role : roles) {
    if (role->requests_per_minute == 0) return {};
    Bucket& bucket = state_->bucket(*role, caller.name);
    if (bucket.has_one()) {
      bucket.take();
      return {};
    }
  }
  return fail(Fault::busy, 0, "the client's rate is used up");
}

Result<> Gatekeeper::allows(const Caller& caller, const Wish& wish) const {
  WHORL_TRY(const auto rules, state_->rules_for(caller));
  WHORL_TRY_VOID(roles_for(*rules, caller, wish));
  return {};
}

Result<> Gatekeeper::may_ask(const Caller& caller, Verb verb) const {
  WHORL_TRY(const auto rules, state_->rules_for(caller));
  const auto own = rules->roles_of.find(caller.name);
  if (own == rules->roles_of.end()) return no_role();
  const bool may = std::ranges::any_of(
      own->second, [&](std::size_t r) { return has_verb(rules->policy.roles[r], verb); });
  return may ? Result<>{} : fail(Fault::not_allowed, 0, told("verb", name_of(verb)));
}

bool Gatekeeper::may_see(const Caller& caller, std::string_view gallery) const {
  const auto rules = state_->rules_for(caller);
  if (!rules) return false;
  const auto roles = (*rules)->roles_of.find(caller.name);
  if (roles == (*rules)->roles_of.end()) return false;
  return std::ranges::any_of(roles->second, [&](std::size_t r) {
    return lists((*rules)->policy.roles[r].galleries, gallery);
  });
}

Millis Gatekeeper::wait_for(const Caller& caller) const {
  const std::lock_guard lock(state_->guard);
  const auto roles = state_->rules->roles_of.find(caller.name);
  if (roles == state_->rules->roles_of.end()) return Millis(0);
  std::optional<Millis> soonest;
  for (const std::size_t r : roles->second) {
    const Role& role = state_->rules->policy.roles[r];
    if (role.requests_per_minute == 0) continue;
    const Bucket& bucket = state_->bucket(role, caller.name);
    if (bucket.has_one()) continue;
    const double missing = 1 - bucket.tokens;
    const Millis wait(std::llround(std::ceil(missing * 60'000 / role.requests_per_minute)));
    soonest = std::min(soonest.value_or(wait), wait);
  }
  return soonest.value_or(Millis(0));
}

std::shared_ptr<const Policy> Gatekeeper::policy() const {
  const std::lock_guard lock(state_->guard);
  return {state_->rules, &state_->rules->policy};
}

}  // namespace whorl::service
