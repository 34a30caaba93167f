// A client who waits longer than any test takes.
#pragma once

#include <chrono>

#include "engine/service/admission.h"

namespace whorl::service {

inline Patience patient() {
  return {std::chrono::steady_clock::now() + std::chrono::minutes(1), nullptr};
}

}  // namespace whorl::service
