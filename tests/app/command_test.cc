// The command's face: help, usage errors, keys, the verbs on template files.
#include "engine/app/command.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

#include "engine/app/names.h"
#include "engine/base/version.h"
#include "tests/app/command_line.h"

namespace whorl::app {
namespace {

TEST_F(CommandTest, EveryVerbTeachesItself) {
  const Ran overview = run({"--help"});
  EXPECT_EQ(overview.exit_code, 0);
  std::ifstream page(WHORL_SOURCE_DIR "/docs/command.md");
  const std::string manual{std::istreambuf_iterator<char>(page), {}};
  for (const Verb& verb : verbs()) {
    const std::string name(verb.name);
    EXPECT_NE(overview.out.find("\n  " + name + " "), std::string::npos) << name;
    EXPECT_NE(manual.find("`" + name + "`"), std::string::npos) << "docs/command.md: " << name;
    const Ran help = run({name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << name;
    EXPECT_EQ(help.err, "") << name;
    EXPECT_NE(help.out.find("whorl " + name), std::string::npos) << name;
    EXPECT_NE(help.out.find("Example"), std::string::npos) << name;
  }
}

TEST_F(CommandTest, TellsItsVersion) {
  const Ran told = run({"--version"});
  EXPECT_EQ(told.exit_code, 0);
  EXPECT_EQ(told.out, std::string(kEngineVersion) + "\n");
  std::ifstream build(WHORL_SOURCE_DIR "/CMakeLists.txt");
  const std::string project{std::istreambuf_iterator<char>(build), {}};
  const std::string number(kEngineVersion.substr(kEngineVersion.find(' ') + 1));
  EXPECT_NE(project.find("project(whorl VERSION " + number + " "), std::string::npos);
}

struct Misuse {
  const char* what;
  std::vector<std::string> words;
  int fault;
};

const Misuse kMisuses[] = {
    {"no verb", {}, 29},
    {"an unknown verb", {"frobnicate"}, 29},
    {"an unknown option", {"devices", "--colour"}, 29},
    {"a missing argument", {"verify", "a.iso"}, 29},
    {"a number that is none", {"verify", "a.iso", "b.iso", "--fmr", "often"}, 29},
    {"a rate above one", {"verify", "a.iso", "b.iso", "--fmr", "2"}, 29},
    {"an unknown format", {"simulate", "--people", "1", "--out", "x", "--format", "pdf"}, 29},
    {"no people", {"simulate", "--people", "0", "--out", "x"}, 29},
    {"no loss at all",
     {"identify", "--store", "s", "--gallery", "g", "--max-loss", "0", "any.whorl"},
     29},
    {"everything lost",
     {"identify", "--store", "s", "--gallery", "g", "--max-loss", "1", "any.whorl"},
     29},
    {"a twin this machine lacks",
     {"identify", "--store", "s", "--gallery", "g", "--backend", "abacus", "any.whorl"},
     30},
    {"nothing to enrol", {"enroll", "--store", "s", "--gallery", "g"}, 29},
    {"files without a subject", {"enroll", "--store", "s", "--gallery", "g", "any.whorl"}, 29},
    {"a subject that is no number",
     {"erase", "--store", "s", "--gallery", "g", "--subject", "Smith"},
     29},
    {"a trace of unknown kind",
     {"identify", "--store", "s", "--gallery", "g", "any.whorl", "--trace", "t.gif"},
     29},
};

TEST_F(CommandTest, MisuseIsToldWithItsCodeAndExitCode) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  std::filesystem::copy_file(path("p/0/1_2_1.whorl"), path("any.whorl"));
  for (const Misuse& m : kMisuses) {
    std::vector<std::string> words = m.words;
    words.emplace_back("--json");
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 2) << m.what;
    EXPECT_EQ(ran.fault(), m.fault) << m.what;
    const auto error = ran.json()["error"];
    for (const char* key : {"code", "name", "message", "remedy", "where"}) {
      EXPECT_TRUE(error.contains(key)) << m.what << ": " << key;
    }
    EXPECT_EQ(run(m.words).out, "") << m.what << ": errors of people go to standard error";
  }
  EXPECT_FALSE(std::filesystem::exists(path("s")));
}

// A matcher's own scale changes with the matcher; a promise to a register must not.
TEST_F(CommandTest, ThresholdsAreRatesAndNothingElse) {
  const std::vector<std::vector<std::string>> verbs_with_threshold{
      {"verify", "a.iso", "b.iso"},
      {"enroll", "--store", "s", "--gallery", "g", "--dedup", "a.iso", "--subject", "1"},
      {"identify", "--store", "s", "--gallery", "g", "a.iso"},
      {"station", "--store", "s", "--gallery", "g", "--driver", "simulated", "--dedup"}};
  for (const auto& verb : verbs_with_threshold) {
    for (const char* rate : {"0", "-1e-4", "1.01", "42", "nan", "inf", "high"}) {
      auto words = verb;
      words.insert(words.end(), {"--fmr", rate});
      EXPECT_EQ(run_json(words).fault(), 29) << verb.front() << " --fmr " << rate;
    }
    for (const char* raw : {"--threshold", "--score", "--min-score", "--similarity"}) {
      auto words = verb;
      words.insert(words.end(), {raw, "40"});
      EXPECT_EQ(run_json(words).fault(), 29) << verb.front() << " " << raw;
    }
  }
}

TEST_F(CommandTest, KeygenWritesAPrivateKeyOnce) {
  ASSERT_EQ(run({"keygen", "master.key"}).exit_code, 0);
  struct stat info {};
  ASSERT_EQ(stat(path("master.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const std::string key = read("master.key");
  EXPECT_EQ(key.size(), 65U);
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), 64U);
  const Ran again = run_json({"keygen", "master.key"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(again.fault(), 26);
  EXPECT_EQ(read("master.key"), key);
}

TEST_F(CommandTest, DevicesNamesTheReferenceTwin) {
  const Ran ran = run_json({"devices"});
  EXPECT_EQ(ran.exit_code, 0);
  const auto facts = ran.json();
  EXPECT_EQ(facts["backends"][0]["name"], "reference");
  EXPECT_TRUE(facts["backends"][0]["available"]);
}

TEST_F(CommandTest, DevicesListsTheGpusOrSaysWhyThereAreNone) {
  const auto facts = run_json({"devices"}).json();
  EXPECT_EQ(facts["cuda_devices"].empty(), !facts["cuda_missing"].get<std::string>().empty());
  const std::string text = run({"devices"}).out;
  EXPECT_EQ(text.find("cuda      none: ") != std::string::npos, facts["cuda_devices"].empty());
}

TEST_F(CommandTest, CudaWithoutADeviceIsToldWithItsCodeAndExitCode) {
  if (!run_json({"devices"}).json()["cuda_devices"].empty()) GTEST_SKIP() << "there is a GPU";
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  std::filesystem::copy_file(path("p/0/1_2_1.whorl"), path("any.whorl"));
  const std::vector<std::vector<std::string>> verbs{
      {"identify", "--store", "s", "--gallery", "g", "any.whorl"},
      {"enroll", "--store", "s", "--gallery", "g", "--create", "--subject", "1", "any.whorl"},
      {"demo", "--out", "d", "--people", "1"},
      {"bench", "identify", "--people", "20"}};
  for (auto words : verbs) {
    words.insert(words.end(), {"--backend", "cuda"});
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.exit_code, 4) << words.front();
    EXPECT_EQ(ran.fault(), 38) << words.front();
    EXPECT_NE(run(words).err.find("whorl devices"), std::string::npos) << words.front();
  }
  EXPECT_FALSE(std::filesystem::exists(path("s")));
}

TEST_F(CommandTest, VerifyTellsOnePersonFromTwo) {
  ASSERT_EQ(run({"simulate", "--people", "2", "--out", "p"}).exit_code, 0);
  const Ran same = run_json({"verify", "p/0/1_2_1.whorl", "p/0/1_2_2.whorl", "--trace", "t.html"});
  EXPECT_EQ(same.exit_code, 0) << same.out;
  EXPECT_EQ(same.json()["decision"], "match");
  EXPECT_LE(same.json()["fmr"], 1e-4);
  EXPECT_NE(read("t.html").find("<svg"), std::string::npos);
  const Ran other = run_json({"verify", "p/0/1_2_1.whorl", "p/0/2_2_1.whorl"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_EQ(other.json()["decision"], "no-match");
  EXPECT_GT(other.json()["fmr"], 1e-4);
  EXPECT_LT(other.json()["log_likelihood_ratio"], 0);
}

TEST_F(CommandTest, VerifySaysScoreRateAndRatio) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  const std::vector<std::string> words{"verify", "p/0/1_2_1.whorl", "p/0/1_2_2.whorl"};
  const std::string text = run(words).out;
  for (const char* said : {"raw score ", "log likelihood ratio ", "false match rate"}) {
    EXPECT_NE(text.find(said), std::string::npos) << said;
  }
  const auto facts = run_json(words).json();
  for (const char* key : {"similarity", "fmr", "log_likelihood_ratio", "threshold_fmr"}) {
    EXPECT_TRUE(facts[key].is_number()) << key;
  }
}

// The smallest PNG that is one: 1 x 1, grey.
constexpr unsigned char kTinyPng[] = {
    0x89, 'P',  'N',  'G',  13,  10,  26,  10,   0,    0,    0,    13,  'I',  'H',  'D',  'R',  0,
    0,    0,    1,    0,    0,   0,   1,   8,    0,    0,    0,    0,   0x3A, 0x7E, 0x9B, 0x55, 0,
    0,    0,    10,   'I',  'D', 'A', 'T', 0x78, 0x9C, 0x63, 0x60, 0,   0,    0,    2,    0,    1,
    0x48, 0xAF, 0xA4, 0x71, 0,   0,   0,   0,    'I',  'E',  'N',  'D', 0xAE, 0x42, 0x60, 0x82};

TEST_F(CommandTest, VerifyDrawsImagesOnlyWhereTheyAreGiven) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  write("p/0/1_2_1.png", std::as_bytes(std::span(kTinyPng)));
  const std::vector<std::string> words{"verify", "p/0/1_2_1.whorl", "p/0/1_2_2.whorl", "--trace",
                                       "t.html"};
  EXPECT_EQ(run(words).exit_code, 0);
  EXPECT_EQ(read("t.html").find("<image"),
            std::string::npos);  // beside the template, not asked for
  auto asking = words;
  asking.insert(asking.end(), {"--probe-image", "p/0/1_2_1.png"});
  EXPECT_EQ(run(asking).exit_code, 0);
  const std::string page = read("t.html");
  EXPECT_NE(page.find("data:image/png;base64,iVBORw0KGgo"), std::string::npos);
  for (const char* fact : {"raw score", "turn</td>", "shift of", "root mean square", "of all"}) {
    EXPECT_NE(page.find(fact), std::string::npos) << fact;
  }
}

TEST_F(CommandTest, VerifyRefusesImagesThatCannotBeOfTheCapture) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  ASSERT_EQ(run({"convert", "p/0/1_2_1.whorl", "a.iso", "--format", "iso19794-2:2005"}).exit_code,
            0);
  write("tiny.png", std::as_bytes(std::span(kTinyPng)));
  write("half.png", std::as_bytes(std::span(kTinyPng).first(40)));
  write("text.png", "not an image at all");
  write("empty.png", "");
  const struct {
    const char* what;
    std::vector<std::string> more;
    int fault;
  } cases[] = {
      {"no page to draw it on", {"--probe-image", "tiny.png"}, 29},
      {"another shape", {"--trace", "t.html", "--probe-image", "tiny.png"}, 29},
      {"not all there", {"--trace", "t.html", "--probe-image", "half.png"}, 1},
      {"no image", {"--trace", "t.html", "--reference-image", "text.png"}, 2},
      {"nothing", {"--trace", "t.html", "--probe-image", "empty.png"}, 7},
      {"no file", {"--trace", "t.html", "--probe-image", "none.png"}, 22},
      {"a trace of unknown kind", {"--trace", "t.pdf", "--probe-image", "tiny.png"}, 29},
  };
  for (const auto& c : cases) {
    std::vector<std::string> words{"verify", "a.iso", "a.iso"};
    words.insert(words.end(), c.more.begin(), c.more.end());
    EXPECT_EQ(run_json(words).fault(), c.fault) << c.what;
    EXPECT_FALSE(std::filesystem::exists(path("t.html"))) << c.what;
  }
}

TEST_F(CommandTest, VerifyComparesFacesAndRefusesToMixModalities) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--faces", "--out", "p"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "p/0/1_face_1.whorl", "p/0/1_face_2.whorl"}).exit_code, 0);
  EXPECT_EQ(run_json({"verify", "p/0/1_face_1.whorl", "p/0/1_2_1.whorl"}).fault(), 29);
  EXPECT_EQ(
      run_json({"verify", "p/0/1_face_1.whorl", "p/0/1_face_2.whorl", "--trace", "t.svg"}).fault(),
      29);
}

TEST_F(CommandTest, ConvertsThroughEveryFormatToTheSamePerson) {
  ASSERT_EQ(run({"simulate", "--people", "1", "--out", "p"}).exit_code, 0);
  for (const char* format : {"iso19794-2:2005", "iso19794-2:2011", "ansi378:2004", "ansi378:2009",
                             "ansi378:2009am1", "whorl"}) {
    ASSERT_EQ(run({"convert", "p/0/1_2_1.whorl", "there", "--format", format}).exit_code, 0)
        << format;
    ASSERT_EQ(run({"convert", "there", "back", "--format", "whorl"}).exit_code, 0) << format;
    EXPECT_EQ(run({"verify", "back", "p/0/1_2_1.whorl", "--fmr", "1e-9"}).exit_code, 0) << format;
  }
  EXPECT_EQ(read("back"), read("p/0/1_2_1.whorl"));  // the last round was the container itself
}

class ScoreTest : public CommandTest {
 protected:
  // Two people, three captures each, in one database of FINGER_IMPRESSION files.
  void make_database() {
    ASSERT_EQ(run({"simulate", "--people", "2", "--captures", "3", "--out", "p"}).exit_code, 0);
    std::filesystem::create_directories(path("fvc/DB1"));
    for (const char* finger : {"1", "2"}) {
      for (const char* impression : {"1", "2", "3"}) {
        const std::string from = std::string("p/0/") + finger + "_2_" + impression + ".whorl";
        std::filesystem::copy_file(
            path(from), path(std::string("fvc/DB1/") + finger + "_" + impression + ".whorl"));
      }
    }
  }
};

TEST_F(ScoreTest, WritesEachPairOnceInOrder) {
  make_database();
  write("fvc/DB1/notes.txt", "passed over");
  ASSERT_EQ(run({"score", "fvc", "--out", "s.csv"}).exit_code, 0);
  const std::string csv = read("s.csv");
  EXPECT_TRUE(csv.starts_with("db,probe,gallery,score\nfvc_DB1,1_1,1_2,")) << csv;
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + 6 * 5 / 2);
  EXPECT_NE(csv.find("\nfvc_DB1,1_3,2_1,"), std::string::npos);
  ASSERT_EQ(run({"score", "fvc/DB1", "--out", "one.csv", "--threads", "1"}).exit_code, 0);
  EXPECT_EQ(read("one.csv"), csv);
}

TEST_F(ScoreTest, ScoresAnUnreadableFileAsARejectionAndNamesIt) {
  make_database();
  write("fvc/DB1/2_3.whorl", "not a template");
  const Ran ran = run_json({"score", "fvc", "--out", "s.csv"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.json()["unreadable"], 1);
  EXPECT_NE(ran.err.find("2_3.whorl"), std::string::npos);
  const std::string csv = read("s.csv");
  std::size_t rejected = 0;
  for (std::size_t at = csv.find(",-1\n"); at != std::string::npos;
       at = csv.find(",-1\n", at + 1)) {
    ++rejected;
  }
  EXPECT_EQ(rejected, 5U);
}

TEST_F(ScoreTest, TellsErrorRatesAndDrawsThem) {
  make_database();
  const Ran ran = run_json({"score", "fvc", "--out", "s.csv", "--report", "r.html", "--svg", "s"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const auto rows = ran.json()["accuracy"];
  ASSERT_EQ(rows.size(), 1U);  // one database: pooled would say the same
  EXPECT_EQ(rows[0]["name"], "fvc_DB1");
  EXPECT_EQ(rows[0]["genuine"], 2 * 3);
  EXPECT_EQ(rows[0]["impostor"], 3 * 3);
  EXPECT_EQ(rows[0]["zero_fmr"], 0);
  EXPECT_NE(read("r.html").find("<svg"), std::string::npos);
  EXPECT_TRUE(read("s/det.svg").starts_with("<svg xmlns="));
  const Ran text = run({"score", "fvc", "--out", "s.csv"});
  EXPECT_NE(text.out.find("ZeroFMR"), std::string::npos) << text.out;
}

TEST_F(ScoreTest, DrawsNothingOfPairsWithoutAnswer) {
  make_database();
  std::filesystem::create_directories(path("one/DB1"));
  for (const char* file : {"1_1.whorl", "1_2.whorl"}) {
    std::filesystem::copy_file(path("fvc/DB1") / file, path("one/DB1") / file);
  }
  EXPECT_EQ(run_json({"score", "one", "--out", "s.csv"}).json()["accuracy"].size(), 0U);
  EXPECT_EQ(run_json({"score", "one", "--out", "s.csv", "--report", "r.html"}).fault(), 29);
  EXPECT_EQ(run_json({"score", "fvc", "--out", "s.csv", "--report", "r.pdf"}).fault(), 29);
  EXPECT_FALSE(std::filesystem::exists(path("r.html")));
}

TEST_F(ScoreTest, RefusesAResolutionForADatabaseThatIsNotThere) {
  make_database();
  EXPECT_EQ(run_json({"score", "fvc", "--out", "s.csv", "--ppi-of", "DB2=569"}).fault(), 29);
  EXPECT_EQ(run_json({"score", "p/0/..", "--out", "s.csv", "--ppi-of", "x"}).fault(), 29);
  EXPECT_EQ(run_json({"score", ".", "--out", "s.csv"}).exit_code, 1);  // no database in here
}

TEST(Names, OfFormatsReadBackWhatTheyWrite) {
  for (const formats::MinutiaeFormat f : formats::kMinutiaeFormats) {
    EXPECT_EQ(format_from_name(name_of(f)), f);
  }
}

}  // namespace
}  // namespace whorl::app
