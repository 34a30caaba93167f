// The bounds of kernels/face_scan.h hold, for usual vectors and for the worst.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
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

struct Row {
  std::vector<float> vector;
  std::vector<std::int8_t> codes;
  FaceRowTerms terms{};
};
Row make_row(std::vector<float> vector) {
  Row row{std::move(vector), {}, {}};
  const auto dimension = static_cast<int>(row.vector.size());
  row.codes.resize(static_cast<std::size_t>(padded_face_codes(dimension)), 99);
  row.terms = quantise_face(row.vector.data(), dimension, row.codes.data());
  return row;
}

void expect_within(const FaceBounds& bounds, const std::vector<float>& p, const Row& row) {
  const double exact = exact_dot(p, row.vector);
  EXPECT_LE(static_cast<double>(bounds.lower), exact);
  EXPECT_GE(static_cast<double>(bounds.upper), exact);
  const float rounded = rounded_dot(p, row.vector);
  EXPECT_LE(bounds.lower, rounded);
  EXPECT_GE(bounds.upper, rounded);
}

TEST(FaceBounds, HoldForEveryPair) {
  for (const int dimension : {1, 2, 7, 31, 64, 127, 512, 513, 4096}) {
    FaceMaker maker(static_cast<std::uint64_t>(dimension), dimension);
    for (int round = 0; round < 200; ++round) {
      const std::vector<float> p = maker.awkward_face();
      const FaceProbe probe = quantise_face_probe(p.data(), dimension);
      const Row row = make_row(round % 3 == 0 ? maker.relative(p, 0.01F) : maker.awkward_face());
      const int dot = code_dot(probe.codes, row.codes), rest = code_dot(probe.rest, row.codes);
      const FaceBounds coarse = coarse_bounds(probe.coarse, row.terms, dot);
      const FaceBounds fine = fine_bounds(probe.coarse, probe.fine, row.terms, dot, rest);
      expect_within(coarse, p, row);
      expect_within(fine, p, row);
      EXPECT_LE(coarse.lower, fine.lower);
      EXPECT_GE(coarse.upper, fine.upper);
    }
  }
}

// The widest error there can be: all of it along the probe.
TEST(FaceBounds, HoldWhereTheErrorPointsAtTheProbe) {
  constexpr int kDimension = 512;
  FaceMaker maker(5, kDimension);
  for (int round = 0; round < 50; ++round) {
    const Row row = make_row(maker.face());
    std::vector<float> p(kDimension);
    for (std::size_t d = 0; d < p.size(); ++d) {
      p[d] = static_cast<float>(face_rest(row.vector[d], row.terms.scale, row.codes[d]) /
                                static_cast<double>(row.terms.error));
    }
    ASSERT_TRUE(is_face_vector(p.data(), kDimension));
    const FaceProbe probe = quantise_face_probe(p.data(), kDimension);
    const int dot = code_dot(probe.codes, row.codes), rest = code_dot(probe.rest, row.codes);
    const FaceBounds fine = fine_bounds(probe.coarse, probe.fine, row.terms, dot, rest);
    expect_within(coarse_bounds(probe.coarse, row.terms, dot), p, row);
    expect_within(fine, p, row);
    EXPECT_GT(rounded_dot(p, row.vector), fine.similarity + 0.9F * row.terms.error);
  }
}

TEST(FaceBounds, AreNarrowForUsualFaces) {
  FaceMaker maker(6, 512);
  for (int round = 0; round < 50; ++round) {
    const std::vector<float> p = maker.face();
    const FaceProbe probe = quantise_face_probe(p.data(), 512);
    const Row row = make_row(maker.face());
    const FaceBounds fine =
        fine_bounds(probe.coarse, probe.fine, row.terms, code_dot(probe.codes, row.codes),
                    code_dot(probe.rest, row.codes));
    EXPECT_LT(fine.upper - fine.lower, 0.02F);
    EXPECT_NEAR(fine.similarity, rounded_dot(p, row.vector), 0.002F);
  }
}

// Whatever the bar, no row that reaches it is below the cut, even when others of its tile err more.
TEST(FaceBounds, TheCutTakesNobodyAway) {
  for (const int dimension : {1, 31, 512, 4096}) {
    FaceMaker maker(9, dimension);
    for (int round = 0; round < 300; ++round) {
      const std::vector<float> p = maker.awkward_face();
      const FaceProbe probe = quantise_face_probe(p.data(), dimension);
      const Row row = make_row(round % 2 == 0 ? maker.relative(p, 0.1F) : maker.awkward_face());
      const int dot = code_dot(probe.codes, row.codes);
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

TEST(FaceBounds, OfProbesOfZerosTakeNobodyAway) {
  const std::vector<float> zeros(40);
  const FaceProbe probe = quantise_face_probe(zeros.data(), 40);
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
