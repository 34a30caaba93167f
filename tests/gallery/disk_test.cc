#include "engine/gallery/disk.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/gallery/acknowledged_mark.h"
#include "engine/gallery/places.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

class DiskTest : public ::testing::Test {
 protected:
  void open(Disk::Mode mode) {
    disk_.reset();
    auto opened = Disk::open(folder_ / "db", mode);
    ASSERT_TRUE(opened) << describe(opened.error());
    disk_ = std::move(*opened);
  }
  void SetUp() override { open(Disk::Mode::create); }

  void put(std::string_view key) {
    DiskBatch batch(*disk_);
    batch.put(Space::meta, as_bytes(key), as_bytes("value"));
    ASSERT_TRUE(disk_->write(batch, true));
  }
  bool has(std::string_view key) {
    return disk_->get(Space::meta, as_bytes(key), nullptr)->has_value();
  }

  TempFolder folder_;
  std::unique_ptr<Disk> disk_;
};

TEST_F(DiskTest, CutsFromTheLogWhatAFailedWriteLeftBehindTheLastGoodOne) {
  put("acknowledged");
  const Disk::LogEnd log_end = disk_->log_end();
  put("refused");  // stands for a record that reached the log although its write failed
  disk_.reset();
  Disk::drop_unacknowledged(folder_ / "db", log_end);
  open(Disk::Mode::write);
  EXPECT_TRUE(has("acknowledged"));
  EXPECT_FALSE(has("refused"));
  put("next");
  open(Disk::Mode::write);
  EXPECT_TRUE(has("acknowledged") && has("next"));
}

TEST_F(DiskTest, ABatchUndoesWhatCameAfterItsMarkAndKeepsTheRest) {
  put("before");
  DiskBatch batch(*disk_);
  batch.mark();
  batch.put(Space::meta, as_bytes("kept"), as_bytes("1"));
  batch.keep();
  batch.mark();
  batch.put(Space::meta, as_bytes("undone"), as_bytes("1"));
  batch.remove(Space::meta, as_bytes("before"));
  EXPECT_FALSE(batch.get(Space::meta, as_bytes("before"))->has_value());
  batch.undo();
  EXPECT_TRUE(batch.get(Space::meta, as_bytes("before"))->has_value());
  EXPECT_FALSE(has("kept")) << "seen by others before it is written";
  ASSERT_TRUE(disk_->write(batch, true));
  EXPECT_TRUE(has("kept") && has("before"));
  EXPECT_FALSE(has("undone"));
}

TEST_F(DiskTest, AReaderOfTheFilesAloneChangesNothing) {
  put("something");
  open(Disk::Mode::read_only);
  EXPECT_TRUE(has("something"));
  DiskBatch batch(*disk_);
  batch.put(Space::meta, as_bytes("more"), as_bytes("1"));
  EXPECT_FALSE(disk_->write(batch, true));
}

TEST(Places, SortAsTheirNumbersDo) {
  const SubjectPlace places[] = {{GalleryId{1}, SubjectId{2}},
                                 {GalleryId{1}, SubjectId{256}},
                                 {GalleryId{1}, SubjectId{~0ULL}},
                                 {GalleryId{2}, SubjectId{0}},
                                 {GalleryId{256}, SubjectId{0}}};
  for (std::size_t i = 1; i < std::size(places); ++i) {
    EXPECT_LT(key_of(places[i - 1]), key_of(places[i])) << i;
    EXPECT_EQ(subject_of(key_of(places[i])), places[i]) << i;
  }
  EXPECT_EQ(after(places[2]), places[3]);
  EXPECT_EQ(after({GalleryId{~0U}, SubjectId{~0ULL}}), std::nullopt);
}

// ------------------------------------------------------------------ the mark

class MarkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(AcknowledgedMark::create(folder_.path(), {}, Revision{0}));
    auto mark = AcknowledgedMark::open(folder_.path());
    ASSERT_TRUE(mark);
    for (std::uint64_t r = 1; r <= 5; ++r) mark->advance(Revision{r});
  }
  void flip(std::streamoff at) {
    std::fstream io(folder_ / "ACKNOWLEDGED", std::ios::in | std::ios::out | std::ios::binary);
    io.seekp(at);
    io.put('!');
  }
  TempFolder folder_;
};

TEST_F(MarkTest, TellsTheLastRevision) {
  EXPECT_EQ(AcknowledgedMark::open(folder_.path())->revision(), Revision{5});
}

TEST_F(MarkTest, FallsBackToTheOtherSlotAndRefusesWhenBothAreSpoilt) {
  flip(64 + 20);  // revisions are written in turn: odd ones to the second slot
  EXPECT_EQ(AcknowledgedMark::open(folder_.path())->revision(), Revision{4});
  flip(20);
  EXPECT_EQ(AcknowledgedMark::open(folder_.path()).error().fault, Fault::store_corrupt);
}

}  // namespace
}  // namespace whorl::gallery
