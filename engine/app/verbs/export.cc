#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "engine/app/names.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "scanners/replay/capture_folder.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  StoreOptions store;
  std::string out, format = std::string(kWhorlFormat);
};

// A face whose picture is kept goes as that picture: a template of any model is made of it again.
Result<> add_encounter(const gallery::StoredEncounter& e, const gallery::Store& store,
                       scanners::CaptureFolder& out) {
  const scanners::CaptureOwner owner{e.subject, e.id.value(), e.content.demographics,
                                     e.content.source};
  WHORL_TRY(const auto pictures, store.get_pictures(e.gallery, e.subject, e.id));
  const auto has_picture = [&](std::size_t t) {
    return std::ranges::any_of(pictures, [&](const gallery::Picture& picture) {
      return t >= picture.first_template &&
             t < std::size_t{picture.first_template} + picture.templates;
    });
  };
  for (std::size_t t = 0; t < e.content.templates.size(); ++t) {
    if (!has_picture(t)) WHORL_TRY_VOID(out.add(owner, e.content.templates[t]));
  }
  for (const gallery::Picture& picture : pictures) {
    WHORL_TRY_VOID(out.add_faces(owner, picture.file));
  }
  return {};
}

Result<> must_be_new(const fs::path& folder) {
  std::error_code trouble;
  if (fs::exists(folder, trouble) && !fs::is_empty(folder, trouble)) {
    return fail(Fault::already_exists, 0, folder.string());
  }
  return {};
}

Result<Exit> export_gallery(const ExportOptions& o, Console& console) {
  WHORL_TRY(const auto format, print_format(o.format));
  WHORL_TRY(const auto store, open_store(o.store));
  WHORL_TRY(const auto gallery, chosen_gallery(*store, o.store));
  WHORL_TRY_VOID(must_be_new(o.out));
  WHORL_TRY(const gallery::StoreStats stats, store->stats());
  std::int64_t total = 0, done = 0;
  for (const auto& g : stats.galleries) total += g.gallery.id == *gallery ? g.encounters : 0;
  Progress progress = console.progress("export", "encounters", total);
  WHORL_TRY(auto out, scanners::CaptureFolder::create(o.out, format));
  WHORL_TRY_VOID(store->snapshot().for_each_encounter(
      gallery, [&](const gallery::StoredEncounter& e) -> Result<> {
        progress.at(++done);
        return add_encounter(e, *store, out);
      }));
  WHORL_TRY_VOID(out.finish());
  progress.finish();
  console.answer({{"out", o.out}, {"encounters", done}, {"files", out.files()}},
                 o.out + ": " + with_commas(done) + " encounters in " + with_commas(out.files()) +
                     " files, listed in manifest.csv");
  return Exit::ok;
}

Run declare_export(CLI::App& app) {
  auto o = std::make_shared<ExportOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::no);
  app.add_option("--out", o->out, "Folder to write; absent or empty")->required();
  app.add_option("--format", o->format, "Of fingerprints: one of " + format_names())
      ->capture_default_str();
  return [o](Console& console) { return export_gallery(*o, console); };
}

}  // namespace

const Verb kExport{
    "export", "Write a gallery's templates to files, with a manifest that can be enrolled again",
    "Example:\n"
    "  whorl export --store store --gallery main --key-file master.key --out files \\\n"
    "    --format iso19794-2:2011\n"
    "\n"
    "One file a template, SUBJECT_FINGER_ENCOUNTER; a face is its picture where the gallery keeps "
    "pictures,\n"
    "else a Whorl template. The files are not\n"
    "sealed: keep them as you keep the people they belong to.",
    declare_export};

}  // namespace whorl::app
