#include "engine/service/decide.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/names.h"
#include "engine/search/fuse.h"

namespace whorl::service {
namespace {

using search::Candidate;
using search::Decision;
using search::Evidence;

double ratio_of(const Evidence& e) { return e.value.ratio.value(); }

// The evidence of a candidate that `counts`, added up as if there were no other; of none, what says
// nothing.
matchers::Calibrated together(const Candidate& candidate, auto counts) {
  std::vector<search::Scored> some;
  for (const Evidence& e : candidate.evidence) {
    if (counts(e)) some.push_back({candidate.subject, e});
  }
  if (some.empty()) return {};
  return search::fuse(std::move(some), 1).front().value;
}

struct Verdict {
  Decision decision = Decision::no_hit;
  // What it rests on, and what keeps it from a hit.
  enum class Ground : std::uint8_t {
    too_little,
    finger,
    face,
    both,
    finger_may_not,       // reaches the hit band, and may not decide alone
    face_may_not,         // likewise
    both_without_support  // reach it together, and one of them says too little, or is missing
  } ground = Ground::too_little;
  FalseMatchRate rate{1};  // that was held against the bands
  matchers::Calibrated finger, face;
};

Verdict verdict_of(const Candidate& candidate, const Bands& bands, const GalleryPolicy& policy) {
  using Ground = Verdict::Ground;
  const auto of = [&](Modality m) {
    return together(candidate, [m](const Evidence& e) { return e.modality == m; });
  };
  const matchers::Calibrated finger = of(Modality::finger), face = of(Modality::face);
  const FalseMatchRate all = candidate.value.fmr;
  const auto verdict = [&](Decision decision, Ground ground, FalseMatchRate rate) {
    return Verdict{decision, ground, rate, finger, face};
  };
  const bool finger_reaches = finger.fmr <= bands.hit_at, face_reaches = face.fmr <= bands.hit_at;
  const bool both_speak = finger.fmr <= kSupportRate && face.fmr <= kSupportRate;
  if (finger_reaches && policy.finger_decides_alone) {
    return verdict(Decision::hit, Ground::finger, finger.fmr);
  }
  if (face_reaches && policy.face_decides_alone) {
    return verdict(Decision::hit, Ground::face, face.fmr);
  }
  if (all <= bands.hit_at && both_speak) return verdict(Decision::hit, Ground::both, all);
  if (finger_reaches) return verdict(Decision::refer, Ground::finger_may_not, finger.fmr);
  if (face_reaches) return verdict(Decision::refer, Ground::face_may_not, face.fmr);
  if (all <= bands.hit_at) return verdict(Decision::refer, Ground::both_without_support, all);
  return verdict(all <= bands.refer_at ? Decision::refer : Decision::no_hit, Ground::too_little,
                 all);
}

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}
std::string text_of(FalseMatchRate rate) { return text_of(rate.value()); }
std::string percent(double share) { return text_of(share * 100) + " %"; }

// What decided, or kept from deciding. `which` names the candidate: "the best candidate".
std::string ground_of(const Verdict& v, const Bands& bands, const std::string& which) {
  using Ground = Verdict::Ground;
  const std::string hit = text_of(bands.hit_at) + " for a hit";
  const std::string looked_at = ": an examiner should look";
  const auto may_not = [&](const std::string& one, const std::string& other, FalseMatchRate rate) {
    return which + "'s false match rate by the " + one + " alone is " + text_of(v.rate) +
           ", at or below " + hit + ", but the " + one + " may not decide alone here, and the " +
           other + (rate.value() < 1 ? " speaks too little for it" : " does not speak for it") +
           looked_at;
  };
  switch (v.ground) {
    case Ground::finger:
      return which + "'s false match rate by its fingers is " + text_of(v.rate) + ", at or below " +
             hit;
    case Ground::face:
      return which + "'s false match rate by the face is " + text_of(v.rate) + ", at or below " +
             hit;
    case Ground::both:
      return which + "'s false match rate by fingers and face together is " + text_of(v.rate) +
             ", at or below " + hit;
    case Ground::finger_may_not:
      return may_not("finger", "face", v.face.fmr);
    case Ground::face_may_not:
      return may_not("face", "finger", v.finger.fmr);
    case Ground::both_without_support:
      return which + "'s false match rate is " + text_of(v.rate) + ", at or below " + hit +
             ", but fingers and face do not both speak for it" + looked_at;
    case Ground::too_little:
      break;
  }
  const std::string is = which + "'s false match rate is " + text_of(v.rate);
  if (v.decision == Decision::no_hit) return is + ", above " + text_of(bands.refer_at);
  return is + ", between " + hit + " and " + text_of(bands.refer_at) + " for no hit" + looked_at;
}

bool decides(const Verdict& v, const Evidence& e) {
  using Ground = Verdict::Ground;
  if (v.ground == Ground::finger || v.ground == Ground::finger_may_not) {
    return e.modality == Modality::finger;
  }
  if (v.ground == Ground::face || v.ground == Ground::face_may_not) {
    return e.modality == Modality::face;
  }
  return true;
}

// The rate that is left of a candidate's when nothing is believed that was not measured.
FalseMatchRate backed_rate(Candidate candidate, const Verdict& v) {
  for (Evidence& e : candidate.evidence) {
    const FalseMatchRate least =
        e.modality == Modality::finger ? kBackedFingerRate : kBackedFaceRate;
    const LogLikelihoodRatio most{-std::log(least.value())};
    e.value = {std::min(e.value.ratio, most), std::max(e.value.fmr, least)};
  }
  return together(candidate, [&](const Evidence& e) { return decides(v, e); }).fmr;
}

bool is_known(FingerPosition p) { return p != FingerPosition::unknown; }
int finger_of_hand(FingerPosition p) { return (static_cast<int>(p) - 1) % 5; }

// Fingers that match others than they are numbered as.
void tell_unlike_fingers(const Candidate& candidate, std::vector<std::string>& reasons) {
  std::string pairs;
  bool mirrored = true;
  for (const Evidence& e : candidate.evidence) {
    const FingerPosition probe = e.probe_position, reference = e.reference_position;
    if (e.modality != Modality::finger || !is_known(probe) || !is_known(reference)) continue;
    if (probe == reference || ratio_of(e) <= 0) continue;
    pairs += (pairs.empty() ? "" : ", ") + std::string(name_of(probe)) + " matches the enrolled " +
             std::string(name_of(reference));
    mirrored = mirrored && finger_of_hand(probe) == finger_of_hand(reference);
  }
  if (pairs.empty()) return;
  reasons.push_back(pairs + (mirrored ? ": hands may have been swapped"
                                      : ": fingers may have been mis-numbered"));
}

void tell_of_candidate(const Candidate& candidate, const Verdict& v, const Bands& bands,
                       std::vector<std::string>& reasons) {
  const bool finger_speaks = v.finger.ratio.value() > 0, face_speaks = v.face.ratio.value() > 0;
  if (face_speaks && !finger_speaks) {
    reasons.emplace_back(
        "only the face speaks for it: twins and people who look alike cannot be told apart by it");
  }
  if (finger_speaks && v.face.ratio.value() < 0) reasons.emplace_back("the face speaks against it");
  if (face_speaks && v.finger.ratio.value() < 0) {
    reasons.emplace_back("the fingers speak against it");
  }
  tell_unlike_fingers(candidate, reasons);
  const FalseMatchRate backed = backed_rate(candidate, v);
  const FalseMatchRate band = v.rate <= bands.hit_at ? bands.hit_at : bands.refer_at;
  if (backed > band) {
    reasons.push_back("comparisons of strangers back " + text_of(backed) +
                      " for it, and not what is claimed below: 1 in 10,000 a finger and 1 in a "
                      "million a face were measured, the rest is extrapolated");
  }
}

void tell_of_probes(const search::Query& query, std::vector<std::string>& reasons) {
  for (const Template& probe : query.templates) {
    const auto* finger = std::get_if<FingerTemplate>(&probe);
    const Quality quality =
        finger != nullptr ? finger->quality : std::get<FaceTemplate>(probe).quality;
    if (quality.value >= kPoorQuality) continue;  // also where none is reported
    const std::string what = finger == nullptr            ? "face"
                             : is_known(finger->position) ? std::string(name_of(finger->position))
                                                          : "finger";
    reasons.push_back("the " + what + "'s quality, " + std::to_string(quality.value) +
                      " of 100, is poor: a mate is easily missed; capture it again");
  }
}

void tell_of_loss(const GalleryPolicy& policy, double loss, std::vector<std::string>& reasons) {
  if (loss <= 0) return;
  std::string told =
      "of single prints' mates " + percent(loss) + " are lost before they are compared in full";
  if (loss > policy.max_loss) told += ", more than the " + percent(policy.max_loss) + " allowed";
  reasons.push_back(told);
}

FalseMatchRate rate_for(double fpir, std::int64_t people) {
  return FalseMatchRate{-std::expm1(std::log1p(-fpir) / static_cast<double>(people))};
}

}  // namespace

Bands bands_for(const GalleryPolicy& policy, std::int64_t people) {
  people = std::max<std::int64_t>(1, people);
  return {rate_for(policy.hit_fpir, people), rate_for(policy.refer_fpir, people), people};
}

Bands verify_bands(const GalleryPolicy& policy) {
  return {FalseMatchRate{policy.hit_fmr}, FalseMatchRate{policy.refer_fmr}, 1};
}

double share_of(const Evidence& evidence, const Candidate& candidate) {
  double sum = 0;
  for (const Evidence& e : candidate.evidence) sum += std::max(0.0, ratio_of(e));
  return sum > 0 ? std::max(0.0, ratio_of(evidence)) / sum : 0;
}

Decision judge(const Candidate& candidate, const Bands& bands, const GalleryPolicy& policy) {
  return verdict_of(candidate, bands, policy).decision;
}

void decide(const GalleryPolicy& policy, const Bands& bands, const search::Query& query,
            search::Answer& answer) {
  answer.decision = Decision::no_hit;
  answer.reasons.clear();
  std::vector<Verdict> verdicts;
  for (const Candidate& c : answer.candidates) verdicts.push_back(verdict_of(c, bands, policy));
  const auto lead = std::ranges::max_element(verdicts, {}, &Verdict::decision);
  if (lead == verdicts.end()) {
    answer.reasons.emplace_back(answer.effort.gallery_prints == 0
                                    ? "the gallery holds nothing to compare these templates with"
                                    : "no enrolled template resembles these");
  } else {
    const auto place = static_cast<std::size_t>(lead - verdicts.begin());
    answer.decision = lead->decision;
    answer.reasons.push_back(
        ground_of(*lead, bands,
                  place == 0 ? "the best candidate" : "candidate " + std::to_string(place + 1)));
  }
  if (answer.decision != Decision::no_hit) {
    if (bands.people > 1) {
      answer.reasons.push_back(
          "in a search among " + std::to_string(bands.people) +
          " people that is a false positive rate of " +
          text_of(search::false_positive_rate(lead->rate, bands.people).value()) + "; " +
          text_of(policy.hit_fpir) + " is wanted for a hit and " + text_of(policy.refer_fpir) +
          " for an examiner");
    }
    tell_of_candidate(answer.candidates[static_cast<std::size_t>(lead - verdicts.begin())], *lead,
                      bands, answer.reasons);
  }
  const auto hits = std::ranges::count(verdicts, Decision::hit, &Verdict::decision);
  if (hits > 1) {
    answer.reasons.push_back(std::to_string(hits) +
                             " candidates are hits: one person may be enrolled as several");
  }
  tell_of_probes(query, answer.reasons);
  if (answer.decision != Decision::hit) tell_of_loss(policy, answer.effort.loss, answer.reasons);
}

}  // namespace whorl::service
