#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "engine/app/encode_as.h"
#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "scanners/replay/csv.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  StoreOptions store;
  std::string out, format = std::string(kWhorlFormat);
};

// Writes encounters to files as they come and keeps the manifest that `whorl enroll` reads.
class Exporter {
 public:
  explicit Exporter(const ExportOptions& options) : options_(options) {}

  Result<> write(const gallery::StoredEncounter& e) {
    // A thousand subjects a folder: file systems list long ones slowly.
    const fs::path folder = std::to_string(e.subject.value() / 1000);
    WHORL_TRY_VOID(make_folder(fs::path(options_.out) / folder));
    int number = 0;
    for (const Template& t : e.content.templates) {
      WHORL_TRY_VOID(write_one(e, t, folder, ++number));
    }
    return {};
  }
  Result<> finish() { return write_file(fs::path(options_.out) / "manifest.csv", manifest_); }
  std::int64_t files() const { return files_; }

 private:
  Result<> write_one(const gallery::StoredEncounter& e, const Template& t, const fs::path& folder,
                     int number) {
    const auto* print = std::get_if<FingerTemplate>(&t);
    const std::string format = print != nullptr ? options_.format : std::string(kWhorlFormat);
    const fs::path file =
        folder / (std::to_string(e.subject.value()) + "_" + std::to_string(e.id.value()) + "_" +
                  std::to_string(number) + (format == kWhorlFormat ? ".whorl" : ".fmr"));
    WHORL_TRY(const Bytes bytes, encode_as({t}, format));
    WHORL_TRY_VOID(write_file(fs::path(options_.out) / file, bytes));
    const Demographics& person = e.content.demographics;
    manifest_ += std::to_string(e.subject.value()) + "," + std::string(name_of(modality_of(t))) +
                 "," + (print != nullptr ? std::string(name_of(print->position)) : "") + "," +
                 file.string() + ",," + std::to_string(e.id.value()) + "," +
                 std::string(name_of(person.sex)) + "," +
                 (person.birth_year > 0 ? std::to_string(person.birth_year) : "") + "," +
                 scanners::csv_quoted(e.content.source) + "\n";
    ++files_;
    return {};
  }

  const ExportOptions& options_;
  std::string manifest_ = "subject,modality,position,path,ppi,encounter,sex,birth_year,source\n";
  std::int64_t files_ = 0;
};

Result<> must_be_new(const fs::path& folder) {
  std::error_code trouble;
  if (fs::exists(folder, trouble) && !fs::is_empty(folder, trouble)) {
    return fail(Fault::already_exists, 0, folder.string());
  }
  return make_folder(folder);
}

Result<Exit> export_gallery(const ExportOptions& o, Console& console) {
  if (o.format != kWhorlFormat && !format_from_name(o.format)) {
    return fail(Fault::bad_argument, 0, "--format, one of " + format_names());
  }
  WHORL_TRY(const auto store, open_store(o.store));
  WHORL_TRY(const auto gallery, chosen_gallery(*store, o.store));
  WHORL_TRY_VOID(must_be_new(o.out));
  WHORL_TRY(const gallery::StoreStats stats, store->stats());
  std::int64_t total = 0, done = 0;
  for (const auto& g : stats.galleries) total += g.gallery.id == *gallery ? g.encounters : 0;
  Progress progress = console.progress("export", "encounters", total);
  Exporter exporter(o);
  WHORL_TRY_VOID(store->snapshot().for_each_encounter(
      gallery, [&](const gallery::StoredEncounter& e) -> Result<> {
        progress.at(++done);
        return exporter.write(e);
      }));
  WHORL_TRY_VOID(exporter.finish());
  progress.finish();
  console.answer({{"out", o.out}, {"encounters", done}, {"files", exporter.files()}},
                 o.out + ": " + with_commas(done) + " encounters in " +
                     with_commas(exporter.files()) + " files, listed in manifest.csv");
  return Exit::ok;
}

Run declare(CLI::App& app) {
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
    "One file a template, SUBJECT_ENCOUNTER_NUMBER; faces are Whorl templates in any case. The "
    "files are not\n"
    "sealed: keep them as you keep the people they belong to.",
    declare};

}  // namespace whorl::app
