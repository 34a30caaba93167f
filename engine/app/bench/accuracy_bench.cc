#include "engine/app/bench/accuracy_bench.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "engine/app/bench/lfw_pairs.h"
#include "engine/app/face_pictures.h"
#include "engine/app/names.h"
#include "engine/features/face/extract_face.h"
#include "engine/formats/file_io.h"
#include "kernels/backend.h"

namespace whorl::app {
namespace {

Result<LfwPairs> read_pairs(const std::string& path) {
  WHORL_TRY(const Bytes bytes, formats::read_file(path, kMaxLfwPairsBytes));
  auto pairs = parse_lfw_pairs({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!pairs) return fail(pairs.error().fault, 0, path + ", " + pairs.error().where);
  return pairs;
}

// All pictures with what was read of them, by index.
struct Described {
  std::vector<FacePicture> pictures;
  std::vector<Result<DescribedFace>> faces;

  bool has_face(std::size_t picture) const { return faces[picture].has_value(); }
  std::size_t size() const { return pictures.size(); }
};

bool shows_no_face(const Error& error) {
  return error.fault == Fault::no_face || error.fault == Fault::face_too_small;
}

Result<Described> describe_all(const AccuracyBench& bench, const features::FaceExtractor& extractor,
                               Console& console, AccuracyFigures& figures) {
  Described all;
  WHORL_TRY(all.pictures, find_face_pictures(bench.folder));
  Progress progress = console.progress("extract", "pictures", std::ssize(all.pictures));
  const std::clock_t started = std::clock();
  all.faces = describe_faces(all.pictures, extractor, progress);
  const double cpu_s = static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
  for (const Result<DescribedFace>& face : all.faces) {
    if (face) continue;
    if (!shows_no_face(face.error())) return tl::unexpected<Error>(face.error());
    ++figures.without_face;
  }
  figures.pictures = std::ssize(all.pictures);
  figures.faces_per_cpu_second = static_cast<double>(figures.pictures) / std::max(cpu_s, 1e-6);
  return all;
}

using PictureIndex = std::map<LfwPicture, std::size_t>;

// The number is what stands behind the last _ of a file's name.
PictureIndex index_of(const std::vector<FacePicture>& pictures) {
  PictureIndex index;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::string stem = pictures[i].file.stem().string();
    const auto number = whole_number(std::string_view(stem).substr(stem.rfind('_') + 1));
    if (number && *number <= UINT32_MAX) {
      index.emplace(LfwPicture{pictures[i].person, static_cast<std::uint32_t>(*number)}, i);
    }
  }
  return index;
}

Result<std::vector<ScoredPair>> score_pairs(const LfwPairs& named, const Described& all) {
  const PictureIndex index = index_of(all.pictures);
  std::vector<ScoredPair> scored;
  for (const LfwPair& pair : named.pairs) {
    const auto probe = index.find(pair.probe), reference = index.find(pair.reference);
    if (probe == index.end() || reference == index.end()) {
      return fail(Fault::not_found, 0,
                  "pair " + std::to_string(scored.size() + 1) + ", a picture is not in the folder");
    }
    ScoredPair one{pair.mated()};
    if (all.has_face(probe->second) && all.has_face(reference->second)) {
      const DescribedFace &a = *all.faces[probe->second], &b = *all.faces[reference->second];
      one.similarity = cosine(a, b);
      one.quality = std::min(a.quality.value, b.quality.value);
    }
    scored.push_back(one);
  }
  return scored;
}

// Everybody's first picture, in the order of the people.
struct Enrolled {
  std::vector<std::size_t> pictures;  // with a face
  std::vector<float> rows;            // theirs, as kernels/face_dot.h takes them
  std::int64_t width = 0;
};

bool is_first(const Described& all, std::size_t picture) {
  return picture == 0 || all.pictures[picture - 1].person != all.pictures[picture].person;
}

Enrolled enrol_first(const Described& all) {
  Enrolled enrolled;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_first(all, i) || !all.has_face(i)) continue;
    const std::vector<float>& row = all.faces[i]->row;
    enrolled.pictures.push_back(i);
    enrolled.rows.insert(enrolled.rows.end(), row.begin(), row.end());
    enrolled.width = std::ssize(row);
  }
  return enrolled;
}

// Whose picture is the first candidate, which is the first of those that are most alike.
const std::string* first_candidate(const Described& all, const Enrolled& enrolled,
                                   std::size_t probe, std::vector<float>& scores,
                                   SimilarityCounts& strangers) {
  static const kernels::FaceDot kDot = kernels::face_dot(kernels::best_backend());
  if (!all.has_face(probe) || enrolled.pictures.empty()) return nullptr;
  kDot(all.faces[probe]->row.data(),
       {enrolled.rows.data(), std::ssize(enrolled.pictures), enrolled.width}, scores.data());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (all.pictures[enrolled.pictures[i]].person != all.pictures[probe].person) {
      strangers.add(scores[i]);
    }
  }
  const auto best = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  return &all.pictures[enrolled.pictures[best]].person;
}

RankFigures search_others(const Described& all, Console& console, SimilarityCounts& strangers) {
  const Enrolled enrolled = enrol_first(all);
  RankFigures figures;
  figures.enrolled = std::ssize(enrolled.pictures);
  std::vector<float> scores(enrolled.pictures.size());
  std::int64_t found = 0;
  Progress progress = console.progress("search", "pictures", std::ssize(all.pictures));
  for (std::size_t i = 0; i < all.size(); ++i) {
    progress.at(static_cast<std::int64_t>(i + 1));
    if (is_first(all, i)) continue;
    ++figures.searched;
    const std::string* person = first_candidate(all, enrolled, i, scores, strangers);
    if (person != nullptr && *person == all.pictures[i].person) ++found;
  }
  progress.finish();
  if (figures.searched > 0) {
    figures.rank1 = static_cast<double>(found) / static_cast<double>(figures.searched);
  }
  return figures;
}

Result<> measure_pairs(const LfwPairs& named, const Described& all, AccuracyFigures& figures) {
  WHORL_TRY(const std::vector<ScoredPair> pairs, score_pairs(named, all));
  std::vector<ScoredPair> compared;
  std::ranges::copy_if(pairs, std::back_inserter(compared),
                       [](const ScoredPair& p) { return p.similarity > kNoFace; });
  if (!labelled(compared).measurable()) {
    return fail(Fault::bad_argument, 0, "--pairs, no pair of each kind shows two faces");
  }
  const LabelledScores scores = labelled(pairs);
  figures.pairs = std::ssize(pairs);
  if (named.folds > 1) figures.fold_accuracies = fold_accuracies(pairs, named.folds);
  figures.rates = error_rates(det_curve(scores));
  figures.threshold = threshold_at(scores.impostor, 1e-3);
  figures.error_versus_reject = error_versus_reject(pairs, figures.threshold);
  figures.calibration = fit_calibration(pairs, figures.strangers);
  return {};
}

}  // namespace

Result<AccuracyFigures> bench_accuracy(const AccuracyBench& bench, Console& console) {
  AccuracyFigures figures;
  WHORL_TRY(const LfwPairs named, read_pairs(bench.pairs));
  WHORL_TRY(const auto extractor, features::shared_face_extractor(bench.model));
  figures.model = extractor->model().id;
  WHORL_TRY(const Described all, describe_all(bench, *extractor, console, figures));
  for (std::size_t i = 0; i < all.size(); ++i) figures.people += is_first(all, i) ? 1 : 0;
  figures.ranks = search_others(all, console, figures.strangers);
  WHORL_TRY_VOID(measure_pairs(named, all, figures));
  figures.calibration.model = figures.model;
  return figures;
}

}  // namespace whorl::app
