#pragma once
// Ridges made clear: the picture filtered along its own flow at its own period.

#include <cstdint>
#include <vector>

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_flow.h"
#include "engine/features/fingerprint/ridge_mask.h"
#include "kernels/backend.h"

namespace whorl::features {

// A normalised picture, ready to be filtered several times. Immutable; any thread may use it.
class RidgeFilter {
 public:
  RidgeFilter(const Field& normalised, kernels::Backend backend);

  // The even Gabor filter (Hong, Wan and Jain, IEEE PAMI 20(8), 1998), of 48 directions and 14
  // periods, the nearest to the flow's and period's at each 2 x 2 px; 0 where `mask` is. A ridge of
  // the filter's own direction and period keeps its amplitude.
  Field filtered(const Flow& flow, const Field& log_period, const Mask& mask) const;

  // The same of every second pixel in both directions, a quarter of the work: enough to see the
  // flow and the period in.
  Field filtered_at_half_scale(const Flow& flow, const Field& log_period, const Mask& mask) const;

 private:
  void run(const std::vector<kernels::FilterSpot>& spots, int step,
           std::vector<std::int32_t>& out) const;
  std::int32_t first_value(int x_px, int y_px) const;

  kernels::OrientedFilter filter_;
  int width_, height_, stride_;
  std::vector<std::int16_t> values_;  // with a margin of a kernel's reach, and zero beyond
};

}  // namespace whorl::features
