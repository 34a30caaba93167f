#include "engine/base/kept_memory.h"

#include <cstdlib>  // defines __GLIBC__ where the library is that

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace whorl {

bool keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMostThatGlibcTakes = 32 << 20;
  return ::mallopt(M_MMAP_THRESHOLD, kMostThatGlibcTakes) == 1 &&
         ::mallopt(M_TRIM_THRESHOLD, 64 << 20) == 1;
#else
  return false;
#endif
}

}  // namespace whorl
