#pragma once
// One gallery of faces on a device and in the definition, whose lists have to be the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/face_dot.h"
#include "kernels/face_scan.h"

namespace whorl::kernels {

struct ListedFace {
  std::uint32_t row, similarity;
  auto operator<=>(const ListedFace&) const = default;
};
inline std::vector<ListedFace> sorted_faces(const std::vector<FaceCandidate>& list) {
  std::vector<ListedFace> all;
  for (const FaceCandidate& c : list) {
    all.push_back({c.row, std::bit_cast<std::uint32_t>(c.similarity)});
  }
  std::sort(all.begin(), all.end());
  return all;
}

// As face_dot.h rounds it.
inline float rounded_dot(std::vector<float> a, std::vector<float> b) {
  const std::size_t padded = (a.size() + kFaceLanes - 1) / kFaceLanes * kFaceLanes;
  a.resize(padded);
  b.resize(padded);
  float out = 0;
  face_dot_reference(a.data(), {b.data(), 1, static_cast<std::int64_t>(padded)}, &out);
  return out;
}

// As the caller ranks them, ties included.
inline std::vector<std::uint32_t> best_rows(const std::vector<float>& probe,
                                            const std::vector<float>& vectors,
                                            const std::uint32_t* admitted, int keep) {
  std::vector<std::pair<float, std::uint32_t>> all;
  const auto dimension = static_cast<std::ptrdiff_t>(probe.size());
  for (std::uint32_t r = 0; r < vectors.size() / probe.size(); ++r) {
    if (admitted != nullptr && (admitted[r / 32] >> r % 32 & 1U) == 0) continue;
    const auto row = vectors.begin() + static_cast<std::ptrdiff_t>(r) * dimension;
    all.emplace_back(rounded_dot(probe, {row, row + dimension}), r);
  }
  std::sort(all.begin(), all.end(), std::greater<>());
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool tied = i > 0 && all[i].first == all[i - 1].first;
    if (i >= static_cast<std::size_t>(keep) && !tied) break;
    rows.push_back(all[i].second);
  }
  return rows;
}

// One gallery on both sides.
class FaceTwins {
 public:
  FaceTwins(std::unique_ptr<FaceScanner> device, int dimension)
      : device_(std::move(device)), reference_(dimension), dimension_(dimension) {}

  void append(const std::vector<float>& vectors) {
    const auto rows = static_cast<std::int64_t>(vectors.size()) / dimension_;
    ASSERT_EQ(device_->append(vectors.data(), rows), Status::ok);
    ASSERT_EQ(reference_.append(vectors.data(), rows), Status::ok);
    vectors_.insert(vectors_.end(), vectors.begin(), vectors.end());
    ASSERT_EQ(device_->rows(), reference_.rows());
  }
  void wipe(std::int64_t row) {
    ASSERT_EQ(device_->wipe(row), Status::ok);
    ASSERT_EQ(reference_.wipe(row), Status::ok);
  }

  void agree(const std::vector<float>& probes, int keep,
             const std::vector<std::uint32_t>& admitted = {}) {
    const auto count = static_cast<int>(static_cast<std::int64_t>(probes.size()) / dimension_);
    const std::uint32_t* filter = admitted.empty() ? nullptr : admitted.data();
    std::vector<std::vector<FaceCandidate>> expected;
    ASSERT_EQ(reference_.scan(probes.data(), count, filter, keep, expected), Status::ok);
    lists.assign(3, {{7, 0}});  // what was there before is nobody's candidate
    ASSERT_EQ(device_->scan(probes.data(), count, filter, keep, lists), Status::ok);
    ASSERT_EQ(lists.size(), expected.size());
    for (std::size_t p = 0; p < lists.size(); ++p) {
      EXPECT_EQ(sorted_faces(lists[p]), sorted_faces(expected[p]))
          << "probe " << p << " of " << count;
    }
  }
  void expect_best(const std::vector<float>& probes, int keep,
                   const std::vector<std::uint32_t>& admitted = {}) const {
    for (std::size_t p = 0; p < lists.size(); ++p) {
      const auto first = probes.begin() + static_cast<std::ptrdiff_t>(p) * dimension_;
      for (const std::uint32_t row :
           best_rows({first, first + dimension_}, vectors_,
                     admitted.empty() ? nullptr : admitted.data(), keep)) {
        const bool listed = std::any_of(lists[p].begin(), lists[p].end(),
                                        [row](const FaceCandidate& c) { return c.row == row; });
        EXPECT_TRUE(listed) << "row " << row << " of probe " << p;
      }
    }
  }
  // The device's lists are the best rows, ties included, with face_dot.h's bits.
  void expect_exact(const std::vector<float>& probes, int keep,
                    const std::vector<std::uint32_t>& admitted = {}) {
    const auto count = static_cast<int>(static_cast<std::int64_t>(probes.size()) / dimension_);
    const std::uint32_t* filter = admitted.empty() ? nullptr : admitted.data();
    ASSERT_TRUE(device_->exact());
    ASSERT_EQ(device_->scan(probes.data(), count, filter, keep, lists), Status::ok);
    ASSERT_EQ(static_cast<int>(lists.size()), count);
    for (int p = 0; p < count; ++p) {
      const auto first = probes.begin() + p * dimension_;
      const std::vector<float> probe{first, first + dimension_};
      std::vector<FaceCandidate> expected;
      for (const std::uint32_t row : best_rows(probe, vectors_, filter, keep)) {
        const auto vector = vectors_.begin() + std::ptrdiff_t{row} * dimension_;
        expected.push_back({row, rounded_dot(probe, {vector, vector + dimension_})});
      }
      EXPECT_EQ(sorted_faces(lists[static_cast<std::size_t>(p)]), sorted_faces(expected))
          << "probe " << p << " of " << count;
    }
  }
  FaceScanner& device() { return *device_; }

  std::vector<std::vector<FaceCandidate>> lists;  // of the last scan on the device

 private:
  std::unique_ptr<FaceScanner> device_;
  FaceScanReference reference_;
  std::int64_t dimension_;
  std::vector<float> vectors_;
};

}  // namespace whorl::kernels
