// dlib's face recognition network (King, 2017): a residual network (He et al., CVPR 2016) of 29
// layers trained with a metric loss, from the 8-bit weights of the npm package
// @vladmandic/face-api. Those weights keep what a batch normalisation scales and adds beside each
// convolution; here both are folded into it, so that a layer is one product.

#include <dlib/dnn.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <map>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "engine/base/blas.h"
#include "engine/features/face/face_alignment.h"
#include "engine/features/face/face_embedder.h"
#include "engine/features/face/spares.h"

namespace whorl::features {
namespace {

constexpr int kInputPx = 150, kDimension = 128;

template <int N, template <class> class Norm, int stride, class Below>
using Block =
    Norm<dlib::con<N, 3, 3, 1, 1, dlib::relu<Norm<dlib::con<N, 3, 3, stride, stride, Below>>>>>;
template <int N, class Below>
using Same = dlib::relu<dlib::add_prev1<Block<N, dlib::affine, 1, dlib::tag1<Below>>>>;
template <int N, class Below>
using Down = dlib::relu<dlib::add_prev2<dlib::avg_pool<
    2, 2, 2, 2, dlib::skip1<dlib::tag2<Block<N, dlib::affine, 2, dlib::tag1<Below>>>>>>>;
template <class Below>
using Stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, Below>>>>;
template <class Below>
using Level32 = Same<32, Same<32, Same<32, Below>>>;
template <class Below>
using Level64 = Same<64, Same<64, Same<64, Down<64, Below>>>>;
template <class Below>
using Level128 = Same<128, Same<128, Down<128, Below>>>;
template <class Below>
using Level256 = Down<256, Same<256, Same<256, Down<256, Below>>>>;
using Network = dlib::loss_metric<dlib::fc_no_bias<
    kDimension, dlib::avg_pool_everything<Level256<
                    Level128<Level64<Level32<Stem<dlib::input_rgb_image_sized<kInputPx>>>>>>>>>;

using Chip = dlib::matrix<dlib::rgb_pixel>;

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

using Tensors = std::map<std::string, Tensor>;

// The package's weights by name, as its manifest says where each is and how it was rounded, and the
// names in the file's order; nothing where the two do not fit. Throws what nlohmann::json throws.
std::optional<Tensors> read_tensors(const nlohmann::json& manifest,
                                    std::span<const std::byte> bytes,
                                    std::vector<std::string>& order) {
  Tensors tensors;
  for (const nlohmann::json& entry : manifest.at(0).at("weights")) {
    Tensor tensor{entry.at("shape").get<std::vector<std::int64_t>>(), {}};
    std::size_t count = 1;
    for (const std::int64_t side : tensor.shape) {
      if (side < 1 || side > 4096) return std::nullopt;
      count *= static_cast<std::size_t>(side);
      if (count > bytes.size()) return std::nullopt;
    }
    const bool rounded = entry.contains("quantization");
    const std::size_t size = rounded ? count : count * sizeof(float);
    if (size > bytes.size()) return std::nullopt;
    tensor.values.resize(count);
    if (rounded) {
      const auto scale = entry.at("quantization").at("scale").get<float>();
      const auto least = entry.at("quantization").at("min").get<float>();
      for (std::size_t i = 0; i < count; ++i) {
        tensor.values[i] = static_cast<float>(std::to_integer<int>(bytes[i])) * scale + least;
      }
    } else {
      std::memcpy(tensor.values.data(), bytes.data(), size);
    }
    bytes = bytes.subspan(size);
    order.push_back(entry.at("name").get<std::string>());
    tensors.emplace(order.back(), std::move(tensor));
  }
  if (!bytes.empty()) return std::nullopt;
  return tensors;
}

// A convolution's weights as dlib lays them out: [output, input, y, x], then a bias for each
// output. The package has [y, x, input, output].
// Throws std::out_of_range where one is missing.
std::vector<float> folded(const Tensors& tensors, const std::string& name) {
  const Tensor& filters = tensors.at(name + "/conv/filters");
  const std::vector<float>& bias = tensors.at(name + "/conv/bias").values;
  const std::vector<float>& weights = tensors.at(name + "/scale/weights").values;
  const std::vector<float>& added = tensors.at(name + "/scale/biases").values;
  const auto height = static_cast<std::size_t>(filters.shape.at(0));
  const auto width = static_cast<std::size_t>(filters.shape.at(1));
  const auto inputs = static_cast<std::size_t>(filters.shape.at(2));
  const auto outputs = static_cast<std::size_t>(filters.shape.at(3));
  std::vector<float> layer;
  layer.reserve(filters.values.size() + outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t place = 0; place < height * width; ++place) {
        layer.push_back(filters.values[(place * inputs + i) * outputs + o] * weights.at(o));
      }
    }
  }
  for (std::size_t o = 0; o < outputs; ++o) {
    layer.push_back(bias.at(o) * weights.at(o) + added.at(o));
  }
  return layer;
}

// What each layer with parameters is given, from input to output.
std::vector<std::vector<float>> layers_of(const Tensors& tensors,
                                          const std::vector<std::string>& order) {
  constexpr std::string_view kFilters = "/conv/filters";
  std::vector<std::vector<float>> layers;
  for (const std::string& name : order) {
    if (name.ends_with(kFilters)) {
      layers.push_back(folded(tensors, name.substr(0, name.size() - kFilters.size())));
    }
  }
  layers.push_back(tensors.at("fc").values);
  return layers;
}

// dlib makes room for parameters at the first picture, and walks its layers from the output down.
bool fill(Network& network, const std::vector<std::vector<float>>& layers) {
  Chip blank(kInputPx, kInputPx);
  dlib::assign_all_pixels(blank, dlib::rgb_pixel(0, 0, 0));
  {
    const auto turn = blas_turn();
    network(blank);
  }
  std::size_t left = layers.size();
  bool fits = true;
  dlib::visit_computational_layers(network, [&](auto& layer) {
    dlib::tensor& parameters = layer.get_layer_params();
    if (parameters.size() == 0) return;
    fits = fits && left > 0 && layers[left - 1].size() == parameters.size();
    if (!fits) return;
    std::ranges::copy(layers[--left], parameters.host());
  });
  return fits && left == 0;
}

Chip chip_of(const Image& aligned) {
  Chip chip(kInputPx, kInputPx);
  const auto channels = static_cast<std::size_t>(aligned.channels);
  const std::size_t green = channels == 3 ? 1 : 0, blue = channels == 3 ? 2 : 0;
  std::size_t at = 0;
  for (long y = 0; y < kInputPx; ++y) {
    for (long x = 0; x < kInputPx; ++x, at += channels) {
      chip(y, x) = dlib::rgb_pixel(aligned.samples[at], aligned.samples[at + green],
                                   aligned.samples[at + blue]);
    }
  }
  return chip;
}

class DlibEmbedder final : public FaceEmbedder {
 public:
  // Adds the vector of the mirror image, zoomed, where there is a zoom.
  DlibEmbedder(std::unique_ptr<Network> network, std::optional<float> mirror_zoom)
      : mirror_zoom_(mirror_zoom), model_(*network), networks_(std::move(network)) {}

  Result<std::vector<float>> embed(const Image& aligned) const override try {
    std::vector<Chip> chips{chip_of(aligned)};
    if (mirror_zoom_) chips.push_back(chip_of(mirror_image(aligned, *mirror_zoom_)));
    std::vector<float> vector = networks_.with([this] { return std::make_unique<Network>(model_); },
                                               [&](Network& network) {
                                                 const auto turn = blas_turn();
                                                 std::vector<float> sum(kDimension);
                                                 for (const Chip& chip : chips) {
                                                   const auto& one = network(chip);
                                                   for (long i = 0; i < kDimension; ++i)
                                                     sum[static_cast<std::size_t>(i)] += one(i);
                                                 }
                                                 return sum;
                                               });
    if (!std::ranges::all_of(vector, [](float v) { return std::isfinite(v); })) {
      return fail(Fault::bad_model_output, 0, "the vector is not of numbers");
    }
    return vector;
  } catch (const std::bad_alloc&) { return fail(Fault::out_of_memory); }

 private:
  std::optional<float> mirror_zoom_;
  Network model_;
  Spares<Network> networks_;
};

}  // namespace

Result<std::unique_ptr<FaceEmbedder>> make_dlib_embedder(const FaceModel& model) {
  const EmbedderModel& own = model.embedder;
  if (!own.layout || own.width_px != kInputPx || own.height_px != kInputPx ||
      own.dimension != kDimension) {
    return fail(Fault::bad_model, 0,
                "embedder: dlib-resnet has a layout, takes 150 x 150 px and gives 128 values");
  }
  WHORL_TRY(const Bytes weights, model_file(model, own.file));
  WHORL_TRY(const Bytes manifest, model_file(model, *own.layout));
  auto network = std::make_unique<Network>();
  try {
    const auto* text = reinterpret_cast<const char*>(manifest.data());
    std::vector<std::string> order;
    const auto tensors =
        read_tensors(nlohmann::json::parse(text, text + manifest.size()), weights, order);
    if (tensors && fill(*network, layers_of(*tensors, order))) {
      network->clean();
      return std::make_unique<DlibEmbedder>(
          std::move(network), own.mirrored ? std::optional(own.mirror_zoom) : std::nullopt);
    }
  } catch (const std::bad_alloc&) {
    return fail(Fault::out_of_memory, 0, own.file.name);
  } catch (const std::exception&) {
    return fail(Fault::bad_model_output, 0, own.layout->name + " and its weights do not fit");
  }
  return fail(Fault::bad_model_output, 0, own.file.name + " holds another network");
}

}  // namespace whorl::features
