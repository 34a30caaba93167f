#include "kernels/face_dot.h"

namespace whorl::kernels {

// The definition, written to be read; the oracle of every twin's test.
void face_dot_reference(const float* probe, MatrixView<const float> gallery, float* out) {
  WHORL_CHECK(gallery.cols % kFaceLanes == 0);
  for (std::int64_t g = 0; g < gallery.rows; ++g) {
    float p[kFaceLanes] = {};
    for (std::int64_t d = 0; d < gallery.cols; ++d)
      p[d % kFaceLanes] += probe[d] * gallery.row(g)[d];
    out[g] = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
  }
}

}  // namespace whorl::kernels
