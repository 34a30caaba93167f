#include "engine/formats/images/wsq_wavelet.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "engine/formats/images/wsq_weighted_sum.h"

namespace whorl::formats::wsq {
namespace {

// --- Filters as sums over two inputs: even and odd samples, or low and high pass

struct Tap {
  int input = 0;  // 0 even samples or low pass, 1 odd samples or high pass
  int shift = 0;  // output n takes input n + shift
  float weight = 0;
};
// The outputs are likewise 0 low pass or even samples, 1 high pass or odd samples.
using Taps = std::array<std::vector<Tap>, 2>;

constexpr int kFarthestShift = kMaxTaps / 4 + 1;
// Samples before and after a row that its filters reach for: one more, for the shorter of two.
constexpr int kMargin = kFarthestShift + 1;

float at_or_zero(const std::vector<float>& half, int index) {
  const auto i = static_cast<std::size_t>(index);
  return i < half.size() ? half[i] : 0.0F;
}

// What sample 2n + d weighs in low[n] or high[n].
float analysis_weight(const FilterBank& bank, bool high, int d) {
  const std::vector<float>& half = high ? bank.high : bank.low;
  if (bank.odd) return at_or_zero(half, std::abs(high ? d - 1 : d));
  if (d <= 0) return at_or_zero(half, -d);
  return high ? -at_or_zero(half, d - 1) : at_or_zero(half, d - 1);
}

// What low[n] or high[n] weighs in sample 2n + d: the other filter, with alternating signs.
float synthesis_weight(const FilterBank& bank, bool high, int d) {
  const std::vector<float>& half = high ? bank.low : bank.high;
  const bool right_of_middle = !bank.odd && d > 0;
  int j = right_of_middle ? d - 1 : -d;
  if (bank.odd) j = std::abs(high ? d - 1 : d);
  const float weight = at_or_zero(half, j);
  return (j % 2 != 0) != (high && right_of_middle) ? -weight : weight;
}

Taps analysis_taps(const FilterBank& bank) {
  Taps taps;
  for (int output = 0; output < 2; ++output) {
    for (int d = -2 * kFarthestShift; d < 2 * kFarthestShift; ++d) {
      const float weight = analysis_weight(bank, output == 1, d);
      const int input = d & 1;
      if (weight != 0)
        taps.at(static_cast<std::size_t>(output)).push_back({input, (d - input) / 2, weight});
    }
  }
  return taps;
}

Taps synthesis_taps(const FilterBank& bank) {
  Taps taps;
  for (int output = 0; output < 2; ++output) {
    for (int input = 0; input < 2; ++input) {
      for (int shift = -kFarthestShift; shift <= kFarthestShift; ++shift) {
        const float weight = synthesis_weight(bank, input == 1, output - 2 * shift);
        if (weight != 0)
          taps.at(static_cast<std::size_t>(output)).push_back({input, shift, weight});
      }
    }
  }
  return taps;
}

// --- Signals beyond their ends

int modulo(int value, int period) { return (value % period + period) % period; }

// The sample that stands at `position` of a signal of `size` samples.
int mirrored_sample(bool odd, int position, int size) {
  if (!odd) {
    const int i = modulo(position, 2 * size);
    return i < size ? i : 2 * size - 1 - i;
  }
  if (size == 1) return 0;
  const int i = modulo(position, 2 * size - 2);
  return i < size ? i : 2 * size - 2 - i;
}

struct Source {
  int index = 0;
  float sign = 1;  // 0: nothing stands there
};

// Where low[n] or high[n] comes from, of a signal of `size` samples. A mirrored signal has mirrored
// passes; for even lengths the high pass changes sign, so that it is 0 where it is its own mirror.
Source mirrored_pass(bool odd, bool high, int n, int size) {
  if (odd) {
    if (size == 1) return {0, high ? 0.0F : 1.0F};
    return {mirrored_sample(true, 2 * n + (high ? 1 : 0), size) / 2, 1};
  }
  const int i = modulo(n, size);
  const int mirror = size - 1 - i;
  if (high && i == mirror) return {0, 0};
  if (i <= mirror) return {i, 1};
  return {mirror, high ? -1.0F : 1.0F};
}

// --- Rows

// One row of the two inputs with their margins, and the sums over it.
class RowFilter {
 public:
  RowFilter(const Taps& taps, int width) : taps_(taps) {
    for (auto& input : inputs_) input.resize(static_cast<std::size_t>(width) / 2 + 1 + 2 * kMargin);
  }
  float* input(int which) { return inputs_[which == 0 ? 0 : 1].data() + kMargin; }

  void sum(int output, float* out, int size) {
    Summands summands;
    for (const Tap& tap : taps_.at(static_cast<std::size_t>(output))) {
      summands.add(input(tap.input) + tap.shift, tap.weight);
    }
    weighted_sum(summands, out, size);
  }

 private:
  const Taps& taps_;
  std::array<std::vector<float>, 2> inputs_;
};

void split_area(const Area& area, bool odd, const Taps& taps, Planes& planes) {
  const Halves x = halves_x(area);
  const Halves y = halves_y(area);
  std::vector<float> mixed(static_cast<std::size_t>(area.width));
  RowFilter filter(taps, area.width);
  const auto split_row = [&](float* to) {
    for (int phase = 0; phase < 2; ++phase) {
      float* const samples = filter.input(phase);
      for (int i = -kMargin; i < area.width / 2 + 1 + kMargin; ++i) {
        const int from = 2 * i + phase;
        const bool inside = from >= 0 && from < area.width;
        samples[i] =
            mixed[static_cast<std::size_t>(inside ? from : mirrored_sample(odd, from, area.width))];
      }
    }
    filter.sum(0, to + x.low_at, x.low_size);
    filter.sum(1, to + x.high_at, x.high_size);
  };
  for (int pass = 0; pass < 2; ++pass) {
    const int rows = pass == 0 ? y.low_size : y.high_size;
    const int first = pass == 0 ? y.low_at : y.high_at;
    for (int n = 0; n < rows; ++n) {
      Summands summands;
      for (const Tap& tap : taps.at(static_cast<std::size_t>(pass))) {
        const int from = mirrored_sample(odd, 2 * (n + tap.shift) + tap.input, area.height);
        summands.add(planes.row(area, from), tap.weight);
      }
      weighted_sum(summands, mixed.data(), area.width);
      split_row(planes.row(area.depth + 1, first + n));
    }
  }
}

// Joins the quarters of an area row by row; `emit(y, even, odd)` takes the samples of a row.
template <class Emit>
void join_area(const Area& area, bool odd, const Taps& taps, const Planes& planes, Emit emit) {
  const Halves x = halves_x(area);
  const Halves y = halves_y(area);
  RowFilter filter(taps, area.width);
  std::array<std::vector<float>, 2> samples;
  for (auto& phase : samples) phase.resize(static_cast<std::size_t>(x.low_size));
  const auto join_columns = [&](int row, int pass, int left, int size) {
    Summands summands;
    for (const Tap& tap : taps.at(static_cast<std::size_t>(row % 2))) {
      const Source from = mirrored_pass(odd, tap.input == 1, row / 2 + tap.shift, area.height);
      if (from.sign == 0) continue;
      const int first = tap.input == 0 ? y.low_at : y.high_at;
      summands.add(planes.row(area.depth + 1, first + from.index) + left, tap.weight * from.sign);
    }
    float* const values = filter.input(pass);
    weighted_sum(summands, values, size);
    for (int n = -kMargin; n < size + kMargin; ++n) {
      if (n == 0) n = size;
      const Source from = mirrored_pass(odd, pass == 1, n, area.width);
      values[n] = from.sign == 0 ? 0.0F : from.sign * values[from.index];
    }
  };
  for (int row = 0; row < area.height; ++row) {
    join_columns(row, 0, x.low_at, x.low_size);
    join_columns(row, 1, x.high_at, x.high_size);
    filter.sum(0, samples[0].data(), x.low_size);
    filter.sum(1, samples[1].data(), x.high_size);
    emit(row, samples[0].data(), samples[1].data());
  }
}

template <class T>
void interleave(const T* even, const T* odd, T* __restrict out, int size) {
  for (int i = 0; i < size / 2; ++i) {
    out[2 * i] = even[i];
    out[2 * i + 1] = odd[i];
  }
  if (size % 2 == 1) out[size - 1] = even[size / 2];
}

// Written so that what is not a number, which hostile tables can make, becomes white.
void to_grey(const float* samples, const Frame& frame, std::uint8_t* __restrict grey, int size) {
  for (int i = 0; i < size; ++i) {
    const float value = samples[i] * frame.scale + frame.middle + 0.5F;
    grey[i] = static_cast<std::uint8_t>(static_cast<int>(std::max(0.0F, std::min(255.0F, value))));
  }
}

}  // namespace

void analyse(const BandTree& tree, const FilterBank& bank, Planes& planes) {
  const Taps taps = analysis_taps(bank);
  for (const Area& area : tree.splits) split_area(area, bank.odd, taps, planes);
}

void synthesise(const BandTree& tree, const FilterBank& bank, const Frame& frame, Planes& planes,
                std::span<std::uint8_t> grey) {
  const Taps taps = synthesis_taps(bank);
  for (std::size_t i = tree.splits.size(); i-- > 1;) {
    const Area& area = tree.splits[i];
    join_area(area, bank.odd, taps, planes, [&](int y, const float* even, const float* odd) {
      interleave(even, odd, planes.row(area, y), area.width);
    });
  }
  const Area& whole = tree.splits.front();
  std::vector<std::uint8_t> even_grey(static_cast<std::size_t>(whole.width));
  std::vector<std::uint8_t> odd_grey(static_cast<std::size_t>(whole.width));
  join_area(whole, bank.odd, taps, planes, [&](int y, const float* even, const float* odd) {
    to_grey(even, frame, even_grey.data(), (whole.width + 1) / 2);
    to_grey(odd, frame, odd_grey.data(), whole.width / 2);
    interleave(even_grey.data(), odd_grey.data(), grey.data() + std::int64_t{y} * whole.width,
               whole.width);
  });
}

}  // namespace whorl::formats::wsq
