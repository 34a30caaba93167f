#include "engine/service/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/search/fuse.h"

namespace whorl::service {
namespace {

using search::Candidate;
using search::Decision;
using search::Evidence;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

// What calibration gives at best for a rate: the ratio is no more than it allows.
Evidence speaks(int probe, Modality modality, double fmr) {
  Evidence e;
  e.probe = probe;
  e.modality = modality;
  e.encounter = EncounterId{1};
  e.value = {LogLikelihoodRatio{-std::log(fmr) - 1}, FalseMatchRate{fmr}};
  return e;
}
Evidence finger(int probe, double fmr, FingerPosition position = FingerPosition::right_index) {
  Evidence e = speaks(probe, Modality::finger, fmr);
  e.probe_position = e.reference_position = position;
  return e;
}
Evidence face(int probe, double fmr) { return speaks(probe, Modality::face, fmr); }
Evidence against(Evidence e) {
  e.value = {LogLikelihoodRatio{-3}, FalseMatchRate{0.9}};
  return e;
}

Candidate candidate(const std::vector<Evidence>& evidence, std::uint64_t subject = 1) {
  std::vector<search::Scored> all;
  for (const Evidence& e : evidence) all.push_back({SubjectId{subject}, e});
  return search::fuse(std::move(all), 1).front();
}

GalleryPolicy alone(bool finger_may, bool face_may) {
  GalleryPolicy policy;
  policy.finger_decides_alone = finger_may, policy.face_decides_alone = face_may;
  return policy;
}

search::Answer decided(const GalleryPolicy& policy, std::vector<Candidate> candidates,
                       std::int64_t people, const search::Query& query = {}, double loss = 0) {
  search::Answer answer;
  answer.candidates = std::move(candidates);
  answer.reasons = {"the engine's"};
  answer.decision = Decision::hit;
  answer.effort.gallery_prints = 10;
  answer.effort.loss = loss;
  decide(policy, bands_for(policy, people), query, answer);
  return answer;
}

TEST(FalsePositiveRate, IsThatOfAllPeopleTogetherWithoutLossOfDigits) {
  struct Case {
    double fmr;
    std::int64_t people;
    double fpir;
  };
  for (const auto& [fmr, people, fpir] : {
           Case{1e-6, 1, 1e-6},
           Case{0.5, 2, 0.75},
           Case{1e-15, 1'000, 1e-12},
           Case{1e-20, 10'000'000'000, 1e-10},
           Case{1e-9, 1'000'000, 9.995001666e-4},
           Case{1e-3, 1'000'000, 1},
           Case{0, 1'000'000, 0},
           Case{1, 1, 1},
           Case{1, 0, 0},
           Case{0.5, 0, 0},
           Case{0.5, -1, 0},
       }) {
    EXPECT_NEAR(search::false_positive_rate(FalseMatchRate{fmr}, people).value(), fpir, 1e-9 * fpir)
        << fmr << " " << people;
  }
}

TEST(Bands, HoldTheWantedRatesWhateverTheGallerysSize) {
  for (const double hit : {1e-6, 1e-3, 0.5}) {
    for (const std::int64_t people : {1LL, 2LL, 1'000LL, 10'000'000LL, 8'000'000'000LL}) {
      GalleryPolicy policy;
      policy.hit_fpir = hit, policy.refer_fpir = 0.9;
      const Bands bands = bands_for(policy, people);
      EXPECT_NEAR(search::false_positive_rate(bands.hit_at, people).value(), hit, 1e-9 * hit);
      EXPECT_NEAR(search::false_positive_rate(bands.refer_at, people).value(), 0.9, 1e-9);
      EXPECT_LT(bands.hit_at, bands.refer_at);
      EXPECT_EQ(bands.people, people);
    }
  }
  EXPECT_DOUBLE_EQ(bands_for(GalleryPolicy(), 1).hit_at.value(), 1e-3);
  EXPECT_EQ(bands_for(GalleryPolicy(), 0).hit_at, bands_for(GalleryPolicy(), 1).hit_at);
  EXPECT_EQ(verify_bands(GalleryPolicy()).hit_at, FalseMatchRate{1e-6});
  EXPECT_EQ(verify_bands(GalleryPolicy()).refer_at, FalseMatchRate{1e-4});
}

TEST(Shares, AddUpToOneOverWhatSpeaksForACandidate) {
  const Candidate c = candidate({finger(0, 1e-6), finger(1, 1e-3), against(face(2, 1))});
  double sum = 0;
  for (const Evidence& e : c.evidence) sum += share_of(e, c);
  EXPECT_DOUBLE_EQ(sum, 1);
  EXPECT_GT(share_of(c.evidence[0], c), share_of(c.evidence[1], c));
  EXPECT_EQ(share_of(c.evidence[2], c), 0);
  const Candidate none = candidate({against(finger(0, 1)), against(face(1, 1))});
  EXPECT_EQ(share_of(none.evidence[0], none), 0);
}

// Of a thousand people: a hit is at 1.0005e-6, an examiner at 1.05e-4.
TEST(Judge, LetsOnlyWhatMayDecideMakeAHit) {
  constexpr auto hit = Decision::hit, refer = Decision::refer, no = Decision::no_hit;
  struct Case {
    const char* what;
    std::vector<Evidence> evidence;
    // By who may decide alone: fingers (the default), face, both, none.
    Decision fingers_may, face_may, both_may, none_may;
  };
  const Case cases[] = {
      {"one finger in the hit band", {finger(0, 1e-6)}, hit, refer, hit, refer},
      {"a finger just above it", {finger(0, 1.1e-6)}, refer, refer, refer, refer},
      {"a finger in the refer band", {finger(0, 1e-4)}, refer, refer, refer, refer},
      {"a finger just above that", {finger(0, 1.1e-4)}, no, no, no, no},
      {"two fingers together", {finger(0, 1e-5), finger(1, 1e-5)}, hit, refer, hit, refer},
      {"a face in the hit band", {face(0, 1e-6)}, refer, hit, hit, refer},
      {"a face in the refer band", {face(0, 1e-4)}, refer, refer, refer, refer},
      {"a face above", {face(0, 1e-3)}, no, no, no, no},
      {"two faces", {face(0, 1e-5), face(1, 1e-5)}, refer, hit, hit, refer},
      {"both reach it together", {finger(0, 1e-4), face(1, 1e-5)}, hit, hit, hit, hit},
      {"a face with a finger of support", {finger(0, 1e-2), face(1, 1e-8)}, hit, hit, hit, hit},
      {"a face with less", {finger(0, 2e-2), face(1, 1e-8)}, refer, hit, hit, refer},
      {"a face with a finger against it",
       {against(finger(0, 1)), face(1, 1e-8)},
       refer,
       hit,
       hit,
       refer},
      {"a finger with a face against it",
       {finger(0, 1e-8), against(face(1, 1))},
       hit,
       refer,
       hit,
       refer},
      {"neither much", {finger(0, 0.05), face(1, 0.05)}, no, no, no, no},
      {"nothing for it", {against(finger(0, 1)), against(face(1, 1))}, no, no, no, no},
  };
  for (const Case& one : cases) {
    const Candidate c = candidate(one.evidence);
    const auto judged = [&](bool finger_may, bool face_may) {
      const GalleryPolicy policy = alone(finger_may, face_may);
      const Bands bands = bands_for(policy, 1'000);
      const Decision decision = judge(c, bands, policy);
      EXPECT_EQ(decided(policy, {c}, 1'000).decision, decision) << one.what;
      return decision;
    };
    EXPECT_EQ(judged(true, false), one.fingers_may) << one.what;
    EXPECT_EQ(judged(false, true), one.face_may) << one.what;
    EXPECT_EQ(judged(true, true), one.both_may) << one.what;
    EXPECT_EQ(judged(false, false), one.none_may) << one.what;
  }
}

TEST(Judge, HoldsTheBestOfManyReferencesForWhatItIs) {
  const Bands bands{FalseMatchRate{1e-6}, FalseMatchRate{1e-3}, 1};
  Evidence one = finger(0, 5e-7);
  EXPECT_EQ(judge(candidate({one}), bands, alone(true, true)), Decision::hit);
  one.references = 10;
  EXPECT_EQ(judge(candidate({one}), bands, alone(true, true)), Decision::refer);
}

TEST(Judge, AsksForMoreInALargerGallery) {
  const Candidate c = candidate({finger(0, 1e-8)});
  const GalleryPolicy policy;
  EXPECT_EQ(judge(c, bands_for(policy, 100'000), policy), Decision::hit);
  EXPECT_EQ(judge(c, bands_for(policy, 1'000'000), policy), Decision::refer);
  EXPECT_EQ(judge(c, bands_for(policy, 100'000'000), policy), Decision::no_hit);
}

TEST(Decide, ReplacesWhatTheEngineSaid) {
  const auto answer = decided({}, {candidate({finger(0, 0.1)})}, 1'000);
  EXPECT_EQ(answer.decision, Decision::no_hit);
  EXPECT_THAT(answer.reasons, Not(Contains("the engine's")));
  ASSERT_EQ(answer.reasons.size(), 1U);
  EXPECT_EQ(answer.reasons[0], "the best candidate's false match rate is 0.1, above 0.00011");
}

TEST(Decide, SaysWhenThereWasNobodyToFind) {
  EXPECT_THAT(decided({}, {}, 10).reasons, Contains("no enrolled template resembles these"));
  search::Answer empty;
  decide({}, bands_for({}, 0), {}, empty);
  EXPECT_EQ(empty.decision, Decision::no_hit);
  EXPECT_THAT(empty.reasons, Contains("the gallery holds nothing to compare these templates with"));
}

TEST(Decide, ExplainsWhatDecidedAndWhatWasMissing) {
  struct Case {
    std::vector<Evidence> evidence;
    bool finger_may, face_may;
    const char* reason;
  };
  for (const auto& [evidence, finger_may, face_may, reason] : {
           Case{{finger(0, 1e-7)}, true, false, "by its fingers is 1e-07, at or below 1e-06"},
           Case{{face(0, 1e-7)}, true, true, "by the face is 1e-07, at or below 1e-06 for a hit"},
           Case{{finger(0, 1e-4), face(1, 1e-5)}, true, false, "by fingers and face together is"},
           Case{{face(0, 1e-7)},
                true,
                false,
                "by the face alone is 1e-07, at or below 1e-06 for a hit, but the face may not "
                "decide alone here, and the finger does not speak for it: an examiner should look"},
           Case{{finger(0, 0.5), face(1, 1e-7)}, true, false, "and the finger speaks too little"},
           Case{{finger(0, 1e-7)},
                false,
                true,
                "the finger may not decide alone here, and the face"},
           Case{
               {finger(0, 1e-5)},
               true,
               false,
               "is 1e-05, between 1e-06 for a hit and 0.00011 for no hit: an examiner should look"},
           Case{{finger(0, 1e-7)},
                true,
                false,
                "in a search among 1000 people that is a false positive rate of 0.0001; 0.001 is "
                "wanted for a hit and 0.1 for an examiner"},
       }) {
    const auto answer = decided(alone(finger_may, face_may), {candidate(evidence)}, 1'000);
    EXPECT_THAT(answer.reasons, Contains(HasSubstr(reason)));
  }
}

TEST(Decide, TakesTheBestDecisionOfAllCandidates) {
  // The first has more to speak for it, and may not decide.
  const Candidate look_alike = candidate({face(0, 1e-8)}, 1),
                  mate = candidate({finger(1, 1e-7)}, 2);
  const auto answer = decided({}, {look_alike, mate}, 1'000);
  EXPECT_EQ(answer.decision, Decision::hit);
  EXPECT_THAT(answer.reasons, Contains(HasSubstr("candidate 2's false match rate by its fingers")));
  EXPECT_EQ(answer.candidates[0].subject, SubjectId{1});
  EXPECT_THAT(answer.reasons, Not(Contains(HasSubstr("candidates are hits"))));
  const auto both = decided({}, {candidate({finger(0, 1e-8)}, 1), mate}, 1'000);
  EXPECT_THAT(both.reasons,
              Contains("2 candidates are hits: one person may be enrolled as several"));
}

TEST(Decide, WarnsOfUnlikeFingersAndSaysWhich) {
  using enum FingerPosition;
  struct Case {
    FingerPosition probe, reference;
    const char* reason;
  };
  for (const auto& [probe, reference, reason] : {
           Case{right_index, left_index,
                "right-index matches the enrolled left-index: hands may have been swapped"},
           Case{left_little, right_little,
                "left-little matches the enrolled right-little: hands may have been swapped"},
           Case{
               right_index, right_middle,
               "right-index matches the enrolled right-middle: fingers may have been mis-numbered"},
           Case{right_index, left_middle,
                "right-index matches the enrolled left-middle: fingers may have been mis-numbered"},
           Case{right_index, right_index, nullptr},
           Case{unknown, right_index, nullptr},
           Case{right_index, unknown, nullptr},
       }) {
    Evidence e = finger(0, 1e-8);
    e.probe_position = probe, e.reference_position = reference;
    const auto reasons = decided({}, {candidate({e})}, 1'000).reasons;
    if (reason != nullptr) {
      EXPECT_THAT(reasons, Contains(reason));
    } else {
      EXPECT_THAT(reasons, Each(Not(HasSubstr("matches the enrolled"))));
    }
    e.value = {LogLikelihoodRatio{-1}, FalseMatchRate{0.9}};  // one that does not match
    EXPECT_THAT(decided({}, {candidate({e, finger(1, 1e-8, left_thumb)})}, 1'000).reasons,
                Each(Not(HasSubstr("matches the enrolled"))));
  }
}

TEST(Decide, WarnsWhereOnlyAFaceSpeaksOrOneSpeaksAgainst) {
  const char* const twins = "only the face speaks for it";
  struct Case {
    std::vector<Evidence> evidence;
    const char *said, *not_said;
  };
  for (const auto& [evidence, said, not_said] : {
           Case{{face(0, 1e-7)}, twins, "against"},
           Case{{face(0, 1e-7), against(finger(1, 1))}, twins, "the face speaks against"},
           Case{{face(0, 1e-7), against(finger(1, 1))}, "the fingers speak against it", "lost"},
           Case{{finger(0, 1e-7), against(face(1, 1))}, "the face speaks against it", twins},
           Case{{finger(0, 1e-7), face(1, 1e-3)}, "at or below", twins},
           Case{{finger(0, 1e-7)}, "at or below", "against"},
       }) {
    const auto reasons = decided(alone(true, true), {candidate(evidence)}, 1'000).reasons;
    EXPECT_THAT(reasons, Contains(HasSubstr(said)));
    EXPECT_THAT(reasons, Each(Not(HasSubstr(not_said))));
  }
}

TEST(Decide, SaysWhereARateIsSmallerThanWasEverMeasured) {
  struct Case {
    std::vector<Evidence> evidence;
    std::int64_t people;
    bool extrapolated;
  };
  for (const auto& [evidence, people, extrapolated] : {
           Case{{finger(0, 1e-8)}, 10'000, true},                   // hit at 1e-7
           Case{{finger(0, 1e-8)}, 10, false},                      // at 1e-4, which a finger backs
           Case{{finger(0, 1e-8)}, 11, true},                       //
           Case{{finger(0, 1e-5)}, 10'000, true},                   // refer at 1.05e-5
           Case{{finger(0, 9e-5)}, 1'000, false},                   // at 1.05e-4
           Case{{face(0, 1e-8)}, 1'000, false},                     // at 1e-6, which a face backs
           Case{{face(0, 1e-8)}, 1'001, true},                      //
           Case{{finger(0, 1e-5), finger(1, 1e-5)}, 1'000, false},  // each backs 1e-4
           Case{{finger(0, 1e-8), finger(1, 0.5)}, 1'000, true},
           Case{{finger(0, 1e-8), finger(1, 1e-8), finger(2, 1e-8)}, 1'000'000, false},
           Case{{finger(0, 1e-8), finger(1, 1e-8)}, 1'000'000, true},
           Case{{finger(0, 1e-4), face(1, 1e-6)}, 1'000'000, false},
       }) {
    const auto answer = decided(alone(true, true), {candidate(evidence)}, people);
    ASSERT_NE(answer.decision, Decision::no_hit) << people;
    const auto said = Contains(HasSubstr("the rest is extrapolated"));
    if (extrapolated) {
      EXPECT_THAT(answer.reasons, said) << people << " " << evidence.size();
    } else {
      EXPECT_THAT(answer.reasons, Not(said)) << people << " " << evidence.size();
    }
  }
}

TEST(Decide, NamesProbesThatArePoor) {
  const auto probe = [](FingerPosition position, int quality) {
    FingerTemplate t;
    t.position = position;
    t.quality.value = static_cast<std::uint8_t>(quality);
    return Template(t);
  };
  FaceTemplate blurred;
  blurred.quality.value = 3;
  search::Query query;
  query.templates = {probe(FingerPosition::left_thumb, 19), probe(FingerPosition::left_ring, 20),
                     probe(FingerPosition::right_ring, 255), probe(FingerPosition::unknown, 0),
                     blurred};
  for (const auto& found : {std::vector<Candidate>{}, {candidate({finger(0, 1e-9)})}}) {
    const auto reasons = decided({}, found, 1'000, query).reasons;
    const std::string rest = " of 100, is poor: a mate is easily missed; capture it again";
    EXPECT_THAT(reasons, Contains("the left-thumb's quality, 19" + rest));
    EXPECT_THAT(reasons, Contains("the finger's quality, 0" + rest));
    EXPECT_THAT(reasons, Contains("the face's quality, 3" + rest));
    EXPECT_THAT(reasons, Each(AllOf(Not(HasSubstr("ring")), Not(HasSubstr("255")))));
  }
}

TEST(Decide, TellsWhatASearchMayHaveLostUnlessItFound) {
  const GalleryPolicy policy;
  const std::vector<Candidate> none, found = {candidate({finger(0, 1e-9)})};
  EXPECT_THAT(decided(policy, none, 10, {}, 0.003).reasons,
              Contains("of single prints' mates 0.3 % are lost before they are compared in full"));
  EXPECT_THAT(decided(policy, none, 10, {}, 0.006).reasons,
              Contains(HasSubstr("0.6 % are lost before they are compared in full, more than the "
                                 "0.3 % allowed")));
  EXPECT_THAT(decided(policy, none, 10, {}, 0).reasons, Each(Not(HasSubstr("lost"))));
  EXPECT_THAT(decided(policy, found, 10, {}, 0.003).reasons, Each(Not(HasSubstr("lost"))));
}

TEST(Decide, SpeaksOfNoSearchWhereOnePersonWasNamed) {
  const GalleryPolicy policy;
  search::Answer answer;
  answer.candidates = {candidate({finger(0, 1e-7)})};
  decide(policy, verify_bands(policy), {}, answer);
  EXPECT_EQ(answer.decision, Decision::hit);
  EXPECT_THAT(answer.reasons, Each(Not(HasSubstr("in a search among"))));
}

}  // namespace
}  // namespace whorl::service
