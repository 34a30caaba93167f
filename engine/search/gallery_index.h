#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/index/face_index.h"
#include "engine/index/finger_index.h"
#include "engine/index/print_owner.h"
#include "engine/search/query.h"

namespace whorl::search {

struct IndexedEncounter {
  SubjectId subject;
  EncounterId encounter;
  const Encounter* content;  // finger templates with codes of the current version
};

// Everything a search needs of one gallery, in memory: a finger index for each position, a face
// index for the gallery's model, and where each subject's templates stand. Derived from the store.
//
// Thread safety: const members may run at once; the others need the object to themselves.
class GalleryIndex {
 public:
  explicit GalleryIndex(FaceIndexKind faces = FaceIndexKind::exact);

  // Whether append would take it: faces must be finite and of the gallery's model and dimension.
  // Faults: wrong_model, wrong_dimension, not_finite, zero_vector, gallery_moving.
  Result<> admissible(const Encounter& encounter) const;
  // Encounters must have passed admissible.
  void append(std::span<const IndexedEncounter> encounters);
  void remove(SubjectId subject,
              std::optional<EncounterId> encounter);  // unknown ones are no fault

  const index::FingerIndex& finger(FingerPosition position) const {
    return fingers_[static_cast<std::size_t>(position)];
  }
  const index::FaceIndex* face() const { return face_.get(); }  // null while no face is enrolled

  // Where one template of a subject stands.
  struct Place {
    Modality modality;
    FingerPosition position;  // of a finger
    index::Row row;
  };
  std::span<const Place> places_of(SubjectId subject) const;

  Seen seen() const;  // all there is
  // A number that no index had before, whenever rows were taken out or made anew: appending alone
  // keeps it.
  std::uint64_t form() const { return form_; }

  std::int64_t subjects() const { return std::ssize(places_); }
  std::int64_t templates() const;
  std::int64_t rows() const;  // those and the places of what was removed
  std::size_t resident_bytes() const;

  // Takes over what a snapshot kept, in place of what is here.
  void adopt(index::FingerIndex fingers);
  void append_face(const index::PrintOwner& owner, const FaceTemplate& face);

  // For a gallery that goes over to another face model. Closed, it has no faces, takes none and
  // searches none (gallery_moving) until it adopts those of the other model; null: none.
  void close_faces(const std::string& moving_to);
  void adopt_faces(std::unique_ptr<index::FaceIndex> faces);
  // The faces alone, with the faults of admissible; and what was gathered so.
  Result<> append_faces(const IndexedEncounter& encounter);
  std::unique_ptr<index::FaceIndex> take_faces() { return std::move(face_); }

 private:
  const index::PrintOwner& owner(const Place& place) const;
  void drop_faces();

  std::uint64_t form_;
  FaceIndexKind face_kind_;
  std::string moving_to_;                    // the model; faces are closed. Else empty
  std::vector<index::FingerIndex> fingers_;  // by position
  std::unique_ptr<index::FaceIndex> face_;
  std::unordered_map<SubjectId, std::vector<Place>> places_;
};

}  // namespace whorl::search
