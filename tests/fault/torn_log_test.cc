#include <gtest/gtest.h>

#include <fstream>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;

class TornLog : public StoreTest {
 protected:
  std::string database() const { return folder_ / "store/db"; }

  fs::path newest_log() const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(database())) {
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
    }
    return newest;
  }

  void keep(const std::string& from, const std::string& to) const {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }
};

// A power cut in the middle of a write that was never acknowledged is no damage: the store opens
// with what came before, takes new changes, and has both after the next crash.
TEST_F(TornLog, OfAnUnacknowledgedWriteIsDroppedAndTheStoreGoesOn) {
  for (std::uint64_t s = 1; s <= 5; ++s) ASSERT_TRUE(enrol(s, s));
  store_.reset();
  const std::string mark = folder_ / "mark";
  fs::copy_file(database() + "/ACKNOWLEDGED", mark);
  reopen();  // a new log, for the write that is cut
  ASSERT_TRUE(enrol(6, 6));
  store_.reset();
  const fs::path log = newest_log();
  const std::uint64_t whole_bytes = fs::file_size(log);
  ASSERT_GT(whole_bytes, 100U);
  keep(folder_ / "store", folder_ / "whole");

  for (std::uint64_t length = 0; length < whole_bytes; length += 1 + whole_bytes / 16) {
    SCOPED_TRACE("cut to " + std::to_string(length) + " of " + std::to_string(whole_bytes));
    keep(folder_ / "whole", folder_ / "store");
    fs::resize_file(log, length);
    fs::copy_file(mark, database() + "/ACKNOWLEDGED", fs::copy_options::overwrite_existing);
    reopen();
    ASSERT_EQ(store_->revision(), Revision{5});
    ASSERT_TRUE(enrol(7, 7));
    for (int round = 0; round < 2; ++round) {
      reopen();
      ASSERT_EQ(contents(), (std::vector<std::string>{"1/1", "2/1", "3/1", "4/1", "5/1", "7/1"}));
      expect_sound();
    }
  }
}

// The same cut after the write was acknowledged is damage, at every length.
TEST_F(TornLog, OfAnAcknowledgedWriteIsToldAtEveryLength) {
  for (std::uint64_t s = 1; s <= 3; ++s) ASSERT_TRUE(enrol(s, s));
  store_.reset();
  const std::uint64_t whole_bytes = fs::file_size(newest_log());
  keep(folder_ / "store", folder_ / "whole");
  for (std::uint64_t length = 0; length < whole_bytes; length += 1 + whole_bytes / 40) {
    keep(folder_ / "whole", folder_ / "store");
    fs::resize_file(newest_log(), length);
    for (int attempt = 0; attempt < 2; ++attempt) {  // looking does not make it worse
      const auto opened = open_store(folder_ / "store");
      ASSERT_FALSE(opened) << "cut to " << length << " of " << whole_bytes;
      EXPECT_EQ(opened.error().fault, Fault::store_corrupt);
      EXPECT_EQ(fs::file_size(newest_log()), length) << "an open changed a damaged store";
    }
  }
}

}  // namespace
}  // namespace whorl::gallery
