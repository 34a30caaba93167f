// update, delete, erase: what may happen to a subject after enrolment.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/visits.h"

namespace whorl::app {
namespace {

struct ChangeOptions {
  StoreOptions store;
  std::string subject;
  std::optional<std::uint32_t> encounter;
  FileVisit files;
  std::string sex, source;
  std::optional<int> birth_year;
};

std::string name_of(const ChangeOptions& o) {
  return "subject " + o.subject +
         (o.encounter ? ", encounter " + std::to_string(*o.encounter) : std::string());
}

void say(Console& console, const ChangeOptions& o, SubjectId subject, const std::string& done,
         const std::string& so = {}, const Json& more = Json::object()) {
  Json facts{{"done", done}, {"subject", subject.value()}};
  if (o.encounter) facts["encounter"] = *o.encounter;
  facts.update(more);
  console.answer(facts, name_of(o) + ": " + done + so);
}

Result<Exit> update(const ChangeOptions& o, Console& console) {
  WHORL_TRY(const SubjectId subject, subject_from(o.subject, "--subject"));
  WHORL_TRY(const Visit visit, visit_of(o.files, subject));
  std::vector<CaptureNote> notes;
  std::vector<gallery::Picture> pictures;
  WHORL_TRY(Encounter content, read_visit(visit, console.clock(), &notes, &pictures));
  WHORL_TRY(const Demographics said, demographics_of(o.sex, o.birth_year));
  WHORL_TRY(const auto engine, open_engine(o.store, console));
  WHORL_TRY(const auto gallery, engine->store().find_gallery(o.store.gallery));
  WHORL_TRY(const auto encounters, engine->store().get_subject(gallery.id, subject));
  const EncounterId id{o.encounter.value_or(1)};
  const auto before = std::ranges::find(encounters, id, &gallery::StoredEncounter::id);
  if (before == encounters.end()) return fail(Fault::not_found, 0, name_of(o));
  const Demographics& known = before->content.demographics;
  content.demographics.sex = o.sex.empty() ? known.sex : said.sex;
  content.demographics.birth_year = o.birth_year ? said.birth_year : known.birth_year;
  content.source = o.source.empty() ? before->content.source : o.source;
  WHORL_TRY_VOID(
      engine->update(o.store.gallery, subject, id, content, nullptr, std::move(pictures)));
  Json templates = Json::array();
  std::string text = "\n";
  for (const CaptureNote& note : notes) {
    templates.push_back(as_json(note));
    text += as_text(note);
  }
  text.pop_back();
  say(console, o, subject, "updated", text, {{"templates", std::move(templates)}});
  return Exit::ok;
}

// Deleting and erasing need no index: the next search learns of them from the store's log. So they
// work on a store of any size at once, and on one that is damaged elsewhere.
Result<Exit> remove(const ChangeOptions& o, Console& console) {
  WHORL_TRY(const SubjectId subject, subject_from(o.subject, "--subject"));
  WHORL_TRY(const auto store, open_store(o.store));
  WHORL_TRY(const auto gallery, chosen_gallery(*store, o.store));
  gallery::Batch batch;
  if (o.encounter) {
    batch.delete_encounter(*gallery, subject, EncounterId{*o.encounter});
  } else {
    batch.delete_subject(*gallery, subject);
  }
  WHORL_TRY_VOID(store->commit(batch));
  say(console, o, subject, "deleted");
  return Exit::ok;
}

Result<Exit> erase(const ChangeOptions& o, Console& console) {
  WHORL_TRY(const SubjectId subject, subject_from(o.subject, "--subject"));
  WHORL_TRY(const auto store, open_store(o.store));
  WHORL_TRY(const auto gallery, chosen_gallery(*store, o.store));
  WHORL_TRY_VOID(store->erase_subject(*gallery, subject));
  say(console, o, subject, "erased",
      "; the key to the records is destroyed. Backups made before still hold it");
  return Exit::ok;
}

std::shared_ptr<ChangeOptions> declare_subject(CLI::App& app) {
  auto o = std::make_shared<ChangeOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::no);
  app.add_option("--subject", o->subject, "The person's number")->required();
  return o;
}

Run declare_update(CLI::App& app) {
  auto o = declare_subject(app);
  app.add_option("--encounter", o->encounter, "Which visit is replaced")->required();
  app.add_option("--sex", o->sex, "female, male or other; left out: as it is");
  app.add_option("--birth-year", o->birth_year, "Likewise");
  app.add_option("--source", o->source, "Likewise: the station or register it comes from");
  add_visit_options(app, o->files);
  return [o](Console& console) { return update(*o, console); };
}

Run declare_delete(CLI::App& app) {
  auto o = declare_subject(app);
  app.add_option("--encounter", o->encounter, "Only this visit; else the person");
  return [o](Console& console) { return remove(*o, console); };
}

Run declare_erase(CLI::App& app) {
  auto o = declare_subject(app);
  return [o](Console& console) { return erase(*o, console); };
}

}  // namespace

const Verb kUpdate{"update", "Replace a visit of an enrolled person",
                   "Example:\n"
                   "  whorl update --store store --gallery main --key-file master.key \\\n"
                   "    --subject 12 --encounter 1 better.iso --position right-index\n"
                   "\n"
                   "All templates of that visit are replaced by those of the files. A new visit is "
                   "`whorl enroll --add`.",
                   declare_update};

const Verb kDelete{
    "delete", "Take a person, or one visit, out of a gallery",
    "Example:\n"
    "  whorl delete --store store --gallery main --key-file master.key --subject 12\n"
    "\n"
    "Gone for every search at once. What is left in the store's files stays sealed, "
    "and goes with\n"
    "`whorl compact`; backups keep it. To make it unreadable everywhere, use "
    "`whorl erase`.\n"
    "Exit code: 1 when there is no such person or visit.",
    declare_delete};

const Verb kErase{"erase", "Delete a person and destroy the key that opens their records",
                  "Example:\n"
                  "  whorl erase --store store --gallery main --key-file master.key --subject 12\n"
                  "\n"
                  "For requests under data protection law. Cannot be undone. The index is rebuilt "
                  "at the next start,\n"
                  "because its snapshot held the person too. Older backups still hold the key: "
                  "docs/decisions/erasure.md.\n"
                  "Exit code: 1 when there is no such person.",
                  declare_erase};

}  // namespace whorl::app
