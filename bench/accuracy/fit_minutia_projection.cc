// Fits the projection behind minutia codes (engine/features/fingerprint/minutia_codes.h): the
// leading 256 principal directions of cylinders, without labels. By default on simulated people, so
// that the fit can be repeated by anyone; with --from DIR on minutiae files, to check that real
// ones agree.
//
//   build/release/bin/fit_minutia_projection OUT.bin [--from DIR]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "engine/features/fingerprint/cylinder.h"
#include "engine/formats/file_io.h"
#include "engine/formats/read_templates.h"
#include "kernels/vector_dot.h"
#include "scanners/simulated/people.h"

namespace whorl {
namespace {

constexpr std::size_t kCells = kernels::kCylinderCells;
constexpr std::uint64_t kSeed = 20'02;
constexpr int kPeople = 600;  // ten fingers each: 200,000 cylinders, three for each matrix element

struct Moments {
  double count = 0;
  std::vector<double> mean = std::vector<double>(kCells),
                      square = std::vector<double>(kCells * kCells);

  void add(const FingerTemplate& print) {
    const auto cylinders = features::cylinders_of(print.minutiae);
    for (std::size_t i = 0; i < print.minutiae.size(); ++i) {
      if (!cylinders.described[i]) continue;
      const std::uint8_t* cells = &cylinders.cells[i * kCells];
      count += 1;
      for (std::size_t a = 0; a < kCells; ++a) {
        mean[a] += cells[a];
        for (std::size_t b = 0; cells[a] != 0 && b < kCells; ++b)
          square[a * kCells + b] += cells[a] * cells[b];
      }
    }
  }
  std::vector<double> covariance() const {
    std::vector<double> c(kCells * kCells);
    for (std::size_t a = 0; a < kCells; ++a) {
      for (std::size_t b = 0; b < kCells; ++b) {
        c[a * kCells + b] = square[a * kCells + b] / count - mean[a] / count * mean[b] / count;
      }
    }
    return c;
  }
};

// Cyclic Jacobi (Golub and Van Loan, Matrix Computations, 8.5): slow, short and exact enough.
// On return the diagonal of `a` holds eigenvalues and the columns of the result the vectors.
std::vector<double> diagonalise(std::vector<double>& a, std::size_t n) {
  std::vector<double> v(n * n);
  for (std::size_t i = 0; i < n; ++i) v[i * n + i] = 1;
  const auto rotate = [n](std::vector<double>& m, std::size_t p, std::size_t q, std::size_t stride,
                          std::size_t step, double c, double s) {
    for (std::size_t k = 0; k < n; ++k) {
      double &x = m[k * step + p * stride], &y = m[k * step + q * stride];
      const double old = x;
      x = c * x - s * y;
      y = s * old + c * y;
    }
  };
  for (int sweep = 0; sweep < 12; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        const double off = a[p * n + q];
        if (std::fabs(off) < 1e-12) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
        const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::hypot(theta, 1));
        const double c = 1 / std::hypot(t, 1), s = t * c;
        rotate(a, p, q, 1, n, c, s);
        rotate(a, p, q, n, 1, c, s);
        rotate(v, p, q, 1, n, c, s);
      }
    }
  }
  return v;
}

void write(const std::string& path, const Moments& moments) {
  std::vector<double> a = moments.covariance();
  const std::vector<double> v = diagonalise(a, kCells);
  std::vector<std::size_t> order(kCells);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(
      order, [&](std::size_t x, std::size_t y) { return a[x * kCells + x] > a[y * kCells + y]; });
  std::vector<std::int32_t> thresholds, deviations;
  std::vector<std::int8_t> rows;
  for (std::size_t b = 0; b < kernels::kSignBits; ++b) {
    double largest = 0, middle = 0;
    std::size_t heaviest = 0;
    for (std::size_t c = 0; c < kCells; ++c) {
      const double size = std::fabs(v[c * kCells + order[b]]);
      if (size > largest) largest = size, heaviest = c;
    }
    const double sign =
        v[heaviest * kCells + order[b]] < 0 ? -1 : 1;  // so that a refit gives the same signs
    for (std::size_t c = 0; c < kCells; ++c) {
      rows.push_back(
          static_cast<std::int8_t>(std::lround(sign * v[c * kCells + order[b]] / largest * 127)));
      middle += rows.back() * moments.mean[c] / moments.count;
    }
    thresholds.push_back(static_cast<std::int32_t>(std::lround(middle)));
    const double eigenvalue = a[order[b] * kCells + order[b]];
    if (b < kernels::kVectorSize) {  // how far cylinders spread along this row
      deviations.push_back(
          static_cast<std::int32_t>(std::lround(std::sqrt(eigenvalue) * 127 / largest)));
    }
  }
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(static_cast<const void*>(thresholds.data())),
            std::ssize(thresholds) * 4);
  out.write(static_cast<const char*>(static_cast<const void*>(rows.data())), std::ssize(rows));
  out.write(static_cast<const char*>(static_cast<const void*>(deviations.data())),
            std::ssize(deviations) * 4);
  std::printf("%.0f cylinders; eigenvalue 1: %.1f, 128: %.2f, 256: %.2f\n", moments.count,
              a[order[0] * kCells + order[0]], a[order[127] * kCells + order[127]],
              a[order[255] * kCells + order[255]]);
}

void add_files(const std::string& folder, Moments& moments) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".iso") continue;
    const auto bytes = formats::read_file(entry.path().string());
    if (!bytes) continue;
    const auto templates = formats::read_templates(*bytes, std::nullopt);
    if (!templates) continue;
    for (const Template& t : *templates) moments.add(std::get<FingerTemplate>(t));
  }
}

void add_people(Moments& moments) {
  const scanners::Population population(kSeed);
  for (std::uint64_t p = 0; p < kPeople; ++p) {
    const scanners::Person person = population.person(p);
    for (std::uint8_t f = 1; f < kFingerPositions; ++f)
      moments.add(person.capture(FingerPosition{f}, 0));
  }
}

}  // namespace
}  // namespace whorl

int main(int argc, char** argv) {
  if (argc != 2 && !(argc == 4 && std::string(argv[2]) == "--from")) {
    std::fprintf(stderr, "usage: fit_minutia_projection OUT.bin [--from DIR]\n");
    return 2;
  }
  whorl::Moments moments;
  argc == 4 ? whorl::add_files(argv[3], moments) : whorl::add_people(moments);
  whorl::write(argv[1], moments);
}
