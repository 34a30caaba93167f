#pragma once
// The engine's own template file and stored form: one finger or face template, checksummed.
// docs/formats/whorl-template.md is the byte table.

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/biometrics.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"

namespace whorl::formats {

inline constexpr std::uint8_t kTemplateVersion = 1;

// Whether the bytes begin as a container does; says nothing of the rest.
bool is_template_container(std::span<const std::byte> bytes);

// Both refuse the same templates: no_minutiae; limit_exceeded (minutiae, dimension, model id);
// out_of_range (coordinates outside 0 .. 16383, quality, kind, position, codes that are not one a
// minutia, codes without version or the reverse, a model id that is not printable ASCII);
// wrong_dimension (0); not_finite; zero_vector. Length is not normalised here: the vector comes
// back bit for bit. Cost: about a microsecond for 40 minutiae with codes.
Result<Bytes> encode_template(const Template& value);

// Also refuses empty_input, truncated, bad_magic, unsupported (a newer version or unknown
// modality), length_mismatch (trailing bytes), bad_checksum.
Result<Template> decode_template(std::span<const std::byte> bytes);

}  // namespace whorl::formats
