#include "engine/search/fuse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace whorl::search {
namespace {

Scored scored(std::uint64_t subject, int probe, double ratio, double fmr,
              std::uint32_t encounter = 1) {
  Evidence evidence;
  evidence.probe = probe;
  evidence.encounter = EncounterId{encounter};
  evidence.value = {LogLikelihoodRatio{ratio}, FalseMatchRate{fmr}};
  return {SubjectId{subject}, evidence};
}

TEST(Fuse, TakesTheBestComparisonOfEachProbeAndAddsThem) {
  const auto candidates =
      fuse({scored(7, 0, 3, 1e-2), scored(7, 0, 5, 1e-3, 2), scored(7, 1, 4, 1e-2)}, 10);
  ASSERT_EQ(candidates.size(), 1U);
  EXPECT_EQ(candidates[0].value.ratio.value(), 9);
  EXPECT_EQ(candidates[0].evidence.size(), 2U);
  EXPECT_EQ(candidates[0].evidence[0].encounter, EncounterId{2});
}

TEST(Fuse, BoundsTheRateOfTheSum) {
  EXPECT_EQ(fuse({scored(1, 0, 9, 1e-5)}, 1)[0].value.fmr.value(), 1e-5);  // one: its own
  EXPECT_DOUBLE_EQ(fuse({scored(1, 0, 2, 1e-5), scored(1, 1, 0, 0.5)}, 1)[0].value.fmr.value(),
                   2e-5);
  EXPECT_DOUBLE_EQ(fuse({scored(1, 0, 9, 1e-3), scored(1, 1, 9, 1e-3)}, 1)[0].value.fmr.value(),
                   std::exp(-18.0));
  EXPECT_EQ(fuse({scored(1, 0, -9, 1), scored(1, 1, -9, 1)}, 1)[0].value.fmr.value(), 1);
}

// The best of several references is as high by chance as often as one of them is.
TEST(Fuse, BoundsTheRateOfTheBestOfSeveralReferences) {
  const auto one =
      fuse({scored(1, 0, 9, 1e-5), scored(1, 0, 3, 1e-2, 2), scored(1, 0, 1, 0.1, 3)}, 1);
  EXPECT_DOUBLE_EQ(one[0].value.fmr.value(), 3e-5);
  EXPECT_EQ(one[0].evidence[0].references, 3);
  const auto two =
      fuse({scored(1, 0, 9, 1e-3), scored(1, 0, 3, 1e-2, 2), scored(1, 1, 9, 1e-3)}, 1);
  EXPECT_DOUBLE_EQ(two[0].value.fmr.value(), std::exp(std::log(2.0) - 18));
  EXPECT_EQ(two[0].value.ratio.value(), 18);
  std::vector<Scored> again;  // evidence that was fused before stands for all it was the best of
  for (const Evidence& e : two[0].evidence) again.push_back({SubjectId{1}, e});
  EXPECT_EQ(fuse(again, 1)[0].value, two[0].value);
  Answer answer;
  answer.effort.searched = 3000;  // of a thousand people
  answer.candidates = one;
  decide(Query{}, answer);
  EXPECT_NEAR(answer.candidates[0].fpir.value(), 1 - std::pow(1 - 3e-5, 1000), 1e-12);
  answer.effort.searched = 1;  // one came since an earlier search: somebody all the same
  decide(Query{}, answer);
  EXPECT_NEAR(answer.candidates[0].fpir.value(), 3e-5, 1e-12);
}

TEST(Fuse, ListsTheBestFirstAndEqualOnesByLowerSubject) {
  std::vector<Scored> all = {scored(9, 0, 1, 0.1), scored(3, 0, 1, 0.1), scored(5, 0, 2, 0.1),
                             scored(4, 0, 0, 0.1)};
  for (int order = 0; order < 24; ++order) {
    std::ranges::next_permutation(all, {}, &Scored::subject);
    const auto candidates = fuse(all, 3);
    ASSERT_EQ(candidates.size(), 3U);
    EXPECT_EQ(candidates[0].subject, SubjectId{5});
    EXPECT_EQ(candidates[1].subject, SubjectId{3});
    EXPECT_EQ(candidates[2].subject, SubjectId{9});
  }
}

TEST(Decide, ByTheTwoThresholdsOnTheRate) {
  const auto decision = [](double fmr) {
    Query query;
    query.hit_at = FalseMatchRate{1e-6}, query.refer_at = FalseMatchRate{1e-4};
    Answer answer;
    answer.candidates = fuse({scored(1, 0, 1, fmr)}, 1);
    decide(query, answer);
    EXPECT_FALSE(answer.reasons.empty());
    return answer.decision;
  };
  EXPECT_EQ(decision(1e-6), Decision::hit);
  EXPECT_EQ(decision(1.1e-6), Decision::refer);
  EXPECT_EQ(decision(1e-4), Decision::refer);
  EXPECT_EQ(decision(1.1e-4), Decision::no_hit);
}

TEST(FalsePositiveRate, IsTheChanceThatOneOfSoManyScoresThisMuch) {
  struct Row {
    double fmr;
    std::int64_t searched;
    double fpir;
  };
  for (const Row& row : {Row{1e-6, 0, 0}, Row{0, 1'000'000, 0}, Row{1, 1, 1}, Row{1, 5, 1},
                         Row{0.5, 1, 0.5}, Row{0.5, 2, 0.75}, Row{0.1, 3, 0.271},
                         Row{1e-6, 1'000'000, 0.632120742768}, Row{1e-15, 1'000'000, 1e-9}}) {
    EXPECT_NEAR(false_positive_rate(FalseMatchRate{row.fmr}, row.searched).value(), row.fpir,
                1e-9 * row.fpir)
        << row.fmr << ", " << row.searched;
  }
}

Answer decided(Modality modality, double fmr) {
  Scored one = scored(1, 0, 1, fmr);
  one.evidence.modality = modality;
  Answer answer;
  answer.effort.searched = 1000;
  answer.candidates = fuse({one, scored(2, 0, 0, 0.5)}, 2);
  decide(Query{}, answer);
  return answer;
}
bool says(const Answer& answer, std::string_view words) {
  return std::ranges::any_of(answer.reasons, [&](const std::string& reason) {
    return reason.find(words) != std::string::npos;
  });
}

TEST(Decide, TellsEachCandidatesRateAtTheGallerysSize) {
  const Answer answer = decided(Modality::finger, 1e-6);
  EXPECT_NEAR(answer.candidates[0].fpir.value(), 1e-3, 1e-6);
  EXPECT_EQ(answer.candidates[1].fpir.value(), 1);
  EXPECT_TRUE(says(answer, "among 1000 templates")) << answer.reasons.back();
  EXPECT_TRUE(says(answer, "0.1 %")) << answer.reasons.back();
}

TEST(Decide, WarnsOfLookAlikesWhereAFaceAloneSpeaks) {
  EXPECT_TRUE(says(decided(Modality::face, 1e-6), "look-alikes"));
  EXPECT_TRUE(says(decided(Modality::face, 1e-5), "look-alikes"));
  EXPECT_FALSE(says(decided(Modality::face, 1e-2), "look-alikes"));  // no hit: nothing to warn of
  EXPECT_FALSE(says(decided(Modality::finger, 1e-6), "look-alikes"));
}

}  // namespace
}  // namespace whorl::search
