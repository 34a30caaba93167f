#include "engine/search/gallery_index.h"

#include <algorithm>
#include <atomic>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/face_matcher.h"

namespace whorl::search {
namespace {

index::PrintOwner owner_of(const IndexedEncounter& e, std::size_t ordinal) {
  return {e.subject.value(), e.encounter.value(), e.content->demographics.birth_year,
          static_cast<std::uint8_t>(e.content->demographics.sex),
          static_cast<std::uint8_t>(ordinal)};
}

std::uint64_t new_form() {
  static std::atomic<std::uint64_t> forms = 0;
  return ++forms;
}

}  // namespace

GalleryIndex::GalleryIndex(FaceIndexKind faces) : form_(new_form()), face_kind_(faces) {
  for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
    fingers_.emplace_back(FingerPosition{p}, features::kMinutiaCodeVersion);
  }
}

Result<> GalleryIndex::admissible(const Encounter& encounter) const {
  const FaceTemplate* first = nullptr;
  for (const Template& t : encounter.templates) {
    const auto* face = std::get_if<FaceTemplate>(&t);
    if (face == nullptr) continue;
    if (!moving_to_.empty()) return fail(Fault::gallery_moving, 0, "to model " + moving_to_);
    WHORL_TRY([[maybe_unused]] auto unit, matchers::unit_vector(*face));
    if (first == nullptr) first = face;
    const std::string& model = face_ ? face_->model() : first->model;
    const auto dimension = face_ ? face_->dimension() : static_cast<int>(first->vector.size());
    if (face->model != model) return fail(Fault::wrong_model);
    if (static_cast<int>(face->vector.size()) != dimension) return fail(Fault::wrong_dimension);
  }
  return {};
}

void GalleryIndex::append(std::span<const IndexedEncounter> encounters) {
  std::vector<std::vector<index::FingerPrint>> prints(fingers_.size());
  for (const IndexedEncounter& e : encounters) {
    for (std::size_t t = 0; t < e.content->templates.size(); ++t) {
      const index::PrintOwner owner = owner_of(e, t);
      if (const auto* finger = std::get_if<FingerTemplate>(&e.content->templates[t])) {
        prints[static_cast<std::size_t>(finger->position)].push_back({owner, finger});
      } else if (moving_to_.empty()) {
        append_face(owner, std::get<FaceTemplate>(e.content->templates[t]));
      }
    }
  }
  for (std::size_t p = 0; p < fingers_.size(); ++p) {
    auto row = static_cast<std::uint32_t>(fingers_[p].rows());
    fingers_[p].append(prints[p]);
    for (const index::FingerPrint& print : prints[p]) {
      places_[print.owner.subject_id()].push_back(
          {Modality::finger, FingerPosition{static_cast<std::uint8_t>(p)}, index::Row{row++}});
    }
  }
}

void GalleryIndex::append_face(const index::PrintOwner& owner, const FaceTemplate& face) {
  if (!face_) {
    face_ = std::make_unique<index::FaceIndex>(face_kind_, face.model,
                                               static_cast<int>(face.vector.size()));
  }
  const Result<index::Row> row = face_->add(owner, face);
  WHORL_CHECK(row.has_value());  // admissible() said so
  places_[owner.subject_id()].push_back({Modality::face, FingerPosition::unknown, *row});
}

Result<> GalleryIndex::append_faces(const IndexedEncounter& e) {
  WHORL_TRY_VOID(admissible(*e.content));
  for (std::size_t t = 0; t < e.content->templates.size(); ++t) {
    const auto* face = std::get_if<FaceTemplate>(&e.content->templates[t]);
    if (face != nullptr) append_face(owner_of(e, t), *face);
  }
  return {};
}

Seen GalleryIndex::seen() const {
  Seen seen{form_, {}, face_ ? face_->rows() : 0};
  for (std::size_t p = 0; p < fingers_.size(); ++p) seen.prints[p] = fingers_[p].rows();
  return seen;
}

void GalleryIndex::drop_faces() {
  for (auto& [subject, places] : places_) {
    std::erase_if(places, [](const Place& place) { return place.modality == Modality::face; });
  }
  std::erase_if(places_, [](const auto& of_subject) { return of_subject.second.empty(); });
  face_.reset();
}

void GalleryIndex::close_faces(const std::string& moving_to) {
  drop_faces();
  form_ = new_form();
  moving_to_ = moving_to;
}

void GalleryIndex::adopt_faces(std::unique_ptr<index::FaceIndex> faces) {
  close_faces("");
  face_ = std::move(faces);
  for (std::uint32_t r = 0; face_ != nullptr && r < face_->rows(); ++r) {
    if (!face_->is_live(index::Row{r})) continue;
    places_[face_->owner(index::Row{r}).subject_id()].push_back(
        {Modality::face, FingerPosition::unknown, index::Row{r}});
  }
}

void GalleryIndex::adopt(index::FingerIndex fingers) {
  const FingerPosition position = fingers.position();
  for (std::uint32_t r = 0; r < fingers.rows(); ++r) {
    if (!fingers.is_live(index::Row{r})) continue;
    places_[fingers.owner(index::Row{r}).subject_id()].push_back(
        {Modality::finger, position, index::Row{r}});
  }
  fingers_[static_cast<std::size_t>(position)] = std::move(fingers);
  form_ = new_form();
}

const index::PrintOwner& GalleryIndex::owner(const Place& place) const {
  return place.modality == Modality::face ? face_->owner(place.row)
                                          : finger(place.position).owner(place.row);
}

void GalleryIndex::remove(SubjectId subject, std::optional<EncounterId> encounter) {
  const auto found = places_.find(subject);
  if (found == places_.end()) return;
  form_ = new_form();
  std::erase_if(found->second, [&](const Place& place) {
    if (encounter && owner(place).encounter_id() != *encounter) return false;
    if (place.modality == Modality::face) {
      WHORL_CHECK(face_->remove(place.row).has_value());
    } else {
      fingers_[static_cast<std::size_t>(place.position)].remove(place.row);
    }
    return true;
  });
  if (found->second.empty()) places_.erase(found);
}

std::span<const GalleryIndex::Place> GalleryIndex::places_of(SubjectId subject) const {
  const auto found = places_.find(subject);
  return found == places_.end() ? std::span<const Place>{} : std::span<const Place>(found->second);
}

std::int64_t GalleryIndex::templates() const {
  std::int64_t count = face_ ? face_->live() : 0;
  for (const index::FingerIndex& f : fingers_) count += f.live();
  return count;
}

std::int64_t GalleryIndex::rows() const {
  std::int64_t count = face_ ? face_->rows() : 0;
  for (const index::FingerIndex& f : fingers_) count += f.rows();
  return count;
}

std::size_t GalleryIndex::resident_bytes() const {
  // A node of the map, its vector's own memory and the bucket, as libstdc++ lays them out.
  constexpr std::size_t kNodeBytes = 48 + 16 + 8;
  std::size_t bytes = face_ ? face_->resident_bytes() : 0;
  for (const index::FingerIndex& f : fingers_) bytes += f.resident_bytes();
  for (const auto& [subject, places] : places_)
    bytes += kNodeBytes + places.capacity() * sizeof(Place);
  return bytes;
}

}  // namespace whorl::search
