#include "engine/features/face/face.h"

#include <gtest/gtest.h>

namespace whorl::features {
namespace {

DetectedFace face_at(float centre_x, float centre_y, float width) {
  DetectedFace face;
  face.box = {centre_x - width / 2, centre_y - width / 2, width, width};
  return face;
}

struct Choice {
  const char* why;
  std::vector<DetectedFace> faces;  // in a picture of 400 x 300 px
  std::size_t main;
  bool rival;
};
const Choice kChoices[] = {
    {"alone, in a corner", {face_at(5, 5, 40)}, 0, false},
    {"the larger of two", {face_at(150, 150, 40), face_at(250, 150, 80)}, 1, false},
    {"of one size, the one in the middle", {face_at(30, 30, 60), face_at(200, 150, 60)}, 1, true},
    {"a little smaller, but in the middle", {face_at(20, 20, 70), face_at(200, 150, 60)}, 1, true},
    {"at the edge, but twice as large", {face_at(200, 150, 40), face_at(380, 280, 90)}, 1, false},
    {"exactly the rival's share is none",
     {face_at(200, 150, 100), face_at(300, 150, 60)},
     0,
     false},
    {"just above it is", {face_at(200, 150, 100), face_at(300, 150, 61)}, 0, true},
    {"of two alike, the first", {face_at(150, 150, 50), face_at(250, 150, 50)}, 0, true},
    {"outside the picture counts as its corner",
     {face_at(-4000, 150, 50), face_at(400, 300, 51)},
     1,
     true},
};
TEST(MainFace, IsLargeAndNearTheMiddle) {
  for (const Choice& choice : kChoices) {
    EXPECT_EQ(main_face(choice.faces, 400, 300), choice.main) << choice.why;
    EXPECT_EQ(has_rival(choice.faces, choice.main), choice.rival) << choice.why;
  }
}

TEST(EyeDistance, IsBetweenTheEyes) {
  DetectedFace face;
  face.landmarks = {{{10, 20}, {13, 24}, {0, 0}, {0, 0}, {0, 0}}};
  EXPECT_FLOAT_EQ(eye_distance_px(face), 5);
}

}  // namespace
}  // namespace whorl::features
