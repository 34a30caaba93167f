#include "kernels/backend.h"

namespace whorl::kernels {

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::reference:
      return "reference";
    case Backend::avx2:
      return "avx2";
  }
  return "unknown";
}

bool available(Backend backend) {
  if (backend == Backend::reference) return true;
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

Backend best_backend() {
  Backend best = Backend::reference;
  for (const Backend b : kBackends) {
    if (available(b)) best = b;
  }
  return best;
}

// On machines that are not x86-64 the wider twins are not built; available() keeps callers away.
ScoreFingerBlock score_finger_block(Backend backend) {
  WHORL_CHECK(available(backend));
#if defined(__x86_64__)
  if (backend == Backend::avx2) return score_finger_block_avx2;
#endif
  return score_finger_block_reference;
}

FaceDot face_dot(Backend backend) {
  WHORL_CHECK(available(backend));
#if defined(__x86_64__)
  if (backend == Backend::avx2) return face_dot_avx2;
#endif
  return face_dot_reference;
}

ProjectSigns project_signs(Backend backend) {
  WHORL_CHECK(available(backend));
#if defined(__x86_64__)
  if (backend == Backend::avx2) return project_signs_avx2;
#endif
  return project_signs_reference;
}

Hamming hamming(Backend backend) {
  WHORL_CHECK(available(backend));
#if defined(__x86_64__)
  if (backend == Backend::avx2) return hamming_avx2;
#endif
  return hamming_reference;
}

}  // namespace whorl::kernels
