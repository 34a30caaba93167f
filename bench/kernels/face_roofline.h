#pragma once
// What this core can do at most with bytes, measured in the process that measures the face kernels.

#include <cstdint>

#include "kernels/backend.h"

namespace whorl::kernels {

// Products of bytes a second, added up in 32 bits, when nothing but these instructions run, from
// registers. 0 for the reference.
//   avx2     32 of vpsignb, vpmaddubsw, vpmaddwd, vpaddd
//   avx512   64 of vpdpbusd
//   amx      16384 of tdpbsud
double peak_byte_products_per_second(Backend backend);

// One thread reading these very bytes, in order, once: the best of several times.
double read_bytes_per_second(const std::uint8_t* const* pieces, std::int64_t count,
                             std::int64_t piece_bytes);

}  // namespace whorl::kernels
