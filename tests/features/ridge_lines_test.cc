#include "engine/features/fingerprint/ridge_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "engine/base/random.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "tests/features/drawn_skeleton.h"
#include "tests/features/gratings.h"

namespace whorl::features {
namespace {

using testing::constant_flow;
using testing::count_of;
using testing::draw_line;
using testing::drawn;
using ::testing::ElementsAre;
using testing::parts_of;
using testing::text_of;
using ::testing::UnorderedElementsAre;

TEST(CrossingNumber, CountsTheRidgesThatLeave) {
  struct {
    const char* what;
    std::vector<std::string_view> rows;
    int crossing;
  } const kCases[] = {
      {"alone", {"...", ".#.", "..."}, 0},
      {"an ending", {"...", ".##", "..."}, 1},
      {"an ending askew", {"..#", ".#.", "..."}, 1},
      {"an ending beside two neighbours", {"..#", ".##", "..."}, 1},
      {"a line", {"...", "###", "..."}, 2},
      {"a bend", {"#..", ".#.", "#.."}, 2},
      {"a fork", {"#..", ".##", "#.."}, 3},
      {"a fork downwards", {".#.", ".#.", "#.#"}, 3},
      {"a cross", {"#.#", ".#.", "#.#"}, 4},
      {"inside", {"###", "###", "###"}, 0},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(crossing_number(drawn(c.rows), {1, 1}), c.crossing) << c.what;
    EXPECT_EQ(branches(drawn(c.rows), {1, 1}).size(), static_cast<std::size_t>(c.crossing))
        << c.what;
  }
}

// All 256 neighbourhoods: as many branches as runs of ridge around the pixel, each a neighbour that
// is set.
TEST(CrossingNumber, IsHowManyBranchesThereAreInEveryNeighbourhood) {
  for (unsigned around = 0; around < 256; ++around) {
    Bitmap all(3, 3);
    all.at(1, 1) = 1;
    for (std::size_t i = 0; i < 8; ++i) {
      all.at(1 + kAround[i].x, 1 + kAround[i].y) = around >> i & 1U;
    }
    const std::vector<Pixel> first = branches(all, {1, 1});
    EXPECT_EQ(static_cast<int>(first.size()), crossing_number(all, {1, 1})) << text_of(all);
    for (const Pixel& p : first) EXPECT_EQ(all.at(p.x, p.y), 1) << text_of(all);
  }
}

TEST(Branches, StraightNeighboursComeBeforeCorners) {
  EXPECT_THAT(branches(drawn({"...", ".##", "..#"}), {1, 1}), ElementsAre(Pixel{2, 1}));
  EXPECT_THAT(branches(drawn({"..#", ".##", "..."}), {1, 1}), ElementsAre(Pixel{2, 1}));
  EXPECT_THAT(branches(drawn({"##.", ".#.", "..#"}), {1, 1}),
              UnorderedElementsAre(Pixel{1, 0}, Pixel{2, 2}));
}

TEST(Walk, EndsAtTheRidgesEnd) {
  const Bitmap line = drawn({"............",  //
                             ".###........",  //
                             "....#.......",  //
                             ".....#####..",  //
                             "............"});
  EXPECT_THAT(walk(line, {1, 1}, {2, 1}, 50),
              ElementsAre(Pixel{2, 1}, Pixel{3, 1}, Pixel{4, 2}, Pixel{5, 3}, Pixel{6, 3},
                          Pixel{7, 3}, Pixel{8, 3}, Pixel{9, 3}));
}

TEST(Walk, IsNoLongerThanAllowed) {
  Bitmap line(40, 5);
  draw_line(line, {2, 2}, {37, 2});
  EXPECT_EQ(walk(line, {2, 2}, {3, 2}, 12).back(), (Pixel{14, 2}));
  EXPECT_TRUE(walk(line, {2, 2}, {3, 2}, 0).empty());
}

TEST(Walk, EndsOnAForkThatIsItsLastPixel) {
  const Bitmap fork = drawn({"............",  //
                             "........##..",  //
                             ".......#....",  //
                             ".######.....",  //
                             ".......#....",  //
                             "........##..",  //
                             "............"});
  const std::vector<Pixel> path = walk(fork, {1, 3}, {2, 3}, 50);
  EXPECT_EQ(path.back(), (Pixel{6, 3}));
  EXPECT_EQ(path.size(), 5U);
}

TEST(Walk, GoesRoundARingOnceAtMost) {
  const Bitmap ring = drawn({".......",  //
                             "..###..",  //
                             ".#...#.",  //
                             ".#...#.",  //
                             "..###..",  //
                             "......."});
  const std::vector<Pixel> path = walk(ring, {2, 1}, {3, 1}, 100);
  EXPECT_LE(path.size(), 10U);
  EXPECT_GE(path.size(), 8U);
}

// A staircase, whose pixels each touch three others.
TEST(Walk, ClimbsStairsWithoutTurningBack) {
  Bitmap stairs(30, 30);
  for (int i = 1; i < 28; ++i) stairs.at(i, i) = stairs.at(i + 1, i) = 1;
  const std::vector<Pixel> path = walk(stairs, {1, 1}, {2, 1}, 100);
  ASSERT_FALSE(path.empty());
  for (std::size_t i = 1; i < path.size(); ++i) {
    EXPECT_GE(path[i].x + path[i].y, path[i - 1].x + path[i - 1].y);
  }
}

// Every pixel is a neighbour of the one before, and set, whatever the picture.
TEST(Walk, NeverLeapsOnAnySkeleton) {
  SeededRandom random(4);
  for (int round = 0; round < 20; ++round) {
    Bitmap noise(60, 50);
    for (std::uint8_t& p : noise.cells()) p = random.chance(0.6) ? 1 : 0;
    const Bitmap lines = thinned(noise);
    for (int y = 1; y + 1 < lines.height(); ++y) {
      for (int x = 1; x + 1 < lines.width(); ++x) {
        if (lines.at(x, y) == 0) continue;
        for (const Pixel& next : branches(lines, {x, y})) {
          Pixel before{x, y};
          for (const Pixel& at : walk(lines, before, next, 30)) {
            ASSERT_EQ(lines.at(at.x, at.y), 1);
            ASSERT_LE(std::max(std::abs(at.x - before.x), std::abs(at.y - before.y)), 1);
            before = at;
          }
        }
      }
    }
  }
}

constexpr int kSide = 80;
const Flow kAlongX = constant_flow(kSide / kCellPx, kSide / kCellPx, 0);

Bitmap tidied(Bitmap skeleton, const Flow& flow = kAlongX) {
  tidy(skeleton, flow);
  return skeleton;
}

Bitmap one_ridge() {
  Bitmap ridge(kSide, kSide);
  draw_line(ridge, {5, 40}, {74, 40});
  return ridge;
}

TEST(Tidy, LeavesRidgesAlone) {
  Bitmap ridges = one_ridge();
  draw_line(ridges, {5, 50}, {74, 55});
  draw_line(ridges, {30, 20}, {60, 20});
  EXPECT_EQ(text_of(tidied(ridges)), text_of(ridges));
}

TEST(Tidy, ErasesASpurAndKeepsABranch) {
  Bitmap spur = one_ridge(), branch = spur;
  draw_line(spur, {35, 39}, {35, 33});
  draw_line(branch, {35, 39}, {46, 28});
  EXPECT_EQ(text_of(tidied(spur)), text_of(one_ridge()));
  EXPECT_EQ(text_of(tidied(branch)), text_of(branch));
}

TEST(Tidy, ErasesPiecesTooShortToBeRidges) {
  Bitmap pieces = one_ridge();
  draw_line(pieces, {20, 20}, {29, 20});
  pieces.at(60, 20) = pieces.at(61, 20) = 1;
  EXPECT_EQ(text_of(tidied(pieces)), text_of(one_ridge()));
}

Bitmap two_ridges() {
  Bitmap ridges = one_ridge();
  draw_line(ridges, {5, 48}, {74, 48});
  return ridges;
}

TEST(Tidy, ErasesABridgeAcrossTheFlowAndKeepsOneAlongIt) {
  Bitmap bridged = two_ridges();
  draw_line(bridged, {40, 40}, {40, 48});
  EXPECT_EQ(text_of(tidied(bridged)), text_of(two_ridges()));
  const Flow along_the_bridge = constant_flow(kSide / kCellPx, kSide / kCellPx, 90);
  EXPECT_EQ(text_of(tidied(bridged, along_the_bridge)), text_of(bridged));
}

// Two ridges that part and meet again about a pore that was not filled.
TEST(Tidy, ALakeBecomesOneRidge) {
  Bitmap lake(kSide, kSide);
  draw_line(lake, {5, 40}, {30, 40});
  draw_line(lake, {30, 40}, {33, 37});
  draw_line(lake, {33, 37}, {37, 37});
  draw_line(lake, {37, 37}, {40, 40});
  draw_line(lake, {30, 40}, {33, 43});
  draw_line(lake, {33, 43}, {37, 43});
  draw_line(lake, {37, 43}, {40, 40});
  draw_line(lake, {40, 40}, {74, 40});
  ASSERT_EQ(parts_of(lake, 0, false).size(), 2U);
  const Bitmap shore = tidied(lake);
  EXPECT_EQ(parts_of(shore, 0, false).size(), 1U) << text_of(shore);
  EXPECT_EQ(parts_of(shore, 1, true).size(), 1U) << text_of(shore);
  int forks = 0;
  for (int y = 1; y + 1 < kSide; ++y) {
    for (int x = 1; x + 1 < kSide; ++x) {
      if (shore.at(x, y) != 0 && crossing_number(shore, {x, y}) > 2) ++forks;
    }
  }
  EXPECT_EQ(forks, 0) << text_of(shore);
}

// An island of a ridge's own size is one: it stays.
TEST(Tidy, ALargeLakeStays) {
  Bitmap lake(kSide, kSide);
  draw_line(lake, {5, 40}, {20, 40});
  draw_line(lake, {20, 40}, {25, 35});
  draw_line(lake, {25, 35}, {55, 35});
  draw_line(lake, {55, 35}, {60, 40});
  draw_line(lake, {20, 40}, {25, 45});
  draw_line(lake, {25, 45}, {55, 45});
  draw_line(lake, {55, 45}, {60, 40});
  draw_line(lake, {60, 40}, {74, 40});
  EXPECT_EQ(text_of(tidied(lake)), text_of(lake));
}

TEST(Tidy, AddsNothingWhateverTheSkeleton) {
  SeededRandom random(6);
  for (int round = 0; round < 50; ++round) {
    const double density = random.uniform(0.2, 0.9);
    Bitmap noise(kSide, kSide);
    for (std::uint8_t& p : noise.cells()) p = random.chance(density) ? 1 : 0;
    const Bitmap before = thinned(noise), after = tidied(before);
    for (std::size_t i = 0; i < before.cells().size(); ++i) {
      ASSERT_LE(after.cells()[i], before.cells()[i]);
    }
  }
}

}  // namespace
}  // namespace whorl::features
