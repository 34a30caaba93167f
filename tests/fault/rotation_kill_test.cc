#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

#include "tests/fault/killed_child.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

using ::whorl::testing::kill_rounds;
using ::whorl::testing::run_until_killed;

constexpr std::uint64_t kSubjects = 9'000;  // several writes of keys sealed anew

void enrol_all(const std::string& folder, const Key& key) {
  const auto opened = open_store(folder, key);
  ASSERT_TRUE(opened) << describe(opened.error());
  Store& store = **opened;
  const GalleryId gallery = *store.create_gallery("civil");
  Batch batch;
  for (std::uint64_t s = 1; s <= kSubjects; ++s) {
    batch.enrol(gallery, SubjectId{s}, sample_encounter(s));
    if (s % 100 == 0) batch.remember({"note-" + std::to_string(s), Bytes(100)});
    if (batch.size() < 1'000) continue;
    ASSERT_TRUE(store.commit(batch));
    batch.clear();
  }
  ASSERT_TRUE(store.put_side("side", as_bytes("a side value")));
}

void expect_whole(Store& store) {
  std::uint64_t met = 0;
  const auto visit = [&](const StoredEncounter& e) -> Result<> {
    EXPECT_EQ(e.subject, SubjectId{++met});
    if (met % 50 == 0) { EXPECT_EQ(e.content, sample_encounter(met)); }
    return {};
  };
  const auto walked = store.for_each_encounter({}, visit);
  EXPECT_TRUE(walked) << describe(walked.error());
  EXPECT_EQ(met, kSubjects);
  EXPECT_TRUE(store.get_side("side")->has_value());
  const auto scrub = store.verify();  // opens the notes, too
  ASSERT_TRUE(scrub) << describe(scrub.error());
  EXPECT_EQ(scrub->notes, static_cast<std::int64_t>(kSubjects / 100));
  for (const Error& error : scrub->damage) ADD_FAILURE() << describe(error);
}

TEST(RotationKill, LeavesTheStoreUnderOneOfTheTwoKeysAndWhole) {
  const TempFolder folder;
  const std::string store = folder / "store";
  unsigned key = 0;  // the newest that the store is known to be under
  ASSERT_NO_FATAL_FAILURE(enrol_all(store, sample_key(key)));
  SeededRandom random(20251127);
  int cut_off = 0, rotations = 0;
  std::int64_t reach_ms = 700;  // grows where the machine is too slow for anything to happen in it
  for (int round = 0; round < kill_rounds(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::chrono::milliseconds life(random.below(reach_ms));
    const int before = cut_off + rotations;
    std::istringstream told(
        run_until_killed(WHORL_ROTATE_STREAM, {store, std::to_string(key)}, life));
    for (unsigned next = 0; told >> next; key = next) {
      EXPECT_EQ(next, key + 1);
      ++rotations;
    }

    auto opened = Store::open(store, sample_key(key), {});
    if (!opened) {  // cut off after the moment from which the new key counts
      ASSERT_EQ(opened.error().fault, Fault::wrong_key) << describe(opened.error());
      ++key, ++cut_off;
      opened = Store::open(store, sample_key(key), {});
      ASSERT_TRUE(opened) << describe(opened.error());
    }
    expect_whole(**opened);
    opened->reset();
    for (const unsigned other : {key - 1, key + 1}) {
      EXPECT_EQ(Store::open(store, sample_key(other), {}).error().fault, Fault::wrong_key);
    }
    if (HasFailure()) return;
    if (cut_off + rotations == before) reach_ms *= 2;
  }
  EXPECT_GT(cut_off + rotations, 0) << "no round lived long enough to begin a rotation";
  std::printf("%d rotations, %d cut off and gone on with, over %d kills\n", rotations, cut_off,
              kill_rounds());
}

}  // namespace
}  // namespace whorl::gallery
