#include "engine/base/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace whorl {
namespace {

constexpr std::array<std::string_view, kFingerPositions> kFingers{
    "unknown",    "right-thumb", "right-index", "right-middle", "right-ring", "right-little",
    "left-thumb", "left-index",  "left-middle", "left-ring",    "left-little"};
constexpr std::array<std::string_view, 4> kSexes{"not-recorded", "female", "male", "other"};

template <std::size_t N>
std::optional<std::size_t> place_of(std::string_view name,
                                    const std::array<std::string_view, N>& names) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

std::string_view name_of(FingerPosition position) {
  return kFingers.at(static_cast<std::size_t>(position));
}

std::optional<FingerPosition> finger_from_name(std::string_view name) {
  if (const auto place = place_of(name, kFingers)) return static_cast<FingerPosition>(*place);
  std::size_t number = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number >= kFingers.size()) return std::nullopt;
  return static_cast<FingerPosition>(number);
}

std::string_view name_of(Modality modality) {
  return modality == Modality::finger ? "finger" : "face";
}

std::optional<Modality> modality_from_name(std::string_view name) {
  if (name == "finger") return Modality::finger;
  if (name == "face") return Modality::face;
  return std::nullopt;
}

std::string_view name_of(Sex sex) { return kSexes.at(static_cast<std::size_t>(sex)); }

std::optional<Sex> sex_from_name(std::string_view name) {
  if (const auto place = place_of(name, kSexes)) return static_cast<Sex>(*place);
  return std::nullopt;
}

}  // namespace whorl
