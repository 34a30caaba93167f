#pragma once
// Which twins this machine can run. Asked once a batch, never inside a kernel.

#include <cstdint>
#include <string_view>

#include "kernels/cylinder_cells.h"
#include "kernels/face_dot.h"
#include "kernels/face_sift.h"
#include "kernels/finger_block.h"
#include "kernels/oriented_filter.h"
#include "kernels/print_alignment.h"
#include "kernels/sign_projection.h"
#include "kernels/vector_dot.h"

namespace whorl::kernels {

// Slowest first. avx512 is the set of Ice Lake and Zen 4 onwards: F, BW, VL, DQ, VBMI, VBMI2,
// BITALG, VPOPCNTDQ and VNNI.
// amx has these and 8-bit tiles (Sapphire Rapids onwards), and kernels without a twin for tiles are
// those of avx512 there.
enum class Backend : std::uint8_t { reference, avx2, avx512, amx };
inline constexpr Backend kBackends[] = {Backend::reference, Backend::avx2, Backend::avx512,
                                        Backend::amx};

std::string_view name_of(Backend backend);
bool available(Backend backend);
Backend best_backend();

// The twins of one backend. Asking for one that is not available is our bug: ask available() first.
ScoreFingerBlock score_finger_block(Backend backend);
FaceDot face_dot(Backend backend);
SiftFaces sift_faces(Backend backend);
FaceCodeDot face_code_dot(Backend backend);
ProjectSigns project_signs(Backend backend);
ProjectSums project_sums(Backend backend);
VectorDots vector_dots(Backend backend);
AlignPrints align_prints(Backend backend);
// avx512 has no twin of its own: half of its registers would be empty.
FillCylinder fill_cylinder(Backend backend);
OrientedFilter oriented_filter(Backend backend);

}  // namespace whorl::kernels
