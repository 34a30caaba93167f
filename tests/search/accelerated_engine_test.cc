// An engine with devices answers as one without, whatever happens to them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <thread>

#include "engine/search/engine.h"
#include "tests/search/people_gallery.h"
#include "tests/support/fake_accelerator.h"

namespace whorl::search {
namespace {

namespace fs = std::filesystem;
using ::whorl::testing::FakeAccelerator;
constexpr FingerPosition kRightIndex = FingerPosition::right_index;
constexpr FingerPosition kLeftThumb = FingerPosition::left_thumb;
constexpr std::uint64_t kPeople = 260;  // more than are compared wholly

// Everybody has a right index finger, every third a left thumb and a face.
Encounter visit(std::uint64_t person, std::uint64_t number) {
  static const scanners::Population population{77};
  const bool more = person % 3 == 0;
  return visit_of(population.person(person),
                  more ? std::vector{kRightIndex, kLeftThumb} : std::vector{kRightIndex}, number,
                  more);
}
const Encounter& first_visit(std::uint64_t person) {
  static const std::vector<Encounter> all = [] {
    std::vector<Encounter> made;
    for (std::uint64_t p = 0; p < kPeople; ++p) made.push_back(visit(p, 0));
    return made;
  }();
  return all.at(person);
}

// Alike and unlike ones, with and without a filter.
std::vector<Query> queries() {
  std::vector<Query> list;
  for (const std::uint64_t person : {0U, 5U, 33U, 150U, 900U, 999U}) {
    Query& query = list.emplace_back();
    query.templates = visit(person, 1).templates;
    query.any_finger = person % 2 == 1;
    query.max_loss = person % 5 == 0 ? 1e-3 : kDefaultMaxLoss;
    if (person == 33) query.filter.excluded = {SubjectId{1}, SubjectId{34}};
    if (person == 150) query.filter.birth_year_min = 1960, query.filter.birth_year_max = 1990;
  }
  return list;
}

// Everything an answer says but what it cost, to the last bit.
std::vector<double> said(const std::vector<Answer>& answers) {
  std::vector<double> all;
  for (const Answer& a : answers) {
    all.insert(all.end(), {static_cast<double>(a.decision), static_cast<double>(a.effort.survivors),
                           static_cast<double>(a.effort.comparisons), a.effort.loss});
    for (const Candidate& c : a.candidates) {
      all.push_back(static_cast<double>(c.subject.value()));
      all.push_back(c.value.ratio.value()), all.push_back(c.value.fmr.value());
      for (const Evidence& e : c.evidence)
        all.push_back(e.value.ratio.value()), all.push_back(e.encounter.value());
    }
  }
  return all;
}

bool on_device(const std::vector<Answer>& answers) {
  return std::ranges::all_of(
      answers, [](const Answer& a) { return a.effort.on_device == a.effort.comparisons; });
}
bool on_cpu(const std::vector<Answer>& answers) {
  return std::ranges::all_of(answers, [](const Answer& a) { return a.effort.on_device == 0; });
}

class AcceleratedEngineTest : public ::testing::Test {
 protected:
  AcceleratedEngineTest()
      : folder_(fs::temp_directory_path() /
                ("whorl-accelerated-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    plain_ = open("plain", {});
  }
  ~AcceleratedEngineTest() override {
    plain_.reset(), engine_.reset();
    fs::remove_all(folder_);
  }

  std::unique_ptr<Engine> open(const std::string& name, const DeviceOptions& devices) {
    EngineOptions options;
    options.folder = (folder_ / name).string();
    options.master = *Key::from_hex(std::string(64, '7'));
    options.create = true;
    options.devices = devices;
    auto opened = Engine::open(options);
    EXPECT_TRUE(opened);
    EXPECT_TRUE((*opened)->create_gallery("main"));
    return std::move(*opened);
  }
  void use(const FakeAccelerator& accelerator, std::int64_t least = 2) {
    engine_ = open("accelerated", {&accelerator, least, least, 100 * least,
                                   [this](const Error& e) { warnings_.push_back(e); }});
  }
  // The same in both.
  void both(auto change) { change(*plain_), change(*engine_); }
  void enrol(std::uint64_t from, std::uint64_t to) {
    both([&](Engine& engine) {
      std::uint64_t next = from;
      const auto enrolled = engine.enrol_stream(
          "main",
          [&]() -> std::optional<Enrolment> {
            if (next == to) return std::nullopt;
            const std::uint64_t person = next++;
            return Enrolment{SubjectId{person + 1}, first_visit(person), true};
          },
          [](const Receipt& r) { ASSERT_EQ(r.outcome, Outcome::enrolled); });
      ASSERT_TRUE(enrolled);
    });
  }
  static std::vector<Answer> ask(const Engine& engine) {
    auto answers = engine.identify("main", queries());
    EXPECT_TRUE(answers);
    return answers ? *answers : std::vector<Answer>{};
  }
  std::vector<Answer> expect_equal_answers() {
    std::vector<Answer> answers = ask(*engine_);
    EXPECT_EQ(said(answers), said(ask(*plain_)));
    return answers;
  }

  fs::path folder_;
  std::deque<FakeAccelerator> accelerators_;  // the engines go before them
  std::unique_ptr<Engine> plain_, engine_;
  std::vector<Error> warnings_;
};

TEST_F(AcceleratedEngineTest, AnswersAsOneWithoutDevicesWhateverChanges) {
  for (const int devices : {1, 3}) {
    FakeAccelerator& accelerator = accelerators_.emplace_back(devices);
    use(accelerator);
    plain_ = open("plain" + std::to_string(devices), {});
    enrol(0, 100);
    EXPECT_TRUE(on_device(expect_equal_answers()));
    enrol(100, 101);
    both([](Engine& e) { ASSERT_TRUE(e.delete_subject("main", SubjectId{34})); });
    EXPECT_TRUE(on_device(expect_equal_answers()));
    enrol(101, kPeople);
    both([](Engine& e) {
      ASSERT_TRUE(e.update("main", SubjectId{6}, EncounterId{1}, visit(900, 0)));
      ASSERT_TRUE(e.delete_encounter("main", SubjectId{151}, EncounterId{1}));
      ASSERT_TRUE(e.erase_subject("main", SubjectId{1}));
    });
    EXPECT_TRUE(on_device(expect_equal_answers()));
    both([](Engine& e) { ASSERT_TRUE(e.rebuild_indexes()); });
    EXPECT_TRUE(on_device(expect_equal_answers()));
    EXPECT_GT(engine_->status().front().device_bytes, 0);
    EXPECT_FALSE(engine_->status().front().device_trouble);
    EXPECT_TRUE(warnings_.empty());
    engine_.reset();
    EXPECT_EQ(accelerator.scanners, 0);
    fs::remove_all(folder_ / "accelerated");
  }
}

TEST_F(AcceleratedEngineTest, AnswersWhileOthersEnrolAndDelete) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(2);
  use(accelerator);
  enrol(0, 80);
  std::atomic<bool> done = false;
  std::atomic<int> missed = 0, searches = 0;
  {
    std::vector<std::jthread> searchers;
    for (std::uint64_t s = 0; s < 3; ++s) {
      searchers.emplace_back([&, s] {
        Query query;
        query.templates = visit(s * 3, 1).templates;  // of people who stay
        while (!done || searches < 9) {
          const auto answers = engine_->identify("main", {&query, 1});
          missed += !answers || answers->front().candidates.empty() ||
                    answers->front().candidates.front().subject != SubjectId{s * 3 + 1};
          ++searches;
        }
      });
    }
    for (std::uint64_t p = 80; p < kPeople; p += 20) {
      enrol(p, p + 20);
      both([&](Engine& e) { ASSERT_TRUE(e.delete_subject("main", SubjectId{p - 40})); });
    }
    done = true;
  }
  EXPECT_EQ(missed, 0);
  EXPECT_TRUE(on_device(expect_equal_answers()));
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(AcceleratedEngineTest, LosesNoSearchWithItsDevice) {
  for (const kernels::Status failure :
       {kernels::Status::device_fault, kernels::Status::no_device}) {
    FakeAccelerator& accelerator = accelerators_.emplace_back(2);
    accelerator.failure.store(failure);
    use(accelerator);
    plain_ = open("plain" + std::to_string(static_cast<int>(failure)), {});
    enrol(0, kPeople);
    const auto expected = said(ask(*plain_));
    EXPECT_TRUE(on_device(expect_equal_answers()));
    accelerator.good_calls = accelerator.calls + 5;
    {
      std::vector<std::jthread> searchers;
      for (int s = 0; s < 3; ++s) {
        searchers.emplace_back([&] {
          for (int round = 0; round < 3; ++round) EXPECT_EQ(said(ask(*engine_)), expected);
        });
      }
    }
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_EQ(warnings_.front().fault,
              failure == kernels::Status::no_device ? Fault::no_device : Fault::device_fault);
    EXPECT_NE(warnings_.front().where.find("'main'"), std::string::npos);
    EXPECT_EQ(engine_->status().front().device_trouble, warnings_.front());
    const std::int64_t calls = accelerator.calls;
    EXPECT_TRUE(on_cpu(expect_equal_answers()));
    EXPECT_EQ(accelerator.calls, calls) << "a lost device is not asked again";
    EXPECT_EQ(accelerator.scanners, 0);
    warnings_.clear();
    engine_.reset();
    fs::remove_all(folder_ / "accelerated");
  }
}

TEST_F(AcceleratedEngineTest, SearchesOnTheCpuWhatDoesNotFitIntoDeviceMemory) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(1);
  accelerator.memory_bytes = 180'000;  // of right index fingers there are more than of left thumbs
  use(accelerator);
  enrol(0, kPeople);
  for (int round = 0; round < 2; ++round) {
    const auto answers = expect_equal_answers();
    EXPECT_GT(answers.front().effort.on_device, 0);
    EXPECT_LT(answers.front().effort.on_device, answers.front().effort.comparisons);
    ASSERT_EQ(warnings_.size(), 1U) << "once";
    EXPECT_EQ(warnings_.front().fault, Fault::out_of_memory);
  }
}

TEST_F(AcceleratedEngineTest, TellsAFullDeviceFromALostOne) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(1);
  accelerator.opening.store(kernels::Status::device_out_of_memory);
  use(accelerator);
  enrol(0, 60);
  EXPECT_TRUE(on_cpu(expect_equal_answers()));
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_.front().fault, Fault::out_of_memory);
}

TEST_F(AcceleratedEngineTest, WarnsWhereNoDeviceAnswersAndGoesOn) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(0);
  use(accelerator);
  enrol(0, 60);
  EXPECT_TRUE(on_cpu(expect_equal_answers()));
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_.front().fault, Fault::no_device);
}

TEST_F(AcceleratedEngineTest, LeavesASmallGalleryToTheCpu) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(1);
  use(accelerator, kPeople + 1);
  enrol(0, kPeople);
  EXPECT_TRUE(on_cpu(expect_equal_answers()));
  EXPECT_EQ(accelerator.calls, 0);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(AcceleratedEngineTest, WhatIsErasedOrReplacedLeavesTheDeviceBeforeTheCallReturns) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(1);
  use(accelerator);
  enrol(0, 60);
  expect_equal_answers();
  both([](Engine& e) { ASSERT_TRUE(e.erase_subject("main", SubjectId{1})); });
  EXPECT_EQ(accelerator.wipes, 3);  // two fingers and a face
  both([](Engine& e) {
    ASSERT_TRUE(e.update("main", SubjectId{2}, EncounterId{1}, visit(300, 0)));
  });
  EXPECT_EQ(accelerator.wipes, 4);
  expect_equal_answers();
  ASSERT_TRUE(engine_->close_gaps(0));
  EXPECT_TRUE(on_device(expect_equal_answers()));
}

TEST_F(AcceleratedEngineTest, FindsDuplicatesInTheStreamThroughTheDevice) {
  FakeAccelerator& accelerator = accelerators_.emplace_back(1);
  use(accelerator);
  enrol(0, 50);
  const Dedup dedup;
  const auto receipt = engine_->enrol("main", {SubjectId{700}, visit(12, 1), true}, &dedup);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->outcome, Outcome::duplicate);
  EXPECT_TRUE(on_device({*receipt->search}));
}

}  // namespace
}  // namespace whorl::search
