#pragma once
// Times as people write and read them: ISO 8601, always UTC.

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/units.h"

namespace whorl::app {

std::string utc_text(UnixMillis time);  // 2026-11-27T10:05:00.120Z
// 2026-11-27, which is its beginning, or 2026-11-27T10:05:00Z. bad_argument, naming the option.
Result<UnixMillis> utc_from(std::string_view text, std::string_view option);

}  // namespace whorl::app
