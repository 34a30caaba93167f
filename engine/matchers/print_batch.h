#pragma once

#include "engine/matchers/prepared_print.h"
#include "kernels/print_comparison.h"

namespace whorl::matchers {

// One order for (a, b) and (b, a), so that a comparison is the same computation.
bool goes_first(const PreparedPrint& a, const PreparedPrint& b);

// What kernels/print_comparison.h can take.
inline bool fits_batch(const PreparedPrint& print) {
  return print.size() <= kernels::kMaxComparedMinutiae;
}
// Copies a print that fits behind the others of the batch; its number there.
std::int32_t add_print(const PreparedPrint& print, kernels::PrintBatch& batch);

}  // namespace whorl::matchers
