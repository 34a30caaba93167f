// The store's verbs as a register would use them.
#include <nlohmann/json.hpp>

#include "tests/app/command_line.h"

namespace whorl::app {
namespace {

using Words = std::vector<std::string>;

class StoreTest : public CommandTest {
 protected:
  // 20 people of two fingers and a face, of whom 1 .. 15 are enrolled with their first visit.
  void enrol_people() {
    ASSERT_EQ(run({"simulate", "--people", "20", "--seed", "3", "--fingers", "2", "--faces",
                   "--out", "p"})
                  .exit_code,
              0);
    write_part("first.csv", 1, 1, 15);
    write_part("second.csv", 2, 1, 20);
    const Ran ran = run_json(of("enroll", {"--create", "--manifest", "first.csv"}));
    ASSERT_EQ(ran.exit_code, 0) << ran.out;
    ASSERT_EQ(ran.json()["enrolled"], 15);
  }
  // Rows of visit `visit` of people `from` .. `to`, beside the folder of their files.
  void write_part(const std::string& name, int visit, int from, int to) {
    std::string rows = "subject,modality,position,path\n";
    for (int person = from; person <= to; ++person) {
      const std::string who = std::to_string(person),
                        end = "_" + std::to_string(visit) + ".whorl\n";
      rows += who + ",finger,2,p/0/" + who + "_2" + end;
      rows += who + ",finger,left-index,p/0/" + who + "_7" + end;
      rows += who + ",face,,p/0/" + who + "_face" + end;
    }
    write(name, rows);
  }
  static Words of(const std::string& verb, const Words& more) {
    Words words{verb, "--store", "store", "--gallery", "main"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  nlohmann::json stats() const { return run_json({"stats", "--store", "store"}).json(); }
};

TEST_F(StoreTest, FindsEverybodyAndNobodyElse) {
  enrol_people();
  const Ran ran = run_json(of("identify", {"--manifest", "second.csv", "--evaluate"}));
  EXPECT_EQ(ran.exit_code, 0);
  const auto facts = ran.json()["evaluation"];
  EXPECT_EQ(facts["mated"], 15);
  EXPECT_EQ(facts["unmated"], 5);
  EXPECT_EQ(facts["rank1"], 1.0);
  EXPECT_EQ(facts["found"], 15);
  EXPECT_EQ(facts["false_hits"], 0);
}

TEST_F(StoreTest, GivesTheSameAnswerOnEveryTwinAndThreadCount) {
  enrol_people();
  const auto answers = [&](const Words& more) {
    Words words = of("identify", {"--manifest", "second.csv"});
    words.insert(words.end(), more.begin(), more.end());
    auto facts = run_json(words).json();
    for (auto& answer : facts["answers"]) answer.erase("effort");  // it holds times
    return facts.dump();
  };
  const std::string expected = answers({});
  EXPECT_EQ(answers({"--backend", "reference"}), expected);
  EXPECT_EQ(answers({"--threads", "1"}), expected);
}

TEST_F(StoreTest, SaysNoHitWithItsExitCodeAndDrawsAHit) {
  enrol_people();
  const Ran hit = run_json(of("identify", {"p/0/4_2_2.whorl", "--trace", "t.svg", "--top", "3"}));
  EXPECT_EQ(hit.exit_code, 0);
  EXPECT_EQ(hit.json()["decision"], "hit");
  EXPECT_EQ(hit.json()["candidates"][0]["subject"], 4);
  EXPECT_LE(hit.json()["candidates"].size(), 3U);
  EXPECT_NE(read("t.svg").find("class=\"first\""), std::string::npos);
  const Ran none = run_json(of("identify", {"p/0/19_2_2.whorl"}));
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_EQ(none.json()["decision"], "no-hit");
  EXPECT_FALSE(none.json()["reasons"].empty());
}

TEST_F(StoreTest, LeavesOutWhomTheQueryExcludes) {
  enrol_people();
  EXPECT_EQ(run(of("identify", {"p/0/4_2_2.whorl", "--exclude", "4"})).exit_code, 1);
  EXPECT_EQ(run(of("identify", {"p/0/4_2_2.whorl", "--exclude", "3,5"})).exit_code, 0);
}

TEST_F(StoreTest, FiltersBySexAndBirthYearWhereTheyAreRecorded) {
  enrol_people();
  ASSERT_EQ(run(of("enroll", {"p/0/16_2_1.whorl", "--subject", "16", "--sex", "female",
                              "--birth-year", "1980"}))
                .exit_code,
            0);
  const auto found = [&](const Words& filter) {
    Words words = of("identify", {"p/0/16_2_2.whorl"});
    words.insert(words.end(), filter.begin(), filter.end());
    return run(words).exit_code;
  };
  EXPECT_EQ(found({"--sex", "female", "--birth-year", "1975-1985"}), 0);
  EXPECT_EQ(found({"--birth-year", "1980"}), 0);
  EXPECT_EQ(found({"--sex", "male"}), 1);
  EXPECT_EQ(found({"--birth-year", "1981-1990"}), 1);
  EXPECT_EQ(found({"--birth-year", "1990-1981"}), 2);
  // Nobody recorded these of subject 4, so no filter hides them.
  EXPECT_EQ(run(of("identify", {"p/0/4_2_2.whorl", "--sex", "male"})).exit_code, 0);
}

TEST_F(StoreTest, FindsSwappedHandsWhenAsked) {
  enrol_people();
  const Words swapped{"p/0/4_2_2.whorl", "--position", "left-index"};
  EXPECT_EQ(run(of("identify", swapped)).exit_code, 1);
  Words any = swapped;
  any.emplace_back("--any-finger");
  const Ran ran = run_json(of("identify", any));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.out.find("swapped"), std::string::npos);
}

TEST_F(StoreTest, DedupEnrolsTheNewAndNamesTheKnown) {
  enrol_people();
  const Ran known = run_json(of("enroll", {"p/0/4_2_2.whorl", "--subject", "900", "--dedup"}));
  EXPECT_EQ(known.exit_code, 0);
  EXPECT_EQ(known.json()["duplicates"], 1);
  EXPECT_EQ(known.json()["receipts"][0]["search"]["candidates"][0]["subject"], 4);
  EXPECT_EQ(stats()["galleries"][0]["subjects"], 15);
  const Ran fresh = run_json(of("enroll", {"p/0/19_2_2.whorl", "--subject", "901", "--dedup"}));
  EXPECT_EQ(fresh.json()["enrolled"], 1);
  EXPECT_EQ(stats()["galleries"][0]["subjects"], 16);
}

TEST_F(StoreTest, AnUpdateKeepsWhatItDoesNotSay) {
  enrol_people();
  const auto found = [&](const Words& among) {
    Words words{"p/0/19_2_2.whorl"};
    words.insert(words.end(), among.begin(), among.end());
    return run(of("identify", words)).exit_code == 0;
  };
  ASSERT_EQ(run(of("enroll", {"p/0/19_2_1.whorl", "--subject", "950", "--sex", "female",
                              "--birth-year", "1980", "--source", "desk 4"}))
                .exit_code,
            0);
  ASSERT_EQ(run(of("update", {"p/0/19_2_1.whorl", "--subject", "950", "--encounter", "1",
                              "--birth-year", "1981"}))
                .exit_code,
            0);
  EXPECT_TRUE(found({"--sex", "female", "--birth-year", "1981"}));
  EXPECT_FALSE(found({"--sex", "male"}));
  EXPECT_FALSE(found({"--birth-year", "1980"}));
}

TEST_F(StoreTest, UpdatesDeletesAndErases) {
  enrol_people();
  const Words four{"--subject", "4"};
  // Subject 4's visit becomes that of 19, who is found under that number from then on.
  ASSERT_EQ(run(of("update", {"--subject", "4", "--encounter", "1", "p/0/19_2_1.whorl"})).exit_code,
            0);
  EXPECT_EQ(run(of("identify", {"p/0/4_2_2.whorl"})).exit_code, 1);
  EXPECT_EQ(run(of("identify", {"p/0/19_2_2.whorl"})).exit_code, 0);
  ASSERT_EQ(run(of("delete", four)).exit_code, 0);
  EXPECT_EQ(run(of("identify", {"p/0/19_2_2.whorl"})).exit_code, 1);
  EXPECT_EQ(run(of("delete", four)).exit_code, 1);
  ASSERT_EQ(run(of("erase", {"--subject", "5"})).exit_code, 0);
  EXPECT_EQ(run(of("identify", {"p/0/5_2_2.whorl"})).exit_code, 1);
  EXPECT_EQ(run_json(of("erase", {"--subject", "5"})).fault(), 16);
  EXPECT_EQ(
      run_json(of("update", {"--subject", "5", "--encounter", "1", "p/0/5_2_1.whorl"})).fault(),
      16);
  EXPECT_EQ(stats()["galleries"][0]["subjects"], 13);
}

TEST_F(StoreTest, ListsGalleriesPeopleAndVisits) {
  enrol_people();
  EXPECT_EQ(run_json({"list", "--store", "store"}).json()["galleries"][0]["name"], "main");
  const auto people = run_json(of("list", {"--limit", "4"})).json();
  EXPECT_EQ(people["total"], 15);
  EXPECT_EQ(people["subjects"].size(), 4U);
  const auto visits = run_json(of("list", {"--subject", "4"})).json();
  EXPECT_EQ(visits["encounters"][0]["templates"].size(), 3U);
  EXPECT_EQ(run(of("list", {"--subject", "400"})).exit_code, 1);
  EXPECT_EQ(run_json({"list", "--store", "store", "--gallery", "none"}).fault(), 16);
}

TEST_F(StoreTest, ExportsWhatCanBeEnrolledAgain) {
  enrol_people();
  ASSERT_EQ(run(of("export", {"--out", "files", "--format", "iso19794-2:2011"})).exit_code, 0);
  EXPECT_EQ(run_json(of("export", {"--out", "files"})).fault(), 26);
  const Ran again = run_json({"enroll", "--store", "other", "--gallery", "main", "--create",
                              "--manifest", "files/manifest.csv"});
  EXPECT_EQ(again.json()["enrolled"], 15) << again.out;
  EXPECT_EQ(again.json()["templates"], 45);
  const Ran found = run_json({"identify", "--store", "other", "--gallery", "main", "--manifest",
                              "second.csv", "--evaluate"});
  EXPECT_EQ(found.json()["evaluation"]["found"], 15);
}

TEST_F(StoreTest, BacksUpRestoresChecksAndCompacts) {
  enrol_people();
  ASSERT_EQ(run({"backup", "--store", "store", "--to", "copy"}).exit_code, 0);
  EXPECT_EQ(run_json({"restore", "--from", "copy", "--store", "store"}).fault(), 26);
  ASSERT_EQ(run({"restore", "--from", "copy", "--store", "again"}, false).exit_code, 0);
  EXPECT_EQ(run({"identify", "--store", "again", "--gallery", "main", "p/0/4_2_2.whorl"}).exit_code,
            0);
  const Ran check = run_json({"check", "--store", "again"});
  EXPECT_EQ(check.exit_code, 0);
  EXPECT_EQ(check.json()["encounters"], 15);
  EXPECT_EQ(check.json()["damaged"], 0);
  ASSERT_EQ(run({"compact", "--store", "again"}).exit_code, 0);
  EXPECT_EQ(run({"identify", "--store", "again", "--gallery", "main", "p/0/4_2_2.whorl"}).exit_code,
            0);
}

TEST_F(StoreTest, AsksForTheRightKey) {
  enrol_people();
  const Words stats{"stats", "--store", "store"};
  const Ran none = run_json(stats, false);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.fault(), 20);
  write("wrong.key", std::string(64, 'b'));
  const Ran wrong = run_json({"stats", "--store", "store", "--key-file", "wrong.key"}, false);
  EXPECT_EQ(wrong.exit_code, 4);
  EXPECT_EQ(wrong.fault(), 19);
  write("right.key", std::string(64, 'a'));
  EXPECT_EQ(run({"stats", "--store", "store", "--key-file", "right.key"}, false).exit_code, 0);
}

TEST_F(StoreTest, AsksACommandForTheKey) {
  enrol_people();
  write("right.key", std::string(64, 'a'));
  const auto stats_with = [&](const Words& key) {
    Words words{"stats", "--store", "store"};
    words.insert(words.end(), key.begin(), key.end());
    return run_json(words, false);
  };
  EXPECT_EQ(stats_with({"--key-command", "cat right.key"}).exit_code, 0);
  const Ran failed = stats_with({"--key-command", "cat right.key; exit 7"});
  EXPECT_EQ(failed.exit_code, 2);
  EXPECT_EQ(failed.fault(), 20);
  EXPECT_EQ((failed.out + failed.err).find(std::string(64, 'a')), std::string::npos);
  EXPECT_EQ(stats_with({"--key-command", "cat right.key", "--key-file", "right.key"}).fault(), 29);
}

TEST_F(StoreTest, ChangesItsMasterKey) {
  enrol_people();
  write("old.key", std::string(64, 'a'));
  ASSERT_EQ(run({"keygen", "new.key"}).exit_code, 0);
  const auto fault_under = [&](const std::string& key) {
    return run_json({"check", "--store", "store", "--key-file", key}, false).fault();
  };
  const Words to_new{"keys",       "rotate",  "--store",        "store",
                     "--key-file", "old.key", "--new-key-file", "new.key"};
  const Ran rotated = run(to_new, false);
  ASSERT_EQ(rotated.exit_code, 0) << rotated.err;
  EXPECT_NE(rotated.err.find("rotate: 15 of 15 subjects (100%)"), std::string::npos) << rotated.err;
  EXPECT_EQ(fault_under("old.key"), 19);
  EXPECT_EQ(fault_under("new.key"), 0);
  EXPECT_EQ(run({"identify", "--store", "store", "--gallery", "main", "--key-file", "new.key",
                 "p/0/4_2_2.whorl"},
                false)
                .exit_code,
            0);
  const Ran again = run_json(to_new, false);
  EXPECT_EQ(again.exit_code, 0) << again.out;
  EXPECT_EQ(again.json()["rotated"], false);

  Words back{"keys", "rotate", "--store", "store", "--key-command", "cat new.key"};
  EXPECT_EQ(run_json(back).fault(), 29) << "no new key, and the environment's is not one";
  back.insert(back.end(), {"--new-key-command", "cat old.key"});
  const Ran returned = run_json(back, false);
  EXPECT_EQ(returned.exit_code, 0) << returned.out;
  EXPECT_EQ(returned.json()["subjects"], 15);
  EXPECT_EQ(fault_under("old.key"), 0);
  write("third.key", std::string(64, 'c'));
  const Ran strange = run_json({"keys", "rotate", "--store", "store", "--key-file", "third.key",
                                "--new-key-file", "new.key"});
  EXPECT_EQ(strange.fault(), 19);
  EXPECT_EQ(run_json({"keys", "rotate", "--store", "store", "--key-file", "old.key",
                      "--new-key-file", "old.key"})
                .fault(),
            29);
  EXPECT_EQ(fault_under("old.key"), 0);
}

TEST_F(StoreTest, MakesNoStoreUnlessAsked) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  const Ran ran = run_json(of("enroll", {"p/0/1_2_1.whorl", "--subject", "1"}));
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.fault(), 60);
  EXPECT_FALSE(std::filesystem::exists(path("store")));
}

TEST_F(StoreTest, StationEnrolsVisitsAndFindsThemAgain) {
  const Words people{"--driver", "simulated", "--people", "10", "--fingers", "2"};
  Words first = of("station", people);
  first.emplace_back("--create");
  const Ran enrolled = run_json(first);
  EXPECT_EQ(enrolled.json()["captures"], 20) << enrolled.out;
  EXPECT_EQ(enrolled.json()["enrolled"].get<int>() + enrolled.json()["not_enrolled"].get<int>(),
            10);
  ASSERT_EQ(run({"simulate", "--people", "10", "--fingers", "2", "--out", "p"}).exit_code, 0);
  std::string rows = "subject,modality,position,path\n";  // the second visit under new numbers
  for (int person = 1; person <= 10; ++person) {
    for (const char* finger : {"2", "7"}) {
      rows += std::to_string(100 + person) + ",finger," + finger + ",p/0/" +
              std::to_string(person) + "_" + finger + "_2.whorl\n";
    }
  }
  write("again.csv", rows);
  const Ran again =
      run_json(of("station", {"--driver", "replay", "--source", "again.csv", "--dedup"}));
  EXPECT_EQ(again.json()["duplicates"], 10) << again.out;
  EXPECT_EQ(stats()["galleries"][0]["subjects"], 10);
}

TEST_F(StoreTest, DemoFindsWhoComesASecondTime) {
  const Ran ran = run_json({"demo", "--out", "demo", "--data", "none", "--people", "100"}, false);
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  const auto facts = ran.json();
  EXPECT_FALSE(facts["real_captures"]);
  const auto counts = facts["simulated"];
  EXPECT_EQ(counts["known"], 10);
  EXPECT_EQ(counts["new"], 10);
  EXPECT_GE(counts["found"], 9);
  EXPECT_EQ(counts["false_hits"], 0);
  const std::string report = read("demo/report.html");
  EXPECT_NE(report.find("<svg"), std::string::npos);
  EXPECT_EQ(report.find("http"), std::string::npos);
  // A second run begins afresh.
  EXPECT_EQ(run({"demo", "--out", "demo", "--data", "none", "--people", "100"}, false).exit_code,
            0);
}

TEST_F(StoreTest, DemoReplacesNoStoreButItsOwn) {
  for (const char* there : {"store/CURRENT", "audit/audit.key", "service/address", "master.key"}) {
    const std::filesystem::path out = std::filesystem::path("mine").append(there).parent_path();
    std::filesystem::remove_all(path("mine"));
    std::filesystem::create_directories(path(out.string()));
    write("mine/" + std::string(there), "somebody's");
    const Ran ran = run({"demo", "--out", "mine", "--data", "none", "--people", "1"}, false);
    EXPECT_EQ(ran.exit_code, 2) << there;
    EXPECT_NE(ran.err.find("E26"), std::string::npos) << ran.err;
    EXPECT_EQ(read("mine/" + std::string(there)), "somebody's");
  }
}

}  // namespace
}  // namespace whorl::app
