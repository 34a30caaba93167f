#include "engine/base/blas.h"

#include <dlfcn.h>

namespace whorl {
namespace {

// OpenBLAS's own functions, where that is what was loaded.
template <class Function>
Function* of_openblas(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

// Whether calls must go one after another.
bool set_up() {
  if (auto* const set_threads = of_openblas<void(int)>("openblas_set_num_threads")) set_threads(1);
  auto* const parallel = of_openblas<int()>("openblas_get_parallel");
  constexpr int kBuiltWithoutThreads = 0;
  return parallel != nullptr && parallel() == kBuiltWithoutThreads;
}

}  // namespace

std::unique_lock<std::mutex> blas_turn() {
  static std::mutex turn;
  static const bool one_at_a_time = set_up();
  return one_at_a_time ? std::unique_lock(turn) : std::unique_lock(turn, std::defer_lock);
}

}  // namespace whorl
