#pragma once
// A face model that needs no weights. Its detector, in the shape of YuNet, finds a face in each
// cell of 8 px that has green in it: as sure as the cell is green, as large as it is red. Its
// embedder gives the means of the frame's left and right half, channel by channel.

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/crypto.h"
#include "engine/base/image.h"
#include "engine/features/face/face_model.h"
#include "tests/features/face/toy_network.h"
#include "tests/scanners/temporary_folder.h"

namespace whorl::testing {

inline constexpr int kToyCellPx = 8, kToyFramePx = 16, kToyDimension = 6;
// Of a face whose cell is `red`.
inline float toy_eye_distance_px(int red) { return static_cast<float>(red) / 4; }
inline float toy_box_px(int red) { return std::exp(static_cast<float>(red) / 64) * kToyCellPx; }

// A channel's mean over each cell, times `weights` [output, channel], plus `biases`. YuNet is given
// blue, green, red.
struct ToyHead {
  std::vector<std::array<float, 3>> weights;
  std::vector<float> biases;
};
inline void add_toy_head(OnnxGraph& graph, const std::string& name, int stride,
                         const ToyHead& head) {
  const auto outputs = static_cast<std::int64_t>(head.biases.size());
  const auto area = static_cast<std::size_t>(stride) * static_cast<std::size_t>(stride);
  std::vector<float> weights;
  for (const auto& of_output : head.weights) {
    for (const float weight : of_output) {
      weights.insert(weights.end(), area, weight / static_cast<float>(area));
    }
  }
  graph.constant(name + "_w", {outputs, 3, stride, stride}, weights);
  graph.constant(name + "_b", {outputs}, head.biases);
  graph.node("Conv", {"input", name + "_w", name + "_b"}, name + "_planes",
             {{"kernel_shape", {stride, stride}}, {"strides", {stride, stride}}});
  graph.node("Transpose", {name + "_planes"}, name, {{"perm", {0, 2, 3, 1}}});
  graph.output(name);
}

// Blue sends the landmarks where no picture is; `points` is 5 for what YuNet gives.
inline std::string toy_detector_file(std::size_t points = 5) {
  OnnxGraph graph;
  graph.input("input", {1, 3, 64, 64});
  for (const int stride : {8, 16, 32}) {
    const std::string end = "_" + std::to_string(stride);
    const float green = stride == kToyCellPx ? 1.0F / 255 : 0, red = 1.0F / 64, blue = 1e37F;
    add_toy_head(graph, "cls" + end, stride, {{{0, green, 0}}, {0}});
    add_toy_head(graph, "obj" + end, stride, {{{0, green, 0}}, {0}});
    add_toy_head(graph, "bbox" + end, stride,
                 {{{0, 0, 0}, {0, 0, 0}, {0, 0, red}, {0, 0, red}}, {0.5F, 0.5F, 0, 0}});
    ToyHead landmarks;
    constexpr float kAcross[] = {-1, 1, 0, -0.75F, 0.75F},
                    kDown[] = {-0.5F, -0.5F, 0.5F, 1.5F, 1.5F};
    for (std::size_t i = 0; i < points; ++i) {
      landmarks.weights.push_back({blue, 0, kAcross[i] * red});
      landmarks.weights.push_back({blue, 0, kDown[i] * red});
      landmarks.biases.insert(landmarks.biases.end(), {0.5F, 0.5F});
    }
    add_toy_head(graph, "kps" + end, stride, landmarks);
  }
  return graph.file();
}

// `more` are layers after the halves' means, in Caffe's text.
inline std::string toy_embedder_layout(std::string_view more = "") {
  return R"(name: "toy" input: "data" input_shape { dim: 1 dim: 3 dim: 16 dim: 16 }
layer { name: "halves" type: "Pooling" bottom: "data" top: "halves"
        pooling_param { pool: AVE kernel_h: 16 kernel_w: 8 stride_h: 16 stride_w: 8 } }
)" + std::string(more);
}

inline std::string digest_of(std::string_view text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

// The model's files in a folder of its own. Tests change a text, then describe() and load.
struct ToyFaceModel {
  TemporaryFolder folder;
  std::string detector = toy_detector_file(), layout = toy_embedder_layout();
  std::string weights = Protobuf().text(1, "toy").bytes();  // no layer has any
  bool bgr = false;
  std::string dimension = "6", more;  // entries of [embedder]

  std::string description() const {
    return "id = \"toy\"\nlicence = \"none\"\n[detector]\nfamily = \"yunet\"\n"
           "file = \"toy.onnx\"\nsha256 = \"" +
           digest_of(detector) +
           "\"\nthreshold = 0.5\nsure = 0.9\n[embedder]\nfamily = \"network\"\nfile = "
           "\"toy.caffemodel\"\n"
           "sha256 = \"" +
           digest_of(weights) + "\"\nlayout = \"toy.prototxt\"\nlayout_sha256 = \"" +
           digest_of(layout) +
           "\"\nwidth_px = 16\nheight_px = 16\nmean = [0, 10, 20]\nscale = 0.5\n"
           "channels = \"" +
           (bgr ? "bgr" : "rgb") +
           "\"\nalignment = [[4, 5], [12, 5], [8, 9], [5, 13], [11, 13]]\n"
           "dimension = " +
           dimension + "\n" + more;
  }
  // The path of the description.
  std::string write() const {
    folder.write("toy.onnx", detector);
    folder.write("toy.caffemodel", weights);
    folder.write("toy.prototxt", layout);
    folder.write("toy.toml", description());
    return (folder.path() / "toy.toml").string();
  }
  features::FaceModel model() const { return features::find_face_model(write()).value(); }
};

// A face for the toy detector: its cell, how red (how large), how green (how sure).
struct ToyFace {
  int column = 0, row = 0;
  int red = 128, green = 255, blue = 0;
};
// 320 x 320 px of colours that are no green, with a cell for each face.
inline Image toy_picture(const std::vector<ToyFace>& faces) {
  constexpr int kSidePx = 320;
  Image picture{kSidePx, kSidePx, 3, std::nullopt, {}};
  for (int y = 0; y < kSidePx; ++y) {
    for (int x = 0; x < kSidePx; ++x) {
      std::array<int, 3> colour{x / 2, 0, 0};
      for (const ToyFace& face : faces) {
        if (x / kToyCellPx == face.column && y / kToyCellPx == face.row) {
          colour = {face.red, face.green, face.blue};
        }
      }
      for (const int sample : colour) picture.samples.push_back(static_cast<std::uint8_t>(sample));
    }
  }
  return picture;
}

}  // namespace whorl::testing
