// The machine's BLAS under many threads: engine/base/blas.h.
#include "engine/base/blas.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace whorl {
namespace {

// As large as a layer of a face network.
constexpr int kRows = 1444, kColumns = 64, kInner = 288;

std::vector<float> values(int count, int step, int modulus) {
  std::vector<float> made(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    made[static_cast<std::size_t>(i)] = static_cast<float>(i * step % modulus) / 50 - 1;
  }
  return made;
}

std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> c(static_cast<std::size_t>(kRows) * kColumns);
  const float one = 1, zero = 0;
  const auto turn = blas_turn();
  sgemm_("N", "N", &kRows, &kColumns, &kInner, &one, a.data(), &kRows, b.data(), &kInner, &zero,
         c.data(), &kRows);
  return c;
}

TEST(Blas, CallsThatGoOnAtOnceDoNotMixTheirProducts) {
  constexpr int kThreads = 4, kTimes = 20;
  const std::vector<float> a = values(kRows * kInner, 37, 101),
                           b = values(kInner * kColumns, 53, 97);
  std::vector<std::vector<float>> products(kThreads * kTimes);
  std::atomic<int> waiting = 0;
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (++waiting; waiting < kThreads;) {}  // the first calls of all together
      for (std::size_t i = 0; i < kTimes; ++i) products[t * kTimes + i] = product(a, b);
    });
  }
  threads.clear();
  const std::vector<float> alone = product(a, b);
  for (const auto& one : products) ASSERT_EQ(one, alone);
}

}  // namespace
}  // namespace whorl
