#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "engine/index/print_owner.h"
#include "kernels/core.h"

namespace whorl::index {

// A place in an index. Valid until the index is compacted.
using Row = Quantity<struct RowTag, std::uint32_t>;

template <class Score>
struct Hit {
  Score score;
  PrintOwner owner;
  Row row;
};

// The k best of all that was offered, exact: higher scores first, equal ones by owner. The order of
// offering does not matter, so parts of a gallery can be searched apart and merged.
template <class Score>
class TopK {
 public:
  explicit TopK(std::size_t k) : k_(k) { WHORL_CHECK(k > 0); }
  std::size_t k() const { return k_; }

  // What a score must reach to have a chance; lets callers skip the owner look-up.
  bool worth(Score score) const { return heap_.size() < k_ || !(score < heap_.front().score); }

  // The least score that still has a chance; nothing while every score has.
  std::optional<Score> least() const {
    return heap_.size() < k_ ? std::nullopt : std::optional(heap_.front().score);
  }

  void offer(const Hit<Score>& hit) {
    if (heap_.size() == k_) {
      if (!better(hit, heap_.front())) return;
      std::ranges::pop_heap(heap_, better);
      heap_.back() = hit;
    } else {
      heap_.push_back(hit);
    }
    std::ranges::push_heap(heap_, better);
  }

  void merge(const TopK& other) {
    for (const auto& hit : other.heap_) offer(hit);
  }

  std::vector<Hit<Score>> sorted() const {
    auto list = heap_;
    std::ranges::sort(list, better);
    return list;
  }

 private:
  static bool better(const Hit<Score>& a, const Hit<Score>& b) {
    if (a.score != b.score) return b.score < a.score;
    return earlier(a.owner, b.owner);
  }

  std::size_t k_;
  std::vector<Hit<Score>> heap_;  // the worst kept one in front
};

}  // namespace whorl::index
