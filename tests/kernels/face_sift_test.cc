// Every twin of kernels/face_sift.h gives the definition's bits; no row that may matter is told
// off.
#include "kernels/face_sift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <ostream>
#include <random>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {

void sift_faces_emulated_amx(const FaceSiftProbes&, const FaceCodeBlock&, std::uint16_t*,
                             std::int32_t*);

namespace {

constexpr std::int32_t kUntouched = 0x7A7A7A7A;
constexpr float kNever = std::numeric_limits<float>::infinity();

struct Twin {
  std::string_view name;
  Backend needs;    // what must be available
  SiftFaces other;  // null: the backend's own
  SiftFaces sift() const { return other != nullptr ? other : sift_faces(needs); }
};
void PrintTo(const Twin& twin, std::ostream* out) { *out << twin.name; }

std::vector<Twin> twins() {
  std::vector<Twin> all;
  for (const Backend backend : kBackends) all.push_back({name_of(backend), backend, nullptr});
#if defined(__x86_64__)
  all.push_back({"emulated_amx", Backend::avx512, sift_faces_emulated_amx});
#endif
  return all;
}

// Memory of exactly the size and alignment that the contract grants, so that AddressSanitizer sees
// a twin that touches more.
template <class T>
class Aligned {
 public:
  Aligned(std::int64_t size, T value)
      : size_(static_cast<std::size_t>(size)),
        values_(new (std::align_val_t{64}) T[std::max<std::size_t>(size_, 1)]) {
    std::fill_n(values_.get(), size_, value);
  }
  T* data() const { return values_.get(); }
  T& operator[](std::int64_t i) const { return values_[static_cast<std::size_t>(i)]; }
  std::vector<T> copy() const { return {values_.get(), values_.get() + size_}; }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  std::size_t size_;
  std::unique_ptr<T[], Free> values_;
};

// Rows and probes of codes, with terms that let about a tenth of the rows through.
struct Case {
  Case(int codes_of_each, std::int64_t groups_of_rows, int probe_count, bool extreme)
      : codes(codes_of_each),
        groups(groups_of_rows),
        count(probe_count),
        lanes(groups * codes * kFaceGroupRows, kFaceCodeZero),
        scales(groups * kFaceGroupRows, 0),
        errors(groups, 0),
        probes(std::int64_t{padded_probes(count)} * codes, 0),
        sums(padded_probes(count), 0),
        cuts(padded_probes(count), 0),
        slopes(padded_probes(count), 0) {
    std::mt19937_64 random(static_cast<std::uint64_t>(codes * 100 + count) + extreme);
    const auto code = [&] {
      return extreme ? (random() % 8 == 0 ? -127 : 127) : static_cast<int>(random() % 255) - 127;
    };
    for (std::int64_t i = 0; i < groups * codes * kFaceGroupRows; ++i) {
      lanes[i] = static_cast<std::uint8_t>(code() + kFaceCodeZero);
    }
    for (std::int64_t i = 0; i < groups * kFaceGroupRows; ++i) {
      scales[i] = random() % 9 == 0 ? 0.0F : 1e-3F + 1e-6F * static_cast<float>(random() % 1000);
    }
    for (std::int64_t g = 0; g < groups; ++g) errors[g] = 1e-3F * static_cast<float>(g % 7);
    for (int p = 0; p < padded_probes(count); ++p) {
      for (int d = 0; d < codes; ++d) {
        const int value = code();
        probes[probe_code_place(p, d, codes)] = static_cast<std::int8_t>(value);
        sums[p] += value;
      }
      cuts[p] = 7.0F * std::sqrt(static_cast<float>(codes));
      slopes[p] = static_cast<float>(p % 5);
    }
    if (count > 1) cuts[1] = -kNever;
    if (count > 2) cuts[2] = kNever;
    if (count > 3) cuts[3] = std::numeric_limits<float>::quiet_NaN();
  }

  struct Answer {
    std::vector<std::uint16_t> passed;
    std::vector<std::int32_t> dots;
    bool operator==(const Answer&) const = default;
  };
  Answer by(SiftFaces sift) const {
    Aligned<std::uint16_t> passed(count * groups, 0xBEEF);
    Aligned<std::int32_t> dots(count * groups * kFaceGroupRows, kUntouched);
    sift({count, probes.data(), sums.data(), cuts.data(), slopes.data()},
         {groups, codes, lanes.data(), scales.data(), errors.data()}, passed.data(), dots.data());
    return {passed.copy(), dots.copy()};
  }

  int codes;
  std::int64_t groups;
  int count;
  Aligned<std::uint8_t> lanes;
  Aligned<float> scales, errors;
  Aligned<std::int8_t> probes;
  Aligned<std::int32_t> sums;
  Aligned<float> cuts, slopes;
};

class FaceSift : public ::testing::TestWithParam<Twin> {
 protected:
  void SetUp() override {
    if (!available(GetParam().needs))
      GTEST_SKIP() << GetParam().name << ": not on this machine, NOT verified";
  }
};

TEST_P(FaceSift, GivesTheDefinitionsBitsOnAwkwardSizes) {
  for (const int codes : {0, 64, 128, 192, 512, 576, 4096}) {
    for (const std::int64_t groups : {0, 1, 2, 3, 5}) {
      for (const int count : {0, 1, 2, 3, 4, 5, 8, 9, 11, 12, 15, 16, 17, 31, 32, 33, 48, 49, 65}) {
        if (codes == 4096 && (groups > 3 || count > 17)) continue;  // it takes its time
        const Case one(codes, groups, count, false);
        ASSERT_EQ(one.by(GetParam().sift()), one.by(sift_faces_reference))
            << count << " probes, " << groups << " groups, " << codes << " codes";
      }
    }
  }
}

TEST_P(FaceSift, DoesNotSaturateAtTheLargestCodes) {
  for (const int codes : {64, 512, 4096}) {
    for (const int count : {1, 4, 16, 33}) {
      const Case one(codes, 2, count, true);
      ASSERT_EQ(one.by(GetParam().sift()), one.by(sift_faces_reference));
    }
  }
}

TEST_P(FaceSift, TakesTheLargestBlockAndBatch) {
  const Case one(64, kMaxSiftGroups, kMaxSiftProbes, false);
  EXPECT_EQ(one.by(GetParam().sift()), one.by(sift_faces_reference));
}

INSTANTIATE_TEST_SUITE_P(Twins, FaceSift, ::testing::ValuesIn(twins()),
                         [](const auto& twin) { return std::string(twin.param.name); });

// The definition itself: products as they are written down by hand, bits, and what is left alone.
TEST(FaceSiftDefinition, AddsUpCodesAndTellsOffWhatIsBelowTheCut) {
  Case one(64, 2, 2, false);
  const auto set_row = [&](std::int64_t row, int d, int code) {
    one.lanes[row / 16 * 64 * 16 + face_code_place(static_cast<int>(row % 16), d)] =
        static_cast<std::uint8_t>(code + kFaceCodeZero);
  };
  for (int d = 0; d < 64; ++d) {
    for (std::int64_t row = 0; row < 32; ++row) set_row(row, d, 0);
    one.probes[probe_code_place(0, d, 64)] = static_cast<std::int8_t>(d - 30);
    one.probes[probe_code_place(1, d, 64)] = 1;
  }
  one.sums[0] = 96, one.sums[1] = 64;
  set_row(3, 40, 127), set_row(3, 63, -127), set_row(17, 5, -100);
  for (std::int64_t row = 0; row < 32; ++row) one.scales[row] = 0.5F;
  one.errors[0] = 2, one.errors[1] = 0;
  one.cuts[0] = 1000, one.slopes[0] = 1;    // of the first group 998, of the second 1000
  one.cuts[1] = -0.25F, one.slopes[1] = 0;  // zeros pass, -50 does not
  const Case::Answer answer = one.by(sift_faces_reference);
  EXPECT_EQ(answer.passed, (std::vector<std::uint16_t>{0, 0x0002, 0xFFFF, 0xFFFD}));
  EXPECT_EQ(answer.dots[0], kUntouched);
  EXPECT_EQ(answer.dots[2 * 16 + 3], 0);
  EXPECT_EQ(answer.dots[3 * 16 + 1], -100);
  one.cuts[0] = -1400;  // 127 * (10 - 33) * 0.5 = -1460.5; -100 * -25 * 0.5 = 1250
  const Case::Answer lower = one.by(sift_faces_reference);
  EXPECT_EQ(lower.passed[0], 0xFFFF & ~(1 << 3));
  EXPECT_EQ(lower.dots[3], 127 * (10 - 33));
  EXPECT_EQ(lower.dots[16 + 1], 2500);
}

// Probes that come from vectors, bars where it matters: on the upper bound and just above it.
TEST(FaceSiftDefinition, NeverTellsOffARowWhoseUpperBoundReachesTheBar) {
  for (const int dimension : {1, 31, 128, 512}) {
    FaceMaker maker(static_cast<std::uint64_t>(dimension), dimension);
    const int codes = padded_face_codes(dimension);
    for (int round = 0; round < 40; ++round) {
      const std::vector<float> p = maker.awkward_face();
      const FaceProbe<> probe = quantise_face_probe(p.data(), dimension);
      Case one(codes, 1, 1, false);
      std::vector<std::int8_t> row(static_cast<std::size_t>(codes));
      std::vector<FaceRowTerms> terms;
      std::vector<int> dots;
      one.errors[0] = 0;
      for (int r = 0; r < kFaceGroupRows; ++r) {
        const auto v = r % 2 == 0 ? maker.relative(p, 0.2F) : maker.awkward_face();
        terms.push_back(quantise_face(v.data(), dimension, row.data()));
        for (int d = 0; d < codes; ++d) {
          one.lanes[face_code_place(r, d)] =
              static_cast<std::uint8_t>(row[static_cast<std::size_t>(d)] + kFaceCodeZero);
        }
        one.scales[r] = terms.back().scale;
        one.errors[0] = std::max(one.errors[0], terms.back().error);
        dots.push_back(std::inner_product(row.begin(), row.end(), probe.codes.begin(), 0));
      }
      one.sums[0] = 0;
      for (int d = 0; d < codes; ++d) {
        one.probes[probe_code_place(0, d, codes)] = probe.codes[static_cast<std::size_t>(d)];
        one.sums[0] += probe.codes[static_cast<std::size_t>(d)];
      }
      one.slopes[0] = face_slope(probe.coarse);
      for (std::size_t r = 0; r < kFaceGroupRows; ++r) {
        const float bar = coarse_bounds(probe.coarse, terms[r], dots[r]).upper;
        one.cuts[0] = face_cut(probe.coarse, bar);
        EXPECT_TRUE(one.by(sift_faces_reference).passed[0] >> r & 1U);
      }
    }
  }
}

class FaceCodeDots : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (!available(GetParam()))
      GTEST_SKIP() << name_of(GetParam()) << ": not on this machine, NOT verified";
  }
};

TEST_P(FaceCodeDots, GiveTheDefinitionsBits) {
  std::mt19937_64 random(3);
  for (const std::int64_t codes : {0, 64, 128, 192, 512, 4096}) {
    for (const bool extreme : {false, true}) {
      Aligned<std::int8_t> a(codes, 0), b(codes, 0);
      for (std::int64_t d = 0; d < codes; ++d) {
        a[d] = static_cast<std::int8_t>(extreme ? -127 : static_cast<int>(random() % 255) - 127);
        b[d] = static_cast<std::int8_t>(extreme ? 127 : static_cast<int>(random() % 255) - 127);
      }
      const int size = static_cast<int>(codes);
      EXPECT_EQ(face_code_dot(GetParam())(a.data(), b.data(), size),
                face_code_dot_reference(a.data(), b.data(), size));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Twins, FaceCodeDots, ::testing::ValuesIn(kBackends),
                         [](const auto& twin) { return std::string(name_of(twin.param)); });

}  // namespace
}  // namespace whorl::kernels
