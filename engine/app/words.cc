#include "engine/app/words.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace whorl::app {

std::string with_commas(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string rounded(double value, int digits) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string percent(double share, int digits) { return rounded(share * 100, digits) + " %"; }

std::string duration(double seconds) {
  if (seconds < 1) return rounded(seconds, 1) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  const auto two_digits = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (whole < 3600) return std::to_string(whole / 60) + " min " + two_digits(whole % 60) + " s";
  return with_commas(whole / 3600) + " h " + two_digits(whole / 60 % 60) + " min";
}

std::string bytes_of(double bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) bytes /= 1000, ++unit;
  return rounded(bytes, unit == 0 || bytes >= 100 ? 0 : 1) + " " + kUnits.at(unit);
}

std::string one_in(FalseMatchRate rate) {
  constexpr double kMost = 1e15;  // beyond it a number says no more than "never seen"
  if (rate.value() <= 1 / kMost) return "less than 1 in 10^15";
  const double people = 1 / rate.value();
  if (people < 10) return "1 in " + rounded(people, 1);
  const double magnitude = std::pow(10, std::floor(std::log10(people)) - 1);  // two digits
  return "1 in " +
         with_commas(static_cast<std::int64_t>(std::llround(people / magnitude) *
                                               static_cast<std::int64_t>(std::llround(magnitude))));
}

}  // namespace whorl::app
