#include "engine/matchers/local_pairs.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace whorl::matchers {
namespace {

using namespace rules;
static_assert(features::kVectorLength == rules::kVectorLength);

// Steps by which the second print's direction is turned against the first's.
int turn_of(const PreparedPrint& first, const PreparedPrint& second, MinutiaPair p) {
  return turn_between(first.steps[p.first], second.steps[p.second]);
}

}  // namespace

float LocalPairs::similarity(std::size_t a, std::size_t b) const {
  return cosine_of(products_[a * columns_ + b]);
}

void LocalPairs::meet(const PreparedPrint& first, const PreparedPrint& second) {
  columns_ = second.size();
  products_.resize(first.size() * second.size());
  dots_({first.vectors.values.data(), std::ssize(first.at), kernels::kVectorSize},
        {second.vectors.values.data(), std::ssize(second.at), kernels::kVectorSize},
        {products_.data(), std::ssize(first.at), std::ssize(second.at)});
}

const std::vector<RankedPair>& LocalPairs::find(const PreparedPrint& first,
                                                const PreparedPrint& second, int gate_steps) {
  pairs_.clear();
  support_ = 0;
  choose(first, second, gate_steps);
  bind(first, second);
  const std::size_t smaller = std::min(first.size(), second.size());
  relax(smaller);
  const auto counted =
      static_cast<std::size_t>(counted_pairs(static_cast<int>(smaller), comparison_tables()));
  for (std::size_t i = 0; i < pairs_.size() && i < counted; ++i) support_ += pairs_[i].relaxed;
  support_ /= static_cast<float>(counted);  // too few pairs: the missing ones count as nothing
  return pairs_;
}

void LocalPairs::choose(const PreparedPrint& first, const PreparedPrint& second, int gate_steps) {
  candidates_.clear();  // least similar last, ties by first and second: one number a candidate
  for (std::size_t a = 0; a < first.size(); ++a) {
    const std::int32_t* products = &products_[a * columns_];
    for (std::size_t b = 0; b < columns_; ++b) {
      if (products[b] < kLeastProduct) continue;
      if (!within_gate(first.steps[a], second.steps[b], gate_steps)) continue;
      const auto less = static_cast<std::uint64_t>(2 * kFullProduct - products[b]);
      candidates_.push_back(less << 32U | a << 16U | b);
    }
  }
  std::ranges::sort(candidates_);
  first_taken_.assign(first.size(), 0), second_taken_.assign(second.size(), 0);
  for (const std::uint64_t candidate : candidates_) {
    if (pairs_.size() == kMaxPairs) break;
    const auto a = static_cast<std::uint16_t>(candidate >> 16U);
    const auto b = static_cast<std::uint16_t>(candidate);
    if (first_taken_[a] != 0 || second_taken_[b] != 0) continue;
    first_taken_[a] = second_taken_[b] = 1;
    pairs_.push_back({{a, b}, similarity(a, b), similarity(a, b), 0});
  }
}

// Most couples of pairs contradict each other at once; only the rest is looked at with care.
void LocalPairs::bind(const PreparedPrint& first, const PreparedPrint& second) {
  const ComparisonTables& tables = comparison_tables();
  bonds_.clear();
  for (std::size_t t = 0; t < pairs_.size(); ++t) {
    const MinutiaPair p = pairs_[t].pair;
    const int turn = turn_of(first, second, p);
    for (std::size_t k = t + 1; k < pairs_.size(); ++k) {
      const MinutiaPair q = pairs_[k].pair;
      const int other_turn = turn_of(first, second, q);
      const int apart = std::abs(turn_between(turn, other_turn));
      if (apart > kMaxTurnSteps) continue;
      const Point u = first.at[q.first] - first.at[p.first];
      const Point v = second.at[q.second] - second.at[p.second];
      const float to_first = bond(u, v, turn, apart, tables);
      const float to_second = bond(u, v, other_turn, apart, tables);
      if (to_first == 0 && to_second == 0) continue;
      bonds_.push_back(
          {static_cast<std::uint16_t>(t), static_cast<std::uint16_t>(k), to_first, to_second});
    }
  }
}

void LocalPairs::relax(std::size_t smaller) {
  if (pairs_.size() < 2) return;
  const auto voters = static_cast<float>(std::max<std::size_t>(smaller - 1, kLeastVoters));
  for (int round = 0; round < kRounds; ++round) {
    received_.assign(pairs_.size(), 0);
    for (const Bond& bond : bonds_) {
      received_[bond.first] += bond.to_first * pairs_[bond.second].relaxed;
      received_[bond.second] += bond.to_second * pairs_[bond.first].relaxed;
    }
    for (std::size_t t = 0; t < pairs_.size(); ++t) {
      pairs_[t].relaxed = kKeep * pairs_[t].relaxed + (1 - kKeep) * received_[t] / voters;
    }
  }
  for (RankedPair& p : pairs_) p.efficiency = p.relaxed / p.similarity;
  std::ranges::sort(pairs_, [](const RankedPair& a, const RankedPair& b) {
    return std::tuple(-a.efficiency, a.pair.first, a.pair.second) <
           std::tuple(-b.efficiency, b.pair.first, b.pair.second);
  });
}

}  // namespace whorl::matchers
