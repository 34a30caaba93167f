#pragma once
// Which way ridges run, everywhere, and how surely.

#include "engine/features/fingerprint/grid.h"

namespace whorl::features {

// The direction of the ridges through each cell of kCellPx, known up to half a turn, so kept as its
// double angle: (cosine, sine) of twice the angle from +x, clockwise as y points down. Its length
// is the coherence: 1 where all gradients agree, 0 where none do.
struct Flow {
  Field cosine, sine;
  float coherence(std::ptrdiff_t cell) const;
};

// The structure tensor of a picture, averaged over each cell. `pixel_px` is the picture's pixel in
// pixels of 500 ppi: 1, or 2 for a picture at half scale.
struct Tensor {
  Field difference, cross, energy;  // Jyy - Jxx, -2 Jxy, Jxx + Jyy: the ridges' double angle
};
Tensor structure_tensor(const Field& picture, int pixel_px);
// Averaged further, by a Gaussian of `sigma_px`.
Tensor blurred(const Tensor& tensor, float sigma_px);
Flow flow_of(const Tensor& tensor);

// The flow at two scales: the finer where it is coherent, else the coarser, which bridges creases
// and blurs cores.
Flow flow_of_two_scales(const Tensor& tensor);

// Smooths the flow where it is doubtful from where it is not: `trust` is 0 .. 1 a cell.
Flow diffused(const Flow& flow, const Field& trust, const Grid<std::uint8_t>& mask);

}  // namespace whorl::features
