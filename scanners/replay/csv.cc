#include "scanners/replay/csv.h"

namespace whorl::scanners {
namespace {

// Takes a quoted field from the front of `rest`, its quotes included.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string field;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      field += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      field += rest[i++];
    } else {
      rest.remove_prefix(i + 1);
      return field;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> csv_fields(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    if (line.starts_with('"')) {
      auto field = take_quoted(line);
      if (!field || !(line.empty() || line.starts_with(','))) return std::nullopt;
      fields.push_back(std::move(*field));
    } else {
      const std::string_view field = line.substr(0, line.find(','));
      if (field.find('"') != std::string_view::npos) return std::nullopt;
      fields.emplace_back(field);
      line.remove_prefix(field.size());
    }
    if (line.empty()) return fields;
    line.remove_prefix(1);  // the comma
  }
}

std::string csv_quoted(std::string_view field) {
  if (field.find_first_of(",\"") == std::string_view::npos) return std::string(field);
  std::string quoted = "\"";
  for (const char c : field) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace whorl::scanners
