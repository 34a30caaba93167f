#include "engine/features/fingerprint/skeleton.h"

#include <algorithm>
#include <numeric>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr std::int32_t kValleySpeckPx = 18, kRidgeSpeckPx = 30;

// Parts of one value, found run by run, with their sizes.
class Parts {
 public:
  // `diagonal`: whether pixels that touch by a corner belong together.
  Parts(const Bitmap& bitmap, std::uint8_t value, bool diagonal) {
    std::size_t above = 0;  // the first run of the row before
    for (int y = 0; y < bitmap.height(); ++y) {
      const std::size_t begin = runs_.size();
      add_row(bitmap.row(y), bitmap.width(), y, value);
      join(above, begin, diagonal ? 1 : 0);
      above = begin;
    }
  }

  // Sets the pixels of every part of fewer than `least` pixels to `value`.
  void set_small(Bitmap& bitmap, std::int32_t least, std::uint8_t value) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (size_[root(i)] >= least) continue;
      std::fill(bitmap.row(runs_[i].y) + runs_[i].first, bitmap.row(runs_[i].y) + runs_[i].end,
                value);
    }
  }

 private:
  struct Run {
    std::int32_t y, first, end;
  };
  void add_row(const std::uint8_t* row, int width, int y, std::uint8_t value) {
    for (int x = 0; x < width;) {
      if (row[x] != value) {
        ++x;
        continue;
      }
      const int first = x;
      while (x < width && row[x] == value) ++x;
      parent_.push_back(runs_.size());
      runs_.push_back({y, first, x});
      size_.push_back(x - first);
    }
  }
  void join(std::size_t above, std::size_t begin, int corner) {
    for (std::size_t i = begin, j = above; i < runs_.size() && j < begin;) {
      if (runs_[j].first < runs_[i].end + corner && runs_[i].first < runs_[j].end + corner) {
        unite(i, j);
      }
      runs_[i].end < runs_[j].end ? ++i : ++j;
    }
  }
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void unite(std::size_t a, std::size_t b) {
    a = root(a), b = root(b);
    if (a == b) return;
    parent_[a] = b;
    size_[b] += size_[a];
  }

  std::vector<Run> runs_;
  std::vector<std::size_t> parent_;
  std::vector<std::int32_t> size_;  // of a root's part
};

// Rows of 64 pixels a word, with an empty word and row around, so that neighbours always exist.
class Words {
 public:
  explicit Words(const Bitmap& bitmap)
      : words_((bitmap.width() + 63) / 64 + 2),
        rows_(bitmap.height() + 2),
        bits_(static_cast<std::size_t>(words_ * rows_)) {
    for (int y = 1; y + 1 < bitmap.height(); ++y) {
      for (int x = 1; x + 1 < bitmap.width(); ++x) {
        row(y)[x / 64] |= std::uint64_t{bitmap.at(x, y)} << (x % 64);
      }
    }
  }
  std::uint64_t* row(int y) { return bits_.data() + (y + 1) * words_ + 1; }
  int words() const { return words_ - 2; }
  int rows() const { return rows_ - 2; }

 private:
  int words_, rows_;
  std::vector<std::uint64_t> bits_;
};

struct Three {
  std::uint64_t west, middle, east;  // each pixel's neighbours at its own bit
};
Three neighbours(const std::uint64_t* word) {
  return {word[0] << 1U | word[-1] >> 63U, word[0], word[0] >> 1U | word[1] << 63U};
}

// Which pixels of a word go. `north_west` is the half of a pass: first from one side, then from the
// other.
std::uint64_t to_delete(const Three& above, const Three& here, const Three& below,
                        bool north_west) {
  const std::uint64_t n = above.middle, ne = above.east, e = here.east, se = below.east,
                      s = below.middle, sw = below.west, w = here.west, nw = above.west;
  // Exactly one change from valley to ridge around the pixel: taking it away disconnects nothing.
  const std::uint64_t a = ~n & (ne | e), b = ~e & (se | s), c = ~s & (sw | w), d = ~w & (nw | n);
  const std::uint64_t one = ((a ^ b) & ~(c | d)) | ((c ^ d) & ~(a | b));
  // Two or three of four neighbouring pairs hold ridge, whichever way they are paired.
  const auto two_or_more = [](std::uint64_t p, std::uint64_t q, std::uint64_t r, std::uint64_t t) {
    return (p & q) | (r & t) | ((p | q) & (r | t));
  };
  const std::uint64_t p1 = nw | n, p2 = ne | e, p3 = se | s, p4 = sw | w;
  const std::uint64_t q1 = n | ne, q2 = e | se, q3 = s | sw, q4 = w | nw;
  const std::uint64_t enough = two_or_more(p1, p2, p3, p4) & two_or_more(q1, q2, q3, q4);
  const std::uint64_t inner = p1 & p2 & p3 & p4 & q1 & q2 & q3 & q4;
  const std::uint64_t stays = north_west ? (s | sw | ~nw) & w : (n | ne | ~se) & e;
  return here.middle & one & enough & ~inner & ~stays;
}

bool half_pass(Words& words, bool north_west) {
  bool changed = false;
  std::vector<std::uint64_t> above(static_cast<std::size_t>(words.words() + 2)), here(above);
  for (int y = 0; y < words.rows(); ++y) {
    // The row above has lost pixels already: its neighbours are judged by a copy.
    std::copy_n(words.row(y) - 1, here.size(), here.data());
    for (int i = 0; i < words.words(); ++i) {
      const auto k = static_cast<std::size_t>(i) + 1;
      if (here[k] == 0) continue;
      const std::uint64_t gone =
          to_delete(neighbours(above.data() + k), neighbours(here.data() + k),
                    neighbours(words.row(y + 1) + i), north_west);
      words.row(y)[i] &= ~gone;
      changed = changed || gone != 0;
    }
    std::swap(above, here);
  }
  return changed;
}

}  // namespace

Bitmap binarised(const Field& filtered, const Mask& mask) {
  Bitmap out(filtered.width(), filtered.height());
  for (int y = 0; y < out.height(); ++y) {
    const float* from = filtered.row(y);
    const std::uint8_t* inside = mask.row(y / kCellPx);
    std::uint8_t* to = out.row(y);
    for (int x = 0; x < out.width(); ++x) {
      to[x] = static_cast<std::uint8_t>(from[x] > 0 ? inside[x / kCellPx] : 0);
    }
  }
  Parts(out, 0, false).set_small(out, kValleySpeckPx, 1);
  Parts(out, 1, true).set_small(out, kRidgeSpeckPx, 0);
  return out;
}

Bitmap thinned(const Bitmap& ridges) {
  Words words(ridges);
  // Each half pass takes a layer from one side; without the brackets' order both halves would not
  // run.
  for (bool changed = true; changed;) {
    const bool first = half_pass(words, true), second = half_pass(words, false);
    changed = first || second;
  }
  Bitmap out(ridges.width(), ridges.height());
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      out.at(x, y) = static_cast<std::uint8_t>(words.row(y)[x / 64] >> (x % 64) & 1U);
    }
  }
  return out;
}

}  // namespace whorl::features
