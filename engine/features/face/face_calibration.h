#pragma once

#include <cstdint>
#include <string>

namespace whorl {

// What similarities mean, for one model of embedder. Both populations are normal distributions with
// a small share of pairs that are not what they seem:
//
//     p(s | one person)  = (1 - stranger_share) N(genuine) + stranger_share N(impostor)
//     p(s | two people)  = (1 - twin_share) N(impostor) + twin_share N(genuine)
//
// stranger_share stands for captures that show nothing of their owner (a wrong box, a mask, decades
// of age); twin_share for pairs of two people no embedder tells apart. Together they bound the
// ratio to ln(stranger_share) .. -ln(twin_share): one face alone can neither rule a person out nor
// prove an identity beyond what its data can back.
struct FaceCalibration {
  std::uint32_t version = 0;  // rises whenever a number below changes; recorded with every decision
  std::string model;
  double genuine_mean = 0, genuine_sd = 0;
  double impostor_mean = 0, impostor_sd = 0;
  double stranger_share = 0;
  double twin_share = 0;
};

}  // namespace whorl
