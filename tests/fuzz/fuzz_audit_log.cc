// Any bytes as the body of a record; and any changes to the files of a sound log by somebody who
// lacks its key: what is read back is what was written, or the log does not verify.

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/service/audit.h"
#include "engine/service/audit_record.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace whorl;           // NOLINT: one short program
using namespace whorl::service;  // NOLINT
namespace fs = std::filesystem;

constexpr std::int64_t kDayMs = std::int64_t{24} * 60 * 60 * 1000;

// A log of three files in memory's file system, made once.
struct Log {
  std::string folder = "/dev/shm/fuzz_audit_log-XXXXXX";
  Key master{std::array<std::byte, Key::kBytes>{}};
  std::vector<fs::path> files;  // whatever a change may name
  std::vector<std::string> contents;
  std::vector<AuditEntry> entries;

  Log() {
    FUZZ_CHECK(::mkdtemp(folder.data()) != nullptr);
    const ManualClock clock{UnixMillis{0}};
    {
      const auto log = AuditLog::open(folder, master, clock);
      FUZZ_CHECK(log.has_value());
      for (std::int64_t n = 0; n < 6; ++n) {
        AuditRecord record;
        record.at = UnixMillis{n / 2 * kDayMs};
        record.client = "CN=client";
        record.subject = static_cast<std::uint64_t>(n);
        FUZZ_CHECK((*log)->append(record, Durable::soon).has_value());
      }
    }
    for (const auto& file : fs::directory_iterator(folder)) files.push_back(file.path());
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      std::ifstream in(file, std::ios::binary);
      contents.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    FUZZ_CHECK(files.size() == 6);
    FUZZ_CHECK(walk().has_value());
  }
  ~Log() { fs::remove_all(folder); }

  // The first walk keeps what was met; the others hold theirs to it.
  Result<AuditSummary> walk() {
    const bool first = entries.empty();
    std::size_t met = 0;
    auto summary = walk_audit(folder, master, [&](const AuditEntry& entry) {
      if (first) entries.push_back(entry);
      FUZZ_CHECK(met < entries.size() && entries[met].place == entry.place);
      FUZZ_CHECK(entries[met].content == entry.content);
      ++met;
    });
    FUZZ_CHECK(!summary || met == entries.size());
    return summary;
  }
};

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A file u8, what u8, where u16, then a count u8 and bytes, or a length.
bool change(ByteReader& in, std::vector<std::string>& contents) {
  std::string& file = contents[in.u8() % contents.size()];
  const unsigned what = in.u8();
  const std::size_t at = std::min<std::size_t>(in.u16(), file.size());
  if (!in.ok()) return false;
  if (what % 4 == 0) {
    file.resize(at);
  } else if (what % 4 == 1) {
    file.erase(at, in.u8());
  } else if (what % 4 == 2) {  // a piece of any file, so that records move
    const std::string& other = contents[in.u8() % contents.size()];
    const std::size_t from = std::min<std::size_t>(in.u16(), other.size());
    file.insert(at, other.substr(from, in.u8()));
  } else {
    const std::size_t count = in.u8();
    std::size_t next = at;
    for (const std::byte b : in.take(std::min(count, in.remaining()))) {
      if (next < file.size()) file[next++] = static_cast<char>(b);
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto content = decode_audit_body(bytes)) {
    FUZZ_CHECK(std::ranges::equal(encode_audit_body(*content), bytes));
  }
  static Log log;
  std::vector<std::string> changed = log.contents;
  ByteReader in(bytes);
  for (int i = 0; i < 8 && change(in, changed); ++i) continue;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (changed[i] != log.contents[i]) write(log.files[i], changed[i]);
  }
  const auto walked = log.walk();
  if (!walked) {
    const Fault fault = walked.error().fault;
    FUZZ_CHECK(fault == Fault::audit_broken || fault == Fault::wrong_key ||
               fault == Fault::store_version);
  }
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (changed[i] != log.contents[i]) write(log.files[i], log.contents[i]);
  }
  return 0;
}
