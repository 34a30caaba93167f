// The exact index answers as comparing everybody does, to the last bit, though it looks at 8-bit
// codes first.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/index/face_codes.h"
#include "engine/index/face_index.h"
#include "kernels/face_dot.h"
#include "tests/kernels/random_faces.h"

namespace whorl::index {
namespace {

const std::string kModel = "test";
const Filter kEveryone;

struct Listed {
  std::uint32_t similarity, row;
  std::uint64_t subject;
  bool operator==(const Listed&) const = default;
};

std::vector<Listed> listed(const std::vector<FaceHit>& hits) {
  std::vector<Listed> all;
  for (const FaceHit& hit : hits) {
    all.push_back(
        {std::bit_cast<std::uint32_t>(hit.score.value()), hit.row.value(), hit.owner.subject});
  }
  return all;
}

// The definition: every admitted row by kernels/face_dot.h, better ones first, equal ones by owner.
std::vector<Listed> by_hand(const FaceIndex& index, const FaceTemplate& probe, const Filter& filter,
                            std::size_t k) {
  const std::vector<float> mine = *index.prepare(probe);
  std::vector<FaceHit> all;
  for (std::uint32_t r = 0; r < index.rows(); ++r) {
    const Row row{r};
    if (!index.is_live(row) || !filter.admits(index.owner(row))) continue;
    std::vector<float> theirs(mine.size());
    std::ranges::copy(index.vector(row), theirs.begin());
    float similarity = 0;
    kernels::face_dot_reference(mine.data(), {theirs.data(), 1, std::ssize(theirs)}, &similarity);
    all.push_back({Similarity{similarity}, index.owner(row), row});
  }
  std::ranges::sort(all, [](const FaceHit& a, const FaceHit& b) {
    return a.score != b.score ? b.score < a.score : earlier(a.owner, b.owner);
  });
  all.resize(std::min(all.size(), k));
  return listed(all);
}

class ExactFaces : public ::testing::TestWithParam<kernels::Backend> {
 protected:
  void SetUp() override {
    if (!kernels::available(GetParam()))
      GTEST_SKIP() << kernels::name_of(GetParam()) << ": not on this machine, NOT verified";
  }
  FaceIndex index(int dimension) const {
    return {FaceIndexKind::exact, kModel, dimension, GetParam()};
  }
  static FaceTemplate face(std::vector<float> vector) { return {kModel, {}, std::move(vector)}; }
  // One subject in ten is born in each year; subjects count down, so that rows are not in the order
  // of ties.
  static PrintOwner owner(std::uint64_t row) {
    return {100'000 - row, 1, static_cast<std::uint16_t>(1990 + row % 10), 0, 0};
  }
  static void agree(const FaceIndex& index, const std::vector<FaceTemplate>& probes,
                    const Filter& filter, int k) {
    const auto found = index.search(probes, filter, k);
    ASSERT_TRUE(found);
    for (std::size_t p = 0; p < probes.size(); ++p) {
      ASSERT_EQ(listed((*found)[p]), by_hand(index, probes[p], filter, static_cast<std::size_t>(k)))
          << "probe " << p << " of " << probes.size() << ", k = " << k;
    }
  }
};

TEST_P(ExactFaces, ListWhatComparingEverybodyLists) {
  for (const int dimension : {1, 7, 64, 65, 512}) {
    kernels::FaceMaker maker(static_cast<std::uint64_t>(dimension), dimension);
    FaceIndex faces = index(dimension);
    std::vector<FaceTemplate> probes;
    for (std::uint64_t row = 0; row < 1500; ++row) {
      const auto vector = row % 3 == 0 ? maker.awkward_face() : maker.face();
      ASSERT_TRUE(faces.add(owner(row), face(vector)));
      if (row % 50 == 0) probes.push_back(face(maker.relative(vector, 0.3F)));
      if (row == 0 || row == 16 || row == 255 || row == 256) agree(faces, probes, kEveryone, 3);
    }
    for (const int k : {1, 10, 300}) agree(faces, probes, kEveryone, k);
    agree(faces, {probes.front()}, kEveryone, 10);
    agree(faces, {probes.front()}, kEveryone, kMaxCandidates);
  }
}

TEST_P(ExactFaces, HonourFiltersAndRemovals) {
  constexpr int kDimension = 128;
  kernels::FaceMaker maker(5, kDimension);
  FaceIndex faces = index(kDimension);
  std::vector<FaceTemplate> probes;
  for (std::uint64_t row = 0; row < 2000; ++row) {
    const auto vector = maker.face();
    ASSERT_TRUE(faces.add(owner(row), face(vector)));
    if (row % 60 == 0) probes.push_back(face(maker.relative(vector, 0.5F)));
  }
  const Filter everyone;
  const Filter one_year{Sex::not_recorded, 1993, 1993, {}};
  const Filter nobody{Sex::not_recorded, 1800, 1801, {}};
  const Filter without{
      Sex::not_recorded, 0, 0, {SubjectId{100'000 - 120}, SubjectId{100'000 - 60}}};
  for (const Filter* filter : {&one_year, &nobody, &without}) agree(faces, probes, *filter, 7);
  for (std::uint32_t row = 0; row < 2000; row += 3) ASSERT_TRUE(faces.remove(Row{row}));
  for (const Filter* filter : {&everyone, &one_year, &without}) agree(faces, probes, *filter, 7);
  for (std::uint32_t row = 0; row < 2000; ++row) {
    if (row % 3 == 0 || row == 100) continue;
    ASSERT_TRUE(faces.remove(Row{row}));
  }
  agree(faces, probes, kEveryone, 7);  // one is left
  ASSERT_TRUE(faces.remove(Row{100}));
  agree(faces, probes, kEveryone, 7);
}

// Many equal rows around the last place, and neighbours that 8 bits do not tell apart.
TEST_P(ExactFaces, BreakTiesByOwnerAndSeeTheSmallestDifference) {
  constexpr int kDimension = 512;
  kernels::FaceMaker maker(6, kDimension);
  FaceIndex faces = index(kDimension);
  const auto vector = maker.face();
  auto nearly = vector;
  nearly[17] = std::nextafter(nearly[17], 1.0F);
  for (std::uint64_t row = 0; row < 700; ++row) {
    const auto other = row % 5 == 0   ? vector
                       : row % 5 == 1 ? nearly
                                      : maker.relative(vector, 1e-3F);
    ASSERT_TRUE(faces.add(owner(row), face(row % 7 == 6 ? maker.face() : other)));
  }
  for (const int k : {1, 5, 120, 121, 600}) {
    agree(faces, {face(vector), face(nearly), face(maker.relative(vector, 0.1F))}, kEveryone, k);
  }
}

TEST_P(ExactFaces, AnswerTheLargestBatch) {
  constexpr int kDimension = 64;
  kernels::FaceMaker maker(8, kDimension);
  FaceIndex faces = index(kDimension);
  std::vector<FaceTemplate> probes;
  for (std::uint64_t row = 0; row < 600; ++row) {
    ASSERT_TRUE(faces.add(owner(row), face(maker.face())));
  }
  while (std::ssize(probes) < kMaxQueriesPerBatch) probes.push_back(face(maker.face()));
  agree(faces, probes, kEveryone, 4);
}

INSTANTIATE_TEST_SUITE_P(Backends, ExactFaces, ::testing::ValuesIn(kernels::kBackends),
                         [](const auto& one) { return std::string(kernels::name_of(one.param)); });

// What an erased face was is nowhere in the codes.
TEST(FaceCodes, WipeLeavesZerosAndNoTerms) {
  constexpr int kDimension = 70;
  kernels::FaceMaker maker(9, kDimension);
  FaceCodes codes(kDimension);
  for (int row = 0; row < 20; ++row) codes.append(maker.face());
  codes.wipe(Row{18});
  const auto slice = codes.slice(0);
  ASSERT_EQ(slice.groups, 2);
  bool neighbour_is_there = false;
  for (int d = 0; d < codes.codes(); ++d) {
    const std::uint8_t* group = slice.lanes + std::int64_t{codes.codes()} * kernels::kFaceGroupRows;
    EXPECT_EQ(group[kernels::face_code_place(2, d)], kernels::kFaceCodeZero);
    neighbour_is_there |= group[kernels::face_code_place(3, d)] != kernels::kFaceCodeZero;
  }
  EXPECT_TRUE(neighbour_is_there);
  EXPECT_EQ(codes.terms(Row{18}).scale, 0);
  EXPECT_EQ(codes.terms(Row{18}).error, kernels::kFaceGone);
  EXPECT_GE(slice.errors[1], codes.terms(Row{19}).error);
}

TEST(FaceCodes, CountTheirMemory) {
  FaceCodes codes(512);
  EXPECT_EQ(codes.resident_bytes(), 0U);
  kernels::FaceMaker maker(10, 512);
  for (int row = 0; row < 1025; ++row) codes.append(maker.face());
  EXPECT_EQ(codes.resident_bytes(), 2U * 1024 * 512 + 2U * 1024 * 8 + 2U * 64 * 4);
}

TEST(FaceCodeRows, GiveTheProductOfTheCodesAndForgetWhatIsWiped) {
  kernels::FaceMaker maker(11, 100);
  FaceCodeRows rows(100, kernels::face_code_dot(kernels::best_backend()));
  std::vector<std::vector<float>> vectors;
  for (int row = 0; row < 1100; ++row) {
    vectors.push_back(maker.face());
    ASSERT_TRUE(rows.append(vectors.back()));
  }
  for (const std::uint32_t row : {0U, 1023U, 1024U, 1099U}) {
    EXPECT_NEAR(rows.similarity(rows.row(Row{row}), rows.row(Row{row})), 1, 0.01);
  }
  rows.wipe(Row{1024});
  EXPECT_EQ(rows.row(Row{1024}).scale, 0);
  EXPECT_TRUE(std::all_of(rows.row(Row{1024}).codes, rows.row(Row{1024}).codes + rows.codes(),
                          [](std::int8_t code) { return code == 0; }));
  EXPECT_EQ(rows.rows(), 1100);
}

}  // namespace
}  // namespace whorl::index
