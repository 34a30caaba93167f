#pragma once
// Simulated people: as many as wanted, the same for the same seed on every machine, and no two
// alike. What they are worth, and what not, is in docs/simulation.md.

#include <cstdint>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/random.h"
#include "scanners/simulated/faces.h"
#include "scanners/simulated/finger_capture.h"
#include "scanners/simulated/finger_image.h"
#include "scanners/simulated/master_finger.h"

namespace whorl::scanners {

// One person. A handle of three words: fingers and face are made each time they are asked for, and
// are the same each time. Keep a MasterFinger where many captures of it are wanted.
class Person {
 public:
  // Birth years are uniform; the sexes equally frequent.
  Demographics demographics() const;

  // `position` must be one of the ten. About 30 us.
  MasterFinger finger(FingerPosition position) const;
  std::vector<float> face(const FaceModel& model) const;

  // Capture `number` of a finger or of the face: the same bytes each time, whatever else was
  // captured before. Finger and capture together take about 35 us.
  FingerTemplate capture(FingerPosition position, std::uint64_t number,
                         const CaptureConditions& conditions = {}) const;
  // The picture of the same moment: the finger lies as in capture() with that number. Growing the
  // ridges takes 25 of its 28 ms; keep a RidgePattern where many captures are wanted.
  Image capture_image(FingerPosition position, std::uint64_t number,
                      const CaptureConditions& conditions = {},
                      const ImageConditions& image_conditions = {}) const;
  FaceTemplate capture_face(const FaceModel& model, std::uint64_t number) const;

  // The randomness of capture `number`, for those who keep the MasterFinger or the identity:
  //     SeededRandom random = person.moment(position, number);
  //     whorl::scanners::capture(master, conditions, random);
  SeededRandom moment(FingerPosition position, std::uint64_t number) const;
  SeededRandom face_moment(std::uint64_t number) const;

 private:
  friend class Population;
  explicit Person(std::uint64_t nature) : nature_(nature) {}
  std::uint64_t nature_;  // the seed of everything about this person
};

// Person n is the same person however many are made and in whatever order.
class Population {
 public:
  explicit Population(std::uint64_t seed) : seed_(seed) {}
  Person person(std::uint64_t index) const {
    return Person(SeededRandom::stream(seed_, index).next());
  }

 private:
  std::uint64_t seed_;
};

}  // namespace whorl::scanners
