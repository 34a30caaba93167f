#pragma once
// The first look of an exact face search on the CPU: the 8-bit codes of kernels/face_scan.h, many
// rows against a few probes, and which rows may reach what a probe asks for. Few do, and only those
// are compared in full.

#include <cstdint>

#include "kernels/core.h"
#include "kernels/face_scan.h"

namespace whorl::kernels {

// Rows stand in groups: four codes of each of sixteen rows share a line of 64 bytes. So a register
// of sums holds sixteen rows and is never added up across, and a tile of AMX is read as it stands.
inline constexpr int kFaceGroupRows = 16;
inline constexpr int kFaceCodesTogether = 4;
// A row's codes are stored with 128 added: the instructions multiply unsigned by signed bytes. The
// probe's stay signed, and 128 times their sum is taken off again.
inline constexpr int kFaceCodeZero = 128;

inline constexpr int kProbeTile = 16;  // probes that stand together
inline constexpr int kMaxSiftProbes = 256;
inline constexpr std::int64_t kMaxSiftGroups = 64;

// Where code `d` of row `row` (0 .. 15) of a group stands in it.
constexpr std::int64_t face_code_place(int row, int d) {
  return (std::int64_t{d} / kFaceCodesTogether * kFaceGroupRows + row) * kFaceCodesTogether +
         d % kFaceCodesTogether;
}
// Where code `d` of probe `probe` stands: tiles of 16 probes of 64 codes, `codes` of each probe.
constexpr std::int64_t probe_code_place(int probe, int d, int codes) {
  return std::int64_t{probe} / kProbeTile * kProbeTile * codes +
         (std::int64_t{d} / kFaceStride * kProbeTile + probe % kProbeTile) * kFaceStride +
         d % kFaceStride;
}
constexpr int padded_probes(int count) {
  return (count + kProbeTile - 1) / kProbeTile * kProbeTile;
}

struct FaceCodeBlock {
  std::int64_t groups = 0;              // 0 .. kMaxSiftGroups
  int codes = 0;                        // of a row, a multiple of kFaceStride, <= kMaxFaceCodes
  const std::uint8_t* lanes = nullptr;  // [groups, codes / 4, 16, 4], 64-byte aligned
  const float* scales = nullptr;        // [groups, 16], 64-byte aligned
  const float* errors = nullptr;        // [groups] not below that of any row of the group
};

// All of padded_probes(count) must be there, 64-byte aligned; what those beyond `count` hold
// changes no answer.
struct FaceSiftProbes {
  int count = 0;                       // 0 .. kMaxSiftProbes
  const std::int8_t* codes = nullptr;  // probe_code_place says where; -127 .. 127
  const std::int32_t* sums = nullptr;  // of the codes of each
  const float* cuts = nullptr;         // face_cut of what each asks for; -infinity: every row
  const float* slopes = nullptr;       // face_slope
};

// For every probe p and row r of every group g:
//
//     dot(p, g, r)   = sum over d of probe code * row code                           exactly
//     passed(p, g)   has bit r unless below_face_cut(dot, scales[g][r], cuts[p] - slopes[p] *
//                    errors[g]), each float operation rounded by itself
//
//   passed  [count, groups]
//   dots    [count, groups, 16]  written where passed(p, g) has any bit; 64-byte aligned
//
// A row whose coarse upper bound reaches the bar behind its probe's cut is never told off
// (face_scan.h). Twins agree bit for bit. Cost: count * groups * 16 * codes multiply-adds; the
// block is read from memory once, and from there on stands in the cache.
using SiftFaces = void (*)(const FaceSiftProbes& probes, const FaceCodeBlock& block,
                           std::uint16_t* passed, std::int32_t* dots);

void sift_faces_reference(const FaceSiftProbes&, const FaceCodeBlock&, std::uint16_t*,
                          std::int32_t*);
void sift_faces_avx2(const FaceSiftProbes&, const FaceCodeBlock&, std::uint16_t*, std::int32_t*);
void sift_faces_avx512(const FaceSiftProbes&, const FaceCodeBlock&, std::uint16_t*, std::int32_t*);
void sift_faces_amx(const FaceSiftProbes&, const FaceCodeBlock&, std::uint16_t*, std::int32_t*);

// The same product of two rows of codes as quantise_face gives them, for walks through a graph.
//   a, b  [codes], -127 .. 127, codes a multiple of kFaceStride, <= kMaxFaceCodes
using FaceCodeDot = std::int32_t (*)(const std::int8_t* a, const std::int8_t* b, int codes);

std::int32_t face_code_dot_reference(const std::int8_t* a, const std::int8_t* b, int codes);
std::int32_t face_code_dot_avx2(const std::int8_t* a, const std::int8_t* b, int codes);
std::int32_t face_code_dot_avx512(const std::int8_t* a, const std::int8_t* b, int codes);

// No place outside the tables, and no more than a call may have.
inline void check_sift(const FaceSiftProbes& probes, const FaceCodeBlock& block) {
  WHORL_CHECK(probes.count >= 0 && probes.count <= kMaxSiftProbes);
  WHORL_CHECK(block.groups >= 0 && block.groups <= kMaxSiftGroups);
  WHORL_CHECK(block.codes % kFaceStride == 0 && block.codes <= kMaxFaceCodes);
}

}  // namespace whorl::kernels
