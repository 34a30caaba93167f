#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"

namespace whorl {

// Unpredictable bytes for keys and nonces. Passed in; SystemEntropy is OpenSSL's generator.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual Result<> fill(std::span<std::byte> out) = 0;
};

class SystemEntropy final : public Entropy {
 public:
  Result<> fill(std::span<std::byte> out) override;
};

// Repeatable numbers for simulation, never for keys: xoshiro256** (Blackman and Vigna, 2018),
// seeded by splitmix64. Its own distributions, because the standard's differ from library to
// library.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed);

  // An independent stream for part `index` of a larger thing, so that person n is the same person
  // however many are made and in whatever order.
  static SeededRandom stream(std::uint64_t seed, std::uint64_t index);

  std::uint64_t next();
  double uniform();                         // [0, 1)
  double uniform(double low, double high);  // [low, high)
  double normal(double mean, double sd);    // Marsaglia's polar method
  std::int64_t below(std::int64_t bound);   // 0 .. bound - 1; bound > 0
  bool chance(double probability);

 private:
  std::uint64_t state_[4];
};

}  // namespace whorl
