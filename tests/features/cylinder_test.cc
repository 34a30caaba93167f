#include "engine/features/fingerprint/cylinder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/random_print.h"

namespace whorl::features {
namespace {

using ::whorl::testing::random_print;

constexpr float kCellPx = 2 * kCylinderRadiusPx / kCellsAcross;
constexpr float kReachPx = 3 * kSpatialSigmaPx;

float middle_of(int cell) {
  return (static_cast<float>(cell) - (kCellsAcross - 1) / 2.0F) * kCellPx;
}

float spatial_weight(float squared_px) {  // by whole squared pixels
  const float whole = std::floor(squared_px);
  return std::exp(-whole / (2 * kSpatialSigmaPx * kSpatialSigmaPx));
}

float section_share(int turn_steps, int section) {
  const auto below = [](double turns) {
    return std::erf(turns / (static_cast<double>(kDirectionalSigmaTurn) * std::sqrt(2.0))) / 2;
  };
  double away =
      static_cast<double>(static_cast<std::uint8_t>(turn_steps)) / Direction::kStepsPerTurn -
      ((section + 0.5) / kSections - 0.5);
  away -= std::round(away);
  return static_cast<float>(below(away + 0.5 / kSections) - below(away - 0.5 / kSections));
}

// The definition, cell by cell: sums over the neighbours in their order, then the saturation.
std::vector<std::uint8_t> cylinder_by_definition(const std::vector<Minutia>& minutiae,
                                                 std::size_t own) {
  struct Seen {
    float x, y;
    int turn_steps;
  };
  const Minutia& middle = minutiae[own];
  const float cosine = std::cos(middle.direction.radians()),
              sine = std::sin(middle.direction.radians());
  std::vector<Seen> seen;
  int neighbours = 0;
  for (std::size_t j = 0; j < minutiae.size(); ++j) {
    if (j == own) continue;
    const auto dx = static_cast<float>(minutiae[j].x_px - middle.x_px);
    const auto dy = static_cast<float>(middle.y_px - minutiae[j].y_px);
    if (dx * dx + dy * dy <= kCylinderRadiusPx * kCylinderRadiusPx) ++neighbours;
    const float reach = kCylinderRadiusPx + kReachPx;
    if (dx * dx + dy * dy > reach * reach) continue;
    seen.push_back({cosine * dx + sine * dy, cosine * dy - sine * dx,
                    signed_turn(middle.direction, minutiae[j].direction)});
  }
  std::vector<std::uint8_t> cells;
  for (int row = 0; row < kCellsAcross; ++row) {
    for (int column = 0; column < kCellsAcross; ++column) {
      const float cx = middle_of(column), cy = middle_of(row);
      if (cx * cx + cy * cy > kCylinderRadiusPx * kCylinderRadiusPx) continue;
      for (int section = 0; section < kSections; ++section) {
        float sum = 0;
        for (const Seen& s : seen) {
          const float dx = s.x - cx, dy = s.y - cy, d2 = dx * dx + dy * dy;
          if (d2 <= std::floor(kReachPx * kReachPx))
            sum += spatial_weight(d2) * section_share(s.turn_steps, section);
        }
        cells.push_back(
            static_cast<std::uint8_t>(kernels::kMaxCellValue * (sum / (sum + 0.55F)) + 0.5F));
      }
    }
  }
  cells.resize(kernels::kCylinderCells);
  if (neighbours < kMinNeighbours) std::ranges::fill(cells, std::uint8_t{0});
  return cells;
}

void expect_cells(const Cylinders& cylinders,
                  const std::vector<std::vector<std::uint8_t>>& definition, const char* what) {
  ASSERT_EQ(cylinders.cells.size(), definition.size() * kernels::kCylinderCells);
  for (std::size_t i = 0; i < definition.size(); ++i) {
    const auto* cells = cylinders.cells.data() + i * kernels::kCylinderCells;
    ASSERT_TRUE(std::ranges::equal(definition[i], std::span(cells, kernels::kCylinderCells)))
        << what << ", minutia " << i;
    ASSERT_EQ(cylinders.described[i],
              std::ranges::any_of(definition[i], [](std::uint8_t v) { return v != 0; }));
  }
}

void expect_definition(const std::vector<Minutia>& minutiae, const char* what) {
  std::vector<std::vector<std::uint8_t>> definition;
  for (std::size_t i = 0; i < minutiae.size(); ++i)
    definition.push_back(cylinder_by_definition(minutiae, i));
  for (const kernels::Backend backend : kernels::kBackends) {
    if (!kernels::available(backend)) continue;
    SCOPED_TRACE(kernels::name_of(backend));
    expect_cells(cylinders_of(minutiae, backend), definition, what);
  }
}

TEST(Cylinders, AreTheirDefinitionToTheLastBit) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    expect_definition(random_print(seed, 36).minutiae, "random");
  expect_definition(random_print(20, 128).minutiae, "crowded");
  expect_definition(random_print(21, 255).minutiae, "the most a record holds");
}

// Whole distances from cells: neighbours exactly at the edge of a cell's reach, of the radius and
// of sight, in every direction.
TEST(Cylinders, AreTheirDefinitionWhereDistancesAreExact) {
  std::vector<Minutia> print;
  const auto add = [&](int x, int y, int steps) {
    print.push_back({static_cast<std::int16_t>(x), static_cast<std::int16_t>(y),
                     Direction{static_cast<std::uint8_t>(steps)}, MinutiaKind::ending, 0, 0});
  };
  add(300, 300, 0);
  for (const int away : {1, 28, 35, 69, 70, 71, 97, 98, 99}) {
    for (const auto& [x, y] : {std::pair{1, 0}, {0, 1}, {-1, 0}, {0, -1}})
      add(300 + x * away, 300 + y * away, 64 * (away % 4));
  }
  for (int half = -7; half <= 7; ++half) add(300 + half * 35 / 2, 300 + 28, half * 16 & 255);
  expect_definition(print, "lattice");
}

TEST(Cylinders, AreTheirDefinitionAtTheEndsOfTheRangeOfPixels) {
  std::vector<Minutia> print = random_print(31, 20).minutiae;
  for (std::size_t i = 0; i < print.size(); ++i) {
    auto& m = print[i];
    m.x_px = static_cast<std::int16_t>(i % 2 == 0 ? 32767 - m.x_px % 60 : -32768 + m.x_px % 60);
    m.y_px = static_cast<std::int16_t>(i % 3 == 0 ? 32767 - m.y_px % 60 : -32768 + m.y_px % 60);
  }
  expect_definition(print, "far corners");
}

TEST(Cylinders, OfOneOrTwoOrCoincidentMinutiaeAreNoFault) {
  expect_definition({}, "none");
  expect_definition(random_print(3, 1).minutiae, "one");
  expect_definition(random_print(3, 2).minutiae, "two");
  expect_definition(std::vector<Minutia>(40, random_print(3, 1).minutiae[0]), "all in one place");
}

TEST(Cylinders, StayWithinTheKernelsRange) {
  FingerTemplate crowd = random_print(7, 120);
  for (Minutia& m : crowd.minutiae)
    m.x_px = static_cast<std::int16_t>(m.x_px / 8), m.y_px = static_cast<std::int16_t>(m.y_px / 8);
  const Cylinders cylinders = cylinders_of(crowd.minutiae);
  EXPECT_LE(*std::ranges::max_element(cylinders.cells), kernels::kMaxCellValue);
  EXPECT_GT(*std::ranges::max_element(cylinders.cells), kernels::kMaxCellValue / 2);
}

}  // namespace
}  // namespace whorl::features
