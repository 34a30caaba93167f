#pragma once
// Blocks and probes of awkward shapes for the twins' tests: empty prints and full ones, padding,
// gaps between the prints' numbers, near copies that score high and complements that score below
// nothing. Needs no test library, so that it also compiles on a bare GPU machine.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/finger_block.h"

namespace whorl::kernels {

struct OwnedProbe {
  std::vector<ProbeCode> codes;
  int gate_steps = 32;

  FingerProbe view() const { return {codes.data(), static_cast<int>(codes.size()), gate_steps}; }
};

class OwnedBlock {
 public:
  struct Code {
    ProbeCode code;
    std::uint8_t print;
  };

  // Sorts, pads with `spare_groups` more groups than needed, and lays the planes out.
  OwnedBlock(std::vector<Code> codes, std::int64_t spare_groups) {
    std::stable_sort(codes.begin(), codes.end(), [](const Code& a, const Code& b) {
      return a.code.direction_steps != b.code.direction_steps
                 ? a.code.direction_steps < b.code.direction_steps
                 : a.print < b.print;
    });
    const auto count = static_cast<std::int64_t>(codes.size());
    groups_ = (count + kLanes - 1) / kLanes + spare_groups;
    const auto lanes = static_cast<std::size_t>(groups_ * kLanes);
    planes_.resize(lanes * kCodeWords / kLanes);
    directions_.resize(
        lanes, static_cast<std::uint8_t>(codes.empty() ? 0 : codes.back().code.direction_steps));
    prints_.resize(lanes, kNoPrint);
    for (std::size_t i = 0; i < codes.size(); ++i) place(codes[i], i);
    codes_ = count;
  }

  FingerBlock view() const {
    return {groups_,
            codes_,
            planes_.empty() ? nullptr : planes_.front().lanes,
            directions_.data(),
            prints_.data(),
            print_sizes_};
  }

 private:
  void place(const Code& code, std::size_t i) {
    const std::size_t group = i / kLanes, lane = i % kLanes;
    for (std::size_t w = 0; w < kCodeWords; ++w) {
      planes_[group * kCodeWords + w].lanes[lane] = code.code.words[w];
    }
    directions_[i] = static_cast<std::uint8_t>(code.code.direction_steps);
    prints_[i] = code.print;
    ++print_sizes_[code.print];
  }

  std::int64_t groups_ = 0, codes_ = 0;
  struct alignas(64) Plane {
    std::uint16_t lanes[kLanes];
  };
  std::vector<Plane> planes_;
  std::vector<std::uint8_t> directions_, prints_;
  std::uint8_t print_sizes_[kBlockPrints] = {};
};

// What one call of a twin writes, with a margin after each that it must leave alone.
class Answers {
 public:
  Answers(int probes, const FingerBlock& block)
      : columns_(static_cast<std::size_t>(probes * block.groups) + 1),
        scores_(static_cast<std::size_t>(probes) * kBlockPrints + 1, kUntouched) {
    for (FingerColumns& group : columns_) std::fill(group.lanes, group.lanes + kLanes, kUntouched);
  }

  FingerColumns* columns() { return columns_.data(); }
  std::uint16_t* scores() { return scores_.data(); }
  std::uint16_t score(int probe, int print) const {
    return scores_[static_cast<std::size_t>(probe * kBlockPrints + print)];
  }
  FingerColumn column(int probe, std::int64_t groups, std::int64_t code) const {
    return columns_[static_cast<std::size_t>(probe * groups + code / kLanes)].lanes[code % kLanes];
  }
  bool margins_untouched() const {
    return scores_.back() == kUntouched &&
           std::all_of(columns_.back().lanes, columns_.back().lanes + kLanes,
                       [](FingerColumn c) { return c == kUntouched; });
  }
  bool operator==(const Answers& other) const {
    return scores_ == other.scores_ &&
           std::equal(columns_.begin(), columns_.end(), other.columns_.begin(),
                      other.columns_.end(), [](const FingerColumns& a, const FingerColumns& b) {
                        return std::equal(a.lanes, a.lanes + kLanes, b.lanes);
                      });
  }

 private:
  static constexpr std::uint16_t kUntouched = 0xABCD;
  std::vector<FingerColumns> columns_;
  std::vector<std::uint16_t> scores_;
};

// Draws from one generator, whose raw numbers are the same with every standard library.
class FingerBlockMaker {
 public:
  explicit FingerBlockMaker(std::uint64_t seed) : random_(seed) {}

  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }
  std::uint64_t bits() { return random_(); }

  ProbeCode code() {
    ProbeCode made{};
    for (auto& word : made.words) word = static_cast<std::uint16_t>(random_());
    made.direction_steps = static_cast<std::uint16_t>(below(256));
    return counted(made);
  }

  OwnedProbe probe(int count, int gate_steps) {
    OwnedProbe made{{}, gate_steps};
    for (int i = 0; i < count; ++i) made.codes.push_back(code());
    std::stable_sort(made.codes.begin(), made.codes.end(),
                     [](const ProbeCode& a, const ProbeCode& b) {
                       return a.direction_steps < b.direction_steps;
                     });
    return made;
  }

  // `sizes` [at most 64]: codes of each print, 0 .. 255. Some codes resemble one of the probe's.
  OwnedBlock block(const std::vector<int>& sizes, const OwnedProbe& probe,
                   std::int64_t spare_groups) {
    std::vector<OwnedBlock::Code> codes;
    for (std::size_t print = 0; print < sizes.size(); ++print) {
      for (int i = 0; i < sizes[print]; ++i) {
        codes.push_back({probe.codes.empty() || below(3) != 0 ? code() : relative(probe),
                         static_cast<std::uint8_t>(print)});
      }
    }
    return OwnedBlock(std::move(codes), spare_groups);
  }

 private:
  static ProbeCode counted(ProbeCode code) {
    unsigned sum = 0;
    for (const unsigned word : code.words) sum += static_cast<unsigned>(std::popcount(word));
    code.popcount = static_cast<std::uint16_t>(sum);
    return code;
  }
  // A probe code with a few bits changed, or all of them.
  ProbeCode relative(const OwnedProbe& probe) {
    ProbeCode made = probe.codes[random_() % probe.codes.size()];
    const unsigned turned = below(8) == 0 ? 0xFFFFU : 0;
    for (auto& word : made.words) word = static_cast<std::uint16_t>(word ^ turned);
    for (int flips = below(40); flips > 0; --flips) {
      auto& word = made.words[below(kCodeWords)];
      word = static_cast<std::uint16_t>(word ^ 1U << below(16));
    }
    made.direction_steps = static_cast<std::uint16_t>((made.direction_steps + below(80)) % 256);
    return counted(made);
  }

  std::mt19937_64 random_;
};

}  // namespace whorl::kernels
