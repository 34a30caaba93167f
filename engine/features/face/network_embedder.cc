#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/features/face/face_alignment.h"
#include "engine/features/face/face_embedder.h"
#include "engine/features/face/opencv_network.h"

namespace whorl::features {
namespace {

class NetworkEmbedder final : public FaceEmbedder {
 public:
  NetworkEmbedder(EmbedderModel model, std::unique_ptr<OpencvNetwork> network)
      : model_(std::move(model)), network_(std::move(network)) {
    if (!model_.output.empty()) outputs_.push_back(model_.output);
  }

  Result<std::vector<float>> embed(const Image& aligned) const override {
    WHORL_TRY(std::vector<float> vector, embed_one(aligned));
    if (!model_.mirrored) return vector;
    WHORL_TRY(const std::vector<float> other, embed_one(mirror_image(aligned, model_.mirror_zoom)));
    for (std::size_t i = 0; i < vector.size(); ++i) vector[i] += other[i];
    return vector;
  }

 private:
  Result<std::vector<float>> embed_one(const Image& aligned) const {
    const cv::Mat input = network_input(aligned, model_.width_px, model_.height_px, model_.channels,
                                        model_.mean, model_.scale);
    WHORL_TRY(const std::vector<cv::Mat> answers, network_->run(input, outputs_));
    const cv::Mat& answer = answers.front();
    if (answer.type() != CV_32F || answer.total() != static_cast<std::size_t>(model_.dimension)) {
      return fail(Fault::bad_model_output, 0,
                  model_.file.name + " gives " + std::to_string(answer.total()) +
                      " values, dimension says " + std::to_string(model_.dimension));
    }
    const auto* values = answer.ptr<float>();
    std::vector<float> vector(values, values + answer.total());
    if (!std::ranges::all_of(vector, [](float v) { return std::isfinite(v); })) {
      return fail(Fault::bad_model_output, 0, model_.file.name + " gives what is no number");
    }
    return vector;
  }

  EmbedderModel model_;
  std::unique_ptr<OpencvNetwork> network_;
  std::vector<std::string> outputs_;
};

}  // namespace

Result<std::unique_ptr<FaceEmbedder>> make_network_embedder(const FaceModel& model) {
  WHORL_TRY(auto network, OpencvNetwork::load(model, model.embedder.file, model.embedder.layout));
  return std::make_unique<NetworkEmbedder>(model.embedder, std::move(network));
}

Result<std::unique_ptr<FaceEmbedder>> make_face_embedder(const FaceModel& model) {
  return model.embedder.family == EmbedderFamily::dlib_resnet ? make_dlib_embedder(model)
                                                              : make_network_embedder(model);
}

}  // namespace whorl::features
