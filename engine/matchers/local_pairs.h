#pragma once

#include <cstdint>
#include <vector>

#include "engine/matchers/prepared_print.h"
#include "kernels/backend.h"

namespace whorl::matchers {

struct MinutiaPair {
  std::uint16_t first = 0, second = 0;  // indices into the two prints

  bool operator==(const MinutiaPair&) const = default;
};

struct RankedPair {
  MinutiaPair pair;
  float similarity = 0;  // of the two neighbourhoods, 0 .. 1
  float relaxed = 0;     // after its neighbours had their say
  float efficiency = 0;  // relaxed / similarity: how well the others support it
};

// No gate: a half turn.
inline constexpr int kAnyGateSteps = rules::kStepsPerTurn / 2;

// Pairs of minutiae with similar neighbourhoods, and how well each fits the others.
//
// 1. similarity(a, b) = cosine of the two vectors, for directions within the gate.
// 2. A one-to-one choice of the most similar (greedy: equals the optimal assignment in accuracy).
// 3. Relaxation: five rounds in which each pair takes half its value from the pairs that agree with
//    it in distance, relative direction and bearing.
// Source: Cappelli, Ferrara, Maltoni, Tistarelli, "MCC: a baseline algorithm for fingerprint
// verification in FVC-onGoing", ICARCV 2010 (LGS, LGS-R and their constants).
class LocalPairs {
 public:
  explicit LocalPairs(kernels::Backend backend) : dots_(kernels::vector_dots(backend)) {}

  // The cosines of all neighbourhoods of two prints: what follows is about these two.
  void meet(const PreparedPrint& first, const PreparedPrint& second);
  // Best supported first. Empty when either side has no described minutia. Directions of a pair are
  // turned by `gate_steps` at most.
  const std::vector<RankedPair>& find(const PreparedPrint& first, const PreparedPrint& second,
                                      int gate_steps);
  // Mean relaxed similarity of the best supported n pairs, where n grows with the smaller print.
  float support() const { return support_; }
  // Cosine of the neighbourhoods of any two minutiae of the two prints.
  float similarity(std::size_t a, std::size_t b) const;

 private:
  // How strongly two chosen pairs vouch for each other: by what `second` gives `first` and back.
  struct Bond {
    std::uint16_t first, second;
    float to_first, to_second;
  };
  void choose(const PreparedPrint& first, const PreparedPrint& second, int gate_steps);
  void bind(const PreparedPrint& first, const PreparedPrint& second);
  void relax(std::size_t smaller);

  kernels::VectorDots dots_;
  std::vector<std::int32_t> products_;  // [first, second]
  std::size_t columns_ = 0;
  std::vector<std::uint64_t> candidates_;
  std::vector<char> first_taken_, second_taken_;
  std::vector<RankedPair> pairs_;
  std::vector<Bond> bonds_;
  std::vector<float> received_;
  float support_ = 0;
};

}  // namespace whorl::matchers
