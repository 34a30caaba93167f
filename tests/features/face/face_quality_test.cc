#include "engine/features/face/face_quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "tests/features/face/drawn_face.h"

namespace whorl::features {
namespace {

using testing::drawn_face;
using testing::DrawnFace;
using testing::repaint;

Similarity2d about_middle(float scale, float degrees) {
  const float radians = degrees * 3.14159265F / 180;
  Similarity2d motion{scale * std::cos(radians), scale * std::sin(radians), 0, 0};
  const PointPx moved = motion({150, 180});
  motion.dx = 150 - moved.x_px, motion.dy = 180 - moved.y_px;
  return motion;
}

FaceQuality judge(const DrawnFace& drawn) { return face_quality(drawn.picture, {drawn.face}, 0); }

TEST(FaceQuality, OfAGoodFaceIsHighAndFlawless) {
  const FaceQuality quality = judge(drawn_face());
  EXPECT_EQ(quality.score.value, 100);
  EXPECT_TRUE(quality.flaws.empty()) << name_of(quality.flaws.front());
  EXPECT_FLOAT_EQ(quality.eye_distance_px, 80);
  EXPECT_NEAR(quality.roll_degrees, 0, 0.1);
  EXPECT_NEAR(quality.yaw_degrees, 0, 0.5);
  EXPECT_NEAR(quality.pitch_degrees, 0, 0.5);
  EXPECT_NEAR(quality.eyes_open, 0.3, 0.01);
  EXPECT_EQ(quality.inside_share, 1);
}

// Each way of spoiling a face, by how much: the last of the harmless amounts has no flaw, the
// first of the harmful has this one. Between them the score never rises.
struct Spoiling {
  FaceFlaw flaw;
  std::vector<float> harmless, harmful;
  void (*spoil)(DrawnFace&, float amount);
  bool scored = true;
};
const Spoiling kSpoilings[] = {
    {FaceFlaw::turned,
     {0, 5, 18},
     {22, 35, 50},
     [](DrawnFace& d, float degrees) {
       d.face.landmarks[nose_tip].x_px += 80 * 0.52F * std::tan(degrees * 3.14159F / 180);
     }},
    {FaceFlaw::nodding,
     {0, 5, 18},
     {22, 35, 50},
     [](DrawnFace& d, float degrees) {
       d.face.landmarks[nose_tip].y_px += 80 * 0.52F * std::tan(degrees * 3.14159F / 180);
     }},
    {FaceFlaw::tilted,
     {0, 4, 7.5F},
     {8.5F, 20, 45},
     [](DrawnFace& d, float degrees) { d = drawn_face(about_middle(1, degrees)); }},
    {FaceFlaw::too_small,
     {1, 0.9F, 0.76F},
     {0.74F, 0.5F, 0.3F, 0.2F},
     [](DrawnFace& d, float scale) { d = drawn_face(about_middle(scale, 0)); }},
    {FaceFlaw::blurred,
     {0},
     {12, 25},
     [](DrawnFace& d, float reach) { testing::blur(d.picture, static_cast<int>(reach)); }},
    {FaceFlaw::too_dark,
     {1, 0.9F, 0.8F},
     {0.3F, 0.2F, 0.1F},
     [](DrawnFace& d, float share) {
       repaint(d.picture, [=](float v, int, int) { return v * share; });
     }},
    {FaceFlaw::too_bright,
     {0, 20},
     {100, 130},
     [](DrawnFace& d, float more) {
       repaint(d.picture, [=](float v, int, int) { return v + more; });
     }},
    {FaceFlaw::flat,
     {1, 0.8F},
     {0.4F, 0.2F, 0.1F},
     [](DrawnFace& d, float share) {
       repaint(d.picture, [=](float v, int, int) { return 150 + (v - 150) * share; });
     }},
    {FaceFlaw::uneven_light,
     {0, 0.2F},
     {0.8F, 1},
     [](DrawnFace& d, float slant) {
       repaint(d.picture, [=](float v, int x, int) { return x < 150 ? v : v * (1 - slant); });
     }},
    {FaceFlaw::eyes_closed,
     {0.3F, 0.2F, 0.17F},
     {0.15F, 0.1F, 0.05F},
     [](DrawnFace& d, float open) { d = drawn_face({}, open); }},
    {FaceFlaw::cut_off,
     {0, 50, 70},
     {80, 100, 140},
     [](DrawnFace& d, float px) { d.face.box.left_px -= px; }},
    {FaceFlaw::grey,
     {0, 0.5F},
     {0.95F, 1},
     [](DrawnFace& d, float share) {
       for (std::size_t i = 0; i < d.picture.samples.size(); i += 3) {
         const float grey = d.picture.samples[i + 1];
         for (std::size_t c = 0; c < 3; ++c) {
           std::uint8_t& s = d.picture.samples[i + c];
           s = static_cast<std::uint8_t>(grey + (static_cast<float>(s) - grey) * (1 - share));
         }
       }
     },
     false},
};

TEST(FaceQuality, EachFlawBeginsWhereItShouldAndCostsWhatItIsWorth) {
  // The two that are not a matter of degree have tests of their own.
  std::set<FaceFlaw> covered{FaceFlaw::several_faces, FaceFlaw::eyes_hidden};
  for (const Spoiling& spoiling : kSpoilings) {
    SCOPED_TRACE(name_of(spoiling.flaw));
    covered.insert(spoiling.flaw);
    int last = 100;
    const auto score_after = [&](float amount) {
      DrawnFace drawn = drawn_face();
      spoiling.spoil(drawn, amount);
      const FaceQuality quality = judge(drawn);
      EXPECT_LE(quality.score.value, last) << amount;
      last = quality.score.value;
      return quality;
    };
    for (const float amount : spoiling.harmless) {
      for (const FaceFlaw flaw : score_after(amount).flaws)
        ADD_FAILURE() << amount << name_of(flaw);
    }
    for (const float amount : spoiling.harmful) {
      const FaceQuality quality = score_after(amount);
      EXPECT_TRUE(std::ranges::count(quality.flaws, spoiling.flaw) == 1) << amount;
    }
    if (spoiling.scored) {
      EXPECT_LT(last, 96);
    } else {
      EXPECT_EQ(last, 100);
    }
  }
  EXPECT_EQ(covered.size(), std::size_t{kFaceFlaws});
}

TEST(FaceQuality, AnglesHaveSigns) {
  for (const float sign : {-1.0F, 1.0F}) {
    DrawnFace drawn = drawn_face();
    drawn.face.landmarks[nose_tip].x_px += sign * 20;  // to the picture's right: their left
    EXPECT_GT(sign * judge(drawn).yaw_degrees, 20);
    drawn = drawn_face();
    drawn.face.landmarks[nose_tip].y_px += sign * 20;  // down
    EXPECT_GT(sign * judge(drawn).pitch_degrees, 20);
    EXPECT_NEAR(judge(drawn_face(about_middle(1, sign * 15))).roll_degrees, sign * 15, 0.1);
  }
}

// A head that is tilted and turned is as much turned as one that is upright.
TEST(FaceQuality, RollDoesNotMoveTheOtherAngles) {
  DrawnFace upright = drawn_face();
  upright.face.landmarks[nose_tip].x_px += 12;
  DrawnFace tilted = upright;
  const Similarity2d motion = about_middle(1.3F, 35);
  for (PointPx& p : tilted.face.landmarks) p = motion(p);
  EXPECT_NEAR(judge(tilted).yaw_degrees, judge(upright).yaw_degrees, 0.1);
  EXPECT_NEAR(judge(tilted).pitch_degrees, judge(upright).pitch_degrees, 0.1);
}

TEST(FaceQuality, ARivalIsTheFirstFlaw) {
  const DrawnFace drawn = drawn_face();
  DetectedFace other = drawn.face;
  other.box.left_px += 200;
  EXPECT_EQ(face_quality(drawn.picture, {other, drawn.face}, 1).flaws.front(),
            FaceFlaw::several_faces);
  other.box.width_px /= 2;
  EXPECT_TRUE(face_quality(drawn.picture, {other, drawn.face}, 1).flaws.empty());
}

TEST(FaceQuality, StartsFromTheClarity) {
  DrawnFace drawn = drawn_face();
  drawn.face.clarity = 0.4F;
  EXPECT_EQ(judge(drawn).score.value, 40);
  EXPECT_FLOAT_EQ(judge(drawn).clarity, 0.4F);
  drawn.face.clarity = 0;
  EXPECT_EQ(judge(drawn).score.value, 0);
}

TEST(FaceQuality, EyelidsAreJudgedOnlyWhereTheyAreFound) {
  DrawnFace drawn = drawn_face({}, 0.02F);
  drawn.face.outline.clear();
  const FaceQuality quality = judge(drawn);
  EXPECT_EQ(quality.eyes_open, 0);
  EXPECT_TRUE(quality.flaws.empty());
}

// Bands over both eyes, as dark as `grey`, from `inner` px beside the nose outwards.
DrawnFace covered(float grey, int inner = 5) {
  DrawnFace drawn = drawn_face();
  repaint(drawn.picture, [&](float sample, int x, int y) {
    const bool band = y >= 118 && y < 165 && std::abs(x - 150) >= inner && std::abs(x - 150) < 75;
    return band ? grey + static_cast<float>((x + y) % 3) : sample;
  });
  return drawn;
}
bool are_hidden(const FaceQuality& quality) {
  return std::ranges::count(quality.flaws, FaceFlaw::eyes_hidden) == 1;
}

TEST(FaceQuality, EyesBehindSomethingDarkAreHidden) {
  EXPECT_TRUE(are_hidden(judge(covered(15))));
  EXPECT_TRUE(are_hidden(judge(covered(40))));
  EXPECT_FALSE(are_hidden(judge(covered(120)))) << "as light as skin: glasses without an eye";
  EXPECT_FALSE(are_hidden(judge(drawn_face())));
  // One eye is to be seen.
  DrawnFace patch = drawn_face();
  repaint(patch.picture, [&](float sample, int x, int y) {
    return y >= 118 && y < 165 && x > 155 && x < 225 ? 15.0F : sample;
  });
  EXPECT_FALSE(are_hidden(judge(patch)));
  EXPECT_EQ(judge(covered(15)).score.value, 100) << "told, and not held against the face";
}

TEST(FaceQuality, AGreyPictureAndOneInGreysAreJudgedAlike) {
  DrawnFace three = drawn_face();
  DrawnFace one = three;
  one.picture.channels = 1;
  one.picture.samples.clear();
  for (std::size_t i = 0; i < three.picture.samples.size(); i += 3) {
    const std::uint8_t grey = three.picture.samples[i + 1];
    three.picture.samples[i] = three.picture.samples[i + 2] = grey;
    one.picture.samples.push_back(grey);
  }
  const FaceQuality a = judge(three), b = judge(one);
  EXPECT_EQ(a.flaws, std::vector{FaceFlaw::grey});
  EXPECT_EQ(b.flaws, a.flaws);
  EXPECT_NEAR(a.mean_grey, b.mean_grey, 0.1);
  EXPECT_NEAR(a.sharpness, b.sharpness, 0.001);
  EXPECT_EQ(a.score, b.score);
}

TEST(FaceQuality, TakesAFaceAnywhereAndAPictureOfAnySize) {
  for (const int side : {1, 2, 50}) {
    Image picture{side, side, 3, std::nullopt, {}};
    picture.samples.assign(static_cast<std::size_t>(3 * side * side), 0);
    for (const float away : {-1e6F, 0.0F, 1e6F}) {
      DetectedFace face = drawn_face().face;
      for (PointPx& p : face.landmarks) p.x_px += away;
      face.box.left_px += away;
      const FaceQuality quality = face_quality(picture, {face}, 0);
      EXPECT_LT(quality.score.value, 10);
      EXPECT_EQ(std::ranges::count(quality.flaws, FaceFlaw::too_dark), 1);
    }
  }
}

TEST(FaceFlaw, EachHasANameAndASentenceOfItsOwn) {
  std::set<std::string_view> names, texts;
  for (int i = 0; i < kFaceFlaws; ++i) {
    const auto flaw = static_cast<FaceFlaw>(i);
    names.insert(name_of(flaw)), texts.insert(text_of(flaw));
    EXPECT_EQ(name_of(flaw).find_first_not_of("abcdefghijklmnopqrstuvwxyz-"),
              std::string_view::npos);
    EXPECT_TRUE(text_of(flaw).ends_with("."));
  }
  EXPECT_EQ(names.size(), std::size_t{kFaceFlaws});
  EXPECT_EQ(texts.size(), std::size_t{kFaceFlaws});
}

}  // namespace
}  // namespace whorl::features
