// `whorl bench accuracy` with the default model on real pictures: ten people in colour.
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/app/bench/accuracy_bench.h"
#include "engine/app/face_pictures.h"
#include "engine/base/clock.h"
#include "tests/app/command_line.h"
#include "tests/support/test_data.h"

namespace whorl::app {
namespace {

TEST_F(CommandTest, TellsTenPeopleInColourApartByTheirFaces) {
  WHORL_DATA_OR_SKIP(data, "faces/color_small/krasserm_lfw10");
  const auto extractor = features::shared_face_extractor(std::string(features::kDefaultFaceModel));
  if (!extractor) GTEST_SKIP() << describe(extractor.error()) << ": not tested";
  const auto pictures = find_face_pictures(data);
  ASSERT_TRUE(pictures) << describe(pictures.error());
  std::ostringstream silent;
  SystemClock clock;
  Console console({silent, silent}, clock);
  console.quiet = true;
  Progress progress = console.progress("extract", "pictures", std::ssize(*pictures));
  const auto faces = describe_faces(*pictures, **extractor, progress);
  LabelledScores scores;
  for (std::size_t a = 0; a < faces.size(); ++a) {
    for (std::size_t b = a + 1; b < faces.size(); ++b) {
      if (!faces[a] || !faces[b]) continue;
      const bool mated = (*pictures)[a].person == (*pictures)[b].person;
      (mated ? scores.genuine : scores.impostor).push_back(cosine(*faces[a], *faces[b]));
    }
  }
  ASSERT_TRUE(scores.measurable());
  EXPECT_LE(error_rates(det_curve(scores)).eer, 0.03);
}

}  // namespace
}  // namespace whorl::app
