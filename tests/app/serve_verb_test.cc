// `whorl serve`: its options and file, what it refuses to start with, how it stops.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/service/certificates.h"
#include "tests/app/serve_test_house.h"

namespace whorl::app {
namespace {

using service::Credentials;
using service::ThrowAwayAuthority;

class ServeVerb : public ServedTest {
 protected:
  void write_credentials(const std::string& name, const Credentials& credentials) const {
    write(name + ".pem", credentials.certificate);
    write(name + ".key", credentials.private_key);
  }
  // What an administrator prepares: certificates of one authority, and a policy.
  void prepare(ThrowAwayAuthority& authority) const {
    write("authority.pem", authority.certificate());
    write_credentials("service", *authority.issue_server({"127.0.0.1"}));
    write_credentials("office", *authority.issue_client("office"));
    write("policy.toml", kPolicy);
  }
  static std::vector<std::string> in_earnest(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {
        "serve",       "--store",       "store",       "--gallery",      "main",
        "--create",    "--listen",      "127.0.0.1:0", "--log",          "log",
        "--policy",    "policy.toml",   "--authority", "authority.pem",  "--certificate",
        "service.pem", "--private-key", "service.key", "--address-file", "address"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Ran office(std::vector<std::string> words) const {
    std::string address = read("address");
    address.pop_back();
    words.insert(words.begin(), "client");
    words.insert(words.end(), {"--server", address, "--certificate", "office.pem", "--private-key",
                               "office.key", "--authority", "authority.pem"});
    return run_json(words);
  }
  static constexpr const char* kPolicy =
      "[[role]]\nname = \"office\"\nclients = [\"CN=office,O=Whorl\"]\n"
      "verbs = [\"stats\", \"reload\"]\n";

  SystemClock clock_;
};

TEST_F(ServeVerb, InEarnestAPolicySaysWhoMayDoWhat) {
  auto authority = *ThrowAwayAuthority::make(clock_.now());
  prepare(authority);
  Running service = served(in_earnest(), "address");
  EXPECT_EQ(office({"stats"}).exit_code, 0);
  const Ran refused = office({"drain"});
  EXPECT_EQ(refused.fault(), 48);
  EXPECT_EQ(refused.exit_code, 2);

  write("policy.toml", std::string(kPolicy) + "naem = \"office\"\n");
  const Ran reloaded = office({"reload"});
  EXPECT_EQ(reloaded.fault(), 53) << reloaded.out;
  EXPECT_NE(reloaded.out.find("line 5"), std::string::npos) << reloaded.out;
  EXPECT_EQ(office({"stats"}).exit_code, 0);  // the policy before it holds
  write("policy.toml", "");
  EXPECT_EQ(office({"reload"}).exit_code, 0);
  EXPECT_EQ(office({"stats"}).fault(), 47);
  write("policy.toml", kPolicy);
  service.signal(SIGHUP);
  wait_until([&] { return office({"stats"}).exit_code == 0; });
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait().exit_code, 0);
}

TEST_F(ServeVerb, WhatIsWrongWithPolicyOrCertificatesIsSaidAtTheStart) {
  auto authority = *ThrowAwayAuthority::make(clock_.now());
  auto elsewhere = *ThrowAwayAuthority::make(clock_.now());
  prepare(authority);
  write("bad.toml", "[service]\nkeep_answers_days = \"long\"\n");
  write("unsigned.toml", "[service]\nrevoked = \"elsewhere.crl\"\n");
  write("elsewhere.crl", *elsewhere.revoke({elsewhere.issue_client("office")->certificate}));
  write("absent.toml", "[service]\nrevoked = \"absent.crl\"\n");
  write_credentials("foreign", *elsewhere.issue_server({"127.0.0.1"}));
  const struct {
    const char* what;
    std::vector<std::string> option;
    int fault, exit_code;
  } table[] = {
      {"a policy that cannot be understood", {"--policy", "bad.toml"}, 53, 2},
      {"no policy", {"--policy", "none.toml"}, 22, 4},
      {"a revocation list of another authority", {"--policy", "unsigned.toml"}, 54, 2},
      {"a revocation list that is not there", {"--policy", "absent.toml"}, 22, 4},
      {"a certificate of another authority", {"--certificate", "foreign.pem"}, 54, 2},
      {"another certificate's key", {"--private-key", "foreign.key"}, 54, 2},
      {"no certificate", {"--certificate", "none.pem"}, 22, 4},
      {"a certificate that is none", {"--certificate", "policy.toml"}, 54, 2},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    auto words = in_earnest();
    *(std::ranges::find(words, row.option[0]) + 1) = row.option[1];
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.fault(), row.fault) << ran.out << ran.err;
    EXPECT_EQ(ran.exit_code, row.exit_code);
    EXPECT_FALSE(std::filesystem::exists(path("store")));
  }
}

TEST_F(ServeVerb, WrongOptionsAreRefusedBeforeAnythingIsMade) {
  const struct {
    const char* what;
    std::vector<std::string> words;
  } table[] = {
      {"no store", {"--dev"}},
      {"neither certificates nor --dev", {"--store", "s"}},
      {"a certificate without its key", {"--store", "s", "--certificate", "a.pem"}},
      {"--dev with a policy", {"--store", "s", "--dev", "--policy", "p.toml"}},
      {"--dev for the network", {"--store", "s", "--dev", "--listen", "0.0.0.0:7443"}},
      {"--dev with metrics for the network",
       {"--store", "s", "--dev", "--operations", "0.0.0.0:9461"}},
      {"--dev by another name", {"--store", "s", "--dev", "--listen", "127.0.0.1.example:1"}},
      {"no port", {"--store", "s", "--dev", "--listen", "127.0.0.1"}},
      {"a port that is none", {"--store", "s", "--dev", "--listen", "127.0.0.1:https"}},
      {"no host", {"--store", "s", "--dev", "--listen", ":7443"}},
      {"nothing to create", {"--store", "s", "--dev", "--create"}},
      {"a wait without end", {"--store", "s", "--dev", "--drain-seconds", "3601"}},
      {"two keys", {"--store", "s", "--dev", "--key-file", "a", "--key-command", "b"}},
      {"an option there is not", {"--store", "s", "--dev", "--insecure"}},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    std::vector<std::string> words = row.words;
    words.insert(words.begin(), "serve");
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.fault(), 29) << ran.out << ran.err;
    EXPECT_EQ(ran.exit_code, 2);
  }
  EXPECT_FALSE(std::filesystem::exists(path("s")));
  EXPECT_FALSE(std::filesystem::exists(path("whorl-dev")));
}

TEST_F(ServeVerb, AFileTellsWhatTheCommandLineLeavesOut) {
  write("whorl.toml",
        "dev = true\nstore = \"store\"\ngallery = \"of-the-file\"\ncreate = true\n"
        "listen = \"127.0.0.1:0\"\nlog = \"log\"\ndrain-seconds = 5\n");
  Running service =
      served({"serve", "--config", "whorl.toml", "--gallery", "of-the-line"}, "whorl-dev/address");
  const Ran galleries = ask({"galleries"});
  ASSERT_EQ(galleries.json()["galleries"].size(), 1U) << galleries.out;
  EXPECT_EQ(galleries.json()["galleries"][0]["name"], "of-the-line");
}

TEST_F(ServeVerb, AFileThatCannotBeUnderstoodIsRefusedByName) {
  const struct {
    const char* what;
    const char* text;
    int fault;
    const char* named;
  } table[] = {
      {"an entry there is not", "store = \"s\"\nstroe = \"t\"\n", 29, "stroe"},
      {"one in a table", "[service]\nstore = \"s\"\n", 29, ", service\""},
      {"another file", "config = \"other.toml\"\n", 29, "config"},
      {"a number that is none", "drain-seconds = \"soon\"\n", 29, "drain-seconds"},
      {"a number out of bounds", "drain-seconds = 100000\n", 29, "drain-seconds"},
      {"help", "help = true\n", 29, "help"},
      {"nothing that is needed", "", 29, "--store"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    write("whorl.toml", row.text);
    const Ran ran = run_json({"serve", "--config", "whorl.toml"});
    EXPECT_EQ(ran.fault(), row.fault) << ran.out;
    EXPECT_NE(ran.out.find(row.named), std::string::npos) << ran.out;
  }
  EXPECT_EQ(run_json({"serve", "--config", "none.toml"}).fault(), 22);
}

TEST_F(ServeVerb, AStoreIsServedByOneProcessWithItsOwnKey) {
  Running service = serve_dev();
  EXPECT_EQ(run_json({"serve", "--dev", "--dev-folder", "second", "--store", "store", "--audit",
                      "second.audit", "--listen", "127.0.0.1:0"})
                .fault(),
            24);
  EXPECT_EQ(run_json({"list", "--store", "store"}).fault(), 24);
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait().exit_code, 0);

  write("other.key", std::string(64, 'b') + "\n");
  const std::vector<std::string> again = {"serve", "--dev",    "--store",
                                          "store", "--listen", "127.0.0.1:0"};
  auto with_another = again;
  with_another.insert(with_another.end(), {"--key-file", "other.key"});
  const Ran wrong = run_json(with_another, false);
  EXPECT_EQ(wrong.fault(), 19);
  EXPECT_EQ(wrong.exit_code, 4);
  const Ran none = run_json(again, false);
  EXPECT_EQ(none.fault(), 20);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(run_json({"list", "--store", "store"}).exit_code, 0);
}

TEST_F(ServeVerb, AnAddressThatIsTakenIsRefused) {
  Running service = serve_dev();
  std::string address = read("whorl-dev/address");
  address.pop_back();
  const Ran taken = run_json({"serve", "--dev", "--dev-folder", "second", "--store", "other",
                              "--gallery", "main", "--create", "--listen", address});
  EXPECT_EQ(taken.fault(), 29) << taken.out;
  EXPECT_NE(taken.out.find("cannot listen at " + address), std::string::npos) << taken.out;
}

TEST_F(ServeVerb, StoppingAndStartingAgainLosesNothing) {
  make_people();
  std::string first;
  {
    Running service = serve_dev();
    first = ask_main({"enrol", "--subject", "1", print(1, 1), "--request-id", "r1"}).out;
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait().exit_code, 0);
    EXPECT_NE(read("log").find("\"stopped\""), std::string::npos);
  }
  Running service = serve_dev();
  const Ran again = ask_main({"enrol", "--subject", "1", print(1, 1), "--request-id", "r1"});
  EXPECT_EQ(again.json()["report"]["repeated"], true) << first << again.out;
  EXPECT_EQ(ask_main({"identify", print(1, 2)}).exit_code, 0);
  service.signal(SIGINT);
  EXPECT_EQ(service.wait().exit_code, 0);
  const Ran audited = run_json({"audit", "verify", "--log", "store.audit"});
  EXPECT_EQ(audited.exit_code, 0) << audited.out << audited.err;
}

TEST_F(ServeVerb, OnSigtermWhatIsUnderWayIsAnsweredAndWhatIsNewRefused) {
  constexpr int kClients = 8, kAnswered = 0, kDraining = 57;
  make_people();
  std::vector<int> faults;
  {
    Running service = serve_dev();
    std::vector<Running> clients;
    for (int subject = 1; subject <= kClients; ++subject) {
      clients.push_back(
          start({"client", "enrol", "--dev", "whorl-dev", "--gallery", "main", "--subject",
                 std::to_string(subject), print(1, 1), "--retries", "0", "--json"}));
    }
    wait_until([&] { return read("log").find("\"enrol\"") != std::string::npos; });
    service.signal(SIGTERM);
    for (Running& client : clients) faults.push_back(client.wait().fault());
    EXPECT_EQ(service.wait().exit_code, 0);
  }
  EXPECT_GE(std::ranges::count(faults, kAnswered), 1);
  for (int subject = 1; subject <= kClients; ++subject) {
    const int fault = faults[static_cast<std::size_t>(subject - 1)];
    const Ran shown = run_json(
        {"list", "--store", "store", "--gallery", "main", "--subject", std::to_string(subject)});
    const bool stored = shown.exit_code == 0;
    EXPECT_TRUE(stored || fault != kAnswered) << subject;
    EXPECT_FALSE(stored && fault == kDraining) << subject;
  }
}

}  // namespace
}  // namespace whorl::app
