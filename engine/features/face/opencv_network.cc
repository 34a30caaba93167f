#include "engine/features/face/opencv_network.h"

#include <algorithm>
#include <exception>
#include <new>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <string_view>
#include <utility>

namespace whorl::features {
namespace {

// Threads are oneTBB's alone, and what goes wrong is told by a Result.
void quieten_opencv() {
  static const bool done = [] {
    cv::setNumThreads(1);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
    return true;
  }();
  static_cast<void>(done);
}

const char* chars(const Bytes& bytes) { return reinterpret_cast<const char*>(bytes.data()); }

}  // namespace

// Throws cv::Exception.
std::unique_ptr<cv::dnn::Net> OpencvNetwork::parse(const Files& files) {
  const std::string_view name = files.name;
  cv::dnn::Net network;
  if (name.ends_with(".onnx")) {
    network = cv::dnn::readNetFromONNX(chars(files.weights), files.weights.size());
  } else if (name.ends_with(".pb")) {
    network = cv::dnn::readNetFromTensorflow(chars(files.weights), files.weights.size(),
                                             chars(files.layout), files.layout.size());
  } else {
    network = cv::dnn::readNetFromCaffe(chars(files.layout), files.layout.size(),
                                        chars(files.weights), files.weights.size());
  }
  network.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  network.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
  return std::make_unique<cv::dnn::Net>(std::move(network));
}

Result<std::unique_ptr<OpencvNetwork>> OpencvNetwork::load(const FaceModel& model,
                                                           const ModelFile& file,
                                                           const std::optional<ModelFile>& layout) {
  const std::string_view name = file.name;
  const bool caffe = name.ends_with(".caffemodel");
  if (!caffe && !name.ends_with(".onnx") && !name.ends_with(".pb")) {
    return fail(Fault::bad_model, 0, file.name + " is no .onnx, .caffemodel or .pb");
  }
  if (caffe && !layout) return fail(Fault::bad_model, 0, file.name + " needs a layout");
  quieten_opencv();
  Files files{file.name, {}, {}};
  WHORL_TRY(files.weights, model_file(model, file));
  if (layout) { WHORL_TRY(files.layout, model_file(model, *layout)); }
  try {
    auto first = parse(files);
    if (!first->empty()) {
      return std::unique_ptr<OpencvNetwork>(new OpencvNetwork(std::move(files), std::move(first)));
    }
  } catch (const std::bad_alloc&) {
    return fail(Fault::out_of_memory, 0, file.name);
  } catch (const std::exception&) {}
  return fail(Fault::bad_model_output, 0, file.name + " is no network that OpenCV reads");
}

Result<std::vector<cv::Mat>> OpencvNetwork::run(const cv::Mat& input,
                                                const std::vector<std::string>& outputs) const try {
  return networks_.with([this] { return parse(files_); },
                        [&](cv::dnn::Net& network) {
                          network.setInput(input);
                          std::vector<cv::Mat> answers;
                          if (outputs.empty()) {
                            answers.push_back(network.forward().clone());
                            return answers;
                          }
                          network.forward(answers, outputs);
                          // What the network gave is its own, and is written to again.
                          for (cv::Mat& answer : answers) answer = answer.clone();
                          return answers;
                        });
} catch (const std::bad_alloc&) {
  return fail(Fault::out_of_memory, 0, files_.name);
} catch (const std::exception&) {
  return fail(Fault::bad_model_output, 0,
              files_.name + " does not take this input or lacks this output");
}

cv::Mat network_input(const Image& picture, int width_px, int height_px, ChannelOrder channels,
                      const std::array<float, 3>& mean, float scale) {
  const std::array<int, 4> shape{1, 3, height_px, width_px};
  cv::Mat input(4, shape.data(), CV_32F);
  const auto step = static_cast<std::size_t>(picture.channels);
  const int width = std::min(width_px, picture.width_px);
  const int height = std::min(height_px, picture.height_px);
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t from = step == 1 ? 0 : channels == ChannelOrder::rgb ? c : 2 - c;
    for (int y = 0; y < height_px; ++y) {
      float* row =
          input.ptr<float>(0, static_cast<int>(c)) + static_cast<std::ptrdiff_t>(y) * width_px;
      std::fill_n(row, width_px, (0 - mean[c]) * scale);
      if (y >= height) continue;
      const std::uint8_t* samples =
          &picture.samples[static_cast<std::size_t>(y) *
                               static_cast<std::size_t>(picture.width_px) * step +
                           from];
      for (int x = 0; x < width; ++x, samples += step) {
        row[x] = (static_cast<float>(*samples) - mean[c]) * scale;
      }
    }
  }
  return input;
}

}  // namespace whorl::features
