#pragma once
// What this core can do at most, measured once in the process that measures the kernels: a share of
// a peak that another machine had would mean nothing.

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

double cpu_seconds();  // of this thread

// One thread reading memory far larger than the caches, in order.
double read_bytes_per_second();

}  // namespace whorl::kernels
