#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace whorl::scanners {

// Fields of one line (RFC 4180). Nothing where a quote is not closed, or stands inside a field that
// does not begin with one.
std::optional<std::vector<std::string>> csv_fields(std::string_view line);

// A field as others must write it to read it back.
std::string csv_quoted(std::string_view field);

// The whole of `text` as a number; nothing where it is anything else, signs and spaces included.
template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  if (text.empty() || text.front() == '-') return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace whorl::scanners
