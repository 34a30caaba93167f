#include "engine/app/store_access.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/app/backend_choice.h"
#include "engine/app/names.h"
#include "engine/gallery/catalogue.h"
#include "engine/search/thread_limit.h"

namespace whorl::app {
void add_store_options(CLI::App& app, StoreOptions& o, Gallery gallery, Searches searches) {
  app.add_option("--store", o.store, "Folder of the store")->required();
  if (gallery != Gallery::none) {
    auto* option = app.add_option("--gallery", o.gallery, "Name of the gallery");
    option->check([](const std::string& name) {
      return name.empty() ? std::string("a gallery has a name") : std::string();
    });
    if (gallery == Gallery::required) option->required();
  }
  add_key_options(app, o.key);
  if (searches == Searches::no) return;
  app.add_option("--backend", o.backend, kBackendHelp);
  app.add_option("--threads", o.threads, "0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void add_key_options(CLI::App& app, KeySource& key) {
  auto* file = app.add_option(
      "--key-file", key.file,
      "File with the master key (`whorl keygen`); else WHORL_MASTER_KEY has its digits");
  app.add_option("--key-command", key.command,
                 "Command line for /bin/sh that prints the master key's digits")
      ->excludes(file);
}

Result<std::unique_ptr<search::Engine>> open_engine(const StoreOptions& o, Console& console,
                                                    Create create) {
  WHORL_TRY(const Key master, load_master_key(o.key));
  return open_engine(o, master, console, create);
}

Result<std::unique_ptr<search::Engine>> open_engine(const StoreOptions& o, const Key& master,
                                                    Console& console, Create create) {
  search::EngineOptions options;
  options.folder = o.store;
  options.create = create == Create::yes;
  // Beforehand, so that a slip of the pen makes no empty store.
  if (create == Create::yes && !gallery::is_name(o.gallery)) {
    return fail(Fault::bad_name, 0, "--gallery " + o.gallery);
  }
  WHORL_TRY(const BackendChoice backend, backend_from_name(o.backend));
  options.backend = backend.cpu;
  options.devices.accelerator = backend.accelerator;
  options.devices.warn = [&console](const Error& error) { console.warn(error); };
  options.master = master;
  search::limit_threads(o.threads);
  auto opened = search::Engine::open(options);
  if (!opened) return at(opened.error(), o.store);
  const auto galleries = (*opened)->status();
  const bool there =
      std::ranges::find(galleries, o.gallery, &search::GalleryStatus::name) != galleries.end();
  if (!o.gallery.empty() && !there) {
    if (create == Create::no) return fail(Fault::not_found, 0, "gallery '" + o.gallery + "'");
    WHORL_TRY_VOID((*opened)->create_gallery(o.gallery));
  }
  return opened;
}

Result<std::unique_ptr<gallery::Store>> open_store(const StoreOptions& o, Create create) {
  if (create == Create::yes && !gallery::is_name(o.gallery)) {
    return fail(Fault::bad_name, 0, "--gallery " + o.gallery);
  }
  WHORL_TRY(const Key key, load_master_key(o.key));
  auto opened = gallery::Store::open(o.store, key, {.create = create == Create::yes});
  if (!opened) return at(opened.error(), o.store);
  return opened;
}

Result<std::optional<GalleryId>> chosen_gallery(const gallery::Store& store,
                                                const StoreOptions& o) {
  if (o.gallery.empty()) return std::nullopt;
  auto found = store.find_gallery(o.gallery);
  if (!found) return at(found.error(), "gallery '" + o.gallery + "'");
  return found->id;
}

Result<SubjectId> subject_from(const std::string& text, std::string_view option) {
  const auto number = whole_number(text);
  if (number && *number > 0) return SubjectId{*number};
  return fail(Fault::bad_argument, 0, std::string(option) + ", a subject is a number of 1 or more");
}

}  // namespace whorl::app
