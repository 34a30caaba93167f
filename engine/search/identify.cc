#include "engine/search/identify.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <bitset>
#include <chrono>
#include <functional>
#include <tuple>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/face_matcher.h"
#include "engine/matchers/finger_calibration.h"
#include "engine/matchers/finger_matcher.h"
#include "engine/search/face_search.h"
#include "engine/search/full_comparison.h"
#include "engine/search/fuse.h"
#include "engine/search/position_search.h"

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;

// One probe template against one finger position's index.
struct FingerTask {
  std::size_t query;
  int probe;
  const FingerTemplate* print;
  FingerPosition position;
};

struct Survivor {
  std::size_t task;
  index::PrintOwner owner;
  index::Row row;
};

// A comparison of prints that was made: no candidate is compared a second time.
struct Compared {
  int probe;
  FingerPosition position;
  index::Row row;
  matchers::Calibrated value;
  auto pair() const { return std::tuple(probe, position, row); }
};

matchers::Rotation rotation_of(const Query& query) {
  return query.any_rotation ? matchers::Rotation::any : matchers::Rotation::upright;
}

FaceCalibration calibration_of(const index::FaceIndex& faces) {
  const Result<FaceCalibration> calibration = matchers::face_calibration(faces.model());
  WHORL_CHECK(calibration.has_value());  // check_query saw to it
  return *calibration;
}

matchers::Calibrated calibrate_face(const index::FaceIndex& faces, const FaceTemplate& probe,
                                    index::Row row) {
  const Result<Similarity> similarity = matchers::FaceMatcher().compare(probe, faces.face(row));
  WHORL_CHECK(similarity.has_value());  // check_query saw to it
  return matchers::calibrate(calibration_of(faces), *similarity);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool alike(FingerPosition probe, FingerPosition reference) {
  return probe == reference || probe == FingerPosition::unknown ||
         reference == FingerPosition::unknown;
}

// One call's work, in the order of its stages.
class Identification {
 public:
  Identification(const GalleryIndex& gallery, std::span<const Query> queries,
                 kernels::Backend backend, DeviceGallery* devices, const Seen& from)
      : gallery_(gallery),
        queries_(queries),
        backend_(backend),
        devices_(devices),
        from_(from),
        answers_(queries.size()) {
    for (Answer& answer : answers_) {
      answer.effort.backend = backend;
      answer.seen = gallery.seen();
    }
  }

  std::vector<Answer> run() {
    describe_probes();
    search(alike, alike, [](const Query&, const Answer&) { return true; });
    // Who came forward by like fingers stays a candidate, and is judged by all pairs.
    search(
        std::not_fn(alike), [](FingerPosition, FingerPosition) { return true; },
        [](const Query& q, const Answer& a) {
          return q.any_finger && a.decision != Decision::hit;
        });
    return std::move(answers_);
  }

 private:
  std::int64_t first_print(FingerPosition p) const {
    return from_.prints[static_cast<std::size_t>(p)];
  }
  // At most; exact where nothing was removed.
  std::int64_t searched(const index::FingerIndex& prints) const {
    return std::min(prints.live(), prints.rows() - first_print(prints.position()));
  }
  std::int64_t searched(const index::FaceIndex& faces) const {
    return std::min(faces.live(), faces.rows() - from_.faces);
  }
  void describe_probes();
  // Searches pairs of fingers that fit, for those queries that want it, and judges whom it found by
  // all the pairs that speak.
  void search(auto fits, auto speaks, auto wanted);
  void count(std::size_t query, int probe, std::size_t part, std::int64_t templates);
  std::vector<FingerTask> tasks_for(auto fits, const std::vector<bool>& chosen) const;
  std::vector<Survivor> score_all(const std::vector<FingerTask>& tasks);
  void score_position(const std::vector<FingerTask>& tasks, std::size_t first, std::size_t last,
                      std::vector<Survivor>& survivors);
  void compare_fingers(const std::vector<FingerTask>& tasks,
                       const std::vector<Survivor>& survivors);
  const Compared* compared(std::size_t query, int probe, const GalleryIndex::Place& place) const;
  void compare_faces(const std::vector<bool>& chosen);
  std::vector<Scored> complete(std::size_t query, const std::vector<Candidate>& candidates,
                               auto speaks);

  const GalleryIndex& gallery_;
  std::span<const Query> queries_;
  kernels::Backend backend_;
  DeviceGallery* devices_;  // null: none
  const Seen& from_;        // rows before these are left out
  std::vector<Answer> answers_;
  std::vector<std::vector<FingerTemplate>> prints_;  // of each query, with codes; empty for faces
  std::vector<std::vector<Scored>> scored_;          // of each query
  std::vector<std::vector<Compared>> compared_;      // of each query, ascending by pair
  // What each query was compared with: templates of each probe, and which parts of the gallery.
  static constexpr std::size_t kFaces = kFingerPositions;
  std::vector<std::vector<std::int64_t>> met_;
  std::vector<std::bitset<kFingerPositions + 1>> met_parts_;
};

void Identification::count(std::size_t query, int probe, std::size_t part, std::int64_t templates) {
  Effort& effort = answers_[query].effort;
  if (!met_parts_[query].test(part)) effort.gallery_prints += templates;
  met_parts_[query].set(part);
  effort.comparisons += templates;
  std::int64_t& met = met_[query][static_cast<std::size_t>(probe)];
  met += templates;
  effort.searched = std::max(effort.searched, met);
}

void Identification::describe_probes() {
  prints_.resize(queries_.size());
  scored_.resize(queries_.size());
  compared_.resize(queries_.size());
  met_parts_.resize(queries_.size());
  for (const Query& query : queries_) met_.emplace_back(query.templates.size());
  tbb::parallel_for(std::size_t{0}, queries_.size(), [&](std::size_t q) {
    for (const Template& t : queries_[q].templates) {
      prints_[q].emplace_back();
      if (const auto* finger = std::get_if<FingerTemplate>(&t)) {
        prints_[q].back() = *finger;
        features::describe_minutiae(prints_[q].back(), backend_);
      }
    }
  });
}

std::vector<FingerTask> Identification::tasks_for(auto fits,
                                                  const std::vector<bool>& chosen) const {
  std::vector<FingerTask> tasks;
  for (int p = 0; p < kFingerPositions; ++p) {
    const FingerPosition position{static_cast<std::uint8_t>(p)};
    if (searched(gallery_.finger(position)) == 0) continue;
    for (std::size_t q = 0; q < queries_.size(); ++q) {
      for (std::size_t t = 0; chosen[q] && t < queries_[q].templates.size(); ++t) {
        const FingerTemplate& print = prints_[q][t];
        if (print.minutiae.empty() || !fits(print.position, position)) continue;
        tasks.push_back({q, static_cast<int>(t), &print, position});
      }
    }
  }
  return tasks;
}

// Stage 1 for tasks [first, last), which all look at one position.
void Identification::score_position(const std::vector<FingerTask>& tasks, std::size_t first,
                                    std::size_t last, std::vector<Survivor>& survivors) {
  const index::FingerIndex& prints = gallery_.finger(tasks[first].position);
  PositionSearch search;
  for (std::size_t t = first; t < last; ++t) {
    const Query& query = queries_[tasks[t].query];
    const SurvivorPlan plan = plan_for(query.max_loss, prints.live());
    search.probes.emplace_back(*tasks[t].print, gate_of(query));
    search.filters.push_back(&query.filter);
    search.passages.push_back(plan.passage);
    search.lists.emplace_back(static_cast<std::size_t>(plan.survivors));
    Effort& effort = answers_[tasks[t].query].effort;
    effort.loss = std::max(effort.loss, plan.loss);
    count(tasks[t].query, tasks[t].probe, static_cast<std::size_t>(prints.position()),
          searched(prints));
  }
  const bool on_device = devices_ != nullptr && devices_->search(prints, search);
  if (!on_device) search_on_cpu(prints, backend_, search, first_print(prints.position()));
  for (std::size_t t = first; t < last; ++t) {
    const auto sorted = search.lists[t - first].sorted();
    for (const auto& hit : sorted) survivors.push_back({t, hit.owner, hit.row});
    Effort& effort = answers_[tasks[t].query].effort;
    effort.survivors += std::ssize(sorted);
    if (on_device) effort.on_device += searched(prints);
  }
}

std::vector<Survivor> Identification::score_all(const std::vector<FingerTask>& tasks) {
  std::vector<Survivor> survivors;
  for (std::size_t first = 0; first < tasks.size();) {
    std::size_t last = first + 1;
    while (last < tasks.size() && tasks[last].position == tasks[first].position) ++last;
    score_position(tasks, first, last, survivors);
    first = last;
  }
  return survivors;
}

void Identification::compare_fingers(const std::vector<FingerTask>& tasks,
                                     const std::vector<Survivor>& survivors) {
  std::vector<const FingerTemplate*> probes;
  for (const FingerTask& task : tasks) probes.push_back(task.print);
  std::vector<FullComparison> wanted;
  for (const Survivor& s : survivors) {
    const FingerTask& task = tasks[s.task];
    wanted.push_back(
        {s.task, &gallery_.finger(task.position), s.row, rotation_of(queries_[task.query])});
  }
  const std::vector<Similarity> found = compare_in_full(probes, wanted, backend_, devices_);
  for (std::size_t s = 0; s < survivors.size(); ++s) {
    const FingerTask& task = tasks[survivors[s].task];
    const auto value = matchers::calibrate(matchers::kDefaultFingerCalibration, found[s]);
    scored_[task.query].push_back({survivors[s].owner.subject_id(),
                                   {task.probe, Modality::finger, task.print->position,
                                    task.position, survivors[s].owner.encounter_id(), value}});
    compared_[task.query].push_back({task.probe, task.position, survivors[s].row, value});
  }
  for (auto& compared : compared_) std::ranges::sort(compared, {}, &Compared::pair);
}

// Null where the print was no survivor of this probe's.
const Compared* Identification::compared(std::size_t query, int probe,
                                         const GalleryIndex::Place& place) const {
  const auto wanted = std::tuple(probe, place.position, place.row);
  const auto& all = compared_[query];
  const auto found = std::ranges::lower_bound(all, wanted, {}, &Compared::pair);
  return found != all.end() && found->pair() == wanted ? &*found : nullptr;
}

// Every pair of each candidate that speaks, survivor of stage 1 or not: a finger that matched badly
// speaks too, and a candidate is judged by the same evidence whichever finger found it.
std::vector<Scored> Identification::complete(std::size_t query,
                                             const std::vector<Candidate>& candidates,
                                             auto speaks) {
  std::vector<Scored> all;
  matchers::FingerMatcher matcher(backend_);
  for (const Candidate& candidate : candidates) {
    for (const GalleryIndex::Place& place : gallery_.places_of(candidate.subject)) {
      for (int t = 0; t < static_cast<int>(queries_[query].templates.size()); ++t) {
        const Template& probe = queries_[query].templates[static_cast<std::size_t>(t)];
        if (modality_of(probe) != place.modality) continue;
        Evidence evidence{t, place.modality, FingerPosition::unknown, place.position, {}, {}};
        if (place.modality == Modality::finger) {
          const FingerTemplate& print = prints_[query][static_cast<std::size_t>(t)];
          if (!speaks(print.position, place.position)) continue;
          const index::FingerIndex& prints = gallery_.finger(place.position);
          evidence.probe_position = print.position;
          evidence.encounter = prints.owner(place.row).encounter_id();
          if (const Compared* made = compared(query, t, place)) {
            evidence.value = made->value;
          } else {
            evidence.value = matchers::calibrate(
                matchers::kDefaultFingerCalibration,
                matcher.compare(print, prints.minutiae(place.row), rotation_of(queries_[query])));
          }
        } else {
          const index::FaceIndex& faces = *gallery_.face();
          evidence.encounter = faces.owner(place.row).encounter_id();
          evidence.value = calibrate_face(faces, std::get<FaceTemplate>(probe), place.row);
        }
        all.push_back({candidate.subject, evidence});
      }
    }
  }
  return all;
}

void Identification::compare_faces(const std::vector<bool>& chosen) {
  const index::FaceIndex* const faces = gallery_.face();
  if (faces == nullptr || searched(*faces) == 0) return;
  struct Task {
    std::size_t query;
    int probe;
  };
  std::vector<Task> tasks;
  std::vector<FaceSearch> searches;
  for (std::size_t q = 0; q < queries_.size(); ++q) {
    for (int t = 0; chosen[q] && t < static_cast<int>(queries_[q].templates.size()); ++t) {
      const Template& probe = queries_[q].templates[static_cast<std::size_t>(t)];
      const auto* face = std::get_if<FaceTemplate>(&probe);
      if (face == nullptr) continue;
      tasks.push_back({q, t});
      searches.push_back({face, &queries_[q].filter});
    }
  }
  search_faces(gallery_, from_.faces, devices_, searches);
  const FaceCalibration calibration = calibration_of(*faces);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Effort& effort = answers_[tasks[i].query].effort;
    count(tasks[i].query, tasks[i].probe, kFaces, searched(*faces));
    if (searches[i].on_device) effort.on_device += searched(*faces);
    for (const index::FaceHit& hit : searches[i].nearest) {
      const auto value = matchers::calibrate(calibration, hit.score);
      scored_[tasks[i].query].push_back(
          {hit.owner.subject_id(),
           {tasks[i].probe, Modality::face, {}, {}, hit.owner.encounter_id(), value}});
    }
  }
}

void Identification::search(auto fits, auto speaks, auto wanted) {
  std::vector<bool> chosen;
  for (std::size_t q = 0; q < queries_.size(); ++q)
    chosen.push_back(wanted(queries_[q], answers_[q]));
  if (std::ranges::none_of(chosen, std::identity{})) return;
  const auto started = std::chrono::steady_clock::now();
  const std::vector<FingerTask> tasks = tasks_for(fits, chosen);
  const std::vector<Survivor> survivors = score_all(tasks);
  const double stage1_s = seconds_since(started);
  compare_fingers(tasks, survivors);
  if (fits(FingerPosition::right_thumb, FingerPosition::right_thumb)) compare_faces(chosen);
  const double stage2_s = seconds_since(started) - stage1_s;
  tbb::parallel_for(std::size_t{0}, queries_.size(), [&](std::size_t q) {
    if (!chosen[q]) return;
    Answer& answer = answers_[q];
    answer.effort.stage1_s += stage1_s, answer.effort.stage2_s += stage2_s;
    answer.candidates = fuse(scored_[q], queries_[q].max_candidates);
    answer.candidates = fuse(complete(q, answer.candidates, speaks), queries_[q].max_candidates);
    answer.reasons.clear();
    decide(queries_[q], answer);
  });
}

}  // namespace

std::vector<Answer> identify(const GalleryIndex& gallery, std::span<const Query> queries,
                             kernels::Backend backend, DeviceGallery* devices) {
  return Identification(gallery, queries, backend, devices, Seen{}).run();
}

Answer identify_since(const GalleryIndex& gallery, const Query& query, Answer earlier,
                      kernels::Backend backend) {
  WHORL_CHECK(earlier.seen.form == gallery.form());
  auto later = Identification(gallery, {&query, 1}, backend, nullptr, earlier.seen).run();
  return joined(query, std::move(earlier), std::move(later.front()));
}

}  // namespace whorl::search
