#include "engine/gallery/batch.h"

#include <utility>

#include "kernels/core.h"

namespace whorl::gallery {

void Batch::enrol(GalleryId gallery, SubjectId subject, Encounter content, Expect expect) {
  changes_.push_back({Operation::enrol, gallery, subject, std::nullopt,
                      expect == Expect::new_subject, std::move(content)});
}

void Batch::enrol_as(GalleryId gallery, SubjectId subject, EncounterId encounter, Encounter content,
                     Expect expect) {
  changes_.push_back({Operation::enrol, gallery, subject, encounter, expect == Expect::new_subject,
                      std::move(content)});
}

void Batch::update(GalleryId gallery, SubjectId subject, EncounterId encounter, Encounter content) {
  changes_.push_back({Operation::update, gallery, subject, encounter, false, std::move(content)});
}

void Batch::update_templates(GalleryId gallery, SubjectId subject, EncounterId encounter,
                             Encounter content) {
  update(gallery, subject, encounter, std::move(content));
  changes_.back().pictures_stay = true;
}

void Batch::delete_encounter(GalleryId gallery, SubjectId subject, EncounterId encounter) {
  changes_.push_back({Operation::delete_encounter, gallery, subject, encounter, false, {}});
}

void Batch::delete_subject(GalleryId gallery, SubjectId subject) {
  changes_.push_back({Operation::delete_subject, gallery, subject, std::nullopt, false, {}});
}

void Batch::remember(Note note) {
  WHORL_CHECK(!changes_.empty());
  WHORL_CHECK(!changes_.back().note.has_value());
  changes_.back().note = std::move(note);
}

void Batch::keep(std::vector<Picture> pictures) {
  WHORL_CHECK(!changes_.empty());
  changes_.back().pictures = std::move(pictures);
}

}  // namespace whorl::gallery
