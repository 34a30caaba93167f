#include "engine/features/face/face_model.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/base/limits.h"
#include "tests/features/face/toy_face_model.h"

namespace whorl::features {
namespace {

namespace fs = std::filesystem;

// A variable of the environment as long as the object lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

// One entry a line, so that a line is an entry to spoil.
constexpr std::string_view kGood = R"(id = "a-1.b"
licence = "MIT"
[detector]
family = "yunet"
file = "d.onnx"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
threshold = 0.6
sure = 0.9
[embedder]
family = "network"
file = "e.caffemodel"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
layout = "e.prototxt"
layout_sha256 = "2222222222222222222222222222222222222222222222222222222222222222"
width_px = 112
height_px = 96
mean = [1, 2.5, 3]
scale = 0.0078125
channels = "bgr"
output = "fc1"
dimension = 512
mirrored = true
mirror_zoom = 1.06
alignment = [[38, 51], [73, 51], [56, 71], [41, 92], [70, 92]]
[calibration]
version = 3
genuine_mean = 0.6
genuine_sd = 0.1
impostor_mean = 0.02
impostor_sd = 0.11
stranger_share = 0.01
twin_share = 1e-6
)";

std::string with(std::string_view line, std::string_view instead) {
  std::string text(kGood);
  const std::size_t at = text.find("\n" + std::string(line));
  EXPECT_NE(at, std::string::npos) << line;
  const std::size_t end = text.find('\n', at + 1);
  return text.replace(at + 1, end - at - 1, instead);
}

TEST(FaceModel, ReadsEveryEntry) {
  const auto model = parse_face_model(kGood);
  ASSERT_TRUE(model) << describe(model.error());
  EXPECT_EQ(model->id, "a-1.b");
  EXPECT_EQ(model->licence, "MIT");
  EXPECT_EQ(model->detector.family, DetectorFamily::yunet);
  EXPECT_EQ(model->detector.file.name, "d.onnx");
  EXPECT_EQ(model->detector.file.sha256, std::string(64, '0'));
  EXPECT_FLOAT_EQ(model->detector.threshold, 0.6F);
  EXPECT_FLOAT_EQ(model->detector.sure, 0.9F);
  const EmbedderModel& embedder = model->embedder;
  EXPECT_EQ(embedder.family, EmbedderFamily::network);
  EXPECT_EQ(embedder.file.name, "e.caffemodel");
  ASSERT_TRUE(embedder.layout);
  EXPECT_EQ(embedder.layout->sha256, std::string(64, '2'));
  EXPECT_EQ(embedder.width_px, 112);
  EXPECT_EQ(embedder.height_px, 96);
  EXPECT_EQ(embedder.mean, (std::array<float, 3>{1, 2.5F, 3}));
  EXPECT_FLOAT_EQ(embedder.scale, 0.0078125F);
  EXPECT_EQ(embedder.channels, ChannelOrder::bgr);
  EXPECT_EQ(embedder.output, "fc1");
  EXPECT_EQ(embedder.dimension, 512);
  EXPECT_TRUE(embedder.mirrored);
  EXPECT_FLOAT_EQ(embedder.mirror_zoom, 1.06F);
  EXPECT_EQ(embedder.alignment[left_mouth_corner], (PointPx{70, 92}));
  ASSERT_TRUE(model->calibration);
  EXPECT_EQ(model->calibration->version, 3U);
  EXPECT_EQ(model->calibration->model, "a-1.b");
  EXPECT_EQ(model->calibration->genuine_mean, 0.6);
  EXPECT_EQ(model->calibration->twin_share, 1e-6);
}

TEST(FaceModel, WhatIsOptionalMayBeLeftOut) {
  for (const char* line : {"output", "mirror_zoom"}) {
    EXPECT_TRUE(parse_face_model(with(line, ""))) << line;
  }
  const std::string uncalibrated(kGood.substr(0, kGood.find("[calibration]")));
  const auto model = parse_face_model(uncalibrated);
  ASSERT_TRUE(model);
  EXPECT_FALSE(model->calibration);
}

// The entry that is missing or misspelt is named; of a misspelt one that may be left out, what
// stands there instead.
TEST(FaceModel, NamesTheEntryThatIsMissingOrMisspelt) {
  const std::pair<const char*, std::vector<const char*>> tables[] = {
      {"", {"licence"}},
      {"detector.", {"family = \"yunet\"", "file = \"d", "sha256 = \"0", "threshold", "sure"}},
      {"embedder.",
       {"family = \"network\"", "file = \"e", "sha256 = \"1", "layout_sha256", "width_px",
        "height_px", "mean", "scale", "channels", "dimension", "alignment"}},
      {"calibration.",
       {"version", "genuine_mean", "genuine_sd", "impostor_mean", "impostor_sd", "stranger_share",
        "twin_share"}}};
  for (const auto& [table, lines] : tables) {
    for (const std::string line : lines) {
      const std::string entry = table + line.substr(0, line.find(' '));
      for (const char* instead : {"", "misspelt = 1"}) {
        const auto model = parse_face_model(with(line, instead));
        ASSERT_FALSE(model) << entry;
        EXPECT_EQ(model.error(), (Error{Fault::bad_model, 0, entry}));
      }
    }
  }
  for (const char* line : {"output", "mirror_zoom"}) {
    EXPECT_EQ(parse_face_model(with(line, "outputs = 1")).error().where,
              "embedder.outputs is no entry");
  }
  EXPECT_EQ(parse_face_model(with("layout =", "")).error().where,
            "embedder.layout_sha256 is no entry");
}

struct Spoilt {
  const char *line, *instead, *where;
};
const Spoilt kSpoilt[] = {
    {"licence", "licence = \"\"", "licence"},
    {"licence", "licence = 3", "licence"},
    {"licence", "licence = \"MIT\"\nsomething = 1", "something is no entry"},
    {"family = \"y", "family = \"mtcnn\"", "detector.family"},
    {"family = \"y", "family = true", "detector.family"},
    {"file = \"d", "file = \"../d.onnx\"", "detector.file"},
    {"file = \"d", "file = \"/etc/passwd\"", "detector.file"},
    {"file = \"d", "file = [\"d.onnx\"]", "detector.file"},
    {"sha256 = \"0", "sha256 = \"00\"", "detector.sha256"},
    {"sha256 = \"0",
     "sha256 = \"000000000000000000000000000000000000000000000000000000000000000A\"",
     "detector.sha256"},
    {"sha256 = \"0",
     "sha256 = \"000000000000000000000000000000000000000000000000000000000000000g\"",
     "detector.sha256"},
    {"threshold", "threshold = 11", "detector.threshold"},
    {"threshold", "threshold = nan", "detector.threshold"},
    {"threshold", "threshold = \"0.6\"", "detector.threshold"},
    {"sure", "sure = -10.5", "detector.sure"},
    {"sure", "sure = 0.6", "detector.sure is not above threshold"},
    {"family = \"n", "family = \"caffe\"", "embedder.family"},
    {"layout =", "layout = \"a/b\"", "embedder.layout"},
    {"layout_sha256", "layout_sha256 = \"\"", "embedder.layout_sha256"},
    {"width_px", "width_px = 15", "embedder.width_px"},
    {"width_px", "width_px = 1025", "embedder.width_px"},
    {"width_px", "width_px = 112.5", "embedder.width_px"},
    {"width_px", "width_px = inf", "embedder.width_px"},
    {"height_px", "height_px = -112", "embedder.height_px"},
    {"mean", "mean = 127.5", "embedder.mean"},
    {"mean", "mean = [127.5]", "embedder.mean"},
    {"mean", "mean = [1, 2, 3, 4]", "embedder.mean"},
    {"mean", "mean = [1, 2, nan]", "embedder.mean"},
    {"mean", "mean = [1, 2, 2e6]", "embedder.mean"},
    {"mean", "mean = [1, 2, \"3\"]", "embedder.mean"},
    {"scale", "scale = 0", "embedder.scale"},
    {"scale", "scale = -1", "embedder.scale"},
    {"scale", "scale = 1e10", "embedder.scale"},
    {"channels", "channels = \"RGB\"", "embedder.channels"},
    {"output", "output = \"\"", "embedder.output"},
    {"output", "output = 1", "embedder.output"},
    {"dimension", "dimension = 0", "embedder.dimension"},
    {"dimension", "dimension = 4097", "embedder.dimension"},
    {"dimension", "dimension = 1e300", "embedder.dimension"},
    {"mirrored", "mirrored = \"yes\"", "embedder.mirrored"},
    {"mirrored", "mirrored = 1", "embedder.mirrored"},
    {"mirrored", "", "embedder.mirror_zoom"},
    {"mirror_zoom", "mirror_zoom = 0.5", "embedder.mirror_zoom"},
    {"mirror_zoom", "mirror_zoom = true", "embedder.mirror_zoom"},
    {"alignment", "alignment = [[38, 51], [73, 51], [56, 71], [41, 92]]", "embedder.alignment"},
    {"alignment", "alignment = [38, 51, 73, 51, 56]", "embedder.alignment"},
    {"alignment", "alignment = [[38, 51], [73], [56, 71], [41, 92], [70, 92]]",
     "embedder.alignment"},
    {"alignment", "alignment = [[38, 51], [73, 5000], [56, 71], [41, 92], [70, 92]]",
     "embedder.alignment"},
    {"alignment", "alignment = [[56, 51], [56, 51], [56, 51], [56, 51], [56, 51]]",
     "embedder.alignment"},
    {"alignment", "alignment = [[73, 51], [38, 51], [56, 71], [70, 92], [41, 92]]",
     "embedder.alignment"},
    {"version", "version = 0", "calibration.version"},
    {"version", "version = 5000000000", "calibration.version"},
    {"genuine_mean", "genuine_mean = 1.5", "calibration.genuine_mean"},
    {"genuine_mean", "genuine_mean = 0.02", "calibration.genuine_mean is not above impostor_mean"},
    {"genuine_sd", "genuine_sd = 0", "calibration.genuine_sd"},
    {"impostor_sd", "impostor_sd = -0.1", "calibration.impostor_sd"},
    {"stranger_share", "stranger_share = 0", "calibration.stranger_share"},
    {"twin_share", "twin_share = 0.6", "calibration.twin_share"},
    {"twin_share", "twin_share = 1e-6\nsister_share = 0.1", "calibration.sister_share is no entry"},
    {"mirrored", "mirrored = maybe", "line 22"},
    {"licence", "licence = \"MIT\"\nlicence = \"MIT\"", "line 3"},
    {"licence", "licence = \"\xFF\"", "line 2"},
};
TEST(FaceModel, NamesTheEntryThatIsWrong) {
  for (const Spoilt& spoilt : kSpoilt) {
    const auto model = parse_face_model(with(spoilt.line, spoilt.instead));
    ASSERT_FALSE(model) << spoilt.instead;
    EXPECT_EQ(model.error(), (Error{Fault::bad_model, 0, spoilt.where})) << spoilt.instead;
  }
}

TEST(FaceModel, AnIdIsWhatATemplateCanCarry) {
  const std::string rest(kGood.substr(kGood.find('\n')));
  const std::string longest(kMaxModelIdBytes, 'x');
  EXPECT_TRUE(parse_face_model("id = \"" + longest + "\"" + rest));
  for (const std::string id : {"", "A", "a b", "a_b", "ä", "a/b"}) {
    EXPECT_EQ(parse_face_model("id = \"" + id + "\"" + rest).error().where, "id") << id;
  }
  EXPECT_EQ(parse_face_model("id = \"" + longest + "x\"" + rest).error().where, "id");
}

TEST(FaceModel, ATableIsATable) {
  const std::string top = "id = \"a\"\nlicence = \"b\"\n";
  const std::string tables(kGood.substr(kGood.find("[detector]")));
  const std::size_t embedder = tables.find("[embedder]"),
                    calibration = tables.find("[calibration]");
  EXPECT_EQ(parse_face_model(top + tables.substr(embedder)).error().where, "[detector] is missing");
  EXPECT_EQ(parse_face_model(top + "detector = 1\n" + tables.substr(embedder)).error().where,
            "[detector] is missing");
  EXPECT_EQ(parse_face_model(top + tables.substr(0, embedder)).error().where,
            "[embedder] is missing");
  EXPECT_EQ(
      parse_face_model(top + "calibration = 1\n" + tables.substr(0, calibration)).error().where,
      "calibration");
}

TEST(FaceModel, RefusesWhatNoDescriptionIs) {
  EXPECT_EQ(parse_face_model("").error().where, "id");
  EXPECT_EQ(parse_face_model("# nothing").error().fault, Fault::bad_model);
  const std::string long_text = "#" + std::string(kMaxModelDescriptionBytes, ' ');
  EXPECT_EQ(parse_face_model(long_text).error().fault, Fault::limit_exceeded);
  EXPECT_EQ(parse_face_model(std::string(60'000, '[')).error().fault, Fault::bad_model)
      << "arrays in arrays do not use up the stack";
  EXPECT_EQ(parse_face_model("a = " + std::string(60'000, '[')).error().fault, Fault::bad_model);
  for (const char* text : {"[.a]", "a = [1, 2\u02E2]", "a = 1 \u04FF", "\u1680\u2000a = 1"}) {
    EXPECT_EQ(parse_face_model(text).error().fault, Fault::bad_model) << text;
  }
}

TEST(FaceModel, NoPrefixOfADescriptionDoesHarm) {
  int good = 0;
  for (std::size_t size = 0; size <= kGood.size(); ++size) {
    const auto model = parse_face_model(kGood.substr(0, size));
    if (model) {
      ++good;
    } else {
      EXPECT_EQ(model.error().fault, Fault::bad_model);
    }
  }
  // Without its calibration, with or without the newline before it; and whole, likewise, or with
  // a number whose last digits are missing (1e-6 cannot lose any).
  EXPECT_GE(good, 4);
}

TEST(FaceModel, TheBuiltInOnesAreGood) {
  const auto ids = built_in_face_models();
  EXPECT_NE(std::find(ids.begin(), ids.end(), kDefaultFaceModel), ids.end());
  for (const std::string_view id : ids) {
    const auto model = find_face_model(std::string(id));
    ASSERT_TRUE(model) << describe(model.error());
    EXPECT_EQ(model->id, id);
    EXPECT_TRUE(model->folder.empty());
    for (const PointPx& p : model->embedder.alignment) {
      EXPECT_GT(p.x_px, 0);
      EXPECT_LT(p.x_px, static_cast<float>(model->embedder.width_px));
      EXPECT_LT(p.y_px, static_cast<float>(model->embedder.height_px));
    }
  }
}

TEST(FindFaceModel, TellsWhatItLookedFor) {
  EXPECT_EQ(find_face_model("arcface").error().fault, Fault::model_unavailable);
  EXPECT_EQ(find_face_model("").error().fault, Fault::model_unavailable);
  EXPECT_EQ(find_face_model("/nowhere/a.toml").error().fault, Fault::io_error);
  testing::TemporaryFolder folder;
  folder.write("a.toml", with("width_px", "width_px = 3"));
  const std::string path = (folder.path() / "a.toml").string();
  EXPECT_EQ(find_face_model(path).error(),
            (Error{Fault::bad_model, 0, path + ", embedder.width_px"}));
  folder.write("a.toml", std::string(kMaxModelDescriptionBytes + 1, '#'));
  EXPECT_EQ(find_face_model(path).error().fault, Fault::limit_exceeded);
  folder.write("a.toml", kGood);
  EXPECT_EQ(find_face_model(path).value().folder, folder.path());
}

std::vector<fs::path> folders_of(const fs::path& own) {
  FaceModel model;
  model.folder = own;
  return model_folders(model);
}

TEST(ModelFolders, AreInTheOrderOfThePage) {
  const Variable models("WHORL_MODELS", "/m"), home("HOME", "/h");
  {
    const Variable cache("XDG_CACHE_HOME", "/c");
    EXPECT_EQ(folders_of("/own"),
              (std::vector<fs::path>{"/own", "/m/", "/c/whorl/models", "/usr/share/whorl/models",
                                     "/usr/share/dlib"}));
  }
  const Variable no_cache("XDG_CACHE_HOME", ""), no_models("WHORL_MODELS", "");
  EXPECT_EQ(folders_of(""), (std::vector<fs::path>{"/h/.cache/whorl/models",
                                                   "/usr/share/whorl/models", "/usr/share/dlib"}));
}

std::string text_of_file(const FaceModel& model, const ModelFile& file) {
  const auto bytes = model_file(model, file);
  if (!bytes) return describe(bytes.error());
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

TEST(ModelFiles, TheFirstFolderThatHasTheNameDecides) {
  testing::TemporaryFolder own, shared;
  const Variable models("WHORL_MODELS", shared.path().string());
  FaceModel model;
  model.id = "m";
  model.folder = own.path();
  const ModelFile file{"w.bin", testing::digest_of("right")};
  EXPECT_EQ(model_file(model, file).error(), (Error{Fault::model_unavailable, 0, "m, w.bin"}));
  shared.write("w.bin", "right");
  EXPECT_EQ(text_of_file(model, file), "right");
  own.write("w.bin", "wrong");
  EXPECT_EQ(model_file(model, file).error(), (Error{Fault::wrong_model_file, 0, "w.bin"}));
  own.write("w.bin", "right");
  shared.write("w.bin", "wrong");
  EXPECT_EQ(text_of_file(model, file), "right");
}

TEST(ModelFiles, AFolderOfThatNameIsNoFileAndAnEmptyOneIsRefused) {
  testing::TemporaryFolder own;
  FaceModel model;
  model.folder = own.path();
  fs::create_directory(own.path() / "w.bin");
  const ModelFile file{"w.bin", testing::digest_of("")};
  EXPECT_EQ(model_file(model, file).error().fault, Fault::model_unavailable);
  own.write("e.bin", "");
  EXPECT_EQ(model_file(model, {"e.bin", file.sha256}).error().fault, Fault::empty_input);
}

}  // namespace
}  // namespace whorl::features
