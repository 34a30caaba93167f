// Any byte of any file of a store may change: the answer is a clear error, or the right one.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSubjects = 60;

// Flips for each file; at the default the whole test takes half a minute.
int flips() {
  const char* text = std::getenv("WHORL_CORRUPT_FLIPS");
  return text == nullptr ? 12 : std::atoi(text);
}

void enrol(Store& store, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t s = first; s <= last; ++s) {
    Batch batch;
    batch.enrol(GalleryId{1}, SubjectId{s}, sample_encounter(s));
    ASSERT_TRUE(store.commit(batch));
  }
}

// Some of it in compacted tables, some in the log, and a backup of it all.
void make_store(const std::string& store_folder, const std::string& backup_folder) {
  auto opened = open_store(store_folder);
  ASSERT_TRUE(opened) << describe(opened.error());
  Store& store = **opened;
  ASSERT_TRUE(store.create_gallery("civil"));
  enrol(store, 1, 20);
  ASSERT_TRUE(store.compact());
  enrol(store, 21, 40);
  ASSERT_TRUE(store.backup(backup_folder));  // flushes: tables of a second generation
  enrol(store, 41, kSubjects);
  ASSERT_TRUE(store.backup(backup_folder));
  opened->reset();
  // And a log with several records in it, which leave everything as it is.
  auto again = open_store(store_folder);
  ASSERT_TRUE(again);
  for (std::uint64_t s = 1; s <= 10; ++s) {
    Batch batch;
    batch.update(GalleryId{1}, SubjectId{s}, EncounterId{1}, sample_encounter(s));
    ASSERT_TRUE((*again)->commit(batch));
  }
}

// Faults that tell an operator of damage. wrong_key is not among them: it would send him looking
// for a key when he needs a backup.
bool tells_of_damage(const Error& error) {
  static constexpr Fault kTelling[] = {Fault::store_corrupt, Fault::bad_checksum,
                                       Fault::seal_broken, Fault::store_version, Fault::io_error};
  return std::ranges::find(kTelling, error.fault) != std::end(kTelling) && !error.where.empty();
}

enum class Outcome { right, told };

Outcome told(const Error& error) {
  EXPECT_TRUE(tells_of_damage(error)) << describe(error);
  return Outcome::told;
}

// Everything the store answers is right, or it says that it is damaged.
Outcome judge(const std::string& folder) {
  const auto opened = open_store(folder);
  if (!opened) return told(opened.error());
  const Store& store = **opened;
  Outcome outcome = Outcome::right;

  std::uint64_t met = 0;
  const auto visit = [&](const StoredEncounter& e) -> Result<> {
    ++met;
    EXPECT_EQ(e.subject, SubjectId{met});
    EXPECT_EQ(e.content, sample_encounter(met));
    return {};
  };
  const auto walked = store.for_each_encounter({}, visit);
  if (!walked) outcome = told(walked.error());
  if (walked) { EXPECT_EQ(met, kSubjects); }

  for (std::uint64_t s = 1; s <= kSubjects; ++s) {
    const auto subject = store.get_subject(GalleryId{1}, SubjectId{s});
    if (!subject) {
      outcome = told(subject.error());
      continue;
    }
    EXPECT_EQ(subject->size(), 1U);
    EXPECT_EQ(subject->front().content, sample_encounter(s));
  }
  EXPECT_EQ(store.stats()->galleries.front().subjects, std::int64_t{kSubjects});
  const auto scrub = store.verify();
  if (!scrub) return told(scrub.error());
  if (outcome == Outcome::told) { EXPECT_GT(scrub->damaged, 0) << "the scrub missed it"; }
  for (const Error& error : scrub->damage) outcome = told(error);
  return outcome;
}

// ------------------------------------------------------------------ doing the damage

void flip(const fs::path& file, std::uint64_t at, unsigned mask) {
  std::fstream io(file, std::ios::in | std::ios::out | std::ios::binary);
  io.seekg(static_cast<std::streamoff>(at));
  const int old = io.get();
  io.seekp(static_cast<std::streamoff>(at));
  io.put(static_cast<char>(static_cast<unsigned>(old) ^ mask));
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder));
  }
  std::ranges::sort(files);
  return files;
}

class Corruption : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(make_store(folder_ / "store", folder_ / "backup"));
  }

  // Damages a fresh copy of `original` and judges it; counts what came of it by file.
  template <class Damage, class Judge>
  void with_damaged_copy(const std::string& original, const fs::path& file, const Damage& damage,
                         const Judge& judge_copy) {
    const std::string copy = folder_ / "copy";
    fs::remove_all(copy);
    fs::copy(original, copy, fs::copy_options::recursive);
    damage(fs::path(copy) / file);
    ++(judge_copy(copy) == Outcome::told ? told_ : right_)[file.string()];
  }

  template <class Judge>
  void damage_every_file(const std::string& original, const Judge& judge_copy) {
    SeededRandom random(4711);
    for (const fs::path& file : files_of(original)) {
      const std::uint64_t size = fs::file_size(fs::path(original) / file);
      for (int i = 0; i < flips() && size > 0; ++i) {
        const auto at = static_cast<std::uint64_t>(random.below(static_cast<std::int64_t>(size)));
        const auto mask = static_cast<unsigned>(1 + random.below(255));
        SCOPED_TRACE(file.string() + ", byte " + std::to_string(at) + " ^ " + std::to_string(mask));
        with_damaged_copy(
            original, file, [&](const auto& f) { flip(f, at, mask); }, judge_copy);
      }
      const std::uint64_t cuts[] = {0,
                                    1,
                                    size / 4,
                                    size / 2,
                                    size - std::min<std::uint64_t>(size, 9),
                                    size - std::min<std::uint64_t>(size, 1)};
      for (const std::uint64_t length : cuts) {
        SCOPED_TRACE(file.string() + ", cut to " + std::to_string(length));
        with_damaged_copy(
            original, file, [&](const auto& f) { fs::resize_file(f, length); }, judge_copy);
      }
      SCOPED_TRACE(file.string() + ", deleted");
      with_damaged_copy(
          original, file, [](const auto& f) { fs::remove(f); }, judge_copy);
    }
    for (const fs::path& file : files_of(original)) {
      std::printf("%-40s told %3d, right %3d\n", file.c_str(), told_[file.string()],
                  right_[file.string()]);
    }
  }

  TempFolder folder_;
  std::map<std::string, int> told_, right_;
};

TEST_F(Corruption, OfAnyFileOfTheStoreIsToldOrHarmless) {
  damage_every_file(folder_ / "store", judge);
  int tables_told = 0;
  for (const auto& [file, count] : told_) {
    if (file.ends_with(".sst")) tables_told += count;
  }
  EXPECT_GT(tables_told, 0) << "the damage never hit anything that matters";
}

TEST_F(Corruption, OfAnyFileOfABackupIsToldByRestoreOrHarmless) {
  const auto restore_and_judge = [&](const std::string& copy) {
    fs::remove_all(folder_ / "restored");
    const auto restored = Store::restore(copy, folder_ / "restored");
    if (restored) return judge(folder_ / "restored");
    EXPECT_FALSE(fs::exists(folder_ / "restored")) << "half a store was left";
    return told(restored.error());
  };
  damage_every_file(folder_ / "backup", restore_and_judge);
}

// RocksDB parses the properties of a table before it sums them, which once ended the process.
TEST_F(Corruption, OfTheEndOfATableIsToldAtEveryByte) {
  fs::path table;
  for (const fs::path& file : files_of(folder_ / "store")) {
    if (file.extension() == ".sst") table = file;
  }
  const std::string original = folder_ / "store", whole = folder_ / "table";
  fs::copy_file(fs::path(original) / table, whole);
  const std::uint64_t size = fs::file_size(whole);
  int told_here = 0;
  for (std::uint64_t at = size - std::min<std::uint64_t>(size, 1800); at < size; at += 3) {
    SCOPED_TRACE("byte " + std::to_string(at) + " of " + std::to_string(size));
    flip(fs::path(original) / table, at, 0x80);
    const auto opened = open_store(original);
    if (!opened) ++told_here;
    if (!opened) told(opened.error());
    fs::copy_file(whole, fs::path(original) / table, fs::copy_options::overwrite_existing);
  }
  EXPECT_GT(told_here, 300);
  EXPECT_EQ(judge(original), Outcome::right);
}

TEST_F(Corruption, OfTheStoreIsRepairedByItsBackup) {
  for (const fs::path& file : files_of(folder_ / "store")) {
    if (file.extension() == ".sst") fs::resize_file(fs::path(folder_ / "store") / file, 10);
  }
  EXPECT_EQ(judge(folder_ / "store"), Outcome::told);
  fs::remove_all(folder_ / "store");
  const auto restored = Store::restore(folder_ / "backup", folder_ / "store");
  ASSERT_TRUE(restored) << describe(restored.error());
  EXPECT_EQ(judge(folder_ / "store"), Outcome::right);
}

}  // namespace
}  // namespace whorl::gallery
