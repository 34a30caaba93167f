#pragma once
// Unit vectors as embedders give them, many and quickly: a face is its cluster's centre (the looks
// that people share) at half weight and a deviation of its own, both with a variance of dimension d
// that falls as 1 / (1 + d / 3): of 512 dimensions strangers of different clusters then stand at
// 0 +- 0.11, as far apart as measured for real embedders (scanners/simulated/faces.h), and those of
// one cluster at about 0.2. A probe is a second capture of a face, about 0.82 from it.

#include <cmath>
#include <cstdint>
#include <vector>

namespace whorl::index {

class ClusteredFaces {
 public:
  static constexpr int kDimension = 512;

  explicit ClusteredFaces(std::uint64_t seed) : seed_(seed), spread_(kDimension) {
    float total = 0;
    for (int d = 0; d < kDimension; ++d) {
      total += spread_[static_cast<std::size_t>(d)] = 1 / (1 + static_cast<float>(d) / kFall);
    }
    for (float& variance : spread_) variance = std::sqrt(variance / total);
    for (std::uint64_t c = 0; c < kClusters; ++c) centres_.push_back(unit(deviation(c, 1)));
  }
  std::vector<float> face(std::uint64_t number) const {
    std::uint64_t state = seed_ + number;
    return unit(sum(deviation(number, 2), kCentreWeight, centres_[next(state) % kClusters]));
  }
  std::vector<float> probe(std::uint64_t number) const {
    return unit(sum(face(number), kCaptureNoise, deviation(number, 3)));
  }

 private:
  static constexpr float kFall = 3, kCentreWeight = 0.5F, kCaptureNoise = 0.7F;
  static constexpr std::uint64_t kClusters = 1000;

  // splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
  static std::uint64_t next(std::uint64_t& state) {
    std::uint64_t z = state += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
  }
  // The sum of four even ones is close to normal.
  static float normal(std::uint64_t& state) {
    std::uint64_t bits = next(state);
    float sum = 0;
    for (int i = 0; i < 4; ++i, bits >>= 16) sum += static_cast<float>(bits & 0xFFFF) / 65536;
    return (sum - 2) * 1.7320508F;
  }
  std::vector<float> deviation(std::uint64_t number, std::uint64_t kind) const {
    std::uint64_t state = (seed_ * 4 + kind) * 0x2545F4914F6CDD1DU ^ number * 0xD1342543DE82EF95U;
    std::vector<float> vector(spread_);
    for (float& value : vector) value *= normal(state);
    return vector;
  }
  static std::vector<float> sum(std::vector<float> a, float weight, const std::vector<float>& b) {
    for (std::size_t d = 0; d < a.size(); ++d) a[d] += weight * b[d];
    return a;
  }
  static std::vector<float> unit(std::vector<float> vector) {
    double sum = 0;
    for (const float value : vector) sum += static_cast<double>(value) * static_cast<double>(value);
    for (float& value : vector)
      value = static_cast<float>(static_cast<double>(value) / std::sqrt(sum));
    return vector;
  }

  std::uint64_t seed_;
  std::vector<float> spread_;
  std::vector<std::vector<float>> centres_;
};

}  // namespace whorl::index
