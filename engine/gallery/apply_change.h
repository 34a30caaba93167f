#pragma once

#include <span>
#include <vector>

#include "engine/gallery/batch.h"
#include "engine/gallery/catalogue.h"

namespace whorl::gallery {

// A change on its way into the store: checked and encoded by the thread that brought it, so that
// the one that writes has only numbers to give and records to seal.
struct PreparedChange {
  const Change* change;
  Bytes plain;  // of enrol and update
  Tally tally;
};
Result<std::vector<PreparedChange>> prepare(const Batch& batch);

// Applies changes to a disk batch and the catalogue, of which a caller throws away both when one
// change is refused.
class ChangeApplier {
 public:
  ChangeApplier(const Vault& vault, DiskBatch& batch, Catalogue& catalogue, UnixMillis now)
      : vault_(vault), batch_(batch), catalogue_(catalogue), now_(now) {}

  // The encounter meant; 0 where it was the whole subject.
  Result<EncounterId> apply(const PreparedChange& prepared);

  struct Removal {
    std::int64_t unreadable = 0;  // encounters whose templates could not be counted
  };
  // Whatever state its records are in.
  Result<Removal> erase(SubjectPlace place);

 private:
  Result<EncounterId> change(const PreparedChange& prepared);
  Result<EncounterId> enrol(const PreparedChange& prepared);
  Result<EncounterId> update(const PreparedChange& prepared);
  Result<EncounterId> delete_encounter(const Change& change);
  Result<EncounterId> delete_subject(const Change& change);

  struct Enrolled {
    SubjectRecord record;
    Key key;
  };
  Result<Enrolled> must_find(SubjectPlace place) const;
  Result<Encounter> must_open(const Key& key, EncounterPlace place) const;
  Result<std::vector<EncounterPlace>> encounters_of(SubjectPlace place) const;
  Result<> put_encounter(const Key& key, EncounterPlace place, ByteView plain);
  void put_subject(SubjectPlace place, const SubjectRecord& record);
  void log(Operation operation, EncounterPlace place);
  GalleryRecord& counters(GalleryId gallery) { return catalogue_.galleries.at(gallery); }

  const Vault& vault_;
  DiskBatch& batch_;
  Catalogue& catalogue_;
  UnixMillis now_;
};

}  // namespace whorl::gallery
