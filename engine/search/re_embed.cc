// How a gallery's faces go over to another model: every vector is made anew in memory before the
// first is written, so that a picture that is missing or shows no face changes nothing. Then the
// encounters are rewritten batch by batch; from the first of them to the last the gallery is marked
// as moving, and whoever opens it in between answers no face until the rest has followed.

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/matchers/face_matcher.h"
#include "engine/search/engine.h"
#include "engine/search/share_out.h"

namespace whorl::search {
namespace {

constexpr std::size_t kBatch = 256;           // encounters that are rewritten together
constexpr std::size_t kSubjectsNamed = 1000;  // of those that keep a gallery from moving

struct Place {
  SubjectId subject;
  EncounterId encounter;
};
struct NewFace {
  std::size_t place = 0;  // among the encounter's templates
  FaceTemplate face;
};
using NewFaces = std::vector<NewFace>;

bool is_of_another(const Template& t, const std::string& model) {
  const auto* face = std::get_if<FaceTemplate>(&t);
  return face != nullptr && face->model != model;
}

// One encounter's faces, from its pictures.
Result<NewFaces> embed(const Encounter& content, const std::vector<gallery::Picture>& pictures,
                       const ReEmbedding& how) {
  NewFaces faces;
  for (const gallery::Picture& picture : pictures) {
    WHORL_TRY(std::vector<FaceTemplate> found, how.embed(picture.file));
    if (found.size() != picture.templates) return fail(Fault::no_kept_picture);
    std::size_t place = picture.first_template;
    for (FaceTemplate& face : found) {
      if (face.model != how.model) return fail(Fault::wrong_model);
      WHORL_TRY_VOID(matchers::normalise(face));
      faces.push_back({place++, std::move(face)});
    }
  }
  const auto wanted = std::ranges::count_if(
      content.templates, [](const Template& t) { return modality_of(t) == Modality::face; });
  if (std::ssize(faces) != wanted)
    return fail(Fault::no_kept_picture);  // each picture's are its own
  return faces;
}

// The first fault of the machine's, else the missing pictures, else the first fault, with the
// numbers of all subjects that have it.
Result<> judge(const std::vector<Place>& places, const std::vector<Result<NewFaces>>& made) {
  const Error* worst = nullptr;
  const auto rank = [](const Error& error) {
    return text_of(error.fault).blame == Blame::machine ? 2
           : error.fault == Fault::no_kept_picture      ? 1
                                                        : 0;
  };
  for (const auto& faces : made) {
    if (!faces && (worst == nullptr || rank(faces.error()) > rank(*worst))) worst = &faces.error();
  }
  if (worst == nullptr) return {};
  std::vector<SubjectId> subjects;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (made[i] || made[i].error().fault != worst->fault) continue;
    if (subjects.empty() || subjects.back() != places[i].subject) {
      subjects.push_back(places[i].subject);
    }
  }
  std::string where = subjects.size() == 1 ? "subject " : "subjects ";
  for (std::size_t i = 0; i < std::min(subjects.size(), kSubjectsNamed); ++i) {
    where += (i == 0 ? "" : ", ") + std::to_string(subjects[i].value());
  }
  if (subjects.size() > kSubjectsNamed) {
    where += " and " + std::to_string(subjects.size() - kSubjectsNamed) + " more";
  }
  return fail(worst->fault, worst->offset, where);
}

Result<> of_one_dimension(const std::vector<Result<NewFaces>>& made) {
  std::size_t dimension = 0;
  for (const auto& faces : made) {
    for (const NewFace& face : *faces) {
      if (dimension == 0) dimension = face.face.vector.size();
      if (face.face.vector.size() != dimension) return fail(Fault::wrong_dimension);
    }
  }
  return {};
}

}  // namespace

Result<ReEmbedded> Engine::re_embed(const std::string& name, const ReEmbedding& how) {
  WHORL_TRY(Gallery* const gallery, find(name));
  // Changes wait; searches go on, by the vectors there were.
  const std::scoped_lock turn(renewal_, turn_);
  const std::string& moving_to = gallery->settings.moving_to;
  if (!moving_to.empty() && moving_to != how.model) {
    return fail(Fault::gallery_moving, 0, "gallery '" + name + "' to model " + moving_to);
  }
  std::vector<Place> places;
  WHORL_TRY_VOID(
      store_->for_each_encounter(gallery->id, [&](const gallery::StoredEncounter& e) -> Result<> {
        const auto moves = [&](const Template& t) { return is_of_another(t, how.model); };
        if (std::ranges::any_of(e.content.templates, moves)) places.push_back({e.subject, e.id});
        return {};
      }));
  if (places.empty() && moving_to.empty()) return ReEmbedded{};
  std::vector<Result<NewFaces>> made(places.size());
  const auto make = [&](const Place& place) -> Result<NewFaces> {
    WHORL_TRY(const Encounter content,
              store_->get_encounter(gallery->id, place.subject, place.encounter));
    WHORL_TRY(const std::vector<gallery::Picture> pictures,
              store_->get_pictures(gallery->id, place.subject, place.encounter));
    return embed(content, pictures, how);
  };
  share_out(
      std::ssize(places),
      [&] {
        return [&](std::int64_t i) {
          const auto place = static_cast<std::size_t>(i);
          made[place] = make(places[place]);
        };
      },
      [&](std::int64_t done) {
        if (how.progress) how.progress(done, std::ssize(places));
      });
  WHORL_TRY_VOID(judge(places, made));
  WHORL_TRY_VOID(of_one_dimension(made));

  ReEmbedded moved{std::ssize(places), 0};
  const auto write = [&]() -> Result<std::unique_ptr<index::FaceIndex>> {
    WHORL_TRY_VOID(forget_snapshots());
    WHORL_TRY_VOID(mark_moving(*gallery, how.model));
    gallery::Batch batch;
    for (std::size_t i = 0; i < places.size(); ++i) {
      WHORL_TRY(Encounter content,
                store_->get_encounter(gallery->id, places[i].subject, places[i].encounter));
      for (NewFace& face : *made[i]) content.templates.at(face.place) = std::move(face.face);
      moved.faces += std::ssize(*made[i]);
      batch.update_templates(gallery->id, places[i].subject, places[i].encounter,
                             std::move(content));
      if (batch.changes().size() < kBatch && i + 1 < places.size()) continue;
      WHORL_TRY_VOID(store_->commit(batch));
      batch.clear();
    }
    WHORL_TRY(auto faces, faces_of(*gallery));
    WHORL_TRY_VOID(mark_moving(*gallery, ""));
    return faces;
  };
  auto faces = write();
  const auto guard = guard_.alone();
  if (gallery->devices != nullptr) gallery->devices->drop();
  if (!faces) {
    gallery->index.close_faces(how.model);
    return tl::unexpected<Error>(faces.error());
  }
  gallery->index.adopt_faces(std::move(*faces));
  return moved;
}

Result<> Engine::mark_moving(Gallery& gallery, const std::string& model) {
  gallery::GallerySettings settings = gallery.settings;
  settings.moving_to = model;
  WHORL_TRY_VOID(store_->change_settings(gallery.id, settings));
  const auto guard = guard_.alone();  // status() reads them
  gallery.settings = std::move(settings);
  return {};
}

// Snapshots of the indexes as they were: what they hold is not what the store will say.
Result<> Engine::forget_snapshots() {
  WHORL_TRY_VOID(store_->delete_side(gallery::kIndexSnapshotKey));
  std::error_code ignored;
  for (const auto& g : galleries_) {
    std::filesystem::remove(snapshot_path(g->id), ignored);
    unsaved_changes_ += g->index.templates();
  }
  return {};
}

Result<std::unique_ptr<index::FaceIndex>> Engine::faces_of(const Gallery& gallery) const {
  GalleryIndex index(gallery.settings.face_index);
  WHORL_TRY_VOID(
      store_->for_each_encounter(gallery.id, [&](const gallery::StoredEncounter& e) -> Result<> {
        return index.append_faces({e.subject, e.id, &e.content});
      }));
  return index.take_faces();
}

}  // namespace whorl::search
