#pragma once
// What a load run asks and when, decided before it begins: arrivals that waited for the service
// would leave out the requests that it was too slow to be asked.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace whorl::app {

enum class LoadKind : std::uint8_t { identify = 0, verify = 1, enrol = 2 };
inline constexpr int kLoadKinds = 3;
inline constexpr std::array<std::string_view, kLoadKinds> kLoadKindNames = {"identify", "verify",
                                                                            "enrol"};
using LoadShares = std::array<double, kLoadKinds>;  // by LoadKind, in proportion to their sum

struct Arrival {
  double at_s = 0;  // after the run's begin
  LoadKind kind = LoadKind::identify;
  std::uint64_t pick = 0;  // a random number, for choosing whom it is about
};

// Requests of many clients who know nothing of each other: exponential gaps, `rate` a second on
// average, in order of time. The same seed gives the same arrivals on every machine.
std::vector<Arrival> arrivals(double rate, double seconds, const LoadShares& shares,
                              std::uint64_t seed);

// Kinds alone, for runs that ask as fast as they are answered.
LoadKind kind_of(std::uint64_t random, const LoadShares& shares);
std::uint64_t mixed(std::uint64_t seed, std::uint64_t number);  // random numbers, by place

struct Latency {
  std::int64_t count = 0;
  double p50_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
};
// Each figure is one that was seen: the least of which so large a share is no slower.
Latency latency_of(std::vector<double> milliseconds);

}  // namespace whorl::app
