#include "engine/app/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace whorl::app {
namespace {

constexpr std::array<std::string_view, kFingerPositions> kFingers{
    "unknown",    "right-thumb", "right-index", "right-middle", "right-ring", "right-little",
    "left-thumb", "left-index",  "left-middle", "left-ring",    "left-little"};

constexpr std::array<std::string_view, 4> kSexes{"", "female", "male", "other"};

using formats::MinutiaeFormat;
constexpr std::array<std::pair<MinutiaeFormat, std::string_view>, 5> kFormats{
    {{MinutiaeFormat::iso19794_2_2005, "iso19794-2:2005"},
     {MinutiaeFormat::iso19794_2_2011, "iso19794-2:2011"},
     {MinutiaeFormat::ansi378_2004, "ansi378:2004"},
     {MinutiaeFormat::ansi378_2009, "ansi378:2009"},
     {MinutiaeFormat::ansi378_2009_am1, "ansi378:2009am1"}}};
static_assert(kFormats.size() == formats::kMinutiaeFormats.size());

}  // namespace

std::string_view name_of(FingerPosition position) {
  return kFingers.at(static_cast<std::size_t>(position));
}

std::optional<FingerPosition> finger_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kFingers.size(); ++i) {
    if (kFingers.at(i) == name) return static_cast<FingerPosition>(i);
  }
  const auto number = whole_number(name);
  if (!number || *number >= kFingers.size()) return std::nullopt;
  return static_cast<FingerPosition>(*number);
}

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

std::string_view name_of(Modality modality) {
  return modality == Modality::finger ? "finger" : "face";
}

std::string_view name_of(Sex sex) { return kSexes.at(static_cast<std::size_t>(sex)); }

std::optional<Sex> sex_from_name(std::string_view name) {
  for (std::size_t i = 1; i < kSexes.size(); ++i) {
    if (kSexes.at(i) == name) return static_cast<Sex>(i);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace whorl::app
