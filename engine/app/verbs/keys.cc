// keys rotate: another master key for a store.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/app/new_key.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

struct RotateOptions {
  std::string store;
  KeySource old_key, new_key;
};

Result<Exit> rotate(const RotateOptions& o, Console& console) {
  WHORL_TRY(const Key old_key, load_master_key(o.old_key));
  WHORL_TRY(const Key new_key, load_master_key(o.new_key));
  std::int64_t subjects = 0;
  std::optional<Progress> progress;  // how many there are is known once the store is open
  const auto tell = [&](std::int64_t done, std::int64_t of) {
    if (!progress) progress.emplace(console.progress("rotate", "subjects", of));
    progress->at(subjects = done);
  };
  const auto done = gallery::Store::rotate_master_key(o.store, old_key, new_key, {}, tell);
  if (!done) return at(done.error(), o.store);
  if (progress) progress->finish();
  const std::string sealed = progress ? "the keys of " + with_commas(subjects) +
                                            " subjects are sealed anew, and what the old one "
                                            "opened is destroyed"
                                      : "it was so already";
  console.answer({{"store", o.store}, {"subjects", subjects}, {"rotated", progress.has_value()}},
                 o.store + ": under the new master key; " + sealed +
                     ". Backups made before need the old one: keep it until they have expired.");
  return Exit::ok;
}

Run declare_keys(CLI::App& app) {
  auto o = std::make_shared<RotateOptions>();
  CLI::App* verb = app.add_subcommand("rotate", "Puts a store under another master key");
  verb->fallthrough();
  verb->add_option("--store", o->store, "Folder of the store; no one may have it open")->required();
  add_key_options(*verb, o->old_key);
  add_new_key_options(*verb, o->new_key);
  app.require_subcommand(1);
  return [o](Console& console) { return rotate(*o, console); };
}

}  // namespace

const Verb kKeys{"keys", "Put a store under another master key",
                 "Example:\n"
                 "  whorl keygen new.key\n"
                 "  whorl keys rotate --store store --key-file master.key --new-key-file new.key\n"
                 "\n"
                 "Seals every subject's key anew and rewrites no template. From the first change "
                 "on the new key\n"
                 "alone opens the store; cut off by a crash or a full disk, it is gone on with by "
                 "the same command,\n"
                 "or by whatever opens the store next. Keep two copies of the new key before you "
                 "begin.",
                 declare_keys};

}  // namespace whorl::app
