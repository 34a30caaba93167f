#include "engine/formats/images/wsq_quantiser.h"

#include <algorithm>
#include <cmath>

namespace whorl::formats::wsq {
namespace {

// Numbers of the standard's part 3.
constexpr double kLeastVariance = 1.01;    // bands that vary less do not travel
constexpr double kBlankVariance = 20'000;  // of bands 0 .. 3 together: the middle is nearly blank
constexpr int kLowestBands = 4;            // 0 .. 3, whose bins do not follow their variance
constexpr double kBinsPerDeviation = 10;
constexpr double kZeroBin = 1.2;  // times the other bins
constexpr double kSpread = 5;     // deviations that a bin must not cover
constexpr double kLoading = 2.5;

// Below so many coefficients a variance says little of a band, and a band's mean is not known to
// be 0 but must travel: the mean square is taken. Ours; the standard is silent on small pictures.
constexpr std::int64_t kFewCoefficients = 64;
// Narrower bins are of no use: 8-bit pictures are exact long before. Ours; it keeps the numbers of
// bins of band 0, at most 4096 / 0.1, within the 16 bits that the largest symbols carry.
constexpr double kNarrowestBin = 0.1;
constexpr float kMostBins = 65535.0F;

// Bands 52 .. 59 are seen less.
double visibility(int band) {
  constexpr std::array<double, 8> kFinest = {1.32, 1.08, 1.42, 1.08, 1.32, 1.42, 1.08, 1.08};
  return band < kBlockBands[2] ? 1.0 : kFinest.at(static_cast<std::size_t>(band - kBlockBands[2]));
}

// The part of the picture's coefficients that lies in a band.
double share(int band) {
  if (band < kLowestBands) return 1.0 / 1024;
  return band < kBlockBands[2] - 1 ? 1.0 / 256 : 1.0 / 16;
}

double variance(const Area& area, const Planes& planes) {
  const std::int64_t count = std::int64_t{area.width} * area.height;
  if (count == 0) return 0;
  double sum = 0, squares = 0;
  for (int y = 0; y < area.height; ++y) {
    const float* const row = planes.row(area, y);
    for (int x = 0; x < area.width; ++x) {
      sum += double{row[x]};
      squares += double{row[x]} * double{row[x]};
    }
  }
  const auto n = static_cast<double>(count);
  return count < kFewCoefficients ? squares / n : (squares - sum * sum / n) / (n - 1);
}

Area middle(const Area& area) {
  Area inner = area;
  inner.left += area.width / 8;
  inner.width = area.width * 3 / 4;
  inner.top += area.height * 9 / 32;
  inner.height = area.height * 7 / 16;
  return std::int64_t{inner.width} * inner.height < kFewCoefficients ? area : inner;
}

// The factor that brings the bins to the rate. Where one would cover its band's whole spread, the
// rate model is wrong for it: it is left out and the rate shared among the others.
double common_factor(const Variances& variances, const Variances& bins, double rate) {
  std::vector<int> counted;
  for (int band = 0; band < kCodedBands; ++band) {
    if (bins[static_cast<std::size_t>(band)] > 0) counted.push_back(band);
  }
  double factor = 1;
  while (!counted.empty()) {
    double shares = 0, logs = 0;
    for (const int band : counted) {
      const auto b = static_cast<std::size_t>(band);
      shares += share(band);
      logs += share(band) * std::log2(std::sqrt(variances[b]) / bins[b]);
    }
    factor = std::exp2(rate / shares - 1 - logs / shares) / kLoading;
    const auto covered = [&](int band) {
      const auto b = static_cast<std::size_t>(band);
      return bins[b] / factor >= kSpread * std::sqrt(variances[b]);
    };
    const auto left = std::remove_if(counted.begin(), counted.end(), covered);
    if (left == counted.end()) break;
    counted.erase(left, counted.end());
  }
  return factor;
}

}  // namespace

Variances band_variances(const BandTree& tree, const Planes& planes) {
  Variances variances{};
  double lowest = 0;
  for (std::size_t band = 0; band < kCodedBands; ++band) {
    variances[band] = variance(middle(tree.bands[band]), planes);
    if (band < kLowestBands) lowest += variances[band];
  }
  if (lowest >= kBlankVariance) return variances;
  for (std::size_t band = 0; band < kCodedBands; ++band) {
    variances[band] = variance(tree.bands[band], planes);
  }
  return variances;
}

Quantisers choose_quantisers(const Variances& variances, double rate) {
  Variances bins{};
  for (int band = 0; band < kCodedBands; ++band) {
    const auto b = static_cast<std::size_t>(band);
    if (variances[b] < kLeastVariance) continue;
    bins[b] =
        band < kLowestBands ? 1 : kBinsPerDeviation / (visibility(band) * std::log(variances[b]));
  }
  const double factor = common_factor(variances, bins, rate);
  Quantisers quantisers;
  for (std::size_t band = 0; band < kCodedBands; ++band) {
    if (bins[band] == 0) continue;
    const double bin = std::max(bins[band] / factor, kNarrowestBin);
    quantisers.bands[band] = {as_stored(bin), as_stored(bin * kZeroBin)};
  }
  return quantisers;
}

void quantise(const BandTree& tree, const Planes& planes, const Quantisers& quantisers, int first,
              int last, std::vector<std::int32_t>& into) {
  for (int band = first; band < last; ++band) {
    const Quantiser quantiser = quantisers.bands[static_cast<std::size_t>(band)];
    const Area& area = tree.bands[static_cast<std::size_t>(band)];
    if (quantiser.bin == 0 || area.width == 0) continue;
    const float half_zero_bin = quantiser.zero_bin / 2;
    const float bins_per_unit = 1 / quantiser.bin;
    for (int y = 0; y < area.height; ++y) {
      const float* const row = planes.row(area, y);
      const std::size_t at = into.size();
      into.resize(at + static_cast<std::size_t>(area.width));
      std::int32_t* const to = into.data() + at;
      for (int x = 0; x < area.width; ++x) {
        const float beyond = std::fabs(row[x]) - half_zero_bin;
        const float number = std::min(beyond * bins_per_unit + 1.0F, kMostBins);
        const auto size = static_cast<std::int32_t>(beyond > 0 ? number : 0.0F);
        to[x] = row[x] < 0 ? -size : size;
      }
    }
  }
}

}  // namespace whorl::formats::wsq
