#include <gtest/gtest.h>

#include <fstream>

#include "engine/features/face/extract_face.h"
#include "engine/features/face/face_alignment.h"
#include "engine/features/face/face_embedder.h"
#include "tests/features/face/toy_face_model.h"

namespace whorl::features {
namespace {

using testing::ToyFaceModel;

// Left half of one colour, right half of another.
Image halves(std::array<std::uint8_t, 3> left, std::array<std::uint8_t, 3> right) {
  Image frame{16, 16, 3, std::nullopt, {}};
  for (int i = 0; i < 16 * 16; ++i) {
    const auto& colour = i % 16 < 8 ? left : right;
    frame.samples.insert(frame.samples.end(), colour.begin(), colour.end());
  }
  return frame;
}

std::vector<float> embed(const ToyFaceModel& toy, const Image& frame) {
  return make_face_embedder(toy.model()).value()->embed(frame).value();
}

// (sample - mean) * scale with means 0, 10, 20 and scale 0.5; the vector is of R left, R right, G
// left ...
TEST(NetworkEmbedder, GivesTheNetworkWhatTheDescriptionSays) {
  const Image frame = halves({100, 50, 20}, {200, 60, 40});
  EXPECT_EQ(embed(ToyFaceModel(), frame), (std::vector<float>{50, 100, 20, 25, 0, 10}));
}

TEST(NetworkEmbedder, BgrTurnsTheChannelsRoundAndKeepsTheOrderOfTheMeans) {
  ToyFaceModel toy;
  const Image frame = halves({100, 50, 20}, {200, 60, 40});
  toy.bgr = true;
  EXPECT_EQ(embed(toy, frame), (std::vector<float>{10, 20, 20, 25, 40, 90}));
}

TEST(NetworkEmbedder, GreyIsGivenThreefold) {
  Image grey{16, 16, 1, std::nullopt, std::vector<std::uint8_t>(256, 120)};
  EXPECT_EQ(embed(ToyFaceModel(), grey), (std::vector<float>{60, 60, 55, 55, 50, 50}));
}

TEST(NetworkEmbedder, MirroredAddsTheMirrorImage) {
  ToyFaceModel toy;
  toy.more = "mirrored = true\n";
  EXPECT_EQ(embed(toy, halves({100, 50, 20}, {200, 60, 40})),
            (std::vector<float>{150, 150, 45, 45, 10, 10}));
}

// From a column that is bright, the mirror image twice as large has a broader one.
TEST(NetworkEmbedder, MirroredAddsTheMirrorImageAsLargeAsDescribed) {
  Image column{16, 16, 3, std::nullopt, std::vector<std::uint8_t>(16 * 16 * 3, 20)};
  for (std::size_t y = 0; y < 16; ++y)
    for (std::size_t c = 0; c < 3; ++c) column.samples[(y * 16 + 10) * 3 + c] = 200;
  ToyFaceModel toy;
  const std::vector<float> alone = embed(toy, column);
  for (const float zoom : {1.0F, 1.25F}) {
    toy.more = "";
    std::vector<float> sum = embed(toy, mirror_image(column, zoom));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += alone[i];
    toy.more = "mirrored = true\nmirror_zoom = " + std::to_string(zoom) + "\n";
    EXPECT_EQ(embed(toy, column), sum) << zoom;
  }
  EXPECT_NE(mirror_image(column, 1.25F), mirror_image(column, 1));
}

TEST(NetworkEmbedder, TakesTheLayerNamedAsOutput) {
  ToyFaceModel toy;
  toy.layout = testing::toy_embedder_layout(
      R"(layer { name: "twice" type: "Power" bottom: "halves" top: "twice" power_param { scale: 2 } })");
  const Image frame = halves({100, 50, 20}, {200, 60, 40});
  EXPECT_EQ(embed(toy, frame).front(), 100) << "the last layer";
  toy.more = "output = \"halves\"\n";
  EXPECT_EQ(embed(toy, frame).front(), 50);
}

struct Refused {
  const char* name;
  Fault fault;
  const char* where;
  void (*spoil)(ToyFaceModel&);
};
const Refused kRefused[] = {
    {"another dimension", Fault::bad_model_output,
     "toy.caffemodel gives 6 values, dimension says 7",
     [](ToyFaceModel& toy) { toy.dimension = "7"; }},
    {"no such output", Fault::bad_model_output,
     "toy.caffemodel does not take this input or lacks this output",
     [](ToyFaceModel& toy) { toy.more = "output = \"fc1\"\n"; }},
    {"the root of what is negative", Fault::bad_model_output,
     "toy.caffemodel gives what is no number",
     [](ToyFaceModel& toy) {
       toy.layout = testing::toy_embedder_layout(
           R"(layer { name: "root" type: "Power" bottom: "halves" top: "root"
                      power_param { power: 0.5 shift: -1e6 } })");
     }},
    {"beyond the largest number", Fault::bad_model_output, "toy.caffemodel gives what is no number",
     [](ToyFaceModel& toy) {
       toy.layout = testing::toy_embedder_layout(
           R"(layer { name: "power" type: "Power" bottom: "halves" top: "power"
                      power_param { power: 3 scale: 1e30 } })");
     }},
    {"zero at every place", Fault::zero_vector, "",
     [](ToyFaceModel& toy) {
       toy.layout = testing::toy_embedder_layout(
           R"(layer { name: "zero" type: "Power" bottom: "halves" top: "zero"
                      power_param { scale: 0 } })");
     }},
    {"a layout that is no text of Caffe's", Fault::bad_model_output,
     "toy.caffemodel is no network that OpenCV reads",
     [](ToyFaceModel& toy) { toy.layout = "layer { name: "; }},
    {"a layer that OpenCV does not know", Fault::bad_model_output, "toy.caffemodel",
     [](ToyFaceModel& toy) {
       toy.layout = testing::toy_embedder_layout(
           R"(layer { name: "odd" type: "NoSuchLayer" bottom: "halves" top: "odd" })");
     }},
    {"weights that are no protocol buffer", Fault::bad_model_output,
     "toy.caffemodel is no network that OpenCV reads",
     [](ToyFaceModel& toy) { toy.weights = std::string(200, '\xFF'); }},
    {"a detector that is no ONNX", Fault::bad_model_output,
     "toy.onnx is no network that OpenCV reads",
     [](ToyFaceModel& toy) { toy.detector = "<html>404</html>"; }},
};
TEST(NetworkEmbedder, RefusesWithItsFaultAndTheFilesName) {
  for (const Refused& refused : kRefused) {
    ToyFaceModel toy;
    refused.spoil(toy);
    Result<FaceExtraction> extraction = [&]() -> Result<FaceExtraction> {
      WHORL_TRY(const auto extractor, FaceExtractor::load(toy.model()));
      return extractor->extract(testing::toy_picture({{20, 12}}), Rivals::refuse);
    }();
    ASSERT_FALSE(extraction) << refused.name;
    EXPECT_EQ(extraction.error().fault, refused.fault) << refused.name;
    EXPECT_TRUE(extraction.error().where.starts_with(refused.where))
        << refused.name << ": " << extraction.error().where;
  }
}

TEST(NetworkEmbedder, RefusesAFileItHasNoReaderFor) {
  FaceModel model = ToyFaceModel().model();
  model.embedder.file.name = "toy.pth";
  EXPECT_EQ(make_face_embedder(model).error().fault, Fault::bad_model);
  model.embedder.file.name = "toy.caffemodel";
  model.embedder.layout.reset();
  const auto without_layout = make_face_embedder(model);
  EXPECT_EQ(without_layout.error(), (Error{Fault::bad_model, 0, "toy.caffemodel needs a layout"}));
}

TEST(DlibEmbedder, RefusesADescriptionOfAnotherNetwork) {
  const FaceModel good = find_face_model("dlib-resnet-128").value();
  const std::pair<const char*, void (*)(EmbedderModel&)> spoils[] = {
      {"width", [](EmbedderModel& e) { e.width_px = 112; }},
      {"height", [](EmbedderModel& e) { e.height_px = 160; }},
      {"dimension", [](EmbedderModel& e) { e.dimension = 512; }},
      {"layout", [](EmbedderModel& e) { e.layout.reset(); }}};
  for (const auto& [name, spoil] : spoils) {
    FaceModel model = good;
    spoil(model.embedder);
    const auto embedder = make_face_embedder(model);
    ASSERT_FALSE(embedder) << name;
    EXPECT_EQ(embedder.error().fault, Fault::bad_model) << name;
  }
}

// The weights' folder is the test's: what is in them does not matter before it fits.
TEST(DlibEmbedder, RefusesManifestsThatDoNotFitTheWeights) {
  const char* const manifests[] = {
      "not json",
      "[]",
      "{}",
      "[{}]",
      R"([{"weights": 3}])",
      R"([{"weights": [{}]}])",
      R"([{"weights": [{"name": "fc", "shape": [0]}]}])",
      R"([{"weights": [{"name": "fc", "shape": [-1]}]}])",
      R"([{"weights": [{"name": "fc", "shape": [4096, 4096, 4096, 4096, 4096, 4096]}]}])",
      R"([{"weights": [{"name": "fc", "shape": [64]}]}])",
      R"([{"weights": [{"name": "fc", "shape": [16], "quantization": {"scale": 1}}]}])",
      R"([{"weights": [{"name": "fc", "shape": [32], "quantization": {"scale": 1, "min": 0}}]}])",
      R"([{"weights": [{"name": "fc", "shape": [16]}]}])",
      R"([{"weights": [{"name": "x/conv/filters", "shape": [16]}]}])",
      R"([{"weights": [{"name": "fc", "shape": [8]}, {"name": "x/conv/filters", "shape": [8]}]}])"};
  for (const std::string manifest : manifests) {
    testing::TemporaryFolder folder;
    const std::string weights(64, '\1');
    folder.write("w.bin", weights);
    folder.write("m.json", manifest);
    FaceModel model = find_face_model("dlib-resnet-128").value();
    model.folder = folder.path();
    model.embedder.file = {"w.bin", testing::digest_of(weights)};
    model.embedder.layout = ModelFile{"m.json", testing::digest_of(manifest)};
    const auto embedder = make_face_embedder(model);
    ASSERT_FALSE(embedder) << manifest;
    EXPECT_EQ(embedder.error().fault, Fault::bad_model_output) << manifest;
  }
}

TEST(DlibDetector, RefusesWhatIsNoPredictor) {
  for (const std::string& bytes : {std::string("x"), std::string(1000, '\0'),
                                   std::string(1000, '\xFF'), std::string("<!DOCTYPE html>")}) {
    testing::TemporaryFolder folder;
    folder.write("p.dat", bytes);
    FaceModel model = find_face_model("dlib-resnet-128").value();
    model.folder = folder.path();
    model.detector.file = {"p.dat", testing::digest_of(bytes)};
    const auto detector = make_face_detector(model);
    ASSERT_FALSE(detector) << bytes.size();
    EXPECT_EQ(detector.error().fault, Fault::bad_model_output) << bytes.size();
  }
}

}  // namespace
}  // namespace whorl::features
