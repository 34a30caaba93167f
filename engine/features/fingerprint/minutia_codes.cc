#include "engine/features/fingerprint/minutia_codes.h"

#include <bit>
#include <cstring>

#include "engine/features/fingerprint/cylinder.h"

// The fitted matrix as the fit wrote it (docs/formats/minutia-projection.md): 256 thresholds of
// four bytes, 256 rows of 320 bytes, 128 deviations of four bytes, little-endian as every machine
// we build for.
asm(".section .rodata\n"
    ".balign 64\n"
    "whorl_minutia_projection:\n"
    ".incbin \"" WHORL_PROJECTION_FILE
    "\"\n"
    ".previous\n");
extern "C" const std::int32_t whorl_minutia_projection[];

namespace whorl::features {

static_assert(std::endian::native == std::endian::little, "the projection file is read in place");
static_assert(kernels::kSignBits == kMinutiaCodeBits);

const kernels::SignProjection& minutia_projection() {
  static const kernels::SignProjection projection{
      static_cast<const std::int8_t*>(
          static_cast<const void*>(whorl_minutia_projection + kernels::kSignBits)),
      whorl_minutia_projection};
  return projection;
}

const std::int32_t* projection_deviations() {
  constexpr int kRowsBytes = kernels::kSignBits * kernels::kCylinderCells;
  return whorl_minutia_projection + kernels::kSignBits + kRowsBytes / 4;
}

void describe_minutiae(FingerTemplate& print, kernels::Backend backend) {
  if (print.code_version == kMinutiaCodeVersion && print.codes.size() == print.minutiae.size())
    return;
  print.codes.resize(print.minutiae.size());
  print.code_version = kMinutiaCodeVersion;
  if (print.minutiae.empty()) return;
  const Cylinders cylinders = cylinders_of(print.minutiae, backend);
  kernels::project_signs(backend)(minutia_projection(), cylinders.cells.data(),
                                  std::ssize(print.minutiae), print.codes.data()->data());
  for (std::size_t i = 0; i < print.codes.size(); ++i) {
    if (!cylinders.described[i]) print.codes[i] = MinutiaCode{};
  }
}

}  // namespace whorl::features
