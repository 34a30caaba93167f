// `whorl bench accuracy` and `whorl score --from face`, with a model that needs no weights: it
// tells people by the colour round their face.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/app/command_line.h"
#include "tests/app/picture_files.h"
#include "tests/features/face/toy_face_model.h"

namespace whorl::app {
namespace {

using testing::toy_picture;

class FaceVerbs : public CommandTest {
 protected:
  // Where a face stands decides its colour, and how high it stands decides nothing.
  void picture(const std::string& name, int column, int row) {
    write(name, test::png_of(toy_picture({{column, row}})));
  }
  void folders() {
    picture("lfw/Ada/Ada_0001.png", 8, 12), picture("lfw/Ada/Ada_0002.png", 8, 20);
    picture("lfw/Bo/Bo_0001.png", 18, 12), picture("lfw/Bo/Bo_0002.png", 18, 20);
    picture("lfw/Cy/Cy_0001.png", 30, 12), picture("lfw/Cy/Cy_0002.png", 30, 20);
    picture("lfw/Di/Di_0001.png", 24, 12);
  }
  Ran accuracy(const std::string& pairs) {
    write("pairs.txt", pairs);
    return run_json(
        {"bench", "accuracy", "--lfw", "lfw", "--pairs", "pairs.txt", "--model", model_}, false);
  }

  testing::ToyFaceModel toy_;
  std::string model_ = toy_.write();
};

TEST_F(FaceVerbs, MeasureAModelThatMakesNoError) {
  folders();
  const Ran ran = accuracy("2 1\nAda 1 2\nAda 1 Cy 1\nCy 1 2\nCy 1 Ada 2\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const auto facts = ran.json();
  EXPECT_EQ(facts["model"], "toy");
  EXPECT_EQ(facts["pictures"], 7);
  EXPECT_EQ(facts["without_face"], 0);
  EXPECT_EQ(facts["people"], 4);
  EXPECT_EQ(facts["pairs"], 4);
  EXPECT_EQ(facts["accuracy_of_folds"].size(), 2U);
  EXPECT_EQ(facts["accuracy"], 1);
  EXPECT_EQ(facts["eer"], 0);
  EXPECT_EQ(facts["fnmr_at_fmr_1e3"], 0);
  EXPECT_EQ(facts["enrolled"], 4);
  EXPECT_EQ(facts["searched"], 3);
  EXPECT_EQ(facts["rank1"], 1);
  EXPECT_EQ(facts["fnir_at_rank1"], 0);
  EXPECT_GT(facts["faces_per_cpu_second"].get<double>(), 0);
  EXPECT_TRUE(facts["strangers"].empty());  // nine comparisons show no rate
  EXPECT_TRUE(facts["calibration"].get<std::string>().starts_with("[calibration]\nversion = 1\n"));
}

TEST_F(FaceVerbs, CountAPictureWithoutAFaceAsAnError) {
  folders();
  write("lfw/Cy/Cy_0002.png", test::png_of(toy_picture({})));
  const auto facts = accuracy("2 1\nAda 1 2\nAda 1 Cy 1\nCy 1 2\nCy 1 Ada 2\n").json();
  EXPECT_EQ(facts["without_face"], 1);
  EXPECT_EQ(facts["accuracy_of_folds"][1], 0.5);
  EXPECT_EQ(facts["fnmr_at_fmr_1e3"], 0.5);
  EXPECT_DOUBLE_EQ(facts["rank1"].get<double>(), 2.0 / 3);
  // The missing face has the lowest quality there is.
  EXPECT_EQ(facts["error_versus_reject"][0]["fnmr"], 0.5);
}

TEST_F(FaceVerbs, FindNobodyWhoseFirstPictureHasNoFace) {
  folders();
  write("lfw/Ada/Ada_0001.png", test::png_of(toy_picture({})));
  const auto facts = accuracy("1\nCy 1 2\nCy 1 Bo 2\n").json();
  EXPECT_EQ(facts["enrolled"], 3);
  EXPECT_EQ(facts["searched"], 3);
  EXPECT_DOUBLE_EQ(facts["rank1"].get<double>(), 2.0 / 3);
  EXPECT_FALSE(facts.contains("accuracy"));  // one fold has no other to take a threshold from
}

TEST_F(FaceVerbs, SaysWhatIsWrongWithPairsPicturesAndModel) {
  folders();
  Ran ran = accuracy("1\nAda 1 2\nAda 1 nobody\n");
  EXPECT_EQ(ran.fault(), static_cast<int>(Fault::bad_manifest)) << ran.out;
  EXPECT_EQ(ran.json()["error"]["where"].get<std::string>().substr(0, 17), "pairs.txt, line 3");
  EXPECT_EQ(ran.exit_code, 3);
  ran = accuracy("1\nAda 1 2\nAda 1 Bo 7\n");
  EXPECT_EQ(ran.fault(), static_cast<int>(Fault::not_found)) << ran.out;
  EXPECT_EQ(ran.json()["error"]["where"].get<std::string>().find("Bo"), std::string::npos);
  write("lfw/Bo/Bo_0002.png", "no picture");
  ran = accuracy("1\nAda 1 2\nAda 1 Bo 1\n");
  EXPECT_EQ(ran.fault(), static_cast<int>(Fault::bad_magic)) << ran.out;
  model_ = "no-such-model";
  ran = accuracy("1\nAda 1 2\nAda 1 Bo 1\n");
  EXPECT_EQ(ran.fault(), static_cast<int>(Fault::model_unavailable)) << ran.out;
}

TEST_F(FaceVerbs, ScoreEveryPairOfAFolderOfPeople) {
  folders();
  const Ran ran = run_json({"score", "lfw", "--from", "face", "--model", model_, "--out", "s.csv"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.json()["files"], 7);
  EXPECT_EQ(ran.json()["pairs"], 21);
  const auto rates = ran.json()["accuracy"][0];
  EXPECT_EQ(rates["name"], "lfw");
  EXPECT_EQ(rates["genuine"], 3);
  EXPECT_EQ(rates["impostor"], 18);
  EXPECT_EQ(rates["eer"], 0);
  const std::string csv = read("s.csv");
  EXPECT_TRUE(csv.starts_with("db,probe,gallery,score\nlfw,Ada_0001,Ada_0002,")) << csv;
}

TEST_F(FaceVerbs, ScorePicturesNamedAfterTheirPeople) {
  picture("db/7_1.png", 8, 12), picture("db/7_2.png", 8, 20), picture("db/9_1.png", 30, 12);
  write("db/9_2.png", test::png_of(toy_picture({})));
  const Ran ran = run({"score", "db/", "--from", "face", "--model", model_, "--out", "s.csv"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.out.find("one person"), std::string::npos) << ran.out;
  EXPECT_NE(ran.err.find("scored -1"), std::string::npos) << ran.err;
  const std::string csv = read("s.csv");
  EXPECT_NE(csv.find("db,9_1,9_2,-1\n"), std::string::npos) << csv;
  EXPECT_NE(csv.find("db,7_1,7_2,1.0000\n"), std::string::npos) << csv;
}

TEST_F(FaceVerbs, RefuseWhatIsOfFingerprints) {
  picture("db/7_1.png", 8, 12);
  const std::vector<std::string> words{"score", "db", "--from", "face", "--out", "s.csv"};
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--report", "r.html"}, {"--ppi", "500"}, {"--ppi-of", "db=500"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_EQ(run_json(all).fault(), static_cast<int>(Fault::bad_argument)) << more.front();
  }
  write("empty/readme.txt", "nothing");
  EXPECT_EQ(
      run_json({"score", "empty", "--from", "face", "--model", model_, "--out", "s.csv"}).fault(),
      static_cast<int>(Fault::not_found));
}

// A gallery knows its model by the id alone: the description lies where models are looked for.
class FacesOfAModel : public FaceVerbs {
 protected:
  FacesOfAModel() {
    toy_.more =
        "[calibration]\nversion = 1\ngenuine_mean = 0.99\ngenuine_sd = 0.002\n"
        "impostor_mean = 0.9\nimpostor_sd = 0.01\nstranger_share = 0.01\ntwin_share = 1e-9\n";
    place();
    picture("ada1.png", 8, 12), picture("ada2.png", 8, 20), picture("cy.png", 30, 12);
    write("both.png", test::png_of(toy_picture({{8, 12}, {30, 12}})));
    write("nobody.png", test::png_of(toy_picture({})));
  }
  void place() {
    toy_.write();
    const std::filesystem::path models = path(".cache/whorl/models");  // HOME is the scratch folder
    std::filesystem::create_directories(models);
    std::filesystem::copy(toy_.folder.path(), models,
                          std::filesystem::copy_options::overwrite_existing |
                              std::filesystem::copy_options::recursive);
  }
  Ran enrol(const std::string& file, const std::string& subject) {
    return run_json({"enroll", "--store", "store", "--gallery", "g", "--create", "--subject",
                     subject, "--modality", "face", "--model", "toy", file});
  }
};

TEST_F(FacesOfAModel, VerifyTellsOnePersonFromTwoAndShowsBoth) {
  const Ran same =
      run_json({"verify", "ada1.png", "ada2.png", "--model", "toy", "--trace", "why.html"});
  ASSERT_EQ(same.exit_code, 0) << same.out;
  EXPECT_EQ(same.json()["modality"], "face");
  EXPECT_EQ(same.json()["model"], "toy");
  const std::string page = read("why.html");
  EXPECT_NE(page.find("ada1.png"), std::string::npos);
  EXPECT_NE(page.find("data:image/png;base64,"), std::string::npos);
  EXPECT_NE(page.find("between the eyes, px"), std::string::npos);
  EXPECT_EQ(run({"verify", "ada1.png", "cy.png", "--model", "toy"}).exit_code, 1);
  // SVG is for minutiae.
  EXPECT_EQ(
      run({"verify", "ada1.png", "ada2.png", "--model", "toy", "--trace", "why.svg"}).exit_code, 2);
}

TEST_F(FacesOfAModel, AreEnrolledAndFound) {
  const Ran first = enrol("ada1.png", "1");
  ASSERT_EQ(first.exit_code, 0) << first.out << first.err;
  ASSERT_EQ(enrol("cy.png", "2").exit_code, 0);
  const Ran found =
      run_json({"identify", "--store", "store", "--gallery", "g", "--model", "toy", "ada2.png"});
  ASSERT_EQ(found.exit_code, 0) << found.out;
  EXPECT_EQ(found.json()["candidates"][0]["subject"], 1);
}

TEST_F(FacesOfAModel, NothingIsEnrolledOfABadPicture) {
  ASSERT_EQ(enrol("cy.png", "2").exit_code, 0);
  for (const auto& [file, code] : {std::pair{"both.png", 41}, std::pair{"nobody.png", 40}}) {
    const Ran refused = enrol(file, "3");
    EXPECT_EQ(refused.exit_code, 3) << file;
    EXPECT_EQ(refused.fault(), code) << file;
  }
  const Ran stats = run_json({"stats", "--store", "store", "--gallery", "g"});
  EXPECT_NE(stats.out.find("\"subjects\": 1"), std::string::npos) << stats.out;
}

// Its cell is a colour and all else is dark red: the toy's picture has flaws.
TEST_F(FacesOfAModel, EnrolmentTellsWhatEachPictureIsWorth) {
  const Ran one = enrol("ada1.png", "1");
  ASSERT_EQ(one.exit_code, 0) << one.out << one.err;
  const auto face = one.json()["captures"][0]["templates"][0];
  EXPECT_EQ(one.json()["captures"][0]["subject"], 1);
  EXPECT_EQ(face["modality"], "face");
  EXPECT_LE(face["quality"], 100);
  ASSERT_FALSE(face["flaws"].empty());
  EXPECT_EQ(face["flaws"].size(), face["reasons"].size());
  // Of many visits those are listed in which something is amiss.
  write("many.csv",
        "subject,modality,position,path,ppi\n2,face,,cy.png,\n3,face,,both.png,\n4,face,,ada2.png,"
        "\n");
  const Ran many = run_json(
      {"enroll", "--store", "store", "--gallery", "g", "--manifest", "many.csv", "--model", "toy"});
  EXPECT_EQ(many.exit_code, 3) << "one shows two people";
  ASSERT_EQ(many.json()["captures"].size(), 2U) << many.out;
  EXPECT_EQ(many.json()["captures"][0]["subject"], 2);
  EXPECT_EQ(many.json()["captures"][1]["subject"], 4);
  const Ran update =
      run_json({"update", "--store", "store", "--gallery", "g", "--subject", "1", "--encounter",
                "1", "--modality", "face", "--model", "toy", "ada2.png"});
  ASSERT_EQ(update.exit_code, 0) << update.out;
  EXPECT_FALSE(update.json()["templates"][0]["flaws"].empty());
}

TEST_F(FacesOfAModel, ExtractWritesTheTemplateThatAPictureWouldBe) {
  ASSERT_EQ(enrol("ada1.png", "1").exit_code, 0);
  ASSERT_EQ(enrol("cy.png", "2").exit_code, 0);
  const Ran ran = run_json(
      {"extract", "ada2.png", "cy.png", "--modality", "face", "--model", "toy", "--out", "t"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const auto face = ran.json()["images"][0]["faces"][0];
  EXPECT_EQ(face["model"], "toy");
  EXPECT_EQ(face["dimension"], 6);
  EXPECT_EQ(face["landmarks"].size(), 5U);
  EXPECT_FALSE(face["flaws"].empty());
  for (const auto& [file, subject] : {std::pair{"t/ada2.whorl", 1}, std::pair{"t/cy.whorl", 2}}) {
    const Ran found = run_json({"identify", "--store", "store", "--gallery", "g", file});
    ASSERT_EQ(found.exit_code, 0) << file << found.out;
    EXPECT_EQ(found.json()["candidates"][0]["subject"], subject) << file;
  }
}

TEST_F(FacesOfAModel, ExtractShowsTheStepsOfOneFace) {
  const Ran ran = run({"extract", "ada1.png", "--modality", "face", "--model", "toy", "--out", "t",
                       "--trace", "steps.html"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string page = read("steps.html");
  EXPECT_NE(page.find("data:image/png;base64,"), std::string::npos);
  EXPECT_NE(page.find("between the eyes, px"), std::string::npos);
  EXPECT_EQ(page.find("ada1"), std::string::npos) << "a page names no file";
}

TEST_F(FacesOfAModel, ExtractRefusesWhatIsNoFaceAndTakesTheMainOneOfSeveral) {
  const auto extract = [&](const std::string& file, std::vector<std::string> more) {
    std::vector<std::string> words{"extract", file, "--out", "t", "--model", "toy"};
    words.insert(words.end(), more.begin(), more.end());
    return run_json(words);
  };
  const Ran nobody = extract("nobody.png", {"--modality", "face"});
  EXPECT_EQ(nobody.exit_code, 3);
  EXPECT_EQ(nobody.json()["refused"][0]["error"]["code"], static_cast<int>(Fault::no_face));
  const Ran record = extract("ada1.png", {"--modality", "face", "--format", "iso19794-2:2005"});
  EXPECT_EQ(record.json()["refused"][0]["error"]["code"], static_cast<int>(Fault::bad_argument));
  EXPECT_EQ(extract("ada1.png", {"--modality", "nose"}).exit_code, 2);
  const Ran both = extract("both.png", {"--modality", "face"});
  ASSERT_EQ(both.exit_code, 0) << both.out;
  EXPECT_EQ(both.json()["images"][0]["faces"][0]["flaws"][0], "several-faces");
}

class FacesThatMove : public FacesOfAModel {
 protected:
  FacesThatMove() {
    std::string other = toy_.description();
    other.replace(other.find("\"toy\""), 5, "\"toy2\"");
    other.replace(other.find("\"rgb\""), 5, "\"bgr\"");
    write(".cache/whorl/models/toy2.toml", other);
  }
  Ran gallery(std::vector<std::string> more) {
    std::vector<std::string> words{"gallery", "--store", "store", "--gallery", "g"};
    words.insert(words.end(), more.begin(), more.end());
    return run_json(words);
  }
  Ran re_embed(const std::string& model) {
    return run_json({"re-embed", "--store", "store", "--gallery", "g", "--model", model});
  }
  Ran identify(const std::string& gallery, const std::string& model) {
    return run_json({"identify", "--store", "store", "--gallery", gallery, "--modality", "face",
                     "--model", model, "ada2.png"});
  }
};

TEST_F(FacesThatMove, GoToAnotherModelAndOutAndInAgainAsPictures) {
  ASSERT_EQ(gallery({"--create", "--keep-pictures", "yes", "--face-index", "hnsw"}).exit_code, 0);
  const auto settings = gallery({}).json();
  EXPECT_EQ(settings["face_index"], "hnsw");
  EXPECT_EQ(settings["keep_pictures"], true);
  ASSERT_EQ(enrol("ada1.png", "1").exit_code, 0);
  ASSERT_EQ(enrol("cy.png", "2").exit_code, 0);
  const Ran moved = re_embed("toy2");
  ASSERT_EQ(moved.exit_code, 0) << moved.out;
  EXPECT_EQ(moved.json()["faces"], 2);
  const Ran found = identify("g", "toy2");
  ASSERT_EQ(found.exit_code, 0) << found.out;
  EXPECT_EQ(found.json()["candidates"][0]["subject"], 1);
  EXPECT_EQ(identify("g", "toy").fault(), static_cast<int>(Fault::wrong_model));

  ASSERT_EQ(run({"export", "--store", "store", "--gallery", "g", "--out", "out"}).exit_code, 0);
  EXPECT_EQ(read("out/0/1_face_1.png"), read("ada1.png"));
  ASSERT_EQ(run({"enroll", "--store", "store", "--gallery", "again", "--create", "--manifest",
                 "out/manifest.csv", "--model", "toy"})
                .exit_code,
            0);
  EXPECT_EQ(identify("again", "toy").json()["candidates"][0]["subject"], 1);
}

TEST_F(FacesThatMove, StayWhereAPictureIsMissing) {
  ASSERT_EQ(enrol("ada1.png", "1").exit_code, 0);
  const Ran refused = re_embed("toy2");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_EQ(refused.fault(), static_cast<int>(Fault::no_kept_picture)) << refused.out;
  EXPECT_EQ(refused.json()["error"]["where"], "subject 1");
  ASSERT_EQ(gallery({"--keep-pictures", "yes"}).exit_code, 0);
  ASSERT_EQ(run({"update", "--store", "store", "--gallery", "g", "--subject", "1", "--encounter",
                 "1", "--modality", "face", "--model", "toy", "ada1.png"})
                .exit_code,
            0);
  ASSERT_EQ(gallery({"--keep-pictures", "no"}).exit_code, 0);
  EXPECT_EQ(re_embed("toy2").fault(), static_cast<int>(Fault::no_kept_picture));
  EXPECT_EQ(identify("g", "toy").exit_code, 0);
}

TEST_F(FacesThatMove, AreToldWhatCannotBe) {
  EXPECT_EQ(gallery({}).exit_code, 2);  // no store
  EXPECT_EQ(gallery({"--create", "--face-index", "fast"}).exit_code, 2);
  EXPECT_EQ(gallery({"--create", "--keep-pictures", "maybe"}).exit_code, 2);
  ASSERT_EQ(gallery({"--create"}).exit_code, 0);
  EXPECT_EQ(gallery({}).json()["face_index"], "exact");
  EXPECT_EQ(run_json({"gallery", "--store", "store", "--gallery", "none"}).exit_code, 1);
  EXPECT_EQ(re_embed("no-such-model").fault(), static_cast<int>(Fault::model_unavailable));
  EXPECT_EQ(re_embed("toy2").json()["faces"], 0) << "there is none";
}

TEST_F(FacesOfAModel, AreNotJudgedWithoutACalibration) {
  toy_.more.clear();
  place();
  const Ran refused = run({"verify", "ada1.png", "ada2.png", "--model", "toy"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE((refused.out + refused.err).find("E44"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace whorl::app
