#pragma once
// `whorl bench accuracy`: what a face model is worth on LFW or on a set laid out like it.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/app/bench/face_accuracy.h"
#include "engine/app/console.h"
#include "engine/base/result.h"
#include "engine/features/face/face_model.h"

namespace whorl::app {

struct AccuracyBench {
  std::string folder;  // of a folder for each person
  std::string pairs;   // LFW's pairs.txt
  std::string model{features::kDefaultFaceModel};
};

// 1:N without a threshold. Everybody's first picture is enrolled, all their others are searched,
// each against all. A picture without a face finds nobody, and is found by nobody.
struct RankFigures {
  std::int64_t enrolled = 0, searched = 0;
  double rank1 = 0;  // share of the searches whose person is the first candidate; FNIR is 1 - rank1
};

struct AccuracyFigures {
  std::string model;
  std::int64_t pictures = 0, without_face = 0, people = 0, pairs = 0;
  std::vector<double> fold_accuracies;  // none where there is one fold
  ErrorRates rates;                     // of all pairs
  double threshold = 0;                 // cosine at a false match rate of 1 in 1,000
  std::vector<RejectPoint> error_versus_reject;
  RankFigures ranks;
  SimilarityCounts strangers;  // of the searches
  FaceCalibration calibration;
  double faces_per_cpu_second = 0;  // reading a picture included, all threads together
};

// Every picture of the folder is read once. A picture without a face counts as an error of each
// pair that it is in (accuracy), as a mate that is missed and a stranger that is refused (rates).
// Faults: those of reading the pairs, of find_face_pictures and of shared_face_extractor; not_found
// where a pair's picture is not in the folder; bad_argument where no pair of a kind can be
// compared; a picture's own where it is no picture.
Result<AccuracyFigures> bench_accuracy(const AccuracyBench& bench, Console& console);

Json as_json(const AccuracyFigures& figures);
std::string as_text(const AccuracyFigures& figures);

// The table for a model's description.
std::string calibration_block(const FaceCalibration& calibration);

}  // namespace whorl::app
