// How the indexes follow from the store: read from a snapshot or made from all there is, brought up
// to date by the log of changes, saved, and made anew.

#include <filesystem>
#include <utility>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/search/engine.h"
#include "engine/search/index_snapshot.h"

namespace whorl::search {
namespace {

constexpr std::size_t kRebuildBatch = 1024;
constexpr int kRenewalTries = 16;
constexpr const char* kSnapshotFolder = "index";

void append(std::vector<gallery::StoredEncounter>& encounters, kernels::Backend backend,
            GalleryIndex& index) {
  std::vector<IndexedEncounter> rows;
  for (gallery::StoredEncounter& e : encounters) {
    for (Template& t : e.content.templates) {  // codes of an older projection are made anew
      if (auto* finger = std::get_if<FingerTemplate>(&t))
        features::describe_minutiae(*finger, backend);
    }
    rows.push_back({e.subject, e.id, &e.content});
  }
  index.append(rows);
}

}  // namespace

std::string Engine::snapshot_path(GalleryId gallery) const {
  return (std::filesystem::path(options_.folder) / kSnapshotFolder /
          (std::to_string(gallery.value()) + ".whix"))
      .string();
}

Result<> Engine::load(Gallery& gallery) {
  WHORL_TRY(const auto secret, store_->get_side(gallery::kIndexSnapshotKey));
  if (secret && secret->size() == Key::kBytes && gallery.settings.moving_to.empty()) {
    const Key key{std::span<const std::byte, Key::kBytes>(secret->data(), Key::kBytes)};
    auto loaded =
        load_index(snapshot_path(gallery.id), key, gallery.id, gallery.settings.face_index);
    if (loaded && loaded->revision <= store_->revision()) {
      gallery.index = std::move(loaded->index);
      WHORL_TRY(const auto changes,
                follow_changes(gallery, loaded->revision, store_->revision(), gallery.index));
      unsaved_changes_ += changes;
      return {};
    }
  }
  loaded_from_snapshot_ = false;
  return rebuild(gallery);
}

Result<> Engine::rebuild(Gallery& gallery) {
  if (gallery.devices != nullptr) gallery.devices->drop();
  gallery.index = GalleryIndex(gallery.settings.face_index);
  WHORL_TRY_VOID(fill(gallery, gallery.index));
  unsaved_changes_ += gallery.index.templates();
  return {};
}

// An empty index, with all that the store has.
Result<> Engine::fill(const Gallery& gallery, GalleryIndex& index) const {
  index.close_faces(gallery.settings.moving_to);
  std::vector<gallery::StoredEncounter> batch;
  const auto flush = [&] {
    append(batch, options_.backend, index);
    batch.clear();
  };
  WHORL_TRY_VOID(
      store_->for_each_encounter(gallery.id, [&](const gallery::StoredEncounter& e) -> Result<> {
        batch.push_back(e);
        if (batch.size() == kRebuildBatch) flush();
        return {};
      }));
  flush();
  return {};
}

// How many changes of the gallery's that were.
Result<std::int64_t> Engine::follow_changes(const Gallery& gallery, Revision since, Revision until,
                                            GalleryIndex& index) const {
  std::int64_t count = 0;
  while (since < until) {
    WHORL_TRY(const auto changes, store_->changes_since(since));
    if (changes.empty()) break;
    for (const gallery::ChangeEntry& change : changes) {
      if (change.gallery != gallery.id) continue;
      WHORL_TRY_VOID(refresh(gallery, change.subject, index));
      ++count;
    }
    since = changes.back().revision;
  }
  return count;
}

// Whatever happened to the subject: its rows become what the store says now.
Result<> Engine::refresh(const Gallery& gallery, SubjectId subject, GalleryIndex& index) const {
  index.remove(subject, std::nullopt);
  auto encounters = store_->get_subject(gallery.id, subject);
  if (!encounters)
    return encounters.error().fault == Fault::not_found ? Result<>{} : at(encounters.error(), "");
  append(*encounters, options_.backend, index);
  return {};
}

Result<> Engine::save_snapshot() {
  const std::lock_guard turn(turn_);  // nothing changes meanwhile; searches go on
  WHORL_TRY(auto secret, store_->get_side(gallery::kIndexSnapshotKey));
  if (!secret || secret->size() != Key::kBytes) {
    SystemEntropy system;
    WHORL_TRY(const Key fresh,
              Key::random(options_.entropy != nullptr ? *options_.entropy : system));
    secret = Bytes(fresh.bytes().begin(), fresh.bytes().end());
    WHORL_TRY_VOID(store_->put_side(gallery::kIndexSnapshotKey, *secret));
  }
  const Key key{std::span<const std::byte, Key::kBytes>(secret->data(), Key::kBytes)};
  std::error_code ignored;  // creating the file below says what is wrong
  std::filesystem::create_directories(std::filesystem::path(options_.folder) / kSnapshotFolder,
                                      ignored);
  SystemEntropy entropy;
  for (const auto& g : galleries_) {
    if (!g->settings.moving_to.empty()) continue;  // without its faces: not what it will be
    WHORL_TRY_VOID(
        save_index(snapshot_path(g->id), key, g->id, store_->revision(), g->index, entropy));
  }
  unsaved_changes_ = 0;
  return {};
}

Result<> Engine::rebuild_indexes() {
  const std::scoped_lock turn(renewal_, turn_);
  const auto guard = guard_.alone();
  for (const auto& g : galleries_) WHORL_TRY_VOID(rebuild(*g));
  return {};
}

Result<> Engine::close_gaps(double share) {
  const std::lock_guard renewal(renewal_);
  std::vector<Gallery*> with_gaps;
  {
    const auto guard = guard_.shared();
    for (const auto& g : galleries_) {
      const std::int64_t rows = g->index.rows(), gaps = rows - g->index.templates();
      if (gaps > 0 && static_cast<double>(gaps) >= share * static_cast<double>(rows))
        with_gaps.push_back(g.get());
    }
  }
  Result<> first;
  for (Gallery* const gallery : with_gaps) {
    const Result<> renewed = renew(*gallery);
    if (first && !renewed) first = renewed;
  }
  return first;
}

// An erasure ends every view of the store, also the one that is read here: then from the beginning.
Result<> Engine::renew(Gallery& gallery) {
  for (int tries = 1;; ++tries) {
    Result<> renewed = renew_once(gallery);
    if (renewed || renewed.error().fault != Fault::cancelled || tries == kRenewalTries) {
      return renewed;
    }
  }
}

Result<> Engine::renew_once(Gallery& gallery) {
  Revision followed = store_->revision();
  GalleryIndex index(gallery.settings.face_index);  // the old one, at last: freed without a lock
  WHORL_TRY_VOID(fill(gallery, index));
  const auto catch_up = [&]() -> Result<> {
    const Revision now = store_->revision();
    WHORL_TRY_VOID(follow_changes(gallery, followed, now, index));
    followed = now;
    return {};
  };
  // What changed while it was filled, and then in that time: what is left for the turn is little.
  WHORL_TRY_VOID(catch_up());
  WHORL_TRY_VOID(catch_up());
  const std::lock_guard turn(turn_);
  WHORL_TRY_VOID(catch_up());
  const auto guard = guard_.alone();
  if (gallery.devices != nullptr) gallery.devices->drop();
  std::swap(gallery.index, index);
  unsaved_changes_ += gallery.index.templates();
  return {};
}

}  // namespace whorl::search
