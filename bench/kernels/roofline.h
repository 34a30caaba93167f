#pragma once
// What this core can do at most, measured once in the process that measures the kernels: a share of
// a peak that another machine had would mean nothing.

#include <algorithm>

#include "kernels/backend.h"

namespace whorl::kernels {

// Code pairs a second when nothing but the bit count of a backend runs, from registers:
//   avx512   32 lanes, 16 x (vpxorq, vpopcntw, vpaddw)
//   avx2     16 lanes, 16 x (vpxor, two vpand, vpsrlw, two vpshufb, two vpaddb)
//   amx      16 x 16 pairs, 4 x tdpbsud
//   others   as avx2
double peak_pairs_per_second(Backend backend);

// Products of 16-bit numbers a second, added up in 32 bits, when nothing but vpmaddwd and vpaddd
// run from registers: sixteen products each in AVX2's. 0 for the reference.
double peak_products_per_second(Backend backend);

// tdpbsud a second, four sums taking turns as in the twins. 0 where there are no tiles.
double peak_tile_products_per_second();

double cpu_seconds();  // of this thread

// The best of several: neighbours only ever slow a run down.
template <class Work>
double best_seconds(int times, Work work) {
  double best = 1e9;
  for (int run = 0; run < times; ++run) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

// One thread reading memory far larger than the caches, in order.
double read_bytes_per_second();

}  // namespace whorl::kernels
