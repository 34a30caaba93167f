#pragma once
// What the verbs on a store have in common: its options, its key, opening it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/app/console.h"
#include "engine/base/biometrics.h"
#include "engine/base/master_key.h"
#include "engine/base/result.h"
#include "engine/gallery/store.h"
#include "engine/search/engine.h"

namespace CLI {
class App;
}

namespace whorl::app {

struct StoreOptions {
  std::string store, gallery;
  KeySource key;
  std::string backend;  // backend_choice.h
  int threads = 0;      // 0: all
};

enum class Gallery : std::uint8_t { none, optional, required };
enum class Searches : bool { no, yes };  // yes: --backend and --threads as well
void add_store_options(CLI::App& app, StoreOptions& options, Gallery gallery, Searches searches);

// --key-file and --key-command, of which a command line may name one.
void add_key_options(CLI::App& app, KeySource& key);

enum class Create : bool { no, yes };  // yes: the store and the gallery, where they are missing

// The engine over the store, its indexes loaded; it warns on `console`, which must outlive it.
// Faults: no_key, wrong_key, not_found (gallery), those of backend_from_name and
// gallery::Store::open.
Result<std::unique_ptr<search::Engine>> open_engine(const StoreOptions& options, Console& console,
                                                    Create create = Create::no);
// With the master key that was loaded before: to load it may be to ask somebody.
Result<std::unique_ptr<search::Engine>> open_engine(const StoreOptions& options, const Key& master,
                                                    Console& console, Create create);
// The store alone, without indexes: for reading records, at once whatever its size. Create::yes
// makes no gallery here.
Result<std::unique_ptr<gallery::Store>> open_store(const StoreOptions& options,
                                                   Create create = Create::no);
// The gallery the options name; nothing where they name none. Fault::not_found.
Result<std::optional<GalleryId>> chosen_gallery(const gallery::Store& store,
                                                const StoreOptions& options);

// Store verbs speak of a subject by its number, 1 or more: bad_argument.
Result<SubjectId> subject_from(const std::string& text, std::string_view option);

}  // namespace whorl::app
