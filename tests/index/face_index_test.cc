#include "engine/index/face_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/matchers/face_matcher.h"
#include "tests/support/simulated_faces.h"

namespace whorl::index {
namespace {

using ::whorl::testing::SimulatedFaces;

constexpr FaceIndexKind kKinds[] = {FaceIndexKind::exact, FaceIndexKind::ivf, FaceIndexKind::hnsw,
                                    FaceIndexKind::pq};
constexpr std::uint64_t kSeed = 11;
const Filter kEveryone;

std::string name_of_kind(const ::testing::TestParamInfo<FaceIndexKind>& kind) {
  const char* const names[] = {"exact", "ivf", "hnsw", "pq"};
  return names[static_cast<int>(kind.param)];
}

// One subject in a hundred is born in each year.
PrintOwner owner(std::uint64_t subject) {
  return {subject, 1, static_cast<std::uint16_t>(1900 + subject % 100), 0, 0};
}

FaceIndex populated(FaceIndexKind kind, std::uint64_t people,
                    kernels::Backend backend = kernels::best_backend()) {
  const SimulatedFaces faces(kSeed);
  FaceIndex index(kind, SimulatedFaces::kModel, SimulatedFaces::kDimension, backend);
  for (std::uint64_t person = 0; person < people; ++person) {
    EXPECT_TRUE(index.add(owner(person), faces.face(person, 0)));
  }
  return index;
}

std::vector<FaceHit> one(const FaceIndex& index, const FaceTemplate& probe, const Filter& filter,
                         int k) {
  const auto found = index.search(std::span(&probe, 1), filter, k);
  EXPECT_TRUE(found);
  return found ? found->front() : std::vector<FaceHit>{};
}

std::vector<std::uint64_t> subjects(const std::vector<FaceHit>& hits) {
  std::vector<std::uint64_t> list;
  for (const FaceHit& hit : hits) list.push_back(hit.owner.subject);
  return list;
}

// The definition: every pair compared, sorted, cut.
std::vector<std::uint64_t> by_hand(const FaceTemplate& probe, std::uint64_t people, std::size_t k) {
  const SimulatedFaces faces(kSeed);
  std::vector<std::pair<float, std::uint64_t>> all;
  for (std::uint64_t person = 0; person < people; ++person) {
    all.emplace_back(-matchers::FaceMatcher().compare(probe, faces.face(person, 0))->value(),
                     person);
  }
  std::ranges::sort(all);
  std::vector<std::uint64_t> list;
  for (const auto& [score, person] : all) list.push_back(person);
  list.resize(std::min(k, list.size()));
  return list;
}

class EveryFaceIndex : public ::testing::TestWithParam<FaceIndexKind> {
 protected:
  FaceIndex index_{GetParam(), SimulatedFaces::kModel, SimulatedFaces::kDimension};
  SimulatedFaces faces_{kSeed};
};

TEST_P(EveryFaceIndex, FindsNobodyInAnEmptyGallery) {
  EXPECT_TRUE(one(index_, faces_.face(1, 0), kEveryone, 10).empty());
  EXPECT_TRUE(index_.search({}, kEveryone, 10)->empty());
}

TEST_P(EveryFaceIndex, RefusesWhatItCannotHoldAndStaysAsItWas) {
  ASSERT_TRUE(index_.add(owner(1), faces_.face(1, 0)));
  FaceTemplate wrong_model = faces_.face(2, 0);
  wrong_model.model = "another";
  FaceTemplate short_one = faces_.face(2, 0), zeros = short_one, nan = short_one, none = short_one;
  short_one.vector.pop_back();
  none.vector.clear();
  std::ranges::fill(zeros.vector, 0.0F);
  nan.vector[127] = std::numeric_limits<float>::quiet_NaN();
  const struct {
    const FaceTemplate& face;
    Fault fault;
  } bad[] = {{wrong_model, Fault::wrong_model},
             {short_one, Fault::wrong_dimension},
             {none, Fault::wrong_dimension},
             {zeros, Fault::zero_vector},
             {nan, Fault::not_finite}};
  for (const auto& row : bad) {
    const auto added = index_.add(owner(2), row.face);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().fault, row.fault);
    const auto searched = index_.search(std::span(&row.face, 1), kEveryone, 1);
    ASSERT_FALSE(searched);
    EXPECT_EQ(searched.error().fault, row.fault);
  }
  EXPECT_EQ(index_.rows(), 1);
  EXPECT_EQ(index_.live(), 1);
}

TEST_P(EveryFaceIndex, RefusesSearchesBeyondItsLimits) {
  const FaceTemplate probe = faces_.face(1, 0);
  const std::vector<FaceTemplate> many(kMaxQueriesPerBatch + 1, probe);
  EXPECT_EQ(index_.search(std::span(&probe, 1), kEveryone, 0).error().fault, Fault::bad_argument);
  EXPECT_EQ(index_.search(std::span(&probe, 1), kEveryone, -1).error().fault, Fault::bad_argument);
  EXPECT_EQ(index_.search(std::span(&probe, 1), kEveryone, kMaxCandidates + 1).error().fault,
            Fault::limit_exceeded);
  EXPECT_EQ(index_.search(many, kEveryone, 1).error().fault, Fault::limit_exceeded);
}

TEST_P(EveryFaceIndex, ListsTheNearestFirstAsTheMatcherScoresThem) {
  const FaceIndex index = populated(GetParam(), 300);
  for (std::uint64_t person = 0; person < 20; ++person) {
    const FaceTemplate probe = faces_.face(person, 1);
    const auto hits = one(index, probe, kEveryone, 10);
    EXPECT_EQ(subjects(hits), by_hand(probe, 300, 10));
    for (const FaceHit& hit : hits) {
      EXPECT_EQ(hit.score,
                *matchers::FaceMatcher().compare(probe, faces_.face(hit.owner.subject, 0)));
      EXPECT_EQ(index.owner(hit.row), hit.owner);
    }
  }
}

TEST_P(EveryFaceIndex, ListsEveryoneWhenAskedForMoreThanThereAre) {
  const FaceIndex index = populated(GetParam(), 7);
  EXPECT_EQ(one(index, faces_.face(3, 1), kEveryone, kMaxCandidates).size(), 7U);
}

TEST_P(EveryFaceIndex, BreaksTiesByOwnerWhateverTheOrderOfAdding) {
  for (const std::uint64_t subject : {5U, 2U, 9U, 1U, 7U}) {
    ASSERT_TRUE(index_.add(owner(subject), faces_.face(0, 0)));
  }
  EXPECT_EQ(subjects(one(index_, faces_.face(0, 1), kEveryone, 3)),
            (std::vector<std::uint64_t>{1, 2, 5}));
}

TEST_P(EveryFaceIndex, NeverNamesARemovedFace) {
  FaceIndex index = populated(GetParam(), 100);
  const FaceTemplate probe = faces_.face(42, 1);
  ASSERT_EQ(one(index, probe, kEveryone, 1).front().owner.subject, 42U);
  ASSERT_TRUE(index.remove(Row{42}));
  EXPECT_FALSE(index.is_live(Row{42}));
  EXPECT_EQ(index.live(), 99);
  const auto left = one(index, probe, kEveryone, 100);
  EXPECT_EQ(left.size(), 99U);
  EXPECT_EQ(std::ranges::count(subjects(left), 42U), 0);
  EXPECT_EQ(index.remove(Row{42}).error().fault, Fault::not_found);
  EXPECT_EQ(index.remove(Row{100}).error().fault, Fault::not_found);
  ASSERT_TRUE(index.add(owner(42), faces_.face(42, 0)));
  EXPECT_EQ(one(index, probe, kEveryone, 1).front().owner.subject, 42U);
}

TEST_P(EveryFaceIndex, HonoursTheFilterAndStillFillsTheList) {
  for (std::uint64_t person = 0; person < 400; ++person) {
    const auto year = static_cast<std::uint16_t>(person % 40 == 0 ? 1990 : 1950);
    ASSERT_TRUE(index_.add({person, 1, year, 0, 0}, faces_.face(person, 0)));
  }
  Filter young{Sex::not_recorded, 1980, 2000, {SubjectId{40}, SubjectId{80}}};
  const auto hits = one(index_, faces_.face(80, 1), young, 8);
  EXPECT_EQ(hits.size(), 8U);  // ten were born in 1990, two of them are excluded
  for (const FaceHit& hit : hits) {
    EXPECT_EQ(hit.owner.birth_year, 1990);
    EXPECT_NE(hit.owner.subject, 40U);
    EXPECT_NE(hit.owner.subject, 80U);
  }
}

TEST_P(EveryFaceIndex, AnswersABatchAsOneByOne) {
  const FaceIndex index = populated(GetParam(), 2000);
  std::vector<FaceTemplate> probes;
  for (std::uint64_t person = 0; person < 30; ++person) probes.push_back(faces_.face(person, 1));
  const auto together = index.search(probes, kEveryone, 5);
  ASSERT_TRUE(together);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    EXPECT_EQ(subjects((*together)[i]), subjects(one(index, probes[i], kEveryone, 5)));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryFaceIndex, ::testing::ValuesIn(kKinds), name_of_kind);

TEST(FaceIndex, AnswersTheSameOnEveryBackend) {
  const SimulatedFaces faces(kSeed);
  for (const FaceIndexKind kind : {FaceIndexKind::exact, FaceIndexKind::hnsw}) {
    const FaceIndex reference = populated(kind, 1500, kernels::Backend::reference);
    const FaceIndex fastest = populated(kind, 1500);
    for (std::uint64_t person = 0; person < 20; ++person) {
      const FaceTemplate probe = faces.face(person, 1);
      const auto a = one(reference, probe, kEveryone, 10), b = one(fastest, probe, kEveryone, 10);
      EXPECT_EQ(subjects(a), subjects(b));
      for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        EXPECT_EQ(a[i].score, b[i].score);
      }
    }
  }
}

// How many of the exact ten nearest the index names, over probes of enrolled people.
double recall_at_10(const FaceIndex& index, const FaceIndex& exact, std::uint64_t people) {
  const SimulatedFaces faces(kSeed);
  constexpr int kProbes = 200;
  std::size_t kept = 0, wanted = 0;
  for (int i = 0; i < kProbes; ++i) {
    const auto person = static_cast<std::uint64_t>(i) * people / kProbes;
    const FaceTemplate probe = faces.face(person, 1);
    const auto truth = subjects(one(exact, probe, kEveryone, 10));
    const auto found = subjects(one(index, probe, kEveryone, 10));
    const std::set<std::uint64_t> named(found.begin(), found.end());
    wanted += truth.size();
    for (const std::uint64_t subject : truth) kept += named.count(subject);
  }
  return static_cast<double>(kept) / static_cast<double>(wanted);
}

// Past the size at which the inverted lists are trained, and with a tenth of the faces gone again.
class ApproximateFaceIndex : public ::testing::TestWithParam<FaceIndexKind> {};

TEST_P(ApproximateFaceIndex, KeepsNineOfTheTenNearest) {
  constexpr std::uint64_t kPeople = 12'000;
  FaceIndex exact = populated(FaceIndexKind::exact, kPeople);
  FaceIndex index = populated(GetParam(), kPeople);
  const double full = recall_at_10(index, exact, kPeople);
  RecordProperty("recall_at_10", std::to_string(full));
  EXPECT_GE(full, 0.9);
  for (std::uint32_t row = 5; row < kPeople; row += 10) {
    ASSERT_TRUE(exact.remove(Row{row}));
    ASSERT_TRUE(index.remove(Row{row}));
  }
  const double thinned = recall_at_10(index, exact, kPeople);
  RecordProperty("recall_at_10_after_removal", std::to_string(thinned));
  EXPECT_GE(thinned, 0.9);
}

// One placeholder picture enrolled for many: their copies must not close a graph off.
TEST_P(ApproximateFaceIndex, CopiesOfOneFaceHideNobody) {
  constexpr std::uint64_t kPeople = 4'000, kCopies = 1'000, kProbes = 400;
  const SimulatedFaces faces(kSeed);
  FaceIndex index(GetParam(), SimulatedFaces::kModel, SimulatedFaces::kDimension);
  for (std::uint64_t copy = 0; copy < kCopies; ++copy)
    ASSERT_TRUE(index.add(owner(kPeople + copy), faces.face(kPeople, 0)));
  for (std::uint64_t person = 0; person < kPeople; ++person)
    ASSERT_TRUE(index.add(owner(person), faces.face(person, 0)));
  std::uint64_t found = 0;
  for (std::uint64_t i = 0; i < kProbes; ++i) {
    const std::uint64_t person = i * kPeople / kProbes;
    found += one(index, faces.face(person, 1), kEveryone, 1).front().owner.subject == person;
  }
  EXPECT_GE(found, kProbes * 99 / 100);
  const auto copies = one(index, faces.face(kPeople, 1), kEveryone, 50);
  ASSERT_EQ(copies.size(), 50U);
  for (const FaceHit& hit : copies) EXPECT_GE(hit.owner.subject, kPeople);
}

TEST_P(ApproximateFaceIndex, FillsTheListUnderANarrowFilter) {
  constexpr std::uint64_t kPeople = 12'000;
  const FaceIndex index = populated(GetParam(), kPeople);
  const Filter one_year{Sex::not_recorded, 1942, 1942, {}};
  const auto hits = one(index, SimulatedFaces(kSeed).face(7042, 1), one_year, 100);
  ASSERT_EQ(hits.size(), 100U);
  EXPECT_EQ(hits.front().owner.subject, 7042U);
  for (const FaceHit& hit : hits) EXPECT_EQ(hit.owner.birth_year, 1942);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ApproximateFaceIndex,
                         ::testing::Values(FaceIndexKind::ivf, FaceIndexKind::hnsw,
                                           FaceIndexKind::pq),
                         name_of_kind);

}  // namespace
}  // namespace whorl::index
