// The bounds of kernels/face_scan.h hold, for usual vectors and for the worst.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/face_dot.h"
#include "kernels/face_scan.h"
#include "tests/kernels/face_twins.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {
namespace {

double exact_dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    sum += static_cast<double>(a[d]) * static_cast<double>(b[d]);
  }
  return sum;
}
int code_dot(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0);
}
// As tensor cores add at their worst: some products and the sum, each cut off at the last place of
// the largest, and so is what they make. Generations take 4, 8 or 16 at a time; the most loss is
// told.
float code_dot(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  const auto cut = [](double number, double largest) {
    const double place = std::ldexp(1.0, std::ilogb(largest) - 23);
    return std::trunc(number / place) * place;
  };
  double exact = 0, worst = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    exact += static_cast<double>(FaceHalves::float_of_half(a[k])) *
             static_cast<double>(FaceHalves::float_of_half(b[k]));
  }
  for (const std::size_t together : {4U, 8U, 16U}) {
    double sum = 0;
    for (std::size_t first = 0; first < a.size(); first += together) {
      std::vector<double> terms{sum};
      double largest = std::abs(sum);
      for (std::size_t k = first; k < first + together; ++k) {
        terms.push_back(static_cast<double>(FaceHalves::float_of_half(a[k])) *
                        static_cast<double>(FaceHalves::float_of_half(b[k])));
        largest = std::max(largest, std::abs(terms.back()));
      }
      if (largest == 0) continue;
      sum = 0;
      for (const double term : terms) sum += cut(term, largest);
      if (sum != 0) sum = cut(sum, sum);
    }
    if (together == 4 || std::abs(sum - exact) > std::abs(worst - exact)) worst = sum;
  }
  return static_cast<float>(worst);
}

template <class Kind>
struct Row {
  std::vector<float> vector;
  std::vector<typename Kind::Code> codes;
  FaceRowTerms terms{};

  explicit Row(std::vector<float> of) : vector(std::move(of)) {
    const auto dimension = static_cast<int>(vector.size());
    codes.resize(static_cast<std::size_t>(padded_face_codes<Kind>(dimension)), 99);
    terms = quantise_face<Kind>(vector.data(), dimension, codes.data());
  }
};

void expect_within(const FaceBounds& bounds, const std::vector<float>& p,
                   const std::vector<float>& row) {
  const double exact = exact_dot(p, row);
  EXPECT_LE(static_cast<double>(bounds.lower), exact);
  EXPECT_GE(static_cast<double>(bounds.upper), exact);
  const float rounded = rounded_dot(p, row);
  EXPECT_LE(bounds.lower, rounded);
  EXPECT_GE(bounds.upper, rounded);
}

template <class Kind>
class BoundsBy : public testing::Test {
 protected:
  static FaceProbe<Kind> probe_of(const std::vector<float>& p) {
    return quantise_face_probe<Kind>(p.data(), static_cast<int>(p.size()));
  }
};
struct KindNames {
  template <class Kind>
  static std::string GetName(int) {
    return std::is_same_v<Kind, FaceBytes> ? "Bytes" : "Halves";
  }
};
using Kinds = testing::Types<FaceBytes, FaceHalves>;
TYPED_TEST_SUITE(BoundsBy, Kinds, KindNames);

TYPED_TEST(BoundsBy, HoldForEveryPair) {
  for (const int dimension : {1, 2, 7, 31, 64, 127, 512, 513, 4096}) {
    FaceMaker maker(static_cast<std::uint64_t>(dimension), dimension);
    for (int round = 0; round < 200; ++round) {
      const std::vector<float> p = maker.awkward_face();
      const auto probe = this->probe_of(p);
      const Row<TypeParam> row(round % 3 == 0 ? maker.relative(p, 0.01F) : maker.awkward_face());
      const auto dot = code_dot(probe.codes, row.codes), rest = code_dot(probe.rest, row.codes);
      const FaceBounds coarse = coarse_bounds(probe.coarse, row.terms, dot);
      const FaceBounds fine = fine_bounds(probe.coarse, probe.fine, row.terms, dot, rest);
      expect_within(coarse, p, row.vector);
      expect_within(fine, p, row.vector);
      EXPECT_LE(coarse.lower, fine.lower);
      EXPECT_GE(coarse.upper, fine.upper);
    }
  }
}

// The widest error there can be: all of it along the probe.
TYPED_TEST(BoundsBy, HoldWhereTheErrorPointsAtTheProbe) {
  constexpr int kDimension = 512;
  FaceMaker maker(5, kDimension);
  for (int round = 0; round < 50; ++round) {
    const Row<TypeParam> row(maker.face());
    std::vector<float> p(kDimension);
    for (std::size_t d = 0; d < p.size(); ++d) {
      p[d] = static_cast<float>(face_rest<TypeParam>(row.vector[d], row.terms.scale, row.codes[d]) /
                                static_cast<double>(row.terms.error));
    }
    ASSERT_TRUE(is_face_vector(p.data(), kDimension));
    const auto probe = this->probe_of(p);
    const auto dot = code_dot(probe.codes, row.codes), rest = code_dot(probe.rest, row.codes);
    const FaceBounds fine = fine_bounds(probe.coarse, probe.fine, row.terms, dot, rest);
    expect_within(coarse_bounds(probe.coarse, row.terms, dot), p, row.vector);
    expect_within(fine, p, row.vector);
    EXPECT_GT(rounded_dot(p, row.vector), fine.similarity + 0.9F * row.terms.error);
  }
}

// Halves that lose nothing, all of one sign: what is cut off adds up, and nothing else is unknown.
TEST(BoundsByHalves, CoverWhatTensorCoresCutOff) {
  for (const int dimension : {128, 512, 4096}) {
    FaceMaker maker(static_cast<std::uint64_t>(dimension) + 7, dimension);
    std::vector<float> p = maker.face();
    for (float& number : p) {
      number = FaceHalves::float_of_half(FaceHalves::code_of(std::abs(number), 1));
    }
    ASSERT_TRUE(is_face_vector(p.data(), dimension));
    const auto probe = quantise_face_probe<FaceHalves>(p.data(), dimension);
    const Row<FaceHalves> row(p);
    EXPECT_EQ(row.terms.error, 0);
    const float dot = code_dot(probe.codes, row.codes);
    EXPECT_LT(static_cast<double>(dot), exact_dot(p, p) - 1e-6);
    expect_within(coarse_bounds(probe.coarse, row.terms, dot), p, row.vector);
  }
}

TYPED_TEST(BoundsBy, AreNarrowForUsualFaces) {
  FaceMaker maker(6, 512);
  for (int round = 0; round < 50; ++round) {
    const std::vector<float> p = maker.face();
    const auto probe = this->probe_of(p);
    const Row<TypeParam> row(maker.face());
    const FaceBounds fine =
        fine_bounds(probe.coarse, probe.fine, row.terms, code_dot(probe.codes, row.codes),
                    code_dot(probe.rest, row.codes));
    const bool bytes = std::is_same_v<TypeParam, FaceBytes>;
    EXPECT_LT(fine.upper - fine.lower, bytes ? 0.02F : 0.001F);
    EXPECT_NEAR(fine.similarity, rounded_dot(p, row.vector), bytes ? 0.002F : 0.0001F);
  }
}

// Whatever the bar, no row that reaches it is below the cut, even when others of its tile err more.
TYPED_TEST(BoundsBy, TheCutTakesNobodyAway) {
  for (const int dimension : {1, 31, 512, 4096}) {
    FaceMaker maker(9, dimension);
    for (int round = 0; round < 300; ++round) {
      const std::vector<float> p = maker.awkward_face();
      const auto probe = this->probe_of(p);
      const Row<TypeParam> row(round % 2 == 0 ? maker.relative(p, 0.1F) : maker.awkward_face());
      const auto dot = code_dot(probe.codes, row.codes);
      const FaceBounds bounds = coarse_bounds(probe.coarse, row.terms, dot);
      for (const float bar : {bounds.upper, std::nextafter(bounds.upper, -2.0F), -1.0F, -3e38F}) {
        if (bar > bounds.upper) continue;
        for (const float error : {row.terms.error, row.terms.error * 1.5F}) {
          const float cut = face_cut(probe.coarse, bar) - face_slope(probe.coarse) * error;
          EXPECT_FALSE(below_face_cut(dot, row.terms.scale, cut));
        }
      }
    }
  }
}

TYPED_TEST(BoundsBy, OfProbesOfZerosTakeNobodyAway) {
  const std::vector<float> zeros(40);
  const auto probe = this->probe_of(zeros);
  EXPECT_FALSE(below_face_cut(0, 0.01F, face_cut(probe.coarse, -0.5F)));
  EXPECT_FALSE(below_face_cut(0, 0.01F, face_cut(probe.coarse, probe.coarse.own)));
}

TEST(FaceVectors, AreOfUnitLengthAndOfNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(is_face_vector(std::vector<float>(9, 1.0F / 3).data(), 9));
  EXPECT_TRUE(is_face_vector(std::vector<float>(9, 0).data(), 9));
  EXPECT_FALSE(is_face_vector(std::vector<float>(9, 0.34F).data(), 9));
  EXPECT_FALSE(is_face_vector(std::vector<float>(9, nan).data(), 9));
  EXPECT_FALSE(is_face_vector(std::vector<float>(9, 3e38F).data(), 9));
}

}  // namespace
}  // namespace whorl::kernels
