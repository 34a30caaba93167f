#include "engine/features/fingerprint/grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "engine/base/random.h"

namespace whorl::features {
namespace {

Field random_field(int width, int height, std::uint64_t seed) {
  SeededRandom random(seed);
  Field field(width, height);
  for (float& v : field.cells()) v = static_cast<float>(random.uniform(-3, 5));
  return field;
}

double mean_of(const Field& field) {
  double sum = 0;
  for (const float v : field.cells()) sum += static_cast<double>(v);
  return sum / static_cast<double>(field.size());
}

// The header's words, a pixel at a time: a Gaussian cut at three sigma, what lies beyond the edge
// left out and the rest weighing the more.
double slow_blur(const Field& field, double sigma, int x, int y) {
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  double sum = 0, weights = 0;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      if (!field.contains(x + dx, y + dy)) continue;
      const double weight = std::exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
      sum += weight * static_cast<double>(field.at(x + dx, y + dy)), weights += weight;
    }
  }
  return sum / weights;
}

// Linear between the middles of cells: cell i's middle lies on pixel step (i + 0.5) - 0.5.
double slow_sample(const Field& cells, double step, double x, double y) {
  const auto at = [&](double px, int count) {
    return std::clamp((px + 0.5) / step - 0.5, 0.0, static_cast<double>(count - 1));
  };
  const double cx = at(x, cells.width()), cy = at(y, cells.height());
  double sum = 0;
  for (int j = 0; j < cells.height(); ++j) {
    for (int i = 0; i < cells.width(); ++i) {
      const double tent = std::max(0.0, 1 - std::abs(cx - i)) * std::max(0.0, 1 - std::abs(cy - j));
      sum += tent * static_cast<double>(cells.at(i, j));
    }
  }
  return sum;
}

constexpr std::pair<int, int> kSizes[] = {{1, 1},  {1, 9},   {9, 1},  {2, 2},
                                          {3, 40}, {17, 13}, {40, 31}};

TEST(Blur, AgreesWithItsDefinition) {
  for (const auto& [w, h] : kSizes) {
    const Field field = random_field(w, h, 3);
    for (const float sigma : {0.3F, 1.0F, 2.8F, 7.0F}) {
      const Field blurry = blurred(field, sigma);
      ASSERT_EQ(blurry.width(), w);
      ASSERT_EQ(blurry.height(), h);
      for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
          ASSERT_NEAR(blurry.at(x, y), slow_blur(field, static_cast<double>(sigma), x, y), 2e-5)
              << w << " x " << h << ", sigma " << sigma << ", at " << x << ", " << y;
        }
      }
    }
  }
}

TEST(Blur, KeepsAConstantUpToTheEdges) {
  const Field blurry = blurred(Field(23, 19, 7.25F), 4);
  for (const float v : blurry.cells()) EXPECT_NEAR(v, 7.25F, 1e-5F);
}

// Away from the edges every value gives all of itself away.
TEST(Blur, KeepsTheMeanOfWhatLiesInside) {
  Field field(60, 60);
  SeededRandom random(5);
  for (int y = 20; y < 40; ++y) {
    for (int x = 20; x < 40; ++x) field.at(x, y) = static_cast<float>(random.uniform(0, 9));
  }
  EXPECT_NEAR(mean_of(blurred(field, 3)), mean_of(field), 1e-6);
}

TEST(Blur, SpreadsAPointByItsVariance) {
  Field field(61, 61);
  field.at(30, 30) = 1;
  const Field blurry = blurred(field, 4);
  double across = 0, down = 0;
  for (int y = 0; y < 61; ++y) {
    for (int x = 0; x < 61; ++x) {
      const auto v = static_cast<double>(blurry.at(x, y));
      across += v * (x - 30) * (x - 30), down += v * (y - 30) * (y - 30);
    }
  }
  EXPECT_NEAR(across, 16, 0.5);  // less what the cut at three sigma takes
  EXPECT_NEAR(down, 16, 0.5);
}

TEST(BlockMeans, AgreeWithTheirDefinition) {
  for (const auto& [w, h] : kSizes) {
    const Field field = random_field(w, h, 4);
    for (const int block : {1, 2, 4, 7}) {
      const Field means = block_means(field, block);
      ASSERT_EQ(means.width(), (w + block - 1) / block);
      ASSERT_EQ(means.height(), (h + block - 1) / block);
      for (int y = 0; y < means.height(); ++y) {
        for (int x = 0; x < means.width(); ++x) {
          double sum = 0;
          int count = 0;
          for (int py = y * block; py < std::min(h, (y + 1) * block); ++py) {
            for (int px = x * block; px < std::min(w, (x + 1) * block); ++px) {
              sum += static_cast<double>(field.at(px, py)), ++count;
            }
          }
          ASSERT_NEAR(means.at(x, y), sum / count, 1e-5) << w << " x " << h << " by " << block;
        }
      }
    }
  }
}

TEST(Spread, AgreesWithItsDefinition) {
  for (const auto& [w, h] : kSizes) {
    const Field cells = random_field(w, h, 6);
    for (const int step : {1, 2, 4}) {
      // A picture's last cells may be cut, and a picture may be wider than its cells.
      for (const int more : {1 - step, 0, 3}) {
        const int width = w * step + more, height = h * step + more;
        const Field wide = spread(cells, step, width, height);
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            ASSERT_NEAR(wide.at(x, y), slow_sample(cells, step, x, y), 1e-5)
                << w << " x " << h << " by " << step << ", at " << x << ", " << y;
          }
        }
      }
    }
  }
}

TEST(Sample, AgreesWithItsDefinitionInsideAndBeyondTheEdges) {
  SeededRandom random(8);
  for (const auto& [w, h] : kSizes) {
    const Field cells = random_field(w, h, 7);
    for (const double step : {1.0, 4.0}) {
      for (int i = 0; i < 200; ++i) {
        const double x = random.uniform(-2 * step, (w + 2) * step),
                     y = random.uniform(-2 * step, (h + 2) * step);
        ASSERT_NEAR(
            sample(cells, static_cast<float>(step), static_cast<float>(x), static_cast<float>(y)),
            slow_sample(cells, step, x, y), 1e-4);
      }
    }
  }
}

TEST(Sample, IsExactOnTheMiddlesOfCells) {
  const Field cells = random_field(9, 7, 9);
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 9; ++x) {
      EXPECT_EQ(sample(cells, 1, static_cast<float>(x), static_cast<float>(y)), cells.at(x, y));
      EXPECT_EQ(
          sample(cells, 4, static_cast<float>(4 * x) + 1.5F, static_cast<float>(4 * y) + 1.5F),
          cells.at(x, y));
    }
  }
}

TEST(Quantile, TakesTheRankAmongThoseInTheMask) {
  Field field(10, 10);
  Grid<std::uint8_t> upper(10, 10);
  for (int i = 0; i < 100; ++i) {
    field.at(i * 37 % 100 % 10, i * 37 % 100 / 10) = static_cast<float>(i);
  }
  for (std::size_t i = 0; i < 100; ++i) upper.cells()[i] = field.cells()[i] >= 50 ? 1 : 0;
  EXPECT_EQ(quantile(field, {}, 0), 0);
  EXPECT_EQ(quantile(field, {}, 1), 99);
  EXPECT_EQ(quantile(field, {}, 0.5F), 49);
  EXPECT_EQ(quantile(field, upper, 0), 50);
  EXPECT_EQ(quantile(field, upper, 1), 99);
  EXPECT_EQ(quantile(field, Grid<std::uint8_t>(10, 10), 0.5F), 0);  // nobody is in it
}

}  // namespace
}  // namespace whorl::features
