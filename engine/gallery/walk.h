#pragma once

#include <optional>
#include <vector>

#include "engine/gallery/record_access.h"

namespace whorl::gallery {

// Reads subjects with their encounters in ascending order, and holds the two spaces against each
// other: an encounter without a subject, and a subject with fewer or more encounters than its
// record says, are damage like any other. The reader's view must not be null.
class Walk {
 public:
  // From the first subject at or after `from`; within `only` where it is given.
  Walk(const DiskReader& reader, const Vault& vault, std::optional<GalleryId> only,
       SubjectPlace from);

  struct Subject {
    SubjectPlace place;
    std::vector<StoredEncounter> encounters;
  };
  // The next subject, or nothing at the end. With a list of `damage`, what cannot be read is named
  // there and left out, and the walk goes on; without, it is the error returned.
  Result<std::optional<Subject>> next(std::vector<Error>* damage = nullptr);

 private:
  bool within(GalleryId gallery) const { return !only_ || gallery == *only_; }
  Result<std::optional<SubjectPlace>> subject_here() const;
  Result<> no_orphan_before(std::optional<SubjectPlace> place, std::vector<Error>* damage);
  Result<SubjectRecord> record_here(SubjectPlace place) const;
  Result<> read_encounters(SubjectPlace place, std::vector<Error>* damage, Subject& subject);

  const Vault& vault_;
  std::optional<GalleryId> only_;
  Cursor subjects_, encounters_;
};

}  // namespace whorl::gallery
