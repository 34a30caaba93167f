#include "engine/features/fingerprint/cylinder.h"

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

// exp(-d^2 / 2 sigma^2) by whole squared pixels, and nothing behind the reach.
const std::array<float, kReachSquared + 2>& spatial_weights() {
  static const auto table = [] {
    std::array<float, kReachSquared + 2> weights{};
    for (std::size_t d2 = 0; d2 <= kReachSquared; ++d2) {
      weights[d2] = std::exp(-static_cast<float>(d2) / (2 * kSpatialSigmaPx * kSpatialSigmaPx));
    }
    return weights;
  }();
  return table;
}

// Share of a Gaussian in each section, by the neighbour's direction relative to the middle minutia.
struct SectionShares {
  alignas(32) float of[Direction::kStepsPerTurn][kernels::kSectionLanes];
};
const SectionShares& section_shares() {
  static const auto table = [] {
    SectionShares shares{};
    const auto below = [](double turns) {
      return std::erf(turns / (static_cast<double>(kDirectionalSigmaTurn) * std::sqrt(2.0))) / 2;
    };
    for (int step = 0; step < Direction::kStepsPerTurn; ++step) {
      for (int k = 0; k < kSections; ++k) {
        const double middle = (static_cast<double>(k) + 0.5) / kSections - 0.5;
        double away = static_cast<double>(step) / Direction::kStepsPerTurn - middle;
        away -= std::round(away);
        shares.of[step][k] =
            static_cast<float>(below(away + 0.5 / kSections) - below(away - 0.5 / kSections));
      }
    }
    return shares;
  }();
  return table;
}

// Soft saturation of a cell's sum into 0 .. 127. One neighbour in the middle of a cell and section
// gives about 60, two give 95: the code tells none from one from many.
constexpr float kSaturation = 0.55F;

constexpr float kSightPx = kCylinderRadiusPx + kReachPx;  // a neighbour beyond is in no live cell
// What the kernel's contract asks: windows of four cells, and none of them past the margin.
static_assert(2 * kReachPx / kCellPx < kernels::kCylinderWindow - 0.1F);
static_assert((kSightPx + kReachPx) / kCellPx - kHalf < kernels::kCylinderMargin - 0.1F);

const kernels::CylinderPlan& plan() {
  static const auto made = [] {
    kernels::CylinderPlan p{};
    for (int cell = -kernels::kCylinderMargin; cell < kCellsAcross + kernels::kCylinderMargin;
         ++cell) {
      p.middles_px[cell + kernels::kCylinderMargin] = middle_of(cell);
    }
    for (std::size_t row = 0; row < kLiveRows.size(); ++row)
      p.live_first[row] = kLiveRows[row].first, p.live_last[row] = kLiveRows[row].last;
    p.cell_px = kCellPx, p.reach_px = kReachPx, p.reach_squared = kReachSquared;
    p.spatial = spatial_weights().data(), p.shares = &section_shares().of[0][0];
    p.saturation = kSaturation;
    return p;
  }();
  return made;
}

struct Turn {
  float cosine, sine;
};
const std::array<Turn, Direction::kStepsPerTurn>& turns() {
  static const auto table = [] {
    std::array<Turn, Direction::kStepsPerTurn> all{};
    for (std::size_t step = 0; step < all.size(); ++step) {
      const float angle = Direction{static_cast<std::uint8_t>(step)}.radians();
      all[step] = {std::cos(angle), std::sin(angle)};
    }
    return all;
  }();
  return table;
}

// The minutiae of a print, and those that one of them sees.
class Sight {
 public:
  explicit Sight(std::span<const Minutia> minutiae)
      : minutiae_(minutiae),
        places_(2 * minutiae.size()),
        seen_(minutiae.size()),
        seen_places_(2 * minutiae.size()),
        turns_(minutiae.size()) {
    for (std::size_t i = 0; i < minutiae.size(); ++i) {
      x()[i] = minutiae[i].x_px;
      y()[i] = static_cast<float>(-int{minutiae[i].y_px});  // the image's y runs down
    }
  }

  // Turns to one minutia; says how many neighbours are within the cylinder's radius.
  int turn_to(std::size_t middle) {
    within_radius_ = 0, count_ = 0;
    look(middle, 0, middle);
    look(middle, middle + 1, minutiae_.size());
    return within_radius_;
  }

  // What the minutia last turned to sees, ascending; valid until the next turn.
  kernels::SeenNeighbours from(std::size_t middle) {
    const Direction direction = minutiae_[middle].direction;
    const Turn turn = turns()[direction.steps()];
    float *xs = seen_places_.data(), *ys = xs + minutiae_.size();
    for (std::size_t n = 0; n < count_; ++n) {
      const std::size_t j = seen_[n];
      const float dx = x()[j] - x()[middle], dy = y()[j] - y()[middle];
      xs[n] = turn.cosine * dx + turn.sine * dy, ys[n] = turn.cosine * dy - turn.sine * dx;
      turns_[n] = static_cast<std::uint8_t>(signed_turn(direction, minutiae_[j].direction));
    }
    return {xs, ys, turns_.data(), static_cast<std::int32_t>(count_)};
  }

 private:
  float* x() { return places_.data(); }
  float* y() { return places_.data() + minutiae_.size(); }

  // Without a branch: whom a minutia sees is as good as random.
  void look(std::size_t middle, std::size_t first, std::size_t last) {
    for (std::size_t j = first; j < last; ++j) {
      const float dx = x()[j] - x()[middle], dy = y()[j] - y()[middle], d2 = dx * dx + dy * dy;
      seen_[count_] = static_cast<std::uint32_t>(j);
      count_ += d2 <= kSightPx * kSightPx ? 1U : 0U;
      within_radius_ += d2 <= kCylinderRadiusPx * kCylinderRadiusPx ? 1 : 0;
    }
  }

  std::span<const Minutia> minutiae_;
  std::vector<float> places_;  // x of all, then y
  std::vector<std::uint32_t> seen_;
  std::vector<float> seen_places_;
  std::vector<std::uint8_t> turns_;
  std::size_t count_ = 0;
  int within_radius_ = 0;
};

}  // namespace

Cylinders cylinders_of(std::span<const Minutia> minutiae, kernels::Backend backend) {
  Cylinders result;
  result.cells.resize(minutiae.size() * kernels::kCylinderCells);
  result.described.resize(minutiae.size());
  const kernels::FillCylinder fill = kernels::fill_cylinder(backend);
  Sight sight(minutiae);
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    result.described[i] = sight.turn_to(i) >= kMinNeighbours;
    if (result.described[i])
      fill(plan(), sight.from(i), &result.cells[i * kernels::kCylinderCells]);
  }
  return result;
}

}  // namespace whorl::features
