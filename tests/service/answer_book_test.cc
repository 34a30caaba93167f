#include "engine/service/answer_book.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "engine/base/limits.h"
#include "engine/service/wire.h"
#include "tests/service/patient.h"
#include "tests/service/service_house.h"

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

Bytes answer_with(const std::string& reason) {
  wire::VerifyAnswerT answer;
  answer.reasons = {reason};
  answer.report = std::make_unique<wire::ReportT>();
  return packed(answer);
}

class AnswerBookTest : public ::testing::Test {
 protected:
  Result<AnswerBook::Entry> open(const std::string& id, const std::string& body = "body",
                                 Verb verb = Verb::verify, const std::string& client = kGate,
                                 Patience patience = patient()) {
    return book_.open(client, id, verb, sha256_hex(std::as_bytes(std::span(body))), patience);
  }

  House house_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  AnswerBook book_{house_.engine->store()};
};

TEST_F(AnswerBookTest, WhatWasKeptIsTheAnswerOfTheSameIdAlone) {
  {
    const auto first = open("1");
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->first_answer());
    ASSERT_TRUE(first->keep(answer_with("kept")));
  }
  const struct {
    const char *what, *id, *body;
    Verb verb;
    const char* client;
    std::optional<Fault> fault;
    bool repeated;
  } table[] = {
      {"again", "1", "body", Verb::verify, kGate, std::nullopt, true},
      {"another id", "2", "body", Verb::verify, kGate, std::nullopt, false},
      {"another client's", "1", "body", Verb::verify, kRegister, std::nullopt, false},
      {"another client's with another body", "1", "else", Verb::verify, kRegister, std::nullopt,
       false},
      {"another body", "1", "else", Verb::verify, kGate, Fault::request_reused, false},
      {"another verb", "1", "body", Verb::identify, kGate, Fault::request_reused, false},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    const auto entry = open(row.id, row.body, row.verb, row.client);
    ASSERT_EQ(entry.has_value(), !row.fault);
    if (row.fault) {
      EXPECT_EQ(entry.error().fault, *row.fault);
      continue;
    }
    ASSERT_EQ(entry->first_answer().has_value(), row.repeated);
    if (!row.repeated) continue;
    const auto told = unpacked<wire::VerifyAnswerT>(*entry->first_answer());
    EXPECT_EQ(told.reasons, std::vector<std::string>{"kept"});
    EXPECT_TRUE(told.report->repeated);
  }
}

TEST_F(AnswerBookTest, OfTwoAtOnceTheSecondIsGivenTheFirstsAnswer) {
  std::optional<AnswerBook::Entry> first(*open("1"));
  std::atomic<bool> opened = false;
  std::jthread second([&] {
    const auto entry = open("1");
    opened = true;
    ASSERT_TRUE(entry);
    ASSERT_TRUE(entry->first_answer());
    EXPECT_EQ(unpacked<wire::VerifyAnswerT>(*entry->first_answer()).reasons.front(), "first's");
  });
  EXPECT_TRUE(open("2"));  // nobody else waits
  std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(opened);
  ASSERT_TRUE(first->keep(answer_with("first's")));
  first.reset();
}

TEST_F(AnswerBookTest, OfTwoAtOnceTheSecondDoesTheWorkWhereTheFirstFailed) {
  std::optional<AnswerBook::Entry> first(*open("1"));
  std::jthread second([&] {
    const auto entry = open("1");
    ASSERT_TRUE(entry);
    EXPECT_FALSE(entry->first_answer());
  });
  first.reset();
}

TEST_F(AnswerBookTest, WhoWaitsForTheFirstGivesUpInTime) {
  const auto first = open("1");
  EXPECT_EQ(
      open("1", "body", Verb::verify, kGate, {std::chrono::steady_clock::now() + 10ms, nullptr})
          .error()
          .fault,
      Fault::deadline_exceeded);
  EXPECT_EQ(open("1", "body", Verb::verify, kGate, {SteadyTime::max(), [] { return true; }})
                .error()
                .fault,
            Fault::cancelled);
}

TEST_F(AnswerBookTest, AnAnswerTooLongForANoteIsNotKeptAndNoFault) {
  ASSERT_TRUE(open("1")->keep(answer_with(std::string(kMaxNoteBytes, 'x'))));
  EXPECT_FALSE(open("1")->first_answer());
}

TEST_F(AnswerBookTest, OfASubjectThatWasErasedNothingIsToldAgain) {
  search::Enrolment enrolment;
  enrolment.subject = SubjectId{5};
  enrolment.encounter.templates.emplace_back(
      scanners::Population{1}.person(3).capture(FingerPosition::right_index, 0));
  {
    const auto entry = open("1", "body", Verb::enrol);
    wire::EnrolAnswerT told;
    told.subject = 5;
    told.report = std::make_unique<wire::ReportT>();
    enrolment.note = [&](const auto&) { return std::optional(entry->note(packed(told))); };
    const auto receipt = house_.engine->enrol("main", enrolment);
    ASSERT_TRUE(receipt && !receipt->error);
  }
  {
    const auto again = open("1", "body", Verb::enrol);
    ASSERT_TRUE(again && again->first_answer());
    const auto told = unpacked<wire::EnrolAnswerT>(*again->first_answer());
    EXPECT_EQ(told.encounter, 1U);
    EXPECT_GT(told.report->revision, 0U);
  }
  ASSERT_TRUE(house_.engine->erase_subject("main", SubjectId{5}));
  const auto erased = open("1", "body", Verb::enrol);
  ASSERT_FALSE(erased);
  EXPECT_EQ(erased.error().fault, Fault::not_found);
}

}  // namespace
}  // namespace whorl::service
