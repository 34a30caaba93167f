#include "kernels/face_sift.h"

namespace whorl::kernels {
namespace {

// The definition, written to be read; the oracle of every twin's test.
std::int32_t dot_of(const FaceSiftProbes& probes, int p, const FaceCodeBlock& block, std::int64_t g,
                    int row) {
  const std::uint8_t* group = block.lanes + g * block.codes * kFaceGroupRows;
  std::int32_t sum = 0;
  for (int d = 0; d < block.codes; ++d) {
    sum += probes.codes[probe_code_place(p, d, block.codes)] *
           (group[face_code_place(row, d)] - kFaceCodeZero);
  }
  return sum;
}

}  // namespace

void sift_faces_reference(const FaceSiftProbes& probes, const FaceCodeBlock& block,
                          std::uint16_t* passed, std::int32_t* dots) {
  check_sift(probes, block);
  for (int p = 0; p < probes.count; ++p) {
    for (std::int64_t g = 0; g < block.groups; ++g) {
      const float slack = probes.slopes[p] * block.errors[g];
      const float cut = probes.cuts[p] - slack;
      std::int32_t sums[kFaceGroupRows];
      unsigned bits = 0;
      for (int row = 0; row < kFaceGroupRows; ++row) {
        sums[row] = dot_of(probes, p, block, g, row);
        const float scale = block.scales[g * kFaceGroupRows + row];
        bits |= unsigned{!below_face_cut(sums[row], scale, cut)} << row;
      }
      const std::int64_t at = p * block.groups + g;
      passed[at] = static_cast<std::uint16_t>(bits);
      if (bits == 0) continue;
      for (int row = 0; row < kFaceGroupRows; ++row) dots[at * kFaceGroupRows + row] = sums[row];
    }
  }
}

std::int32_t face_code_dot_reference(const std::int8_t* a, const std::int8_t* b, int codes) {
  std::int32_t sum = 0;
  for (int d = 0; d < codes; ++d) sum += a[d] * b[d];
  return sum;
}

}  // namespace whorl::kernels
