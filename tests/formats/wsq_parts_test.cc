// The parts of the WSQ codec: transform against its formula, prefix codes, stored numbers.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/base/random.h"
#include "engine/formats/images/wsq_bands.h"
#include "engine/formats/images/wsq_huffman.h"
#include "engine/formats/images/wsq_quantiser.h"
#include "engine/formats/images/wsq_segments.h"
#include "engine/formats/images/wsq_wavelet.h"
#include "engine/formats/images/wsq_weighted_sum.h"

namespace whorl::formats::wsq {
namespace {

TEST(WsqBands, CoverTheirPictureOnce) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {64, 64}, {65, 97}, {388, 374}}) {
    const BandTree tree = band_tree(width, height);
    std::vector<int> covered(static_cast<std::size_t>(width * height));
    for (const Area& area : tree.bands) {
      for (int y = area.top; y < area.top + area.height; ++y) {
        for (int x = area.left; x < area.left + area.width; ++x) {
          ++covered.at(static_cast<std::size_t>(y * width + x));
        }
      }
    }
    // All but the last four bands, which are the high passes both ways of level 1.
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool travels = x < (width + 1) / 2 || y < (height + 1) / 2;
        EXPECT_EQ(covered.at(static_cast<std::size_t>(y * width + x)), travels ? 1 : 0)
            << x << ", " << y << " of " << width << " x " << height;
      }
    }
  }
}

// The formula of wsq_wavelet.h for odd lengths, in doubles.
double pass(const std::vector<float>& half, const std::vector<double>& x, int centre) {
  const int size = static_cast<int>(x.size());
  const auto at = [&](int i) {
    while (i < 0 || i >= size) i = i < 0 ? -i : 2 * size - 2 - i;
    return x.at(static_cast<std::size_t>(i));
  };
  double sum = double{half.front()} * at(centre);
  for (int k = 1; k < static_cast<int>(half.size()); ++k) {
    sum += double{half.at(static_cast<std::size_t>(k))} * (at(centre - k) + at(centre + k));
  }
  return sum;
}

TEST(WsqWavelet, FirstLevelIsItsFormula) {
  const FilterBank bank = standard_bank();
  for (const int width : {2, 3, 4, 5, 16, 33}) {
    SeededRandom random(3);
    BandTree tree = band_tree(width, 1);
    tree.splits.resize(1);
    Planes planes(width, 1);
    std::vector<double> x;
    for (int i = 0; i < width; ++i) {
      planes.row(0, 0)[i] = static_cast<float>(random.uniform(-100, 100));
      x.push_back(double{planes.row(0, 0)[i]});
    }
    analyse(tree, bank, planes);
    // One row: the vertical low pass of a signal that is constant multiplies it by the sum of taps.
    const double gain = pass(bank.low, {1.0, 1.0}, 0);
    EXPECT_NEAR(gain, std::sqrt(2.0), 1e-6);
    for (int i = 0; i < width; ++i) {
      const int low = (width + 1) / 2;
      const double expected =
          i < low ? pass(bank.low, x, 2 * i) : pass(bank.high, x, 2 * (i - low) + 1);
      EXPECT_NEAR(double{planes.row(1, 0)[i]}, gain * expected, 1e-3) << i << " of " << width;
    }
  }
}

TEST(WsqWavelet, ComesBackWhateverTheSize) {
  const FilterBank banks[] = {standard_bank(),
                              {false, {0.70710678F}, {0.70710678F}},
                              {false, {0.70710678F, 0.08838835F, -0.08838835F}, {0.70710678F}}};
  for (const FilterBank& bank : banks) {
    for (const auto& [width, height] : {std::pair{1, 1}, {2, 1}, {3, 3}, {17, 40}, {71, 130}}) {
      SeededRandom random(5);
      const BandTree tree = band_tree(width, height);
      Planes planes(width, height);
      std::vector<std::uint8_t> grey;
      for (int i = 0; i < width * height; ++i) {
        grey.push_back(static_cast<std::uint8_t>(random.below(256)));
        planes.row(0, i / width)[i % width] = static_cast<float>(grey.back());
      }
      analyse(tree, bank, planes);
      std::vector<std::uint8_t> back(grey.size());
      synthesise(tree, bank, {width, height, 0, 1}, planes, back);
      EXPECT_EQ(back, grey) << width << " x " << height << ", " << bank.low.size();
    }
  }
}

TEST(WsqWeightedSum, AddsAnyNumberOfRows) {
  std::vector<float> rows(static_cast<std::size_t>(kMaxSummands + 40));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i);
  for (int count = 0; count <= kMaxSummands; ++count) {
    Summands summands;
    double weights = 0, weighted = 0;
    for (int i = 0; i < count; ++i) {
      const int weight = i % 5 - 1;
      summands.add(rows.data() + i, static_cast<float>(weight));
      weights += weight;
      weighted += weight * i;
    }
    std::vector<float> out(34, -1.0F);
    weighted_sum(summands, out.data(), 33);
    for (int x = 0; x < 33; ++x) {
      ASSERT_EQ(double{out.at(static_cast<std::size_t>(x))}, weighted + weights * x) << count;
    }
    EXPECT_EQ(out.back(), -1.0F);  // not one further
  }
}

// What is written with codes made for it must be read again; of any shape of histogram.
void expect_read_again(const Histogram& histogram, const std::vector<std::uint8_t>& text) {
  const HuffmanSpec spec = make_huffman_spec(histogram);
  const auto codes = codes_of(spec);
  ByteWriter out;
  BitWriter writer(out);
  for (const std::uint8_t symbol : text) {
    ASSERT_GT(codes[symbol].length, 0);
    EXPECT_NE(codes[symbol].bits, (1U << codes[symbol].length) - 1);  // never all ones
    writer.put(codes[symbol].bits, codes[symbol].length);
  }
  writer.fill_up();
  const HuffmanDecoder decoder(spec);
  BitReader reader(out.view());
  for (const std::uint8_t symbol : text) {
    reader.refill();
    ASSERT_FALSE(reader.at_end());
    const auto found = decoder.find(reader.peek(kLongestCode));
    ASSERT_EQ(found.symbol, symbol);
    ASSERT_EQ(found.length, codes[symbol].length);
    reader.skip(found.length);
  }
  reader.refill();
  EXPECT_TRUE(reader.at_end());
}

TEST(WsqHuffman, OneSymbol) {
  Histogram histogram{};
  histogram[180] = 12;
  expect_read_again(histogram, std::vector<std::uint8_t>(12, 180));
}

TEST(WsqHuffman, AllSymbolsAlike) {
  Histogram histogram{};
  std::vector<std::uint8_t> text;
  for (int i = 0; i < 256; ++i) {
    histogram[static_cast<std::size_t>(i)] = 1;
    text.push_back(static_cast<std::uint8_t>(i));
  }
  expect_read_again(histogram, text);
}

// Fibonacci's numbers make the deepest tree there is: 30 bits without the limit of 16.
TEST(WsqHuffman, DeepTreesAreHeldToSixteenBits) {
  Histogram histogram{};
  std::vector<std::uint8_t> text;
  std::uint32_t a = 1, b = 1;
  for (std::size_t i = 0; i < 30; ++i) {
    histogram[100 + i] = a;
    text.push_back(static_cast<std::uint8_t>(100 + i));
    a = std::exchange(b, a + b);
  }
  const HuffmanSpec spec = make_huffman_spec(histogram);
  EXPECT_EQ(spec.symbols.size(), 30U);
  EXPECT_GT(spec.counts[kLongestCode - 1], 0);
  expect_read_again(histogram, text);
}

TEST(WsqHuffman, NoSymbolNoTable) { EXPECT_TRUE(make_huffman_spec({}).symbols.empty()); }

TEST(WsqHuffman, SeveralTablesInOneSegment) {
  ByteWriter out;
  HuffmanSpec spec;
  spec.counts[0] = 1;
  spec.symbols = {42};
  for (int id = 0; id < kHuffmanTables; ++id) write_huffman_spec(out, id, spec);
  Bytes content;
  constexpr std::size_t kWhole = 22, kHead = 4;
  for (std::size_t at = 0; at < out.size(); at += kWhole) {
    const auto table = out.view().subspan(at + kHead, kWhole - kHead);
    content.insert(content.end(), table.begin(), table.end());
  }
  HuffmanSpecs specs;
  ASSERT_TRUE(read_huffman_specs({0, content}, specs));
  for (const auto& read : specs) {
    ASSERT_TRUE(read);
    EXPECT_EQ(read->symbols, spec.symbols);
  }
}

TEST(WsqSegments, StoredNumbersKeepFourDigits) {
  for (const double value : {0.44, 1.0, 0.001, 10.687, 123.456, 65535.0, 0.1}) {
    EXPECT_NEAR(double{as_stored(value)}, value, value * 1e-4);
    EXPECT_EQ(as_stored(double{as_stored(value)}), as_stored(value));
  }
  EXPECT_EQ(as_stored(0), 0.0F);
}

TEST(WsqSegments, FiltersComeBackAsWritten) {
  const FilterBank bank = standard_bank();
  ByteWriter out;
  write_bank(out, bank);
  const auto read = read_bank({2, out.view().subspan(4)});
  ASSERT_TRUE(read) << describe(read.error());
  for (std::size_t i = 0; i < bank.low.size(); ++i) EXPECT_NEAR(read->low[i], bank.low[i], 1e-8);
  for (std::size_t i = 0; i < bank.high.size(); ++i) EXPECT_NEAR(read->high[i], bank.high[i], 1e-8);
}

TEST(WsqQuantiser, BandsThatDoNotVaryDoNotTravel) {
  Variances variances{};
  variances.fill(1.0);
  for (const Quantiser& band : choose_quantisers(variances, 0.75).bands) EXPECT_EQ(band.bin, 0.0F);
  variances[20] = 400;
  const Quantisers chosen = choose_quantisers(variances, 0.75);
  EXPECT_GT(chosen.bands[20].bin, 0.0F);
  EXPECT_NEAR(chosen.bands[20].zero_bin, 1.2F * chosen.bands[20].bin, 0.01F);
  EXPECT_EQ(chosen.bands[21].bin, 0.0F);
}

TEST(WsqQuantiser, MoreBitsMakeNarrowerBins) {
  Variances variances{};
  variances.fill(900);
  const Quantisers few = choose_quantisers(variances, 0.5), many = choose_quantisers(variances, 2);
  for (std::size_t i = 0; i < kCodedBands; ++i) EXPECT_LT(many.bands[i].bin, few.bands[i].bin);
}

TEST(WsqQuantiser, NumbersOfBinsAreCountedFromTheZeroBin) {
  BandTree tree = band_tree(64, 64);
  Planes planes(64, 64);
  tree.bands[0] = {0, 0, 6, 1, false, false, 0};
  const float samples[] = {0.0F, 0.59F, 0.61F, 1.61F, -0.61F, 1e9F};
  for (int i = 0; i < 6; ++i) planes.row(0, 0)[i] = samples[i];
  Quantisers quantisers;
  quantisers.bands[0] = {1.0F, 1.2F};
  std::vector<std::int32_t> numbers;
  quantise(tree, planes, quantisers, 0, 1, numbers);
  EXPECT_EQ(numbers, (std::vector<std::int32_t>{0, 0, 1, 2, -1, 65535}));
}

}  // namespace
}  // namespace whorl::formats::wsq
