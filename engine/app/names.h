#pragma once
// The words the command line and its answers use for the engine's enumerations.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::app {

std::string_view name_of(FingerPosition position);                      // "right-index"
std::optional<FingerPosition> finger_from_name(std::string_view name);  // the same, or "0" .. "10"

// The first `count` (0 .. 10) in the order most registers take them: index fingers, thumbs, and on
// to the little ones.
std::vector<FingerPosition> first_fingers(int count);

// "iso19794-2:2005" ...; nothing for the project's own container, which is kWhorlFormat.
inline constexpr std::string_view kWhorlFormat = "whorl";
std::string_view name_of(formats::MinutiaeFormat format);
std::optional<formats::MinutiaeFormat> format_from_name(std::string_view name);
std::string format_names();  // of all, for help and errors

std::string_view name_of(Modality modality);
std::string_view name_of(Sex sex);                        // empty where not recorded
std::optional<Sex> sex_from_name(std::string_view name);  // female, male, other

// Whole numbers and nothing else around them.
std::optional<std::uint64_t> whole_number(std::string_view text);

}  // namespace whorl::app
