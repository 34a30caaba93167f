#pragma once
// Galleries of prints with codes and minutiae, some of them moved copies of the probes with errors.
// Needs no test library, so that it also compiles on a bare GPU machine.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/accelerator.h"
#include "tests/kernels/random_finger_block.h"

namespace whorl::kernels {

struct PlacedCode {
  ProbeCode code;
  PackedMinutia minutia;  // without a code where it has none
  bool coded;
};
using Print = std::vector<PlacedCode>;

class OwnedProbePrint {
 public:
  explicit OwnedProbePrint(Print print) {
    std::stable_sort(print.begin(), print.end(), [](const PlacedCode& a, const PlacedCode& b) {
      return a.coded != b.coded ? a.coded
                                : a.coded && a.code.direction_steps < b.code.direction_steps;
    });
    for (const PlacedCode& p : print) {
      if (p.coded) codes_.push_back(p.code);
      minutiae_.push_back(p.minutia);
    }
  }
  FingerSearch view(int gate_steps) const {
    const auto codes = static_cast<int>(codes_.size());
    FingerSearch search;
    search.codes = {codes_.data(), codes, gate_steps};
    search.minutiae = {minutiae_.data(), codes, static_cast<int>(minutiae_.size())};
    return search;
  }

 private:
  std::vector<ProbeCode> codes_;
  std::vector<PackedMinutia> minutiae_;
};

// A block in one piece of memory, as the index packs it.
class OwnedFingers {
 public:
  OwnedFingers(const std::vector<Print>& prints, std::int64_t spare_groups) {
    std::vector<OwnedBlock::Code> codes;
    std::vector<std::size_t> order;  // of the codes, as the block sorts them
    std::vector<PackedMinutia> minutiae;
    std::vector<std::size_t> minutia_of;
    std::uint16_t starts[kBlockPrints + 1] = {};
    for (std::size_t b = 0; b < kBlockPrints; ++b) {
      starts[b] = static_cast<std::uint16_t>(minutiae.size());
      for (std::size_t i = 0; b < prints.size() && i < prints[b].size(); ++i) {
        const PlacedCode& p = prints[b][i];
        minutiae.push_back(p.minutia);
        minutiae.back().code_and_kind = PackedMinutia::kNoCode;
        if (!p.coded) continue;
        minutia_of.push_back(minutiae.size() - 1);
        codes.push_back({p.code, static_cast<std::uint8_t>(b)});
      }
    }
    starts[kBlockPrints] = static_cast<std::uint16_t>(minutiae.size());
    for (std::size_t c = 0; c < codes.size(); ++c) order.push_back(c);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return codes[a].code.direction_steps != codes[b].code.direction_steps
                 ? codes[a].code.direction_steps < codes[b].code.direction_steps
                 : codes[a].print < codes[b].print;
    });
    for (std::size_t c = 0; c < order.size(); ++c) {
      minutiae[minutia_of[order[c]]].code_and_kind = static_cast<std::uint16_t>(c | 0x4000U);
    }
    pack(OwnedBlock(std::move(codes), spare_groups).view(), minutiae, starts);
  }

  PackedFingers view() const { return view_; }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  template <class T>
  const T* add(const T* from, std::size_t count) {
    auto* to = reinterpret_cast<std::byte*>(memory_.get()) + used_;
    if (count > 0) std::memcpy(to, from, count * sizeof(T));
    used_ += (count * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<const T*>(to);
  }
  void pack(const FingerBlock& block, const std::vector<PackedMinutia>& minutiae,
            const std::uint16_t (&starts)[kBlockPrints + 1]) {
    const auto lanes = static_cast<std::size_t>(block.groups * kLanes);
    const std::size_t bytes =
        lanes * (2 * kCodeWords + 2) + minutiae.size() * sizeof(PackedMinutia);
    memory_ = std::shared_ptr<Line[]>(new Line[bytes / 64 + 16]);
    view_.codes = block;
    view_.codes.planes = add(block.planes, lanes * kCodeWords);
    view_.minutiae.minutiae = add(minutiae.data(), minutiae.size());
    view_.codes.directions = add(block.directions, lanes);
    view_.codes.prints = add(block.prints, lanes);
    view_.codes.print_sizes = add(block.print_sizes, std::size_t{kBlockPrints});
    view_.minutiae.starts = add(starts, std::size_t{kBlockPrints + 1});
    view_.bytes = memory_[0].bytes;
    view_.size = static_cast<std::int64_t>(used_);
  }

  std::shared_ptr<Line[]> memory_;  // copies share it, as it is never changed
  std::size_t used_ = 0;
  PackedFingers view_;
};

struct FingerGallery {
  std::vector<OwnedProbePrint> probes;
  std::vector<OwnedFingers> blocks;
};

class FingerGalleryMaker {
 public:
  explicit FingerGalleryMaker(std::uint64_t seed) : codes_(seed) {}

  // Prints of up to `most` minutiae; every fifth a copy of a probe.
  FingerGallery gallery(int blocks, int probes, int most) {
    std::vector<Print> people;
    for (int p = 0; p < probes; ++p) people.push_back(person(most));
    FingerGallery made;
    for (const Print& print : people) made.probes.emplace_back(print);
    for (int b = 0; b < blocks; ++b) {
      std::vector<Print> prints(
          static_cast<std::size_t>(b == 0 ? kBlockPrints : 1 + codes_.below(kBlockPrints)));
      for (std::size_t k = 0; k < prints.size(); ++k) {
        prints[k] = k % 5 == 2 ? copy(people[k % people.size()]) : person(codes_.below(most + 1));
      }
      made.blocks.emplace_back(prints, codes_.below(2));
    }
    return made;
  }
  // Full blocks of strangers with `minutiae` each.
  FingerGallery full_gallery(int blocks, int probes, int minutiae) {
    FingerGallery made;
    for (int p = 0; p < probes; ++p) made.probes.emplace_back(person(minutiae));
    for (int b = 0; b < blocks; ++b) {
      std::vector<Print> prints;
      for (int k = 0; k < kBlockPrints; ++k) prints.push_back(person(minutiae));
      made.blocks.emplace_back(prints, 0);
    }
    return made;
  }
  std::vector<std::uint64_t> masks(std::size_t blocks, bool all) {
    std::vector<std::uint64_t> made(blocks, ~std::uint64_t{0});
    for (std::uint64_t& mask : made) mask = all ? mask : codes_.bits();
    return made;
  }

 private:
  static constexpr int kFrame = 400;
  Print person(int minutiae) {
    Print made;
    for (int i = 0; i < minutiae; ++i) {
      PlacedCode p{codes_.code(), {}, codes_.below(9) != 0};
      place(p, codes_.below(kFrame), codes_.below(kFrame), codes_.below(256));
      made.push_back(p);
    }
    return made;
  }
  static void place(PlacedCode& p, int x, int y, int direction) {
    p.minutia = {static_cast<std::int16_t>(std::clamp(x, 0, kMaxPlace)),
                 static_cast<std::int16_t>(std::clamp(y, 0, kMaxPlace)),
                 static_cast<std::uint8_t>(direction), 0, PackedMinutia::kNoCode};
    p.code.direction_steps = p.minutia.direction_steps;
  }
  // The same finger again: turned, moved, bent a little, some lost and some changed.
  Print copy(const Print& of) {
    const int steps = codes_.below(60) - 30;
    const double turn = steps * 0.024543692606;
    const int shift_x = codes_.below(60) - 30, shift_y = codes_.below(60) - 30;
    Print made;
    for (PlacedCode p : of) {
      if (codes_.below(5) == 0) continue;
      const double x = p.minutia.x_px - kFrame / 2, y = kFrame / 2 - p.minutia.y_px;
      const double to_x = x * std::cos(turn) - y * std::sin(turn);
      const double to_y = x * std::sin(turn) + y * std::cos(turn);
      place(p, kFrame / 2 + shift_x + static_cast<int>(to_x) + codes_.below(9) - 4,
            kFrame / 2 + shift_y - static_cast<int>(to_y) + codes_.below(9) - 4,
            p.minutia.direction_steps + steps + codes_.below(13) - 6);
      for (int flips = codes_.below(60); flips > 0; --flips) {
        auto& word = p.code.words[codes_.below(kCodeWords)];
        word = static_cast<std::uint16_t>(word ^ 1U << codes_.below(16));
      }
      unsigned bits = 0;
      for (const unsigned word : p.code.words) bits += static_cast<unsigned>(std::popcount(word));
      p.code.popcount = static_cast<std::uint16_t>(bits);
      made.push_back(p);
    }
    return made;
  }

  FingerBlockMaker codes_;
};

}  // namespace whorl::kernels
