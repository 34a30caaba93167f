#pragma once
// Prints as a full comparison takes them, strangers and mates. Needs no test library, so that it
// also compiles on a bare GPU machine.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/print_comparison.h"

namespace whorl::kernels {

class PrintMaker {
 public:
  explicit PrintMaker(std::uint64_t seed) : random_(seed) {}

  struct Print {
    std::vector<ComparedMinutia> minutiae;
    std::vector<std::int8_t> vectors;
  };

  int below(int end) { return static_cast<int>(random_() % static_cast<std::uint64_t>(end)); }

  Print print(int size) {
    Print made;
    for (int i = 0; i < size; ++i) {
      const comparison::Point at = {static_cast<float>(below(250)),
                                    -static_cast<float>(below(300))};
      add(made, at, static_cast<std::uint8_t>(below(256)), {});
    }
    return made;
  }
  // Moved, turned, jittered; some are lost, some are new.
  Print mate(const Print& print) {
    Print made;
    const int turn = below(41) - 20;
    const float angle = static_cast<float>(turn) * comparison::kRadiansPerStep;
    const float c = std::cos(angle), s = std::sin(angle);
    for (std::size_t i = 0; i < print.minutiae.size(); ++i) {
      const ComparedMinutia& m = print.minutiae[i];
      if (below(5) == 0) continue;
      const comparison::Point at = {
          std::round(c * m.at.x - s * m.at.y + 20) + static_cast<float>(below(7) - 3),
          std::round(s * m.at.x + c * m.at.y - 10) + static_cast<float>(below(7) - 3)};
      add(made, at, static_cast<std::uint8_t>(m.steps + turn + below(9) - 4),
          {print.vectors.data() + i * kVectorSize, print.vectors.data() + (i + 1) * kVectorSize});
    }
    const Print more = this->print(1 + below(4));
    made.minutiae.insert(made.minutiae.end(), more.minutiae.begin(), more.minutiae.end());
    made.vectors.insert(made.vectors.end(), more.vectors.begin(), more.vectors.end());
    return made;
  }

  static std::int32_t put(const Print& print, PrintBatch& batch) {
    comparison::Point low = {1e4F, 1e4F}, high = {-1e4F, -1e4F};
    for (const ComparedMinutia& m : print.minutiae) {
      low = {std::min(low.x, m.at.x), std::min(low.y, m.at.y)};
      high = {std::max(high.x, m.at.x), std::max(high.y, m.at.y)};
    }
    const auto size = [](const auto& list) { return static_cast<std::int32_t>(list.size()); };
    const bool flat = print.minutiae.size() < 3;
    const float area = flat ? 0 : (high.x - low.x + 22) * (high.y - low.y + 22);
    batch.prints.push_back({size(batch.minutiae), size(print.minutiae), size(batch.corners),
                            flat ? 0 : 4, comparison::bare_share(size(print.minutiae), area)});
    batch.minutiae.insert(batch.minutiae.end(), print.minutiae.begin(), print.minutiae.end());
    batch.vectors.insert(batch.vectors.end(), print.vectors.begin(), print.vectors.end());
    if (!flat) {
      const comparison::Point corners[] = {low, {high.x, low.y}, high, {low.x, high.y}};
      batch.corners.insert(batch.corners.end(), corners, corners + 4);
    }
    return size(batch.prints) - 1;
  }

 private:
  void add(Print& print, comparison::Point at, std::uint8_t steps,
           const std::vector<std::int8_t>& like) {
    const float angle = static_cast<float>(steps) * comparison::kRadiansPerStep;
    const bool described = below(20) != 0;
    print.minutiae.push_back({at,
                              {std::cos(angle), std::sin(angle)},
                              static_cast<float>(below(5)) / 4,
                              steps,
                              static_cast<std::uint8_t>(described ? 1 : 0),
                              0});
    std::normal_distribution<float> normal;
    std::vector<float> values;
    float squares = 0;
    for (int k = 0; k < kVectorSize; ++k) {
      const float old = like.empty() ? 0 : static_cast<float>(like[static_cast<std::size_t>(k)]);
      values.push_back(normal(random_) + old / 24);
      squares += values.back() * values.back();
    }
    for (const float value : values) {
      const float scaled = value * comparison::kVectorLength / std::sqrt(squares);
      print.vectors.push_back(static_cast<std::int8_t>(
          described ? std::lround(std::clamp(scaled, -127.0F, 127.0F)) : 0));
    }
  }

  std::mt19937_64 random_;
};

// Pairs of up to `most` minutiae on either side: mates, strangers, prints with themselves.
struct ManyPairs {
  PrintBatch batch;
  std::vector<PrintPair> pairs;

  ManyPairs(std::uint64_t seed, int count, int most) {
    PrintMaker maker(seed);
    for (int p = 0; p < count; ++p) {
      const PrintMaker::Print print = maker.print(p == 0 ? most : maker.below(most + 1));
      const std::int32_t first = PrintMaker::put(print, batch);
      PrintMaker::Print other = p % 2 == 0 ? maker.mate(print) : maker.print(maker.below(most + 1));
      other.minutiae.resize(std::min<std::size_t>(other.minutiae.size(), kMaxComparedMinutiae));
      other.vectors.resize(other.minutiae.size() * kVectorSize);
      const std::int32_t second = PrintMaker::put(other, batch);
      pairs.push_back({first, second});
      pairs.push_back({second, first});
      if (p % 8 == 0) pairs.push_back({first, first});
    }
  }
  std::vector<float> expected() const {
    std::vector<float> similarities(pairs.size(), -1);
    compare_prints_reference(batch, pairs.data(), static_cast<std::int64_t>(pairs.size()),
                             similarities.data());
    return similarities;
  }
};

}  // namespace whorl::kernels
