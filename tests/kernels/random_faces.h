#pragma once
// Unit vectors for tests of the face scanners, usual ones and such as round badly to 8 bits. Needs
// no test library, so that it also compiles on a bare GPU machine.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace whorl::kernels {

class FaceMaker {
 public:
  FaceMaker(std::uint64_t seed, int dimension)
      : random_(seed), dimension_(static_cast<std::size_t>(dimension)) {}

  int below(int end) { return static_cast<int>(random_() % static_cast<std::uint64_t>(end)); }

  // Evenly spread components: of unit vectors like these two have a similarity of about 0 with a
  // standard deviation of dimension^-1/2, as faces of strangers do.
  std::vector<float> face() {
    std::vector<float> vector(dimension_);
    for (float& value : vector) value = component();
    return unit(std::move(vector));
  }
  std::vector<float> awkward_face() {
    std::vector<float> vector(dimension_);
    switch (below(6)) {
      case 0:  // one component leaves no steps for the others
        for (float& value : vector) value = 1e-3F * component();
        any_of(vector) = 1;
        break;
      case 1:
        return face_of_signs();
      case 2:  // halves of a step: the largest loss there is
        for (float& value : vector) value = (static_cast<float>(below(100)) + 0.5F) / 127;
        any_of(vector) = 1;
        break;
      case 3:  // almost all zeros
        any_of(vector) = 1;
        any_of(vector) = -2;
        break;
      case 4:  // magnitudes of every size
        for (float& value : vector) value = component() * std::ldexp(1.0F, -below(40));
        break;
      default:
        return face();
    }
    return unit(std::move(vector));
  }
  // Of two values: 8 bits hold them without loss, so all that is not known comes from the others.
  std::vector<float> face_of_signs() {
    std::vector<float> vector(dimension_);
    for (float& value : vector) value = below(2) == 0 ? 1.0F : -1.0F;
    return unit(std::move(vector));
  }
  // Near another, `apart` its distance before it is a unit vector again.
  std::vector<float> relative(const std::vector<float>& of, float apart) {
    std::vector<float> vector = face();
    for (std::size_t d = 0; d < dimension_; ++d) vector[d] = of[d] + apart * vector[d];
    return unit(std::move(vector));
  }
  std::vector<float> faces(std::int64_t count) {
    std::vector<float> all;
    all.reserve(static_cast<std::size_t>(count) * dimension_);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::vector<float> one = face();
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

 private:
  // -1 .. 1, from the high bits of a product: a hundred million of them are needed at times.
  float component() {
    state_ = state_ * 6364136223846793005U + random_seed_;
    return static_cast<float>(static_cast<std::int32_t>(state_ >> 32)) / 2147483648.0F;
  }
  float& any_of(std::vector<float>& vector) {
    return vector[random_() % static_cast<std::uint64_t>(vector.size())];
  }
  static std::vector<float> unit(std::vector<float> vector) {
    double sum = 0;
    for (const float value : vector) sum += static_cast<double>(value) * static_cast<double>(value);
    if (sum == 0) vector[0] = 1, sum = 1;
    const double length = std::sqrt(sum);
    for (float& value : vector) value = static_cast<float>(static_cast<double>(value) / length);
    return vector;
  }

  std::mt19937_64 random_;
  std::size_t dimension_;
  std::uint64_t random_seed_ = random_() | 1U, state_ = random_();
};

}  // namespace whorl::kernels
