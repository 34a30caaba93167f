#include "scanners/simulated/people.h"

#include "kernels/core.h"

namespace whorl::scanners {
namespace {

// Streams of a person's nature. Fingers take their own numbers, 1 .. 10; captures the same, later.
constexpr std::uint64_t kDemographicsStream = 11, kFaceStream = 12, kFirstMoment = 100;
constexpr std::int64_t kOldestBirthYear = 1935, kBirthYears = 85;

std::uint64_t number_of(FingerPosition position) {
  const auto number = static_cast<std::uint64_t>(position);
  WHORL_CHECK(number >= 1);
  WHORL_CHECK(number <= 10);
  return number;
}

}  // namespace

Demographics Person::demographics() const {
  SeededRandom random = SeededRandom::stream(nature_, kDemographicsStream);
  const Sex sex = random.chance(0.5) ? Sex::female : Sex::male;
  return {sex, static_cast<std::uint16_t>(kOldestBirthYear + random.below(kBirthYears))};
}

MasterFinger Person::finger(FingerPosition position) const {
  SeededRandom random = SeededRandom::stream(nature_, number_of(position));
  return make_master_finger(position, random);
}

std::vector<float> Person::face(const FaceModel& model) const {
  SeededRandom random = SeededRandom::stream(nature_, kFaceStream);
  return model.identity(random);
}

SeededRandom Person::moment(FingerPosition position, std::uint64_t number) const {
  SeededRandom moments = SeededRandom::stream(nature_, kFirstMoment + number_of(position));
  return SeededRandom::stream(moments.next(), number);
}

SeededRandom Person::face_moment(std::uint64_t number) const {
  SeededRandom moments = SeededRandom::stream(nature_, kFirstMoment + kFaceStream);
  return SeededRandom::stream(moments.next(), number);
}

FingerTemplate Person::capture(FingerPosition position, std::uint64_t number,
                               const CaptureConditions& conditions) const {
  SeededRandom random = moment(position, number);
  return scanners::capture(finger(position), conditions, random);
}

Image Person::capture_image(FingerPosition position, std::uint64_t number,
                            const CaptureConditions& conditions,
                            const ImageConditions& image_conditions) const {
  SeededRandom random = moment(position, number);
  return scanners::capture_image(finger(position), conditions, image_conditions, random);
}

FaceTemplate Person::capture_face(const FaceModel& model, std::uint64_t number) const {
  SeededRandom random = face_moment(number);
  return model.capture(face(model), random);
}

}  // namespace whorl::scanners
