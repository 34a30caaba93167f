#pragma once
// A network run by OpenCV's DNN module, and all that this project asks of OpenCV. Included by the
// files of the two families that use it; cv::Exception stops here.

#include <memory>
#include <opencv2/core/mat.hpp>
#include <opencv2/dnn/dnn.hpp>
#include <string>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/face/face_model.h"
#include "engine/features/face/spares.h"

namespace whorl::features {

// Const members may run at once, each on one thread.
class OpencvNetwork {
 public:
  // An ONNX, Caffe (with its layout) or TensorFlow file, told by its name's ending. Faults: those
  // of model_file; bad_model (another ending, Caffe without layout); bad_model_output (a file that
  // OpenCV does not read).
  static Result<std::unique_ptr<OpencvNetwork>> load(const FaceModel& model, const ModelFile& file,
                                                     const std::optional<ModelFile>& layout);

  // What the named layers answer to `input`; of no name, the last one. Faults: bad_model_output
  // (`where` names the file), out_of_memory.
  Result<std::vector<cv::Mat>> run(const cv::Mat& input,
                                   const std::vector<std::string>& outputs) const;

 private:
  struct Files {
    std::string name;
    Bytes weights, layout;
  };
  OpencvNetwork(Files files, std::unique_ptr<cv::dnn::Net> first)
      : files_(std::move(files)), networks_(std::move(first)) {}
  static std::unique_ptr<cv::dnn::Net> parse(const Files& files);

  Files files_;
  Spares<cv::dnn::Net> networks_;
};

// The picture as [1, 3, height_px, width_px] of floats, grey threefold, black where the frame is
// larger than the picture: (sample - mean) * scale, mean in the order of `channels`.
cv::Mat network_input(const Image& picture, int width_px, int height_px, ChannelOrder channels,
                      const std::array<float, 3>& mean, float scale);

}  // namespace whorl::features
