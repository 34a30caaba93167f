#include "engine/base/random.h"

#include <openssl/rand.h>

#include <bit>
#include <cmath>
#include <limits>

#include "kernels/core.h"

namespace whorl {

Result<> SystemEntropy::fill(std::span<std::byte> out) {
  WHORL_CHECK(out.size() <= std::numeric_limits<int>::max());
  auto* data = static_cast<unsigned char*>(static_cast<void*>(out.data()));
  if (RAND_bytes(data, static_cast<int>(out.size())) != 1) {
    return fail(Fault::io_error, 0, "system random generator");
  }
  return {};
}

namespace {
std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}
}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) word = splitmix64(seed);
}

SeededRandom SeededRandom::stream(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t mixed = seed;
  const std::uint64_t a = splitmix64(mixed);
  mixed = a ^ (index * 0xD1342543DE82EF95U);
  return SeededRandom(splitmix64(mixed));
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double SeededRandom::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

double SeededRandom::uniform(double low, double high) { return low + (high - low) * uniform(); }

double SeededRandom::normal(double mean, double sd) {
  for (;;) {
    const double u = uniform(-1, 1), v = uniform(-1, 1);
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return mean + sd * u * std::sqrt(-2 * std::log(s) / s);
  }
}

std::int64_t SeededRandom::below(std::int64_t bound) {
  WHORL_CHECK(bound > 0);
  const auto range = static_cast<std::uint64_t>(bound);
  const std::uint64_t limit =
      std::numeric_limits<std::uint64_t>::max() - std::numeric_limits<std::uint64_t>::max() % range;
  for (;;) {
    if (const std::uint64_t draw = next(); draw < limit)
      return static_cast<std::int64_t>(draw % range);
  }
}

bool SeededRandom::chance(double probability) { return uniform() < probability; }

}  // namespace whorl
