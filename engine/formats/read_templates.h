#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/base/units.h"

namespace whorl::formats {

// Every template in a file's bytes, whatever its format: the engine's own container (one template)
// or a minutiae record of any dialect (one a view), tidied (tidy_minutiae.h). `ppi` overrides a
// record's claimed resolution; a container is at 500 ppi already and ignores it. Faults are those
// of template_container.h, minutiae_record.h and finger_templates.h, but damaged_file for a
// container whose checksum is wrong; bad_magic where it is none of them.
Result<std::vector<Template>> read_templates(std::span<const std::byte> bytes,
                                             std::optional<PixelsPerInch> ppi = std::nullopt);

}  // namespace whorl::formats
