#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/clock.h"
#include "engine/base/crypto.h"
#include "engine/base/result.h"
#include "engine/gallery/fair_lock.h"
#include "engine/gallery/store.h"
#include "engine/search/device_gallery.h"
#include "engine/search/gallery_index.h"
#include "engine/search/query.h"
#include "kernels/backend.h"

namespace whorl::search {

struct EngineOptions {
  std::string folder;
  Key master;
  bool create = false;  // make the store where there is none
  kernels::Backend backend = kernels::best_backend();
  const Clock* clock = nullptr;  // null: the system's
  Entropy* entropy = nullptr;    // null: the system's
  DeviceOptions devices;         // none
};

// One person's visit on its way in.
struct Enrolment {
  SubjectId subject;
  Encounter encounter;
  bool expect_new_subject = false;  // Fault::duplicate_id when the subject is enrolled already
  // What to remember of the enrolment, or nothing; null remembers nothing. Asked once, when it is
  // known what the search before it found (nothing without dedup), and stored in the same write. Of
  // a duplicate, which is not enrolled, the note alone is stored. A name that is taken refuses the
  // enrolment: Fault::duplicate_id. It must not call the engine.
  std::function<std::optional<gallery::Note>(const std::optional<Answer>& search)> note = {};
  // Of its faces; dropped where the gallery keeps none.
  std::vector<gallery::Picture> pictures = {};
  // What identify found for dedup_query of it, where it was asked before: then only who was
  // enrolled since is looked at. Where more than that changed, the search is made anew.
  std::optional<Answer> searched = {};
};

// Search before storing: a hit is reported and not enrolled. `query` says how to search (its
// templates are ignored); the enrolment's own subject never counts as a duplicate of itself.
struct Dedup {
  Query query;
  bool enrol_referrals = true;  // store what an examiner has yet to look at
  // Replaces the search's decision and reasons by a policy's; null keeps them. Must not call the
  // engine.
  std::function<void(const Query&, Answer&)> judge = {};
};

// What dedup asks before it stores the enrolment.
Query dedup_query(const Enrolment& enrolment, const Dedup& dedup);

// How a gallery's faces are made anew by another model.
struct ReEmbedding {
  std::string model;  // its id
  // The faces of a kept file, in its order, of that model and one dimension. Called by several
  // threads at once. Whatever fault it gives keeps the gallery as it is.
  std::function<Result<std::vector<FaceTemplate>>(std::span<const std::byte> file)> embed;
  std::function<void(std::int64_t done, std::int64_t of)> progress = {};  // encounters embedded
};
struct ReEmbedded {
  std::int64_t encounters = 0, faces = 0;  // moved by this call
};

enum class Outcome : std::uint8_t { enrolled, duplicate, refused };

struct Receipt {
  Outcome outcome = Outcome::refused;
  SubjectId subject;
  EncounterId encounter;         // where enrolled
  Revision revision;             // likewise
  std::optional<Answer> search;  // where dedup was asked for
  std::optional<Error> error;    // where refused: nothing of this enrolment was stored
};

struct StreamSummary {
  std::int64_t enrolled = 0, duplicates = 0, refused = 0, templates = 0;
  double seconds = 0;
};

struct GalleryStatus {
  std::string name;
  gallery::GallerySettings settings;
  std::int64_t subjects = 0, templates = 0;
  std::size_t resident_bytes = 0;
  std::int64_t device_bytes = 0;        // in device memory; nothing before the first search there
  std::optional<Error> device_trouble;  // why a device does not serve it, or not all of it
};

// The embedded engine: a store, and of each gallery the index that follows from it.
//
// Thread safety: every member may be called from any thread. Searches run together; a change is
// seen by all searches that start after its call returned, and by none before it is on disk.
//   turn_   one change at a time. Dedup searches before it takes the turn, and in its turn whom
//           others enrolled meanwhile: its search and its enrolment are one step
//   guard_  the indexes: shared by searches, alone for the moment a change is applied, for which
//           new searches wait
//   renewal_  before turn_, by what makes indexes anew beside those that searches use
// A device that fails loses no search: the CPU answers it, and the ones after it.
class Engine {
 public:
  // Opens the store and brings the indexes to its latest revision: from their snapshot plus what
  // changed since, or, where there is no valid snapshot, from the gallery. Both give the same
  // answers.
  static Result<std::unique_ptr<Engine>> open(const EngineOptions& options);
  ~Engine();

  // Faults: already_exists, bad_name.
  Result<> create_gallery(const std::string& name, const gallery::GallerySettings& settings = {});

  // Durable when it returns. Faults of the enrolment itself come back in the receipt; a Result
  // fault means that the machine failed (disk_full, io_error ...) or the gallery does not exist.
  Result<Receipt> enrol(const std::string& gallery, const Enrolment& enrolment,
                        const Dedup* dedup = nullptr);

  // The enrol pipeline: `next` is asked in order until it gives nothing, codes are made in
  // parallel, batches are committed in order and acknowledged through `done` (in order, once each,
  // after they are on disk). At most kStreamInFlight batches of kStreamBatch enrolments are in
  // memory. With dedup each enrolment is searched against all before it.
  Result<StreamSummary> enrol_stream(const std::string& gallery,
                                     const std::function<std::optional<Enrolment>()>& next,
                                     const std::function<void(const Receipt&)>& done,
                                     const Dedup* dedup = nullptr);
  static constexpr std::size_t kStreamBatch = 256;
  static constexpr std::size_t kStreamPictureBytes = std::size_t{64} << 20U;  // or so of pictures
  static constexpr std::size_t kStreamInFlight = 6;

  // Faults: not_found (gallery), and those of check_query with the query's number in `where`.
  Result<std::vector<Answer>> identify(const std::string& gallery,
                                       std::span<const Query> queries) const;

  // Each gives the change's revision; a note is stored with the change, in one write.
  // Replaces an encounter; the receipt's faults as of enrol.
  Result<Revision> update(const std::string& gallery, SubjectId subject, EncounterId encounter,
                          const Encounter& content, const gallery::Note* note = nullptr,
                          std::vector<gallery::Picture> pictures = {});
  Result<Revision> delete_encounter(const std::string& gallery, SubjectId subject,
                                    EncounterId encounter, const gallery::Note* note = nullptr);
  Result<Revision> delete_subject(const std::string& gallery, SubjectId subject,
                                  const gallery::Note* note = nullptr);
  // Destroys the key, too: gallery::Store::erase_subject.
  Result<Revision> erase_subject(const std::string& gallery, SubjectId subject,
                                 const gallery::Note* note = nullptr);

  // Moves the gallery's faces to another model, from the pictures that were kept of them. Searches
  // go on with the old vectors until all new ones are on disk, then see the new ones alone; changes
  // wait. Nothing is written before every vector is made: in memory, as large as the index of
  // faces. Where the process or the disk fails after that, the gallery answers and takes no face
  // (gallery_moving) until the same call has finished the rest; what was moved is not made again.
  // Faults: no_kept_picture, those of `embed`, wrong_model, wrong_dimension, each with the
  // subjects' numbers; gallery_moving where another model was begun with; not_found, and the
  // disk's.
  Result<ReEmbedded> re_embed(const std::string& gallery, const ReEmbedding& how);

  // Writes the indexes beside the store (index/), sealed. Also done on close after many changes.
  Result<> save_snapshot();
  // Drops the indexes and makes them again from the gallery alone.
  Result<> rebuild_indexes();
  // Makes the indexes anew of which such a share or more is places of what was removed, so that
  // their memory is free again. Searches and changes go on: the new one is made beside the old, and
  // takes its place when it has caught up. Memory for both of a gallery is needed. The first fault,
  // after all galleries were tried: damage in the store, or `cancelled` where erasures kept ending
  // the view that is read.
  Result<> close_gaps(double share = kWorthClosing);
  // The new index takes three quarters of the old one's memory at most, its making as long as a
  // start without a snapshot: for less it is not worth either.
  static constexpr double kWorthClosing = 0.25;

  // How many subjects the gallery has. Fault::not_found (gallery).
  Result<std::int64_t> people(const std::string& gallery) const;
  std::vector<GalleryStatus> status() const;
  bool loaded_from_snapshot() const { return loaded_from_snapshot_; }
  gallery::Store& store() {
    return *store_;
  }  // for reading, notes, backup, verify; changes go through here

 private:
  struct Gallery {
    GalleryId id;
    std::string name;
    gallery::GallerySettings settings;
    GalleryIndex index;
    std::unique_ptr<DeviceGallery> devices;  // null without an accelerator
  };
  struct Item {
    Enrolment enrolment;
    std::optional<gallery::Note> note;
  };
  using Items = std::vector<Item>;
  struct Incoming {
    Enrolment enrolment;
    Result<> prepared;
  };

  Engine(const EngineOptions& options, std::unique_ptr<gallery::Store> store);
  Gallery& add_gallery(const gallery::GalleryInfo& info);
  Result<Gallery*> find(const std::string& name) const;
  std::string snapshot_path(GalleryId gallery) const;
  Result<> load(Gallery& gallery);
  Result<> rebuild(Gallery& gallery);
  Result<> fill(const Gallery& gallery, GalleryIndex& index) const;
  Result<std::int64_t> follow_changes(const Gallery& gallery, Revision since, Revision until,
                                      GalleryIndex& index) const;
  Result<> refresh(const Gallery& gallery, SubjectId subject, GalleryIndex& index) const;
  Result<> renew(Gallery& gallery);
  Result<> renew_once(Gallery& gallery);
  static void wipe_on_devices(const Gallery& gallery);
  void remove(Gallery& gallery, SubjectId subject, std::optional<EncounterId> encounter);
  Result<> mark_moving(Gallery& gallery, const std::string& model);
  Result<> forget_snapshots();
  Result<std::unique_ptr<index::FaceIndex>> faces_of(const Gallery& gallery) const;

  Result<> prepare(Enrolment& enrolment) const;
  Result<> check(const Gallery& gallery, const Enrolment& enrolment) const;
  void search_ahead(const Gallery& gallery, std::vector<Incoming>& items, const Dedup& dedup) const;
  Result<Answer> search_now(const Gallery& gallery, const Query& query,
                            std::optional<Answer> earlier) const;
  Result<Revision> commit(gallery::Batch& batch, const gallery::Note* note);
  Result<std::vector<Receipt>> store_batch(Gallery& gallery, const Items& items);
  Result<Receipt> store_unless_known(Gallery& gallery, Enrolment& enrolment, const Dedup& dedup);
  Result<std::vector<Receipt>> admit(Gallery& gallery, std::vector<Incoming>& items,
                                     const Dedup* dedup);

  EngineOptions options_;
  std::unique_ptr<gallery::Store> store_;
  std::vector<std::unique_ptr<Gallery>> galleries_;
  std::int64_t unsaved_changes_ = 0;
  bool loaded_from_snapshot_ = false;
  std::mutex renewal_, turn_;
  mutable gallery::FairLock guard_;
};

}  // namespace whorl::search
