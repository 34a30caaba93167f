#pragma once
// The words the command line uses beside those of engine/base/names.h.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/names.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::app {

// The first `count` (0 .. 10) in the order most registers take them: index fingers, thumbs, and on
// to the little ones.
std::vector<FingerPosition> first_fingers(int count);

// "iso19794-2:2005" ...; nothing for the project's own container, which is kWhorlFormat.
inline constexpr std::string_view kWhorlFormat = "whorl";
std::string_view name_of(formats::MinutiaeFormat format);
std::optional<formats::MinutiaeFormat> format_from_name(std::string_view name);
std::string format_names();  // of all, for help and errors
// A --format option: nothing is the container. bad_argument where it is none of format_names().
Result<std::optional<formats::MinutiaeFormat>> print_format(std::string_view option);

// Whole numbers and nothing else around them.
std::optional<std::uint64_t> whole_number(std::string_view text);

}  // namespace whorl::app
