#pragma once

#include <vector>

#include "scanners/simulated/master_finger.h"
#include "scanners/simulated/phase_grid.h"

namespace whorl::scanners {

struct RidgePhase {
  PhaseGrid grid;
  // The finger's minutiae as they came to lie, in its order: each moved across the ridges, by half
  // a period at most, to where a ridge ends or forks as its kind wants; directions along the
  // ridges.
  std::vector<MasterMinutia> minutiae;
};

// How far apart neighbouring ridges of this finger should lie, in pixels.
float ridge_period(const MasterFinger& finger, FingerPoint at);

// A smooth phase that follows the flow, with a spiral of one turn at every minutia: the AM-FM model
// of Larkin and Fletcher (Optics Express 15(14), 2007), as Feng and Jain (IEEE TPAMI 33(2), 2011)
// use it to rebuild ridges from minutiae. They add spirals to a phase made without them, and ridges
// that flow and minutiae disagree on come out with more minutiae. Here all of it is one least
// squares problem, after Knöppel, Crane, Pinkall and Schröder ("Stripe patterns on surfaces", ACM
// TOG 34(4), 2015) and, for the ridge counts, Bommes, Zimmer and Kobbelt ("Mixed-integer
// quadrangulation", ACM TOG 28(3), 2009): of all phases with these minutiae and no other, the one
// whose gradient is nearest to the flow's. What they disagree on is shared by all ridges around.
//
// No randomness. Cost and accuracy: docs/simulation.md.
RidgePhase solve_ridge_phase(const MasterFinger& finger);

}  // namespace whorl::scanners
