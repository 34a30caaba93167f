#include "engine/matchers/print_batch.h"

#include <gtest/gtest.h>

#include "engine/matchers/finger_matcher.h"
#include "tests/support/awkward_prints.h"

namespace whorl::matchers {
namespace {

using ::whorl::testing::awkward_pairs;
using ::whorl::testing::PairedPrints;
using ::whorl::testing::random_print;

TEST(PrintBatch, IsComparedByTheDefinitionAsTheMatcherComparesPrints) {
  const std::vector<PairedPrints> all = awkward_pairs(25);
  kernels::PrintBatch batch;
  std::vector<kernels::PrintPair> pairs;
  for (const PairedPrints& p : all) {
    const std::int32_t first = add_print(p.first, batch);
    pairs.push_back({first, add_print(p.second, batch)});
  }
  std::vector<float> similarities(pairs.size(), -1);
  kernels::compare_prints_reference(batch, pairs.data(), std::ssize(pairs), similarities.data());
  FingerMatcher matcher;
  int alike = 0;
  for (std::size_t p = 0; p < all.size(); ++p) {
    EXPECT_EQ(similarities[p], matcher.compare(all[p].first, all[p].second).value()) << p;
    alike += similarities[p] > 40 ? 1 : 0;
  }
  EXPECT_GT(alike, 20) << "there were to be mates among them";
}

TEST(PrintBatch, TakesNoPrintThatIsTooLarge) {
  PreparedPrint print;
  print.prepare(random_print(1, kernels::kMaxComparedMinutiae + 1), kernels::best_backend());
  EXPECT_FALSE(fits_batch(print));
  kernels::PrintBatch batch;
  EXPECT_DEATH(add_print(print, batch), "fits_batch");
}

}  // namespace
}  // namespace whorl::matchers
