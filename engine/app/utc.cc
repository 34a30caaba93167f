#include "engine/app/utc.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

namespace whorl::app {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::sys_time;

constexpr std::string_view kDay = "dddd-dd-dd", kInstant = "dddd-dd-ddTdd:dd:ddZ";

bool is_like(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

// Of digits that is_like() found there.
int number_at(std::string_view text, std::size_t begin, std::size_t count) {
  int number = 0;
  for (const char c : text.substr(begin, count)) number = number * 10 + (c - '0');
  return number;
}

std::optional<UnixMillis> parse(std::string_view text) {
  const bool instant = is_like(text, kInstant);
  if (!instant && !is_like(text, kDay)) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(number_at(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2)))};
  if (!date.ok()) return std::nullopt;
  std::int64_t seconds = 0;
  if (instant) {
    const int hour = number_at(text, 11, 2), minute = number_at(text, 14, 2);
    const int second = number_at(text, 17, 2);
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    seconds = (std::int64_t{hour} * 60 + minute) * 60 + second;
  }
  const sys_time<milliseconds> midnight = sys_days(date);
  return UnixMillis{midnight.time_since_epoch().count() + seconds * 1000};
}

}  // namespace

std::string utc_text(UnixMillis time) {
  const sys_time<milliseconds> instant{milliseconds(time.value())};
  const auto midnight = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(instant - midnight);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

Result<UnixMillis> utc_from(std::string_view text, std::string_view option) {
  if (const auto time = parse(text)) return *time;
  return fail(Fault::bad_argument, 0,
              std::string(option) + ", a time is 2026-11-27 or 2026-11-27T10:05:00Z, in UTC");
}

}  // namespace whorl::app
