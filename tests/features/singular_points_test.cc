#include "engine/features/fingerprint/singular_points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr int kCells = 100;

// The zero-pole model: the double angle is the sum of the angles to the cores less those to the
// deltas.
Flow flow_around(const std::vector<SingularPoint>& points, float turned = 0) {
  Flow flow{Field(kCells, kCells), Field(kCells, kCells)};
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      float angle = turned;
      for (const SingularPoint& p : points) {
        const float around = std::atan2((static_cast<float>(y) + 0.5F) * kCellPx - p.y_px,
                                        (static_cast<float>(x) + 0.5F) * kCellPx - p.x_px);
        angle += p.kind == SingularKind::core ? around : -around;
      }
      flow.cosine.at(x, y) = std::cos(angle), flow.sine.at(x, y) = std::sin(angle);
    }
  }
  return flow;
}

void expect_found(const std::vector<SingularPoint>& there, const Flow& flow, const Mask& mask) {
  const std::vector<SingularPoint> found = singular_points_of(flow, mask);
  ASSERT_EQ(found.size(), there.size());
  for (const SingularPoint& p : there) {
    int near = 0;
    for (const SingularPoint& f : found) {
      if (f.kind == p.kind && std::hypot(f.x_px - p.x_px, f.y_px - p.y_px) < 6) ++near;
    }
    EXPECT_EQ(near, 1) << p.x_px << "," << p.y_px;
  }
}

TEST(SingularPoints, FindsThoseOfALoopAndOfAWhorlHoweverTurned) {
  const SingularPoint core{180, 150, SingularKind::core}, delta{120, 300, SingularKind::delta};
  const SingularPoint second{190, 210, SingularKind::core}, other{300, 310, SingularKind::delta};
  for (const float turned : {0.0F, 1.0F, 2.5F, -2.0F}) {
    expect_found({core, delta}, flow_around({core, delta}, turned), Mask(kCells, kCells, 1));
    const std::vector<SingularPoint> whorl{core, second, delta, other};
    expect_found(whorl, flow_around(whorl, turned), Mask(kCells, kCells, 1));
  }
}

TEST(SingularPoints, APlainArchHasNone) {
  EXPECT_TRUE(singular_points_of(flow_around({}, 0.7F), Mask(kCells, kCells, 1)).empty());
}

TEST(SingularPoints, WhatTheMaskDoesNotHoldIsNotSought) {
  const SingularPoint core{180, 150, SingularKind::core}, delta{120, 300, SingularKind::delta};
  Mask upper(kCells, kCells, 1);
  for (int y = 60; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) upper.at(x, y) = 0;
  }
  expect_found({core}, flow_around({core, delta}), upper);
  EXPECT_TRUE(singular_points_of(flow_around({core}), Mask(kCells, kCells, 0)).empty());
}

}  // namespace
}  // namespace whorl::features
