#include "engine/index/wide_rows.h"

#include <gtest/gtest.h>

namespace whorl::index {
namespace {

// More rows than a slab holds: none moves, and each begins as zeros.
TEST(WideRows, GrowByPiecesAndStayWhereTheyAre) {
  constexpr std::int64_t kRows = 140'000;
  WideRows<std::uint32_t> rows(3);
  EXPECT_EQ(rows.resident_bytes(), 0U);
  const std::uint32_t* first = nullptr;
  for (std::int64_t r = 0; r < kRows; ++r) {
    ASSERT_TRUE(rows.append());
    std::uint32_t* row = rows.row(r);
    if (r == 0) first = row;
    EXPECT_TRUE(row[0] == 0 && row[1] == 0 && row[2] == 0);
    row[0] = static_cast<std::uint32_t>(r), row[2] = ~row[0];
  }
  EXPECT_EQ(rows.rows(), kRows);
  EXPECT_EQ(rows.row(0), first);
  EXPECT_EQ(rows.resident_bytes(), 12U * kRows);
  for (std::int64_t r = 0; r < kRows; ++r) {
    EXPECT_EQ(rows.row(r)[0], static_cast<std::uint32_t>(r));
    EXPECT_EQ(rows.row(r)[2], ~static_cast<std::uint32_t>(r));
  }
}

}  // namespace
}  // namespace whorl::index
