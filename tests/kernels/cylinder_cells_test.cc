#include "kernels/cylinder_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "kernels/backend.h"
#include "kernels/sign_projection.h"

namespace whorl::kernels {
namespace {

constexpr float kCellPx = 17.5F, kReachPx = 28, kSightPx = 98;
constexpr int kReachSquared = 784;

// Tables of arbitrary weights: what they mean is the owner's business.
struct Tables {
  std::vector<float> spatial = std::vector<float>(kReachSquared + 2);
  alignas(32) std::array<float, 256 * kSectionLanes> shares{};
  CylinderPlan plan{};

  Tables() {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> weight(0, 1);
    for (int d = 0; d <= kReachSquared; ++d) spatial[static_cast<std::size_t>(d)] = weight(random);
    for (std::size_t s = 0; s < shares.size(); ++s)
      shares[s] = s % kSectionLanes < kCylinderSections ? weight(random) : 0;
    for (int c = -kCylinderMargin; c < kCylinderAcross + kCylinderMargin; ++c)
      plan.middles_px[c + kCylinderMargin] = (static_cast<float>(c) - 3.5F) * kCellPx;
    constexpr int kFirst[] = {2, 1, 0, 0, 0, 0, 1, 2};  // the 52 cells of a disc
    for (int row = 0; row < kCylinderAcross; ++row)
      plan.live_first[row] = kFirst[row], plan.live_last[row] = 7 - kFirst[row];
    plan.cell_px = kCellPx, plan.reach_px = kReachPx, plan.reach_squared = kReachSquared;
    plan.spatial = spatial.data(), plan.shares = shares.data(), plan.saturation = 0.5F;
  }
};

struct Neighbours {
  std::vector<float> x, y;
  std::vector<std::uint8_t> turns;

  void add(float at_x, float at_y, int turn) {
    x.push_back(at_x), y.push_back(at_y), turns.push_back(static_cast<std::uint8_t>(turn));
  }
  SeenNeighbours view() const {
    return {x.data(), y.data(), turns.data(), static_cast<std::int32_t>(x.size())};
  }
};

using Cells = std::array<std::uint8_t, kCylinderCells>;

Cells filled(FillCylinder fill, const Tables& tables, const Neighbours& seen) {
  Cells cells;
  cells.fill(0xAA);  // every byte must be written
  fill(tables.plan, seen.view(), cells.data());
  return cells;
}

void expect_twins_agree(const Neighbours& seen, const char* what) {
  const Tables tables;
  const Cells expected = filled(fill_cylinder_reference, tables, seen);
  EXPECT_TRUE(std::all_of(expected.begin() + 52 * kCylinderSections, expected.end(),
                          [](std::uint8_t v) { return v == 0; }));
  EXPECT_LE(*std::max_element(expected.begin(), expected.end()), kMaxCellValue);
  for (const Backend backend : kBackends) {
    if (!available(backend)) continue;
    EXPECT_EQ(filled(fill_cylinder(backend), tables, seen), expected)
        << what << ", " << name_of(backend) << ", " << seen.x.size() << " neighbours";
  }
}

TEST(FillCylinder, TwinsAgreeOnRandomNeighbours) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> place(-kSightPx, kSightPx);
  for (const int count : {0, 1, 2, 3, 7, 30, 254}) {
    for (int round = 0; round < 20; ++round) {
      Neighbours seen;
      while (static_cast<int>(seen.x.size()) < count) {
        const float x = place(random), y = place(random);
        if (x * x + y * y <= kSightPx * kSightPx) seen.add(x, y, static_cast<int>(random() % 256));
      }
      expect_twins_agree(seen, "random");
    }
  }
}

// At exactly the reach of a cell a neighbour still counts; a hair further it does not.
TEST(FillCylinder, TwinsAgreeAtTheEdgeOfReachAndSight) {
  for (const float off : {-1e-3F, -1e-5F, 0.0F, 1e-5F, 1e-3F}) {
    for (int cell = 0; cell < kCylinderAcross; ++cell) {
      const float middle = (static_cast<float>(cell) - 3.5F) * kCellPx;
      for (const float away : {-kReachPx, kReachPx}) {
        Neighbours along, across, corner;
        along.add(std::clamp(middle + away + off, -kSightPx, kSightPx), 8.75F, 7);
        across.add(-8.75F, std::clamp(middle + away + off, -kSightPx, kSightPx), 130);
        corner.add(middle + off, middle + off, 255);
        expect_twins_agree(along, "along"), expect_twins_agree(across, "across");
        expect_twins_agree(corner, "corner");
      }
    }
  }
  for (const auto& [x, y] : {std::pair{kSightPx, 0.0F},
                             {-kSightPx, 0.0F},
                             {0.0F, kSightPx},
                             {0.0F, -kSightPx},
                             {0.0F, 0.0F}}) {
    Neighbours seen;
    seen.add(x, y, 64);
    expect_twins_agree(seen, "edge of sight");
  }
}

TEST(FillCylinder, NobodyInSightLeavesNothing) {
  const Cells cells = filled(fill_cylinder_reference, Tables(), Neighbours());
  EXPECT_EQ(cells, Cells{});
}

}  // namespace
}  // namespace whorl::kernels
