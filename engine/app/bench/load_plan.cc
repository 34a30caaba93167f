#include "engine/app/bench/load_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace whorl::app {
namespace {

double unit(std::uint64_t random) {
  return static_cast<double>(random >> 11U) * 0x1p-53;  // [0, 1)
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
std::uint64_t mixed(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t z = seed + (number + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

LoadKind kind_of(std::uint64_t random, const LoadShares& shares) {
  double left = unit(random) * std::accumulate(shares.begin(), shares.end(), 0.0);
  for (std::size_t k = 0; k + 1 < shares.size(); ++k) {
    if (left < shares.at(k)) return static_cast<LoadKind>(k);
    left -= shares.at(k);
  }
  return static_cast<LoadKind>(kLoadKinds - 1);
}

std::vector<Arrival> arrivals(double rate, double seconds, const LoadShares& shares,
                              std::uint64_t seed) {
  std::vector<Arrival> planned;
  double at = 0;
  for (std::uint64_t n = 0;; n += 3) {
    at += -std::log1p(-unit(mixed(seed, n))) / rate;
    if (at >= seconds) return planned;
    planned.push_back({at, kind_of(mixed(seed, n + 1), shares), mixed(seed, n + 2)});
  }
}

Latency latency_of(std::vector<double> milliseconds) {
  Latency latency;
  latency.count = std::ssize(milliseconds);
  if (milliseconds.empty()) return latency;
  std::ranges::sort(milliseconds);
  const auto at = [&](double share) {
    const auto rank = std::ceil(share * static_cast<double>(milliseconds.size()));
    return milliseconds.at(static_cast<std::size_t>(std::max(rank, 1.0)) - 1);
  };
  latency.p50_ms = at(0.5), latency.p99_ms = at(0.99), latency.p999_ms = at(0.999);
  latency.max_ms = milliseconds.back();
  return latency;
}

}  // namespace whorl::app
