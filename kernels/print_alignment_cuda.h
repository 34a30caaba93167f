#pragma once
// kernels/print_alignment.h for one print and one probe, by one warp; and the code score of
// kernels/finger_block.h from the same columns. For .cu files alone.

#include <cstdint>

#include "kernels/alignment_rules.h"
#include "kernels/finger_columns_cuda.h"

namespace whorl::kernels::device {

constexpr int kRounds = (kMaxPrintMinutiae + kWarp - 1) / kWarp;  // of minutiae over the lanes
constexpr unsigned kNoKey = 0xFFFF;

struct AlignmentTables {
  alignment::TurnTable turns;
  alignment::HeightTable heights;
  alignment::LikenessTable likeness;
};

// What a warp writes down about the print in hand.
struct AlignmentScratch {
  PackedMinutia minutiae[kMaxPrintMinutiae + 1];
  FingerColumn columns[kMaxPrintMinutiae + 1];  // of each minutia
  int taken[kMaxPrintMinutiae + 1];             // what the best that took it counts
  struct Pair {
    std::int16_t ax, ay, bx, by;  // y upwards
    std::int16_t weight, turn;
  } pairs[kVoters];
};

__device__ __forceinline__ int sum_of_warp(int value) {
  for (int step = kWarp / 2; step > 0; step /= 2) value += __shfl_xor_sync(kAllLanes, value, step);
  return value;
}
__device__ __forceinline__ int most_of_warp(int value) {
  for (int step = kWarp / 2; step > 0; step /= 2)
    value = max(value, __shfl_xor_sync(kAllLanes, value, step));
  return value;
}

class WarpAlignment {
 public:
  __device__ WarpAlignment(const AlignmentTables& tables, AlignmentScratch& scratch)
      : tables_(tables), scratch_(scratch) {}

  // Gathers the print's minutiae and their columns. All lanes together, as everything here.
  __device__ void load(const BlockMinutiae& block, int print, const FingerColumn* columns) {
    const int start = block.starts[print];
    count_ = block.starts[print + 1] - start;
    coded_ = 0;
    __syncwarp();
    for (int first = 0; first < count_; first += kWarp) {
      const int j = first + lane_of_warp();
      bool coded = false;
      if (j < count_) {
        const PackedMinutia m = block.minutiae[start + j];
        coded = m.code() != PackedMinutia::kNoCode;
        scratch_.minutiae[j] = m;
        scratch_.columns[j] = coded ? columns[m.code()] : kNoPartner;
      }
      coded_ += __popc(__ballot_sync(kAllLanes, coded));
    }
    __syncwarp();
  }

  // finger_block.h's score: the n codes of least distance.
  __device__ int code_score(int probe_codes, int print_codes) const {
    const int n = pairs_counted(probe_codes, print_codes);
    int limit = 0;  // the most distances below it are at most n
    for (int step = kCodeBits / 4; step > 0; step /= 2) {
      if (below((limit + step) << 8) <= n) limit += step;
    }
    int nearer = 0, sum = 0;
    for (int j = lane_of_warp(); j < count_; j += kWarp) {
      const int column = scratch_.columns[j];
      if (column >= limit << 8) continue;
      nearer += 1, sum += value_of(static_cast<FingerColumn>(column));
    }
    nearer = sum_of_warp(nearer), sum = sum_of_warp(sum);
    // More of distance `limit` than places are left: any of them will do.
    const int filled = min(n - nearer, below((limit + 1) << 8) - nearer);
    sum += filled * value_of(static_cast<FingerColumn>(limit << 8));
    return kScoreUnit * sum / n;
  }

  __device__ int alignment_score(const AlignmentProbe& probe, int least_votes) {
    choose_pairs(probe);
    if (pairs_ == 0) return 0;
    measure_frame();
    const bool all_heard = min(coded_, probe.codes) < kFewCodes;
    const int votes = vote();
    const int lane = lane_of_warp();
    const int rank = lane < pairs_ ? votes * kVoters + (kVoters - 1 - lane) : -1;
    const int first = kVoters - 1 - most_of_warp(rank) % kVoters;
    if (!all_heard && __shfl_sync(kAllLanes, votes, first) < least_votes) return 0;
    int best = likelihood(probe, motion_by(first));
    const bool same = agreement_of(first, lane) >= alignment::kSameMotion;  // asked by all lanes
    const int other_rank = most_of_warp(same ? -1 : rank);
    if (other_rank >= 0 && (all_heard || other_rank / kVoters >= least_votes)) {
      best = max(best, likelihood(probe, motion_by(kVoters - 1 - other_rank % kVoters)));
    }
    return min(max(kAlignmentZero + best, 1), 65535);
  }

 private:
  // How many columns of the print are less.
  __device__ int below(int column) const {
    int count = 0;
    for (int first = 0; first < count_; first += kWarp) {
      const int j = first + lane_of_warp();
      count += __popc(__ballot_sync(kAllLanes, j < count_ && scratch_.columns[j] < column));
    }
    return count;
  }

  // A minutia's place among the possible voters: distance, then its own number.
  __device__ unsigned voter_key(int j) const {
    const FingerColumn column = j < count_ ? scratch_.columns[j] : kNoPartner;
    return column >= kNoPartner ? kNoKey : (column & 0xFF00U) | static_cast<unsigned>(j);
  }

  // Keys differ, so a limit has exactly kVoters below it where there are so many: found bit by bit.
  // Where there are fewer it ends above them all.
  __device__ void choose_pairs(const AlignmentProbe& probe) {
    unsigned keys[kRounds];
#pragma unroll
    for (int r = 0; r < kRounds; ++r) keys[r] = voter_key(r * kWarp + lane_of_warp());
    unsigned limit = 0;
    for (unsigned step = 1U << 14; step > 0; step >>= 1) {
      if (keys_below(keys, limit | step) <= kVoters) limit |= step;
    }
    pairs_ = 0;
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      if (r * kWarp >= count_) break;
      const bool votes = keys[r] < limit;
      const unsigned all = __ballot_sync(kAllLanes, votes);
      if (votes) {
        const unsigned before = all & ((1U << lane_of_warp()) - 1);
        write_pair(probe, pairs_ + __popc(before), r * kWarp + lane_of_warp());
      }
      pairs_ += __popc(all);
    }
    __syncwarp();
  }
  __device__ int keys_below(const unsigned (&keys)[kRounds], unsigned limit) const {
    int count = 0;
#pragma unroll
    for (int r = 0; r < kRounds; ++r) {
      if (r * kWarp >= count_) break;
      count += __popc(__ballot_sync(kAllLanes, keys[r] < limit));
    }
    return count;
  }
  __device__ void write_pair(const AlignmentProbe& probe, int slot, int j) {
    const FingerColumn column = scratch_.columns[j];
    const PackedMinutia a = probe.minutiae[partner_of(column)], b = scratch_.minutiae[j];
    scratch_.pairs[slot] = {
        a.x_px,
        static_cast<std::int16_t>(-a.y_px),
        b.x_px,
        static_cast<std::int16_t>(-b.y_px),
        static_cast<std::int16_t>(kCodeBits / 2 - (column >> 8)),
        static_cast<std::int16_t>(alignment::turn_between(a.direction_steps, b.direction_steps))};
  }

  __device__ void measure_frame() {
    alignment::Frame frame;
    for (int j = lane_of_warp(); j < count_; j += kWarp) {
      frame.add(scratch_.minutiae[j].x_px, -scratch_.minutiae[j].y_px);
    }
    frame.left = -most_of_warp(-frame.left), frame.right = most_of_warp(frame.right);
    frame.bottom = -most_of_warp(-frame.bottom), frame.top = most_of_warp(frame.top);
    frame.finish(count_, tables_.heights);
    frame_ = frame;
  }

  __device__ int agree(int p, int q) const {
    const AlignmentScratch::Pair a = scratch_.pairs[p], b = scratch_.pairs[q];
    if (abs(alignment::turn_between(a.turn, b.turn)) > alignment::kMaxTurnSteps) return 0;
    const auto turn = static_cast<std::uint8_t>(a.turn);
    return alignment::agreement(static_cast<float>(b.ax - a.ax), static_cast<float>(b.ay - a.ay),
                                static_cast<float>(b.bx - a.bx), static_cast<float>(b.by - a.by),
                                tables_.turns.cosine[turn], tables_.turns.sine[turn]);
  }
  // Lanes p and p + 16 share the agreements of others with pair p, two bits each.
  __device__ int vote() {
    const int lane = lane_of_warp(), p = lane % kVoters, from = lane / kVoters * (kVoters / 2);
    agreements_ = 0;
    int votes = 0;
    for (int k = 0; k < kVoters / 2; ++k) {
      const int q = from + k;
      const int agreed = p < pairs_ && q < pairs_ ? agree(p, q) : 0;
      agreements_ |= static_cast<unsigned>(agreed) << (2 * k);
      if (agreed != 0) votes += agreed * scratch_.pairs[q].weight;
    }
    return votes + __shfl_xor_sync(kAllLanes, votes, kVoters);
  }
  // a(p, q), with p the same for all lanes and any q.
  __device__ int agreement_of(int p, int q) const {
    const unsigned low = __shfl_sync(kAllLanes, agreements_, p);
    const unsigned high = __shfl_sync(kAllLanes, agreements_, p + kVoters);
    const int k = q % (kVoters / 2);
    return static_cast<int>((q % kVoters < kVoters / 2 ? low : high) >> (2 * k) & 3U);
  }

  __device__ alignment::Motion motion_by(int p) const {
    const int q = lane_of_warp() % kVoters;
    const bool counts = lane_of_warp() < pairs_;  // lanes 0 .. 15 alone
    const AlignmentScratch::Pair centre = scratch_.pairs[p];
    const AlignmentScratch::Pair pair = counts ? scratch_.pairs[q] : centre;
    const int agreed = agreement_of(p, q);
    const int weight = counts ? agreed * pair.weight : 0;
    const int ux = pair.ax - centre.ax, uy = pair.ay - centre.ay;
    const int vx = pair.bx - centre.bx, vy = pair.by - centre.by;
    const auto fux = static_cast<float>(ux), fuy = static_cast<float>(uy);
    const auto fvx = static_cast<float>(vx), fvy = static_cast<float>(vy);
    const auto turn = static_cast<std::uint8_t>(pair.turn);
    const auto w = static_cast<float>(weight);
    const float along =
        w * ((fux * fvx + fuy * fvy) + alignment::kLeverPx2 * tables_.turns.cosine[turn]);
    const float across =
        w * ((fux * fvy - fuy * fvx) + alignment::kLeverPx2 * tables_.turns.sine[turn]);
    alignment::Moments m;
    m.weight = sum_of_warp(weight);
    m.turn = sum_of_warp(weight * alignment::turn_between(centre.turn, pair.turn));
    m.ux = sum_of_warp(weight * ux), m.uy = sum_of_warp(weight * uy);
    m.vx = sum_of_warp(weight * vx), m.vy = sum_of_warp(weight * vy);
    m.along = sum_of_voters(along), m.across = sum_of_voters(across);
    return alignment::motion_of(m, centre.ax, centre.ay, centre.bx, centre.by, centre.turn);
  }
  // alignment::sum_of_lanes: halves are added, then quarters, and so on. The upper lanes hold
  // zeros and keep out of it.
  __device__ static float sum_of_voters(float value) {
    for (int step = kVoters / 2; step > 0; step /= 2)
      value += __shfl_xor_sync(kAllLanes, value, step);
    return __shfl_sync(kAllLanes, value, 0);
  }

  __device__ int likelihood(const AlignmentProbe& probe, const alignment::Motion& motion) {
    __syncwarp();
    for (int j = lane_of_warp(); j < count_; j += kWarp) scratch_.taken[j] = 0;
    __syncwarp();
    int within = 0;
    for (int i = lane_of_warp(); i < probe.count; i += kWarp) {
      const PackedMinutia mine = probe.minutiae[i];
      const alignment::Place place = alignment::moved(motion, mine.x_px, -mine.y_px);
      within += frame_.holds(place, alignment::kFrameMarginPx) ? 1 : 0;
      take_best(probe, i, place, mine.direction_steps + motion.turn_steps);
    }
    __syncwarp();
    int worth = 0, couples = 0;
    for (int j = lane_of_warp(); j < count_; j += kWarp) {
      worth += scratch_.taken[j], couples += scratch_.taken[j] > 0 ? 1 : 0;
    }
    within = sum_of_warp(within), worth = sum_of_warp(worth), couples = sum_of_warp(couples);
    return worth - alignment::kMissingCost * max(0, within - couples);
  }
  __device__ void take_best(const AlignmentProbe& probe, int i, alignment::Place place,
                            int direction) {
    int best = 0, partner = -1;
    for (int j = 0; j < count_; ++j) {
      const PackedMinutia theirs = scratch_.minutiae[j];
      const int dx = theirs.x_px - place.x, dy = -theirs.y_px - place.y;
      const int turn = alignment::turn_between(direction, theirs.direction_steps);
      if (abs(dx) > alignment::kReachPx || abs(dy) > alignment::kReachPx ||
          abs(turn) > alignment::kReachSteps ||
          dx * dx + dy * dy > alignment::kReachPx * alignment::kReachPx)
        continue;
      const int worth =
          alignment::couple(frame_.height, dx * dx + dy * dy, turn) +
          alignment::codes_say(i, probe.codes, theirs.code() != PackedMinutia::kNoCode,
                               scratch_.columns[j], tables_.likeness);
      if (worth > best) best = worth, partner = j;
    }
    if (partner >= 0) atomicMax(&scratch_.taken[partner], best);
  }

  const AlignmentTables& tables_;
  AlignmentScratch& scratch_;
  int count_ = 0, coded_ = 0, pairs_ = 0;
  unsigned agreements_ = 0;
  alignment::Frame frame_;
};

}  // namespace whorl::kernels::device
