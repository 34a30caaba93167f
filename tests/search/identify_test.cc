#include "engine/search/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <limits>
#include <set>

#include "engine/search/face_search.h"
#include "tests/search/people_gallery.h"

namespace whorl::search {
namespace {

Query query_of(const Encounter& visit) {
  Query query;
  query.templates = visit.templates;
  return query;
}

Answer ask(const GalleryIndex& index, const Query& query,
           kernels::Backend backend = kernels::best_backend()) {
  return identify(index, {&query, 1}, backend).front();
}

using Listed = std::vector<std::tuple<SubjectId, double, double, std::size_t>>;
Listed listed(const Answer& answer) {
  Listed list;
  for (const Candidate& c : answer.candidates) {
    list.emplace_back(c.subject, c.value.ratio.value(), c.value.fmr.value(), c.evidence.size());
  }
  return list;
}

TEST(Identify, FindsMatesAndNobodyElse) {
  const PeopleGallery people(300, {kRightIndex});
  int found = 0, false_hits = 0;
  for (std::uint64_t p = 0; p < 100; ++p) {
    const Answer mate =
        ask(people.index, query_of(visit_of(people.population.person(p), {kRightIndex}, 1)));
    found += !mate.candidates.empty() && mate.candidates.front().subject == SubjectId{p + 1} &&
             mate.decision != Decision::no_hit;
    const Answer stranger =
        ask(people.index, query_of(visit_of(people.population.person(5000 + p), {kRightIndex}, 1)));
    false_hits += stranger.decision == Decision::hit;
  }
  EXPECT_GE(found, 97);
  EXPECT_EQ(false_hits, 0);
}

// What a gallery too large to be compared wholly costs: few full comparisons, and the loss is told.
TEST(Identify, ComparesFewOfALargeGalleryAndSaysWhatThatLoses) {
  const PeopleGallery people(900, {kRightIndex});
  int found = 0;
  for (std::uint64_t p = 0; p < 900; p += 30) {
    Query query = query_of(visit_of(people.population.person(p), {kRightIndex}, 1));
    const Answer usual = ask(people.index, query);
    EXPECT_EQ(usual.effort.comparisons, 900);
    EXPECT_LE(usual.effort.survivors, kFewestSurvivors);
    EXPECT_EQ(usual.effort.loss, policy_for(kDefaultMaxLoss).loss);
    query.max_loss = 1e-9;
    const Answer thorough = ask(people.index, query);
    EXPECT_GE(thorough.effort.survivors, usual.effort.survivors);
    EXPECT_LT(thorough.effort.loss, usual.effort.loss);
    for (const Answer& answer : {usual, thorough}) {
      found += !answer.candidates.empty() && answer.candidates.front().subject == SubjectId{p + 1};
    }
  }
  EXPECT_GE(found, 58);  // of 60
}

TEST(Identify, AnswersTheSameOnEveryBackendThreadCountAndBatch) {
  const PeopleGallery people(450, {kRightIndex, kLeftIndex}, true);
  std::vector<Query> queries;
  for (std::uint64_t p = 0; p < 6; ++p) {
    queries.push_back(
        query_of(visit_of(people.population.person(p * 31), {kRightIndex, kLeftIndex}, 1, true)));
  }
  const auto together = identify(people.index, queries, kernels::best_backend());
  const oneapi::tbb::global_control one(oneapi::tbb::global_control::max_allowed_parallelism, 1);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    EXPECT_EQ(listed(ask(people.index, queries[q])), listed(together[q]));
    EXPECT_EQ(listed(ask(people.index, queries[q], kernels::Backend::reference)),
              listed(together[q]));
  }
}

TEST(Identify, AddsUpTheFingersAndTheFace) {
  const PeopleGallery people(100, {kRightIndex, kLeftIndex}, true);
  const Encounter visit = visit_of(people.population.person(8), {kRightIndex, kLeftIndex}, 1, true);
  const Answer all = ask(people.index, query_of(visit));
  ASSERT_FALSE(all.candidates.empty());
  EXPECT_EQ(all.candidates.front().subject, SubjectId{9});
  ASSERT_EQ(all.candidates.front().evidence.size(), 3U);
  double sum = 0;
  for (const Evidence& e : all.candidates.front().evidence) sum += e.value.ratio.value();
  EXPECT_DOUBLE_EQ(all.candidates.front().value.ratio.value(), sum);
  Query one = query_of(visit);
  one.templates.resize(1);
  EXPECT_GT(sum, ask(people.index, one).candidates.front().value.ratio.value());
}

TEST(Identify, ComparesLikeFingersAndFindsSwappedHandsOnlyWhenAsked) {
  const PeopleGallery people(100, {kRightIndex});
  Encounter visit = visit_of(people.population.person(4), {kRightIndex}, 1);
  std::get<FingerTemplate>(visit.templates[0]).position = kLeftIndex;
  Query query = query_of(visit);
  EXPECT_TRUE(ask(people.index, query).candidates.empty());
  query.any_finger = true;
  const Answer swapped = ask(people.index, query);
  ASSERT_FALSE(swapped.candidates.empty());
  EXPECT_EQ(swapped.candidates.front().subject, SubjectId{5});
  EXPECT_THAT(swapped.reasons.back(), ::testing::HasSubstr("swapped"));
  std::get<FingerTemplate>(query.templates[0]).position = FingerPosition::unknown;
  query.any_finger = false;
  EXPECT_EQ(ask(people.index, query).candidates.front().subject, SubjectId{5});
}

// The second look, at unlike fingers, adds to what the first found and takes nothing away.
TEST(Identify, AReferralSurvivesTheLookAtUnlikeFingers) {
  for (const auto& fingers : {std::vector{kRightIndex}, std::vector{kRightIndex, kLeftIndex}}) {
    const PeopleGallery people(60, fingers);
    Query query = query_of(visit_of(people.population.person(4), {kRightIndex}, 1));
    query.hit_at = FalseMatchRate{1e-300};
    const Answer like = ask(people.index, query);
    ASSERT_EQ(like.decision, Decision::refer);
    query.any_finger = true;
    const Answer any = ask(people.index, query);
    EXPECT_EQ(any.decision, Decision::refer);
    ASSERT_FALSE(any.candidates.empty());
    EXPECT_EQ(any.candidates.front().subject, SubjectId{5});
    EXPECT_EQ(any.candidates.front().value.ratio, like.candidates.front().value.ratio);
  }
}

// What one probe met is the sum over the fingers it was compared with; the gallery counts once.
TEST(Identify, TellsHowManyTemplatesAProbeMet) {
  const PeopleGallery people(40, {kRightIndex, kLeftIndex});
  Query query = query_of(visit_of(people.population.person(4), {kRightIndex}, 1));
  EXPECT_EQ(ask(people.index, query).effort.searched, 40);
  auto& print = std::get<FingerTemplate>(query.templates[0]);
  print.position = FingerPosition::unknown;
  query.templates.push_back(query.templates[0]);
  const Effort effort = ask(people.index, query).effort;
  EXPECT_EQ(effort.searched, 80);
  EXPECT_EQ(effort.gallery_prints, 80);
  EXPECT_EQ(effort.comparisons, 160);
}

TEST(Identify, FindsPrintsThatAreUpsideDownOnlyWhenAsked) {
  const PeopleGallery people(300, {kRightIndex});
  Encounter visit = visit_of(people.population.person(4), {kRightIndex}, 1);
  auto& print = std::get<FingerTemplate>(visit.templates[0]);
  for (Minutia& m : print.minutiae) {
    m.x_px = static_cast<std::int16_t>(500 - m.x_px);
    m.y_px = static_cast<std::int16_t>(500 - m.y_px);
    m.direction = Direction{static_cast<std::uint8_t>(m.direction.steps() + 128)};
  }
  print.codes.clear();
  features::describe_minutiae(print);
  Query query = query_of(visit);
  EXPECT_EQ(ask(people.index, query).decision, Decision::no_hit);
  query.any_rotation = true;
  const Answer turned = ask(people.index, query);
  ASSERT_FALSE(turned.candidates.empty());
  EXPECT_EQ(turned.candidates.front().subject, SubjectId{5});
  EXPECT_EQ(turned.decision, Decision::hit);
}

TEST(Identify, HonoursFiltersAndTheLengthOfTheList) {
  const PeopleGallery people(120, {kRightIndex});
  Query query = query_of(visit_of(people.population.person(7), {kRightIndex}, 1));
  query.max_candidates = 3;
  EXPECT_EQ(ask(people.index, query).candidates.size(), 3U);
  query.filter.excluded = {SubjectId{8}};
  for (const Candidate& c : ask(people.index, query).candidates) EXPECT_NE(c.subject, SubjectId{8});
  query.filter.excluded.clear();
  const Demographics own = people.population.person(7).demographics();
  query.filter.sex = own.sex;
  EXPECT_EQ(ask(people.index, query).candidates.front().subject, SubjectId{8});
  query.filter.sex = own.sex == Sex::female ? Sex::male : Sex::female;
  for (const Candidate& c : ask(people.index, query).candidates) {
    EXPECT_NE(people.visits[c.subject.value() - 1].demographics.sex, own.sex);
  }
}

TEST(Identify, ProbesThatLeaveOutAFewByNameFindTogetherWhatEachFindsUnderItsFilter) {
  PeopleGallery people(260, {}, true);
  for (std::uint64_t number = 1; number <= 70; ++number) {  // too many to be found and dropped
    people.add(SubjectId{3}, visit_of(people.population.person(2), {}, number, true));
  }
  std::vector<Query> queries;
  for (const std::uint64_t p : {0U, 1U, 2U, 3U}) {
    queries.push_back(query_of(visit_of(people.population.person(p), {}, 100, true)));
    queries.back().max_candidates = kMaxCandidates;
    if (p > 0) queries.back().filter.excluded = {SubjectId{p}, SubjectId{p + 1}};
  }
  const auto together = identify(people.index, queries, kernels::best_backend());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const auto& probe = std::get<FaceTemplate>(queries[q].templates[0]);
    const auto hits = people.index.face()->search({&probe, 1}, queries[q].filter, kFaceHits);
    std::set<SubjectId> expected, found;
    for (const index::FaceHit& hit : hits->front()) expected.insert(hit.owner.subject_id());
    for (const Candidate& c : together[q].candidates) found.insert(c.subject);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(found.contains(SubjectId{q + 1}), q == 0);
  }
}

// Who was in already, who came since, and whose second visit came since.
TEST(Identify, BroughtUpToDateAnAnswerSaysWhatASearchNowWould) {
  const std::vector<FingerPosition> fingers{kRightIndex, kLeftIndex};
  PeopleGallery people(100, fingers, true);
  std::vector<Query> queries;
  for (const std::uint64_t p : {8U, 9U, 120U, 500U}) {
    queries.push_back(query_of(visit_of(people.population.person(p), fingers, 3, true)));
    queries.back().max_candidates =
        kMaxCandidates;  // before all is known, the list is cut by parts
  }
  queries.back().filter.sex = people.population.person(8).demographics().sex;
  std::vector<Answer> earlier = identify(people.index, queries, kernels::best_backend());
  EXPECT_EQ(listed(identify_since(people.index, queries[0], earlier[0], kernels::best_backend())),
            listed(earlier[0]))
      << "nothing came since";
  people.add(SubjectId{10}, visit_of(people.population.person(9), fingers, 1, true));
  for (std::uint64_t p = 100; p < 150; ++p) {
    people.add(SubjectId{p + 1}, visit_of(people.population.person(p), fingers, 0, true));
  }
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const Answer fresh = ask(people.index, queries[q]);
    const Answer updated =
        identify_since(people.index, queries[q], std::move(earlier[q]), kernels::best_backend());
    EXPECT_EQ(listed(updated), listed(fresh)) << q;
    EXPECT_EQ(updated.decision, fresh.decision);
    EXPECT_EQ(updated.reasons, fresh.reasons);
    EXPECT_EQ(updated.effort.comparisons, fresh.effort.comparisons);
    EXPECT_EQ(updated.effort.gallery_prints, fresh.effort.gallery_prints);
  }
}

TEST(Identify, AnEmptyGalleryIsNoFault) {
  const PeopleGallery nobody(0, {});
  const Answer answer =
      ask(nobody.index, query_of(visit_of(nobody.population.person(1), {kRightIndex}, 0)));
  EXPECT_EQ(answer.decision, Decision::no_hit);
  EXPECT_TRUE(answer.candidates.empty());
  EXPECT_FALSE(answer.reasons.empty());
}

TEST(Identify, ARemovedEncounterIsGone) {
  PeopleGallery people(60, {kRightIndex}, true);
  const Query query = query_of(visit_of(people.population.person(3), {kRightIndex}, 1, true));
  ASSERT_EQ(ask(people.index, query).candidates.front().subject, SubjectId{4});
  people.index.remove(SubjectId{4}, EncounterId{2});  // no such encounter: nothing happens
  ASSERT_EQ(ask(people.index, query).candidates.front().subject, SubjectId{4});
  people.index.remove(SubjectId{4}, EncounterId{1});
  for (const Candidate& c : ask(people.index, query).candidates) EXPECT_NE(c.subject, SubjectId{4});
  EXPECT_EQ(people.index.subjects(), 59);
  EXPECT_EQ(people.index.templates(), 118);
}

struct BadQuery {
  const char* name;
  void (*spoil)(Query&);
  Fault expected;
};
void PrintTo(const BadQuery& c, std::ostream* os) { *os << c.name; }

FaceTemplate& face_in(Query& q) { return std::get<FaceTemplate>(q.templates.back()); }

const BadQuery kBadQueries[] = {
    {"NoTemplates", [](Query& q) { q.templates.clear(); }, Fault::empty_input},
    {"TooManyTemplates", [](Query& q) { q.templates.resize(40, q.templates[0]); },
     Fault::limit_exceeded},
    {"NoMinutiae", [](Query& q) { std::get<FingerTemplate>(q.templates[0]) = {}; },
     Fault::no_minutiae},
    {"TooManyMinutiae",
     [](Query& q) { std::get<FingerTemplate>(q.templates[0]).minutiae.resize(129); },
     Fault::limit_exceeded},
    {"NoCandidatesAskedFor", [](Query& q) { q.max_candidates = 0; }, Fault::bad_argument},
    {"TooManyCandidates", [](Query& q) { q.max_candidates = 1001; }, Fault::limit_exceeded},
    {"NoLossAtAll", [](Query& q) { q.max_loss = 0; }, Fault::bad_argument},
    {"EverythingLost", [](Query& q) { q.max_loss = 1; }, Fault::bad_argument},
    {"LossIsNotANumber", [](Query& q) { q.max_loss = std::numeric_limits<double>::quiet_NaN(); },
     Fault::bad_argument},
    {"HitsAtNothing", [](Query& q) { q.hit_at = FalseMatchRate{0}; }, Fault::bad_argument},
    {"HitsAtLessThanNothing", [](Query& q) { q.hit_at = FalseMatchRate{-1e-9}; },
     Fault::bad_argument},
    {"HitsWhereItRefers", [](Query& q) { q.hit_at = FalseMatchRate{1e-3}; }, Fault::bad_argument},
    {"RefersBeyondEverybody", [](Query& q) { q.refer_at = FalseMatchRate{1.01}; },
     Fault::bad_argument},
    {"RateIsNotANumber",
     [](Query& q) { q.refer_at = FalseMatchRate{std::numeric_limits<double>::quiet_NaN()}; },
     Fault::bad_argument},
    {"ExcludedOutOfOrder",
     [](Query& q) {
       q.filter.excluded = {SubjectId{3}, SubjectId{2}};
     },
     Fault::bad_argument},
    {"AnotherModel", [](Query& q) { face_in(q).model = "another"; }, Fault::wrong_model},
    {"AnotherDimension", [](Query& q) { face_in(q).vector.push_back(1); }, Fault::wrong_dimension},
    {"NotANumber", [](Query& q) { face_in(q).vector[5] = std::numeric_limits<float>::quiet_NaN(); },
     Fault::not_finite},
    {"ZeroVector", [](Query& q) { std::ranges::fill(face_in(q).vector, 0.0F); },
     Fault::zero_vector},
};

class RefusedQuery : public ::testing::TestWithParam<BadQuery> {};

TEST_P(RefusedQuery, HasItsOwnFault) {
  const PeopleGallery people(3, {kRightIndex}, true);
  Query query = query_of(visit_of(people.population.person(1), {kRightIndex}, 1, true));
  ASSERT_TRUE(check_query(query, people.index));
  GetParam().spoil(query);
  const auto checked = check_query(query, people.index);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fault, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(All, RefusedQuery, ::testing::ValuesIn(kBadQueries),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace whorl::search
