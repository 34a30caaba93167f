#include "engine/base/toml.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace whorl {
namespace {

// Where the string that begins at `begin` ends, on its last quote. Between its quotes nothing is a
// key; of a string that does not end the rest is none, and toml++ refuses it there.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string three(3, quote);
  const bool long_one = text.substr(begin, 3) == three;
  for (std::size_t i = begin + (long_one ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (!long_one && (text[i] == quote || text[i] == '\n')) {
      return i;
    } else if (long_one && text.substr(i, 3) == three) {
      i += 2;  // of up to five, the last three end it
      for (int more = 0; more < 2 && text.substr(i + 1, 1) == three.substr(0, 1); ++more) ++i;
      return i;
    }
  }
  return text.size();
}

// The line of the first key with too many dots, or 0.
std::int64_t line_of_deep_key(std::string_view text) {
  int dots = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '.':
        if (++dots > kMaxDotsInTomlKey) return 1 + std::count(text.begin(), text.begin() + i, '\n');
        break;
      case '"':
      case '\'':
        i = end_of_string(text, i);
        break;
      case '#':
        i = std::min(text.find('\n', i), text.size());
        dots = 0;
        break;
      case '\n':
      case '=':
      case ',':
      case '[':
      case ']':
      case '{':
      case '}':
        dots = 0;
        break;
      default:
        break;
    }
  }
  return 0;
}

}  // namespace

Result<toml::table> parse_toml(std::string_view text, Fault fault) {
  const auto at_line = [&](std::int64_t line) {
    return fail(fault, 0, "line " + std::to_string(line));
  };
  if (const std::int64_t line = line_of_deep_key(text); line != 0) return at_line(line);
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) { return at_line(error.source().begin.line); }
}

}  // namespace whorl
