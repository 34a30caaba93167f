#include "kernels/print_alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "kernels/alignment_rules.h"
#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

struct Placed {
  int x, y, direction;  // y upwards
};

// A probe, prints of a block and the columns that the codes would have made of them.
struct Scene {
  std::vector<PackedMinutia> probe;
  int probe_codes = 0;
  std::vector<PackedMinutia> minutiae;
  std::uint16_t starts[kBlockPrints + 1] = {};
  std::vector<FingerColumns> columns;

  AlignmentProbe view() const {
    return {probe.data(), probe_codes, static_cast<int>(probe.size())};
  }
  BlockMinutiae block() const { return {minutiae.data(), starts}; }
};

class SceneMaker {
 public:
  explicit SceneMaker(std::uint64_t seed) : random_(seed) {}

  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }
  std::uint64_t bits() { return random_(); }

  // Prints of up to `most` minutiae, among them moved copies of the probe with errors, and crowds
  // at one place; `frame` px wide.
  Scene scene(int prints, int probe_count, int probe_codes, int most, int frame) {
    Scene made;
    made.probe_codes = std::min(probe_codes, probe_count);
    for (int i = 0; i < probe_count; ++i) made.probe.push_back(minutia(anywhere(frame), false));
    for (int b = 0; b < kBlockPrints; ++b) {
      made.starts[b] = static_cast<std::uint16_t>(made.minutiae.size());
      if (b < prints) add_print(made, below(most + 1), frame, b % 3 == 1, b % 7 == 6);
    }
    made.starts[kBlockPrints] = static_cast<std::uint16_t>(made.minutiae.size());
    return made;
  }

 private:
  Placed anywhere(int frame) { return {below(frame), -below(frame), below(256)}; }

  static PackedMinutia minutia(const Placed& p, bool coded) {
    const auto inside = [](int v) {
      return static_cast<std::int16_t>(std::clamp(v, 0, kMaxPlace));
    };
    return {inside(p.x), inside(-p.y), static_cast<std::uint8_t>(p.direction), 0,
            coded ? std::uint16_t{0} : PackedMinutia::kNoCode};
  }

  void add_print(Scene& scene, int count, int frame, bool mate, bool crowd) {
    const double turn = (below(80) - 40) * 0.0245, shift_x = below(60) - 30,
                 shift_y = below(60) - 30;
    for (int m = 0; m < count; ++m) {
      Placed place = anywhere(frame);
      int partner = -1;
      if (mate && !scene.probe.empty() && below(3) != 0) {
        partner = below(static_cast<int>(scene.probe.size()));
        const PackedMinutia& p = scene.probe[static_cast<std::size_t>(partner)];
        const double x = p.x_px - frame / 2.0, y = -p.y_px + frame / 2.0;
        place = {
            static_cast<int>(frame / 2.0 + shift_x + x * std::cos(turn) - y * std::sin(turn)) +
                below(13) - 6,
            static_cast<int>(-frame / 2.0 + shift_y + x * std::sin(turn) + y * std::cos(turn)) +
                below(13) - 6,
            p.direction_steps + static_cast<int>(turn * 128 / 3.14159265) + below(21) - 10};
      } else if (crowd) {
        place = {100 + below(10), -100 - below(10), below(12)};
      }
      scene.minutiae.push_back(minutia(place, false));
      if (below(8) != 0) give_code(scene, partner);
    }
  }

  void give_code(Scene& scene, int partner) {
    FingerColumn column = kNoPartner;
    if (scene.probe_codes > 0 && below(10) != 0) {
      const bool right = partner >= 0 && partner < scene.probe_codes && below(4) != 0;
      const int i = right ? partner : below(scene.probe_codes);
      column = static_cast<FingerColumn>((right ? 30 + below(70) : 70 + below(58)) << 8 | i);
    }
    if (codes_ % kLanes == 0) scene.columns.emplace_back();
    scene.columns.back().lanes[codes_ % kLanes] = column;
    scene.minutiae.back().code_and_kind = static_cast<std::uint16_t>(codes_ | 0x4000);
    ++codes_;
  }

  int codes_ = 0;  // a maker makes one scene
  std::mt19937_64 random_;
};

std::vector<std::uint16_t> scores_of(AlignPrints align, const Scene& scene, std::uint64_t eligible,
                                     int least_votes) {
  std::vector<std::uint16_t> scores(kBlockPrints + 1, 0xABCD);
  align(scene.view(), scene.block(), scene.columns.data(), eligible, least_votes, scores.data());
  EXPECT_EQ(scores.back(), 0xABCD);
  return scores;
}

class PrintAlignmentTwins : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (!available(GetParam()))
      GTEST_SKIP() << name_of(GetParam()) << ": not on this machine, NOT verified";
  }
  void expect_agreement(const Scene& scene, std::uint64_t eligible, int least_votes) {
    EXPECT_EQ(scores_of(align_prints(GetParam()), scene, eligible, least_votes),
              scores_of(align_prints_reference, scene, eligible, least_votes));
  }
};

TEST_P(PrintAlignmentTwins, AgreeWithTheReferenceBitForBit) {
  std::uint64_t seed = 1;
  for (const int probe : {0, 1, 9, 36, 64, 65, 255}) {
    for (const int most : {0, 1, 15, 16, 17, 40, 70, 255}) {
      for (const int frame : {1, 60, 400, kMaxPlace + 1}) {
        for (const int least_votes : {0, 60, 150}) {
          SCOPED_TRACE(::testing::Message() << probe << " probe minutiae, prints of up to " << most
                                            << ", frame " << frame << ", votes " << least_votes);
          SceneMaker maker(++seed);
          const Scene scene = maker.scene(1 + maker.below(kBlockPrints), probe,
                                          probe - maker.below(probe / 4 + 1), most, frame);
          expect_agreement(scene, maker.bits(), least_votes);
          ASSERT_FALSE(HasFailure());
        }
      }
    }
  }
}

// Prints like real ones, so that most of what is scored has votes and couples.
TEST_P(PrintAlignmentTwins, AgreeOnPrintsThatLookLikeFingers) {
  for (std::uint64_t seed = 1000; seed < 1060; ++seed) {
    SceneMaker maker(seed);
    const int probe = 20 + maker.below(40);
    const Scene scene = maker.scene(kBlockPrints, probe, probe - 2, 20 + maker.below(50), 350);
    expect_agreement(scene, ~std::uint64_t{0}, 0);
    ASSERT_FALSE(HasFailure()) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PrintAlignmentTwins, ::testing::ValuesIn(kBackends),
                         [](const auto& each) { return std::string(name_of(each.param)); });

TEST(PrintAlignment, ScoresMatesAboveStrangersWhateverTheMotion) {
  int mates = 0, strangers = 0, worst_mate = 65535, best_stranger = 0;
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    SceneMaker maker(seed);
    const Scene scene = maker.scene(kBlockPrints, 40, 40, 60, 350);
    const auto scores = scores_of(align_prints(best_backend()), scene, ~std::uint64_t{0}, 0);
    for (int b = 0; b < kBlockPrints; ++b) {
      if (scene.starts[b + 1] - scene.starts[b] < 30 || b % 7 == 6) continue;
      const int score = scores[static_cast<std::size_t>(b)];
      if (b % 3 == 1) {
        worst_mate = std::min(worst_mate, score), ++mates;
      } else {
        best_stranger = std::max(best_stranger, score), ++strangers;
      }
    }
  }
  EXPECT_GT(mates, 20);
  EXPECT_GT(strangers, 40);
  EXPECT_GT(worst_mate, best_stranger);
}

TEST(PrintAlignment, LeavesOutWhoHasTooFewVotesAndWhoIsNotEligible) {
  SceneMaker maker(3);
  const Scene scene = maker.scene(kBlockPrints, 40, 40, 60, 350);
  const auto all = scores_of(align_prints_reference, scene, ~std::uint64_t{0}, 0);
  const auto some = scores_of(align_prints_reference, scene, 0x0F0F0F0F0F0F0F0FU, 200);
  const auto none = scores_of(align_prints_reference, scene, ~std::uint64_t{0}, kMaxVotes + 1);
  int kept = 0, few = 0;
  for (std::size_t b = 0; b < kBlockPrints; ++b) {
    const bool eligible = b % 8 < 4;
    EXPECT_TRUE(some[b] == 0 || (eligible && some[b] == all[b]));
    kept += some[b] != 0;
    int codes = 0;
    for (int m = scene.starts[b]; m < scene.starts[b + 1]; ++m) {
      codes += scene.minutiae[static_cast<std::size_t>(m)].code() != PackedMinutia::kNoCode;
    }
    if (codes >= kFewCodes) {
      EXPECT_EQ(none[b], 0) << b;
    } else {
      EXPECT_EQ(none[b], all[b]) << "too few codes to be judged by votes";
      few += codes > 0;
    }
  }
  EXPECT_GT(kept, 5);
  EXPECT_GT(few, 2);
}

TEST(PrintAlignment, TablesAreWhatTheirFormulasSay) {
  for (int a = 0; a < alignment::kAreas; ++a) {
    const double expected =
        kAlignmentUnit * (std::log((a + 0.5) * alignment::kAreaStep) + alignment::kLogHeight);
    EXPECT_NEAR(alignment::kHeights.units[a], expected, 0.5001);
  }
  for (int k = 0; k < 256; ++k) {
    EXPECT_NEAR(alignment::kTurns.cosine[k], std::cos(k * 6.283185307179586 / 256), 3.1e-5);
    EXPECT_NEAR(alignment::kTurns.sine[k], std::sin(k * 6.283185307179586 / 256), 3.1e-5);
  }
  EXPECT_EQ(alignment::kLikeness.units[0] > alignment::kLikeness.units[40], true);
  EXPECT_EQ(alignment::kLikeness.units[kCodeBits / 2], -10);  // no likeness at all
}

}  // namespace
}  // namespace whorl::kernels
