#pragma once
// What the tests of the audit log share: a folder, records to append, the files' bytes.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/service/audit.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::service {

using gallery::sample_key;
using gallery::TempFolder;

inline constexpr UnixMillis kMorning{1'790'000'000'000};
inline constexpr std::int64_t kDayMs = std::int64_t{24} * 60 * 60 * 1000;
inline UnixMillis day(std::int64_t n, std::int64_t later_ms = 0) {
  return UnixMillis{kMorning.value() + n * kDayMs + later_ms};
}

// The nth of a stream: every field says something, and no two are alike.
inline AuditRecord sample_record(std::uint64_t n, UnixMillis at = kMorning) {
  AuditRecord r;
  r.at = at;
  r.client = "CN=border " + std::to_string(n % 7) + ",O=Register";
  r.verb = kVerbNames.at(n % kVerbNames.size()).verb;
  r.gallery = n % 3 == 0 ? "civil" : "border";
  r.purpose = "visa";
  r.request_id = "request-" + std::to_string(n);
  r.fault = static_cast<std::uint16_t>(n % 5 == 0 ? 48 : 0);
  r.repeated = n % 4 == 0;
  r.alike = static_cast<std::uint32_t>(n % 13 == 0 ? n : 0);
  r.samples = static_cast<std::uint32_t>(n % 11);
  r.candidates = static_cast<std::uint32_t>(n % 13);
  r.decision = n % 2 == 0 ? "hit" : "no-hit";
  r.subject = n * 1'000'003;
  return r;
}

// Every file of a folder by its name. What an attacker with the disk can read and write.
using Contents = std::map<std::string, Bytes>;

inline Contents contents_of(const std::string& folder) {
  Contents contents;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    Bytes& bytes = contents[entry.path().filename().string()];
    std::ifstream in(entry.path(), std::ios::binary);
    for (char c = 0; in.get(c);) bytes.push_back(static_cast<std::byte>(c));
  }
  return contents;
}

inline void write_contents(const std::string& folder, const Contents& contents) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : contents) {
    std::ofstream out(folder + "/" + name, std::ios::binary);
    for (const std::byte b : bytes) out.put(static_cast<char>(b));
  }
}

// The names of the files of records, oldest first.
inline std::vector<std::string> record_files(const Contents& contents) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : contents) {
    if (name.ends_with(".audit")) names.push_back(name);
  }
  return names;
}

class AuditTest : public ::testing::Test {
 protected:
  explicit AuditTest(const std::string& parent = std::filesystem::temp_directory_path())
      : folder_(parent) {}

  Result<> open(unsigned key = 7) {
    log_.reset();
    auto opened = AuditLog::open(folder(), sample_key(key), clock_);
    if (!opened) return tl::unexpected(opened.error());
    log_ = std::move(*opened);
    return {};
  }
  void close() { log_.reset(); }

  void append(std::uint64_t n, UnixMillis at = kMorning, Durable durable = Durable::soon) {
    const auto done = log_->append(sample_record(n, at), durable);
    ASSERT_TRUE(done) << describe(done.error());
  }

  // Three files of four requests each, closed: a day each. The first record of all is of the
  // opening.
  void make_three_days(std::uint64_t first = 1) {
    ASSERT_TRUE(open());
    for (std::uint64_t n = 0; n < 12; ++n) {
      ASSERT_NO_FATAL_FAILURE(append(first + n, day(static_cast<std::int64_t>(n / 4))));
    }
    close();
    ASSERT_EQ(record_files(contents_of(folder())).size(), 3U);
  }

  Result<AuditSummary> walk(std::vector<AuditEntry>* entries = nullptr, unsigned key = 7) const {
    return walk_audit(folder(), sample_key(key), [&](const AuditEntry& entry) {
      if (entries != nullptr) entries->push_back(entry);
    });
  }
  // The requests of a log that verifies.
  std::vector<AuditRecord> requests() const {
    std::vector<AuditEntry> entries;
    const auto walked = walk(&entries);
    EXPECT_TRUE(walked) << describe(walked.error());
    std::vector<AuditRecord> records;
    for (const AuditEntry& entry : entries) {
      if (const auto* r = std::get_if<AuditRecord>(&entry.content)) records.push_back(*r);
    }
    return records;
  }

  std::string folder() const { return folder_ / "log"; }

  TempFolder folder_;
  ManualClock clock_{kMorning};
  std::unique_ptr<AuditLog> log_;
};

// In the memory's file system where there is one: for tests that write small logs by the thousand.
class AuditInMemory : public AuditTest {
 protected:
  AuditInMemory()
      : AuditTest(std::filesystem::is_directory("/dev/shm")
                      ? "/dev/shm"
                      : std::filesystem::temp_directory_path().string()) {}
};

}  // namespace whorl::service
