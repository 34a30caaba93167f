#include "kernels/backend.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace whorl::kernels {
namespace {

// Asked of the processor and, for the wider registers, of the operating system that must save them.
#if defined(__x86_64__)
bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0;
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("bmi2") != 0 && __builtin_cpu_supports("bmi") != 0 &&
         __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512vbmi2") != 0 &&
         __builtin_cpu_supports("avx512bitalg") != 0 &&
         __builtin_cpu_supports("avx512vpopcntdq") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0;
}
#else
bool has_avx2() { return false; }
bool has_avx512() { return false; }
#endif

// Linux hands the tiles out on request, once for all threads of the process; it refuses where the
// processor or the kernel does not have them.
#if defined(__x86_64__) && defined(__linux__)
bool has_amx() {
  constexpr unsigned kTileBit = 1U << 24, kInt8Bit = 1U << 25;  // of leaf 7, EDX
  constexpr long kRequestPermission = 0x1023, kTileData = 18;   // ARCH_REQ_XCOMP_PERM, XTILEDATA
  unsigned a = 0, b = 0, c = 0, d = 0;
  return has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTileBit) != 0 &&
         (d & kInt8Bit) != 0 && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool has_amx() { return false; }
#endif

struct Twins {
  ScoreFingerBlock score_finger_block;
  FaceDot face_dot;
  ProjectSigns project_signs;
  ProjectSums project_sums;
  VectorDots vector_dots;
  FillCylinder fill_cylinder;
  AlignPrints align_prints;
  OrientedFilter oriented_filter;
  SiftFaces sift_faces;
  FaceCodeDot face_code_dot;
};

// On machines that are not x86-64 the wider twins are not built; available() keeps callers away.
Twins twins_of(Backend backend) {
  WHORL_CHECK(available(backend));
  switch (backend) {
#if defined(__x86_64__)
    case Backend::amx: {
      Twins twins = twins_of(Backend::avx512);
      twins.score_finger_block = score_finger_block_amx;
      twins.sift_faces = sift_faces_amx;
      return twins;
    }
    case Backend::avx512:
      return {score_finger_block_avx512, face_dot_avx512,        project_signs_avx512,
              project_sums_avx512,       vector_dots_avx512,     fill_cylinder_avx2,
              align_prints_avx512,       oriented_filter_avx512, sift_faces_avx512,
              face_code_dot_avx512};
    case Backend::avx2:
      return {score_finger_block_avx2, face_dot_avx2,      project_signs_avx2, project_sums_avx2,
              vector_dots_avx2,        fill_cylinder_avx2, align_prints_avx2,  oriented_filter_avx2,
              sift_faces_avx2,         face_code_dot_avx2};
#endif
    default:
      return {score_finger_block_reference, face_dot_reference,        project_signs_reference,
              project_sums_reference,       vector_dots_reference,     fill_cylinder_reference,
              align_prints_reference,       oriented_filter_reference, sift_faces_reference,
              face_code_dot_reference};
  }
}

}  // namespace

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::reference:
      return "reference";
    case Backend::avx2:
      return "avx2";
    case Backend::avx512:
      return "avx512";
    case Backend::amx:
      return "amx";
  }
  return "unknown";
}

bool available(Backend backend) {
  static const bool avx2 = has_avx2(), avx512 = has_avx512(), amx = has_amx();
  switch (backend) {
    case Backend::reference:
      return true;
    case Backend::avx2:
      return avx2;
    case Backend::avx512:
      return avx512;
    case Backend::amx:
      return amx;
  }
  return false;
}

Backend best_backend() {
  Backend best = Backend::reference;
  for (const Backend b : kBackends) {
    if (available(b)) best = b;
  }
  return best;
}

ScoreFingerBlock score_finger_block(Backend backend) {
  return twins_of(backend).score_finger_block;
}
FaceDot face_dot(Backend backend) { return twins_of(backend).face_dot; }
SiftFaces sift_faces(Backend backend) { return twins_of(backend).sift_faces; }
FaceCodeDot face_code_dot(Backend backend) { return twins_of(backend).face_code_dot; }
ProjectSigns project_signs(Backend backend) { return twins_of(backend).project_signs; }
ProjectSums project_sums(Backend backend) { return twins_of(backend).project_sums; }
VectorDots vector_dots(Backend backend) { return twins_of(backend).vector_dots; }
AlignPrints align_prints(Backend backend) { return twins_of(backend).align_prints; }
FillCylinder fill_cylinder(Backend backend) { return twins_of(backend).fill_cylinder; }
OrientedFilter oriented_filter(Backend backend) { return twins_of(backend).oriented_filter; }

}  // namespace whorl::kernels
