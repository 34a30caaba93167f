// What somebody who has the disk and not the key can do to a log, and that it is told.
#include <gtest/gtest.h>

#include <functional>

#include "engine/base/byte_reader.h"
#include "tests/service/audit_samples.h"

namespace whorl::service {
namespace {

constexpr std::size_t kHeader = 50, kMac = 32, kSecondNote = 4096, kNote = 82;

// Where the records of a file begin, and its end.
std::vector<std::size_t> boundaries(const Bytes& file) {
  std::vector<std::size_t> at{kHeader};
  while (at.back() < file.size()) {
    at.push_back(at.back() + 4 + ByteReader(std::span(file).subspan(at.back())).u32() + kMac);
  }
  return at;
}

Bytes piece(const Bytes& file, std::size_t from, std::size_t to) {
  return {file.begin() + static_cast<std::ptrdiff_t>(from),
          file.begin() + static_cast<std::ptrdiff_t>(to)};
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

class AuditTamper : public AuditInMemory {
 protected:
  void SetUp() override {
    make_three_days();
    whole_ = contents_of(folder());
    files_ = record_files(whole_);
    ASSERT_TRUE(walk());
  }

  // Does not verify; and where the end is concerned, is not opened and stays as it is.
  void expect_told(const Contents& altered, const std::string& what) {
    ASSERT_NE(altered, whole_) << what;
    write_contents(folder(), altered);
    const auto walked = walk();
    ASSERT_FALSE(walked) << what;
    const Fault fault = walked.error().fault;
    EXPECT_TRUE(fault == Fault::audit_broken || fault == Fault::store_version)
        << what << ": " << describe(walked.error());
  }
  void expect_not_opened(const Contents& altered, const std::string& what) {
    expect_told(altered, what);
    ASSERT_FALSE(open()) << what;
    EXPECT_EQ(contents_of(folder()), altered) << what;
  }

  Contents whole_;
  std::vector<std::string> files_;
};

TEST_F(AuditTamper, EveryFlippedByteOfEveryRecordAndHeader) {
  for (const std::string& file : files_) {
    for (std::size_t i = 0; i < whole_.at(file).size(); ++i) {
      Contents altered = whole_;
      altered[file][i] ^= static_cast<std::byte>(1U << i % 8);
      expect_told(altered, file + ", byte " + std::to_string(i));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(AuditTamper, EveryFlippedByteOfTheKeyFile) {
  for (std::size_t i = 0; i < whole_.at("audit.key").size(); ++i) {
    Contents altered = whole_;
    altered["audit.key"][i] ^= std::byte{0x10};
    expect_not_opened(altered, "byte " + std::to_string(i));
  }
}

TEST_F(AuditTamper, TheNoteOfTheNewestRecord) {
  const Bytes& note = whole_.at("audit.newest");
  ASSERT_EQ(note.size(), kSecondNote + kNote);
  for (std::size_t i = 0; i < kNote; ++i) {
    Contents altered = whole_;
    altered["audit.newest"][i] ^= std::byte{1};
    // The other copy says the same.
    write_contents(folder(), altered);
    EXPECT_EQ(walk()->records, 12) << i;
    altered["audit.newest"][kSecondNote + i] ^= std::byte{1};
    expect_not_opened(altered, "both copies, byte " + std::to_string(i));
  }
  for (std::size_t i = kNote; i < kSecondNote; i += 97) {
    Contents altered = whole_;
    altered["audit.newest"][i] = std::byte{1};
    expect_not_opened(altered, "between the copies, byte " + std::to_string(i));
  }
  for (const std::size_t length : {std::size_t{0}, kNote, kSecondNote, note.size() - 1}) {
    Contents altered = whole_;
    altered["audit.newest"].resize(length);
    expect_not_opened(altered, "cut to " + std::to_string(length));
  }
}

TEST_F(AuditTamper, TruncatedAtEveryByte) {
  for (const std::string& file : files_) {
    for (std::size_t length = 0; length < whole_.at(file).size(); ++length) {
      Contents altered = whole_;
      altered[file].resize(length);
      const std::string what = file + " cut to " + std::to_string(length);
      file == files_.back() ? expect_not_opened(altered, what) : expect_told(altered, what);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(AuditTamper, RecordsDroppedDoubledAndSwapped) {
  for (const std::string& file : files_) {
    const Bytes& b = whole_.at(file);
    const auto at = boundaries(b);
    for (std::size_t r = 0; r + 1 < at.size(); ++r) {
      const Bytes before = piece(b, 0, at[r]), record = piece(b, at[r], at[r + 1]);
      const Bytes after = piece(b, at[r + 1], b.size());
      const std::string what = file + ", record " + std::to_string(r);
      Contents altered = whole_;
      altered[file] = joined({before, after});
      expect_told(altered, what + " dropped");
      if (file != files_.back() || r + 2 < at.size()) {
        altered[file] = joined({before, record, record, after});
        expect_told(altered, what + " doubled");
      }
      if (r + 2 < at.size()) {
        altered[file] =
            joined({before, piece(b, at[r + 1], at[r + 2]), record, piece(b, at[r + 2], b.size())});
        expect_told(altered, what + " swapped with the next");
      }
    }
  }
}

TEST_F(AuditTamper, WholeFilesMissingRenamedAndExchanged) {
  for (const auto& [name, bytes] : whole_) {
    if (name == "lock") continue;
    Contents altered = whole_;
    altered.erase(name);
    expect_told(altered, name + " missing");
  }
  for (const std::string& a : files_) {
    for (const std::string& b : files_) {
      if (a == b) continue;
      Contents altered = whole_;
      altered[a] = whole_.at(b);
      expect_told(altered, a + " is a copy of " + b);
      altered[b] = whole_.at(a);
      expect_told(altered, a + " and " + b + " exchanged");
    }
  }
  Contents renamed = whole_;
  renamed["00000000000000000099.audit"] = renamed.at(files_.back());
  expect_told(renamed, "a second last file under another number");
  renamed.erase(files_.back());
  expect_told(renamed, "the last under another number");
}

TEST_F(AuditTamper, EndsTakenAwayAreNotOpenedAndNotHealed) {
  Contents altered = whole_;
  altered.erase(files_[2]);
  expect_not_opened(altered, "without the last file");
  altered.erase(files_[1]);
  expect_not_opened(altered, "without the last two");
  altered.erase(files_[0]);
  expect_not_opened(altered, "without any");
  altered = whole_;
  altered.erase("audit.key");
  expect_not_opened(altered, "without the key");
  altered = whole_;
  altered.erase("audit.newest");
  expect_not_opened(altered, "without the note");
}

TEST_F(AuditTamper, FilesOfAnEarlierDay) {
  const Contents earlier = whole_;
  ASSERT_TRUE(open());
  for (std::uint64_t n = 20; n < 24; ++n) append(n, day(2));
  append(24, day(3));
  close();
  whole_ = contents_of(folder());
  Contents altered = whole_;
  altered[files_.back()] = earlier.at(files_.back());
  expect_told(altered, "an older copy of a middle file");
  altered.erase(record_files(whole_).back());
  expect_not_opened(altered, "an older copy of the last file");
  // An older note accuses nobody, and hides nothing while the records are there.
  altered = whole_;
  altered["audit.newest"] = earlier.at("audit.newest");
  write_contents(folder(), altered);
  EXPECT_EQ(walk()->records, 17);
}

// Nor is it answered for what would be written to files that nobody can find again.
TEST_F(AuditTamper, FilesTakenAwayWhileTheLogIsInUseEndIt) {
  for (const std::string& file : {files_[2], std::string("audit.newest")}) {
    for (const bool exchanged : {false, true}) {
      write_contents(folder(), whole_);
      ASSERT_TRUE(open());
      append(20, day(2), Durable::now);
      std::filesystem::rename(folder() + "/" + file, folder_ / "away");
      if (exchanged) std::filesystem::copy(folder_ / "away", folder() + "/" + file);
      for (const Durable durable : {Durable::now, Durable::soon}) {
        const auto refused = log_->append(sample_record(21, day(2)), durable);
        ASSERT_FALSE(refused) << file;
        EXPECT_EQ(refused.error().fault, Fault::audit_broken);
      }
      close();
    }
  }
}

// The limit of what a log can say of itself: all of it put back, with the note, to an earlier day.
TEST_F(AuditTamper, ALogPutBackAsAWholeLacksTheAnchor) {
  const Contents earlier = whole_;
  ASSERT_TRUE(open());
  append(20, day(2), Durable::now);
  const AuditPlace anchor = log_->newest();
  close();
  write_contents(folder(), earlier);
  std::vector<AuditEntry> entries;
  ASSERT_TRUE(walk(&entries));
  const auto has_anchor = [&] {
    return std::ranges::find(entries, anchor, &AuditEntry::place) != entries.end();
  };
  EXPECT_FALSE(has_anchor());
  ASSERT_TRUE(open());
  for (std::uint64_t n = 30; n < 40; ++n) append(n, day(2));  // the same numbers, another chain
  close();
  ASSERT_TRUE(walk(&entries));
  EXPECT_FALSE(has_anchor());
}

TEST_F(AuditTamper, PartsOfAnotherLogUnderTheSameMasterKey) {
  std::filesystem::remove_all(folder());
  ASSERT_NO_FATAL_FAILURE(make_three_days());  // the same records, in a log of its own
  const Contents other = contents_of(folder());
  for (const auto& [name, bytes] : other) {
    if (name == "lock") continue;
    Contents altered = whole_;
    altered[name] = bytes;
    expect_told(altered, name + " of another log");
  }
  for (const std::string& file : files_) {
    const auto at = boundaries(whole_.at(file));
    Contents altered = whole_;
    std::copy_n(other.at(file).begin() + static_cast<std::ptrdiff_t>(at[1]), at[2] - at[1],
                altered[file].begin() + static_cast<std::ptrdiff_t>(at[1]));
    expect_told(altered, "a record of another log in " + file);
  }
  Contents appended = whole_;
  const std::string next = "000000000000000000" + std::to_string(14) + ".audit";
  appended[next] = other.at(files_.back());
  expect_told(appended, "a file of another log behind the last");
}

// Without the key nothing can be added: it is told as a torn end, and goes at the next opening.
TEST_F(AuditTamper, WhatIsAppendedWithoutTheKeyIsNoRecord) {
  const Bytes& last = whole_.at(files_.back());
  const auto at = boundaries(last);
  Contents altered = whole_;
  altered[files_.back()] = joined({last, piece(last, at[0], at[1])});
  write_contents(folder(), altered);
  std::vector<AuditEntry> entries;
  const auto walked = walk(&entries);
  ASSERT_TRUE(walked);
  EXPECT_EQ(walked->records, 12);
  EXPECT_EQ(walked->torn_bytes, at[1] - at[0]);
  ASSERT_TRUE(open());
  close();
  entries.clear();
  ASSERT_TRUE(walk(&entries));
  EXPECT_EQ(std::get<AuditOpened>(entries.back().content).torn_bytes, at[1] - at[0]);
}

TEST_F(AuditTamper, ALaterLayoutIsNotCalledTampering) {
  Contents altered = whole_;
  altered[files_.back()][9] = std::byte{2};
  write_contents(folder(), altered);
  EXPECT_EQ(walk().error().fault, Fault::store_version);
}

TEST_F(AuditTamper, TheErrorSaysWhereAndWhat) {
  Contents altered = whole_;
  const auto at = boundaries(altered[files_[1]]);
  altered[files_[1]].at(at[2] + 10) ^= std::byte{1};
  write_contents(folder(), altered);
  const Error error = walk().error();
  EXPECT_EQ(error.offset, at[2]);
  EXPECT_EQ(error.where, folder() + "/" + files_[1] +
                             ", record 8 was altered, or does not follow the one before it");
}

}  // namespace
}  // namespace whorl::service
