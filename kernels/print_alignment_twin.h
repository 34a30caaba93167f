#pragma once
// What the vector twins of print_alignment share. The voters' lanes are the compiler's vectors, as
// wide as the twin says; minutiae are looked for by the twin's own instructions.
//
// Every function is a template over a twin's `Vector`, a type in that twin's unnamed namespace, as
// in finger_block_twin.h. A Vector gives
//
//   kLanes, Floats, Ints, Words
//       32-bit lanes of its registers, 8 or 16, and the compiler's vectors of so many
//   Ints whole_part(Floats), Floats size(Floats)
//       cut off towards zero; without the sign
//   std::uint64_t below(const std::uint8_t* bytes, int limit)
//       a bit for each of 64 bytes: is it < limit, which is 1 .. 255?
//   void near(const Chunk& chunk, const std::uint8_t* x, y, direction, int count, uint64_t* out)
//       for each of `count` triples of lowest bytes a bit for each of 64 minutiae: is each of its
//       bytes, less the lowest and modulo 256, at most the width of kNear?

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/alignment_votes.h"

namespace whorl::kernels::alignment {

template <class Vector>
class Aligner {
 public:
  Aligner(const AlignmentProbe& probe, const FingerColumns* columns)
      : probe_(probe), columns_of_block_(columns) {
    mine_.codes = probe.codes, mine_.count = probe.count;
    mine_.padded = (probe.count + kLanes - 1) / kLanes * kLanes;
    for (int i = 0; i < probe.count; ++i) {
      mine_.x[i] = static_cast<float>(probe.minutiae[i].x_px);
      mine_.y[i] = static_cast<float>(-probe.minutiae[i].y_px);
      mine_.directions[i] = probe.minutiae[i].direction_steps;
      mine_.real[i] = -1;
    }
    for (int i = probe.count; i < mine_.padded; ++i)
      mine_.x[i] = mine_.y[i] = 0, mine_.directions[i] = 0, mine_.real[i] = 0;
  }

  int score(const PackedMinutia* minutiae, int count, int least_votes) {
    minutiae_ = minutiae, count_ = count;
    if (!Vector::choose(mine_, minutiae, count, columns_of_block_, chosen_))
      choose_pairs<Vector>(mine_, minutiae, count, columns_of_block_, chosen_);
    if (chosen_.pairs.count == 0) return 0;
    alignas(64) std::int32_t votes[kVoters];
    Vector::count_votes(chosen_.pairs, votes);
    const int first = Vector::most(votes);
    if (votes[first] < least_votes && !few_codes()) return 0;
    lay_out();
    alignas(64) std::int32_t agreed[kVoters];
    agree_with<Vector>(chosen_.pairs, first, agreed);
    int best = likelihood(motion_by(first, agreed));
    for (int q = 0; q < kVoters; ++q) votes[q] = agreed[q] >= kSameMotion ? -1 : votes[q];
    const int second = Vector::most(votes);
    if (votes[second] >= 0 && (few_codes() || votes[second] >= least_votes)) {
      agree_with<Vector>(chosen_.pairs, second, agreed);
      const int other = likelihood(motion_by(second, agreed));
      best = other > best ? other : best;
    }
    const int score = kAlignmentZero + best;
    return score < 1 ? 1 : score > 65535 ? 65535 : score;
  }

 private:
  static constexpr int kLanes = Vector::kLanes;
  static_assert(kVoters % kLanes == 0);
  using Floats = typename Vector::Floats;
  using Ints = typename Vector::Ints;

  static const Floats& at(const float* lanes) { return lanes_at<Vector>(lanes); }
  static const Ints& at(const std::int32_t* lanes) { return lanes_at<Vector>(lanes); }
  static Ints& at(std::int32_t* lanes) { return lanes_at<Vector>(lanes); }

  bool few_codes() const { return chosen_.codes < kFewCodes || probe_.codes < kFewCodes; }

  Motion motion_by(int p, const std::int32_t (&agreed)[kVoters]) const {
    const Pairs& pairs = chosen_.pairs;
    Moments m{};
    alignas(64) float along[kVoters] = {}, across[kVoters] = {};
    for (int q = 0; q < pairs.count; ++q) {
      if (agreed[q] == 0) continue;
      const int weight = agreed[q] * pairs.weight[q];
      const float ux = pairs.ax[q] - pairs.ax[p], uy = pairs.ay[q] - pairs.ay[p];
      const float vx = pairs.bx[q] - pairs.bx[p], vy = pairs.by[q] - pairs.by[p];
      m.weight += weight;
      m.turn += weight * steps_of(pairs.turn[q] - pairs.turn[p]);
      m.ux += weight * static_cast<int>(ux), m.uy += weight * static_cast<int>(uy);
      m.vx += weight * static_cast<int>(vx), m.vy += weight * static_cast<int>(vy);
      const auto w = static_cast<float>(weight);
      along[q] = w * ((ux * vx + uy * vy) + kLeverPx2 * pairs.cosine[q]);
      across[q] = w * ((ux * vy - uy * vx) + kLeverPx2 * pairs.sine[q]);
    }
    m.along = sum_of_lanes(along), m.across = sum_of_lanes(across);
    return motion_of(m, static_cast<int>(pairs.ax[p]), static_cast<int>(pairs.ay[p]),
                     static_cast<int>(pairs.bx[p]), static_cast<int>(pairs.by[p]),
                     steps_of(pairs.turn[p]));
  }

  void lay_out() {
    const PackedMinutia* const minutiae = minutiae_;
    const int count = count_;
    Frame frame;
    for (int first = 0; first < count; first += kChunk) {
      Chunk& __restrict chunk = chunks_[first / kChunk];
      const int here = count - first < kChunk ? count - first : kChunk;
      for (int j = 0; j < here; ++j) {
        const PackedMinutia m = minutiae[first + j];
        frame.add(m.x_px, -m.y_px);
        chunk.x[j] = step_of(m.x_px), chunk.y[j] = step_of(-m.y_px);
        chunk.direction[j] = m.direction_steps;
      }
    }
    frame.finish(count, kHeights);
    frame_ = frame;
  }

  // In passes over all the probe's minutiae, so that none waits for what another one finds: where
  // they come to lie, who is near them there, who has anybody, and only then couple by couple.
  int likelihood(const Motion& motion) {
    const int within = move_probe(motion);
    const int chunks = (count_ + kChunk - 1) / kChunk;
    for (int c = 0; c < chunks; ++c) find_near(c);
    std::memset(taken_, 0, sizeof *taken_ * kChunk * static_cast<std::size_t>(chunks));
    const Taken taken = chunks == 1 ? take<1>(chunks) : take<kChunks>(chunks);
    return taken.worth - kMissingCost * (within > taken.couples ? within - taken.couples : 0);
  }

  struct Taken {
    int worth = 0, couples = 0;
  };

  // Nearly every print has one chunk: a loop over chunks would take the registers of the one over
  // couples.
  template <int kMostChunks>
  Taken take(int chunks) {
    const int last = kMostChunks == 1 ? 1 : chunks;
    const PackedMinutia* const minutiae = minutiae_;
    const int height = frame_.height, finders = list_finders(last);
    Taken all;
    for (int f = 0; f < finders; ++f) {
      const int i = finders_[f];
      const int x = moved_x_[i], y = moved_y_[i], turned = turned_[i];
      const int coded = i < probe_.codes ? -1 : 0;
      int best = 0, partner = 0;
      for (int c = 0; c < last; ++c) {
        for (std::uint64_t near = near_[c][i]; near != 0; near &= near - 1) {
          const int j = c * kChunk + std::countr_zero(near);
          const PackedMinutia& b = minutiae[j];
          int dx = b.x_px - x, dy = -b.y_px - y;
          const int here = inside(dx) & inside(dy);  // all ones, or none
          dx &= here, dy &= here;
          const int d2 = dx * dx + dy * dy, reached = here & (d2 - kReachPx * kReachPx - 1) >> 31;
          const int column = chosen_.columns[j], distance = column >> 8;
          const bool named = (column & 255) == i && column < kNoPartner;
          const int other = b.code() != PackedMinutia::kNoCode ? kOtherPartner : 0;
          const int said = (named ? kLikeness.units[distance] : other) & coded;
          const int worth =
              (couple(height, d2, turn_between(turned, b.direction_steps)) + said) & reached;
          partner = worth > best ? j : partner;
          best = worth > best ? worth : best;
        }
      }
      const int before = taken_[partner], gain = best > before ? best - before : 0;
      all.couples += static_cast<int>(before == 0) & static_cast<int>(gain > 0);
      all.worth += gain;
      taken_[partner] = before + gain;
    }
    return all;
  }

  // Whose near masks hold anybody.
  int list_finders(int chunks) {
    std::uint16_t* __restrict finders = finders_;
    const int probes = probe_.count;
    int count = 0;
    for (int i = 0; i < probes; ++i) {
      std::uint64_t any = near_[0][i];
      for (int c = 1; c < chunks; ++c) any |= near_[c][i];
      finders[count] = static_cast<std::uint16_t>(i);
      count += any != 0 ? 1 : 0;
    }
    return count;
  }

  // Where the probe's minutiae come to lie: moved(), in the same order. How many within the frame.
  int move_probe(const Motion& motion) {
    constexpr int kAway = 1 << 16;  // as whole() has it
    const Frame frame = frame_;
    Ints outside = {};
    for (int i = 0; i < mine_.padded; i += kLanes) {
      const Floats dx = at(mine_.x + i) - motion.from_x, dy = at(mine_.y + i) - motion.from_y;
      const Floats fx = motion.to_x + (motion.cosine * dx - motion.sine * dy);
      const Floats fy = motion.to_y + (motion.sine * dx + motion.cosine * dy);
      const Ints x = Vector::whole_part(fx + (kAway + 0.5F)) - kAway;
      const Ints y = Vector::whole_part(fy + (kAway + 0.5F)) - kAway;
      at(moved_x_ + i) = x, at(moved_y_ + i) = y;
      outside += ((x < frame.left - kFrameMarginPx) | (x > frame.right + kFrameMarginPx) |
                  (y < frame.bottom - kFrameMarginPx) | (y > frame.top + kFrameMarginPx)) &
                 at(mine_.real + i);
    }
    fill_lowest(moved_x_, kNear.x / 2, lowest_.x);
    fill_lowest(moved_y_, kNear.y / 2, lowest_.y);
    turn_all(mine_.directions, motion.turn_steps, turned_);
    turn_all(mine_.directions, motion.turn_steps - kNear.direction / 2, lowest_.direction);
    int within = probe_.count;
    alignas(64) std::int32_t lanes[kLanes];
    at(lanes) = outside;
    for (const std::int32_t lane : lanes) within += lane;
    return within;
  }
  void fill_lowest(const std::int32_t* __restrict places, int margin,
                   std::uint8_t* __restrict lowest) const {
    const int count = mine_.padded;
    for (int i = 0; i < count; ++i) {
      lowest[i] = static_cast<std::uint8_t>((places[i] >> 2) - margin);
    }
  }

  void turn_all(const std::uint8_t* __restrict directions, int steps,
                std::uint8_t* __restrict turned) const {
    const int count = mine_.padded;
    for (int i = 0; i < count; ++i) turned[i] = static_cast<std::uint8_t>(directions[i] + steps);
  }

  void find_near(int c) {
    Vector::near(chunks_[c], lowest_.x, lowest_.y, lowest_.direction, probe_.count, near_[c]);
    const int left = count_ - c * kChunk;
    if (left >= kChunk) return;
    const std::uint64_t there = (std::uint64_t{1} << left) - 1;
    std::uint64_t* near = near_[c];
    const int probes = probe_.count;
    for (int i = 0; i < probes; ++i) near[i] &= there;
  }

  const AlignmentProbe& probe_;
  const FingerColumns* columns_of_block_;
  ProbeLanes mine_;
  // Its minutiae after a motion, and the lowest bytes that are near each.
  alignas(64) std::int32_t moved_x_[kMaxPadded], moved_y_[kMaxPadded];
  alignas(64) std::uint8_t turned_[kMaxPadded];
  struct {
    alignas(64) std::uint8_t x[kMaxPadded], y[kMaxPadded], direction[kMaxPadded];
  } lowest_;
  std::uint64_t near_[kChunks][kMaxPadded];     // of each chunk's minutiae, a bit each
  std::uint16_t finders_[kMaxPadded + 1];       // who has anybody near
  alignas(64) std::int32_t taken_[kMaxPadded];  // what the best that took a minutia counts
  const PackedMinutia* minutiae_ = nullptr;     // of the print in hand
  int count_ = 0;
  Electorate chosen_;
  Chunk chunks_[kChunks];
  Frame frame_;
};

template <class Vector>
void align_prints(const AlignmentProbe& probe, const BlockMinutiae& block,
                  const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                  std::uint16_t* scores) {
  WHORL_CHECK(probe.count <= kMaxPrintMinutiae && probe.codes <= probe.count);
  std::memset(scores, 0, kBlockPrints * sizeof *scores);
  Aligner<Vector> aligner(probe, columns);
  for (; eligible != 0; eligible &= eligible - 1) {
    const int b = std::countr_zero(eligible);
    const int count = block.starts[b + 1] - block.starts[b];
    scores[b] = static_cast<std::uint16_t>(
        aligner.score(block.minutiae + block.starts[b], count, least_votes));
  }
}

}  // namespace whorl::kernels::alignment
