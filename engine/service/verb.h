#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace whorl::service {

// What a client may ask for; the names are those of the policy, the audit log and the metrics.
// The numbers are in the audit log: append, never renumber.
enum class Verb : std::uint8_t {
  enrol = 1,
  enrol_with_dedup = 2,
  identify = 3,
  verify = 4,
  update = 5,
  delete_ = 6,
  erase = 7,
  get_subject = 8,
  list_galleries = 9,
  stats = 10,
  watch_hits = 11,
  capture = 12,
  backup = 13,
  compact = 14,
  reload = 15,
  drain = 16,
  observe = 17,  // metrics, over HTTPS
};

struct VerbName {
  Verb verb;
  std::string_view name;
};
inline constexpr std::array kVerbNames = {
    VerbName{Verb::enrol, "enrol"},
    VerbName{Verb::enrol_with_dedup, "enrol-with-dedup"},
    VerbName{Verb::identify, "identify"},
    VerbName{Verb::verify, "verify"},
    VerbName{Verb::update, "update"},
    VerbName{Verb::delete_, "delete"},
    VerbName{Verb::erase, "erase"},
    VerbName{Verb::get_subject, "get-subject"},
    VerbName{Verb::list_galleries, "list-galleries"},
    VerbName{Verb::stats, "stats"},
    VerbName{Verb::watch_hits, "watch-hits"},
    VerbName{Verb::capture, "capture"},
    VerbName{Verb::backup, "backup"},
    VerbName{Verb::compact, "compact"},
    VerbName{Verb::reload, "reload"},
    VerbName{Verb::drain, "drain"},
    VerbName{Verb::observe, "observe"},
};

constexpr std::string_view name_of(Verb verb) {
  for (const VerbName& entry : kVerbNames) {
    if (entry.verb == verb) return entry.name;
  }
  return "unknown";
}
constexpr std::optional<Verb> verb_from(std::string_view name) {
  for (const VerbName& entry : kVerbNames) {
    if (entry.name == name) return entry.verb;
  }
  return std::nullopt;
}

// Who waits for the answer; the order in which requests are begun is interactive, routine, bulk.
enum class Priority : std::uint8_t { routine = 0, interactive = 1, bulk = 2 };
inline constexpr int kPriorities = 3;
constexpr std::string_view name_of(Priority p) {
  return p == Priority::interactive ? "interactive" : p == Priority::routine ? "routine" : "bulk";
}
constexpr int rank_of(Priority p) {  // lower goes first
  return p == Priority::interactive ? 0 : p == Priority::routine ? 1 : 2;
}

}  // namespace whorl::service
