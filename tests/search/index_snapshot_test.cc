#include "engine/search/index_snapshot.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/byte_reader.h"
#include "engine/search/sealed_chunks.h"
#include "tests/search/people_gallery.h"

namespace whorl::search {
namespace {

namespace fs = std::filesystem;

constexpr GalleryId kGallery{3};
constexpr Revision kRevision{41};
constexpr std::size_t kHeaderBytes = 20;

class IndexSnapshot : public ::testing::Test {
 protected:
  // 70 people: a full block and a begun one at two positions, and faces; one person is gone again.
  static PeopleGallery& people() {
    static PeopleGallery gallery(70, {FingerPosition::right_index, FingerPosition::left_thumb},
                                 true);
    return gallery;
  }
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              (std::string("whorl_index_snapshot_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
    people().index.remove(SubjectId{9}, std::nullopt);
    ASSERT_TRUE(save_index(path(), key_, kGallery, kRevision, people().index, entropy_));
    std::ifstream in(path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const char c : text) good_.push_back(static_cast<std::byte>(c));
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path() const { return (folder_ / "3.whix").string(); }
  Fault fault_of(const Bytes& bytes) const {
    std::ofstream(path(), std::ios::binary)
        .write(static_cast<const char*>(static_cast<const void*>(bytes.data())), std::ssize(bytes));
    const auto loaded = load_index(path(), key_, kGallery);
    EXPECT_FALSE(loaded);
    if (loaded) return Fault{0};
    EXPECT_EQ(loaded.error().where, path());
    return loaded.error().fault;
  }
  // Where each chunk begins, its length included, and where the last one ends.
  std::vector<std::size_t> chunk_starts() const {
    std::vector<std::size_t> starts{kHeaderBytes};
    const std::span<const std::byte> chunks = std::span(good_).subspan(kHeaderBytes);
    ByteReader in(chunks);
    while (in.remaining() > 0) {
      in.take(in.u32());
      starts.push_back(kHeaderBytes + in.offset());
    }
    return starts;
  }

  fs::path folder_;
  SystemEntropy entropy_;
  Key key_ = *Key::random(entropy_);
  Bytes good_;
};

TEST_F(IndexSnapshot, GivesBackWhatWasSaved) {
  const auto loaded = load_index(path(), key_, kGallery);
  ASSERT_TRUE(loaded) << describe(loaded.error());
  const GalleryIndex &before = people().index, &after = loaded->index;
  EXPECT_EQ(loaded->revision, kRevision);
  EXPECT_EQ(after.subjects(), before.subjects());
  EXPECT_EQ(after.templates(), before.templates());
  for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
    const auto &saved = before.finger(FingerPosition{p}), &back = after.finger(FingerPosition{p});
    ASSERT_EQ(back.rows(), saved.rows());
    ASSERT_EQ(back.live(), saved.live());
    for (std::int64_t b = 0; b < saved.blocks(); ++b)
      EXPECT_TRUE(std::ranges::equal(back.block(b).bytes(), saved.block_to_save(b).bytes()));
    for (std::uint32_t r = 0; r < saved.rows(); ++r) {
      const index::PrintOwner kept =
          saved.is_live(index::Row{r}) ? saved.owner(index::Row{r}) : index::PrintOwner{};
      EXPECT_EQ(back.owner(index::Row{r}), kept);
      EXPECT_EQ(back.is_live(index::Row{r}), saved.is_live(index::Row{r}));
    }
  }
  ASSERT_NE(after.face(), nullptr);
  EXPECT_EQ(after.face()->live(), before.face()->live());
}

TEST_F(IndexSnapshot, WhatWasLoadedGrowsAndShrinksLikeTheOriginal) {
  auto loaded = load_index(path(), key_, kGallery);
  ASSERT_TRUE(loaded);
  const Encounter visit =
      visit_of(people().population.person(500), {FingerPosition::right_index}, 0);
  const IndexedEncounter row{SubjectId{500}, EncounterId{1}, &visit};
  loaded->index.append({&row, 1});
  loaded->index.remove(SubjectId{12}, std::nullopt);
  EXPECT_EQ(loaded->index.subjects(), people().index.subjects());
  const auto& prints = loaded->index.finger(FingerPosition::right_index);
  const index::Row last{static_cast<std::uint32_t>(prints.rows() - 1)};
  EXPECT_EQ(prints.print(last).codes, std::get<FingerTemplate>(visit.templates[0]).codes);
}

TEST_F(IndexSnapshot, OfAnEmptyGalleryIsOneToo) {
  ASSERT_TRUE(save_index(path(), key_, kGallery, kRevision, GalleryIndex(), entropy_));
  const auto loaded = load_index(path(), key_, kGallery);
  ASSERT_TRUE(loaded) << describe(loaded.error());
  EXPECT_EQ(loaded->index.templates(), 0);
}

TEST_F(IndexSnapshot, IsRefusedWhereItDoesNotBelong) {
  EXPECT_EQ(load_index(path() + "x", key_, kGallery).error().fault, Fault::not_found);
  EXPECT_EQ(load_index(folder_.string(), key_, kGallery).error().fault, Fault::io_error);
  EXPECT_EQ(load_index(path(), key_, GalleryId{4}).error().fault, Fault::snapshot_stale);
  EXPECT_EQ(load_index(path(), *Key::random(entropy_), kGallery).error().fault, Fault::seal_broken);
  for (const std::size_t at : {0U, 5U, 7U}) {  // magic, layout, version of the codes
    Bytes other = good_;
    other[at] ^= std::byte{1};
    EXPECT_EQ(fault_of(other), Fault::snapshot_stale) << at;
  }
}

TEST_F(IndexSnapshot, CutAnywhereIsTruncated) {
  std::vector<std::size_t> cuts{0, 1, kHeaderBytes - 1, good_.size() - 1};
  for (const std::size_t start : chunk_starts()) {
    if (start == good_.size()) continue;
    for (const std::size_t into : {0U, 1U, 3U, 4U, 20U}) cuts.push_back(start + into);
  }
  for (const std::size_t cut : cuts)
    EXPECT_EQ(fault_of(Bytes(good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(cut))),
              Fault::truncated)
        << cut;
}

TEST_F(IndexSnapshot, AChangedByteBreaksItsSeal) {
  const auto starts = chunk_starts();
  for (std::size_t chunk = 0; chunk + 1 < starts.size(); ++chunk) {
    const std::size_t first = starts[chunk] + 4, last = starts[chunk + 1] - 1;
    for (const std::size_t at : {first, (first + last) / 2, last}) {
      Bytes changed = good_;
      changed[at] ^= std::byte{0x10};
      EXPECT_EQ(fault_of(changed), Fault::seal_broken) << "chunk " << chunk << ", byte " << at;
    }
  }
  Bytes later = good_;  // the revision is in no chunk, yet every chunk is bound to it
  later[kHeaderBytes - 1] ^= std::byte{1};
  EXPECT_EQ(fault_of(later), Fault::seal_broken);
}

TEST_F(IndexSnapshot, AWrongLengthIsNoticed) {
  for (const std::size_t start : chunk_starts()) {
    if (start == good_.size()) continue;
    for (const int bit : {0, 8, 24, 31}) {
      Bytes changed = good_;
      changed[start + 3 - static_cast<std::size_t>(bit / 8)] ^=
          static_cast<std::byte>(1 << bit % 8);
      const Fault fault = fault_of(changed);
      EXPECT_TRUE(fault == Fault::truncated || fault == Fault::store_corrupt ||
                  fault == Fault::seal_broken)
          << start << ", bit " << bit;
    }
  }
}

TEST_F(IndexSnapshot, ChunksDoNotChangePlacesNorGoMissingNorComeTwice) {
  const auto starts = chunk_starts();
  const auto chunk = [&](std::size_t c) {
    return Bytes(good_.begin() + static_cast<std::ptrdiff_t>(starts[c]),
                 good_.begin() + static_cast<std::ptrdiff_t>(starts[c + 1]));
  };
  const auto file_of = [&](const std::vector<std::size_t>& order) {
    Bytes file(good_.begin(), good_.begin() + kHeaderBytes);
    for (const std::size_t c : order) {
      const Bytes bytes = chunk(c);
      file.insert(file.end(), bytes.begin(), bytes.end());
    }
    return file;
  };
  std::vector<std::size_t> order(starts.size() - 1);
  for (std::size_t c = 0; c < order.size(); ++c) order[c] = c;
  auto swapped = order, missing = order, twice = order;
  std::swap(swapped[3], swapped[4]);
  missing.erase(missing.begin() + 3);
  twice.push_back(order.back());
  EXPECT_EQ(file_of(order), good_);
  EXPECT_EQ(fault_of(file_of(swapped)), Fault::seal_broken);
  EXPECT_EQ(fault_of(file_of(missing)), Fault::seal_broken);
  EXPECT_EQ(fault_of(file_of(twice)), Fault::store_corrupt);
}

}  // namespace
}  // namespace whorl::search
