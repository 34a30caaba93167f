// list, stats: what is in a store, without loading its indexes.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/app/names.h"
#include "engine/app/report/page.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

struct ListOptions {
  StoreOptions store;
  std::string subject;
  std::int64_t limit = 100;
};

Result<Exit> list_galleries(const gallery::Store& store, Console& console) {
  WHORL_TRY(const gallery::StoreStats stats, store.stats());
  Json galleries = Json::array();
  Table table{{"gallery", "subjects", "encounters"}, {}};
  for (const gallery::GalleryStats& g : stats.galleries) {
    galleries.push_back(
        {{"name", g.gallery.name}, {"subjects", g.subjects}, {"encounters", g.encounters}});
    table.rows.push_back({g.gallery.name, with_commas(g.subjects), with_commas(g.encounters)});
  }
  console.answer({{"galleries", galleries}}, as_text(table));
  return Exit::ok;
}

Result<Exit> list_subjects(const gallery::Store& store, GalleryId gallery, std::int64_t limit,
                           Console& console) {
  Json subjects = Json::array();
  Table table{{"subject", "encounters"}, {}};
  std::int64_t total = 0;
  const auto visit = [&](const gallery::EnrolledSubject& s) -> Result<> {
    if (++total > limit) return {};
    subjects.push_back({{"subject", s.subject.value()}, {"encounters", s.encounters}});
    table.rows.push_back({std::to_string(s.subject.value()), with_commas(s.encounters)});
    return {};
  };
  WHORL_TRY_VOID(store.snapshot().for_each_subject(gallery, visit));
  console.answer({{"subjects", subjects}, {"total", total}},
                 as_text(table) + with_commas(total) + " subjects" +
                     (total > limit ? ", the first " + with_commas(limit) + " shown" : ""));
  return Exit::ok;
}

Json json_of(const Template& t) {
  if (const auto* print = std::get_if<FingerTemplate>(&t)) {
    return {{"modality", "finger"},
            {"position", name_of(print->position)},
            {"minutiae", print->minutiae.size()}};
  }
  const auto& face = std::get<FaceTemplate>(t);
  return {{"modality", "face"}, {"model", face.model}, {"dimension", face.vector.size()}};
}

std::string words_of(const Template& t) {
  if (const auto* print = std::get_if<FingerTemplate>(&t)) {
    return std::string(name_of(print->position)) + " (" + std::to_string(print->minutiae.size()) +
           " minutiae)";
  }
  return "face (" + std::get<FaceTemplate>(t).model + ")";
}

Result<Exit> list_encounters(const gallery::Store& store, GalleryId gallery, SubjectId subject,
                             Console& console) {
  WHORL_TRY(const auto encounters, store.get_subject(gallery, subject));
  Json list = Json::array();
  std::string text;
  for (const gallery::StoredEncounter& e : encounters) {
    Json templates = Json::array();
    text += "encounter " + std::to_string(e.id.value()) + " from '" + e.content.source + "':";
    for (const Template& t : e.content.templates) {
      templates.push_back(json_of(t));
      text += " " + words_of(t);
    }
    text += "\n";
    list.push_back({{"encounter", e.id.value()},
                    {"captured_at_ms", e.content.captured_at.value()},
                    {"source", e.content.source},
                    {"templates", templates}});
  }
  console.answer({{"subject", subject.value()}, {"encounters", list}}, text);
  return Exit::ok;
}

Result<Exit> list(const ListOptions& o, Console& console) {
  WHORL_TRY(const auto store, open_store(o.store));
  WHORL_TRY(const auto gallery, chosen_gallery(*store, o.store));
  if (!gallery && !o.subject.empty()) {
    return fail(Fault::bad_argument, 0, "--subject needs --gallery");
  }
  if (!gallery) return list_galleries(*store, console);
  if (o.subject.empty()) return list_subjects(*store, *gallery, o.limit, console);
  WHORL_TRY(const SubjectId subject, subject_from(o.subject, "--subject"));
  return list_encounters(*store, *gallery, subject, console);
}

Json json_of(const gallery::GalleryStats& g) {
  Json fingers = Json::object();
  for (int p = 0; p < kFingerPositions; ++p) {
    const std::int64_t count = g.fingers.at(static_cast<std::size_t>(p));
    if (count > 0) fingers[std::string(name_of(static_cast<FingerPosition>(p)))] = count;
  }
  return {{"name", g.gallery.name},
          {"subjects", g.subjects},
          {"encounters", g.encounters},
          {"fingers", fingers},
          {"faces", g.faces},
          {"face_index", name_of(g.gallery.settings.face_index)},
          {"keep_pictures", g.gallery.settings.keep_pictures}};
}

Result<Exit> stats(const StoreOptions& o, Console& console) {
  WHORL_TRY(const auto store, open_store(o));
  WHORL_TRY(const auto chosen, chosen_gallery(*store, o));
  WHORL_TRY(const gallery::StoreStats all, store->stats());
  Json galleries = Json::array();
  Table table{{"gallery", "subjects", "encounters", "prints", "faces"}, {}};
  for (const gallery::GalleryStats& g : all.galleries) {
    if (chosen && g.gallery.id != *chosen) continue;
    std::int64_t prints = 0;
    for (const std::int64_t count : g.fingers) prints += count;
    galleries.push_back(json_of(g));
    table.rows.push_back({g.gallery.name, with_commas(g.subjects), with_commas(g.encounters),
                          with_commas(prints), with_commas(g.faces)});
  }
  console.answer({{"revision", all.revision.value()},
                  {"disk_bytes", all.disk_bytes},
                  {"galleries", galleries}},
                 as_text(table) + "revision " +
                     with_commas(static_cast<std::int64_t>(all.revision.value())) + ", " +
                     bytes_of(static_cast<double>(all.disk_bytes)) + " on disk");
  return Exit::ok;
}

Run declare_list(CLI::App& app) {
  auto o = std::make_shared<ListOptions>();
  add_store_options(app, o->store, Gallery::optional, Searches::no);
  app.add_option("--subject", o->subject, "List this person's visits");
  app.add_option("--limit", o->limit, "Subjects to list at most")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  return [o](Console& console) { return list(*o, console); };
}

Run declare_stats(CLI::App& app) {
  auto o = std::make_shared<StoreOptions>();
  add_store_options(app, *o, Gallery::optional, Searches::no);
  return [o](Console& console) { return stats(*o, console); };
}

}  // namespace

const Verb kList{"list", "List galleries, the people in one, or one person's visits",
                 "Examples:\n"
                 "  whorl list --store store --key-file master.key\n"
                 "  whorl list --store store --key-file master.key --gallery main --limit 20\n"
                 "  whorl list --store store --key-file master.key --gallery main --subject 12\n"
                 "\n"
                 "Exit code: 1 when there is no such gallery or person.",
                 declare_list};

const Verb kStats{"stats", "Count what a store holds",
                  "Example:\n"
                  "  whorl stats --store store --key-file master.key --json\n"
                  "\n"
                  "From counters the store keeps; no scan. The revision counts every change ever "
                  "made.",
                  declare_stats};

}  // namespace whorl::app
