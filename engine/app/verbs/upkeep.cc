// backup, restore, check, compact: keeping a store well.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

struct CopyOptions {
  StoreOptions store;
  std::string other;
};

Result<Exit> backup(const CopyOptions& o, Console& console) {
  WHORL_TRY(const auto store, open_store(o.store));
  WHORL_TRY_VOID(store->backup(o.other));
  console.answer({{"backup", o.other}, {"revision", store->revision().value()}},
                 o.other + ": a backup of revision " +
                     with_commas(static_cast<std::int64_t>(store->revision().value())) +
                     ". It opens with the same master key, which is not in it.");
  return Exit::ok;
}

Result<Exit> restore(const CopyOptions& o, Console& console) {
  WHORL_TRY_VOID(gallery::Store::restore(o.other, o.store.store));
  console.answer({{"store", o.store.store}, {"from", o.other}},
                 o.store.store + ": restored; every file matched its checksum");
  return Exit::ok;
}

Result<Exit> check(const StoreOptions& o, Console& console) {
  WHORL_TRY(const auto store, open_store(o));
  WHORL_TRY(const gallery::StoreStats stats, store->stats());
  std::int64_t encounters = 0;
  for (const gallery::GalleryStats& g : stats.galleries) encounters += g.encounters;
  Progress progress = console.progress("check", "encounters", encounters);
  WHORL_TRY(const gallery::Scrub scrub,
            store->verify([&](const gallery::Scrub& so_far) { progress.at(so_far.encounters); }));
  progress.finish();
  Json damage = Json::array();
  std::string text = with_commas(scrub.subjects) + " subjects, " + with_commas(scrub.encounters) +
                     " encounters read: " +
                     (scrub.damaged == 0 ? "all sound" : with_commas(scrub.damaged) + " damaged") +
                     "\n";
  for (const Error& error : scrub.damage) {
    damage.push_back(as_json(error));
    text += "  " + describe(error) + "\n";
  }
  console.answer({{"subjects", scrub.subjects},
                  {"encounters", scrub.encounters},
                  {"notes", scrub.notes},
                  {"pictures", scrub.pictures},
                  {"damaged", scrub.damaged},
                  {"damage", damage}},
                 text);
  return scrub.damaged == 0 ? Exit::ok : Exit::machine_trouble;
}

Result<Exit> compact(const StoreOptions& o, Console& console) {
  WHORL_TRY(const auto engine, open_engine(o, console));
  WHORL_TRY(const gallery::StoreStats before, engine->store().stats());
  WHORL_TRY_VOID(engine->store().compact());
  WHORL_TRY_VOID(engine->rebuild_indexes());
  WHORL_TRY_VOID(engine->save_snapshot());
  WHORL_TRY(const gallery::StoreStats after, engine->store().stats());
  console.answer(
      {{"disk_bytes_before", before.disk_bytes}, {"disk_bytes", after.disk_bytes}},
      "rewritten without what was deleted: " + bytes_of(static_cast<double>(before.disk_bytes)) +
          " to " + bytes_of(static_cast<double>(after.disk_bytes)) +
          "; the index is rebuilt from the gallery and saved");
  return Exit::ok;
}

Run declare_backup(CLI::App& app) {
  auto o = std::make_shared<CopyOptions>();
  add_store_options(app, o->store, Gallery::none, Searches::no);
  app.add_option("--to", o->other, "Folder of the backup: absent, empty, or an earlier backup")
      ->required();
  return [o](Console& console) { return backup(*o, console); };
}

Run declare_restore(CLI::App& app) {
  auto o = std::make_shared<CopyOptions>();
  app.add_option("--from", o->other, "Folder of the backup")->required();
  app.add_option("--store", o->store.store, "Folder of the new store: absent or empty")->required();
  return [o](Console& console) { return restore(*o, console); };
}

Run declare_check(CLI::App& app) {
  auto o = std::make_shared<StoreOptions>();
  add_store_options(app, *o, Gallery::none, Searches::no);
  return [o](Console& console) { return check(*o, console); };
}

Run declare_compact(CLI::App& app) {
  auto o = std::make_shared<StoreOptions>();
  add_store_options(app, *o, Gallery::none, Searches::yes);
  return [o](Console& console) { return compact(*o, console); };
}

}  // namespace

const Verb kBackup{"backup", "Copy a store as it is now",
                   "Example:\n"
                   "  whorl backup --store store --key-file master.key --to /mnt/backup/whorl\n"
                   "\n"
                   "Backing up to the same folder again copies only what changed. Keep the master "
                   "key apart from it.",
                   declare_backup};

const Verb kRestore{"restore", "Make a store from a backup",
                    "Example:\n"
                    "  whorl restore --from /mnt/backup/whorl --store store\n"
                    "\n"
                    "Checks every file on the way and needs no key. The store's folder must not "
                    "hold anything.",
                    declare_restore};

const Verb kCheck{"check", "Read and open every record of a store: is all of it sound?",
                  "Example:\n"
                  "  whorl check --store store --key-file master.key\n"
                  "\n"
                  "Names each damaged record. Run it now and then, as disks forget in silence.\n"
                  "Exit code: 4 when anything is damaged.",
                  declare_check};

const Verb kCompact{"compact", "Rewrite a store without what was deleted; rebuild its index",
                    "Example:\n"
                    "  whorl compact --store store --key-file master.key\n"
                    "\n"
                    "Also the remedy when the search index refuses: it is made anew from the "
                    "gallery.",
                    declare_compact};

}  // namespace whorl::app
