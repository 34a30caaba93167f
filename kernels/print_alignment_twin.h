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

#include "kernels/alignment_lanes.h"

namespace whorl::kernels::alignment {

template <class Vector>
class Aligner {
 public:
  Aligner(const AlignmentProbe& probe, const FingerColumns* columns)
      : probe_(probe), columns_of_block_(columns) {
    for (int i = 0; i < probe.count; ++i) {
      x_[i] = static_cast<float>(probe.minutiae[i].x_px);
      y_[i] = static_cast<float>(-probe.minutiae[i].y_px);
      directions_[i] = probe.minutiae[i].direction_steps;
      real_[i] = -1;
    }
    padded_count_ = (probe.count + kLanes - 1) / kLanes * kLanes;
    for (int i = probe.count; i < padded_count_; ++i)
      x_[i] = y_[i] = 0, directions_[i] = 0, real_[i] = 0;
  }

  int score(const PackedMinutia* minutiae, int count, int least_votes) {
    minutiae_ = minutiae, count_ = count;
    choose_pairs();
    if (pairs_.count == 0) return 0;
    alignas(64) std::int32_t votes[kVoters];
    count_votes(votes);
    const int first = most(votes);
    if (votes[first] < least_votes && !few_codes()) return 0;
    lay_out();
    alignas(64) std::int32_t agreed[kVoters];
    agree_with(first, agreed);
    int best = likelihood(motion_by(first, agreed));
    for (int q = 0; q < kVoters; ++q) votes[q] = agreed[q] >= kSameMotion ? -1 : votes[q];
    const int second = most(votes);
    if (votes[second] >= 0 && (few_codes() || votes[second] >= least_votes)) {
      agree_with(second, agreed);
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
  using Words = typename Vector::Words;

  static const Floats& at(const float* lanes) {
    return *static_cast<const Floats*>(static_cast<const void*>(lanes));
  }
  static const Ints& at(const std::int32_t* lanes) {
    return *static_cast<const Ints*>(static_cast<const void*>(lanes));
  }
  static const Words& at(const std::uint32_t* lanes) {
    return *static_cast<const Words*>(static_cast<const void*>(lanes));
  }
  static Ints& at(std::int32_t* lanes) { return *static_cast<Ints*>(static_cast<void*>(lanes)); }

  bool few_codes() const { return codes_ < kFewCodes || probe_.codes < kFewCodes; }

  static int most(const std::int32_t (&votes)[kVoters]) {
    int best = 0;
    for (int p = 1; p < kVoters; ++p) best = votes[p] > votes[best] ? p : best;
    return best;
  }

  // Copies of members in what follows: a byte that is written could be any of them to the compiler.
  void choose_pairs() {
    const PackedMinutia* const minutiae = minutiae_;
    const FingerColumns* const columns_of_block = columns_of_block_;
    const int count = count_, chunks = (count + kChunk - 1) / kChunk;
    FingerColumn* __restrict columns = columns_;
    std::uint8_t* __restrict distances_to = distances_;
    pairs_.count = 0;
    if (chunks == 0 || columns_of_block == nullptr) return;
    std::memset(distances_ + (chunks - 1) * kChunk, 255, kChunk);
    int codes = 0;
    for (int j = 0; j < count; ++j) {
      const int code = minutiae[j].code();
      const bool coded = code != PackedMinutia::kNoCode;
      const int place = coded ? code : 0;  // without a branch: a print with any code has columns
      const FingerColumn found =
          columns_of_block[place / kernels::kLanes].lanes[place % kernels::kLanes];
      const FingerColumn column = coded ? found : kNoPartner;
      codes += coded ? 1 : 0;
      columns[j] = column;
      distances_to[j] = static_cast<std::uint8_t>(column >> 8);
    }
    codes_ = codes;
    const auto count_below = [&](int limit) {
      int found = 0;
      for (int c = 0; c < chunks; ++c) {
        found += std::popcount(Vector::below(distances_ + c * kChunk, limit));
      }
      return found;
    };
    // The least distance that, taken with all below it, makes pairs enough; kCodeBits / 2 - 1 where
    // there are none.
    int limit = 0;
    for (int step = kCodeBits / 4; step > 0; step /= 2) {
      limit += step * static_cast<int>(count_below(limit + step) < kVoters);
    }
    int spare = kVoters - (limit > 0 ? count_below(limit) : 0);
    for (int c = 0; c < chunks; ++c) {
      const std::uint8_t* distances = distances_ + c * kChunk;
      std::uint64_t chosen = limit > 0 ? Vector::below(distances, limit) : 0;
      std::uint64_t equal = Vector::below(distances, limit + 1) & ~chosen;
      for (; equal != 0 && spare > 0; equal &= equal - 1, --spare) chosen |= equal & -equal;
      for (; chosen != 0; chosen &= chosen - 1) add_pair(c * kChunk + std::countr_zero(chosen));
    }
    for (int q = pairs_.count; q < kVoters; ++q) {
      pairs_.ax[q] = pairs_.ay[q] = pairs_.bx[q] = pairs_.by[q] = 0;
      pairs_.cosine[q] = 1, pairs_.sine[q] = 0;
      pairs_.turn[q] = 0, pairs_.weight[q] = 0;
    }
  }

  void add_pair(int j) {
    const int q = pairs_.count++;
    const int i = partner_of(columns_[j]);
    const PackedMinutia& b = minutiae_[j];
    pairs_.ax[q] = x_[i], pairs_.ay[q] = y_[i];
    pairs_.bx[q] = static_cast<float>(b.x_px), pairs_.by[q] = static_cast<float>(-b.y_px);
    const auto turn = static_cast<std::uint8_t>(b.direction_steps - directions_[i]);
    pairs_.turn[q] = std::uint32_t{turn} * kUpperByte;
    pairs_.weight[q] = kCodeBits / 2 - (columns_[j] >> 8);
    pairs_.cosine[q] = kTurns.cosine[turn], pairs_.sine[q] = kTurns.sine[turn];
  }

  // kLanes agreements at once, negative: comparisons give -1. The formula of agreement(), in the
  // same order. `turned`: how much further the second pair has turned, in the upper bytes.
  static Ints disagreement(const Floats& ux, const Floats& uy, const Floats& vx, const Floats& vy,
                           const Floats& cosine, const Floats& sine, const Words& turned) {
    const Floats d2 = ux * ux + uy * uy, e2 = vx * vx + vy * vy;
    const Floats both = d2 + e2, product = 4 * d2 * e2;
    const Floats widest = kStretchPx2 + kHalfShare2 * both;
    const auto within = [&](const Floats& most2) -> Ints {
      const Floats over = both - most2;
      return over * Vector::size(over) <= product;
    };
    const Floats dot = ux * vx + uy * vy, cross = ux * vy - uy * vx;
    const Floats along = dot * cosine + cross * sine, across = cross * cosine - dot * sine;
    const Ints further = (Ints)turned;
    const Ints open = (Vector::size(across) <= kMaxSlant * along) &
                      (further <= kMaxTurnSteps * static_cast<int>(kUpperByte)) &
                      (further >= -kMaxTurnSteps * static_cast<int>(kUpperByte));
    return (within(widest) + within(widest * 0.25F)) & open;
  }

  // Lanes are the pairs whose motion it is, so that each gathers its own sum.
  void count_votes(std::int32_t (&votes)[kVoters]) const {
    for (int p = 0; p < kVoters; p += kLanes) {
      const Floats ax = at(pairs_.ax + p), ay = at(pairs_.ay + p);
      const Floats bx = at(pairs_.bx + p), by = at(pairs_.by + p);
      const Floats cosine = at(pairs_.cosine + p), sine = at(pairs_.sine + p);
      const Words turn = at(pairs_.turn + p);
      Ints sum = {};
      for (int q = 0; q < pairs_.count; ++q) {
        sum -=
            pairs_.weight[q] * disagreement(pairs_.ax[q] - ax, pairs_.ay[q] - ay, pairs_.bx[q] - bx,
                                            pairs_.by[q] - by, cosine, sine, pairs_.turn[q] - turn);
      }
      at(votes + p) = sum;
    }
    for (int p = pairs_.count; p < kVoters; ++p) votes[p] = -1;
  }

  void agree_with(int p, std::int32_t (&agreed)[kVoters]) const {
    const Floats cosine = pairs_.cosine[p] + Floats{}, sine = pairs_.sine[p] + Floats{};
    for (int q = 0; q < kVoters; q += kLanes) {
      at(agreed + q) =
          -disagreement(at(pairs_.ax + q) - pairs_.ax[p], at(pairs_.ay + q) - pairs_.ay[p],
                        at(pairs_.bx + q) - pairs_.bx[p], at(pairs_.by + q) - pairs_.by[p], cosine,
                        sine, at(pairs_.turn + q) - pairs_.turn[p]);
    }
  }

  Motion motion_by(int p, const std::int32_t (&agreed)[kVoters]) const {
    Moments m{};
    alignas(64) float along[kVoters] = {}, across[kVoters] = {};
    for (int q = 0; q < pairs_.count; ++q) {
      if (agreed[q] == 0) continue;
      const int weight = agreed[q] * pairs_.weight[q];
      const float ux = pairs_.ax[q] - pairs_.ax[p], uy = pairs_.ay[q] - pairs_.ay[p];
      const float vx = pairs_.bx[q] - pairs_.bx[p], vy = pairs_.by[q] - pairs_.by[p];
      m.weight += weight;
      m.turn += weight * steps_of(pairs_.turn[q] - pairs_.turn[p]);
      m.ux += weight * static_cast<int>(ux), m.uy += weight * static_cast<int>(uy);
      m.vx += weight * static_cast<int>(vx), m.vy += weight * static_cast<int>(vy);
      const auto w = static_cast<float>(weight);
      along[q] = w * ((ux * vx + uy * vy) + kLeverPx2 * pairs_.cosine[q]);
      across[q] = w * ((ux * vy - uy * vx) + kLeverPx2 * pairs_.sine[q]);
    }
    m.along = sum_of_lanes(along), m.across = sum_of_lanes(across);
    return motion_of(m, static_cast<int>(pairs_.ax[p]), static_cast<int>(pairs_.ay[p]),
                     static_cast<int>(pairs_.bx[p]), static_cast<int>(pairs_.by[p]),
                     steps_of(pairs_.turn[p]));
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
          const int column = columns_[j], distance = column >> 8;
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
    for (int i = 0; i < padded_count_; i += kLanes) {
      const Floats dx = at(x_ + i) - motion.from_x, dy = at(y_ + i) - motion.from_y;
      const Floats fx = motion.to_x + (motion.cosine * dx - motion.sine * dy);
      const Floats fy = motion.to_y + (motion.sine * dx + motion.cosine * dy);
      const Ints x = Vector::whole_part(fx + (kAway + 0.5F)) - kAway;
      const Ints y = Vector::whole_part(fy + (kAway + 0.5F)) - kAway;
      at(moved_x_ + i) = x, at(moved_y_ + i) = y;
      outside += ((x < frame.left - kFrameMarginPx) | (x > frame.right + kFrameMarginPx) |
                  (y < frame.bottom - kFrameMarginPx) | (y > frame.top + kFrameMarginPx)) &
                 at(real_ + i);
    }
    fill_lowest(moved_x_, kNear.x / 2, lowest_.x);
    fill_lowest(moved_y_, kNear.y / 2, lowest_.y);
    turn_all(directions_, motion.turn_steps, turned_);
    turn_all(directions_, motion.turn_steps - kNear.direction / 2, lowest_.direction);
    int within = probe_.count;
    alignas(64) std::int32_t lanes[kLanes];
    at(lanes) = outside;
    for (const std::int32_t lane : lanes) within += lane;
    return within;
  }
  void fill_lowest(const std::int32_t* __restrict places, int margin,
                   std::uint8_t* __restrict lowest) const {
    const int count = padded_count_;
    for (int i = 0; i < count; ++i) {
      lowest[i] = static_cast<std::uint8_t>((places[i] >> 2) - margin);
    }
  }

  void turn_all(const std::uint8_t* __restrict directions, int steps,
                std::uint8_t* __restrict turned) const {
    const int count = padded_count_;
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
  alignas(64) float x_[kMaxPadded], y_[kMaxPadded];  // of the probe's minutiae; y upwards
  alignas(64) std::uint8_t directions_[kMaxPadded];
  alignas(64) std::int32_t real_[kMaxPadded];  // -1, and 0 in the lanes behind the last
  int padded_count_ = 0;
  // The same after a motion, and the lowest bytes that are near each.
  alignas(64) std::int32_t moved_x_[kMaxPadded], moved_y_[kMaxPadded];
  alignas(64) std::uint8_t turned_[kMaxPadded];
  struct {
    alignas(64) std::uint8_t x[kMaxPadded], y[kMaxPadded], direction[kMaxPadded];
  } lowest_;
  std::uint64_t near_[kChunks][kMaxPadded];     // of each chunk's minutiae, a bit each
  std::uint16_t finders_[kMaxPadded + 1];       // who has anybody near
  alignas(64) std::int32_t taken_[kMaxPadded];  // what the best that took a minutia counts
  const PackedMinutia* minutiae_ = nullptr;     // of the print in hand
  int count_ = 0, codes_ = 0;
  FingerColumn columns_[kMaxPadded];
  alignas(64) std::uint8_t distances_[kMaxPadded];
  Pairs pairs_;
  Chunk chunks_[kChunks];
  Frame frame_;
};

template <class Vector>
void align_prints(const AlignmentProbe& probe, const BlockMinutiae& block,
                  const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                  std::uint16_t* scores) {
  WHORL_CHECK(probe.count <= kMaxPrintMinutiae && probe.codes <= probe.count);
  std::memset(scores, 0, kBlockPrints * sizeof *scores);
  if (eligible == 0) return;
  Aligner<Vector> aligner(probe, columns);
  for (; eligible != 0; eligible &= eligible - 1) {
    const int b = std::countr_zero(eligible);
    const int count = block.starts[b + 1] - block.starts[b];
    scores[b] = static_cast<std::uint16_t>(
        aligner.score(block.minutiae + block.starts[b], count, least_votes));
  }
}

}  // namespace whorl::kernels::alignment
