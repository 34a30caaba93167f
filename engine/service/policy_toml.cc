// The policy's text. docs/policy.md says the same for people.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/names.h"
#include "engine/base/toml.h"
#include "engine/formats/file_io.h"
#include "engine/gallery/catalogue.h"
#include "engine/service/policy.h"

namespace whorl::service {
namespace {

constexpr double kMaxRequestsPerMinute = 1e6;
constexpr int kMaxBurst = 1'000'000;
constexpr int kMaxKeptDays = 36'500;
constexpr int kMaxWaitMs = 300'000;  // no call lasts longer

using Names = std::vector<std::string>;

// What is wrong with one name of a list, or nothing.
using NameCheck = std::function<const char*(std::string_view)>;

const char* word_flaw(std::string_view word) {
  return gallery::is_name(word) && word.size() <= kMaxPurposeBytes
             ? nullptr
             : "a word of [a-z0-9_-]{1,32} is wanted";
}

const char* gallery_flaw(std::string_view name) {
  return gallery::is_name(name) ? nullptr : "a gallery's name is [a-z0-9_-]{1,64}";
}

// A subject that no certificate can have would be a right that nobody has. RFC 4514 escapes what is
// not ASCII and spaces at a value's ends, so neither stands in one.
const char* client_flaw(std::string_view subject) {
  if (subject.empty() || subject.size() > kMaxClientNameBytes) return "1 to 256 bytes are wanted";
  if (subject == "*") return "every client is named; \"*\" is nobody";
  const bool plain = std::ranges::all_of(subject, [](char c) { return c >= ' ' && c <= '~'; });
  const bool attribute = subject.find('=') != std::string_view::npos && subject[0] != '=';
  const bool spaced = subject.find(", ") != std::string_view::npos ||
                      subject.find(" =") != std::string_view::npos || subject.front() == ' ';
  return plain && attribute && !spaced
             ? nullptr
             : "not as `openssl x509 -noout -subject -nameopt RFC2253` writes a subject";
}

// One table of the policy. The first complaint is the one told.
class Entries {
 public:
  Entries(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

  bool has(const char* key) const { return table_.contains(key); }

  void number(const char* key, double& value, double above, double below) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto read = node->is_number() ? node->value<double>() : std::nullopt;
    if (!read || !(*read > above && *read < below)) {
      return complain(key, "a number above " + short_text(above) + " and below " +
                               short_text(below) + " is wanted");
    }
    value = *read;
  }
  void whole(const char* key, int& value, int least, int most) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto read = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
    if (!read || *read < least || *read > most) {
      return complain(key, "a whole number from " + std::to_string(least) + " to " +
                               std::to_string(most) + " is wanted");
    }
    value = static_cast<int>(*read);
  }
  std::string text(const char* key) {
    const toml::node* node = take(key);
    if (node == nullptr) return {};
    const auto read = node->is_string() ? node->value<std::string>() : std::nullopt;
    const bool plain = read && !read->empty() && read->find('\0') == std::string::npos;
    if (!plain) return complain(key, "a text is wanted"), std::string();
    return *read;
  }
  // A list of different names, of which each passes `flaw_of`.
  Names names(const char* key, const NameCheck& flaw_of) {
    const toml::node* node = take(key);
    if (node == nullptr) return {};
    const toml::array* list = node->as_array();
    if (list == nullptr) return complain(key, "a list of texts is wanted"), Names();
    Names names;
    for (const toml::node& entry : *list) {
      const auto name = entry.is_string() ? entry.value<std::string>() : std::nullopt;
      if (!name) return complain_at(entry, key, "a list of texts is wanted"), Names();
      if (const char* flaw = flaw_of(*name)) return complain_at(entry, key, flaw), Names();
      names.push_back(*name);
    }
    Names sorted = names;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) {
      complain(key, "the same is named twice");
    }
    return names;
  }
  // Likewise, where "*" may stand alone for all.
  Names names_or_all(const char* key, const NameCheck& flaw_of) {
    Names all = names(key, [&](std::string_view n) { return n == "*" ? nullptr : flaw_of(n); });
    if (all.size() > 1 && std::ranges::find(all, "*") != all.end()) {
      complain(key, "beside \"*\" nothing else is named");
    }
    return all;
  }
  const toml::table* table(const char* key) {
    const toml::node* node = take(key);
    if (node != nullptr && !node->is_table()) complain(key, "a table is wanted");
    return node != nullptr ? node->as_table() : nullptr;
  }
  const toml::array* tables(const char* key) {
    const toml::node* node = take(key);
    const toml::array* array = node != nullptr ? node->as_array() : nullptr;
    const bool good = array != nullptr && std::all_of(array->begin(), array->end(),
                                                      [](const auto& n) { return n.is_table(); });
    if (node != nullptr && !good)
      complain(key, "tables are wanted, each headed [[" + name_ + key + "]]");
    return good ? array : nullptr;
  }

  void complain(const char* key, const std::string& what) {
    const toml::node* node = table_.get(key);
    complain_at(node != nullptr ? *node : table_, key, what);
  }
  void complain_at(const toml::node& node, std::string_view key, const std::string& what) {
    if (!complaint_.empty()) return;
    complaint_ = "line " + std::to_string(node.source().begin.line) + ": " + name_ +
                 std::string(key) + ": " + what;
  }

  Result<> done() {
    for (const auto& [key, node] : table_) {
      if (taken_.contains(key.str())) continue;
      const bool plain = key.length() <= 64 &&
                         std::ranges::all_of(key.str(), [](char c) { return c > ' ' && c <= '~'; });
      complain_at(node, plain ? key.str() : "a key", "there is no such entry");
    }
    if (complaint_.empty()) return {};
    return fail(Fault::bad_policy, 0, complaint_);
  }

 private:
  static std::string short_text(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }
  const toml::node* take(const char* key) {
    taken_.emplace(key);
    return table_.get(key);
  }

  const toml::table& table_;
  std::string name_, complaint_;
  std::set<std::string, std::less<>> taken_;
};

Result<GalleryPolicy> gallery_of(const toml::table& table, const std::string& name,
                                 GalleryPolicy policy) {
  Entries entries(table, "gallery." + name + ".");
  entries.number("hit_fpir", policy.hit_fpir, 0, 1);
  entries.number("refer_fpir", policy.refer_fpir, 0, 1);
  entries.number("hit_fmr", policy.hit_fmr, 0, 1);
  entries.number("refer_fmr", policy.refer_fmr, 0, 1);
  entries.number("max_loss", policy.max_loss, 0, 1);
  if (entries.has("face_model")) {
    policy.face_model = entries.text("face_model");
    const bool path = policy.face_model.ends_with(".toml");
    if (path || !features::find_face_model(policy.face_model)) {
      entries.complain("face_model",
                       "the id of a model is wanted that is found, see docs/faces.md");
    }
  }
  if (policy.hit_fpir > policy.refer_fpir) entries.complain("hit_fpir", "is above refer_fpir");
  if (policy.hit_fmr > policy.refer_fmr) entries.complain("hit_fmr", "is above refer_fmr");
  if (entries.has("decides_alone")) {
    const Names alone = entries.names("decides_alone", [](std::string_view modality) {
      return modality_from_name(modality) ? nullptr : "\"finger\" and \"face\" are known";
    });
    policy.finger_decides_alone = std::ranges::find(alone, "finger") != alone.end();
    policy.face_decides_alone = std::ranges::find(alone, "face") != alone.end();
  }
  WHORL_TRY_VOID(entries.done());
  return policy;
}

Result<> read_galleries(const toml::table& table, Policy& policy) {
  if (const toml::node* others = table.get("*"); others != nullptr && others->is_table()) {
    WHORL_TRY(policy.other_galleries, gallery_of(*others->as_table(), "\"*\"", {}));
  }
  Entries entries(table, "gallery.");
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const char* flaw = name == "*" ? nullptr : gallery_flaw(name);
    if (flaw != nullptr) entries.complain_at(node, "a key", flaw);
    const toml::table* its = entries.table(name.c_str());
    if (its == nullptr || flaw != nullptr || name == "*") continue;
    WHORL_TRY(policy.galleries[name], gallery_of(*its, name, policy.other_galleries));
  }
  return entries.done();
}

std::optional<Priority> priority_from(std::string_view name) {
  for (const Priority p : {Priority::routine, Priority::interactive, Priority::bulk}) {
    if (name_of(p) == name) return p;
  }
  return std::nullopt;
}

Result<Role> role_of(const toml::table& table) {
  Entries entries(table, "role.");
  Role role;
  role.name = entries.text("name");
  if (!gallery::is_name(role.name)) entries.complain("name", "[a-z0-9_-]{1,64} is wanted");
  role.clients = entries.names("clients", client_flaw);
  if (role.clients.empty()) entries.complain("clients", "at least one is wanted");
  role.galleries = entries.names_or_all("galleries", gallery_flaw);
  role.purposes = entries.names_or_all("purposes", word_flaw);
  const Names verbs = entries.names("verbs", [](std::string_view verb) {
    return verb_from(verb) ? nullptr : "there is no such verb";
  });
  for (const std::string& verb : verbs) role.verbs.push_back(*verb_from(verb));
  if (role.verbs.empty()) entries.complain("verbs", "at least one is wanted");
  if (entries.has("highest")) {
    const auto highest = priority_from(entries.text("highest"));
    if (!highest) entries.complain("highest", "interactive, routine or bulk is wanted");
    role.highest = highest.value_or(Priority::routine);
  }
  entries.number("requests_per_minute", role.requests_per_minute, 0, kMaxRequestsPerMinute);
  entries.whole("burst", role.burst, 1, kMaxBurst);
  if (role.burst != 0 && role.requests_per_minute == 0) {
    entries.complain("burst", "means nothing without requests_per_minute");
  }
  WHORL_TRY_VOID(entries.done());
  return role;
}

Result<> read_service(const toml::table& table, Policy& policy) {
  Entries entries(table, "service.");
  policy.revoked = entries.text("revoked");
  policy.backup_folder = entries.text("backup_folder");
  if (!policy.backup_folder.empty() && policy.backup_folder[0] != '/') {
    entries.complain("backup_folder", "an absolute path is wanted");
  }
  int answers = static_cast<int>(policy.keep_answers.count());
  int audit = static_cast<int>(policy.keep_audit.count());
  entries.whole("keep_answers_days", answers, 1, kMaxKeptDays);
  entries.whole("keep_audit_days", audit, 1, kMaxKeptDays);
  policy.keep_answers = std::chrono::days(answers);
  policy.keep_audit = std::chrono::days(audit);
  if (const toml::table* queue = entries.table("queue")) {
    Entries lengths(*queue, "service.queue.");
    for (const Priority p : {Priority::interactive, Priority::routine, Priority::bulk}) {
      lengths.whole(std::string(name_of(p)).c_str(), policy.queue.most[static_cast<std::size_t>(p)],
                    1, kMaxQueuedRequests);
    }
    WHORL_TRY_VOID(lengths.done());
  }
  if (const toml::table* longest = entries.table("longest_wait_ms")) {
    Entries waits(*longest, "service.longest_wait_ms.");
    for (const Priority p : {Priority::interactive, Priority::routine, Priority::bulk}) {
      auto& wait = policy.queue.longest_wait[static_cast<std::size_t>(p)];
      int ms = static_cast<int>(wait.count());
      waits.whole(std::string(name_of(p)).c_str(), ms, 1, kMaxWaitMs);
      wait = std::chrono::milliseconds(ms);
    }
    WHORL_TRY_VOID(waits.done());
  }
  return entries.done();
}

Result<Policy> policy_of(const toml::table& document) {
  Policy policy;
  Entries entries(document, "");
  if (const toml::table* service = entries.table("service")) {
    WHORL_TRY_VOID(read_service(*service, policy));
  }
  if (const toml::table* galleries = entries.table("gallery")) {
    WHORL_TRY_VOID(read_galleries(*galleries, policy));
  }
  if (const toml::array* roles = entries.tables("role")) {
    std::set<std::string> names;
    for (const toml::node& node : *roles) {
      WHORL_TRY(Role role, role_of(*node.as_table()));
      if (!names.insert(role.name).second) {
        entries.complain_at(node, "role.name", "another role has this name");
      }
      policy.roles.push_back(std::move(role));
    }
  }
  WHORL_TRY_VOID(entries.done());
  return policy;
}

}  // namespace

Result<Policy> parse_policy(std::string_view toml) {
  if (toml.size() > kMaxPolicyBytes) return fail(Fault::limit_exceeded);
  WHORL_TRY(const toml::table document, parse_toml(toml, Fault::bad_policy));
  return policy_of(document);
}

Result<Policy> load_policy(const std::string& path) {
  const Result<std::string> text = formats::read_text(path, kMaxPolicyBytes);
  if (!text && text.error().fault != Fault::empty_input) {
    return tl::unexpected<Error>(text.error());
  }
  Result<Policy> policy = parse_policy(text.value_or(""));
  if (!policy) return fail(policy.error().fault, 0, path + ", " + policy.error().where);
  if (!policy->revoked.empty()) {
    policy->revoked = (std::filesystem::path(path).parent_path() / policy->revoked).string();
  }
  return policy;
}

}  // namespace whorl::service
