#pragma once
// What the symbols of a block mean: IAFIS-IC-0110 (V3.1), table A.5.
//
//   1 .. 100     so many zeroes             107 .. 254   the coefficient symbol - 180
//   101, 102     a coefficient above 0, below 0: its size in 8 bits follows
//   103, 104     likewise in 16 bits
//   105, 106     zeroes: how many follows in 8, in 16 bits

#include <array>
#include <cstdint>

namespace whorl::formats::wsq {

struct Symbol {
  enum class Kind : std::uint8_t { none, run, positive, negative, coefficient };
  Kind kind = Kind::none;
  std::uint8_t extra_bits = 0;
  std::int16_t value = 0;  // of a run or coefficient without extra bits
};

inline constexpr int kLongestShortRun = 100;
inline constexpr int kFirstCoefficientSymbol = 107, kLastCoefficientSymbol = 254;
inline constexpr int kZeroSymbol = 180;
inline constexpr std::uint8_t kPositive8 = 101, kNegative8 = 102, kPositive16 = 103,
                              kNegative16 = 104, kRun8 = 105, kRun16 = 106;

constexpr std::array<Symbol, 256> make_symbols() {
  std::array<Symbol, 256> symbols{};
  for (int i = 1; i <= kLongestShortRun; ++i) {
    symbols[static_cast<std::size_t>(i)] = {Symbol::Kind::run, 0, static_cast<std::int16_t>(i)};
  }
  for (int i = kFirstCoefficientSymbol; i <= kLastCoefficientSymbol; ++i) {
    symbols[static_cast<std::size_t>(i)] = {Symbol::Kind::coefficient, 0,
                                            static_cast<std::int16_t>(i - kZeroSymbol)};
  }
  symbols[kPositive8] = {Symbol::Kind::positive, 8, 0};
  symbols[kNegative8] = {Symbol::Kind::negative, 8, 0};
  symbols[kPositive16] = {Symbol::Kind::positive, 16, 0};
  symbols[kNegative16] = {Symbol::Kind::negative, 16, 0};
  symbols[kRun8] = {Symbol::Kind::run, 8, 0};
  symbols[kRun16] = {Symbol::Kind::run, 16, 0};
  return symbols;
}
inline constexpr std::array<Symbol, 256> kSymbolTable = make_symbols();

constexpr const Symbol& symbol_of(std::uint8_t code) { return kSymbolTable[code]; }

}  // namespace whorl::formats::wsq
