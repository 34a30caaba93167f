#include "engine/service/request_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/limits.h"
#include "tests/base/source_tree.h"
#include "tests/scanners/temporary_folder.h"

namespace whorl::service {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using whorl::testing::TemporaryFolder;

// Lines of a log, each of which must be JSON by itself.
std::vector<Json> parsed(const std::string& text) {
  std::vector<Json> lines;
  for (const std::string& line : whorl::testing::lines_of(text)) {
    lines.push_back(Json::parse(line, nullptr, false));
    EXPECT_TRUE(lines.back().is_object()) << line;
  }
  return lines;
}
std::string text_at(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::vector<Json> lines_at(const fs::path& path) { return parsed(text_at(path)); }

RequestLog::Line some_line() {
  RequestLog::Line line;
  line.request_id = "visit:7.a_b-C";
  line.client = "CN=gate-7,O=Border Guard,C=LT";
  line.gallery = "border";
  line.purpose = "entry";
  line.verb = Verb::enrol_with_dedup;
  line.total_ms = 12.3456789;
  line.queued_ms = 0.5;
  return line;
}

class RequestLogFile : public ::testing::Test {
 protected:
  fs::path path() const { return folder_.path() / "requests.log"; }
  // Opens the log, lets `write` write, and closes it; what is in the file then.
  template <class Write>
  std::vector<Json> written(Write write) {
    {
      auto log = RequestLog::open(path());
      EXPECT_TRUE(log.has_value());
      if (log) write(**log);
    }
    return lines_at(path());
  }
  TemporaryFolder folder_;
};

TEST_F(RequestLogFile, ARequestIsALineOfJson) {
  const auto lines = written([](RequestLog& log) { log.request(some_line()); });
  ASSERT_EQ(lines.size(), 1U);
  Json line = lines[0];
  EXPECT_TRUE(std::regex_match(
      line["time"].get<std::string>(),
      std::regex("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z")))
      << line["time"];
  line.erase("time");
  EXPECT_EQ(line, Json({{"level", "info"},
                        {"event", "request"},
                        {"request_id", "visit:7.a_b-C"},
                        {"client", "CN=gate-7,O=Border Guard,C=LT"},
                        {"verb", "enrol-with-dedup"},
                        {"gallery", "border"},
                        {"purpose", "entry"},
                        {"total_ms", 12.346},
                        {"queued_ms", 0.5}}));
}

TEST_F(RequestLogFile, NamesTheFaultAndSaysWhatWasRepeated) {
  const auto lines = written([](RequestLog& log) {
    RequestLog::Line line = some_line();
    line.fault = static_cast<std::uint16_t>(Fault::not_allowed);
    log.request(line);
    line.fault = 0;
    line.repeated = true;
    log.request(line);
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].value("fault", ""), "not-allowed");
  EXPECT_FALSE(lines[0].contains("repeated"));
  EXPECT_EQ(lines[1].value("repeated", false), true);
  EXPECT_FALSE(lines[1].contains("fault"));
}

TEST_F(RequestLogFile, WhatAClientSendsCannotForgeALine) {
  const std::string clients[] = {
      "\",\"fault\":\"none",
      "a\n{\"event\":\"drained\"}",
      "tab\tquote\"backslash\\slash/",
      std::string("nul\0behind", 10),
      "\x01\x1b[31mred",
      "bad \xff\xfe utf-8 \xc3",
      "%v %l {} {0} %Y",
      "O=\xc4\xae\xc5\xb3 \xe2\x80\xa8",
  };
  const auto lines = written([&](RequestLog& log) {
    for (const std::string& client : clients) {
      RequestLog::Line line = some_line();
      line.client = client;
      log.request(line);
    }
  });
  ASSERT_EQ(lines.size(), std::size(clients));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].size(), 10U) << i;
    const std::string told = lines[i].value("client", "");
    const bool is_text = clients[i].find('\xff') == std::string::npos;
    EXPECT_EQ(told, is_text ? clients[i] : "bad \xef\xbf\xbd\xef\xbf\xbd utf-8 \xef\xbf\xbd");
  }
}

// A refused request's words are whatever somebody sent; a person's name might be among them.
TEST_F(RequestLogFile, LeavesOutWhatHasNotTheFormOfAnIdGalleryOrPurpose) {
  const std::string words[] = {
      "",         "Ada Lovelace", "ada@example.org",      "line\nbreak",
      "\xc4\x97", "\"",           std::string("a\0b", 3), std::string(kMaxRequestIdBytes + 1, 'a')};
  const auto lines = written([&](RequestLog& log) {
    for (const std::string& word : words) {
      RequestLog::Line line = some_line();
      line.request_id = line.gallery = line.purpose = word;
      log.request(line);
    }
    RequestLog::Line line = some_line();
    line.gallery = line.purpose = "Border";  // of an id's letters, but not of theirs
    log.request(line);
    line.gallery = std::string(kMaxGalleryNameBytes, 'g');
    line.purpose = std::string(kMaxPurposeBytes, 'p');
    line.request_id = std::string(kMaxRequestIdBytes, 'i');
    log.request(line);
  });
  ASSERT_EQ(lines.size(), std::size(words) + 2);
  for (std::size_t i = 0; i < std::size(words); ++i) {
    for (const char* field : {"request_id", "gallery", "purpose"}) {
      EXPECT_FALSE(lines[i].contains(field)) << i << ": " << lines[i];
    }
  }
  EXPECT_FALSE(lines[std::size(words)].contains("gallery"));
  EXPECT_FALSE(lines[std::size(words)].contains("purpose"));
  for (const char* field : {"request_id", "gallery", "purpose"}) {
    EXPECT_TRUE(lines.back().contains(field)) << field;
  }
}

TEST_F(RequestLogFile, CutsAClientsNameAtItsLimit) {
  const auto lines = written([](RequestLog& log) {
    RequestLog::Line line = some_line();
    line.client = std::string(100'000, 'x');
    log.request(line);
  });
  EXPECT_EQ(lines.at(0).value("client", "").size(), kMaxClientNameBytes);
}

TEST_F(RequestLogFile, TimesThatAreNoNumbersAreNull) {
  const auto lines = written([](RequestLog& log) {
    RequestLog::Line line = some_line();
    line.total_ms = std::numeric_limits<double>::quiet_NaN();
    line.queued_ms = std::numeric_limits<double>::infinity();
    log.request(line);
  });
  EXPECT_TRUE(lines.at(0)["total_ms"].is_null());
  EXPECT_TRUE(lines.at(0)["queued_ms"].is_null());
}

TEST_F(RequestLogFile, TellsOfEventsAndWarningsWithoutTheirPerson) {
  const auto lines = written([](RequestLog& log) {
    log.event("started", "0.0.0.0:9461");
    log.event("drained", "");
    log.event("odd", "gallery 3, subject 4711");
    log.warning({Fault::bad_checksum, 0, "gallery 3, subject 4711, encounter 2"});
  });
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].value("event", ""), "started");
  EXPECT_EQ(lines[0].value("detail", ""), "0.0.0.0:9461");
  EXPECT_FALSE(lines[1].contains("detail"));
  EXPECT_EQ(lines[3].value("level", ""), "warning");
  EXPECT_EQ(lines[3].value("event", ""), "warning");
  EXPECT_EQ(lines[3].value("fault", ""), "bad-checksum");
  EXPECT_TRUE(lines[3].value("detail", "").starts_with("gallery 3, subject -, encounter 2: E17"));
  EXPECT_EQ(text_at(path()).find("4711"), std::string::npos);
}

TEST(WithoutSubjects, HidesTheNumberAndKeepsTheRest) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"disk", "disk"},
      {"subject 17", "subject -"},
      {"gallery 3, subject 17, encounter 2", "gallery 3, subject -, encounter 2"},
      {"subject 1 and subject 22", "subject - and subject -"},
      {"subject 1subject 22", "subject -subject -"},
      {"subject subject 5", "subject subject -"},
      {"subject ", "subject "},
      {"subject records", "subject records"},
      {"subject", "subject"},
      {"subjec", "subjec"},
      {"subject 18446744073709551615", "subject -"},
  };
  for (const auto& [text, told] : rows) EXPECT_EQ(without_subjects(text), told) << text;
}

// The one way in which the engine names a person in an error.
TEST(WithoutSubjects, KnowsHowTheEngineNamesASubject) {
  for (const char* source : {"engine/gallery/places.cc", "engine/search/engine.cc"}) {
    EXPECT_NE(whorl::testing::file_text(source).find("subject \" + std::to_string("),
              std::string::npos)
        << source;
  }
}

TEST_F(RequestLogFile, IsAppendedToAndNotReadableForOthers) {
  written([](RequestLog& log) { log.event("first", ""); });
  const auto lines = written([](RequestLog& log) { log.event("second", ""); });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].value("event", ""), "first");
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137U, 0U);
}

TEST_F(RequestLogFile, ManyThreadsWriteWholeLines) {
  constexpr int kThreads = 4, kEach = 500;
  const auto lines = written([](RequestLog& log) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&log, i] {
        RequestLog::Line line = some_line();
        for (int n = 0; n < kEach; ++n) {
          line.request_id = std::to_string(i) + "-" + std::to_string(n);
          log.request(line);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  std::set<std::string> ids;
  for (const Json& line : lines) ids.insert(line.value("request_id", ""));
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kThreads * kEach));
}

TEST_F(RequestLogFile, ReopensAfterItWasMovedAway) {
  const fs::path moved = folder_.path() / "requests.log.1";
  const auto lines = written([&](RequestLog& log) {
    log.event("before", "");
    while (text_at(path()).empty()) std::this_thread::yield();  // the log's own thread writes
    fs::rename(path(), moved);
    ASSERT_TRUE(log.reopen());
    log.event("after", "");
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].value("event", ""), "after");
  EXPECT_EQ(lines_at(moved).at(0).value("event", ""), "before");
}

TEST_F(RequestLogFile, KeepsTheOldFileWhereThePathCannotBeOpened) {
  const fs::path moved = folder_.path() / "requests.log.1";
  auto log = RequestLog::open(path());
  ASSERT_TRUE(log);
  fs::rename(path(), moved);
  fs::create_directory(path());
  const auto reopened = (*log)->reopen();
  ASSERT_FALSE(reopened);
  EXPECT_EQ(reopened.error().fault, Fault::io_error);
  (*log)->event("still here", "");
  log->reset();
  EXPECT_EQ(lines_at(moved).at(0).value("event", ""), "still here");
}

TEST_F(RequestLogFile, RefusesAPathThatIsNoFileToWrite) {
  for (const fs::path& bad :
       {folder_.path(), folder_.path() / "absent" / "requests.log",
        fs::path("/dev/null/requests.log"), folder_.path() / std::string(300, 'n')}) {
    const auto log = RequestLog::open(bad);
    ASSERT_FALSE(log) << bad;
    EXPECT_EQ(log.error().fault, Fault::io_error);
    EXPECT_EQ(log.error().where, bad);
  }
}

TEST(RequestLogToStandardError, NeedsNoFileAndReopensAsItIs) {
  ::testing::internal::CaptureStderr();
  {
    auto log = RequestLog::open("");
    ASSERT_TRUE(log);
    EXPECT_TRUE((*log)->reopen());
    (*log)->event("started", "");
  }
  EXPECT_EQ(parsed(::testing::internal::GetCapturedStderr()).at(0).value("event", ""), "started");
}

// A disk that does not take lines: a pipe that nobody reads.
TEST_F(RequestLogFile, NeverWaitsForTheDiskAndTellsHowMuchWasLost) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDWR | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto log = RequestLog::open(path());
  ASSERT_TRUE(log);
  constexpr std::size_t kEvents = 2 * RequestLog::kLinesWaiting;
  for (std::size_t i = 0; i < kEvents; ++i) (*log)->event("e", std::to_string(i));
  const std::int64_t lost = (*log)->lost();
  EXPECT_GT(lost, 0);
  EXPECT_LT(lost, static_cast<std::int64_t>(kEvents));

  std::string text;
  std::thread closing([&log] { log->reset(); });  // writes what waits
  char buffer[65536];
  const std::string last = "\"" + std::to_string(kEvents - 1) + "\"}\n";
  while (!text.ends_with(last)) {
    const ssize_t got = ::read(reader, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  closing.join();
  ::close(reader);
  std::int64_t told = 0;
  std::size_t events = 0;
  for (const Json& line : parsed(text)) {
    if (line.value("event", "") == "lines-lost") {
      told += line.value("lines", std::int64_t{0});
      EXPECT_EQ(line.value("level", ""), "warning");
    } else {
      ++events;
    }
  }
  EXPECT_EQ(told, lost);
  EXPECT_EQ(events + static_cast<std::size_t>(told), kEvents);
}

TEST_F(RequestLogFile, CountsWhatAFullDiskRefuses) {
  auto log = RequestLog::open("/dev/full");
  if (!log) GTEST_SKIP() << "this machine has no /dev/full";
  for (int i = 0; i < 3; ++i) (*log)->event("e", "");
  while ((*log)->lost() < 3) std::this_thread::yield();
  EXPECT_EQ((*log)->lost(), 3);
}

TEST_F(RequestLogFile, OutlivesAReaderThatWentAway) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto log = RequestLog::open(path());
  ASSERT_TRUE(log);
  ::close(reader);
  (*log)->event("to nobody", "");
  while ((*log)->lost() < 1) std::this_thread::yield();
  EXPECT_EQ((*log)->lost(), 1);
}

TEST_F(RequestLogFile, ThePageListsEveryFieldAndNoOther) {
  const auto lines = written([](RequestLog& log) {
    RequestLog::Line line = some_line();
    line.fault = 1;
    line.repeated = true;
    log.request(line);
    log.event("e", "detail");
    log.warning({Fault::disk_full, 0, ""});
  });
  std::set<std::string> fields = {"lines"};  // of lines-lost
  for (const Json& line : lines) {
    for (const auto& [field, value] : line.items()) fields.insert(field);
  }
  const std::string page = whorl::testing::file_text("docs/operations.md");
  const auto begin = page.find("### The log");
  ASSERT_NE(begin, std::string::npos);
  std::set<std::string> on_page;
  for (const std::string& line :
       whorl::testing::lines_of(page.substr(begin, page.find("\n##", begin) - begin))) {
    const auto cells = whorl::testing::cells_of(line);
    if (!cells.empty() && cells[0].starts_with('`')) {
      on_page.insert(cells[0].substr(1, cells[0].size() - 2));
    }
  }
  EXPECT_EQ(on_page, fields);
}

}  // namespace
}  // namespace whorl::service
