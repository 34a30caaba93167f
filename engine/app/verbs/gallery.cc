// gallery, re-embed: what an operator chooses for a whole gallery.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/features/read_capture.h"
#include "engine/matchers/face_matcher.h"

namespace whorl::app {
namespace {

struct GalleryOptions {
  StoreOptions store;
  std::string face_index, keep_pictures;
  bool create = false;
};

gallery::GallerySettings chosen(gallery::GallerySettings settings, const GalleryOptions& o) {
  if (const auto kind = face_index_kind_from_name(o.face_index)) settings.face_index = *kind;
  if (!o.keep_pictures.empty()) settings.keep_pictures = o.keep_pictures == "yes";
  return settings;
}

Result<gallery::GalleryInfo> changed(const GalleryOptions& o, gallery::Store& store) {
  auto found = store.find_gallery(o.store.gallery);
  if (!found && found.error().fault == Fault::not_found && o.create) {
    WHORL_TRY_VOID(store.create_gallery(o.store.gallery, chosen({}, o)));
    return store.find_gallery(o.store.gallery);
  }
  if (!found) return found;
  const gallery::GallerySettings settings = chosen(found->settings, o);
  if (settings == found->settings) return found;
  WHORL_TRY_VOID(store.change_settings(found->id, settings));
  return store.find_gallery(o.store.gallery);
}

Result<Exit> show_or_change(const GalleryOptions& o, Console& console) {
  WHORL_TRY(const auto store, open_store(o.store, o.create ? Create::yes : Create::no));
  WHORL_TRY(const gallery::GalleryInfo info, changed(o, *store));
  const gallery::GallerySettings& s = info.settings;
  std::string text = "gallery " + info.name + ": face index " + std::string(name_of(s.face_index)) +
                     ", pictures of faces " + (s.keep_pictures ? "kept" : "not kept");
  Json facts{{"gallery", info.name},
             {"face_index", name_of(s.face_index)},
             {"keep_pictures", s.keep_pictures}};
  if (!s.moving_to.empty()) {
    facts["moving_to"] = s.moving_to;
    text += "; its faces are half-way to model " + s.moving_to + ": finish with `whorl re-embed`";
  }
  console.answer(facts, text);
  return Exit::ok;
}

struct ReEmbedOptions {
  StoreOptions store;
  std::string model;
};

// The gallery will know the model by its id alone, and judge by its calibration.
Result<std::string> id_of_usable_model(const std::string& id_or_path) {
  WHORL_TRY(const auto extractor, features::shared_face_extractor(id_or_path));
  const std::string& id = extractor->model().id;
  WHORL_TRY_VOID(matchers::face_calibration(id));
  return id;
}

Result<Exit> re_embed(const ReEmbedOptions& o, Console& console) {
  WHORL_TRY(const std::string model, id_of_usable_model(o.model));
  WHORL_TRY(const auto engine, open_engine(o.store, console));
  Progress progress = console.progress("re-embed", "visits", 0);
  const search::ReEmbedding how{
      model,
      [&](std::span<const std::byte> file) -> Result<std::vector<FaceTemplate>> {
        WHORL_TRY(auto found, features::extract_faces(file, {o.model, features::Rivals::refuse}));
        std::vector<FaceTemplate> faces;
        for (features::FaceExtraction& face : found) faces.push_back(std::move(face.face));
        return faces;
      },
      [&](std::int64_t done, std::int64_t) { progress.at(done); }};
  WHORL_TRY(const search::ReEmbedded moved, engine->re_embed(o.store.gallery, how));
  progress.finish();
  console.answer({{"gallery", o.store.gallery},
                  {"model", model},
                  {"encounters", moved.encounters},
                  {"faces", moved.faces}},
                 "gallery " + o.store.gallery + ": " + with_commas(moved.faces) + " faces of " +
                     with_commas(moved.encounters) + " visits moved; all are of model " + model);
  return Exit::ok;
}

Run declare_gallery(CLI::App& app) {
  auto o = std::make_shared<GalleryOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::no);
  app.add_flag("--create", o->create, "Make the store and the gallery where there is none");
  app.add_option("--face-index", o->face_index, "How faces are searched: docs/face-index.md")
      ->check(
          CLI::IsMember(std::vector<std::string>(kFaceIndexKinds.begin(), kFaceIndexKinds.end())));
  app.add_option("--keep-pictures", o->keep_pictures,
                 "Keep pictures of faces, sealed; no: those that are kept are destroyed")
      ->check(CLI::IsMember({"yes", "no"}));
  return [o](Console& console) { return show_or_change(*o, console); };
}

Run declare_re_embed(CLI::App& app) {
  auto o = std::make_shared<ReEmbedOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::yes);
  app.add_option("--model", o->model, "The face model to move to: its id, or FILE.toml")
      ->required();
  return [o](Console& console) { return re_embed(*o, console); };
}

}  // namespace

const Verb kGallery{
    "gallery", "Show or change how a gallery searches faces, and whether it keeps their pictures",
    "Examples:\n"
    "  whorl gallery --store store --gallery main --key-file master.key --create \\\n"
    "    --face-index hnsw --keep-pictures yes\n"
    "  whorl gallery --store store --gallery main --key-file master.key\n"
    "\n"
    "The choices are the gallery's own and stay with it. Another face index is made at the next\n"
    "start; the approximate ones may leave somebody out. Pictures are kept from then on, of faces\n"
    "alone, sealed like templates and erased with them: `whorl re-embed` needs them.",
    declare_gallery};

const Verb kReEmbed{
    "re-embed", "Move a gallery's faces to another model, from the pictures that it keeps",
    "Example:\n"
    "  whorl re-embed --store store --gallery main --key-file master.key \\\n"
    "    --model mobilefacenet-128\n"
    "\n"
    "Every picture is read by the new model before anything is written: where one is missing or\n"
    "shows no face, those people's numbers are told and nothing is changed. Cut off while it\n"
    "writes, the gallery answers no face until the same command has finished the rest.",
    declare_re_embed};

}  // namespace whorl::app
