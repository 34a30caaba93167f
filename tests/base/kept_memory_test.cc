#include "engine/base/kept_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <vector>

namespace whorl {
namespace {

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Twenty fields of a picture, as an extraction takes them and frees them: 12 MB, 2,900 pages.
void take_and_free() {
  std::vector<std::vector<float>> fields;
  for (int i = 0; i < 20; ++i) fields.emplace_back(150'000, 1.0F);
}

TEST(KeepFreedMemory, HasNoPageFetchedTwice) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer's malloc keeps its own counsel";
#endif
  if (!keep_freed_memory()) GTEST_SKIP() << "malloc is not glibc's (a sanitizer's, say)";
  take_and_free();
  const long before = page_faults();
  for (int round = 0; round < 10; ++round) take_and_free();
  EXPECT_LT(page_faults() - before, 2900);
}

}  // namespace
}  // namespace whorl
