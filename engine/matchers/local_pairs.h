#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/matchers/minutia_field.h"
#include "kernels/backend.h"

namespace whorl::matchers {

struct MinutiaPair {
  std::uint16_t first = 0, second = 0;  // indices into the two templates
};

struct RankedPair {
  MinutiaPair pair;
  float similarity = 0;  // of the two codes, 0 .. 1
  float relaxed = 0;     // after its neighbours had their say
  float efficiency = 0;  // relaxed / similarity: how well the others support it
};

// Pairs of minutiae with similar neighbourhoods, and how well each fits the others.
//
// 1. similarity(a, b) = 1 - 2 hamming / bits, for directions within the gate.
// 2. A one-to-one choice of the most similar (greedy: equals the optimal assignment in accuracy).
// 3. Relaxation: five rounds in which each pair takes half its value from the pairs that agree with
//    it in distance, relative direction and bearing.
// Source: Cappelli, Ferrara, Maltoni, Tistarelli, "MCC: a baseline algorithm for fingerprint
// verification in FVC-onGoing", ICARCV 2010 (LGS, LGS-R and their constants).
class LocalPairs {
 public:
  explicit LocalPairs(kernels::Backend backend) : hamming_(kernels::hamming(backend)) {}

  // Best supported first. Empty when either side has no codes.
  const std::vector<RankedPair>& find(const FingerTemplate& first, const MinutiaField& first_field,
                                      const FingerTemplate& second,
                                      const MinutiaField& second_field);
  // Mean relaxed similarity of the best supported n pairs, where n grows with the smaller template.
  float support() const { return support_; }

 private:
  void choose(const FingerTemplate& first, const FingerTemplate& second);
  void relax(const MinutiaField& first, const MinutiaField& second);

  kernels::Hamming hamming_;
  std::vector<std::uint16_t> distances_;
  struct Scored {
    std::uint16_t distance, first, second;
  };
  std::vector<Scored> scored_;
  std::vector<RankedPair> pairs_;
  std::vector<float> agreement_, next_;
  float support_ = 0;
};

}  // namespace whorl::matchers
