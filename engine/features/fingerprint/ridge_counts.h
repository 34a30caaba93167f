#pragma once
// How many ridges lie between a minutia and its neighbours: survives stretched skin, which moves
// distances and directions.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/features/fingerprint/grid.h"

namespace whorl::features {

// What is around a minutia, cut into as many equal parts: the first has the minutia's own direction
// in its middle, the others follow anticlockwise as seen.
enum class Sectors : std::uint8_t { quadrants = 4, octants = 8 };

struct RidgesBetween {
  std::size_t from = 0;           // indices into the minutiae
  std::optional<std::size_t> to;  // nothing: no minutia lies in that sector
  int ridges = 0;                 // ridges that both lie on are not among them

  bool operator==(const RidgesBetween&) const = default;
};

// For each minutia in turn and each of its sectors, the nearest minutia there (of equally near ones
// the first) and the ridges that the straight way to it crosses. An ending's way begins on its own
// ridge, for the ending itself lies beyond that. `filtered` is the picture the minutiae were found
// in, ridges positive; where the way leaves the print there are none to be counted. From and to may
// be exchanged: the count is the same. Where records have them: docs/formats/README.md.
// Cost: minutiae squared, and two samples a pixel of each way.
std::vector<RidgesBetween> ridge_counts_of(const std::vector<Minutia>& minutiae,
                                           const Field& filtered, Sectors sectors);

}  // namespace whorl::features
