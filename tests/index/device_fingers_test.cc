#include "engine/index/device_fingers.h"

#include <gtest/gtest.h>

#include <deque>
#include <numeric>

#include "engine/features/fingerprint/minutia_codes.h"
#include "tests/support/fake_accelerator.h"
#include "tests/support/random_print.h"

namespace whorl::index {
namespace {

using kernels::Status;
using ::whorl::testing::FakeAccelerator;
using ::whorl::testing::random_print;

constexpr Passage kPassages[] = {{}, {60, AlignmentScore{kernels::kAlignmentZero - 30}}};

// Few people of few minutiae, so that many scores are equal.
struct Prints {
  std::deque<FingerTemplate> templates;
  std::vector<FingerPrint> rows;

  explicit Prints(int count) {
    SeededRandom random(5);
    for (int i = 0; i < count; ++i) {
      templates.push_back(random_print(static_cast<std::uint64_t>(i % 40), i % 40));
      features::describe_minutiae(templates.back());
      PrintOwner owner;
      owner.subject = static_cast<std::uint64_t>(1 + random.below(1000));
      owner.encounter = static_cast<std::uint32_t>(i);
      owner.sex = static_cast<std::uint8_t>(i % 3);
      rows.push_back({owner, &templates.back()});
    }
  }
};
const Prints& prints() {
  static const Prints all(700);
  return all;
}

std::vector<int> numbers(int devices) {
  std::vector<int> list(static_cast<std::size_t>(devices));
  std::iota(list.begin(), list.end(), 0);
  return list;
}

using Found = std::vector<std::tuple<Row, PrintOwner, std::uint16_t>>;
template <class Score>
Found found(const TopK<Score>& list) {
  Found all;
  for (const auto& hit : list.sorted()) all.emplace_back(hit.row, hit.owner, hit.score.value());
  return all;
}

class DeviceFingersTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { mirror_ = DeviceFingers::make(accelerator_, numbers(GetParam())); }

  void append(std::size_t count) {
    index_.append(std::span(prints().rows).subspan(next_, count));
    next_ += count;
  }
  std::vector<std::uint64_t> bits(const Filter& filter) const {
    std::vector<std::uint64_t> all;
    for (std::int64_t b = 0; b < index_.blocks(); ++b) all.push_back(index_.admitted(b, filter));
    return all;
  }
  void expect_the_lists_of_the_index() {
    const Filter everyone, women{Sex::female, 0, 0, {SubjectId{7}}};
    const std::vector<std::uint64_t> some = bits(women);
    std::vector<FingerProbe> probes;
    for (const std::size_t p : {39U, 20U, 0U, 31U}) {
      probes.emplace_back(prints().templates[p], 32);
    }
    for (const Passage& passage : kPassages) {
      for (const std::size_t k : {1U, 7U, 5000U}) {
        std::vector<DeviceSearch> searches;
        for (std::size_t p = 0; p < probes.size(); ++p)
          searches.push_back({&probes[p], p % 2 == 0 ? index_.live_bits() : some, passage});
        std::vector<Shortlist> lists(probes.size(), Shortlist(k));
        std::vector<CodeHits> ranks(probes.size(), CodeHits(k));
        ASSERT_EQ(mirror_->search(index_, searches, lists), Status::ok);
        ASSERT_EQ(mirror_->rank_by_codes(index_, searches, ranks), Status::ok);
        for (std::size_t p = 0; p < probes.size(); ++p) {
          Shortlist list(k);
          CodeHits rank(k);
          const Filter* const filter = p % 2 == 0 ? &everyone : &women;
          index_.search({&probes[p], 1}, {&filter, 1}, {&passage, 1}, kBackend, 0, index_.blocks(),
                        {&list, 1});
          index_.rank_by_codes({&probes[p], 1}, *filter, kBackend, 0, index_.blocks(), {&rank, 1});
          EXPECT_EQ(found(lists[p]), found(list)) << "probe " << p << ", k " << k;
          EXPECT_EQ(found(ranks[p]), found(rank)) << "probe " << p << ", k " << k;
        }
      }
    }
  }

  const kernels::Backend kBackend = kernels::best_backend();
  FakeAccelerator accelerator_{3};
  FingerIndex index_{FingerPosition::right_index, features::kMinutiaCodeVersion};
  std::unique_ptr<DeviceFingers> mirror_;
  std::size_t next_ = 0;
};

TEST_P(DeviceFingersTest, ListsWhatTheIndexListsWhileItGrowsAndShrinks) {
  for (const std::size_t batch : {1U, 62U, 1U, 1U, 130U, 64U, 3U, 255U, 7U}) {
    append(batch);
    expect_the_lists_of_the_index();
    index_.remove(Row{static_cast<std::uint32_t>(next_ - 1)});
    expect_the_lists_of_the_index();
  }
}

TEST_P(DeviceFingersTest, PutsOnlyWhatChanged) {
  append(200);  // blocks 0 to 3, the last of eight prints
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.puts, 4);
  index_.remove(Row{3});
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.puts, 4);
  EXPECT_EQ(accelerator_.wipes, 1);
  append(1);
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.puts, 5);
  append(100);  // fills block 3, adds one
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.puts, 7);
  append(64 * 5 - 301);
  append(1);
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  EXPECT_EQ(accelerator_.puts, 9);
  std::int64_t bytes = 0;
  for (std::int64_t b = 0; b < index_.blocks(); ++b) bytes += std::ssize(index_.block(b).bytes());
  EXPECT_EQ(mirror_->resident_bytes(), bytes);
}

TEST_P(DeviceFingersTest, LeavesTheListsAloneWhenADeviceFails) {
  append(300);
  const FingerProbe probe(prints().templates[39], 32);
  std::vector<Shortlist> lists(1, Shortlist(10));
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  accelerator_.good_calls = accelerator_.calls + GetParam() - 1;  // the last device's scan fails
  const DeviceSearch search{&probe, index_.live_bits(), {}};
  EXPECT_EQ(mirror_->search(index_, {&search, 1}, lists), Status::device_fault);
  EXPECT_TRUE(lists.front().sorted().empty());
}

TEST_P(DeviceFingersTest, TellsThatMemoryIsUsedUp) {
  append(300);
  accelerator_.memory_bytes = std::ssize(index_.block(0).bytes()) - 1;
  EXPECT_EQ(mirror_->sync(index_), Status::device_out_of_memory);
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceFingersTest, ::testing::Values(1, 2, 3));

TEST(DeviceFingers, AreNotMadeWhereADeviceDoesNotAnswer) {
  const FakeAccelerator accelerator(1);
  EXPECT_EQ(DeviceFingers::make(accelerator, {}), nullptr);
  EXPECT_EQ(DeviceFingers::make(accelerator, numbers(2)), nullptr);
}

}  // namespace
}  // namespace whorl::index
