// Written for machines with AMX and proven without: tests/kernels runs this very source with the
// tile instructions emulated. Distances as a matrix product of signed by unsigned bytes:
//
//     A[i][k] = bit k of probe code i set ? -64 : 64,  B[k][j] = bit k of gallery code j set ? 4 :
//     0 sum over k of A * B = 256 * (popcount(j) - 2 * popcount(i AND j))
//
// so a sum that starts at 256 * popcount(i) + i ends at 256 * distance + i: the column itself. Rows
// are the codes of all probes of the batch by direction, 16 a tile; a gallery group is 2 x 16
// columns, unpacked from its planes once for all rows within reach.

#include <immintrin.h>

#include "kernels/amx_tiles.h"
#include "kernels/finger_block_avx512.h"
#include "kernels/finger_block_twin.h"

namespace whorl::kernels {
namespace {

// With fewer probes unpacking costs more than tiles save (measured on Sapphire Rapids by a
// prototype: 3.6 against 5.1 million comparisons a second for one probe, 7.3 against 6.1 for four).
constexpr int kFewestProbes = 4;

constexpr int kDepth = kCodeBits / kTileBytes;  // tiles along the bits of a code
constexpr int kSides = 2;                       // tiles across the lanes of a group
constexpr int kMaxRows = 1024;                  // of one pass: 336 kB a thread
constexpr int kMaxRowTiles = kMaxRows / kTileRows;
static_assert(kMaxRows >= kMaxProbeCodes, "a probe fits in a pass");
static_assert(kSides * kTileRows == kLanes);

struct alignas(64) Tile {
  std::uint8_t bytes[kTileSize];
};

// Where a row came from and whom it may meet: directions within `width` of `lowest`.
struct Row {
  std::uint8_t probe, lowest, width;
};

struct Rows {
  int count = 0;
  int gate_steps = 0;         // the widest
  std::uint16_t starts[257];  // first row whose direction is at least this
  Row rows[kMaxRows];
  Tile codes[kMaxRowTiles][kDepth];
  Tile first_sums[kMaxRowTiles];
  Tile sums[2][kSides];
  Tile group[kDepth][kSides];
};

int tiles_of(int rows) { return (rows + kTileRows - 1) / kTileRows; }

void place(const FingerProbe& probe, int number, int code, int at, Rows& rows) {
  const ProbeCode& from = probe.codes[code];
  const int tile = at / kTileRows, row = at % kTileRows;
  rows.rows[at] = {static_cast<std::uint8_t>(number),
                   static_cast<std::uint8_t>(from.direction_steps - probe.gate_steps),
                   static_cast<std::uint8_t>(twin::smaller(2 * probe.gate_steps, 255))};
  for (int d = 0; d < kDepth; ++d) {
    std::uint64_t bits;
    std::memcpy(&bits, from.words + d * kTileBytes / 16, sizeof bits);
    const __m512i weights =
        _mm512_mask_blend_epi8(bits, _mm512_set1_epi8(64), _mm512_set1_epi8(-64));
    _mm512_store_si512(rows.codes[tile][d].bytes + row * kTileBytes, weights);
  }
  _mm512_store_si512(rows.first_sums[tile].bytes + row * kTileBytes,
                     _mm512_set1_epi32(from.popcount << 8 | code));
}

// Sorts the codes of all probes by direction; what stands behind the last row is left as it was.
void arrange(const FingerProbe* probes, int probe_count, Rows& rows) {
  std::memset(rows.starts, 0, sizeof rows.starts);
  rows.count = rows.gate_steps = 0;
  for (int p = 0; p < probe_count; ++p) {
    rows.gate_steps = twin::larger(rows.gate_steps, probes[p].gate_steps);
    rows.count += probes[p].count;
    for (int i = 0; i < probes[p].count; ++i) ++rows.starts[probes[p].codes[i].direction_steps + 1];
  }
  for (int d = 0; d < 256; ++d) {
    rows.starts[d + 1] = static_cast<std::uint16_t>(rows.starts[d + 1] + rows.starts[d]);
  }
  std::uint16_t next[256];
  std::memcpy(next, rows.starts, sizeof next);
  for (int p = 0; p < probe_count; ++p) {
    for (int i = 0; i < probes[p].count; ++i) {
      place(probes[p], p, i, next[probes[p].codes[i].direction_steps]++, rows);
    }
  }
}

// Tiles of a group, one bit a byte: row r of depth d holds bits 4 * (r % 4) .. + 3 of word 4 * d +
// r / 4. Columns are dealt to the two sides by fours, so that packing their sums puts lanes in
// order.
void unpack(const std::uint16_t* planes, Tile (&group)[kDepth][kSides]) {
  const __m512i low_bits = _mm512_set1_epi32(0x08040201);
  const __m512i nibbles[2] = {low_bits, _mm512_slli_epi32(low_bits, 4)};
  for (int side = 0; side < kSides; ++side) {
    alignas(64) std::uint8_t sources[kTileBytes];
    for (int n = 0; n < kTileRows; ++n) {
      const int lane = n / 4 * 8 + side * 4 + n % 4;
      for (int j = 0; j < 4; ++j) sources[4 * n + j] = static_cast<std::uint8_t>(2 * lane);
    }
    const __m512i lower = _mm512_load_si512(sources);
    const __m512i upper = _mm512_add_epi8(lower, _mm512_set1_epi8(1));
    for (int w = 0; w < kCodeWords; ++w) {
      const __m512i plane = _mm512_loadu_si512(planes + w * kLanes);
      const __m512i halves[2] = {_mm512_permutexvar_epi8(lower, plane),
                                 _mm512_permutexvar_epi8(upper, plane)};
      std::uint8_t* row = group[w / 4][side].bytes + w % 4 * 4 * kTileBytes;
      for (const __m512i half_word : halves) {
        for (const __m512i& bits : nibbles) {
          const __mmask64 set = _mm512_test_epi8_mask(half_word, bits);
          _mm512_store_si512(row, _mm512_maskz_set1_epi8(set, 4));
          row += kTileBytes;
        }
      }
    }
  }
}

// Registers: 0 .. 3 sums, by row tile and side; 4, 5 probe codes; 6, 7 the group.
template <int kTiles>
void multiply(Tiles& tiles, Rows& rows, int first) {
  const Tile* start = rows.first_sums + first;
  tiles.load<0>(start[0].bytes);
  tiles.load<1>(start[0].bytes);
  if constexpr (kTiles == 2) tiles.load<2>(start[1].bytes);
  if constexpr (kTiles == 2) tiles.load<3>(start[1].bytes);
  for (int d = 0; d < kDepth; ++d) {
    tiles.load<6>(rows.group[d][0].bytes);
    tiles.load<7>(rows.group[d][1].bytes);
    tiles.load<4>(rows.codes[first][d].bytes);
    tiles.add_products<0, 4, 6>();
    tiles.add_products<1, 4, 7>();
    if constexpr (kTiles == 2) tiles.load<5>(rows.codes[first + 1][d].bytes);
    if constexpr (kTiles == 2) tiles.add_products<2, 5, 6>();
    if constexpr (kTiles == 2) tiles.add_products<3, 5, 7>();
  }
  tiles.store<0>(rows.sums[0][0].bytes);
  tiles.store<1>(rows.sums[0][1].bytes);
  if constexpr (kTiles == 2) tiles.store<2>(rows.sums[1][0].bytes);
  if constexpr (kTiles == 2) tiles.store<3>(rows.sums[1][1].bytes);
}

// Packing saturates, so that a distance of 256 does not wrap to 0.
void fold_tile(const Rows& rows, int tile, const Tile (&sums)[kSides], const FingerBlock& block,
               std::int64_t g, FingerColumns* columns) {
  const __m256i directions = _mm256_loadu_si256(half(block.directions + g * kLanes));
  const int end = twin::smaller(kTileRows, rows.count - tile * kTileRows);
  for (int r = 0; r < end; ++r) {
    const Row& row = rows.rows[tile * kTileRows + r];
    const __m512i found = _mm512_packus_epi32(_mm512_load_si512(sums[0].bytes + r * kTileBytes),
                                              _mm512_load_si512(sums[1].bytes + r * kTileBytes));
    const __m256i turn =
        _mm256_sub_epi8(directions, _mm256_set1_epi8(static_cast<char>(row.lowest)));
    const __mmask32 open =
        _mm256_cmple_epu8_mask(turn, _mm256_set1_epi8(static_cast<char>(row.width)));
    std::uint16_t* lanes = columns[row.probe * block.groups + g].lanes;
    const __m512i best = _mm512_load_si512(lanes);
    _mm512_store_si512(lanes, _mm512_mask_min_epu16(best, open, best, found));
  }
}

// All row tiles that hold a direction between the two steps, two at a time.
void fold_run(Tiles& tiles, Rows& rows, int lowest_steps, int highest_steps,
              const FingerBlock& block, std::int64_t g, FingerColumns* columns) {
  const int first = rows.starts[lowest_steps] / kTileRows;
  const int last = tiles_of(rows.starts[highest_steps + 1]);
  int tile = first;
  for (; tile + 2 <= last; tile += 2) {
    multiply<2>(tiles, rows, tile);
    fold_tile(rows, tile, rows.sums[0], block, g, columns);
    fold_tile(rows, tile + 1, rows.sums[1], block, g, columns);
  }
  if (tile < last) {
    multiply<1>(tiles, rows, tile);
    fold_tile(rows, tile, rows.sums[0], block, g, columns);
  }
}

void fold_group(Tiles& tiles, Rows& rows, const FingerBlock& block, std::int64_t g,
                FingerColumns* columns) {
  unpack(block.planes + g * kCodeWords * kLanes, rows.group);
  const int low = block.directions[g * kLanes] - rows.gate_steps;
  const int high = block.directions[g * kLanes + kLanes - 1] + rows.gate_steps;
  if (high - low >= 255) return fold_run(tiles, rows, 0, 255, block, g, columns);
  if (low < 0) fold_run(tiles, rows, low + 256, 255, block, g, columns);
  fold_run(tiles, rows, twin::larger(low, 0), twin::smaller(high, 255), block, g, columns);
  if (high > 255) fold_run(tiles, rows, 0, high - 256, block, g, columns);
}

void fold_probes(const FingerProbe* probes, int count, const FingerBlock& block,
                 twin::Fetch<Selection512>& fetch, FingerColumns* columns) {
  alignas(64) static thread_local Rows rows;
  Tiles tiles;
  arrange(probes, count, rows);
  for (std::int64_t g = 0; g < block.groups; ++g) {
    fetch.step();
    fold_group(tiles, rows, block, g, columns);
  }
}

// As many probes from `first` on as one pass takes.
int pass_from(const FingerBatch& batch, int first) {
  int rows = 0, end = first;
  while (end < batch.count && rows + batch.probes[end].count <= kMaxRows) {
    rows += batch.probes[end++].count;
  }
  return end;
}

void score_with_tiles(const FingerBatch& batch, const FingerBlock& block, std::uint64_t eligible,
                      const FingerBlock* next, FingerColumns* columns, std::uint16_t* scores) {
  if (batch.count < kFewestProbes) {
    return score_finger_block_avx512(batch, block, eligible, next, columns, scores);
  }
  WHORL_CHECK(batch.count <= kMaxBatchProbes && block.groups <= kMaxBlockGroups);
  twin::Fetch<Selection512> fetch(next, block.groups);
  for (int first = 0; first < batch.count;) {
    const int end = pass_from(batch, first);
    for (int p = first; p < end; ++p) twin::clear<Selection512>(block, columns + p * block.groups);
    fold_probes(batch.probes + first, end - first, block, fetch, columns + first * block.groups);
    first = end;
  }
  for (int p = 0; p < batch.count; ++p) {
    FingerColumns* own = columns + p * block.groups;
    twin::clear_padding<Selection512>(block, own);
    twin::select_scores<Selection512>(batch.probes[p], block, eligible, batch.at_least[p], own,
                                      scores + p * kBlockPrints);
  }
}

}  // namespace

#if defined(WHORL_EMULATE_TILES)
void score_finger_block_emulated_amx(const FingerBatch& batch, const FingerBlock& block,
                                     std::uint64_t eligible, const FingerBlock* next,
                                     FingerColumns* columns, std::uint16_t* scores) {
  score_with_tiles(batch, block, eligible, next, columns, scores);
}
#else
void score_finger_block_amx(const FingerBatch& batch, const FingerBlock& block,
                            std::uint64_t eligible, const FingerBlock* next, FingerColumns* columns,
                            std::uint16_t* scores) {
  score_with_tiles(batch, block, eligible, next, columns, scores);
}
#endif

}  // namespace whorl::kernels
