// YuNet (Wu, Peng and Yu, Machine Intelligence Research 20, 2023): a detector without anchors. Each
// cell of three grids, of 8, 16 and 32 px, says whether a face's middle lies in it, and where its
// box and its landmarks are.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/features/face/face_alignment.h"
#include "engine/features/face/face_detector.h"
#include "engine/features/face/opencv_network.h"

namespace whorl::features {
namespace {

constexpr std::array kStridesPx{8, 16, 32};
constexpr int kPaddedToPx = 32;       // sides are made whole multiples of the largest stride
constexpr float kMostOverlap = 0.3F;  // of two boxes, intersection over union: the surer one stays
constexpr std::size_t kMostCells = 2000;  // that go on to that comparison, surest first
// Its training saw faces of some 10 .. 300 px. The picture is looked at with its longer side at
// most the first of these; while no face is found, at the next.
constexpr std::array kSidesPx{640, 320, 1600};

float overlap(const BoxPx& a, const BoxPx& b) {
  const float width =
      std::min(a.left_px + a.width_px, b.left_px + b.width_px) - std::max(a.left_px, b.left_px);
  const float height =
      std::min(a.top_px + a.height_px, b.top_px + b.height_px) - std::max(a.top_px, b.top_px);
  if (width <= 0 || height <= 0) return 0;
  const float both = width * height;
  return both / (a.width_px * a.height_px + b.width_px * b.height_px - both);
}

// What a network answers need not be numbers.
bool is_somewhere(const DetectedFace& face) {
  const BoxPx& box = face.box;
  return std::isfinite(box.left_px + box.top_px + box.width_px + box.height_px) &&
         std::ranges::all_of(face.landmarks,
                             [](const PointPx& p) { return std::isfinite(p.x_px + p.y_px); });
}

// Surest first, those that overlap a surer one left out.
std::vector<DetectedFace> without_doubles(std::vector<DetectedFace> faces) {
  std::ranges::stable_sort(faces, std::ranges::greater(), &DetectedFace::confidence);
  faces.resize(std::min(faces.size(), kMostCells));
  std::vector<DetectedFace> kept;
  for (DetectedFace& face : faces) {
    const bool doubled = std::ranges::any_of(kept, [&](const DetectedFace& surer) {
      return overlap(surer.box, face.box) > kMostOverlap;
    });
    if (!doubled && kept.size() < kMaxFacesPerImage) kept.push_back(std::move(face));
  }
  return kept;
}

class YunetDetector final : public FaceDetector {
 public:
  YunetDetector(const DetectorModel& model, std::unique_ptr<OpencvNetwork> network)
      : file_(model.file.name), threshold_(model.threshold), network_(std::move(network)) {
    for (const char* kind : {"cls_", "obj_", "bbox_", "kps_"}) {
      for (const int stride : kStridesPx) outputs_.push_back(kind + std::to_string(stride));
    }
  }

  Result<std::vector<DetectedFace>> detect(const Image& picture, Wanted /*wanted*/) const override {
    const int side = std::max(picture.width_px, picture.height_px);
    const int shorter = std::min(picture.width_px, picture.height_px);
    int looked_at = 0;
    for (const int most : kSidesPx) {
      const int factor = std::min((side + most - 1) / most, shorter);
      if (factor == looked_at) continue;
      looked_at = factor;
      WHORL_TRY(std::vector<DetectedFace> faces, detect_in(shrunk(picture, factor)));
      if (faces.empty()) continue;
      for (DetectedFace& face : faces) enlarge(face, static_cast<float>(factor));
      return faces;
    }
    return std::vector<DetectedFace>();
  }

 private:
  static void enlarge(DetectedFace& face, float factor) {
    const float middle = (factor - 1) / 2;  // a pixel stands for the middle of its square
    face.box = {face.box.left_px * factor, face.box.top_px * factor, face.box.width_px * factor,
                face.box.height_px * factor};
    for (PointPx& p : face.landmarks) p = {p.x_px * factor + middle, p.y_px * factor + middle};
  }

  Result<std::vector<DetectedFace>> detect_in(const Image& picture) const {
    const auto padded = [](int px) { return (px + kPaddedToPx - 1) / kPaddedToPx * kPaddedToPx; };
    const int width = padded(picture.width_px), height = padded(picture.height_px);
    const cv::Mat input = network_input(picture, width, height, ChannelOrder::bgr, {}, 1);
    WHORL_TRY(const std::vector<cv::Mat> answers, network_->run(input, outputs_));
    std::vector<DetectedFace> faces;
    for (std::size_t s = 0; s < kStridesPx.size(); ++s) {
      const int stride = kStridesPx[s], columns = width / stride;
      const auto cells =
          static_cast<std::size_t>(columns) * static_cast<std::size_t>(height / stride);
      const cv::Mat &classes = answers[s], &objects = answers[s + 3], &boxes = answers[s + 6],
                    &points = answers[s + 9];
      if (classes.total() != cells || objects.total() != cells || boxes.total() != 4 * cells ||
          points.total() != 2 * kLandmarks * cells) {
        return fail(Fault::bad_model_output, 0, file_ + " is no YuNet of 2023");
      }
      add_faces(classes.ptr<float>(), objects.ptr<float>(), boxes.ptr<float>(), points.ptr<float>(),
                columns, static_cast<int>(cells) / columns, static_cast<float>(stride), faces);
    }
    return without_doubles(std::move(faces));
  }

  void add_faces(const float* classes, const float* objects, const float* boxes,
                 const float* points, int columns, int rows, float stride,
                 std::vector<DetectedFace>& faces) const {
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns;
           ++column, ++classes, ++objects, boxes += 4, points += 2 * kLandmarks) {
        const float confidence =
            std::sqrt(std::clamp(*classes, 0.0F, 1.0F) * std::clamp(*objects, 0.0F, 1.0F));
        if (!(confidence >= threshold_)) continue;
        const auto x = static_cast<float>(column), y = static_cast<float>(row);
        DetectedFace face;
        face.confidence = confidence;
        const float width = std::exp(boxes[2]) * stride, height = std::exp(boxes[3]) * stride;
        face.box = {(x + boxes[0]) * stride - width / 2, (y + boxes[1]) * stride - height / 2,
                    width, height};
        for (std::size_t i = 0; i < kLandmarks; ++i) {
          face.landmarks[i] = {(x + points[2 * i]) * stride, (y + points[2 * i + 1]) * stride};
        }
        if (is_somewhere(face)) faces.push_back(std::move(face));
      }
    }
  }

  std::string file_;
  float threshold_;
  std::unique_ptr<OpencvNetwork> network_;
  std::vector<std::string> outputs_;
};

}  // namespace

Result<std::unique_ptr<FaceDetector>> make_yunet_detector(const FaceModel& model) {
  WHORL_TRY(auto network, OpencvNetwork::load(model, model.detector.file, std::nullopt));
  return std::make_unique<YunetDetector>(model.detector, std::move(network));
}

Result<std::unique_ptr<FaceDetector>> make_face_detector(const FaceModel& model) {
  return model.detector.family == DetectorFamily::dlib_hog ? make_dlib_detector(model)
                                                           : make_yunet_detector(model);
}

}  // namespace whorl::features
