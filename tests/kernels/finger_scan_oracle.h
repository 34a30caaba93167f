#pragma once
// What a FingerScanner must give, by the reference definitions or, where there is much of it, by
// one of their twins on the CPU. Needs no test library, so that it also compiles on a bare GPU
// machine.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "tests/kernels/random_finger_gallery.h"

namespace whorl::kernels {

// Searches of every kind over one gallery: gates, floors, lists short and long, two eligibilities.
struct FingerSearches {
  std::vector<std::vector<std::uint64_t>> masks;
  std::vector<FingerSearch> all;

  FingerSearches(FingerGalleryMaker& maker, const FingerGallery& gallery, int count) {
    for (int m = 0; m < 2; ++m) masks.push_back(maker.masks(gallery.blocks.size(), m == 0));
    const int gates[] = {45, 0, 128, 7, 32, 127}, keeps[] = {5, 1, 1000, 40};
    for (int s = 0; s < count; ++s) {
      const auto probe = static_cast<std::size_t>(s) % gallery.probes.size();
      FingerSearch search = gallery.probes[probe].view(gates[s % 6]);
      search.eligible = masks[static_cast<std::size_t>(s % 2)].data();
      search.least_votes = s % 3 == 0 ? 0 : 120;
      search.at_least = static_cast<std::uint16_t>(s % 4 == 0 ? 1 : kAlignmentZero / 2);
      search.keep = keeps[s % 4];
      all.push_back(search);
    }
  }
};

// Every eligible print that reaches the floor, and its score.
inline std::map<std::uint32_t, int> expected_scores(const FingerGallery& gallery,
                                                    const FingerSearch& search, FingerScore score,
                                                    Backend backend = Backend::reference) {
  std::map<std::uint32_t, int> all;
  for (std::size_t b = 0; b < gallery.blocks.size(); ++b) {
    const PackedFingers block = gallery.blocks[b].view();
    std::vector<FingerColumns> columns(static_cast<std::size_t>(block.codes.groups) + 1);
    std::uint16_t scores[kBlockPrints] = {};
    const std::uint16_t least = 0;
    score_finger_block(backend)({&search.codes, &least, 1}, block.codes, search.eligible[b],
                                nullptr, columns.data(), scores);
    if (score == FingerScore::alignment) {
      align_prints(backend)(search.minutiae, block.minutiae, columns.data(), search.eligible[b],
                            search.least_votes, scores);
    }
    for (std::uint32_t p = 0; p < kBlockPrints; ++p) {
      if (scores[p] < search.at_least) continue;
      all[static_cast<std::uint32_t>(b) * kBlockPrints + p] = scores[p];
    }
  }
  return all;
}

// What is wrong with a list, or nothing: each of its prints must have its score, and every print
// that belongs there must be there.
inline std::string disagreement(const FingerGallery& gallery, const FingerSearch& search,
                                FingerScore score, const std::vector<FingerCandidate>& list,
                                Backend backend = Backend::reference) {
  const std::map<std::uint32_t, int> all = expected_scores(gallery, search, score, backend);
  std::map<std::uint32_t, int> told;
  for (const FingerCandidate& c : list) {
    const auto found = all.find(c.row);
    const std::string what = "row " + std::to_string(c.row) + " scores " + std::to_string(c.score);
    if (found == all.end()) return what + " and should not be told";
    if (found->second != c.score) return what + " for " + std::to_string(found->second);
    if (!told.emplace(c.row, c.score).second) return what + " twice";
  }
  std::vector<int> ranked;
  for (const auto& [row, value] : all) ranked.push_back(value);
  std::sort(ranked.begin(), ranked.end(), std::greater<>());
  const auto keep = static_cast<std::size_t>(search.keep);
  const int floor = ranked.size() > keep ? ranked[keep - 1] : 0;
  for (const auto& [row, value] : all) {
    if (value >= floor && told.count(row) == 0) {
      return "row " + std::to_string(row) + " of " + std::to_string(value) + " is missing";
    }
  }
  return {};
}

}  // namespace whorl::kernels
