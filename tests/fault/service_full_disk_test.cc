// The disk under the service runs full: it says so, loses nothing it acknowledged, and goes on once
// there is room.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

#include "engine/gallery/places.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"
#include "tests/service/service_house.h"

namespace whorl::service {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kRoomLeft = 256U << 10U;  // for some dozen people

// A disk of 32 MiB, most of which the test takes for itself.
class ServiceFullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", disk_.path().c_str(), "tmpfs", 0, "size=32m") != 0) {
      GTEST_SKIP() << "a small tmpfs cannot be mounted here: " << std::strerror(errno);
    }
    mounted_ = true;
    house_.emplace(disk_.path(), "full");
    leave(kRoomLeft);
  }
  void leave(std::uintmax_t room) {
    fs::remove(ballast());
    const std::uintmax_t free = fs::space(disk_.path()).available;
    ASSERT_GT(free, room);
    std::ofstream(ballast()) << std::string(free - room, 'b');
    ASSERT_LE(fs::space(disk_.path()).available, room);
  }
  void TearDown() override {
    house_.reset();
    if (mounted_) ::umount(disk_.path().c_str());
  }
  std::string ballast() const { return disk_ / "ballast"; }

  Result<wire::EnrolAnswerT> enrol(std::uint64_t person) {
    const auto answer = house_->service->enrol(
        call_by(kRegister), packed(enrolment("e" + std::to_string(person), person, person)));
    if (!answer) return tl::unexpected<Error>(answer.error());
    return unpacked<wire::EnrolAnswerT>(*answer);
  }
  Result<wire::IdentifyAnswerT> identify(const std::string& id, std::uint64_t person) {
    const auto answer = house_->service->identify(call_by(kRegister), packed(query(id, person, 1)));
    if (!answer) return tl::unexpected<Error>(answer.error());
    return unpacked<wire::IdentifyAnswerT>(*answer);
  }
  void fill() {
    for (;;) {
      const auto answer = enrol(next_);
      if (!answer) {
        ASSERT_EQ(answer.error().fault, Fault::disk_full) << describe(answer.error());
        break;
      }
      acknowledged_[next_++] = answer->report->revision;
    }
    ASSERT_FALSE(acknowledged_.empty());
  }
  // Each as it was answered first, and once.
  void expect_all_acknowledged() {
    for (const auto& [person, revision] : acknowledged_) {
      const auto again = enrol(person);
      ASSERT_TRUE(again) << describe(again.error());
      EXPECT_TRUE(again->report->repeated) << person;
      EXPECT_EQ(again->report->revision, revision) << person;
      EXPECT_EQ(again->encounter, 1U) << person;
    }
  }
  void expect_audited() {
    house_->close();
    std::map<std::string, int> answered;
    const auto walked = walk_audit(house_->audit_folder(), house_->master, [&](const auto& entry) {
      const auto* record = std::get_if<AuditRecord>(&entry.content);
      if (record != nullptr && record->fault == 0) ++answered[record->request_id];
    });
    ASSERT_TRUE(walked) << describe(walked.error());
    for (const auto& [person, revision] : acknowledged_) {
      EXPECT_GE(answered["e" + std::to_string(person)], 1) << person;
    }
  }

  gallery::TempFolder disk_;
  std::optional<House> house_;
  std::map<std::uint64_t, std::uint64_t> acknowledged_;
  std::uint64_t next_ = 1;
  bool mounted_ = false;
};

TEST_F(ServiceFullDisk, IsToldAndWhatWasAskedIsDoneOnceThereIsRoom) {
  ASSERT_NO_FATAL_FAILURE(fill());
  // Once the room that the audit log had kept is used up, nothing is answered, again and again.
  int refused = 0;
  for (int i = 0; i < 5000 && refused < 5; ++i) {
    const auto answer = identify("full" + std::to_string(i), 1);
    if (answer) continue;
    EXPECT_EQ(answer.error().fault, Fault::disk_full) << describe(answer.error());
    ++refused;
  }
  EXPECT_EQ(refused, 5);
  const auto still = enrol(next_);
  ASSERT_FALSE(still);
  EXPECT_EQ(still.error().fault, Fault::disk_full);

  fs::remove(ballast());
  const auto now = enrol(next_);  // under the id that was refused
  ASSERT_TRUE(now) << describe(now.error());
  EXPECT_EQ(now->encounter, 1U);
  acknowledged_[next_] = now->report->revision;
  expect_all_acknowledged();
  const auto found = identify("room", next_);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_EQ(found->result->candidates.front()->subject, next_);
  EXPECT_EQ(*house_->engine->people("main"), static_cast<std::int64_t>(acknowledged_.size()));
  ASSERT_TRUE(house_->service->tidy());
  expect_audited();
}

TEST_F(ServiceFullDisk, AnErasureThatItCutsShortHidesThePersonAtOnceAndIsFinishedByItsRetry) {
  leave(8U << 20U);
  for (std::uint64_t person = 1; person <= 40; ++person) ASSERT_TRUE(enrol(person));
  const GalleryId gallery = house_->engine->store().find_gallery("main")->id;
  const auto erase = [&](std::uint64_t person) {
    wire::EraseRequestT request;
    request.heading = heading("x" + std::to_string(person));
    request.subject = person;
    return house_->service->erase(call_by(kRegister), packed(request));
  };
  // Until there is room for the records that say so, and none for the files without the key.
  std::uint64_t person = 0;
  Result<Bytes> answer;
  for (std::uintmax_t room = 4U << 20U; answer && room > 4096; room /= 2) {
    leave(room);
    answer = erase(++person);
  }
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::disk_full) << describe(answer.error());
  ASSERT_EQ(house_->engine->store().contains(gallery, SubjectId{person}), false);
  search::Query query;
  const scanners::Population population{77};
  query.templates = {population.person(person).capture(FingerPosition::right_index, 1)};
  const auto found = house_->engine->identify("main", std::span(&query, 1));
  ASSERT_TRUE(found) << describe(found.error());
  for (const search::Candidate& candidate : found->front().candidates) {
    EXPECT_NE(candidate.subject, SubjectId{person});
  }

  fs::remove(ballast());
  answer = erase(person);
  ASSERT_TRUE(answer) << describe(answer.error());
  house_->close();
  const gallery::SubjectPlace place{gallery, SubjectId{person}};
  const Bytes unfinished = gallery::meta_key(gallery::kErasingPrefix, gallery::key_of(place));
  EXPECT_FALSE(gallery::RawStore((house_->folder() / "store").string())
                   .get(gallery::Space::meta, unfinished));
}

TEST_F(ServiceFullDisk, AServiceThatEndsOnItLosesNothingItAcknowledged) {
  ASSERT_NO_FATAL_FAILURE(fill());
  house_->close();
  fs::remove(ballast());
  house_->open();
  ASSERT_FALSE(HasFatalFailure());
  expect_all_acknowledged();
  expect_audited();
}

}  // namespace
}  // namespace whorl::service
