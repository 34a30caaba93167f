#include "engine/features/face/face_model.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/base/crypto.h"
#include "engine/base/limits.h"
#include "engine/formats/file_io.h"
#include "engine/generated/built_in_models.h"

namespace whorl::features {
namespace {

namespace fs = std::filesystem;

void add_folder(std::vector<fs::path>& folders, const char* variable, const char* below) {
  const char* value = std::getenv(variable);
  if (value != nullptr && *value != '\0') folders.push_back(fs::path(value) / below);
}

}  // namespace

std::vector<std::string_view> built_in_face_models() {
  std::vector<std::string_view> ids;
  for (const BuiltInModel& model : kBuiltInModels) ids.push_back(model.id);
  return ids;
}

namespace {

Result<FaceModel> read_description(const fs::path& path) {
  auto bytes = formats::read_file(path, kMaxModelDescriptionBytes);
  if (!bytes) return at(bytes.error(), path.string());
  auto model = parse_face_model({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!model) {
    return fail(model.error().fault, model.error().offset,
                path.string() + ", " + model.error().where);
  }
  model->folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  return model;
}

bool is_plain_name(const std::string& id) {
  return !id.empty() && id.size() <= kMaxModelIdBytes && id.find('/') == std::string::npos;
}

}  // namespace

Result<FaceModel> find_face_model(const std::string& id_or_path) {
  const fs::path path(id_or_path);
  if (path.extension() == ".toml") return read_description(path);
  const auto* const found = std::ranges::find(kBuiltInModels, id_or_path, &BuiltInModel::id);
  if (found != std::end(kBuiltInModels)) return parse_face_model(found->toml);
  if (is_plain_name(id_or_path)) {
    for (const fs::path& folder : model_folders({})) {
      const fs::path description = folder / (id_or_path + ".toml");
      std::error_code ignored;  // what cannot be looked at is not there
      if (!fs::is_regular_file(description, ignored)) continue;
      WHORL_TRY(FaceModel model, read_description(description));
      if (model.id == id_or_path) return model;
      return fail(Fault::bad_model, 0, description.string() + ", id is not the file's name");
    }
  }
  return fail(Fault::model_unavailable, 0, "no description of the model " + id_or_path);
}

std::vector<fs::path> model_folders(const FaceModel& model) {
  std::vector<fs::path> folders;
  if (!model.folder.empty()) folders.push_back(model.folder);
  add_folder(folders, "WHORL_MODELS", "");
  const std::size_t before = folders.size();
  add_folder(folders, "XDG_CACHE_HOME", "whorl/models");
  if (folders.size() == before) add_folder(folders, "HOME", ".cache/whorl/models");
  folders.emplace_back("/usr/share/whorl/models");
  folders.emplace_back("/usr/share/dlib");
  return folders;
}

Result<Bytes> model_file(const FaceModel& model, const ModelFile& file) {
  for (const fs::path& folder : model_folders(model)) {
    std::error_code ignored;  // what cannot be looked at is not there
    if (!fs::is_regular_file(folder / file.name, ignored)) continue;
    auto bytes = formats::read_file(folder / file.name, kMaxModelFileBytes);
    if (!bytes) return at(bytes.error(), file.name);
    if (sha256_hex(*bytes) != file.sha256) return fail(Fault::wrong_model_file, 0, file.name);
    return bytes;
  }
  return fail(Fault::model_unavailable, 0, model.id + ", " + file.name);
}

}  // namespace whorl::features
