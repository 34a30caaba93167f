// What `whorl serve` finds when it starts: a damaged store or audit log, another's key, a store in
// use. It is told, with exit code 4, and nothing is changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/app/serve_test_house.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

constexpr int kWrongKey = 19, kStoreCorrupt = 23, kStoreInUse = 24, kAuditBroken = 55;

class ServiceStart : public ServedTest {
 protected:
  using Contents = std::map<std::string, std::string>;  // of files, by their paths

  // A store and an audit log of a service that was stopped, with two people in it.
  void SetUp() override {
    make_people();
    Running service = serve_dev();
    for (const int person : {1, 2}) {
      ASSERT_EQ(
          ask_main({"enrol", "--subject", std::to_string(person), print(person, 1)}).exit_code, 0);
    }
    service.signal(SIGTERM);
    ASSERT_EQ(service.wait().exit_code, 0);
  }

  Contents contents(const std::string& folder) const {
    Contents all;
    for (const auto& entry : fs::recursive_directory_iterator(path(folder))) {
      if (!entry.is_regular_file()) continue;
      const std::string name = fs::relative(entry.path(), path("")).string();
      all[name] = read(name);
    }
    return all;
  }
  // Files that differ, or are there in one alone.
  static std::set<std::string> changed(const Contents& before, const Contents& after) {
    std::set<std::string> names;
    for (const auto& [name, bytes] : before) {
      if (!after.contains(name) || after.at(name) != bytes) names.insert(name);
    }
    for (const auto& [name, bytes] : after) {
      if (!before.contains(name)) names.insert(name);
    }
    return names;
  }
  void put(const Contents& before) const {
    for (const char* folder : {"store", "store.audit"}) fs::remove_all(path(folder));
    for (const auto& [name, bytes] : before) {
      fs::create_directories(path(name).parent_path());
      write(name, bytes);
    }
  }
  Contents both() const {
    Contents all = contents("store");
    all.merge(contents("store.audit"));
    return all;
  }

  static std::vector<std::string> words(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"serve",    "--dev",       "--store",      "store",
                                    "--listen", "127.0.0.1:0", "--dev-folder", "second"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // Either it serves, and both people are known, or it says what is wrong. The fault, or 0.
  int start_over_damage() const {
    fs::remove_all(path("second"));
    std::vector<std::string> asked = words({"--json"});
    Running service = start(asked);
    wait_until([&] { return service.ended() || fs::exists(path("second/address")); });
    if (!fs::exists(path("second/address"))) {
      const Ran refused = service.wait();
      EXPECT_EQ(refused.exit_code, 4) << refused.out << refused.err;
      return refused.fault();
    }
    for (const int person : {1, 2}) {
      const Ran found = run_json(
          {"client", "identify", print(person, 2), "--gallery", "main", "--dev", "second"});
      EXPECT_EQ(found.exit_code, 0) << found.out << found.err;
    }
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait().exit_code, 0);
    return 0;
  }
};

TEST_F(ServiceStart, WithAnyFileDamagedIsRefusedWithoutAChangeOrServesRight) {
  const Contents whole = both();
  std::map<int, int> outcomes;
  for (const auto& [name, bytes] : whole) {
    if (bytes.empty()) continue;
    SCOPED_TRACE(name);
    Contents damaged = whole;
    damaged[name][bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    put(damaged);
    const std::string folder = name.starts_with("store.audit") ? "store.audit" : "store";
    const Contents before = contents(folder);
    const int fault = start_over_damage();
    ++outcomes[fault];
    if (fault == 0) continue;
    EXPECT_EQ(fault, folder == "store" ? kStoreCorrupt : kAuditBroken);
    EXPECT_EQ(changed(before, contents(folder)), std::set<std::string>());
  }
  EXPECT_GE(outcomes[kStoreCorrupt], 2);
  EXPECT_GE(outcomes[kAuditBroken], 3);
  put(whole);
  EXPECT_EQ(start_over_damage(), 0);
}

TEST_F(ServiceStart, WithAFileTakenAwayMakesNothingNewInItsPlace) {
  const Contents whole = both();
  for (const char* name : {"store/db/CURRENT", "store/db/ACKNOWLEDGED", "store.audit/audit.key",
                           "store.audit/audit.newest"}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(whole.contains(name));
    Contents spoilt = whole;
    spoilt.erase(name);
    put(spoilt);
    const std::string folder =
        std::string(name).starts_with("store.audit") ? "store.audit" : "store";
    const Contents before = contents(folder);
    EXPECT_EQ(start_over_damage(), folder == "store" ? kStoreCorrupt : kAuditBroken);
    EXPECT_EQ(changed(before, contents(folder)), std::set<std::string>());
  }
}

TEST_F(ServiceStart, WithAnothersKeyOrWhileAnotherServesChangesNothing) {
  const Contents before = both();
  write("other.key", std::string(64, 'b') + "\n");
  const Ran wrong = run_json(words({"--key-file", "other.key"}), false);
  EXPECT_EQ(wrong.fault(), kWrongKey) << wrong.out;
  EXPECT_EQ(wrong.exit_code, 4);
  EXPECT_EQ(changed(before, both()), std::set<std::string>());
  // Nor does it where it may make what is not there.
  const Ran creating =
      run_json(words({"--key-file", "other.key", "--create", "--gallery", "new"}), false);
  EXPECT_EQ(creating.fault(), kWrongKey) << creating.out;
  EXPECT_EQ(creating.exit_code, 4);
  EXPECT_EQ(changed(before, both()), std::set<std::string>());

  Running service = serve_dev();
  const Contents served = contents("store");
  const struct {
    const char* what;
    std::vector<std::string> option;
  } table[] = {
      {"the store", {"--audit", "second.audit"}},
      {"the audit log",
       {"--store", "other", "--create", "--gallery", "main", "--audit", "store.audit"}},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    std::vector<std::string> asked = words();
    if (row.option[0] == "--store") asked.erase(asked.begin() + 2, asked.begin() + 4);
    asked.insert(asked.end(), row.option.begin(), row.option.end());
    const Ran refused = run_json(asked);
    EXPECT_EQ(refused.fault(), kStoreInUse) << refused.out;
    EXPECT_EQ(refused.exit_code, 4);
    EXPECT_EQ(changed(served, contents("store")), std::set<std::string>());
  }
  EXPECT_EQ(ask_main({"identify", print(1, 2)}).exit_code, 0);
}

}  // namespace
}  // namespace whorl::app
