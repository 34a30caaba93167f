#pragma once
// The nouns of the field that every layer shares. Terms follow ISO/IEC 2382-37.

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/base/units.h"

namespace whorl {

// Fingers as ISO/IEC 19794-2 Table 2 numbers them.
enum class FingerPosition : std::uint8_t {
  unknown = 0,
  right_thumb = 1,
  right_index = 2,
  right_middle = 3,
  right_ring = 4,
  right_little = 5,
  left_thumb = 6,
  left_index = 7,
  left_middle = 8,
  left_ring = 9,
  left_little = 10
};
inline constexpr int kFingerPositions = 11;  // "unknown" and the ten

enum class MinutiaKind : std::uint8_t { other = 0, ending = 1, bifurcation = 2 };

// One ridge ending or bifurcation, at the canonical 500 ppi, origin top left, y downwards; the
// direction anticlockwise as seen on the image.
struct Minutia {
  std::int16_t x_px = 0;
  std::int16_t y_px = 0;
  Direction direction;
  MinutiaKind kind = MinutiaKind::other;
  std::uint8_t quality = 0;  // 0 not reported, 1 .. 100
  std::uint8_t zero = 0;     // always 0, so equal templates are equal bytes

  bool operator==(const Minutia&) const = default;
};
static_assert(sizeof(Minutia) == 8);
static_assert(std::has_unique_object_representations_v<Minutia>, "no padding to leak");

// A minutia's neighbourhood as 256 signs; all zero means "too few neighbours to describe".
inline constexpr int kMinutiaCodeBits = 256;
using MinutiaCode = std::array<std::uint16_t, kMinutiaCodeBits / 16>;

// 0 .. 100 as ISO/IEC 29794-1 scores it; kNotReported where the source did not say.
struct Quality {
  static constexpr std::uint8_t kNotReported = 255;
  std::uint8_t value = kNotReported;
  bool operator==(const Quality&) const = default;
};

struct FingerTemplate {
  FingerPosition position = FingerPosition::unknown;
  Quality quality;
  std::vector<Minutia> minutiae;
  std::uint16_t code_version = 0;  // of the projection that made `codes`; 0 while there are none
  std::vector<MinutiaCode> codes;  // empty, or one for each minutia in the same order

  bool operator==(const FingerTemplate&) const = default;
};

struct FaceTemplate {
  std::string model;  // the embedder's id, e.g. "mobilefacenet-128"; vectors of two never meet
  Quality quality;
  std::vector<float> vector;  // unit length

  bool operator==(const FaceTemplate&) const = default;
};

using Template = std::variant<FingerTemplate, FaceTemplate>;

enum class Modality : std::uint8_t { finger = 1, face = 2 };
inline Modality modality_of(const Template& t) {
  return std::holds_alternative<FingerTemplate>(t) ? Modality::finger : Modality::face;
}

enum class Sex : std::uint8_t { not_recorded = 0, female = 1, male = 2, other = 3 };

// What a search may filter by; both are optional.
struct Demographics {
  Sex sex = Sex::not_recorded;
  std::uint16_t birth_year = 0;  // 0: not recorded

  bool operator==(const Demographics&) const = default;
};

// One visit: everything captured of a subject at one time and place.
struct Encounter {
  UnixMillis captured_at;
  std::string source;  // station or register that sent it, at most limits.h kMaxSourceBytes
  Demographics demographics;
  std::vector<Template> templates;

  bool operator==(const Encounter&) const = default;
};

}  // namespace whorl
