// The CUDA face scanner by Hopper's own matrix instruction, on the emulated device: the same lists,
// and no others where the instruction is wrong or missing.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/face_scan_cuda.h"
#include "tests/kernels/emulated_cuda/cuda_runtime.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/kernels/face_twins.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {
namespace {

constexpr std::int64_t kRows = 200;

class FaceScanByWgmma : public testing::TestWithParam<FaceCodes> {
 protected:
  void SetUp() override { emulated::set_devices({}); }

  // Of several slices; by bytes without the vectors, whose exact similarities would hide wrong
  // ones.
  FaceScanTuning tuning(Wgmma wgmma) {
    FaceScanTuning tuning;
    tuning.codes = GetParam();
    tuning.vectors = GetParam() == FaceCodes::halves;
    tuning.wgmma = wgmma;
    tuning.page_bytes = 64 << 10;
    tuning.list_entries = 256;
    tuning.use = &use_;
    return tuning;
  }
  void expect_right_lists(int dimension, int probes, const FaceScanTuning& tuning) {
    SCOPED_TRACE(dimension);
    use_ = {};
    FaceMaker maker(static_cast<std::uint64_t>(60 + dimension), dimension);
    FaceTwins twins(emulated_make_tuned_cuda_faces(0, dimension, 64 << 20, tuning), dimension);
    twins.append(maker.faces(kRows));
    if (tuning.vectors) {
      twins.expect_exact(maker.faces(probes), 3);
    } else {
      twins.agree(maker.faces(probes), 3);
    }
    EXPECT_GT(use_.launches, 0);
  }
  FaceScanUse use_;
};

// Blocks of 256 probes, whole and not; rows that end within a tile, one step and several.
TEST_P(FaceScanByWgmma, GivesTheSameLists) {
  for (const int dimension : {33, 128, 192}) {
    expect_right_lists(dimension, dimension == 128 ? 300 : 129, tuning(Wgmma::unchecked));
    EXPECT_GT(use_.by_wgmma, 0);
  }
}
// 256 probes do not fit, 128 do.
TEST_P(FaceScanByWgmma, TakesLongRowsByHalfAsManyProbes) {
  const int dimension = GetParam() == FaceCodes::halves ? 512 : 832;
  expect_right_lists(dimension, 65, tuning(Wgmma::unchecked));
  EXPECT_GT(use_.by_wgmma, 0);
}
TEST_P(FaceScanByWgmma, IsTakenWhereItIsRight) {
  expect_right_lists(33, 129, tuning(Wgmma::where_right));
  EXPECT_GT(use_.by_wgmma, 0);
}
TEST_P(FaceScanByWgmma, IsNotTakenWhereItIsWrong) {
  emulated::Devices broken;
  broken.broken_wgmma = true;
  emulated::set_devices(broken);
  expect_right_lists(64, 130, tuning(Wgmma::where_right));
  EXPECT_EQ(use_.by_wgmma, 0);
}
TEST_P(FaceScanByWgmma, IsNotTakenWhereTheDeviceIsNoHopper) {
  for (const int major : {8, 10}) {
    emulated::set_devices({1, std::size_t{64} << 20, major, 0, 99 << 10});
    expect_right_lists(64, 140, tuning(Wgmma::where_right));
    EXPECT_EQ(use_.by_wgmma, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, FaceScanByWgmma,
                         testing::Values(FaceCodes::bytes, FaceCodes::halves),
                         [](const auto& codes) {
                           return std::string(codes.param == FaceCodes::bytes ? "Bytes" : "Halves");
                         });

}  // namespace
}  // namespace whorl::kernels
