// The enrolling half of Engine: one enrolment, and the pipeline for many.

#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>

#include "engine/search/engine.h"
#include "engine/search/identify.h"
#include "kernels/finger_block.h"

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;

// Dedup's searches go over the gallery so many at a time: as many as the finger kernels read a
// block for. More would keep the changes of others waiting for longer.
constexpr std::size_t kSearchedTogether = kernels::kMaxBatchProbes;

bool machine_failed(const Error& error) { return text_of(error.fault).blame == Blame::machine; }

bool founds_face_index(const GalleryIndex& index, const Enrolment& item) {
  return index.face() == nullptr &&
         std::ranges::any_of(item.encounter.templates,
                             [](const Template& t) { return modality_of(t) == Modality::face; });
}

Receipt refused(SubjectId subject, Error error) {
  return {Outcome::refused, subject, {}, {}, std::nullopt, std::move(error)};
}

std::size_t bytes_of_pictures(const Enrolment& enrolment) {
  std::size_t bytes = 0;
  for (const gallery::Picture& picture : enrolment.pictures) bytes += picture.file.size();
  return bytes;
}

std::optional<gallery::Note> note_of(const Enrolment& enrolment,
                                     const std::optional<Answer>& search) {
  return enrolment.note ? enrolment.note(search) : std::nullopt;
}

}  // namespace

Query dedup_query(const Enrolment& enrolment, const Dedup& dedup) {
  Query query = dedup.query;
  query.templates = enrolment.encounter.templates;
  query.filter.excluded.push_back(enrolment.subject);
  std::ranges::sort(query.filter.excluded);
  return query;
}

// Together, so that the gallery is read once for many. One that cannot be searched with hinders the
// others: then each is searched in its turn, and hears its fault there.
void Engine::search_ahead(const Gallery& gallery, std::vector<Incoming>& items,
                          const Dedup& dedup) const {
  std::vector<Enrolment*> asking;
  for (Incoming& item : items) {
    if (item.prepared && !item.enrolment.searched) asking.push_back(&item.enrolment);
  }
  for (std::size_t first = 0; first < asking.size(); first += kSearchedTogether) {
    const std::size_t last = std::min(asking.size(), first + kSearchedTogether);
    std::vector<Query> queries;
    for (std::size_t i = first; i < last; ++i) queries.push_back(dedup_query(*asking[i], dedup));
    auto answers = identify(gallery.name, queries);
    for (std::size_t i = first; answers && i < last; ++i) {
      asking[i]->searched = std::move((*answers)[i - first]);
    }
  }
}

// With the turn.
Result<Answer> Engine::search_now(const Gallery& gallery, const Query& query,
                                  std::optional<Answer> earlier) const {
  if (earlier) {
    const auto guard = guard_.shared();
    if (earlier->seen.form == gallery.index.form()) {
      return tbb::this_task_arena::isolate([&] {
        return identify_since(gallery.index, query, *std::move(earlier), options_.backend);
      });
    }
  }
  WHORL_TRY(auto answers, identify(gallery.name, {&query, 1}));
  return std::move(answers.front());
}

// All in one write to the disk. When one of them is refused the store takes none, so each is tried
// by itself: the good ones are enrolled and the bad one gets its reason.
Result<std::vector<Receipt>> Engine::store_batch(Gallery& gallery, const Items& items) {
  std::vector<Receipt> receipts;
  if (items.empty()) return receipts;
  gallery::Batch batch;
  for (const auto& [enrolment, note] : items) {
    batch.enrol(
        gallery.id, enrolment.subject, enrolment.encounter,
        enrolment.expect_new_subject ? gallery::Expect::new_subject : gallery::Expect::any_subject);
    if (note) batch.remember(*note);
    batch.keep(enrolment.pictures);
  }
  const auto commit = store_->commit(batch);
  if (!commit) {
    if (machine_failed(commit.error())) return tl::unexpected(commit.error());
    if (items.size() == 1) {
      return std::vector{refused(items.front().enrolment.subject, commit.error())};
    }
    for (const Item& item : items) {
      WHORL_TRY(auto one, store_batch(gallery, {item}));
      receipts.push_back(std::move(one.front()));
    }
    return receipts;
  }
  std::vector<IndexedEncounter> rows;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Enrolment& enrolment = items[i].enrolment;
    const EncounterId encounter = commit->encounters[i];
    const Revision revision{commit->revision.value() - (items.size() - 1) + i};
    rows.push_back({enrolment.subject, encounter, &enrolment.encounter});
    receipts.push_back({Outcome::enrolled, enrolment.subject, encounter, revision, {}, {}});
    unsaved_changes_ += std::ssize(enrolment.encounter.templates);
  }
  const auto guard = guard_.alone();
  gallery.index.append(rows);
  return receipts;
}

// Searches the enrolment against everybody but its own subject, stores it unless that finds
// someone.
Result<Receipt> Engine::store_unless_known(Gallery& gallery, Enrolment& enrolment,
                                           const Dedup& dedup) {
  const SubjectId subject = enrolment.subject;
  const Query query = dedup_query(enrolment, dedup);
  auto answer = search_now(gallery, query, std::move(enrolment.searched));
  if (!answer) return refused(subject, answer.error());
  std::optional<Answer> search(*std::move(answer));
  if (dedup.judge) dedup.judge(query, *search);
  auto note = note_of(enrolment, search);
  const Decision least = dedup.enrol_referrals ? Decision::hit : Decision::refer;
  if (search->decision >= least) {
    const auto noted = note ? store_->put_note(*note, gallery::Store::Sync::yes) : Result<>{};
    if (!noted && machine_failed(noted.error())) return tl::unexpected(noted.error());
    if (!noted) return refused(subject, noted.error());
    return Receipt{Outcome::duplicate, subject, {}, {}, std::move(search), {}};
  }
  WHORL_TRY(auto stored, store_batch(gallery, {{std::move(enrolment), std::move(note)}}));
  stored.front().search = std::move(search);
  return std::move(stored.front());
}

// Receipts in the order of the items.
Result<std::vector<Receipt>> Engine::admit(Gallery& gallery, std::vector<Incoming>& items,
                                           const Dedup* dedup) {
  if (dedup != nullptr) search_ahead(gallery, items, *dedup);
  const std::lock_guard turn(turn_);
  std::vector<Receipt> receipts(items.size());
  Items good;
  std::vector<std::size_t> places;
  const auto flush = [&]() -> Result<> {
    WHORL_TRY(auto stored, store_batch(gallery, good));
    for (std::size_t i = 0; i < places.size(); ++i) receipts[places[i]] = std::move(stored[i]);
    good.clear(), places.clear();
    return {};
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    Result<> fits = items[i].prepared;
    if (fits) fits = check(gallery, items[i].enrolment);
    if (!gallery.settings.keep_pictures) items[i].enrolment.pictures.clear();
    if (!fits) {
      receipts[i] = refused(items[i].enrolment.subject, fits.error());
    } else if (dedup != nullptr) {
      WHORL_TRY(receipts[i], store_unless_known(gallery, items[i].enrolment, *dedup));
    } else {
      auto note = note_of(items[i].enrolment, std::nullopt);
      good.push_back({std::move(items[i].enrolment), std::move(note)});
      places.push_back(i);
      // The first face fixes the gallery's model: it must be in before the next one is checked.
      if (founds_face_index(gallery.index, good.back().enrolment)) WHORL_TRY_VOID(flush());
    }
  }
  WHORL_TRY_VOID(flush());
  return receipts;
}

Result<Receipt> Engine::enrol(const std::string& gallery, const Enrolment& enrolment,
                              const Dedup* dedup) {
  WHORL_TRY(Gallery* const found, find(gallery));
  std::vector<Incoming> one{{enrolment, {}}};
  one.front().prepared = prepare(one.front().enrolment);
  WHORL_TRY(auto receipts, admit(*found, one, dedup));
  return std::move(receipts.front());
}

// read -> prepare -> store. The ends are serial and in order, the middle parallel and pure. Tokens
// bound the memory: kStreamInFlight batches.
Result<StreamSummary> Engine::enrol_stream(const std::string& gallery,
                                           const std::function<std::optional<Enrolment>()>& next,
                                           const std::function<void(const Receipt&)>& done,
                                           const Dedup* dedup) {
  using Batch = std::shared_ptr<std::vector<Incoming>>;
  WHORL_TRY(Gallery* const found, find(gallery));
  const auto started = std::chrono::steady_clock::now();
  StreamSummary summary;
  std::atomic<bool> failed = false;
  bool dry = false;  // of the serial reader alone: a source is not asked again after its end
  Result<> failure;
  const auto read = [&](tbb::flow_control& flow) -> Batch {
    auto batch = std::make_shared<std::vector<Incoming>>();
    std::size_t picture_bytes = 0;
    while (batch->size() < kStreamBatch && picture_bytes < kStreamPictureBytes && !failed && !dry) {
      std::optional<Enrolment> item = next();
      dry = !item;
      if (item) picture_bytes += bytes_of_pictures(*item);
      if (item) batch->push_back({std::move(*item), {}});
    }
    if (batch->empty()) flow.stop();
    return batch;
  };
  const auto make_ready = [&](Batch batch) {
    for (Incoming& item : *batch) item.prepared = prepare(item.enrolment);
    return batch;
  };
  const auto store = [&](const Batch& batch) {
    if (failed) return;
    for (const Incoming& item : *batch)
      summary.templates += std::ssize(item.enrolment.encounter.templates);
    auto receipts = admit(*found, *batch, dedup);
    if (!receipts) {
      failure = tl::unexpected(receipts.error());
      failed = true;
      return;
    }
    for (const Receipt& receipt : *receipts) {
      summary.enrolled += receipt.outcome == Outcome::enrolled;
      summary.duplicates += receipt.outcome == Outcome::duplicate;
      summary.refused += receipt.outcome == Outcome::refused;
      done(receipt);
    }
  };
  tbb::parallel_pipeline(
      kStreamInFlight, tbb::make_filter<void, Batch>(tbb::filter_mode::serial_in_order, read) &
                           tbb::make_filter<Batch, Batch>(tbb::filter_mode::parallel, make_ready) &
                           tbb::make_filter<Batch, void>(tbb::filter_mode::serial_in_order, store));
  if (!failure) return tl::unexpected(failure.error());
  summary.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return summary;
}

}  // namespace whorl::search
