// whorl audit: what an auditor sees of a log, sound or not.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/app/utc.h"
#include "engine/service/audit.h"
#include "tests/app/command_line.h"

namespace whorl::app {
namespace {

using service::AuditLog;
using service::AuditRecord;
using service::Durable;

constexpr std::int64_t kDayMs = std::int64_t{24} * 60 * 60 * 1000;
constexpr UnixMillis kStart{1'790'000'000'000};  // 2026-09-21T14:13:20Z

AuditRecord request(int n) {
  AuditRecord r;
  r.at = UnixMillis{kStart.value() + n * kDayMs};
  r.client = "CN=border,O=Register";
  r.verb = service::Verb::identify;
  r.gallery = "civil";
  r.purpose = "visa";
  r.request_id = "r" + std::to_string(n);
  r.samples = 2;
  r.candidates = 5;
  r.decision = "refer";
  r.subject = static_cast<std::uint64_t>(n);
  return r;
}

class AuditVerb : public CommandTest {
 protected:
  // Requests of `count` days, a file each, appended to what there is.
  void make_log(int first, int count) {
    const ManualClock clock(request(first).at);
    const Key key = *Key::from_hex(std::string(64, 'a'));  // as the command is told
    const auto log = AuditLog::open(path("log"), key, clock);
    ASSERT_TRUE(log) << describe(log.error());
    for (int n = first; n < first + count; ++n) {
      ASSERT_TRUE((*log)->append(request(n), Durable::now));
    }
  }
  void append(const AuditRecord& record) {
    const ManualClock clock(record.at);
    const auto log = AuditLog::open(path("log"), *Key::from_hex(std::string(64, 'a')), clock);
    ASSERT_TRUE(log && (*log)->append(record, Durable::now));
  }
  void spoil(const std::string& file, std::size_t at) {
    std::string bytes = read(file);
    bytes.at(at) ^= 1;
    write(file, bytes);
  }
  static constexpr const char* kFirst = "log/00000000000000000001.audit";
  static constexpr const char* kSecond = "log/00000000000000000003.audit";
};

TEST_F(AuditVerb, VerifyTellsWhatIsThereAndItsAnchorHolds) {
  make_log(0, 3);
  const auto told = run_json({"audit", "verify", "--log", "log"}).json();
  EXPECT_EQ(told["records"], 3);
  EXPECT_EQ(told["purged"], 0);
  EXPECT_EQ(told["torn_bytes"], 0);
  EXPECT_EQ(told["first"], "2026-09-21T14:13:20.000Z");
  EXPECT_EQ(told["last"], "2026-09-23T14:13:20.000Z");
  const std::string anchor = told["anchor"];
  EXPECT_EQ(anchor.find("4:"), 0U) << anchor;
  const Ran again = run({"audit", "verify", "--log", "log", "--anchor", anchor});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_NE(again.out.find("anchor " + anchor), std::string::npos) << again.out;
  make_log(3, 1);
  EXPECT_EQ(run({"audit", "verify", "--log", "log", "--anchor", anchor}).exit_code, 0);
}

TEST_F(AuditVerb, AnAlteredLogIsTroubleAndAnotherKeyIsNot) {
  make_log(0, 3);
  const Ran other = run_json({"audit", "verify", "--log", "log", "--key-file", "other"});
  EXPECT_EQ(other.fault(), static_cast<int>(Fault::no_key));
  ASSERT_EQ(run({"keygen", "other"}).exit_code, 0);
  EXPECT_EQ(run_json({"audit", "verify", "--log", "log", "--key-file", "other"}).fault(),
            static_cast<int>(Fault::wrong_key));
  spoil(kSecond, 80);
  const Ran altered = run_json({"audit", "verify", "--log", "log"});
  EXPECT_EQ(altered.exit_code, 4);
  EXPECT_EQ(altered.fault(), static_cast<int>(Fault::audit_broken));
  EXPECT_EQ(altered.json()["error"]["where"],
            std::string(kSecond) + ", record 3 was altered, or does not follow the one before it");
}

TEST_F(AuditVerb, ALogPutBackIsToldByTheAnchor) {
  make_log(0, 2);
  std::filesystem::copy(path("log"), path("earlier"));
  make_log(2, 1);
  const std::string anchor = run_json({"audit", "verify", "--log", "log"}).json()["anchor"];
  std::filesystem::remove_all(path("log"));
  std::filesystem::copy(path("earlier"), path("log"));
  EXPECT_EQ(run({"audit", "verify", "--log", "log"}).exit_code, 0);
  for (int round = 0; round < 2; ++round) {
    const Ran ran = run_json({"audit", "verify", "--log", "log", "--anchor", anchor});
    EXPECT_EQ(ran.exit_code, 4);
    EXPECT_EQ(ran.fault(), static_cast<int>(Fault::audit_broken));
    make_log(5, 4);  // it went on, and has such numbers again
  }
}

TEST_F(AuditVerb, ExportIsWhatWasAppended) {
  make_log(0, 3);
  const auto all = run_json({"audit", "export", "--log", "log"}).json();
  const auto& rows = all["records"];
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0]["kind"], "opened");
  EXPECT_EQ(rows[2], nlohmann::json({{"number", 3},
                                     {"at", "2026-09-22T14:13:20.000Z"},
                                     {"kind", "request"},
                                     {"client", "CN=border,O=Register"},
                                     {"verb", "identify"},
                                     {"gallery", "civil"},
                                     {"purpose", "visa"},
                                     {"request_id", "r1"},
                                     {"fault", 0},
                                     {"repeated", false},
                                     {"cut", false},
                                     {"samples", 2},
                                     {"candidates", 5},
                                     {"decision", "refer"},
                                     {"subject", 1},
                                     {"alike", 0}}));
  EXPECT_EQ(all["summary"]["records"], 3);
  const auto some = run_json({"audit", "export", "--log", "log", "--from", "2026-09-22", "--until",
                              "2026-09-23T14:13:20Z"})
                        .json();
  ASSERT_EQ(some["records"].size(), 1U);
  EXPECT_EQ(some["records"][0]["request_id"], "r1");
  const auto none = run_json({"audit", "export", "--log", "log", "--from", "2030-01-01"}).json();
  EXPECT_EQ(none["records"].size(), 0U);

  const std::string csv = run({"audit", "export", "--log", "log", "--csv"}).out;
  EXPECT_EQ(std::ranges::count(csv, '\n'), 5);
  EXPECT_NE(csv.find("\r\n3,2026-09-22T14:13:20.000Z,request,\"CN=border,O=Register\",identify,"
                     "civil,visa,r1,0,false,false,2,5,refer,1,,,,0\r\n"),
            std::string::npos)
      << csv;
}

TEST_F(AuditVerb, WhatClientsChooseIsNoFormulaAndNoBrokenRow) {
  AuditRecord r = request(0);
  r.client = "=HYPERLINK(\"x\")";
  r.purpose = "two\nlines, \"quoted\"";
  r.request_id = "\xFF\xFE";
  append(r);
  const auto row = run_json({"audit", "export", "--log", "log"}).json()["records"][1];
  EXPECT_EQ(row["client"], r.client);
  EXPECT_EQ(row["purpose"], r.purpose);
  const Ran csv = run({"audit", "export", "--log", "log"});
  EXPECT_EQ(csv.exit_code, 0);
  EXPECT_NE(csv.out.find(",\"'=HYPERLINK(\"\"x\"\")\","), std::string::npos) << csv.out;
  EXPECT_NE(csv.out.find(",\"two\nlines, \"\"quoted\"\"\","), std::string::npos) << csv.out;
}

TEST_F(AuditVerb, ExportOfABrokenLogSaysSoBehindWhatIsSound) {
  make_log(0, 3);
  spoil(kSecond, 80);
  const Ran json = run_json({"audit", "export", "--log", "log"});
  EXPECT_EQ(json.exit_code, 4);
  EXPECT_EQ(json.fault(), static_cast<int>(Fault::audit_broken));
  EXPECT_EQ(json.json()["records"].size(), 2U);
  const Ran csv = run({"audit", "export", "--log", "log"});
  EXPECT_EQ(csv.exit_code, 4);
  EXPECT_NE(csv.err.find("E55"), std::string::npos);
  EXPECT_EQ(std::ranges::count(csv.out, '\n'), 3);
}

TEST_F(AuditVerb, PurgeLeavesALogThatVerifiesAndAnOldAnchorIsNotFound) {
  make_log(0, 2);
  const std::string anchor = run_json({"audit", "verify", "--log", "log"}).json()["anchor"];
  make_log(2, 2);
  const Ran purged = run_json({"audit", "purge", "--log", "log", "--before", "2026-09-23"});
  EXPECT_EQ(purged.exit_code, 0) << purged.out;
  EXPECT_EQ(purged.json()["purged"], 3) << "the opening and two requests";
  EXPECT_FALSE(std::filesystem::exists(path(kFirst)));
  EXPECT_EQ(run_json({"audit", "verify", "--log", "log"}).json()["purged"], 3);
  const Ran old = run_json({"audit", "verify", "--log", "log", "--anchor", anchor});
  EXPECT_EQ(old.exit_code, 1);
  const auto rows = run_json({"audit", "export", "--log", "log"}).json()["records"];
  const auto proof =
      std::ranges::find_if(rows, [](const auto& r) { return r["kind"] == "purged"; });
  ASSERT_NE(proof, rows.end());
  EXPECT_EQ((*proof)["purged_first"], 1);
}

TEST_F(AuditVerb, RekeyOpensWithTheNewKeyAlone) {
  make_log(0, 2);
  ASSERT_EQ(run({"keygen", "new.key"}).exit_code, 0);
  // A change that was cut short is made again.
  EXPECT_EQ(run({"audit", "rekey", "--log", "log", "--new-key-file", "new.key"}).exit_code, 0);
  EXPECT_EQ(run({"audit", "rekey", "--log", "log", "--new-key-command", "cat new.key"}).exit_code,
            0);
  EXPECT_EQ(run({"audit", "verify", "--log", "log"}).exit_code, 4);
  EXPECT_EQ(run({"audit", "verify", "--log", "log", "--key-file", "new.key"}).exit_code, 0);
}

TEST_F(AuditVerb, MisuseIsTold) {
  make_log(0, 1);
  const std::vector<std::vector<std::string>> misuses = {
      {"audit"},
      {"audit", "verify"},
      {"audit", "verify", "--log", "log", "--anchor", "12"},
      {"audit", "verify", "--log", "log", "--anchor", "x:" + std::string(64, '0')},
      {"audit", "verify", "--log", "log", "--anchor", "0:" + std::string(64, '0')},
      {"audit", "verify", "--log", "log", "--anchor", "1:00"},
      {"audit", "export", "--log", "log", "--csv"},  // and --json
      {"audit", "export", "--log", "log", "--from", "yesterday"},
      {"audit", "purge", "--log", "log"},
      {"audit", "purge", "--log", "log", "--before", "2026-02-30"},
      {"audit", "rekey", "--log", "log"}};
  for (const auto& words : misuses) {
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.exit_code, 2) << ran.out;
    EXPECT_EQ(ran.fault(), static_cast<int>(Fault::bad_argument)) << ran.out;
  }
  EXPECT_EQ(run_json({"audit", "verify", "--log", "nowhere"}).exit_code, 4);
}

TEST(Utc, IsReadAsItIsWritten) {
  struct Row {
    const char* text;
    std::int64_t ms;
  };
  const Row rows[] = {{"1970-01-01", 0},
                      {"2026-09-21T14:13:20Z", 1'790'000'000'000},
                      {"2024-02-29", 1'709'164'800'000},
                      {"1969-12-31T23:59:59Z", -1000}};
  for (const Row& row : rows) {
    const auto time = utc_from(row.text, "--from");
    ASSERT_TRUE(time) << row.text;
    EXPECT_EQ(time->value(), row.ms);
    EXPECT_TRUE(utc_text(*time).starts_with(std::string(row.text).substr(0, 10))) << row.text;
  }
  EXPECT_EQ(utc_text(UnixMillis{1'790'000'000'123}), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(utc_text(UnixMillis{-1}), "1969-12-31T23:59:59.999Z");
}

TEST(Utc, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-13-01", "2026-00-10", "2025-02-29", "2026-1-1",
                           "2026-09-21 14:13:20", "2026-09-21T24:00:00Z", "2026-09-21T14:60:00Z",
                           "2026-09-21T14:13:60Z", "2026-09-21T14:13:20", "2026-09-21T14:13:20+01",
                           "20260921", " 2026-09-21", "2026-09-21Z", "-026-09-21"}) {
    const auto time = utc_from(text, "--from");
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().fault, Fault::bad_argument) << text;
  }
}

}  // namespace
}  // namespace whorl::app
