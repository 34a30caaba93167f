#include "engine/index/device_faces.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/fake_accelerator.h"
#include "tests/support/simulated_faces.h"

namespace whorl::index {
namespace {

using kernels::Status;
using ::whorl::testing::FakeAccelerator;
using ::whorl::testing::SimulatedFaces;

using Found = std::vector<std::tuple<Row, PrintOwner, Similarity>>;
Found found(const std::vector<FaceHit>& hits) {
  Found all;
  for (const FaceHit& hit : hits) all.emplace_back(hit.row, hit.owner, hit.score);
  return all;
}

class DeviceFacesTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    std::vector<int> numbers(static_cast<std::size_t>(GetParam()));
    std::iota(numbers.begin(), numbers.end(), 0);
    mirror_ = DeviceFaces::make(accelerator_, numbers, SimulatedFaces::kDimension);
  }

  // Every seventh face is that of the one before it, under another number: their scores tie.
  void append(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t person = next_ % 7 == 6 ? next_ - 1 : next_;
      const PrintOwner owner{5000 - next_, 1, static_cast<std::uint16_t>(1950 + next_ % 5), 0, 0};
      ASSERT_TRUE(index_.add(owner, faces_.face(person, 0)));
      ++next_;
    }
  }
  void remove(std::uint32_t row) { ASSERT_TRUE(index_.remove(Row{row})); }

  void expect_the_lists_of_the_index() {
    const Filter filters[] = {{}, {Sex::not_recorded, 1951, 1952, {SubjectId{4999}}}};
    std::vector<FaceTemplate> probes;
    std::vector<std::vector<float>> prepared;
    for (const std::uint64_t person : {0U, 5U, 1500U, 9999U}) {
      probes.push_back(faces_.face(person, 1));
      prepared.push_back(*index_.prepare(probes.back()));
    }
    for (const Filter& filter : filters) {
      std::vector<std::uint32_t> bits;
      for (std::size_t w = 0; w < index_.live_bits().size(); ++w)
        bits.push_back(index_.admitted(static_cast<std::int64_t>(w), filter));
      for (const int k : {1, 10, 1000}) {
        accelerator_.exact_faces = !accelerator_.exact_faces;
        std::vector<std::vector<FaceHit>> hits;
        ASSERT_EQ(mirror_->search(index_, prepared, bits, k, hits), Status::ok);
        const auto expected = index_.search(probes, filter, k);
        ASSERT_TRUE(expected);
        for (std::size_t p = 0; p < probes.size(); ++p) {
          EXPECT_EQ(found(hits[p]), found((*expected)[p])) << "probe " << p << ", k " << k;
        }
      }
    }
  }

  FakeAccelerator accelerator_{3};
  SimulatedFaces faces_{11};
  FaceIndex index_{FaceIndexKind::exact, SimulatedFaces::kModel, SimulatedFaces::kDimension};
  std::unique_ptr<DeviceFaces> mirror_;
  std::uint64_t next_ = 0;
};

TEST_P(DeviceFacesTest, ListsWhatTheIndexListsWhileItGrowsAndShrinks) {
  append(1);
  expect_the_lists_of_the_index();
  append(999);
  remove(5);
  expect_the_lists_of_the_index();
  append(1700);  // beyond two shares
  remove(1023), remove(1024), remove(2699), remove(0);
  expect_the_lists_of_the_index();
  append(700);
  expect_the_lists_of_the_index();
}

TEST_P(DeviceFacesTest, FindsNobodyInAnEmptyIndex) {
  std::vector<std::vector<FaceHit>> hits;
  const std::vector<std::vector<float>> probe{*index_.prepare(faces_.face(1, 1))};
  EXPECT_EQ(mirror_->search(index_, probe, {}, 5, hits), Status::ok);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_TRUE(hits.front().empty());
}

TEST_P(DeviceFacesTest, WipesEachRemovedFaceOnce) {
  append(40);
  remove(3);
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.wipes, 1);
  remove(39), remove(4);
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.wipes, 3);
  EXPECT_EQ(mirror_->resident_bytes(), 40 * SimulatedFaces::kDimension);
}

TEST_P(DeviceFacesTest, TellsWhatWentWrong) {
  append(40);
  accelerator_.memory_bytes = 1000;
  EXPECT_EQ(mirror_->sync(index_), Status::device_out_of_memory);
  accelerator_.good_calls = accelerator_.calls.load();
  EXPECT_EQ(mirror_->sync(index_), Status::device_fault);
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceFacesTest, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace whorl::index
