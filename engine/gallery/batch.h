#pragma once
// What goes into a store: changes, gathered into batches.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/byte_writer.h"
#include "engine/base/limits.h"

namespace whorl::gallery {

// How the change log tells what happened; the numbers are on disk: append, never renumber.
enum class Operation : std::uint8_t {
  enrol = 1,
  update = 2,
  delete_encounter = 3,
  delete_subject = 4,
  erase_subject = 5,
};

// What a caller wants remembered of a change, for instance the answer to the request that made it:
// stored with the change or not at all, so that a request repeated after a crash is answered from
// its note and not done twice. No place for templates: a note outlives the subject's key.
struct Note {
  std::string name;  // [a-z0-9_-]{1,64}; one that is taken refuses the batch: Fault::duplicate_id
  Bytes content;     // 1 .. kMaxNoteBytes
};

// The file that face templates of an encounter were made of, as it came.
struct Picture {
  std::uint8_t first_template = 0, templates = 1;  // made of it: one a picture of the file
  Bytes file;                                      // 1 .. kMaxKeptPictureBytes

  bool operator==(const Picture&) const = default;
};

struct Change {
  Operation operation;
  GalleryId gallery;
  SubjectId subject;
  std::optional<EncounterId> encounter;  // enrol: absent takes the subject's next number
  bool expect_new_subject = false;       // enrol alone
  Encounter content;                     // enrol and update
  std::optional<Note> note = std::nullopt;
  std::vector<Picture> pictures = {};  // enrol and update
  bool pictures_stay = false;          // update alone
};

enum class Expect : std::uint8_t { any_subject, new_subject };

// Changes that are stored together or not at all, in this order.
class Batch {
 public:
  // The subject's next encounter number is taken: 1 for a new subject.
  // Expect::new_subject refuses a subject that is enrolled already: Fault::duplicate_id.
  void enrol(GalleryId gallery, SubjectId subject, Encounter content,
             Expect expect = Expect::any_subject);
  // For importers, whose numbers are given: a number that is taken is refused: Fault::duplicate_id.
  void enrol_as(GalleryId gallery, SubjectId subject, EncounterId encounter, Encounter content,
                Expect expect = Expect::any_subject);
  // Replaces all of an encounter; what was kept of its pictures goes. Fault::not_found where there
  // is none.
  void update(GalleryId gallery, SubjectId subject, EncounterId encounter, Encounter content);
  // The same, and the pictures stay: the templates are made of them.
  void update_templates(GalleryId gallery, SubjectId subject, EncounterId encounter,
                        Encounter content);
  // A subject whose last encounter goes is no longer enrolled. Fault::not_found as above.
  void delete_encounter(GalleryId gallery, SubjectId subject, EncounterId encounter);
  // Gone for every reader. What it leaves in the store's files until they are next compacted is
  // sealed, but its key is still there: Store::erase_subject destroys that too.
  void delete_subject(GalleryId gallery, SubjectId subject);
  // Of the change added last; there must be one, without a note so far.
  void remember(Note note);
  // The pictures of the enrolment or update added last: of its faces, none of the same.
  void keep(std::vector<Picture> pictures);

  const std::vector<Change>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }
  std::int64_t size() const { return static_cast<std::int64_t>(changes_.size()); }
  void clear() { changes_.clear(); }

 private:
  std::vector<Change> changes_;
};

// What became of a batch that is on disk.
struct Commit {
  Revision revision;  // of the last change; change i of n has revision - (n - 1) + i
  std::vector<EncounterId> encounters;  // one a change, in order; 0 where it meant a whole subject
};

}  // namespace whorl::gallery
