#include "engine/features/fingerprint/skeleton.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/random.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "tests/features/drawn_skeleton.h"

namespace whorl::features {
namespace {

using testing::count_of;
using testing::drawn;
using testing::parts_of;
using testing::text_of;

// Algorithm A1 as Guo and Hall write it: p[0] .. p[7] from the north on, clockwise.
bool goes(const std::array<bool, 8>& p, bool first_half) {
  const auto pair = [&](int i, int j) {
    return p[static_cast<std::size_t>(i & 7)] || p[static_cast<std::size_t>(j & 7)] ? 1 : 0;
  };
  int changes = 0;
  for (int i = 0; i < 8; i += 2) changes += pair(i, i) == 0 && pair(i + 1, i + 2) == 1 ? 1 : 0;
  const int one_way = pair(7, 0) + pair(1, 2) + pair(3, 4) + pair(5, 6);
  const int other_way = pair(0, 1) + pair(2, 3) + pair(4, 5) + pair(6, 7);
  const int neighbours = std::min(one_way, other_way);
  if (changes != 1 || neighbours < 2 || neighbours > 3) return false;
  return first_half ? !((p[4] || p[5] || !p[7]) && p[6]) : !((p[0] || p[1] || !p[3]) && p[2]);
}

bool slow_half_pass(Bitmap& ridges, bool first_half) {
  constexpr std::array<Pixel, 8> kClockwise{
      {{0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}}};
  const Bitmap before = ridges;
  bool changed = false;
  for (int y = 1; y + 1 < ridges.height(); ++y) {
    for (int x = 1; x + 1 < ridges.width(); ++x) {
      if (before.at(x, y) == 0) continue;
      std::array<bool, 8> p{};
      for (std::size_t i = 0; i < 8; ++i) {
        p[i] = before.at(x + kClockwise[i].x, y + kClockwise[i].y) != 0;
      }
      if (!goes(p, first_half)) continue;
      ridges.at(x, y) = 0, changed = true;
    }
  }
  return changed;
}

Bitmap without_rim(Bitmap ridges) {
  for (int y = 0; y < ridges.height(); ++y) {
    for (int x = 0; x < ridges.width(); ++x) {
      if (x == 0 || y == 0 || x + 1 == ridges.width() || y + 1 == ridges.height()) {
        ridges.at(x, y) = 0;
      }
    }
  }
  return ridges;
}

Bitmap slowly_thinned(const Bitmap& ridges) {
  Bitmap out = without_rim(ridges);
  for (bool changed = true; changed;) {
    changed = slow_half_pass(out, true);
    changed = slow_half_pass(out, false) || changed;
  }
  return out;
}

// Blobs of a size that `sigma` says, of which `share` of the picture is ridge.
Bitmap random_blobs(int width, int height, float sigma, float share, std::uint64_t seed) {
  SeededRandom random(seed);
  Field noise(width, height);
  for (float& v : noise.cells()) v = static_cast<float>(random.normal(0, 1));
  if (sigma > 0) noise = blurred(noise, sigma);
  const float level = quantile(noise, {}, 1 - share);
  Bitmap out(width, height);
  for (std::size_t i = 0; i < noise.cells().size(); ++i) {
    out.cells()[i] = noise.cells()[i] >= level ? 1 : 0;
  }
  return out;
}

template <class Check>
void for_many_blobs(Check check) {
  std::uint64_t seed = 0;
  for (const int width : {1, 2, 3, 7, 62, 63, 64, 65, 66, 127, 128, 129, 200}) {
    for (const int height : {1, 2, 3, 20, 90}) {
      for (const float sigma : {0.0F, 0.8F, 2.5F, 6.0F}) {
        for (const float share : {0.2F, 0.5F, 0.9F}) {
          check(random_blobs(width, height, sigma, share, ++seed));
          if (::testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Thinning, AgreesWithItsDefinitionAPixelAtATime) {
  for_many_blobs([](const Bitmap& blobs) {
    ASSERT_EQ(text_of(thinned(blobs)), text_of(slowly_thinned(blobs))) << text_of(blobs);
  });
  Bitmap full(130, 70, 1);
  EXPECT_EQ(text_of(thinned(full)), text_of(slowly_thinned(full)));
}

TEST(Thinning, DisconnectsAndJoinsNothing) {
  for_many_blobs([](const Bitmap& blobs) {
    const Bitmap before = without_rim(blobs), after = thinned(blobs);
    ASSERT_EQ(parts_of(after, 1, true).size(), parts_of(before, 1, true).size())
        << text_of(before) << text_of(after);
    ASSERT_EQ(parts_of(after, 0, false).size(), parts_of(before, 0, false).size())
        << text_of(before) << text_of(after);
  });
}

TEST(Thinning, LeavesLinesAloneAndAddsNothing) {
  for_many_blobs([](const Bitmap& blobs) {
    const Bitmap once = thinned(blobs);
    ASSERT_EQ(text_of(thinned(once)), text_of(once));
    for (std::ptrdiff_t i = 0; i < once.size(); ++i) {
      ASSERT_LE(once.cells().data()[i], blobs.cells().data()[i]);  // nothing is added
    }
  });
}

TEST(Thinning, ABarBecomesItsMiddleLine) {
  Bitmap bar(80, 15);
  for (int y = 4; y < 11; ++y) std::fill_n(bar.row(y) + 5, 70, std::uint8_t{1});
  const Bitmap line = thinned(bar);
  for (int x = 12; x < 68; ++x) {
    for (int y = 0; y < 15; ++y) EXPECT_EQ(line.at(x, y), y == 7 ? 1 : 0) << x << ", " << y;
  }
}

Field field_of(const Bitmap& ridges) {
  Field field(ridges.width(), ridges.height());
  for (std::size_t i = 0; i < ridges.cells().size(); ++i) {
    field.cells()[i] = ridges.cells()[i] != 0 ? 0.5F : -0.5F;
  }
  return field;
}

Bitmap binarised_whole(const Bitmap& ridges) {
  const Mask whole((ridges.width() + kCellPx - 1) / kCellPx,
                   (ridges.height() + kCellPx - 1) / kCellPx, 1);
  return binarised(field_of(ridges), whole);
}

TEST(Binarising, TakesWhatIsPositiveInsideTheMask) {
  Mask mask(25, 10);
  for (int y = 0; y < 10; ++y) {
    for (int x = 5; x < 20; ++x) mask.at(x, y) = 1;
  }
  const Bitmap all = binarised(Field(98, 39, 0.1F), mask);
  for (int y = 0; y < 39; ++y) {
    for (int x = 0; x < 98; ++x) EXPECT_EQ(all.at(x, y), x >= 20 && x < 80 ? 1 : 0);
  }
  EXPECT_EQ(count_of(binarised(Field(98, 39, 0.0F), mask)), 0);
}

// A speck of `count` pixels, in rows of six.
Bitmap with_speck(int count, std::uint8_t speck) {
  Bitmap out(40, 40, speck == 0 ? 1 : 0);
  for (int i = 0; i < count; ++i) out.at(10 + i % 6, 10 + i / 6) = speck;
  return out;
}

TEST(Binarising, FillsPoresAndErasesDustUpToTheirSizes) {
  EXPECT_EQ(count_of(binarised_whole(with_speck(17, 0))), 1600);
  EXPECT_EQ(count_of(binarised_whole(with_speck(18, 0))), 1600 - 18);
  EXPECT_EQ(count_of(binarised_whole(with_speck(29, 1))), 0);
  EXPECT_EQ(count_of(binarised_whole(with_speck(30, 1))), 30);
}

// Ridges that touch by a corner belong together; valleys do not.
TEST(Binarising, ACornerJoinsRidgesAndPartsValleys) {
  Bitmap slope(60, 60), gap(60, 60, 1);
  for (int i = 0; i < 40; ++i) slope.at(10 + i, 10 + i) = 1, gap.at(10 + i, 10 + i) = 0;
  EXPECT_EQ(count_of(binarised_whole(slope)), 40);
  EXPECT_EQ(count_of(binarised_whole(gap)), 3600);
}

Bitmap without_small(Bitmap bitmap, std::uint8_t value, bool diagonal, std::size_t least) {
  for (const std::vector<Pixel>& part : parts_of(bitmap, value, diagonal)) {
    if (part.size() >= least) continue;
    for (const Pixel& p : part) bitmap.at(p.x, p.y) = static_cast<std::uint8_t>(1 - value);
  }
  return bitmap;
}

TEST(Binarising, FindsSpecksAsAFloodWould) {
  for_many_blobs([](const Bitmap& blobs) {
    ASSERT_EQ(text_of(binarised_whole(blobs)),
              text_of(without_small(without_small(blobs, 0, false, 18), 1, true, 30)));
  });
}

}  // namespace
}  // namespace whorl::features
