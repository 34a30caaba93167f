// The other way round than the definition: each neighbour is painted into the few cells it reaches,
// a cell's sections in one register. The window of cells is painted without asking which of its
// corners are out of reach: those get weight zero, which changes no sum, and sums are still made in
// the neighbours' order.

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/cylinder_cells.h"
#include "kernels/sign_projection.h"

namespace whorl::kernels {
namespace {

constexpr int kCanvasAcross = kCylinderAcross + 2 * kCylinderMargin;
constexpr float kSlackCells = 1e-3F;  // of a window's ends, for rounding: it reaches 3.2 of 4 cells
static_assert(kSectionLanes == 8 && kCylinderSections == 6 && kCylinderWindow == 4);

// Columns have a margin for what windows touch beyond the cylinder; rows out there are left out.
struct Canvas {
  alignas(32) float cells[kCylinderAcross][kCanvasAcross][kSectionLanes];
};

void clear(Canvas& canvas) {
  float* lanes = &canvas.cells[0][0][0];
  for (int i = 0; i < kCylinderAcross * kCanvasAcross; ++i)
    _mm256_store_ps(lanes + i * kSectionLanes, _mm256_setzero_ps());
}

// Whole part of a number of cells, also below zero.
int floor_of(float cells) {
  return static_cast<int>(cells + static_cast<float>(kCylinderMargin)) - kCylinderMargin;
}

struct Window {
  int first, last;  // inclusive
};

class Painter {
 public:
  Painter(const CylinderPlan& plan, Canvas& canvas)
      : plan_(plan),
        canvas_(canvas),
        cells_per_px_(1 / plan.cell_px),
        reach_cells_(plan.reach_px / plan.cell_px),
        reach_squared_(_mm_set1_ps(static_cast<float>(plan.reach_squared))),
        beyond_reach_(_mm_set1_ps(static_cast<float>(plan.reach_squared + 1))) {}

  void paint(float x, float y, const float* shares) {
    const Window columns = window_of(x), rows = window_of(y);
    const bool wide = columns.last - columns.first == kCylinderWindow - 1;
    const __m256 own = _mm256_load_ps(shares);
    const __m128 dx = _mm_sub_ps(_mm_set1_ps(x), _mm_loadu_ps(middle(columns.first)));
    const __m128 dx2 = _mm_mul_ps(dx, dx);
    const int last = std::min(rows.last, kCylinderAcross - 1);
    for (int row = std::max(rows.first, 0); row <= last; ++row) {
      const float dy = y - *middle(row);
      alignas(16) std::int32_t whole[kCylinderWindow];
      _mm_store_si128(reinterpret_cast<__m128i*>(whole), whole_distances(dx2, dy * dy));
      float* cell = canvas_.cells[row][columns.first + kCylinderMargin];
      add(cell, whole[0], own);
      add(cell + kSectionLanes, whole[1], own);
      add(cell + 2 * kSectionLanes, whole[2], own);
      if (wide) add(cell + 3 * kSectionLanes, whole[3], own);
    }
  }

 private:
  Window window_of(float at) const {
    const float middle_cell = at * cells_per_px_ + (kCylinderAcross - 1) / 2.0F;
    return {floor_of(middle_cell - reach_cells_ - kSlackCells) + 1,
            floor_of(middle_cell + reach_cells_ + kSlackCells)};
  }
  const float* middle(int cell) const { return plan_.middles_px + (cell + kCylinderMargin); }

  // Squared distances as whole numbers, those out of reach as the number whose weight is zero.
  __m128i whole_distances(__m128 dx2, float dy2) const {
    const __m128 d2 = _mm_add_ps(dx2, _mm_set1_ps(dy2));
    return _mm_cvttps_epi32(_mm_blendv_ps(d2, beyond_reach_, _mm_cmpgt_ps(d2, reach_squared_)));
  }

  void add(float* cell, std::int32_t whole, __m256 own) {
    const __m256 weight = _mm256_broadcast_ss(plan_.spatial + whole);
    _mm256_store_ps(cell, _mm256_add_ps(_mm256_load_ps(cell), _mm256_mul_ps(weight, own)));
  }

  const CylinderPlan& plan_;
  Canvas& canvas_;
  float cells_per_px_, reach_cells_;
  __m128 reach_squared_, beyond_reach_;
};

// Eight lanes for six sections: the two too many are zero, and overwritten by the next cell.
void write_values(const CylinderPlan& plan, const Canvas& canvas, std::uint8_t* cells) {
  const __m256 saturation = _mm256_set1_ps(plan.saturation), half = _mm256_set1_ps(0.5F),
               top = _mm256_set1_ps(static_cast<float>(kMaxCellValue));
  std::uint8_t* const end = cells + kCylinderCells;
  for (int row = 0; row < kCylinderAcross; ++row) {
    for (int column = plan.live_first[row]; column <= plan.live_last[row]; ++column) {
      const __m256 sum = _mm256_load_ps(canvas.cells[row][column + kCylinderMargin]);
      const __m256 share = _mm256_div_ps(sum, _mm256_add_ps(sum, saturation));
      const __m256i value = _mm256_cvttps_epi32(_mm256_add_ps(_mm256_mul_ps(top, share), half));
      const __m128i words =
          _mm_packus_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(cells), _mm_packus_epi16(words, words));
      cells += kCylinderSections;
    }
  }
  std::memset(cells, 0, static_cast<std::size_t>(end - cells));
}

}  // namespace

void fill_cylinder_avx2(const CylinderPlan& plan, const SeenNeighbours& seen, std::uint8_t* cells) {
  Canvas canvas;
  clear(canvas);
  Painter painter(plan, canvas);
  for (std::int32_t n = 0; n < seen.count; ++n) {
    painter.paint(seen.x_px[n], seen.y_px[n],
                  plan.shares + seen.turn_steps[n] * std::int64_t{kSectionLanes});
  }
  write_values(plan, canvas, cells);
}

}  // namespace whorl::kernels
