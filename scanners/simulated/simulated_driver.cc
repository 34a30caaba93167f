#include "scanners/simulated/simulated_driver.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/features/fingerprint/extract.h"
#include "scanners/simulated/finger_image.h"
#include "scanners/simulated/ridge_pattern.h"

namespace whorl::scanners {
namespace {

class SimulatedDriver final : public Driver {
 public:
  SimulatedDriver(SimulatedVisits visits, const Clock& clock)
      : visits_(std::move(visits)), clock_(clock), population_(visits_.seed) {}

  Result<std::optional<Capture>> next(std::stop_token stop) override {
    if (stop.stop_requested()) return fail(Fault::cancelled);
    if (part_ == parts() && ++visit_ == visits_.visits) {
      visit_ = 0;
      ++person_;
    }
    part_ %= parts();
    if (person_ == visits_.people) {
      part_ = parts();  // asked again, it comes to the same end
      visit_ = visits_.visits - 1;
      --person_;
      return std::optional<Capture>();
    }
    return capture_part(part_++);
  }

 private:
  std::size_t parts() const { return visits_.fingers.size() + (visits_.faces ? 1 : 0); }

  Result<FingerTemplate> print_of(std::size_t part, FingerPosition position, SeededRandom random) {
    if (!visits_.pictures) return capture(fingers_[part], visits_.conditions, random);
    if (part == patterns_.size()) patterns_.push_back(grow_ridges(fingers_[part]));
    WHORL_TRY(features::Extraction read,
              features::extract_print(
                  capture_image(fingers_[part], patterns_[part], visits_.conditions, {}, random)));
    read.print.position = position;
    return std::move(read.print);
  }

  Result<std::optional<Capture>> capture_part(std::size_t part) {
    const auto index = static_cast<std::uint64_t>(visits_.first_person + person_);
    const Person person = population_.person(index);
    if (part == 0 && visit_ == 0) fingers_.clear(), patterns_.clear();
    Capture made;
    made.claimed = SubjectId{index + 1};
    made.visit = visits_.first_visit + visit_;
    made.captured_at = clock_.now();
    made.source = visits_.source;
    made.demographics = person.demographics();
    if (part == visits_.fingers.size()) {
      made.modality = Modality::face;
      made.templates.emplace_back(person.capture_face(faces_, made.visit));
      return made;
    }
    made.position = visits_.fingers[part];
    if (part == fingers_.size()) fingers_.push_back(person.finger(made.position));
    WHORL_TRY(FingerTemplate print,
              print_of(part, made.position, person.moment(made.position, made.visit)));
    made.templates.emplace_back(std::move(print));
    return made;
  }

  const SimulatedVisits visits_;
  const Clock& clock_;
  Population population_;
  FaceModel faces_;
  std::int64_t person_ = 0;
  std::uint32_t visit_ = 0;
  std::size_t part_ = 0;                // of the visit: which finger, or the face
  std::vector<MasterFinger> fingers_;   // of the person who stands there
  std::vector<RidgePattern> patterns_;  // likewise, where pictures are wanted
};

}  // namespace

Result<std::unique_ptr<Driver>> open_simulated(SimulatedVisits visits, const Clock& clock) {
  if (visits.people < 1 || visits.first_person < 0 || visits.visits < 1) {
    return fail(Fault::bad_argument, 0, "at least one person and one visit");
  }
  if (visits.fingers.empty() && !visits.faces) {
    return fail(Fault::bad_argument, 0, "at least one finger or the face");
  }
  if (std::ranges::find(visits.fingers, FingerPosition::unknown) != visits.fingers.end()) {
    return fail(Fault::bad_argument, 0, "a simulated finger is one of the ten");
  }
  if (visits.source.size() > kMaxSourceBytes) return fail(Fault::limit_exceeded, 0, "source");
  return std::make_unique<SimulatedDriver>(std::move(visits), clock);
}

}  // namespace whorl::scanners
