#pragma once

#include <string_view>

namespace whorl {

// What answers, reports and `whorl --version` call this engine; the version is CMakeLists.txt's.
inline constexpr std::string_view kEngineVersion = "whorl 0.1.0";

}  // namespace whorl
