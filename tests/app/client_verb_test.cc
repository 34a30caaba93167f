// `whorl client` against `whorl serve --dev`: what each action answers, and its exit code.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/app/serve_test_house.h"

namespace whorl::app {
namespace {

using Words = std::vector<std::string>;

class ClientVerb : public ServedTest {
 protected:
  void SetUp() override { make_people(); }
};

TEST_F(ClientVerb, APersonIsEnrolledFoundVerifiedShownAndErased) {
  Running service = serve_dev();
  const Ran enrolled = ask_main({"enrol", "--subject", "1", print(1, 1), "--source", "desk 4"});
  ASSERT_EQ(enrolled.exit_code, 0) << enrolled.out;
  EXPECT_EQ(enrolled.json()["outcome"], "enrolled");
  EXPECT_EQ(enrolled.json()["subject"], 1);
  EXPECT_EQ(enrolled.json()["encounter"], 1);
  EXPECT_EQ(enrolled.json()["samples"][0]["modality"], "finger");
  EXPECT_GT(enrolled.json()["report"]["revision"], 0);
  EXPECT_EQ(ask_main({"enrol", "--subject", "1", print(1, 1), "--new"}).fault(), 15);

  const Ran duplicate = ask_main({"enrol-with-dedup", "--subject", "2", print(1, 2)});
  EXPECT_EQ(duplicate.exit_code, 3);
  EXPECT_EQ(duplicate.json()["outcome"], "duplicate");
  EXPECT_EQ(duplicate.json()["search"]["candidates"][0]["subject"], 1);
  EXPECT_EQ(ask_main({"enrol-with-dedup", "--subject", "2", print(2, 1)}).exit_code, 0);

  const Ran found = ask_main({"identify", print(1, 2), "--top", "1"});
  EXPECT_EQ(found.exit_code, 0);
  EXPECT_EQ(found.json()["result"]["decision"], "hit");
  EXPECT_EQ(found.json()["result"]["candidates"].size(), 1U);
  EXPECT_EQ(found.json()["result"]["thresholds"]["people"], 2);
  EXPECT_EQ(ask_main({"identify", print(3, 1)}).exit_code, 1);

  EXPECT_EQ(ask_main({"verify", print(1, 2), "--subject", "1"}).exit_code, 0);
  EXPECT_EQ(ask_main({"verify", print(1, 2), "--subject", "2"}).exit_code, 1);
  EXPECT_EQ(ask_main({"verify", print(3, 1), "--against", print(3, 2)}).exit_code, 0);

  EXPECT_EQ(ask_main({"update", "--subject", "2", "--encounter", "1", print(3, 1)}).exit_code, 0);
  EXPECT_EQ(ask_main({"verify", print(3, 2), "--subject", "2"}).exit_code, 0);
  const Ran shown = ask_main({"show", "--subject", "1"});
  EXPECT_EQ(shown.json()["encounters"][0]["source"], "desk 4");

  EXPECT_EQ(ask_main({"delete", "--subject", "2"}).exit_code, 0);
  ASSERT_EQ(
      ask_main({"enrol", "--subject", "7", print(3, 1), "--sex", "female", "--birth-year", "1980"})
          .exit_code,
      0);
  const Ran seven = ask_main({"show", "--subject", "7"});
  EXPECT_EQ(seven.json()["encounters"][0]["sex"], "female");
  EXPECT_EQ(seven.json()["encounters"][0]["birth_year"], 1980);
  EXPECT_EQ(ask_main({"identify", print(3, 2), "--sex", "female"}).exit_code, 0);
  for (const Words& passed_over :
       {Words{"--sex", "male"}, Words{"--birth-year", "1981-1990"}, Words{"--exclude", "7"}}) {
    Words words{"identify", print(3, 2)};
    words.insert(words.end(), passed_over.begin(), passed_over.end());
    EXPECT_EQ(ask_main(words).exit_code, 1);
  }
  EXPECT_EQ(ask_main({"identify", print(3, 2), "--birth-year", "young"}).fault(), 29);
  EXPECT_EQ(ask_main({"delete", "--subject", "7"}).exit_code, 0);
  EXPECT_EQ(ask_main({"erase", "--subject", "1"}).exit_code, 0);
  const Ran gone = ask_main({"show", "--subject", "1"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_EQ(gone.fault(), 16);
  const Ran galleries = ask({"galleries"});
  EXPECT_EQ(galleries.json()["galleries"][0]["name"], "main");
  EXPECT_EQ(galleries.json()["galleries"][0]["subjects"], 0);
}

TEST_F(ClientVerb, AVisitToAStationIsEnrolledAtItsEnd) {
  Running service = serve_dev();
  write("blank.png", "no picture");
  const Ran visit = ask_main({"capture", "--subject", "5", "blank.png", print(2, 1)});
  ASSERT_EQ(visit.exit_code, 0) << visit.out << visit.err;
  EXPECT_EQ(visit.json()["enrolment"]["outcome"], "enrolled");
  const Ran said = run({"client", "capture", "--dev", "whorl-dev", "--gallery", "main", "--subject",
                        "6", "blank.png", print(2, 2)});
  EXPECT_EQ(said.exit_code, 3);
  EXPECT_NE(said.out.find("capture 1: "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("capture 2: accepted; this person may be enrolled already"),
            std::string::npos)
      << said.out;
  EXPECT_NE(said.out.find("subject 6 is a duplicate: not stored"), std::string::npos) << said.out;
}

TEST_F(ClientVerb, WithoutJsonPeopleAreTold) {
  Running service = serve_dev();
  const auto tell = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "client");
    words.insert(words.end(), {"--dev", "whorl-dev", "--gallery", "main"});
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.out;
  };
  const std::vector<std::string> enrolment = {"enrol",     "--subject",    "1",
                                              print(1, 1), "--request-id", "once"};
  EXPECT_TRUE(tell(enrolment).starts_with("subject 1 enrolled as encounter 1\n  right-index"));
  EXPECT_TRUE(tell(enrolment).starts_with("(the first answer to this request id) subject 1 "));
  EXPECT_TRUE(tell({"identify", print(1, 2)}).starts_with("hit: "));
  EXPECT_TRUE(tell({"verify", print(1, 2), "--subject", "1"}).starts_with("match, "));
  EXPECT_TRUE(tell({"show", "--subject", "1"}).starts_with("encounter 1\n"));
  EXPECT_TRUE(tell({"erase", "--subject", "1"}).starts_with("done, revision "));
}

TEST_F(ClientVerb, AnOperatorLooksAfterTheService) {
  Running service = serve_dev();
  ASSERT_EQ(ask_main({"enrol", "--subject", "1", print(1, 1)}).exit_code, 0);
  const Ran stats = ask({"stats"});
  EXPECT_EQ(stats.json()["galleries"][0]["templates"], 1);
  EXPECT_EQ(stats.json()["waiting"].size(), 3U);
  EXPECT_GT(stats.json()["disk_bytes"], 0);

  EXPECT_EQ(ask({"backup", "--to", "monday"}).exit_code, 0);
  EXPECT_EQ(ask({"backup", "--to", "monday"}).exit_code, 0);  // adds to it
  EXPECT_EQ(ask({"backup", "--to", "../elsewhere"}).fault(), 27);
  EXPECT_EQ(ask({"compact"}).exit_code, 0);
  EXPECT_EQ(ask({"reload"}).fault(), 29);  // --dev has its policy in no file
  EXPECT_EQ(ask({"drain"}).exit_code, 0);
  EXPECT_EQ(service.wait().exit_code, 0);

  EXPECT_EQ(run({"restore", "--from", "whorl-dev/backups/monday", "--store", "copy"}).exit_code, 0);
  const Ran copy = run_json({"identify", "--store", "copy", "--gallery", "main", print(1, 2)});
  EXPECT_EQ(copy.exit_code, 0) << copy.out << copy.err;
  const Ran away = ask({"stats", "--retries", "0", "--deadline", "20"});
  EXPECT_EQ(away.exit_code, 4);
  EXPECT_EQ(away.fault(), 56);
}

TEST_F(ClientVerb, WhoWatchesHearsOfHitsAndOfTheEnd) {
  Running service = serve_dev();
  ASSERT_EQ(ask_main({"enrol", "--subject", "1", print(1, 1)}).exit_code, 0);
  Running watch =
      start({"client", "watch", "--dev", "whorl-dev", "--gallery", "main", "--deadline", "300"});
  wait_until([&] {  // it may not have begun to listen
    EXPECT_EQ(ask_main({"identify", print(1, 2)}).exit_code, 0);
    return watch.ended() || !watch.out().empty();
  });
  EXPECT_TRUE(watch.out().starts_with("hit in main, identify for test\n  subject 1: hit, "))
      << watch.out();
  service.signal(SIGTERM);
  const Ran ended = watch.wait();
  EXPECT_EQ(ended.exit_code, 4);
  EXPECT_NE(ended.err.find("E57 draining"), std::string::npos) << ended.err;
  EXPECT_EQ(service.wait().exit_code, 0);
}

TEST_F(ClientVerb, CtrlCEndsAWatch) {
  Running service = serve_dev();
  Running watch =
      start({"client", "watch", "--dev", "whorl-dev", "--gallery", "main", "--deadline", "300"});
  watch.signal(SIGINT);
  (void)watch.wait();  // the test's own limit is the deadline
}

TEST_F(ClientVerb, MisuseIsToldWithItsFaultAndExitCode) {
  Running service = serve_dev();
  write("nothing.png", "");
  ASSERT_EQ(ask_main({"enrol", "--subject", "1", print(1, 1), "--request-id", "r1"}).exit_code, 0);
  const struct {
    const char* what;
    std::vector<std::string> words;
    int fault, exit_code;
  } table[] = {
      {"no action", {}, 29, 2},
      {"an unknown action", {"frobnicate"}, 29, 2},
      {"no gallery", {"show", "--subject", "1"}, 29, 2},
      {"no subject", {"enrol", "--gallery", "main", print(1, 1)}, 29, 2},
      {"a subject that is no number", {"show", "--gallery", "main", "--subject", "x"}, 29, 2},
      {"subject 0", {"show", "--gallery", "main", "--subject", "0"}, 29, 2},
      {"no file", {"identify", "--gallery", "main"}, 29, 2},
      {"a file that is not there", {"identify", "--gallery", "main", "none.png"}, 22, 4},
      {"an empty one", {"identify", "--gallery", "main", "nothing.png"}, 7, 3},
      {"a finger nobody has",
       {"identify", "--gallery", "main", print(1, 1), "--position", "nose"},
       29,
       2},
      {"too many candidates",
       {"identify", "--gallery", "main", print(1, 1), "--top", "1001"},
       29,
       2},
      {"an unknown priority", {"stats", "--priority", "now"}, 29, 2},
      {"neither person nor files", {"verify", "--gallery", "main", print(1, 1)}, 52, 3},
      {"both",
       {"verify", "--gallery", "main", print(1, 1), "--subject", "1", "--against", print(1, 2)},
       29,
       2},
      {"a gallery that cannot be", {"show", "--gallery", "No!", "--subject", "1"}, 27, 2},
      {"a gallery that is not there", {"show", "--gallery", "other", "--subject", "1"}, 16, 1},
      {"nobody of that number", {"erase", "--gallery", "main", "--subject", "2"}, 16, 1},
      {"an id with a space", {"stats", "--request-id", "a b"}, 52, 3},
      {"an id of another request",
       {"enrol", "--gallery", "main", "--subject", "2", print(2, 1), "--request-id", "r1"},
       51,
       3},
      {"a folder that is not there", {"stats", "--server", "", "--dev", "elsewhere"}, 29, 2},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    std::vector<std::string> words = row.words;
    words.insert(words.begin(), "client");
    if (std::ranges::find(words, "--dev") == words.end()) {
      words.insert(words.end(), {"--dev", "whorl-dev"});
    }
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.fault(), row.fault) << ran.out << ran.err;
    EXPECT_EQ(ran.exit_code, row.exit_code);
  }
}

}  // namespace
}  // namespace whorl::app
