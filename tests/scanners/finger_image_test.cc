#include "scanners/simulated/finger_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "engine/base/crc32c.h"
#include "scanners/simulated/people.h"
#include "tests/scanners/ridge_measures.h"

namespace whorl::scanners {
namespace {

using testing::Field;

constexpr auto kPosition = FingerPosition::right_index;

std::uint32_t checksum(const Image& image) {
  return crc32c(std::as_bytes(std::span(image.samples)));
}

// A picture, and how the finger lay.
struct Shot {
  MasterFinger finger;
  PlacedCapture placed;
  Image image;
};

Shot shoot(const Person& person, const MasterFinger& finger, const RidgePattern& pattern,
           std::uint64_t number, const CaptureConditions& conditions = {},
           const ImageConditions& image_conditions = {}) {
  SeededRandom random = person.moment(kPosition, number);
  SeededRandom again = person.moment(kPosition, number);
  return {finger, capture_placed(finger, conditions, again),
          capture_image(finger, pattern, conditions, image_conditions, random)};
}

// Grown once: most of a picture's cost.
const RidgePattern& pattern_of(std::uint64_t person_number) {
  static std::map<std::uint64_t, RidgePattern> kept;
  const auto [at, fresh] = kept.try_emplace(person_number);
  if (fresh) at->second = grow_ridges(Population(31).person(person_number).finger(kPosition));
  return at->second;
}

Shot shoot(std::uint64_t person_number, std::uint64_t number, const CaptureConditions& c = {},
           const ImageConditions& i = {}) {
  const Person person = Population(31).person(person_number);
  return shoot(person, person.finger(kPosition), pattern_of(person_number), number, c, i);
}

double dark_share(const Image& image) {
  const auto dark = std::count_if(image.samples.begin(), image.samples.end(),
                                  [](std::uint8_t grey) { return grey < 128; });
  return static_cast<double>(dark) / static_cast<double>(image.samples.size());
}

// Correlation of two pictures on the skin that both show, each lifted back to the finger.
double likeness(const Shot& a, const Shot& b) {
  const Field first = testing::field_of(a.image), second = testing::field_of(b.image);
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (float y = -120; y <= 120; y += 2) {
    for (float x = -90; x <= 90; x += 2) {
      const FingerPoint at{x, y};
      if (a.placed.contact.rim(at) > 0.8F || b.placed.contact.rim(at) > 0.8F) continue;
      const FingerPoint pa = a.placed.skin.place(at, 0).at, pb = b.placed.skin.place(at, 0).at;
      const double va = static_cast<double>(first(pa.x_px, pa.y_px));
      const double vb = static_cast<double>(second(pb.x_px, pb.y_px));
      n += 1;
      sa += va;
      sb += vb;
      saa += va * va;
      sbb += vb * vb;
      sab += va * vb;
    }
  }
  const double va = saa - sa * sa / n, vb = sbb - sb * sb / n;
  return (sab - sa * sb / n) / std::sqrt(va * vb);
}

TEST(FingerImage, IsTheSameForTheSameMoment) {
  const Person person = Population(31).person(5);
  const Image once = person.capture_image(kPosition, 3);
  EXPECT_EQ(person.capture_image(kPosition, 3), once);
  EXPECT_EQ(shoot(5, 3).image, once);  // a kept pattern makes no difference
  EXPECT_NE(person.capture_image(kPosition, 4).samples, once.samples);
  EXPECT_NE(Population(31).person(6).capture_image(kPosition, 3).samples, once.samples);
}

// The same bytes on every machine and in every release; docs/simulation.md says what to do where
// they are meant to change.
TEST(FingerImage, HasNotChanged) {
  std::uint32_t sum = 0;
  for (std::uint64_t n = 0; n < 10; ++n) {
    sum = sum * 31 + checksum(Population(1).person(n).capture_image(kPosition, n));
  }
  EXPECT_EQ(sum, 2201508184U);
}

TEST(FingerImage, ShowsTheMomentOfTheTemplate) {
  const Person person = Population(31).person(2);
  const MasterFinger finger = person.finger(kPosition);
  CaptureConditions small;
  small.contact_size = 0.5;  // some are taken again
  for (const CaptureConditions& conditions : {CaptureConditions{}, small}) {
    for (std::uint64_t number = 0; number < 8; ++number) {
      SeededRandom one = person.moment(kPosition, number);
      SeededRandom other = person.moment(kPosition, number);
      EXPECT_EQ(capture_placed(finger, conditions, one).print, capture(finger, conditions, other));
      EXPECT_EQ(one.next(), other.next());
    }
  }
}

TEST(FingerImage, SkinIsLiftedFromWhereItWasPlaced) {
  const Person person = Population(31).person(2);
  for (std::uint64_t number = 0; number < 20; ++number) {
    SeededRandom random = person.moment(kPosition, number);
    const Skin skin = capture_placed(person.finger(kPosition), {}, random).skin;
    for (const FingerPoint at : {FingerPoint{0, 0}, {80, -100}, {-120, 40}, {30, 150}}) {
      const FingerPoint back = skin.lift(skin.place(at, 0).at);
      EXPECT_NEAR(back.x_px, at.x_px, 0.01);
      EXPECT_NEAR(back.y_px, at.y_px, 0.01);
    }
  }
}

TEST(FingerImage, IsAPlatenAt500PpiAndNeverBlank) {
  for (std::uint64_t n = 0; n < 12; ++n) {
    for (std::uint64_t number = 0; number < 6; ++number) {
      const Image image = shoot(n, number).image;
      EXPECT_EQ(image.width_px, 400);
      EXPECT_EQ(image.height_px, 500);
      EXPECT_EQ(image.channels, 1);
      EXPECT_EQ(image.ppi, PixelsPerInch{500});
      EXPECT_EQ(image.samples.size(), 400U * 500U);
      EXPECT_GT(dark_share(image), 0.01);
      EXPECT_LT(dark_share(image), 0.30);
    }
  }
}

TEST(FingerImage, RidgesLieWhereTheSkinWasPlaced) {
  int points = 0, agree = 0;
  for (std::uint64_t n = 0; n < 6; ++n) {
    const Shot shot = shoot(n, n);
    const Field on_finger = testing::field_of(pattern_of(n)),
                on_platen = testing::field_of(shot.image);
    for (float y = -100; y <= 100; y += 13) {
      for (float x = -80; x <= 80; x += 13) {
        if (shot.placed.contact.rim({x, y}) > 0.6F) continue;
        const auto grown = testing::orientation_at(on_finger, {x, y}, 8);
        const OnPlaten placed = shot.placed.skin.place({x, y}, grown.radians);
        if (placed.at.x_px < 20 || placed.at.x_px > 380 || placed.at.y_px < 20 ||
            placed.at.y_px > 480 || grown.coherence < 0.5F) {
          continue;
        }
        const auto seen = testing::orientation_at(on_platen, placed.at, 8);
        ++points;
        if (testing::between_orientations(seen.radians, placed.direction_radians) < 0.2F) ++agree;
      }
    }
  }
  ASSERT_GT(points, 300);
  EXPECT_GT(agree, 0.85 * points);
}

TEST(FingerImage, MatesAreAlikeOnTheirCommonSkinAndStrangersAreNot) {
  std::vector<Shot> shots;
  for (std::uint64_t n = 0; n < 5; ++n) {
    shots.push_back(shoot(n, 1));
    shots.push_back(shoot(n, 2));
  }
  double least_mate = 1, most_stranger = -1;
  for (std::size_t i = 0; i < shots.size(); ++i) {
    for (std::size_t j = i + 1; j < shots.size(); ++j) {
      const double like = likeness(shots[i], shots[j]);
      if (i / 2 == j / 2) {
        least_mate = std::min(least_mate, like);
      } else {
        most_stranger = std::max(most_stranger, like);
      }
    }
  }
  EXPECT_GT(least_mate, 0.45);
  EXPECT_LT(most_stranger, 0.25);
}

TEST(FingerImage, DrynessTakesInkAndWetnessGivesIt) {
  double before = 0;
  for (const double moisture : {-0.9, -0.45, 0.0, 0.45, 0.9}) {
    ImageConditions conditions;
    conditions.moisture_mean = moisture;
    conditions.moisture_sd = 0;
    const double dark = dark_share(shoot(4, 1, {}, conditions).image);
    EXPECT_GT(dark, 1.1 * before) << moisture;
    before = dark;
  }
}

TEST(FingerImage, WorseQualityBlursWhatMatesShare) {
  CaptureConditions good, bad;
  good.quality_mean = 95;
  bad.quality_mean = 15;
  good.quality_sd = bad.quality_sd = 0;
  double like_good = 0, like_bad = 0;
  for (std::uint64_t n = 0; n < 4; ++n) {
    like_good += likeness(shoot(n, 1, good), shoot(n, 2, good));
    like_bad += likeness(shoot(n, 1, bad), shoot(n, 2, bad));
  }
  EXPECT_GT(like_good, like_bad + 4 * 0.15);
}

// Each of these conditions alone, against the same moment without it.
TEST(FingerImage, ConditionsDoWhatTheySay) {
  ImageConditions plain;
  plain.moisture_sd = plain.scratches = plain.dust = plain.unevenness = plain.grain_sd = 0;
  const Shot base = shoot(4, 1, {}, plain);
  const auto mean_and_sd_of_ground = [&](const Image& image) {
    double n = 0, sum = 0, squares = 0;
    for (int y = 0; y < image.height_px; ++y) {
      for (int x = 0; x < image.width_px; ++x) {
        const FingerPoint at{static_cast<float>(x), static_cast<float>(y)};
        if (base.placed.contact.rim(base.placed.skin.lift(at)) < 1.5F) continue;
        const double grey = image.samples[static_cast<std::size_t>(y * image.width_px + x)];
        n += 1;
        sum += grey;
        squares += grey * grey;
      }
    }
    const double mean = sum / n;
    return std::pair(mean, std::sqrt(std::max(0.0, squares / n - mean * mean)));
  };
  EXPECT_EQ(mean_and_sd_of_ground(base.image), std::pair(plain.background, 0.0));

  ImageConditions grainy = plain;
  grainy.grain_sd = 6;
  EXPECT_NEAR(mean_and_sd_of_ground(shoot(4, 1, {}, grainy).image).second, 6, 0.5);
  ImageConditions uneven = plain;
  uneven.unevenness = 8;
  EXPECT_GT(mean_and_sd_of_ground(shoot(4, 1, {}, uneven).image).second, 2);
  ImageConditions dusty = plain;
  dusty.dust = 60;
  EXPECT_LT(mean_and_sd_of_ground(shoot(4, 1, {}, dusty).image).first, plain.background - 0.01);
  ImageConditions dark = plain;
  dark.background = 150;
  EXPECT_EQ(mean_and_sd_of_ground(shoot(4, 1, {}, dark).image).first, 150);
  ImageConditions touched = plain;
  touched.residue = 0.5;
  EXPECT_LT(mean_and_sd_of_ground(shoot(4, 1, {}, touched).image).first, plain.background - 0.3);
  ImageConditions scratched = plain;
  scratched.scratches = 60;
  EXPECT_LT(dark_share(shoot(4, 1, {}, scratched).image), 0.97 * dark_share(base.image));
}

}  // namespace
}  // namespace whorl::scanners
