#pragma once
// What a print looks like before any minutia is sought, and what filtering makes of it.

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_filter.h"
#include "engine/features/fingerprint/ridge_flow.h"
#include "engine/features/fingerprint/ridge_mask.h"
#include "engine/features/fingerprint/ridge_period.h"

namespace whorl::features {

// First look: of the unfiltered picture.
struct Survey {
  Field normal;   // ridge_image.h
  CellGrey grey;  // turned round with `normal`
  bool light_ridges =
      false;         // the picture came with its ridges light; `normal` has been turned round
  Mask loose, wide;  // where the finger may be; that and two cells more, for filters to run in
  Flow flow;
  Period period;
};
Survey survey_of(const Field& grey);

// Second look, at ridges that a first filter has made clear (at half scale): the flow and period of
// the final filter.
struct Course {
  Flow flow;
  Field log_period;
};
Course course_of(const Field& cleared, const Mask& mask);

// The final filter's picture, and where it can be believed.
struct ClearRidges {
  Field filtered;
  Course course;
  Mask mask;
  Field quality;  // 0 .. 1 a cell: how like the unfiltered picture, how coherent the flow, and how
                  // periodic the unfiltered picture
};
ClearRidges clear_ridges(const Survey& survey, const RidgeFilter& filter, Course course);

// Of two ways to see the same print, everywhere the one that is truer to the unfiltered picture,
// and a mixture where they are equally true.
ClearRidges blended(const Survey& survey, const ClearRidges& first, const ClearRidges& second);

}  // namespace whorl::features
