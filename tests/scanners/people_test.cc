#include "scanners/simulated/people.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/byte_writer.h"
#include "engine/base/crc32c.h"

namespace whorl::scanners {
namespace {

std::uint32_t checksum(const FingerTemplate& print) {
  ByteWriter out;
  for (const Minutia& m : print.minutiae) {
    out.u16(static_cast<std::uint64_t>(m.x_px));
    out.u16(static_cast<std::uint64_t>(m.y_px));
    out.u8(m.direction.steps());
    out.u8(static_cast<std::uint64_t>(m.kind));
    out.u8(m.quality);
  }
  out.u8(print.quality.value);
  return crc32c(out.view());
}

TEST(People, AreTheSameInWhateverOrderTheyAreMade) {
  const Population population(9);
  const FingerTemplate late = population.person(5000).capture(FingerPosition::left_ring, 3);
  const FaceModel faces;
  const FaceTemplate face = population.person(5000).capture_face(faces, 3);
  for (std::uint64_t n = 0; n < 20; ++n) {
    (void)population.person(n).capture(FingerPosition::left_ring, n);
  }
  EXPECT_EQ(Population(9).person(5000).capture(FingerPosition::left_ring, 3), late);
  EXPECT_EQ(Population(9).person(5000).capture_face(faces, 3), face);
}

TEST(People, DifferBySeedPersonFingerAndCapture) {
  const auto print = [](std::uint64_t seed, std::uint64_t person, FingerPosition finger,
                        std::uint64_t number) {
    return Population(seed).person(person).capture(finger, number).minutiae;
  };
  const auto one = print(1, 1, FingerPosition::right_index, 1);
  EXPECT_NE(one, print(2, 1, FingerPosition::right_index, 1));
  EXPECT_NE(one, print(1, 2, FingerPosition::right_index, 1));
  EXPECT_NE(one, print(1, 1, FingerPosition::left_index, 1));
  EXPECT_NE(one, print(1, 1, FingerPosition::right_index, 2));
}

TEST(People, KeptFingersGiveTheSameCapturesAsFreshOnes) {
  const Person person = Population(4).person(17);
  const MasterFinger finger = person.finger(FingerPosition::right_thumb);
  for (std::uint64_t number = 0; number < 5; ++number) {
    SeededRandom random = person.moment(FingerPosition::right_thumb, number);
    EXPECT_EQ(capture(finger, {}, random), person.capture(FingerPosition::right_thumb, number));
  }
}

// The same bytes on every machine and in every release: stores of simulated people are compared
// across both. A change here makes published figures incomparable; docs/simulation.md says so.
TEST(People, HaveNotChanged) {
  std::uint32_t sum = 0;
  for (std::uint64_t n = 0; n < 50; ++n) {
    sum = sum * 31 + checksum(Population(1).person(n).capture(FingerPosition::right_index, n));
  }
  EXPECT_EQ(sum, 3853569247U);
}

TEST(People, HaveAgesAndSexes) {
  std::map<Sex, int> sexes;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const Demographics person = Population(3).person(n).demographics();
    ++sexes[person.sex];
    EXPECT_GE(person.birth_year, 1935);
    EXPECT_LT(person.birth_year, 2020);
  }
  EXPECT_NEAR(sexes[Sex::female], 1000, 100);
  EXPECT_NEAR(sexes[Sex::male], 1000, 100);
}

TEST(MasterFinger, ClassesAreAsFrequentAsInNature) {
  std::map<PatternClass, int> right, left;
  constexpr int kFingers = 2000;
  for (std::uint64_t n = 0; n < kFingers; ++n) {
    ++right[Population(3).person(n).finger(FingerPosition::right_middle).pattern];
    ++left[Population(3).person(n).finger(FingerPosition::left_middle).pattern];
  }
  for (auto* hand : {&right, &left}) {
    EXPECT_NEAR((*hand)[PatternClass::whorl], 0.279 * kFingers, 100);
    EXPECT_NEAR((*hand)[PatternClass::arch], 0.037 * kFingers, 40);
    EXPECT_NEAR((*hand)[PatternClass::tented_arch], 0.029 * kFingers, 40);
  }
  EXPECT_NEAR(right[PatternClass::right_loop], 0.59 * kFingers, 110);
  EXPECT_NEAR(left[PatternClass::left_loop], 0.59 * kFingers, 110);
}

TEST(MasterFinger, HoldsMoreMinutiaeThanACaptureSees) {
  for (std::uint64_t n = 0; n < 100; ++n) {
    const Person person = Population(3).person(n);
    const auto whole = person.finger(FingerPosition::left_index).minutiae.size();
    EXPECT_GT(whole, person.capture(FingerPosition::left_index, 1).minutiae.size());
  }
}

// Walks once around a point and counts half turns of the flow: +1 around a core, -1 around a delta.
int index_around(const RidgeFlow& flow, FingerPoint middle, float radius_px) {
  constexpr int kSteps = 720;
  const float pi = 3.14159265F;
  float turned = 0, before = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const float angle = 2 * pi * static_cast<float>(i) / kSteps;
    const float now = flow.orientation(
        {middle.x_px + radius_px * std::cos(angle), middle.y_px - radius_px * std::sin(angle)});
    if (i > 0) turned += std::remainder(now - before, pi);
    before = now;
  }
  return static_cast<int>(std::lround(turned / pi));
}

TEST(RidgeFlow, TurnsAsItsClassDemands) {
  constexpr PadSize kPad{93, 121};
  // Far away, every class has as many deltas as cores.
  for (const auto pattern : {PatternClass::left_loop, PatternClass::right_loop, PatternClass::whorl,
                             PatternClass::tented_arch, PatternClass::arch}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SeededRandom random(seed);
      EXPECT_EQ(index_around(RidgeFlow(pattern, kPad, random), {0, 0}, 400), 0) << name_of(pattern);
    }
  }
  // Around the pad's upper middle there are two cores in a whorl, one in a loop and none in an
  // arch.
  SeededRandom random(5);
  EXPECT_EQ(index_around(RidgeFlow(PatternClass::whorl, kPad, random), {0, -20}, 62), 2);
  EXPECT_EQ(index_around(RidgeFlow(PatternClass::left_loop, kPad, random), {0, -30}, 50), 1);
  EXPECT_EQ(index_around(RidgeFlow(PatternClass::arch, kPad, random), {0, -30}, 50), 0);
}

}  // namespace
}  // namespace whorl::scanners
