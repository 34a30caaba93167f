#include "engine/app/audit_rows.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/app/utc.h"

namespace whorl::app {
namespace {

using service::AuditOpened;
using service::AuditPurged;
using service::AuditRecord;

Json facts(const AuditRecord& r) {
  return {{"client", r.client},
          {"verb", name_of(r.verb)},
          {"gallery", r.gallery},
          {"purpose", r.purpose},
          {"request_id", r.request_id},
          {"fault", r.fault},
          {"repeated", r.repeated},
          {"cut", r.cut},
          {"samples", r.samples},
          {"candidates", r.candidates},
          {"decision", r.decision},
          {"subject", r.subject},
          {"alike", r.alike}};
}
Json facts(const AuditOpened& opened) { return {{"torn_bytes", opened.torn_bytes}}; }
Json facts(const AuditPurged& purged) {
  return {{"purged_first", purged.before.number + 1},
          {"purged_last", purged.last.number},
          {"mac_before", hex_of(purged.before.mac)},
          {"mac_last", hex_of(purged.last.mac)}};
}

std::string_view kind_of(const AuditRecord&) { return "request"; }
std::string_view kind_of(const AuditOpened&) { return "opened"; }
std::string_view kind_of(const AuditPurged&) { return "purged"; }

constexpr std::string_view kColumns[] = {
    "number",     "at",         "kind",         "client",      "verb",    "gallery",    "purpose",
    "request_id", "fault",      "repeated",     "cut",         "samples", "candidates", "decision",
    "subject",    "torn_bytes", "purged_first", "purged_last", "alike"};

std::string cell(std::string text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string hex_of(const service::AuditMac& mac) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::byte b : mac) {
    hex += kDigits[std::to_integer<unsigned>(b) >> 4U];
    hex += kDigits[std::to_integer<unsigned>(b) & 15U];
  }
  return hex;
}

Json as_json(const service::AuditEntry& entry) {
  return std::visit(
      [&](const auto& content) {
        Json row{{"number", entry.place.number},
                 {"at", utc_text(content.at)},
                 {"kind", kind_of(content)}};
        row.update(facts(content));
        return row;
      },
      entry.content);
}

std::string audit_csv_head() {
  std::string line;
  for (const std::string_view column : kColumns) {
    line += (line.empty() ? "" : ",") + std::string(column);
  }
  return line + "\r\n";
}

std::string audit_csv_row(const service::AuditEntry& entry) {
  const Json row = as_json(entry);
  std::string line;
  for (const std::string_view& column : kColumns) {
    if (&column != &kColumns[0]) line += ',';
    const auto value = row.find(column);
    if (value == row.end()) continue;
    line += value->is_string() ? cell(value->get<std::string>()) : value->dump();
  }
  return line + "\r\n";
}

}  // namespace whorl::app
