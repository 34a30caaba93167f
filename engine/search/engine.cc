#include "engine/search/engine.h"

#include <oneapi/tbb/task_arena.h>

#include <filesystem>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/face_matcher.h"
#include "engine/search/identify.h"

namespace whorl::search {
namespace {

// On close a snapshot is written when more than this share of the templates has changed since the
// last one: replaying a change costs about ten times what loading it from the snapshot does.
constexpr double kWorthSaving = 0.1;

std::string name_of(SubjectId subject) { return "subject " + std::to_string(subject.value()); }

}  // namespace

Engine::Engine(const EngineOptions& options, std::unique_ptr<gallery::Store> store)
    : options_(options), store_(std::move(store)) {}

Engine::~Engine() {
  std::int64_t templates = 0;
  for (const auto& g : galleries_) templates += g->index.templates();
  if (static_cast<double>(unsaved_changes_) > kWorthSaving * static_cast<double>(templates)) {
    (void)save_snapshot();  // a convenience for the next start; the gallery is the truth
  }
}

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options) {
  gallery::StoreOptions store_options;
  store_options.create = options.create;
  store_options.clock = options.clock;
  store_options.entropy = options.entropy;
  WHORL_TRY(auto store, gallery::Store::open(options.folder, options.master, store_options));
  std::unique_ptr<Engine> engine(new Engine(options, std::move(store)));
  engine->loaded_from_snapshot_ = true;
  for (const gallery::GalleryInfo& info : engine->store_->list_galleries()) {
    WHORL_TRY_VOID(engine->load(engine->add_gallery(info)));
  }
  return engine;
}

Result<> Engine::create_gallery(const std::string& name, const gallery::GallerySettings& settings) {
  const std::lock_guard turn(turn_);
  WHORL_TRY(const GalleryId id, store_->create_gallery(name, settings));
  const auto guard = guard_.alone();
  add_gallery({id, name, {}, settings});
  return {};
}

Engine::Gallery& Engine::add_gallery(const gallery::GalleryInfo& info) {
  galleries_.push_back(std::make_unique<Gallery>(
      Gallery{info.id, info.name, info.settings, GalleryIndex(info.settings.face_index), nullptr}));
  Gallery& gallery = *galleries_.back();
  if (options_.devices.accelerator != nullptr)
    gallery.devices = std::make_unique<DeviceGallery>(options_.devices, info.name);
  return gallery;
}

// Galleries are never removed while the engine lives, so the pointer outlasts the lock.
Result<Engine::Gallery*> Engine::find(const std::string& name) const {
  const auto guard = guard_.shared();
  for (const auto& g : galleries_) {
    if (g->name == name) return g.get();
  }
  return fail(Fault::not_found, 0, "gallery '" + name + "'");
}

void Engine::remove(Gallery& gallery, SubjectId subject, std::optional<EncounterId> encounter) {
  gallery.index.remove(subject, encounter);
  wipe_on_devices(gallery);
}

void Engine::wipe_on_devices(const Gallery& gallery) {
  if (gallery.devices == nullptr) return;
  for (std::uint8_t p = 0; p < kFingerPositions; ++p)
    gallery.devices->wipe_removed(gallery.index.finger(FingerPosition{p}));
  if (gallery.index.face() != nullptr) gallery.devices->wipe_removed(*gallery.index.face());
}

Result<std::vector<Answer>> Engine::identify(const std::string& gallery,
                                             std::span<const Query> queries) const {
  WHORL_TRY(const Gallery* const found, find(gallery));
  if (std::ssize(queries) > kMaxQueriesPerBatch) return fail(Fault::limit_exceeded, 0, "queries");
  const auto guard = guard_.shared();
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (const auto fits = check_query(queries[q], found->index); !fits) {
      Error error = fits.error();
      error.where =
          "query " + std::to_string(q + 1) + (error.where.empty() ? "" : ", " + error.where);
      return tl::unexpected(error);
    }
  }
  std::vector<Answer> answers;
  // Isolated: while this thread waits for its own tasks it must not pick up others that lock.
  oneapi::tbb::this_task_arena::isolate([&] {
    answers = search::identify(found->index, queries, options_.backend, found->devices.get());
  });
  return answers;
}

Result<std::int64_t> Engine::people(const std::string& gallery) const {
  WHORL_TRY(const Gallery* const found, find(gallery));
  const auto guard = guard_.shared();
  return found->index.subjects();
}

std::vector<GalleryStatus> Engine::status() const {
  const auto guard = guard_.shared();
  std::vector<GalleryStatus> list;
  for (const auto& g : galleries_) {
    GalleryStatus status{
        g->name, g->settings, g->index.subjects(), g->index.templates(), g->index.resident_bytes(),
        0,       std::nullopt};
    if (g->devices != nullptr) {
      status.device_bytes = g->devices->resident_bytes();
      status.device_trouble = g->devices->trouble();
    }
    list.push_back(std::move(status));
  }
  return list;
}

// Makes what is stored and indexed from what came in: unit faces, codes for fingers.
Result<> Engine::prepare(Enrolment& enrolment) const {
  Encounter& content = enrolment.encounter;
  if (content.templates.empty()) return fail(Fault::empty_input, 0, name_of(enrolment.subject));
  for (Template& t : content.templates) {
    if (auto* finger = std::get_if<FingerTemplate>(&t)) {
      if (finger->minutiae.empty()) return fail(Fault::no_minutiae, 0, name_of(enrolment.subject));
      if (std::ssize(finger->minutiae) > kMaxMinutiaePerTemplate) {
        return fail(Fault::limit_exceeded, 0, name_of(enrolment.subject));
      }
      features::describe_minutiae(*finger, options_.backend);
    } else if (const auto unit = matchers::normalise(std::get<FaceTemplate>(t)); !unit) {
      return at(unit.error(), name_of(enrolment.subject));
    }
  }
  return {};
}

Result<> Engine::check(const Gallery& gallery, const Enrolment& enrolment) const {
  const auto guard = guard_.shared();
  if (const auto fits = gallery.index.admissible(enrolment.encounter); !fits) {
    return at(fits.error(), name_of(enrolment.subject));
  }
  return {};
}

// The batch's one change with its note.
Result<Revision> Engine::commit(gallery::Batch& batch, const gallery::Note* note) {
  if (note != nullptr) batch.remember(*note);
  WHORL_TRY(const gallery::Commit done, store_->commit(batch));
  return done.revision;
}

Result<Revision> Engine::update(const std::string& gallery, SubjectId subject,
                                EncounterId encounter, const Encounter& content,
                                const gallery::Note* note, std::vector<gallery::Picture> pictures) {
  WHORL_TRY(Gallery* const found, find(gallery));
  Enrolment replacement{subject, content};
  WHORL_TRY_VOID(prepare(replacement));
  const std::lock_guard turn(turn_);
  WHORL_TRY_VOID(check(*found, replacement));
  gallery::Batch batch;
  batch.update(found->id, subject, encounter, replacement.encounter);
  if (found->settings.keep_pictures) batch.keep(std::move(pictures));
  WHORL_TRY(const Revision revision, commit(batch, note));
  const auto guard = guard_.alone();
  const Result<> refreshed = refresh(*found, subject, found->index);
  wipe_on_devices(*found);
  ++unsaved_changes_;
  WHORL_TRY_VOID(refreshed);
  return revision;
}

Result<Revision> Engine::delete_encounter(const std::string& gallery, SubjectId subject,
                                          EncounterId encounter, const gallery::Note* note) {
  WHORL_TRY(Gallery* const found, find(gallery));
  const std::lock_guard turn(turn_);
  gallery::Batch batch;
  batch.delete_encounter(found->id, subject, encounter);
  WHORL_TRY(const Revision revision, commit(batch, note));
  const auto guard = guard_.alone();
  remove(*found, subject, encounter);
  ++unsaved_changes_;
  return revision;
}

Result<Revision> Engine::delete_subject(const std::string& gallery, SubjectId subject,
                                        const gallery::Note* note) {
  WHORL_TRY(Gallery* const found, find(gallery));
  const std::lock_guard turn(turn_);
  gallery::Batch batch;
  batch.delete_subject(found->id, subject);
  WHORL_TRY(const Revision revision, commit(batch, note));
  const auto guard = guard_.alone();
  remove(*found, subject, std::nullopt);
  ++unsaved_changes_;
  return revision;
}

Result<Revision> Engine::erase_subject(const std::string& gallery, SubjectId subject,
                                       const gallery::Note* note) {
  WHORL_TRY(Gallery* const found, find(gallery));
  const std::lock_guard turn(turn_);
  const auto stored = [&] { return store_->contains(found->id, subject).value_or(true); };
  const bool was_stored = stored();
  const Result<Revision> erased = store_->erase_subject(found->id, subject, note);
  // Where the keys could not be destroyed yet, the subject is gone for every reader all the same.
  if (!erased && (!was_stored || stored())) return erased;
  const auto guard = guard_.alone();
  remove(*found, subject, std::nullopt);
  // The snapshots' key is gone with the subject; without it the files are noise.
  std::error_code ignored;
  for (const auto& g : galleries_) std::filesystem::remove(snapshot_path(g->id), ignored);
  for (const auto& g : galleries_) unsaved_changes_ += g->index.templates();
  return erased;
}

}  // namespace whorl::search
