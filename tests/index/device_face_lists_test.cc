// Over FAISS for GPUs as tests/index/emulated_faiss does it, up to the gallery that uses it.
#include "engine/index/device_face_lists.h"

#include <faiss/gpu/StandardGpuResources.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>

#include "engine/base/limits.h"
#include "engine/search/device_gallery.h"
#include "kernels/cuda_accelerator.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/support/simulated_faces.h"

namespace whorl::index {
namespace {

using faiss::gpu::emulated;
using kernels::Status;
using search::DeviceGallery;
using ::whorl::testing::SimulatedFaces;

constexpr std::uint64_t kPeople = 10'200;  // lists are trained from ten thousand
const Filter kEveryone;

// All right, and with `gib` of memory free.
void start_anew(std::size_t gib = 4) {
  emulated = {};
  whorl::emulated::Devices devices;
  devices.memory_bytes = gib << 30;
  whorl::emulated::set_devices(devices);
}

class DeviceFaceListsTest : public ::testing::TestWithParam<FaceIndexKind> {
 protected:
  DeviceFaceListsTest() {
    start_anew();
    for (std::uint64_t person = 0; person < kPeople; ++person) add(person);
  }
  ~DeviceFaceListsTest() override { start_anew(); }
  void add(std::uint64_t person) {
    ASSERT_TRUE(index_.add({person, 1, 0, 0, 0}, faces_.face(person, 0)));
  }
  std::vector<FaceTemplate> probes() const {
    std::vector<FaceTemplate> all;
    for (std::uint64_t person = 3; person < kPeople; person += 500)
      all.push_back(faces_.face(person, 1));
    return all;
  }
  std::vector<std::vector<float>> prepared() const {
    std::vector<std::vector<float>> all;
    for (const FaceTemplate& probe : probes()) all.push_back(*index_.prepare(probe));
    return all;
  }
  static std::vector<std::pair<Row, Similarity>> found(const std::vector<FaceHit>& hits) {
    std::vector<std::pair<Row, Similarity>> all;
    for (const FaceHit& hit : hits) all.emplace_back(hit.row, hit.score);
    return all;
  }
  // The same lists are looked into, so the same faces come out.
  void expect_the_answers_of_the_index(DeviceFaceLists& lists) {
    for (const int k : {1, 10, kMaxCandidates}) {
      std::vector<std::vector<FaceHit>> hits;
      ASSERT_EQ(lists.search(index_, prepared(), k, hits), Status::ok);
      const auto expected = index_.search(probes(), kEveryone, k);
      ASSERT_EQ(hits.size(), expected->size());
      for (std::size_t p = 0; p < hits.size(); ++p)
        EXPECT_EQ(found(hits[p]), found((*expected)[p])) << "probe " << p << ", k " << k;
    }
    EXPECT_EQ(emulated.resident, index_.live());
  }

  SimulatedFaces faces_{5};
  FaceIndex index_{GetParam(), SimulatedFaces::kModel, SimulatedFaces::kDimension};
};

TEST_P(DeviceFaceListsTest, FindsWhomTheIndexFindsWhileItGrowsAndShrinks) {
  ASSERT_TRUE(DeviceFaceLists::takes(index_));
  const auto lists = DeviceFaceLists::make(0);
  ASSERT_NE(lists, nullptr);
  EXPECT_EQ(lists->resident_bytes(), 0);
  expect_the_answers_of_the_index(*lists);
  for (std::uint64_t person = kPeople; person < kPeople + 30; ++person) add(person);
  expect_the_answers_of_the_index(*lists);
  EXPECT_EQ(emulated.copies, 1) << "what is new is added to what is there";
  EXPECT_GT(lists->resident_bytes(), 0);

  ASSERT_TRUE(index_.remove(Row{3}));
  ASSERT_EQ(lists->sync(index_), Status::ok);
  EXPECT_EQ(emulated.resident, 0) << "nothing of who was removed may stay";
  expect_the_answers_of_the_index(*lists);
  EXPECT_EQ(emulated.copies, 2);
}

// What does not depend on what the lists hold; product codes take long to train.
class DeviceIvfTest : public DeviceFaceListsTest {};

TEST_P(DeviceIvfTest, CopiesListsThatWereTrainedAnew) {
  const auto lists = DeviceFaceLists::make(0);
  ASSERT_NE(lists, nullptr);
  expect_the_answers_of_the_index(*lists);
  const std::int64_t trained_rows = index_.lists().trained_rows;
  for (std::uint64_t person = kPeople; index_.lists().trained_rows == trained_rows; ++person)
    add(person);
  expect_the_answers_of_the_index(*lists);
  EXPECT_EQ(emulated.copies, 2);
}

// Few are left, in a few of many lists.
TEST_P(DeviceIvfTest, LooksIntoMoreListsUntilThereAreEnough) {
  for (std::uint32_t row = 0; row < kPeople; ++row) {
    if (row % 1000 != 3) { ASSERT_TRUE(index_.remove(Row{row})); }
  }
  const auto lists = DeviceFaceLists::make(0);
  ASSERT_NE(lists, nullptr);
  expect_the_answers_of_the_index(*lists);
  std::vector<std::vector<FaceHit>> hits;
  ASSERT_EQ(lists->search(index_, prepared(), 100, hits), Status::ok);
  for (const auto& list : hits) EXPECT_EQ(std::ssize(list), index_.live());
  EXPECT_GT(emulated.looked_into, index_.lists().looked_into);
}

TEST_P(DeviceIvfTest, TellsWhatWentWrong) {
  std::vector<std::vector<FaceHit>> hits;
  auto lists = DeviceFaceLists::make(0);
  ASSERT_NE(lists, nullptr);
  emulated.most_vectors = 100;
  EXPECT_EQ(lists->search(index_, prepared(), 10, hits), Status::device_out_of_memory);
  start_anew();
  lists = DeviceFaceLists::make(0);
  ASSERT_EQ(lists->search(index_, prepared(), 10, hits), Status::ok);
  emulated.broken = true;
  EXPECT_EQ(lists->search(index_, prepared(), 10, hits), Status::device_fault);
  Status status = Status::ok;
  EXPECT_EQ(DeviceFaceLists::make(1, &status), nullptr);
  EXPECT_EQ(status, Status::no_device);
  start_anew(0);
  EXPECT_EQ(DeviceFaceLists::make(0, &status), nullptr);
  EXPECT_EQ(status, Status::device_out_of_memory) << "FAISS would end the process";
}

// FAISS asserts where a device does not answer.
TEST_P(DeviceIvfTest, ALostDeviceEndsNothing) {
  auto lists = DeviceFaceLists::make(0);
  ASSERT_NE(lists, nullptr);
  std::vector<std::vector<FaceHit>> hits;
  ASSERT_EQ(lists->search(index_, prepared(), 10, hits), Status::ok);
  whorl::emulated::fail_calls_after(1, cudaErrorLaunchFailure);
  EXPECT_NE(lists->search(index_, prepared(), 10, hits), Status::ok);
  EXPECT_NE(lists->sync(index_), Status::ok);
  lists.reset();
}

TEST_P(DeviceIvfTest, LeavesToOthersWhatNeedsMoreThanFaissLooksInto) {
  for (std::uint32_t row = 0; row < kPeople; ++row) {
    if (row % 1000 != 3) { ASSERT_TRUE(index_.remove(Row{row})); }
  }
  const auto lists = DeviceFaceLists::make(0);
  ASSERT_NE(lists, nullptr);
  std::vector<std::vector<FaceHit>> hits;
  emulated.most_selected = 90;  // of some 260 lists
  EXPECT_EQ(lists->search(index_, prepared(), 10, hits), Status::ok);
  EXPECT_TRUE(hits.empty());
  EXPECT_EQ(emulated.looked_into, 89);
  const int searches = emulated.searches;
  EXPECT_EQ(lists->search(index_, prepared(), 90, hits), Status::ok);
  EXPECT_TRUE(hits.empty());
  EXPECT_EQ(emulated.searches, searches);
  emulated.most_selected = 2048;
  EXPECT_EQ(lists->search(index_, prepared(), 10, hits), Status::ok);
  EXPECT_EQ(hits.size(), prepared().size());
}

TEST_P(DeviceFaceListsTest, ServesAGalleryUntilTheDeviceFails) {
  std::vector<Error> warnings;
  const search::DeviceOptions options{&kernels::emulated_cuda_accelerator(), 1, 1, 1,
                                      [&](const Error& e) { warnings.push_back(e); }};
  DeviceGallery gallery(options, "g");
  const std::vector<FaceTemplate> faces = probes();
  std::vector<const FaceTemplate*> asked;
  for (const FaceTemplate& face : faces) asked.push_back(&face);
  const auto expected = index_.search(faces, kEveryone, 10);
  const auto hits = gallery.search(index_, asked, kEveryone, 10);
  ASSERT_TRUE(hits);
  for (std::size_t p = 0; p < faces.size(); ++p)
    EXPECT_EQ(found((*hits)[p]), found((*expected)[p]));
  EXPECT_GT(gallery.resident_bytes(), 0);

  const int searches = emulated.searches;
  EXPECT_FALSE(gallery.search(index_, asked, Filter{Sex::male, 0, 0, {}}, 10));
  EXPECT_EQ(emulated.searches, searches) << "lists on a device know no filters";

  ASSERT_TRUE(index_.remove(Row{7}));
  gallery.wipe_removed(index_);
  EXPECT_EQ(emulated.resident, 0);
  EXPECT_TRUE(gallery.search(index_, asked, kEveryone, 10));

  FaceIndex exact(FaceIndexKind::exact, SimulatedFaces::kModel, SimulatedFaces::kDimension);
  ASSERT_TRUE(exact.add({1, 1, 0, 0, 0}, faces_.face(1, 0)));
  EXPECT_TRUE(gallery.search(exact, asked, kEveryone, 10)) << "its lists failed, say";
  EXPECT_EQ(emulated.resident, 0);

  EXPECT_TRUE(gallery.search(index_, asked, kEveryone, 10));
  EXPECT_TRUE(warnings.empty());
  emulated.broken = true;
  EXPECT_FALSE(gallery.search(index_, asked, kEveryone, 10));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings.front().fault, Fault::device_fault);
  EXPECT_EQ(emulated.resident, 0);
  emulated.broken = false;
  EXPECT_FALSE(gallery.search(index_, asked, kEveryone, 10)) << "it is not asked again";
}

TEST_P(DeviceIvfTest, AGalleryWhoseListsFindNoRoomKeepsTheDeviceForTheRest) {
  std::vector<Error> warnings;
  const search::DeviceOptions options{&kernels::emulated_cuda_accelerator(), 1, 1, 1,
                                      [&](const Error& e) { warnings.push_back(e); }};
  DeviceGallery gallery(options, "g");
  const FaceTemplate probe = faces_.face(3, 1);
  const FaceTemplate* const asked = &probe;
  emulated.most_vectors = 100;
  EXPECT_FALSE(gallery.search(index_, {&asked, 1}, kEveryone, 10));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings.front().fault, Fault::out_of_memory);
  EXPECT_TRUE(gallery.compares(1));
  EXPECT_FALSE(gallery.search(index_, {&asked, 1}, kEveryone, 10));
  EXPECT_EQ(warnings.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Ivf, DeviceIvfTest, ::testing::Values(FaceIndexKind::ivf));
INSTANTIATE_TEST_SUITE_P(Kinds, DeviceFaceListsTest,
                         ::testing::Values(FaceIndexKind::ivf, FaceIndexKind::pq),
                         [](const auto& kind) {
                           return kind.param == FaceIndexKind::ivf ? "ivf" : "pq";
                         });

TEST(DeviceFaceLists, TakesNoListsThatAreNotTrainedOrForWhoseCodesThereIsNoKernel) {
  start_anew();
  for (const FaceIndexKind kind : {FaceIndexKind::exact, FaceIndexKind::hnsw, FaceIndexKind::ivf}) {
    FaceIndex index(kind, SimulatedFaces::kModel, SimulatedFaces::kDimension);
    ASSERT_TRUE(index.add({1, 1, 0, 0, 0}, SimulatedFaces(5).face(1, 0)));
    EXPECT_FALSE(DeviceFaceLists::takes(index));
  }
  constexpr int kDimension = 144;  // codes of 36 bytes
  FaceIndex index(FaceIndexKind::pq, "odd", kDimension);
  for (std::uint64_t person = 0; person < 10'000; ++person) {
    FaceTemplate face{"odd", {}, std::vector<float>(kDimension, 0.1F)};
    face.vector[person % kDimension] += static_cast<float>(1 + person / kDimension);
    ASSERT_TRUE(index.add({person, 1, 0, 0, 0}, face));
  }
  EXPECT_NE(index.lists().index, nullptr);
  EXPECT_FALSE(DeviceFaceLists::takes(index));
}

}  // namespace
}  // namespace whorl::index
