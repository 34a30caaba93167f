#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace whorl {

// How a gallery's faces are searched: docs/face-index.md says which at which size. The numbers are
// on disk: append, never renumber.
enum class FaceIndexKind : std::uint8_t {
  exact = 0,  // every vector is compared; loses nobody
  ivf = 1,    // an inverted file: the vectors near the probe's nearest cluster centres
  hnsw = 2,   // a navigable small-world graph (Malkov and Yashunin, IEEE TPAMI 42(4), 2020)
  pq = 3,     // an inverted file of product codes (Jegou et al., IEEE TPAMI 33(1), 2011)
};
inline constexpr std::array<std::string_view, 4> kFaceIndexKinds{"exact", "ivf", "hnsw", "pq"};

constexpr std::string_view name_of(FaceIndexKind kind) {
  return kFaceIndexKinds.at(static_cast<std::size_t>(kind));
}
constexpr std::optional<FaceIndexKind> face_index_kind_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kFaceIndexKinds.size(); ++i) {
    if (kFaceIndexKinds.at(i) == name) return FaceIndexKind{static_cast<std::uint8_t>(i)};
  }
  return std::nullopt;
}

}  // namespace whorl
