#include "scanners/simulated/simulated_driver.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"

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

  Capture capture_part(std::size_t part) {
    const auto index = static_cast<std::uint64_t>(visits_.first_person + person_);
    const Person person = population_.person(index);
    if (part == 0 && visit_ == 0) fingers_.clear();
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
    SeededRandom random = person.moment(made.position, made.visit);
    made.templates.emplace_back(capture(fingers_[part], visits_.conditions, random));
    return made;
  }

  const SimulatedVisits visits_;
  const Clock& clock_;
  Population population_;
  FaceModel faces_;
  std::int64_t person_ = 0;
  std::uint32_t visit_ = 0;
  std::size_t part_ = 0;               // of the visit: which finger, or the face
  std::vector<MasterFinger> fingers_;  // of the person who stands there
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
