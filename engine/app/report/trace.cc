#include "engine/app/report/trace.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/report/page.h"
#include "engine/app/words.h"
#include "engine/base/limits.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {
namespace {

std::string head(const std::string& name, const FingerTemplate& print) {
  std::string file = std::filesystem::path(name).filename().string();
  if (print.position == FingerPosition::unknown) return file;
  return file + ", " + std::string(name_of(print.position));
}

std::string length(double px) {
  return rounded(px, 1) + " px (" + rounded(px * kMmPerPx, 2) + " mm)";
}

std::string turn_words(double degrees) {
  return rounded(std::abs(degrees), 1) + "° " + (degrees < 0 ? "clockwise" : "anticlockwise");
}

std::string shift_words(ImagePoint shift) {
  return length(std::abs(shift.real())) + (shift.real() < 0 ? " left, " : " right, ") +
         length(std::abs(shift.imag())) + (shift.imag() < 0 ? " up" : " down");
}

Table score_table(const matchers::FingerComparison& c, const matchers::Calibrated& value) {
  return {{"score", "value"},
          {{"raw score (similarity)", rounded(c.similarity.value(), 2)},
           {"false match rate", one_in(value.fmr)},
           {"log likelihood ratio", rounded(value.ratio.value(), 2) + " nats"},
           {"agreement of the best neighbourhoods", percent(c.local_support, 1)},
           {"geometry: pairs, less what has no partner", rounded(c.log_likelihood, 2) + " nats"}}};
}

Table motion_table(const RigidMotion& motion) {
  return {{"how the second print is laid on the first", "value"},
          {{"turn", turn_words(motion.degrees())},
           {"shift of the matched minutiae's middle", shift_words(motion.shift_px())},
           {"left between pairs, root mean square", length(motion.residual_px)}}};
}

std::string kind_words(MinutiaKind kind) {
  return kind == MinutiaKind::ending        ? "ending"
         : kind == MinutiaKind::bifurcation ? "bifurcation"
                                            : "other";
}

std::string minutia_words(const Minutia& m) {
  return std::to_string(m.x_px) + ", " + std::to_string(m.y_px) + ", " +
         rounded(m.direction.degrees(), 0) + "°, " + kind_words(m.kind);
}

Table pair_table(const FingerTemplate& probe, const FingerTemplate& reference,
                 const std::vector<matchers::GrownPair>& pairs, const RigidMotion& motion) {
  Table table{{"pair", "first: x, y, direction, kind", "second", "apart", "turned", "share (nats)",
               "of all"},
              {}};
  double all = 0;
  for (const auto& p : pairs) all += std::max(0.0F, p.share);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Minutia& a = probe.minutiae.at(pairs[i].pair.first);
    const Minutia& b = reference.minutiae.at(pairs[i].pair.second);
    const double turned = signed_turn(motion(b.direction), a.direction) * 360.0 / 256;
    table.rows.push_back({std::to_string(i + 1), minutia_words(a), minutia_words(b),
                          rounded(motion.left_px[i], 1) + " px", rounded(turned, 0) + "°",
                          rounded(pairs[i].share, 2),
                          all > 0 ? percent(std::max(0.0F, pairs[i].share) / all, 1) : "-"});
  }
  return table;
}

std::string page_of(const Explained& c, const Svg& picture, const FingerTemplate& probe,
                    const FingerTemplate& reference, const matchers::FingerComparison& comparison,
                    const RigidMotion& motion) {
  Page page("One comparison");
  page.table(score_table(comparison, c.value));
  page.figure(
      picture,
      "Left and middle: the two prints' minutiae, corresponding ones joined and numbered as "
      "in the table. Right: the second print laid on the first by the turn and shift that "
      "fit best; what bends away from it is skin.");
  if (comparison.pairs.empty()) {
    page.paragraph("No minutia of one print has a partner in the other.");
    return page.html();
  }
  page.table(motion_table(motion));
  page.heading("Each pair's share");
  page.table(pair_table(probe, reference, comparison.pairs, motion));
  page.paragraph(
      "Places in px at 500 ppi from the top left, directions anticlockwise. Apart and turned: what "
      "is left once the second print lies on the first. The share is ln(p(as near | one finger) / "
      "p(as near | two fingers)); \"of all\" is its part of what all pairs say for one finger.");
  return page.html();
}

const Backdrop* pointer_to(const std::optional<Backdrop>& image) {
  return image ? &*image : nullptr;
}

}  // namespace

Result<> check_trace_name(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  if (ending == ".svg" || ending == ".html") return {};
  return fail(Fault::bad_argument, 0, "--trace, give FILE.html or FILE.svg");
}

Result<> write_trace(const std::filesystem::path& path, const Explained& c) {
  WHORL_TRY_VOID(check_trace_name(path));
  const auto* probe = std::get_if<FingerTemplate>(&c.probe);
  const auto* reference = std::get_if<FingerTemplate>(&c.reference);
  if (probe == nullptr || reference == nullptr) {
    return fail(Fault::bad_argument, 0, "--trace draws fingerprints, and this is a face");
  }
  matchers::FingerMatcher matcher;
  matchers::FingerComparison comparison = matcher.explain(*probe, *reference);
  std::ranges::stable_sort(comparison.pairs, std::greater<>(), &matchers::GrownPair::share);
  const RigidMotion motion = consensus_motion(*probe, *reference, comparison.pairs);
  const std::string first = head(c.probe_name, *probe), second = head(c.reference_name, *reference);
  const Svg picture = minutiae_picture({first, *probe, pointer_to(c.probe_image)},
                                       {second, *reference, pointer_to(c.reference_image)},
                                       comparison, c.value, motion, PairNumbers::yes);
  if (path.extension() == ".svg") return write_file(path, picture.document());
  return write_file(path, page_of(c, picture, *probe, *reference, comparison, motion));
}

}  // namespace whorl::app
