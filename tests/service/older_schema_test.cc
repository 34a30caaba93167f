// An older client and this service: messages of older.fbs, in a namespace of their own
// (whorl.older) so that both schemas fit into one program.
#include <gtest/gtest.h>

#include "engine/base/version.h"
#include "older_generated.h"
#include "tests/service/service_house.h"

namespace whorl::service {
namespace {

using Call_ = Result<Bytes> (Service::*)(const Call&, Message);

std::unique_ptr<older::HeadingT> older_heading(const std::string& id) {
  auto heading = std::make_unique<older::HeadingT>();
  heading->request_id = id;
  heading->gallery = "main";
  heading->purpose = "border-check";
  return heading;
}

std::vector<std::unique_ptr<older::SampleT>> older_samples(std::uint64_t person,
                                                           std::uint64_t visit) {
  std::vector<std::unique_ptr<older::SampleT>> samples;
  for (const auto& sample : samples_of(person, visit)) {
    samples.push_back(std::make_unique<older::SampleT>());
    samples.back()->bytes = sample->bytes;
  }
  return samples;
}

class OlderClient : public ::testing::Test {
 protected:
  House house_{::testing::UnitTest::GetInstance()->current_test_info()->name()};

  // As an older client does: its own message out, the answer verified and read by its own schema.
  template <class AnswerT, class RequestT>
  AnswerT ask(Call_ call, const RequestT& request) {
    const auto answer = ((*house_.service).*call)(call_by(kRegister), packed(request));
    EXPECT_TRUE(answer) << describe(answer.error());
    if (!answer) return {};
    flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(answer->data()),
                                   answer->size());
    EXPECT_TRUE(verifier.VerifyBuffer<typename AnswerT::TableType>(nullptr));
    return unpacked<AnswerT>(*answer);
  }
  older::EnrolRequestT enrolment(const std::string& id, std::uint64_t subject, std::uint64_t person,
                                 std::uint64_t visit) {
    older::EnrolRequestT request;
    request.heading = older_heading(id);
    request.subject = subject;
    request.samples = older_samples(person, visit);
    return request;
  }
};

TEST_F(OlderClient, IsUnderstoodAndUnderstandsTheAnswers) {
  const auto enrolled = ask<older::EnrolAnswerT>(&Service::enrol, enrolment("e", 70, 3, 0));
  EXPECT_EQ(enrolled.outcome, older::Outcome::enrolled);
  EXPECT_EQ(enrolled.subject, 70U);
  EXPECT_EQ(enrolled.encounter, 1U);
  ASSERT_NE(enrolled.report, nullptr);
  EXPECT_EQ(enrolled.report->engine, kEngineVersion);
  EXPECT_EQ(enrolled.report->request_id, "e");

  older::IdentifyRequestT query;
  query.heading = older_heading("i");
  query.samples = older_samples(3, 1);
  query.search = std::make_unique<older::SearchT>();
  query.search->max_candidates = 1;
  const auto found = ask<older::IdentifyAnswerT>(&Service::identify, query);
  EXPECT_EQ(found.samples.size(), 2U);
  ASSERT_NE(found.result, nullptr);
  EXPECT_EQ(found.result->decision, older::Decision::hit);
  ASSERT_EQ(found.result->candidates.size(), 1U);
  EXPECT_EQ(found.result->candidates[0]->subject, 70U);
  EXPECT_LT(found.result->candidates[0]->fmr, 1e-6);

  older::VerifyRequestT comparison;
  comparison.heading = older_heading("v");
  comparison.samples = older_samples(3, 1);
  comparison.subject = 70;
  EXPECT_EQ(ask<older::VerifyAnswerT>(&Service::verify, comparison).match, older::Decision::hit);

  older::EraseRequestT erasure;
  erasure.heading = older_heading("x");
  erasure.subject = 70;
  EXPECT_EQ(ask<older::ChangeAnswerT>(&Service::erase, erasure).report->request_id, "x");
  EXPECT_EQ(*house_.engine->people("main"), 0);
}

TEST_F(OlderClient, ReadsAValueThatWasAddedSinceAsANumber) {
  ask<older::EnrolAnswerT>(&Service::enrol, enrolment("e", 70, 3, 0));
  const auto duplicate =
      ask<older::EnrolAnswerT>(&Service::enrol_with_dedup, enrolment("d", 71, 3, 1));
  EXPECT_EQ(static_cast<int>(duplicate.outcome), static_cast<int>(wire::Outcome::duplicate));
  EXPECT_EQ(duplicate.encounter, 0U);
}

TEST_F(OlderClient, IsGivenItsFirstAnswerAgain) {
  const auto first = ask<older::EnrolAnswerT>(&Service::enrol, enrolment("e", 70, 3, 0));
  house_.open();
  const auto again = ask<older::EnrolAnswerT>(&Service::enrol, enrolment("e", 70, 3, 0));
  EXPECT_EQ(again.encounter, first.encounter);
  EXPECT_EQ(*house_.engine->people("main"), 1);
}

// The other way round: this service is the older one.
TEST_F(OlderClient, AFieldThatIsNewerThanTheServiceIsNotSeenByIt) {
  constexpr flatbuffers::voffset_t kFarBeyond = 4 + 2 * 40;
  flatbuffers::FlatBufferBuilder builder;
  const auto id = builder.CreateString("s");
  const auto start = builder.StartTable();
  builder.AddOffset(wire::Heading::VT_REQUEST_ID, id);
  builder.AddElement<std::uint32_t>(kFarBeyond, 7, 0);
  const flatbuffers::Offset<wire::Heading> heading(builder.EndTable(start));
  const auto root = builder.StartTable();
  builder.AddOffset(wire::StatsRequest::VT_HEADING, heading);
  builder.AddElement<std::uint64_t>(kFarBeyond, 7, 0);
  builder.Finish(flatbuffers::Offset<wire::StatsRequest>(builder.EndTable(root)));
  const auto answer = house_.service->stats(
      call_by(kRegister), std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  EXPECT_TRUE(answer) << describe(answer.error());
}

}  // namespace
}  // namespace whorl::service
