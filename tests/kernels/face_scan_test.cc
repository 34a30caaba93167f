// The CUDA face scanner on the emulated device: it lists what the definition lists, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/face_scan_cuda.h"
#include "tests/kernels/emulated_cuda/cuda_runtime.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/kernels/face_twins.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {
namespace {

using Lists = std::vector<std::vector<FaceCandidate>>;

constexpr std::int64_t kMemory = 64 << 20;

// Small enough that a thousand rows are several slices, and lists too short at times.
FaceScanTuning small_tuning(bool tiles) {
  FaceScanTuning tuning;
  tuning.tiles = tiles;
  tuning.page_bytes = 64 << 10;
  tuning.list_entries = 256;
  return tuning;
}

class FaceScan : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { emulated::set_devices({}); }
  void TearDown() override {
    EXPECT_EQ(emulated::bytes_in_use(), 0U);
    EXPECT_EQ(emulated::live_objects(), 0);
  }
  static std::unique_ptr<FaceScanner> scanner(int dimension, std::int64_t memory = kMemory) {
    return emulated_make_tuned_cuda_faces(0, dimension, memory, small_tuning(GetParam()));
  }
};

TEST_P(FaceScan, ListsWhatTheDefinitionLists) {
  for (const int dimension : {1, 7, 31, 32, 33, 128, 512, 513}) {
    for (const std::int64_t rows : {0, 1, 31, 33, 200}) {
      FaceMaker maker(static_cast<std::uint64_t>(dimension * 10'000 + rows), dimension);
      FaceTwins twins(scanner(dimension), dimension);
      twins.append(maker.faces(rows));
      for (const int count : {1, 3, 16, 17}) {
        if (rows == 200 && dimension != 33 && count != 17) continue;  // it takes its time
        SCOPED_TRACE(std::to_string(rows) + " rows of " + std::to_string(dimension));
        const std::vector<float> probes = maker.faces(count);
        const int keep = 1 + maker.below(12);
        twins.agree(probes, keep);
        twins.expect_best(probes, keep);
      }
    }
  }
}

TEST_P(FaceScan, ListsAwkwardVectorsAndGrowsByAnySize) {
  constexpr int kDimension = 96;
  FaceMaker maker(11, kDimension);
  FaceTwins twins(scanner(kDimension), kDimension);
  std::vector<float> probes;
  for (int p = 0; p < 20; ++p) {
    const std::vector<float> one = maker.awkward_face();
    probes.insert(probes.end(), one.begin(), one.end());
  }
  for (const int rows : {1, 2, 130, 700, 64, 900}) {
    std::vector<float> vectors;
    for (int r = 0; r < rows; ++r) {
      const std::vector<float> one = maker.awkward_face();
      vectors.insert(vectors.end(), one.begin(), one.end());
    }
    twins.append(vectors);
    twins.agree(probes, 5);
    twins.expect_best(probes, 5);
  }
}

// The floor stands from the first slice on, and nothing but the rows' own errors lifts later ones
// above it.
TEST_P(FaceScan, ListsRowsThatErrMoreThanTheProbes) {
  constexpr int kDimension = 48;
  constexpr int kRows = 2000;
  FaceMaker maker(27, kDimension);
  const std::vector<float> one = maker.face_of_signs();
  std::vector<float> probes, vectors;
  for (int p = 0; p < 10; ++p) probes.insert(probes.end(), one.begin(), one.end());
  for (int r = 0; r < kRows; ++r) {
    const std::vector<float> near =
        maker.relative(one, 0.05F + 0.5F * static_cast<float>(r) / kRows);
    vectors.insert(vectors.end(), near.begin(), near.end());
  }
  FaceTwins twins(scanner(kDimension), kDimension);
  twins.append(vectors);
  twins.agree(probes, 1);
  for (const auto& list : twins.lists) EXPECT_GT(list.size(), 140U);
}

TEST_P(FaceScan, TakesEveryNumberOfProbes) {
  constexpr int kDimension = 40;
  FaceMaker maker(12, kDimension);
  FaceTwins twins(scanner(kDimension), kDimension);
  twins.append(maker.faces(200));
  for (const int count : {0, 2, 5, 9, 33, 130, 300}) {
    const std::vector<float> probes = maker.faces(count);
    twins.agree(probes, 3);
    twins.expect_best(probes, 3);
  }
}

TEST_P(FaceScan, LeavesOutWhatTheFilterDoesNotAdmit) {
  constexpr int kDimension = 64;
  constexpr std::int64_t kRows = 1500;
  FaceMaker maker(13, kDimension);
  FaceTwins twins(scanner(kDimension), kDimension);
  twins.append(maker.faces(kRows));
  const std::vector<float> probes = maker.faces(11), few = maker.faces(2);
  for (const int share : {0, 1, 10, 60, 100}) {
    std::vector<std::uint32_t> admitted((kRows + 31) / 32);
    for (std::int64_t r = 0; r < kRows; ++r) {
      if (maker.below(100) < share) admitted[static_cast<std::size_t>(r / 32)] |= 1U << r % 32;
    }
    admitted.back() |= ~0U << kRows % 32;  // rows that are not there
    for (const std::vector<float>& some : {probes, few}) {
      twins.agree(some, 8, admitted);
      twins.expect_best(some, 8, admitted);
    }
  }
}

TEST_P(FaceScan, ForgetsWipedRows) {
  constexpr int kDimension = 50;
  FaceMaker maker(14, kDimension);
  FaceTwins twins(scanner(kDimension), kDimension);
  twins.append(maker.faces(400));
  const std::vector<float> probes = maker.faces(10);
  twins.agree(probes, 4);
  std::vector<std::uint32_t> gone;
  for (const auto& list : twins.lists) {
    for (const FaceCandidate& c : list) gone.push_back(c.row);
  }
  for (const std::uint32_t row : gone) twins.wipe(row);
  twins.agree(probes, 4);
  for (const auto& list : twins.lists) {
    EXPECT_GE(list.size(), 4U);
    for (const FaceCandidate& c : list) EXPECT_EQ(std::count(gone.begin(), gone.end(), c.row), 0);
  }
  for (std::int64_t row = 0; row < 400; ++row) twins.wipe(row);
  twins.agree(probes, 4);
  for (const auto& list : twins.lists) EXPECT_TRUE(list.empty());
}

// Lists that cannot be short: every row ties with every other.
TEST_P(FaceScan, ListsEveryTie) {
  constexpr int kDimension = 24;
  FaceMaker maker(15, kDimension);
  FaceTwins twins(scanner(kDimension), kDimension);
  const std::vector<float> one = maker.face();
  std::vector<float> vectors;
  for (int r = 0; r < 1100; ++r) vectors.insert(vectors.end(), one.begin(), one.end());
  twins.append(vectors);
  const std::vector<float> probes = maker.faces(9), probe = maker.faces(1);
  twins.agree(probes, 2);
  for (const auto& list : twins.lists) EXPECT_EQ(list.size(), 1100U);
  twins.agree(probe, 2);
}

// Each slice is full of rows better than all before it, for some of the probes.
TEST_P(FaceScan, ListsTheBestThatComeLast) {
  constexpr int kDimension = 32;
  constexpr int kRows = 2500;
  FaceMaker maker(16, kDimension);
  std::vector<float> probes = maker.faces(12), vectors;
  const std::vector<float> wanted(probes.begin(), probes.begin() + kDimension);
  for (int r = 0; r < kRows; ++r) {
    const std::vector<float> one =
        maker.relative(wanted, 3.0F * static_cast<float>(kRows - r) / kRows);
    vectors.insert(vectors.end(), one.begin(), one.end());
  }
  FaceTwins twins(scanner(kDimension), kDimension);
  twins.append(vectors);
  twins.agree(probes, 3);
  twins.expect_best(probes, 3);
  twins.agree(wanted, 3);
  twins.expect_best(wanted, 3);
}

TEST_P(FaceScan, KeepsMoreThanThereAreRows) {
  FaceMaker maker(17, 20);
  FaceTwins twins(scanner(20), 20);
  twins.append(maker.faces(600));
  for (const int keep : {599, 600, 601, 1'000'000}) {
    twins.agree(maker.faces(10), keep);
    for (const auto& list : twins.lists) EXPECT_GE(list.size(), 599U);
  }
}

TEST_P(FaceScan, ListsFewMoreThanAreKept) {
  constexpr int kDimension = 512;
  FaceMaker maker(18, kDimension);
  FaceTwins twins(scanner(kDimension), kDimension);
  twins.append(maker.faces(3000));
  twins.agree(maker.faces(9), 10);
  std::size_t listed = 0;
  for (const auto& list : twins.lists) listed += list.size();
  EXPECT_LT(listed / twins.lists.size(), 40U);
  RecordProperty("listed_for_ten", static_cast<int>(listed / twins.lists.size()));
}

TEST_P(FaceScan, SplitsWhatDoesNotFitIntoOneLaunch) {
  FaceScanTuning tuning = small_tuning(GetParam());
  tuning.list_bytes = 5 * 256 * 16;  // five lists
  FaceMaker maker(19, 33);
  FaceTwins twins(emulated_make_tuned_cuda_faces(0, 33, kMemory, tuning), 33);
  twins.append(maker.faces(900));
  twins.agree(maker.faces(23), 4);
}

TEST_P(FaceScan, NothingIsNoLaunch) {
  const auto faces = scanner(16);
  Lists lists(5);
  EXPECT_EQ(faces->append(nullptr, 0), Status::ok);
  EXPECT_EQ(faces->scan(nullptr, 0, nullptr, 1, lists), Status::ok);
  EXPECT_TRUE(lists.empty());
  const std::vector<float> probe = FaceMaker(20, 16).face();
  EXPECT_EQ(faces->scan(probe.data(), 1, nullptr, 1, lists), Status::ok);
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_TRUE(lists[0].empty());
  EXPECT_EQ(faces->rows(), 0);
  EXPECT_EQ(faces->resident_bytes(), 0);
  EXPECT_EQ(faces->last_kernel_ms(), 0);
}

// --- Where the vectors fit, too

TEST_P(FaceScan, RanksExactlyWhereTheVectorsFit) {
  FaceScanTuning tuning = small_tuning(GetParam());
  tuning.vectors = true;
  for (const int dimension : {1, 7, 33, 512}) {
    FaceMaker maker(static_cast<std::uint64_t>(40 + dimension), dimension);
    FaceTwins twins(emulated_make_tuned_cuda_faces(0, dimension, kMemory, tuning), dimension);
    std::vector<float> vectors = maker.faces(300);
    const std::vector<float> twice(vectors.begin(), vectors.begin() + 40 * dimension);
    twins.append(vectors);
    twins.append(twice);  // ties
    std::vector<std::uint32_t> admitted((340 + 31) / 32, 0xFFFF0FF7U);
    for (const int count : {1, 17}) {
      const std::vector<float> probes = maker.faces(count);
      twins.expect_exact(probes, 4);
      twins.expect_exact(probes, 4, admitted);
      twins.expect_exact(twice, 1);
    }
    twins.expect_exact(maker.faces(2), 1000);
  }
}

// The codes of all rows fit, their vectors only for a while.
TEST_P(FaceScan, LetsTheVectorsGoWhereTheCodesNeedTheirMemory) {
  constexpr int kDimension = 64;
  FaceScanTuning tuning = small_tuning(GetParam());
  tuning.vectors = true;
  for (const bool limited : {true, false}) {
    emulated::set_devices({1, std::size_t{1} << 20});
    FaceMaker maker(41, kDimension);
    FaceTwins twins(emulated_make_tuned_cuda_faces(0, kDimension, limited ? 256 << 10 : 0, tuning),
                    kDimension);
    twins.append(maker.faces(400));
    twins.expect_exact(maker.faces(3), 3);
    const std::int64_t with_vectors = twins.device().resident_bytes();
    twins.append(maker.faces(2000));
    EXPECT_FALSE(twins.device().exact());
    EXPECT_LT(twins.device().resident_bytes(), with_vectors / 4 * 9);
    twins.agree(maker.faces(10), 3);
    twins.wipe(7);
    twins.agree(maker.faces(10), 3);
  }
}

// --- Devices that cannot or will not

TEST_P(FaceScan, GoesOnWithWhatItHadWhenMemoryIsFull) {
  constexpr int kDimension = 64;
  constexpr std::int64_t kLimit = 128 << 10;
  FaceMaker maker(21, kDimension);
  FaceTwins twins(scanner(kDimension, kLimit), kDimension);
  twins.append(maker.faces(900));
  const std::int64_t resident = twins.device().resident_bytes();
  EXPECT_LE(resident, kLimit);
  const std::vector<float> many = maker.faces(3000);
  EXPECT_EQ(twins.device().append(many.data(), 3000), Status::device_out_of_memory);
  EXPECT_EQ(twins.device().rows(), 900);
  EXPECT_EQ(twins.device().resident_bytes(), resident);
  twins.agree(maker.faces(10), 3);
  twins.append(maker.faces(40));
  twins.agree(maker.faces(10), 3);
}

TEST_P(FaceScan, GoesOnWithWhatItHadWhenTheDeviceIsFull) {
  constexpr int kDimension = 64;
  emulated::set_devices({1, std::size_t{3} << 20});
  FaceMaker maker(22, kDimension);
  FaceTwins twins(scanner(kDimension, std::int64_t{1} << 30), kDimension);
  twins.append(maker.faces(5000));
  const std::vector<float> many = maker.faces(60'000);
  EXPECT_EQ(twins.device().append(many.data(), 60'000), Status::device_out_of_memory);
  EXPECT_EQ(twins.device().rows(), 5000);
  twins.agree(maker.faces(3), 3);
}

TEST_P(FaceScan, TakesFreeMemoryWhereNoLimitIsGiven) {
  FaceMaker maker(23, 16);
  FaceTwins twins(emulated_make_cuda_faces(0, 16, 0), 16);
  twins.append(maker.faces(300));
  twins.expect_exact(maker.faces(9), 3);
  EXPECT_GT(twins.device().last_kernel_ms(), 0);
}

TEST_P(FaceScan, UsesNoTensorCoresThatAreNotThere) {
  emulated::set_devices({1, std::size_t{1} << 30, 7, 5, 64 << 10});
  FaceMaker maker(24, 80);
  FaceTwins twins(scanner(80), 80);
  twins.append(maker.faces(500));
  twins.agree(maker.faces(19), 3);
}

// 32 probes of 4096 codes are more than this device's blocks can keep.
TEST_P(FaceScan, TakesTheLongestVectorsWithLittleSharedMemory) {
  emulated::set_devices({1, std::size_t{1} << 30, 8, 6, 99 << 10});
  FaceMaker maker(25, kMaxFaceCodes);
  FaceTwins twins(scanner(kMaxFaceCodes), kMaxFaceCodes);
  twins.append(maker.faces(140));
  twins.agree(maker.faces(9), 3);
}

// A device that is lost at any call gives a fault there and no more answers.
TEST_P(FaceScan, SurvivesALostDevice) {
  FaceMaker maker(26, 24);
  const std::vector<float> vectors = maker.faces(700), probes = maker.faces(9);
  bool lost = true;
  int calls = 0;
  while (lost) {
    emulated::reset();
    emulated::fail_calls_after(++calls, cudaErrorLaunchFailure);
    const auto faces = scanner(24);
    lost = faces == nullptr;
    if (lost) continue;
    Lists lists;
    Status status = faces->append(vectors.data(), 700);
    if (status == Status::ok) status = faces->wipe(3);
    if (status == Status::ok) status = faces->scan(probes.data(), 9, nullptr, 3, lists);
    lost = status != Status::ok;
    EXPECT_TRUE(!lost || status == Status::device_fault) << "call " << calls;
  }
  EXPECT_GT(calls, 30);
}

INSTANTIATE_TEST_SUITE_P(Units, FaceScan, testing::Bool(), [](const auto& unit) {
  return std::string(unit.param ? "Tiles" : "Words");
});

}  // namespace
}  // namespace whorl::kernels
