#include "engine/app/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace whorl::app {
namespace {

using formats::MinutiaeFormat;
constexpr std::array<std::pair<MinutiaeFormat, std::string_view>, 5> kFormats{
    {{MinutiaeFormat::iso19794_2_2005, "iso19794-2:2005"},
     {MinutiaeFormat::iso19794_2_2011, "iso19794-2:2011"},
     {MinutiaeFormat::ansi378_2004, "ansi378:2004"},
     {MinutiaeFormat::ansi378_2009, "ansi378:2009"},
     {MinutiaeFormat::ansi378_2009_am1, "ansi378:2009am1"}}};
static_assert(kFormats.size() == formats::kMinutiaeFormats.size());

}  // namespace

std::vector<FingerPosition> first_fingers(int count) {
  using enum FingerPosition;
  const std::vector<FingerPosition> order{right_index,  left_index,  right_thumb, left_thumb,
                                          right_middle, left_middle, right_ring,  left_ring,
                                          right_little, left_little};
  return {order.begin(), order.begin() + std::clamp(count, 0, 10)};
}

std::string_view name_of(MinutiaeFormat wanted) {
  for (const auto& [format, name] : kFormats) {
    if (format == wanted) return name;
  }
  return "unknown";
}

std::optional<MinutiaeFormat> format_from_name(std::string_view wanted) {
  for (const auto& [format, name] : kFormats) {
    if (name == wanted) return format;
  }
  return std::nullopt;
}

std::string format_names() {
  std::string names;
  for (const auto& [format, name] : kFormats) names += std::string(name) + ", ";
  return names + std::string(kWhorlFormat);
}

Result<std::optional<MinutiaeFormat>> print_format(std::string_view option) {
  if (option == kWhorlFormat) return std::optional<MinutiaeFormat>();
  const auto format = format_from_name(option);
  if (!format) return fail(Fault::bad_argument, 0, "--format, one of " + format_names());
  return format;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace whorl::app
