#include "engine/features/fingerprint/cylinder.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace whorl::features {
namespace {

constexpr float kCellPx = 2 * kCylinderRadiusPx / kCellsAcross;
constexpr float kReachPx = 3 * kSpatialSigmaPx;  // a neighbour counts in cells this near to it
constexpr int kReachSquared = static_cast<int>(kReachPx * kReachPx);

// Where the middle of a row or column of cells lies, in the minutia's own axes (x along its
// direction).
constexpr float kHalf = (kCellsAcross - 1) / 2.0F;
constexpr float middle_of(int cell) { return (static_cast<float>(cell) - kHalf) * kCellPx; }

// The live cells of one row: columns first .. last, the first of them number `number` of all.
struct LiveRow {
  int first = 0, last = -1;
  std::size_t number = 0;
};
constexpr auto kLiveRows = [] {
  std::array<LiveRow, kCellsAcross> rows{};
  std::size_t next = 0;
  for (int row = 0; row < kCellsAcross; ++row) {
    LiveRow& live = rows[static_cast<std::size_t>(row)];
    live.number = next;
    for (int column = 0; column < kCellsAcross; ++column) {
      const float x = middle_of(column), y = middle_of(row);
      if (x * x + y * y > kCylinderRadiusPx * kCylinderRadiusPx) continue;
      if (live.last < 0) live.first = column;
      live.last = column;
      ++next;
    }
  }
  return rows;
}();
static_assert(kLiveRows.back().number + 1 +
                  static_cast<std::size_t>(kLiveRows.back().last - kLiveRows.back().first) ==
              kLiveColumns);

// exp(-d^2 / 2 sigma^2) by whole squared pixels.
const std::array<float, kReachSquared + 1>& spatial_weights() {
  static const auto table = [] {
    std::array<float, kReachSquared + 1> weights{};
    for (std::size_t d2 = 0; d2 < weights.size(); ++d2) {
      weights[d2] = std::exp(-static_cast<float>(d2) / (2 * kSpatialSigmaPx * kSpatialSigmaPx));
    }
    return weights;
  }();
  return table;
}

// Share of a Gaussian in each section, by the neighbour's direction relative to the middle minutia.
using Sections = std::array<float, kSections>;
const std::array<Sections, Direction::kStepsPerTurn>& section_weights() {
  static const auto table = [] {
    std::array<Sections, Direction::kStepsPerTurn> weights{};
    const auto below = [](double turns) {
      return std::erf(turns / (static_cast<double>(kDirectionalSigmaTurn) * std::sqrt(2.0))) / 2;
    };
    for (std::size_t step = 0; step < weights.size(); ++step) {
      for (std::size_t k = 0; k < kSections; ++k) {
        const double middle = (static_cast<double>(k) + 0.5) / kSections - 0.5;
        double away = static_cast<double>(step) / Direction::kStepsPerTurn - middle;
        away -= std::round(away);
        weights[step][k] =
            static_cast<float>(below(away + 0.5 / kSections) - below(away - 0.5 / kSections));
      }
    }
    return weights;
  }();
  return table;
}

// Soft saturation of a cell's sum into 0 .. 127. One neighbour in the middle of a cell and section
// gives about 60, two give 95: the code tells none from one from many.
constexpr float kSaturation = 0.55F;
std::uint8_t cell_value(float sum) {
  return static_cast<std::uint8_t>(kernels::kMaxCellValue * (sum / (sum + kSaturation)) + 0.5F);
}

// What a neighbour at (x, y) adds: its weight at each cell within reach, shared among the sections.
void add_neighbour(float x, float y, const Sections& shares,
                   std::array<Sections, kLiveColumns>& sums) {
  const auto first_near = [](float at) {
    return std::max(0, static_cast<int>(std::floor((at - kReachPx) / kCellPx + kHalf)));
  };
  const auto last_near = [](float at) {
    return std::min(kCellsAcross - 1,
                    static_cast<int>(std::ceil((at + kReachPx) / kCellPx + kHalf)));
  };
  for (int row = first_near(y); row <= last_near(y); ++row) {
    const LiveRow& live = kLiveRows[static_cast<std::size_t>(row)];
    const float dy = y - middle_of(row);
    for (int column = std::max(live.first, first_near(x));
         column <= std::min(live.last, last_near(x)); ++column) {
      const float dx = x - middle_of(column);
      const float d2 = dx * dx + dy * dy;
      if (d2 > kReachSquared) continue;
      const float weight = spatial_weights()[static_cast<std::size_t>(d2)];
      Sections& cell = sums[live.number + static_cast<std::size_t>(column - live.first)];
      for (std::size_t k = 0; k < kSections; ++k) cell[k] += weight * shares[k];
    }
  }
}

}  // namespace

Cylinders cylinders_of(std::span<const Minutia> minutiae) {
  Cylinders result;
  result.cells.resize(minutiae.size() * kernels::kCylinderCells);
  result.described.resize(minutiae.size());
  std::array<Sections, kLiveColumns> sums{};
  const float reach = kCylinderRadiusPx + kReachPx;
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    const Minutia& middle = minutiae[i];
    const float cosine = std::cos(middle.direction.radians()),
                sine = std::sin(middle.direction.radians());
    sums = {};
    int neighbours = 0;
    for (std::size_t j = 0; j < minutiae.size(); ++j) {
      const auto dx = static_cast<float>(minutiae[j].x_px - middle.x_px);
      const auto dy =
          static_cast<float>(middle.y_px - minutiae[j].y_px);  // the image's y runs down
      if (j == i || dx * dx + dy * dy > reach * reach) continue;
      neighbours += dx * dx + dy * dy <= kCylinderRadiusPx * kCylinderRadiusPx ? 1 : 0;
      const float x = cosine * dx + sine * dy, y = cosine * dy - sine * dx;
      const auto turn =
          static_cast<std::uint8_t>(signed_turn(middle.direction, minutiae[j].direction));
      add_neighbour(x, y, section_weights()[turn], sums);
    }
    result.described[i] = neighbours >= kMinNeighbours;
    if (!result.described[i]) continue;
    std::uint8_t* cells = &result.cells[i * kernels::kCylinderCells];
    for (std::size_t c = 0; c < kLiveColumns; ++c) {
      for (std::size_t k = 0; k < kSections; ++k) cells[c * kSections + k] = cell_value(sums[c][k]);
    }
  }
  return result;
}

}  // namespace whorl::features
