#include "kernels/oriented_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <numeric>
#include <random>
#include <vector>

#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

constexpr int kWeights = kFilterSide * kFilterSide;

// Memory of exactly the size that the contract grants, so that AddressSanitizer sees a twin that
// reads beyond; the bank at the alignment it grants.
class Bank {
 public:
  explicit Bank(int kernels)
      : weights_(new (std::align_val_t{32})
                     std::int16_t[static_cast<std::size_t>(kernels) * kWeights]) {
    std::fill_n(weights_.get(), static_cast<std::size_t>(kernels) * kWeights, std::int16_t{0});
  }
  std::int16_t* kernel(int k) { return weights_.get() + std::ptrdiff_t{k} * kWeights; }
  const std::int16_t* data() const { return weights_.get(); }

 private:
  struct Free {
    void operator()(std::int16_t* p) const { ::operator delete[](p, std::align_val_t{32}); }
  };
  std::unique_ptr<std::int16_t[], Free> weights_;
};

struct Picture {
  int width = 0, height = 0;
  std::vector<std::int16_t> values;

  Picture(int w, int h)
      : width(w), height(h), values(static_cast<std::size_t>(w) * static_cast<std::size_t>(h)) {}
  FilterPicture view(int step) const { return {values.data(), width, step}; }
  // The last place in each direction where all that a spot reaches lies in the picture.
  int last_x(int step) const { return width - kFilterSide - step; }
  int last_y(int step) const { return height - kFilterSide - step; }
  std::int32_t first(int x, int y) const { return y * width + x; }
};

class OrientedFilterTwins : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (!available(GetParam()))
      GTEST_SKIP() << name_of(GetParam()) << ": not on this machine, NOT verified";
  }

  void randomise(std::int16_t* values, std::size_t count, int largest) {
    std::uniform_int_distribution<int> draw(-largest, largest);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::int16_t>(draw(rng_));
  }

  // Every output is written, and nothing beyond them.
  void expect_agreement(const FilterPicture& picture, const Bank& bank,
                        const std::vector<FilterSpot>& spots, const char* what) {
    constexpr std::int32_t kUntouched = 0x5A5A5A5A;
    std::vector<std::int32_t> expected(4 * spots.size() + 4, kUntouched), actual = expected;
    const auto count = static_cast<std::int64_t>(spots.size());
    oriented_filter_reference(picture, bank.data(), spots.data(), count, expected.data());
    oriented_filter(GetParam())(picture, bank.data(), spots.data(), count, actual.data());
    ASSERT_EQ(expected, actual) << what << ", step " << picture.step << ", " << count << " spots";
    for (std::size_t i = 4 * spots.size(); i < actual.size(); ++i) EXPECT_EQ(actual[i], kUntouched);
  }

  std::mt19937 rng_{11};
};

TEST_P(OrientedFilterTwins, AgreeOnRandomSpots) {
  constexpr int kKernels = 5;
  Bank bank(kKernels);
  randomise(bank.kernel(0), kKernels * kWeights, 500);
  for (const int step : {1, 2, 3}) {
    for (const int width : {27, 28, 31, 64, 101}) {
      Picture picture(width, 40);
      randomise(picture.values.data(), picture.values.size(), 6553);
      for (const int count : {0, 1, 2, 3, 17, 200}) {
        std::vector<FilterSpot> spots;
        for (int i = 0; i < count; ++i) {
          const int x = static_cast<int>(rng_() % static_cast<unsigned>(picture.last_x(step) + 1));
          const int y = static_cast<int>(rng_() % static_cast<unsigned>(picture.last_y(step) + 1));
          spots.push_back({picture.first(x, y), static_cast<std::int32_t>(rng_() % kKernels)});
        }
        expect_agreement(picture.view(step), bank, spots, "random");
      }
    }
  }
}

TEST_P(OrientedFilterTwins, AgreeInThePicturesCorners) {
  Bank bank(2);
  randomise(bank.kernel(0), 2 * kWeights, 2000);
  for (const int step : {1, 2}) {
    Picture picture(kFilterSide + step + 7, kFilterSide + step + 5);
    randomise(picture.values.data(), picture.values.size(), 1000);
    const int right = picture.last_x(step), bottom = picture.last_y(step);
    expect_agreement(picture.view(step), bank,
                     {{picture.first(0, 0), 0},
                      {picture.first(right, 0), 1},
                      {picture.first(0, bottom), 1},
                      {picture.first(right, bottom), 0}},
                     "corners");
    Picture least(kFilterSide + step, kFilterSide + step);  // no room to spare on any side
    randomise(least.values.data(), least.values.size(), 1000);
    expect_agreement(least.view(step), bank, {{0, 1}}, "the least picture");
  }
}

// sum |weight| * max |value| just below 2^31: with 16-bit values of 32767 the weights add up to
// 65538. Pairs of products at their largest are where a narrower sum would break.
TEST_P(OrientedFilterTwins, AgreeOnTheLargestSums) {
  constexpr int kMostWeights = 65538;
  static_assert(std::int64_t{kMostWeights} * 32767 < std::int64_t{1} << 31);
  Bank bank(4);
  const int even = kMostWeights / kWeights;
  std::fill_n(bank.kernel(0), kWeights, static_cast<std::int16_t>(even));
  std::fill_n(bank.kernel(1), kWeights, static_cast<std::int16_t>(-even));
  bank.kernel(2)[0] = bank.kernel(2)[kWeights - 1] = 32767;  // two weights alone
  bank.kernel(3)[22] = 32767, bank.kernel(3)[23] = -32767;   // neighbours that cancel out
  for (const int step : {1, 2}) {
    Picture picture(40, 40);
    for (const std::int16_t value : {std::int16_t{32767}, std::int16_t{-32767}}) {
      std::fill(picture.values.begin(), picture.values.end(), value);
      const auto at = picture.first(picture.last_x(step), 3);
      expect_agreement(picture.view(step), bank, {{at, 0}, {at, 1}, {at, 2}, {at, 3}}, "largest");
    }
    std::int32_t out[4];
    std::fill(picture.values.begin(), picture.values.end(), std::int16_t{32767});
    const FilterSpot two{0, 2};
    oriented_filter(GetParam())(picture.view(step), bank.data(), &two, 1, out);
    for (const std::int32_t sum : out) EXPECT_EQ(sum, 2 * 32767 * 32767);
  }
}

// One weight at a time against one value at a time: each weight meets its own value, once.
TEST_P(OrientedFilterTwins, EachWeightMeetsItsOwnValue) {
  Bank bank(kWeights);
  for (int k = 0; k < kWeights; ++k) bank.kernel(k)[k] = 1;
  for (const int step : {1, 2}) {
    Picture picture(30, 29);
    std::iota(picture.values.begin(), picture.values.end(), std::int16_t{1});
    std::vector<FilterSpot> spots;
    for (int k = 0; k < kWeights; ++k) spots.push_back({picture.first(2, 1), k});
    std::vector<std::int32_t> out(4 * spots.size());
    oriented_filter(GetParam())(picture.view(step), bank.data(), spots.data(), kWeights,
                                out.data());
    for (int k = 0; k < kWeights; ++k) {
      for (int place = 0; place < 4; ++place) {
        const int x = 2 + k % kFilterSide + place % 2 * step;
        const int y = 1 + k / kFilterSide + place / 2 * step;
        ASSERT_EQ(out[static_cast<std::size_t>(4 * k + place)], 1 + picture.first(x, y))
            << "weight " << k << ", place " << place << ", step " << step;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OrientedFilterTwins, ::testing::ValuesIn(kBackends),
                         [](const auto& each) { return std::string(name_of(each.param)); });

}  // namespace
}  // namespace whorl::kernels
