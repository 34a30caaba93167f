// audit verify, export, purge, rekey: the service's log of who asked what.
#include "engine/service/audit.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/app/audit_rows.h"
#include "engine/app/names.h"
#include "engine/app/new_key.h"
#include "engine/app/store_access.h"
#include "engine/app/utc.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

struct AuditOptions {
  std::string log, anchor, from, until, before;
  KeySource key, new_key;
  bool csv = false;
};

// "NUMBER:MAC", as verify prints it.
Result<service::AuditPlace> anchor_from(const std::string& text) {
  const auto wrong = fail(Fault::bad_argument, 0, "--anchor, it is NUMBER:MAC of a former verify");
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return wrong;
  const auto number = whole_number(text.substr(0, colon));
  const auto mac = Key::from_hex(text.substr(colon + 1));  // 32 bytes as well
  if (!number || *number == 0 || !mac) return wrong;
  service::AuditPlace place{*number, {}};
  std::ranges::copy(mac->bytes(), place.mac.begin());
  return place;
}

std::string anchor_text(const service::AuditPlace& place) {
  return std::to_string(place.number) + ":" + hex_of(place.mac);
}

Json facts_of(const service::AuditSummary& s) {
  return {{"records", s.records},
          {"purged", s.purged},
          {"first", utc_text(s.first)},
          {"last", utc_text(s.last)},
          {"anchor", anchor_text(s.newest)},
          {"torn_bytes", s.torn_bytes}};
}

std::string words_of(const service::AuditSummary& s) {
  std::string text = "sound: " + with_commas(s.records) + " requests; records from " +
                     utc_text(s.first) + " to " + utc_text(s.last) + "\n";
  if (s.purged > 0) text += with_commas(s.purged) + " records before them were purged\n";
  if (s.torn_bytes > 0) {
    text += "behind them " + with_commas(static_cast<std::int64_t>(s.torn_bytes)) +
            " bytes of no record: cut off by a crash, or just being written\n";
  }
  return text + "anchor " + anchor_text(s.newest) + "\n";
}

// What an auditor noted elsewhere must still be there.
Result<> check_anchor(const service::AuditPlace& anchor, bool met,
                      const service::AuditSummary& summary) {
  const std::string record = "record " + std::to_string(anchor.number);
  if (met) return {};
  if (anchor.number <= static_cast<std::uint64_t>(summary.purged)) {
    return fail(Fault::not_found, 0, record + " of --anchor was purged; note a newer one");
  }
  const bool behind = anchor.number > summary.newest.number;
  return fail(Fault::audit_broken, 0,
              record + (behind ? " of --anchor is missing: the log was put back to an earlier state"
                               : " is not the one of --anchor: the log was put back and went on"));
}

Result<Exit> verify(const AuditOptions& o, Console& console) {
  std::optional<service::AuditPlace> anchor;
  if (!o.anchor.empty()) { WHORL_TRY(anchor, anchor_from(o.anchor)); }
  WHORL_TRY(const Key key, load_master_key(o.key));
  Progress progress = console.progress("verify", "records", 0);
  std::int64_t done = 0;
  bool met = false;
  const auto visit = [&](const service::AuditEntry& entry) {
    progress.at(++done);
    met = met || entry.place == anchor;
  };
  WHORL_TRY(const service::AuditSummary summary, service::walk_audit(o.log, key, visit));
  progress.finish();
  if (anchor) WHORL_TRY_VOID(check_anchor(*anchor, met, summary));
  console.answer(facts_of(summary), words_of(summary));
  return Exit::ok;
}

// Clients choose their names: bytes that are no UTF-8 are replaced.
std::string line_of(const Json& facts) {
  return facts.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Rows as they are read, in CSV or as one JSON object, which is closed whatever comes.
class Rows {
 public:
  explicit Rows(Console& console) : console_(console) {}

  void begin() {
    if (begun_) return;
    begun_ = true;
    console_.part(console_.json ? std::string("{\"records\": [") : audit_csv_head());
  }
  void row(const service::AuditEntry& entry) {
    begin();
    if (!console_.json) return console_.part(audit_csv_row(entry));
    console_.part(first_ ? "\n" : ",\n");
    first_ = false;
    console_.part(line_of(as_json(entry)));
  }
  void end(std::string_view key, const Json& value) {
    begin();
    if (!console_.json) return;
    console_.part("\n],\n\"" + std::string(key) + "\": ");
    console_.part(line_of(value));
    console_.part("}\n");
  }
  bool begun() const { return begun_; }

 private:
  Console& console_;
  bool begun_ = false, first_ = true;
};

Result<Exit> export_rows(const AuditOptions& o, Console& console) {
  if (o.csv && console.json) return fail(Fault::bad_argument, 0, "--csv or --json, not both");
  std::optional<UnixMillis> from, until;
  if (!o.from.empty()) { WHORL_TRY(from, utc_from(o.from, "--from")); }
  if (!o.until.empty()) { WHORL_TRY(until, utc_from(o.until, "--until")); }
  WHORL_TRY(const Key key, load_master_key(o.key));
  Rows rows(console);
  const auto visit = [&](const service::AuditEntry& entry) {
    const UnixMillis at = std::visit([](const auto& what) { return what.at; }, entry.content);
    if ((!from || at >= *from) && (!until || at < *until)) rows.row(entry);
  };
  const auto summary = service::walk_audit(o.log, key, visit);
  if (summary) {
    rows.end("summary", facts_of(*summary));
    WHORL_TRY_VOID(console.parts_sent());
    return Exit::ok;
  }
  if (!rows.begun() || !console.json) return tl::unexpected(summary.error());
  rows.end("error", app::as_json(summary.error()));
  WHORL_TRY_VOID(console.parts_sent());
  return exit_for(summary.error());
}

Result<Exit> purge(const AuditOptions& o, Console& console) {
  WHORL_TRY(const UnixMillis before, utc_from(o.before, "--before"));
  WHORL_TRY(const Key key, load_master_key(o.key));
  WHORL_TRY(const auto log, service::AuditLog::open(o.log, key, console.clock()));
  WHORL_TRY(const std::int64_t purged, log->purge_before(before));
  console.answer({{"purged", purged}}, with_commas(purged) +
                                           " records removed, whole files of records older than " +
                                           utc_text(before) + "; the log says so");
  return Exit::ok;
}

Result<Exit> rekey(const AuditOptions& o, Console& console) {
  WHORL_TRY(const Key key, load_master_key(o.key));
  WHORL_TRY(const Key fresh, load_master_key(o.new_key));
  WHORL_TRY_VOID(service::rewrap_audit_key(o.log, key, fresh));
  console.answer({{"log", o.log}}, o.log +
                                       ": opens with the new master key, and no longer with "
                                       "the old one");
  return Exit::ok;
}

CLI::App* declare_sub(CLI::App& audit, AuditOptions& o, const char* name, const char* summary) {
  CLI::App* sub = audit.add_subcommand(name, summary);
  sub->add_option("--log", o.log, "Folder of the audit log")->required();
  add_key_options(*sub, o.key);
  sub->fallthrough();  // --json and --quiet may stand behind the last word, too
  return sub;
}

Run declare_audit(CLI::App& options) {
  auto o = std::make_shared<AuditOptions>();
  options.require_subcommand(1);
  CLI::App* look =
      declare_sub(options, *o, "verify", "Is every record there, in place, unaltered?");
  look->add_option("--anchor", o->anchor, "NUMBER:MAC of a former verify: must still be there");
  CLI::App* rows = declare_sub(options, *o, "export", "All records, as CSV or with --json");
  rows->add_flag("--csv", o->csv, "As CSV: so it is without --json");
  rows->add_option("--from", o->from, "Leave out what is older than this time, in UTC");
  rows->add_option("--until", o->until, "Leave out what is of this time or younger");
  CLI::App* old = declare_sub(options, *o, "purge", "Remove old records, leaving a proof");
  old->add_option("--before", o->before, "A day, 2026-11-27, or time, in UTC")->required();
  CLI::App* keys = declare_sub(options, *o, "rekey", "Seal the log's own key under another");
  add_new_key_options(*keys, o->new_key);
  return [o, look, rows, old](Console& console) -> Result<Exit> {
    if (look->parsed()) return verify(*o, console);
    if (rows->parsed()) return export_rows(*o, console);
    return old->parsed() ? purge(*o, console) : rekey(*o, console);
  };
}

}  // namespace

const Verb kAudit{
    "audit", "Verify, export or purge the service's log of who asked what",
    "Examples:\n"
    "  whorl audit verify --log audit --key-file master.key\n"
    "  whorl audit export --log audit --key-file master.key --from 2026-11-01 > november.csv\n"
    "  whorl audit purge --log audit --key-file master.key --before 2025-11-27\n"
    "  whorl audit rekey --log audit --key-file old.key --new-key-file new.key\n"
    "\n"
    "verify and export may run while the service does; purge and rekey may not. Note the anchor "
    "that verify\n"
    "prints where the service's administrators cannot write: --anchor then tells a log that was "
    "put back to an\n"
    "earlier state. Exit code: 4 when the log was altered. docs/audit.md is for auditors.",
    declare_audit};

}  // namespace whorl::app
