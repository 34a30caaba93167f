#include "engine/formats/images/wsq_blocks.h"

#include <algorithm>

#include "engine/formats/images/wsq_symbols.h"

namespace whorl::formats::wsq {
namespace {

constexpr std::size_t kBlocks = 3;
// Of a table and of a block: marker, length, number, and of a table the counts of 16 lengths.
constexpr std::uint64_t kTableHeadBits = 8 * (2 + 2 + 1 + kLongestCode);
constexpr std::int32_t kShortRange = 255, kLongRange = 65535;

// Calls emit(symbol, what follows it) for every symbol, and restart() between intervals.
template <class Emit, class Restart>
void for_each_symbol(const std::vector<std::int32_t>& block, int interval, Emit emit,
                     Restart restart) {
  std::int32_t run = 0;
  const auto end_run = [&] {
    if (run > kShortRange) {
      emit(kRun16, run);
    } else if (run > kLongestShortRun) {
      emit(kRun8, run);
    } else if (run > 0) {
      emit(static_cast<std::uint8_t>(run), 0);
    }
    run = 0;
  };
  int left = interval;
  for (const std::int32_t value : block) {
    if (interval != 0 && left-- == 0) {
      end_run();
      restart();
      left = interval - 1;
    }
    if (value == 0) {
      if (++run == kLongRange) end_run();
      continue;
    }
    end_run();
    const std::int32_t size = std::abs(value);
    const int symbol = value + kZeroSymbol;
    if (symbol >= kFirstCoefficientSymbol && symbol <= kLastCoefficientSymbol) {
      emit(static_cast<std::uint8_t>(symbol), 0);
    } else if (size <= kShortRange) {
      emit(value > 0 ? kPositive8 : kNegative8, size);
    } else {
      emit(value > 0 ? kPositive16 : kNegative16, size);
    }
  }
  end_run();
}

Histogram operator+(Histogram a, const Histogram& b) {
  std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
  return a;
}

struct Costed {
  HuffmanSpec spec;
  std::uint64_t bits = 0;  // of the table and all that it codes
};

Costed table_for(const Histogram& histogram) {
  Costed costed;
  costed.spec = make_huffman_spec(histogram);
  if (costed.spec.symbols.empty()) return costed;
  costed.bits = kTableHeadBits + 8 * costed.spec.symbols.size();
  const auto codes = codes_of(costed.spec);
  for (std::size_t symbol = 0; symbol < codes.size(); ++symbol) {
    costed.bits +=
        std::uint64_t{histogram[symbol]} * (codes[symbol].length + kSymbolTable[symbol].extra_bits);
  }
  return costed;
}

void write_block(ByteWriter& out, const std::vector<std::int32_t>& block, int interval,
                 const HuffmanSpec& spec) {
  const auto codes = codes_of(spec);
  BitWriter bits(out);
  const auto emit = [&](std::uint8_t symbol, std::int32_t extra) {
    bits.put(codes[symbol].bits, codes[symbol].length);
    if (const int width = symbol_of(symbol).extra_bits; width != 0) {
      bits.put(static_cast<std::uint32_t>(extra), width);
    }
  };
  std::uint16_t restarts = 0;
  const auto restart = [&] {
    bits.fill_up();
    out.u16(static_cast<std::uint64_t>(Marker::first_restart) + restarts++ % 8);
  };
  for_each_symbol(block, interval, emit, restart);
  bits.fill_up();
}

}  // namespace

BlockCoder::BlockCoder(const Blocks& blocks, int restart_interval)
    : blocks_(blocks), restart_interval_(restart_interval) {
  std::array<Histogram, kBlocks> histograms{};
  for (std::size_t i = 0; i < kBlocks; ++i) {
    for_each_symbol(
        blocks[i], restart_interval, [&](std::uint8_t symbol, int) { ++histograms[i][symbol]; },
        [] {});
  }
  Costed first = table_for(histograms[0]);
  Costed both = table_for(histograms[1] + histograms[2]);
  Costed second = table_for(histograms[1]);
  Costed third = table_for(histograms[2]);
  const bool share = both.bits <= second.bits + third.bits;
  bits_ = first.bits + (share ? both.bits : second.bits + third.bits);
  table_of_ = {0, 1, share ? 1 : 2};
  tables_ = {std::move(first.spec), share ? std::move(both.spec) : std::move(second.spec),
             share ? HuffmanSpec{} : std::move(third.spec)};
}

void BlockCoder::write(ByteWriter& out) const {
  int written = -1;  // the last table that was
  for (std::size_t i = 0; i < kBlocks; ++i) {
    if (blocks_[i].empty()) continue;
    const int table = table_of_[i];
    const HuffmanSpec& spec = tables_[static_cast<std::size_t>(table)];
    if (table != written) write_huffman_spec(out, table, spec);
    written = table;
    write_block_table(out, table);
    write_block(out, blocks_[i], restart_interval_, spec);
  }
}

}  // namespace whorl::formats::wsq
