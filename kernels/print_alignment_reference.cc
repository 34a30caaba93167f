#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/alignment_rules.h"

namespace whorl::kernels {
namespace {

using namespace alignment;

// Minutia i of the probe and j of the print, whose code distance is `distance`; y upwards.
struct Pair {
  int i, j, distance;
  int ax, ay, bx, by;
  int turn;
  int weight() const { return kCodeBits / 2 - distance; }
};

class Alignment {
 public:
  Alignment(const AlignmentProbe& probe, const PackedMinutia* minutiae, int count,
            const FingerColumns* columns)
      : probe_(probe), minutiae_(minutiae), count_(count) {
    for (int j = 0; j < count; ++j) {
      const int code = minutiae[j].code();
      columns_.push_back(code == PackedMinutia::kNoCode
                             ? kNoPartner
                             : columns[code / kLanes].lanes[code % kLanes]);
      frame_.add(minutiae[j].x_px, -minutiae[j].y_px);
    }
    if (count > 0) frame_.finish(count, kHeights);
    choose_pairs();
  }

  int score(int least_votes) const {
    if (pairs_.empty()) return 0;
    std::vector<std::size_t> order(pairs_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return votes(a) > votes(b); });
    const auto too_few = [&](std::size_t p) { return !few_codes() && votes(p) < least_votes; };
    if (too_few(order.front())) return 0;
    const std::size_t first = order.front();
    int best = likelihood(motion_by(first));
    for (const std::size_t other : order) {
      if (agree(first, other) >= kSameMotion) continue;
      if (too_few(other)) break;
      best = std::max(best, likelihood(motion_by(other)));
      break;
    }
    return std::clamp(kAlignmentZero + best, 1, 65535);
  }

 private:
  void choose_pairs() {
    for (int j = 0; j < count_; ++j) {
      const FingerColumn column = columns_[static_cast<std::size_t>(j)];
      if (column >= kNoPartner) continue;
      const PackedMinutia& a = probe_.minutiae[partner_of(column)];
      const PackedMinutia& b = minutiae_[j];
      pairs_.push_back({partner_of(column), j, column >> 8, a.x_px, -a.y_px, b.x_px, -b.y_px,
                        turn_between(a.direction_steps, b.direction_steps)});
    }
    std::stable_sort(pairs_.begin(), pairs_.end(),
                     [](const Pair& a, const Pair& b) { return a.distance < b.distance; });
    if (pairs_.size() > kVoters) pairs_.resize(kVoters);
    std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) { return a.j < b.j; });
  }

  bool few_codes() const {
    const auto codes = std::count_if(minutiae_, minutiae_ + count_, [](const PackedMinutia& m) {
      return m.code() != PackedMinutia::kNoCode;
    });
    return std::min<std::ptrdiff_t>(codes, probe_.codes) < kFewCodes;
  }

  int agree(std::size_t p, std::size_t q) const {
    const Pair &a = pairs_[p], &b = pairs_[q];
    if (std::abs(turn_between(a.turn, b.turn)) > kMaxTurnSteps) return 0;
    const auto turn = static_cast<std::uint8_t>(a.turn);
    return agreement(static_cast<float>(b.ax - a.ax), static_cast<float>(b.ay - a.ay),
                     static_cast<float>(b.bx - a.bx), static_cast<float>(b.by - a.by),
                     kTurns.cosine[turn], kTurns.sine[turn]);
  }

  int votes(std::size_t p) const {
    int sum = 0;
    for (std::size_t q = 0; q < pairs_.size(); ++q) sum += agree(p, q) * pairs_[q].weight();
    return sum;
  }

  Motion motion_by(std::size_t p) const {
    const Pair& centre = pairs_[p];
    Moments m{};
    float along[kVoters] = {}, across[kVoters] = {};
    for (std::size_t q = 0; q < pairs_.size(); ++q) {
      const Pair& pair = pairs_[q];
      const int weight = agree(p, q) * pair.weight();
      const int ux = pair.ax - centre.ax, uy = pair.ay - centre.ay;
      const int vx = pair.bx - centre.bx, vy = pair.by - centre.by;
      m.weight += weight;
      m.turn += weight * turn_between(centre.turn, pair.turn);
      m.ux += weight * ux, m.uy += weight * uy, m.vx += weight * vx, m.vy += weight * vy;
      const auto fux = static_cast<float>(ux), fuy = static_cast<float>(uy);
      const auto fvx = static_cast<float>(vx), fvy = static_cast<float>(vy);
      const auto turn = static_cast<std::uint8_t>(pair.turn);
      const auto w = static_cast<float>(weight);
      along[q] = w * ((fux * fvx + fuy * fvy) + kLeverPx2 * kTurns.cosine[turn]);
      across[q] = w * ((fux * fvy - fuy * fvx) + kLeverPx2 * kTurns.sine[turn]);
    }
    m.along = sum_of_lanes(along), m.across = sum_of_lanes(across);
    return motion_of(m, centre.ax, centre.ay, centre.bx, centre.by, centre.turn);
  }

  int likelihood(const Motion& motion) const {
    std::vector<int> taken(static_cast<std::size_t>(count_),
                           0);  // what the best that took it counts
    int within = 0;
    for (int i = 0; i < probe_.count; ++i) {
      const PackedMinutia& mine = probe_.minutiae[i];
      const Place place = moved(motion, mine.x_px, -mine.y_px);
      within += frame_.holds(place, kFrameMarginPx) ? 1 : 0;
      int best = 0, partner = -1;
      for (int j = 0; j < count_; ++j) {
        const PackedMinutia& theirs = minutiae_[j];
        const int dx = theirs.x_px - place.x, dy = -theirs.y_px - place.y;
        const int turn =
            turn_between(mine.direction_steps + motion.turn_steps, theirs.direction_steps);
        if (std::abs(dx) > kReachPx || std::abs(dy) > kReachPx || std::abs(turn) > kReachSteps ||
            dx * dx + dy * dy > kReachPx * kReachPx)
          continue;
        const int worth = couple(frame_.height, dx * dx + dy * dy, turn) +
                          codes_say(i, probe_.codes, theirs.code() != PackedMinutia::kNoCode,
                                    columns_[static_cast<std::size_t>(j)], kLikeness);
        if (worth > best) best = worth, partner = j;
      }
      if (partner >= 0) {
        int& kept = taken[static_cast<std::size_t>(partner)];
        kept = std::max(kept, best);
      }
    }
    const auto couples =
        static_cast<int>(std::count_if(taken.begin(), taken.end(), [](int t) { return t > 0; }));
    return std::accumulate(taken.begin(), taken.end(), 0) -
           kMissingCost * std::max(0, within - couples);
  }

  const AlignmentProbe& probe_;
  const PackedMinutia* minutiae_;
  int count_;
  std::vector<FingerColumn> columns_;  // of each minutia
  std::vector<Pair> pairs_;
  Frame frame_;
};

}  // namespace

// The definition, written to be read; the oracle of every twin's test.
void align_prints_reference(const AlignmentProbe& probe, const BlockMinutiae& block,
                            const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                            std::uint16_t* scores) {
  for (int b = 0; b < kBlockPrints; ++b) {
    scores[b] = 0;
    if ((eligible >> b & 1U) == 0) continue;
    const Alignment alignment(probe, block.minutiae + block.starts[b],
                              block.starts[b + 1] - block.starts[b], columns);
    scores[b] = static_cast<std::uint16_t>(alignment.score(least_votes));
  }
}

}  // namespace whorl::kernels
