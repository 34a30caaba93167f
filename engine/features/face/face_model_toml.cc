// The description of a face model.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/toml.h"
#include "engine/features/face/face_model.h"

namespace whorl::features {
namespace {

// One table of the description. The first entry that cannot be understood is the one told of; one
// that nobody asked for is as wrong as one that is missing, because it is a misspelt one.
class Entries {
 public:
  Entries(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

  std::string text(const char* key, bool required = true) {
    const toml::node* node = take(key);
    if (node == nullptr && !required) return {};
    const auto value = node != nullptr ? node->value<std::string>() : std::nullopt;
    if (!value || value->empty()) return complain(key), std::string();
    return *value;
  }
  double number(const char* key, double least, double most) {
    const toml::node* node = take(key);
    const auto value = node != nullptr ? node->value<double>() : std::nullopt;
    if (!value || !(*value >= least && *value <= most)) return complain(key), least;
    return *value;
  }
  int whole(const char* key, int least, int most) {
    const double value = number(key, least, most);
    if (value != std::floor(value)) complain(key);
    return static_cast<int>(value);
  }
  bool flag(const char* key) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    if (!node->is_boolean()) complain(key);
    return node->value_or(false);
  }
  std::vector<float> numbers(const char* key, std::size_t count, double magnitude) {
    const toml::node* node = take(key);
    return numbers_of(node, key, count, magnitude);
  }
  Landmarks points(const char* key) {
    Landmarks points{};
    const toml::node* node = take(key);
    const toml::array* rows = node != nullptr ? node->as_array() : nullptr;
    if (rows == nullptr || rows->size() != points.size()) return complain(key), points;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::vector<float> xy = numbers_of(rows->get(i), key, 2, 4096);
      points[i] = {xy[0], xy[1]};
    }
    return points;
  }
  ModelFile file(const char* key, const char* digest_key) {
    ModelFile file{text(key), text(digest_key)};
    if (file.name.find('/') != std::string::npos) complain(key);
    const bool digits = std::ranges::all_of(
        file.sha256, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (file.sha256.size() != 64 || !digits) complain(digest_key);
    return file;
  }
  template <class Enum>
  Enum one_of(const char* key, std::initializer_list<std::pair<const char*, Enum>> names) {
    const std::string chosen = text(key);
    for (const auto& [name, value] : names) {
      if (chosen == name) return value;
    }
    complain(key);
    return names.begin()->second;
  }
  void complain(const char* key) {
    if (complaint_.empty()) complaint_ = key;
  }
  bool has(const char* key) const { return table_.contains(key); }
  const toml::table* table(const char* key) {
    const toml::node* node = take(key);
    return node != nullptr ? node->as_table() : nullptr;
  }

  Result<> done() const {
    if (!complaint_.empty()) return fail(Fault::bad_model, 0, name_ + complaint_);
    for (const auto& [key, value] : table_) {
      if (std::ranges::find(taken_, key.str()) == taken_.end()) {
        return fail(Fault::bad_model, 0, name_ + std::string(key.str()) + " is no entry");
      }
    }
    return {};
  }

 private:
  const toml::node* take(const char* key) {
    taken_.emplace_back(key);
    return table_.get(key);
  }
  std::vector<float> numbers_of(const toml::node* node, const char* key, std::size_t count,
                                double magnitude) {
    std::vector<float> values(count);
    const toml::array* array = node != nullptr ? node->as_array() : nullptr;
    if (array == nullptr || array->size() != count) return complain(key), values;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = array->get(i)->value<double>();
      if (!value || !(std::abs(*value) <= magnitude)) return complain(key), values;
      values[i] = static_cast<float>(*value);
    }
    return values;
  }

  const toml::table& table_;
  std::string name_, complaint_;
  std::vector<std::string> taken_;
};

Result<DetectorModel> detector_of(const toml::table& table) {
  Entries entries(table, "detector.");
  DetectorModel model;
  model.family = entries.one_of<DetectorFamily>(
      "family", {{"dlib-hog", DetectorFamily::dlib_hog}, {"yunet", DetectorFamily::yunet}});
  model.file = entries.file("file", "sha256");
  model.threshold = static_cast<float>(entries.number("threshold", -10, 10));
  model.sure = static_cast<float>(entries.number("sure", -10, 10));
  WHORL_TRY_VOID(entries.done());
  if (model.sure <= model.threshold) {
    return fail(Fault::bad_model, 0, "detector.sure is not above threshold");
  }
  return model;
}

Result<EmbedderModel> embedder_of(const toml::table& table) {
  Entries entries(table, "embedder.");
  EmbedderModel model;
  model.family = entries.one_of<EmbedderFamily>(
      "family",
      {{"dlib-resnet", EmbedderFamily::dlib_resnet}, {"network", EmbedderFamily::network}});
  model.file = entries.file("file", "sha256");
  if (entries.has("layout")) model.layout = entries.file("layout", "layout_sha256");
  model.width_px = entries.whole("width_px", 16, 1024);
  model.height_px = entries.whole("height_px", 16, 1024);
  model.alignment = entries.points("alignment");
  // Eyes in one place, or exchanged, would bring every face to one black frame, or turn it over.
  if (!(model.alignment[left_eye].x_px - model.alignment[right_eye].x_px >= 1)) {
    entries.complain("alignment");
  }
  model.dimension = entries.whole("dimension", 1, kMaxFaceDimension);
  model.mirrored = entries.flag("mirrored");
  if (entries.has("mirror_zoom")) {
    if (!model.mirrored) entries.complain("mirror_zoom");
    model.mirror_zoom = static_cast<float>(entries.number("mirror_zoom", 0.8, 1.25));
  }
  // dlib's own network has its input, and its only output, built in.
  if (model.family == EmbedderFamily::network) {
    std::ranges::copy(entries.numbers("mean", 3, 1e6), model.mean.begin());
    model.scale = static_cast<float>(entries.number("scale", 1e-9, 1e9));
    model.channels = entries.one_of<ChannelOrder>(
        "channels", {{"rgb", ChannelOrder::rgb}, {"bgr", ChannelOrder::bgr}});
    model.output = entries.text("output", false);
  }
  WHORL_TRY_VOID(entries.done());
  return model;
}

Result<FaceCalibration> calibration_of(const toml::table& table, const std::string& id) {
  Entries entries(table, "calibration.");
  FaceCalibration calibration;
  calibration.model = id;
  calibration.version = static_cast<std::uint32_t>(entries.whole("version", 1, 1'000'000'000));
  calibration.genuine_mean = entries.number("genuine_mean", -1, 1);
  calibration.genuine_sd = entries.number("genuine_sd", 1e-6, 1);
  calibration.impostor_mean = entries.number("impostor_mean", -1, 1);
  calibration.impostor_sd = entries.number("impostor_sd", 1e-6, 1);
  calibration.stranger_share = entries.number("stranger_share", 1e-12, 0.5);
  calibration.twin_share = entries.number("twin_share", 1e-12, 0.5);
  WHORL_TRY_VOID(entries.done());
  if (calibration.genuine_mean <= calibration.impostor_mean) {
    return fail(Fault::bad_model, 0, "calibration.genuine_mean is not above impostor_mean");
  }
  return calibration;
}

bool is_id(std::string_view id) {
  return id.size() <= kMaxModelIdBytes && std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

Result<FaceModel> model_of(const toml::table& document) {
  Entries entries(document, "");
  FaceModel model;
  model.id = entries.text("id");
  model.licence = entries.text("licence");
  const toml::table* detector = entries.table("detector");
  const toml::table* embedder = entries.table("embedder");
  const bool calibrated = entries.has("calibration");
  const toml::table* calibration = entries.table("calibration");
  WHORL_TRY_VOID(entries.done());
  if (!is_id(model.id)) return fail(Fault::bad_model, 0, "id");
  if (detector == nullptr) return fail(Fault::bad_model, 0, "[detector] is missing");
  if (embedder == nullptr) return fail(Fault::bad_model, 0, "[embedder] is missing");
  if (calibrated && calibration == nullptr) return fail(Fault::bad_model, 0, "calibration");
  WHORL_TRY(model.detector, detector_of(*detector));
  WHORL_TRY(model.embedder, embedder_of(*embedder));
  if (calibration != nullptr) {
    WHORL_TRY(model.calibration, calibration_of(*calibration, model.id));
  }
  return model;
}

}  // namespace

Result<FaceModel> parse_face_model(std::string_view text) {
  if (text.size() > kMaxModelDescriptionBytes) return fail(Fault::limit_exceeded);
  WHORL_TRY(const toml::table document, parse_toml(text, Fault::bad_model));
  return model_of(document);
}

}  // namespace whorl::features
