#include "engine/base/wide_memory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace whorl {
namespace {

TEST(WideMemory, IsThereZeroedAndSaysWhenThereIsNone) {
  const auto none = wide_memory(0);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->get(), nullptr);
  const std::size_t bytes = 3 * 1024 * 1024 + 5;
  const auto some = wide_memory(bytes);
  ASSERT_TRUE(some);
  EXPECT_TRUE(
      std::all_of(some->get(), some->get() + bytes, [](std::byte b) { return b == std::byte{0}; }));
  some->get()[bytes - 1] = std::byte{1};
  const auto all = wide_memory(std::size_t{1} << 60U);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().fault, Fault::out_of_memory);
}

}  // namespace
}  // namespace whorl
