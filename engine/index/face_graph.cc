// A navigable small-world graph (Malkov and Yashunin, IEEE TPAMI 42(4), 2020) over rows of 8-bit
// codes. Every face has links to near ones, one in 32 also on the level above, and so on; a walk
// comes down from the top, and on the lowest level follows the links of whoever is nearest so far.
//
// A walk waits for memory, not for the multiplier: a row of codes is a quarter of its vector, all
// links of a face stand in whole cache lines, both in huge pages, and all rows that a face leads to
// are asked for before the first of them is compared: docs/face-index.md has it beside FAISS's
// graph over the same codes.
#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <unordered_map>

#include "engine/index/face_codes.h"
#include "engine/index/face_shortlist.h"

namespace whorl::index {
namespace {

using Coded = FaceCodeRows::Coded;

struct Near {
  float similarity;
  std::uint32_t row;
};
bool nearer(const Near& a, const Near& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
}
bool farther(const Near& a, const Near& b) { return nearer(b, a); }

class FaceGraph {
 public:
  explicit FaceGraph(const FaceCodeRows& codes) : codes_(codes) {}

  // The last row of the codes, of which every one before is in the graph. Fault::out_of_memory.
  Result<> add(std::uint32_t row);
  // About the `breadth` nearest, in no order.
  std::vector<Near> nearest(const Coded& probe, std::size_t breadth) const;

  std::uint32_t rows() const { return rows_; }
  std::size_t resident_bytes() const;

 private:
  // Links of a face on each level, twice as many on the lowest, and how many of the nearest so far
  // are kept in view while adding: set by the recall they give and the time they take.
  static constexpr std::size_t kLinks = 32, kLowestLinks = 2 * kLinks;
  static constexpr std::size_t kBuildBreadth = 240;
  static constexpr int kMostLevels = 6;

  using Links = std::span<const std::uint32_t>;
  struct Lowest {
    std::array<std::uint32_t, kLowestLinks> rows;
  };
  static_assert(sizeof(Lowest) % 64 == 0, "whole lines of the cache");

  // One in kLinks goes up, and of these again one in kLinks: by the row's own number, so that the
  // same faces in the same order make the same graph.
  static int level_of(std::uint32_t row) {
    std::uint64_t z = (row + std::uint64_t{1}) * 0x9E3779B97F4A7C15U;  // splitmix64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return std::min(std::countl_zero(z ^ z >> 31) / std::countr_zero(kLinks), kMostLevels - 1);
  }

  Coded coded(std::uint32_t row) const { return codes_.row(Row{row}); }
  float similarity(const Coded& probe, std::uint32_t row) const {
    return codes_.similarity(probe, coded(row));
  }
  Lowest& lowest(std::uint32_t row) const { return *lowest_.row(row); }
  Links links(std::uint32_t row, int level) const;
  void set_links(std::uint32_t row, int level, std::span<const Near> to);
  void link_back(std::uint32_t from, int level, const Near& to);

  Near climb(const Coded& probe, Near at, int level) const;
  std::vector<Near> walk(const Coded& probe, const std::vector<Near>& start, std::size_t breadth,
                         int level) const;
  std::vector<Near> diverse(const Coded& own, std::vector<Near> candidates, std::size_t most) const;

  const FaceCodeRows& codes_;
  WideRows<Lowest> lowest_{1};
  std::vector<std::uint8_t> lowest_links_;  // how many a row has
  std::unordered_map<std::uint32_t, std::vector<std::vector<std::uint32_t>>> upper_;  // level 1 ..
  std::uint32_t rows_ = 0, entry_ = 0;
  int top_ = 0;
};

FaceGraph::Links FaceGraph::links(std::uint32_t row, int level) const {
  if (level == 0) return {lowest(row).rows.data(), lowest_links_[row]};
  return upper_.at(row)[static_cast<std::size_t>(level - 1)];
}

void FaceGraph::set_links(std::uint32_t row, int level, std::span<const Near> to) {
  if (level == 0) {
    std::ranges::transform(to, lowest(row).rows.begin(), &Near::row);
    lowest_links_[row] = static_cast<std::uint8_t>(to.size());
    return;
  }
  auto& own = upper_.at(row)[static_cast<std::size_t>(level - 1)];
  own.clear();
  std::ranges::transform(to, std::back_inserter(own), &Near::row);
}

// The nearest row that links lead to step by step.
Near FaceGraph::climb(const Coded& probe, Near at, int level) const {
  for (;;) {
    Near best = at;
    for (const std::uint32_t row : links(at.row, level)) {
      const Near next{similarity(probe, row), row};
      if (nearer(next, best)) best = next;
    }
    if (best.row == at.row) return at;
    at = best;
  }
}

std::vector<Near> FaceGraph::walk(const Coded& probe, const std::vector<Near>& start,
                                  std::size_t breadth, int level) const {
  std::vector<bool> seen(rows_);
  for (const Near& near : start) seen[near.row] = true;
  std::vector<Near> front(start), best(start);  // heaps: the nearest, the farthest first
  std::ranges::make_heap(front, farther), std::ranges::make_heap(best, nearer);
  std::vector<std::uint32_t> fresh;
  while (!front.empty()) {
    std::ranges::pop_heap(front, farther);
    const Near at = front.back();
    front.pop_back();
    if (best.size() >= breadth && nearer(best.front(), at)) break;
    fresh.clear();
    for (const std::uint32_t row : links(at.row, level)) {
      if (seen[row]) continue;
      seen[row] = true;
      codes_.prefetch(Row{row});
      fresh.push_back(row);
    }
    if (level == 0 && !front.empty()) {
      const std::uint32_t next = front.front().row;
      for (std::size_t i = 0; i < kLowestLinks; i += 16) {
        __builtin_prefetch(lowest(next).rows.data() + i);
      }
    }
    for (const std::uint32_t row : fresh) {
      const Near near{similarity(probe, row), row};
      if (best.size() >= breadth) {
        if (!nearer(near, best.front())) continue;
        std::ranges::pop_heap(best, nearer);
        best.back() = near;
      } else {
        best.push_back(near);
      }
      std::ranges::push_heap(best, nearer);
      front.push_back(near);
      std::ranges::push_heap(front, farther);
    }
  }
  return best;
}

// The nearest candidates of which none is nearer to another that was taken than to the face itself:
// links that lead into every direction, not all into one crowd. Copies of the face itself neither
// hide nor are hidden; of them the latest take a quarter of the places at most, so that a crowd of
// copies hangs together and is no island.
std::vector<Near> FaceGraph::diverse(const Coded& own, std::vector<Near> candidates,
                                     std::size_t most) const {
  std::ranges::sort(candidates, nearer);
  const float same = codes_.similarity(own, own);
  const auto others = std::ranges::find_if(
      candidates, [same](const Near& candidate) { return candidate.similarity < same; });
  const auto copies = static_cast<std::size_t>(others - candidates.begin());
  std::vector<Near> kept(others - static_cast<std::ptrdiff_t>(std::min(copies, most / 4)), others);
  const std::size_t first = kept.size();
  for (const Near& candidate : std::span(others, candidates.end())) {
    if (kept.size() == most) break;
    const Coded its = coded(candidate.row);
    const auto hides = [&](const Near& taken) {
      return similarity(its, taken.row) > candidate.similarity;
    };
    if (std::none_of(kept.begin() + static_cast<std::ptrdiff_t>(first), kept.end(), hides))
      kept.push_back(candidate);
  }
  return kept;
}

void FaceGraph::link_back(std::uint32_t from, int level, const Near& to) {
  const Links have = links(from, level);
  if (have.size() < (level == 0 ? kLowestLinks : kLinks)) {
    if (level == 0) {
      lowest(from).rows[lowest_links_[from]++] = to.row;
    } else {
      upper_.at(from)[static_cast<std::size_t>(level - 1)].push_back(to.row);
    }
    return;
  }
  for (const std::uint32_t row : have) codes_.prefetch(Row{row});
  const Coded own = coded(from);
  std::vector<Near> all{to};
  for (const std::uint32_t row : have) all.push_back({similarity(own, row), row});
  set_links(from, level, diverse(own, std::move(all), have.size()));
}

Result<> FaceGraph::add(std::uint32_t row) {
  WHORL_CHECK(row == rows_ && codes_.rows() == std::int64_t{row} + 1);
  WHORL_TRY_VOID(lowest_.append());
  lowest_links_.push_back(0);
  const int level = level_of(row);
  if (level > 0) upper_[row].resize(static_cast<std::size_t>(level));
  if (rows_++ == 0) {
    entry_ = row, top_ = level;
    return {};
  }
  const Coded own = coded(row);
  Near at{similarity(own, entry_), entry_};
  for (int l = top_; l > level; --l) at = climb(own, at, l);
  std::vector<Near> found{at};
  for (int l = std::min(level, top_); l >= 0; --l) {
    found = walk(own, found, kBuildBreadth, l);
    const std::vector<Near> chosen = diverse(own, found, kLinks);
    set_links(row, l, chosen);
    for (const Near& near : chosen) link_back(near.row, l, {near.similarity, row});
  }
  if (level > top_) entry_ = row, top_ = level;
  return {};
}

std::vector<Near> FaceGraph::nearest(const Coded& probe, std::size_t breadth) const {
  if (rows_ == 0) return {};
  Near at{similarity(probe, entry_), entry_};
  for (int l = top_; l > 0; --l) at = climb(probe, at, l);
  return walk(probe, {at}, breadth, 0);
}

std::size_t FaceGraph::resident_bytes() const {
  // A node of the map, its vectors' own memory and the bucket, as libstdc++ lays them out.
  constexpr std::size_t kNodeBytes = 48 + 16 + 8 + 24 + 16;
  return lowest_.resident_bytes() + lowest_links_.capacity() +
         upper_.size() * (kNodeBytes + kLinks * sizeof(std::uint32_t));
}

// Removed faces stay in the graph as zeros, far from every probe; they are still walked through
// where a link leads there.
class GraphShortlist final : public FaceShortlist {
 public:
  GraphShortlist(int dimension, kernels::Backend backend)
      : rows_(dimension, kernels::face_code_dot(backend)), graph_(rows_) {}

  Result<> add(const FaceTable& table, Row row) override {
    WHORL_TRY_VOID(rows_.append({table.vector(row), static_cast<std::size_t>(table.padded())}));
    return graph_.add(row.value());
  }

  Result<> remove(const FaceTable&, Row row) override {
    rows_.wipe(row);
    return {};
  }

  // The graph knows no filter: more are fetched until k are admitted.
  Result<std::optional<std::vector<Row>>> nearest(const FaceTable& table, const float* probe, int k,
                                                  const Admits& admits) const override {
    std::vector<std::int8_t> codes(static_cast<std::size_t>(rows_.codes()));
    const auto terms = kernels::quantise_face(probe, rows_.dimension(), codes.data());
    for (std::int64_t fetch = k + kSpareOfCodes; fetch * kScanShare <= table.rows(); fetch *= 2) {
      std::vector<Near> found = graph_.nearest(
          {codes.data(), terms.scale}, static_cast<std::size_t>(std::max(fetch, kSearchBreadth)));
      std::ranges::sort(found, nearer);
      if (std::ssize(found) > fetch) found.resize(static_cast<std::size_t>(fetch));
      std::vector<Row> rows;
      for (const Near& near : found) {
        if (admits.row(Row{near.row})) rows.push_back(Row{near.row});
      }
      if (std::ssize(rows) >= k) return rows;
    }
    return std::nullopt;
  }

  std::size_t resident_bytes() const override {
    return rows_.resident_bytes() + graph_.resident_bytes();
  }

 private:
  // How many of the nearest so far are kept in view while searching: set by the recall it gives
  // (docs/face-index.md).
  static constexpr std::int64_t kSearchBreadth = 576;
  // Compared exactly beyond k: codes err by a few thousandths.
  static constexpr std::int64_t kSpareOfCodes = 22;
  // Where a filter admits so few that this share of the table had to be fetched, a scan is cheaper.
  static constexpr std::int64_t kScanShare = 16;

  FaceCodeRows rows_;
  FaceGraph graph_;
};

}  // namespace

std::unique_ptr<FaceShortlist> make_hnsw_shortlist(int dimension, kernels::Backend backend) {
  return std::make_unique<GraphShortlist>(dimension, backend);
}

}  // namespace whorl::index
