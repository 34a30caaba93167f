#pragma once

#include <cstddef>
#include <memory>

#include "engine/base/result.h"

namespace whorl {

// Zeroed memory straight from the system, in huge pages where it has them (Linux, transparent huge
// pages at "madvise" or "always"): for hundreds of megabytes that many threads fill at once and
// searches then walk, page faults cost as much as the filling. Page-aligned; given back with its
// last owner. Fault::out_of_memory.
Result<std::shared_ptr<std::byte>> wide_memory(std::size_t bytes);

}  // namespace whorl
