#pragma once
// Numbers as people read them. For screens and reports, never for files that programs read.

#include <cstdint>
#include <string>

#include "engine/base/units.h"

namespace whorl::app {

std::string with_commas(std::int64_t count);        // 1,234,567
std::string rounded(double value, int digits);      // digits after the point: 12.5
std::string percent(double share, int digits = 1);  // 0.976 -> "97.6 %"
std::string duration(double seconds);               // "0.8 s", "7 s", "3 min 20 s", "2 h 05 min"
std::string bytes_of(double bytes);                 // "1.5 kB", "2.1 GB", powers of ten
// "1 in 20,000": how often two different people score this much.
std::string one_in(FalseMatchRate rate);

}  // namespace whorl::app
