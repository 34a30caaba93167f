#include <cstring>

#include "kernels/cylinder_cells.h"
#include "kernels/sign_projection.h"

namespace whorl::kernels {
namespace {

float sum_of(const CylinderPlan& plan, const SeenNeighbours& seen, int row, int column, int k) {
  float sum = 0;
  for (std::int32_t n = 0; n < seen.count; ++n) {
    const float dx = seen.x_px[n] - plan.middles_px[column + kCylinderMargin];
    const float dy = seen.y_px[n] - plan.middles_px[row + kCylinderMargin];
    const float d2 = dx * dx + dy * dy;
    if (d2 > static_cast<float>(plan.reach_squared)) continue;
    sum += plan.spatial[static_cast<int>(d2)] * plan.shares[seen.turn_steps[n] * kSectionLanes + k];
  }
  return sum;
}

}  // namespace

void fill_cylinder_reference(const CylinderPlan& plan, const SeenNeighbours& seen,
                             std::uint8_t* cells) {
  std::memset(cells, 0, kCylinderCells);
  for (int row = 0; row < kCylinderAcross; ++row) {
    for (int column = plan.live_first[row]; column <= plan.live_last[row]; ++column) {
      for (int k = 0; k < kCylinderSections; ++k) {
        const float sum = sum_of(plan, seen, row, column, k);
        *cells++ = static_cast<std::uint8_t>(
            static_cast<float>(kMaxCellValue) * (sum / (sum + plan.saturation)) + 0.5F);
      }
    }
  }
}

}  // namespace whorl::kernels
