// Requests about people as messages, without a network: engine/service/service.h.
#include "engine/service/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/version.h"
#include "tests/service/asked_service.h"

namespace whorl::service {
namespace {

TEST_F(ServiceTest, APersonIsEnrolledFoundVerifiedShownAndErased) {
  for (std::uint64_t p = 0; p < 20; ++p) {
    const auto answer = enrol(enrolment("e" + std::to_string(p), 100 + p, p));
    EXPECT_EQ(answer.subject, 100 + p);
    EXPECT_EQ(answer.encounter, 1U);
    EXPECT_EQ(answer.samples.size(), 2U);
  }
  const auto found = identify(query("i1", 7, 1));
  ASSERT_FALSE(found.result->candidates.empty());
  const wire::CandidateT& best = *found.result->candidates.front();
  EXPECT_EQ(best.subject, 107U);
  EXPECT_EQ(found.result->decision, wire::Decision::hit);
  EXPECT_EQ(found.result->thresholds->people, 20U);
  EXPECT_LT(best.fmr, best.fpir);
  EXPECT_FALSE(found.result->reasons.empty());
  EXPECT_EQ(found.report->engine, kEngineVersion);
  EXPECT_EQ(found.report->request_id, "i1");
  EXPECT_EQ(identify(query("i2", 500, 1)).result->decision, wire::Decision::no_hit);

  wire::VerifyRequestT verify;
  verify.heading = heading("v1");
  verify.samples = samples_of(7, 1);
  verify.subject = 107;
  auto compared = ask(&Service::verify, verify);
  ASSERT_TRUE(compared) << describe(compared.error());
  EXPECT_EQ(unpacked<wire::VerifyAnswerT>(*compared).match, wire::Decision::hit);
  verify.heading = heading("v2");
  verify.subject = 108;
  compared = ask(&Service::verify, verify);
  ASSERT_TRUE(compared) << describe(compared.error());
  EXPECT_EQ(unpacked<wire::VerifyAnswerT>(*compared).match, wire::Decision::no_hit);
  verify.heading = heading("v3");
  verify.subject = 0;
  verify.references = samples_of(7, 2);
  compared = ask(&Service::verify, verify);
  ASSERT_TRUE(compared) << describe(compared.error());
  EXPECT_EQ(unpacked<wire::VerifyAnswerT>(*compared).match, wire::Decision::hit);

  wire::GetSubjectRequestT show;
  show.heading = heading("s1");
  show.subject = 107;
  const auto shown = ask(&Service::get_subject, show);
  ASSERT_TRUE(shown) << describe(shown.error());
  const auto subject = unpacked<wire::SubjectAnswerT>(*shown);
  ASSERT_EQ(subject.encounters.size(), 1U);
  EXPECT_EQ(subject.encounters.front()->source, "desk 4");
  EXPECT_EQ(subject.encounters.front()->samples.size(), 2U);

  wire::EraseRequestT erase;
  erase.heading = heading("x1");
  erase.subject = 107;
  const auto erased = ask(&Service::erase, erase);
  ASSERT_TRUE(erased) << describe(erased.error());
  EXPECT_GT(unpacked<wire::ChangeAnswerT>(*erased).report->revision, 0U);
  EXPECT_EQ(identify(query("i3", 7, 1)).result->decision, wire::Decision::no_hit);
  show.heading = heading("s2");
  EXPECT_EQ(ask(&Service::get_subject, show).error().fault, Fault::not_found);
}

TEST_F(ServiceTest, ARequestThatComesAgainIsGivenItsFirstAnswerAndDoesNothing) {
  const auto first = enrol(enrolment("again", 5, 3));
  EXPECT_FALSE(first.report->repeated);
  const auto second = enrol(enrolment("again", 5, 3));
  EXPECT_TRUE(second.report->repeated);
  EXPECT_EQ(second.encounter, first.encounter);
  EXPECT_EQ(second.report->revision, first.report->revision);
  const auto searched = identify(query("search", 3, 1));
  enrol(enrolment("another", 6, 4));
  const auto searched_again = identify(query("search", 3, 1));
  EXPECT_TRUE(searched_again.report->repeated);
  EXPECT_EQ(searched_again.result->thresholds->people, searched.result->thresholds->people);

  house_.open();
  const auto after_restart = enrol(enrolment("again", 5, 3));
  EXPECT_TRUE(after_restart.report->repeated);
  EXPECT_EQ(after_restart.encounter, 1U);
  EXPECT_TRUE(identify(query("search", 3, 1)).report->repeated);
  EXPECT_EQ(people(), 2);
}

TEST_F(ServiceTest, WhatOnlyTellsOfOnePersonIsDoneAnewSoThatNoAnswerOutlivesAnErasure) {
  enrol(enrolment("e", 5, 3));
  wire::GetSubjectRequestT show;
  show.heading = heading("show");
  show.subject = 5;
  wire::VerifyRequestT verify;
  verify.heading = heading("verify");
  verify.samples = samples_of(3, 1);
  verify.subject = 5;
  EXPECT_TRUE(ask(&Service::get_subject, show));
  EXPECT_TRUE(ask(&Service::verify, verify));
  const auto again = ask(&Service::get_subject, show);
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_FALSE(unpacked<wire::SubjectAnswerT>(*again).report->repeated);
  wire::EraseRequestT erase;
  erase.heading = heading("erase");
  erase.subject = 5;
  ASSERT_TRUE(ask(&Service::erase, erase));
  EXPECT_EQ(ask(&Service::get_subject, show).error().fault, Fault::not_found);
  EXPECT_EQ(ask(&Service::verify, verify).error().fault, Fault::not_found);
}

TEST_F(ServiceTest, TheModelThatThePolicyNamesReadsPicturesOfFaces) {
  Policy policy = house_.policy();
  policy.other_galleries.face_model = "a-model-of-nobody";
  house_.serve_under(std::make_unique<Gatekeeper>(policy, house_.clock));
  auto request = enrolment("e", 5, 3);
  auto picture = std::make_unique<wire::SampleT>();
  const std::string pixels = "P5 64 64 255\n" + std::string(64 * 64, 'g');
  picture->bytes.assign(pixels.begin(), pixels.end());
  picture->modality = wire::Modality::face;
  request.samples.push_back(std::move(picture));
  const auto answer = ask(&Service::enrol, request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::model_unavailable) << describe(answer.error());
}

TEST_F(ServiceTest, ARequestIdIsOfOneRequestAndOneClient) {
  enrol(enrolment("id", 5, 3));
  const auto other_body = ask(&Service::enrol, enrolment("id", 6, 4));
  ASSERT_FALSE(other_body);
  EXPECT_EQ(other_body.error().fault, Fault::request_reused);
  const auto other_verb = ask(&Service::enrol_with_dedup, enrolment("id", 5, 3));
  ASSERT_FALSE(other_verb);
  EXPECT_EQ(other_verb.error().fault, Fault::request_reused);
  EXPECT_TRUE(ask(&Service::identify, query("id", 3, 1), kGate));  // its own id
  EXPECT_EQ(people(), 1);
}

TEST_F(ServiceTest, DedupStoresWhoIsNewAndNamesWhoIsNot) {
  for (std::uint64_t p = 0; p < 10; ++p) enrol(enrolment("e" + std::to_string(p), 100 + p, p));
  const auto known = ask(&Service::enrol_with_dedup, enrolment("d1", 200, 4, 1));
  ASSERT_TRUE(known) << describe(known.error());
  const auto duplicate = unpacked<wire::EnrolAnswerT>(*known);
  EXPECT_EQ(duplicate.outcome, wire::Outcome::duplicate);
  ASSERT_NE(duplicate.search, nullptr);
  EXPECT_EQ(duplicate.search->candidates.front()->subject, 104U);
  const auto fresh = ask(&Service::enrol_with_dedup, enrolment("d2", 201, 50));
  ASSERT_TRUE(fresh) << describe(fresh.error());
  EXPECT_EQ(unpacked<wire::EnrolAnswerT>(*fresh).outcome, wire::Outcome::enrolled);
  EXPECT_EQ(people(), 11);
  // Told again, not searched again: by now the person is enrolled under the number that was found.
  const auto again = ask(&Service::enrol_with_dedup, enrolment("d1", 200, 4, 1));
  ASSERT_TRUE(again);
  EXPECT_EQ(unpacked<wire::EnrolAnswerT>(*again).outcome, wire::Outcome::duplicate);
  EXPECT_TRUE(unpacked<wire::EnrolAnswerT>(*again).report->repeated);
}

TEST_F(ServiceTest, WhoMayEnrolWithDedupAloneMayNotHaveItPassPeopleOver) {
  enrol(enrolment("e", 5, 3));
  Policy policy = house_.policy();
  Role& office = policy.roles.emplace_back(policy.roles.front());
  office.name = "office";
  office.clients = {"CN=office"};
  std::erase(office.verbs, Verb::enrol);
  house_.serve_under(std::make_unique<Gatekeeper>(policy, house_.clock));
  int asked = 0;
  const auto enrol_known = [&](const std::string& client, const wire::SearchT& search) {
    auto request = enrolment("d" + std::to_string(++asked), 200, 3, 1);
    request.search = std::make_unique<wire::SearchT>(search);
    return ask(&Service::enrol_with_dedup, request, client);
  };
  wire::SearchT plain, without_the_first, of_women, of_the_old, careless;
  without_the_first.excluded = {5};
  of_women.sex = wire::Sex::female;
  of_the_old.birth_year_min = 1900, of_the_old.birth_year_max = 1940;
  careless.max_loss = 0.9999;
  for (const wire::SearchT& search : {without_the_first, of_women, of_the_old, careless}) {
    const auto refused = enrol_known("CN=office", search);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::not_allowed);
    EXPECT_EQ(refused.error().where, "verb enrol");
  }
  wire::SearchT without_itself;
  without_itself.excluded = {200};
  EXPECT_TRUE(enrol_known("CN=office", without_itself)) << "it always is";
  const auto found = enrol_known("CN=office", plain);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_EQ(unpacked<wire::EnrolAnswerT>(*found).outcome, wire::Outcome::duplicate);
  const auto passed_over = enrol_known(kRegister, without_the_first);
  ASSERT_TRUE(passed_over) << describe(passed_over.error());
  EXPECT_EQ(unpacked<wire::EnrolAnswerT>(*passed_over).outcome, wire::Outcome::enrolled);
}

TEST_F(ServiceTest, AVisitUnderSomebodyElsesNumberIsTold) {
  enrol(enrolment("e", 5, 3));
  const auto told = [&](const char* id, std::uint64_t person) {
    const auto answer = ask(&Service::enrol_with_dedup, enrolment(id, 5, person, 1));
    EXPECT_TRUE(answer) << describe(answer.error());
    const auto enrolled = unpacked<wire::EnrolAnswerT>(*answer);
    EXPECT_EQ(enrolled.outcome, wire::Outcome::enrolled);
    return std::ranges::any_of(enrolled.search->reasons, [](const std::string& reason) {
      return reason.find("does not look like its others") != std::string::npos;
    });
  };
  EXPECT_FALSE(told("again", 3));
  EXPECT_TRUE(told("stranger", 4));
}

struct Bad {
  const char* what;
  Fault fault;
  const char* where;
  std::function<void(wire::EnrolRequestT&)> spoil;
};

TEST_F(ServiceTest, ABadRequestIsRefusedWithItsFieldAndStoresNothing) {
  const Bad table[] = {
      {"no id", Fault::bad_request, "heading.request_id",
       [](auto& r) { r.heading->request_id.clear(); }},
      {"an id with a space", Fault::bad_request, "heading.request_id",
       [](auto& r) { r.heading->request_id = "a b"; }},
      {"an id too long", Fault::bad_request, "heading.request_id",
       [](auto& r) { r.heading->request_id = std::string(65, 'a'); }},
      {"no gallery", Fault::bad_name, "heading.gallery", [](auto& r) { r.heading->gallery = ""; }},
      {"a path for a gallery", Fault::bad_name, "heading.gallery",
       [](auto& r) { r.heading->gallery = "../main"; }},
      {"a gallery that is not there", Fault::not_found, "gallery 'nobody'",
       [](auto& r) { r.heading->gallery = "nobody"; }},
      {"no purpose", Fault::bad_request, "heading.purpose",
       [](auto& r) { r.heading->purpose.clear(); }},
      {"a purpose with a newline", Fault::bad_request, "heading.purpose",
       [](auto& r) { r.heading->purpose = "a\nb"; }},
      {"a priority beyond the last", Fault::bad_request, "heading.priority",
       [](auto& r) { r.heading->priority = static_cast<wire::Priority>(3); }},
      {"no subject", Fault::bad_request, "subject", [](auto& r) { r.subject = 0; }},
      {"no sample", Fault::bad_request, "samples", [](auto& r) { r.samples.clear(); }},
      {"an empty sample", Fault::empty_input, "sample 2",
       [](auto& r) { r.samples[1]->bytes.clear(); }},
      {"a sample that is nothing", Fault::bad_magic, "sample 1",
       [](auto& r) { r.samples[0]->bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; }},
      {"an eleventh finger", Fault::bad_request, "sample 1, position",
       [](auto& r) { r.samples[0]->position = 11; }},
      {"a third modality", Fault::bad_request, "sample 1, modality",
       [](auto& r) { r.samples[0]->modality = static_cast<wire::Modality>(3); }},
      {"2 ppi", Fault::bad_resolution, "sample 1, ppi", [](auto& r) { r.samples[0]->ppi = 2; }},
      {"a resolution that is no number", Fault::bad_resolution, "sample 1, ppi",
       [](auto& r) { r.samples[0]->ppi = std::nanf(""); }},
      {"a source too long", Fault::limit_exceeded, "source",
       [](auto& r) { r.source = std::string(65, 's'); }},
      {"a date beyond all", Fault::bad_request, "captured_at_ms",
       [](auto& r) { r.captured_at_ms = ~std::uint64_t{0}; }},
      {"a sex beyond the last", Fault::bad_request, "sex",
       [](auto& r) { r.sex = static_cast<wire::Sex>(4); }},
      {"no candidates", Fault::bad_request, "search.max_candidates",
       [](auto& r) { r.search->max_candidates = 0; }},
      {"too many candidates", Fault::limit_exceeded, "search.max_candidates",
       [](auto& r) { r.search->max_candidates = 1001; }},
      {"a loss of all", Fault::bad_request, "search.max_loss",
       [](auto& r) { r.search->max_loss = 1; }},
      {"a loss below nothing", Fault::bad_request, "search.max_loss",
       [](auto& r) { r.search->max_loss = -1; }},
      {"years backwards", Fault::bad_request, "search.birth_year_min",
       [](auto& r) { r.search->birth_year_min = 1990; }},
      {"too many left out", Fault::limit_exceeded, "search.excluded",
       [](auto& r) { r.search->excluded.assign(10'001, 7); }},
      {"33 samples", Fault::limit_exceeded, "samples",
       [](auto& r) {
         for (int i = 0; i < 31; ++i) r.samples.push_back(std::move(samples_of(1, 0)[0]));
       }},
  };
  int number = 0;
  for (const Bad& bad : table) {
    SCOPED_TRACE(bad.what);
    wire::EnrolRequestT request = enrolment("bad" + std::to_string(++number), 9, 1);
    request.search = std::make_unique<wire::SearchT>();
    bad.spoil(request);
    const auto answer = ask(&Service::enrol_with_dedup, request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, bad.fault) << describe(answer.error());
    EXPECT_EQ(answer.error().where, bad.where);
  }
  EXPECT_EQ(people(), 0);
  EXPECT_EQ(audited().size(), std::size(table));
}

TEST_F(ServiceTest, AMessageThatIsNoneIsABadRequest) {
  const Bytes whole = packed(enrolment("m", 9, 1));
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 8) {
    const auto answer = house_.service->enrol(call_by(kRegister), std::span(whole).first(size));
    ASSERT_FALSE(answer) << size;
    EXPECT_EQ(answer.error().fault, Fault::bad_request) << size;
  }
  EXPECT_EQ(people(), 0);
}

TEST_F(ServiceTest, NobodyDoesWhatThePolicyDoesNotSay) {
  enrol(enrolment("e", 5, 3));
  enrol(enrolment("o", 5, 3, 0, "other"));
  const auto refusal = [&](const auto& answer) { return answer ? Fault{} : answer.error().fault; };
  EXPECT_EQ(refusal(ask(&Service::identify, query("1", 3, 1), "CN=stranger")),
            Fault::unknown_client);
  EXPECT_EQ(refusal(ask(&Service::identify, query("2", 3, 1), "")), Fault::unknown_client);
  EXPECT_EQ(refusal(ask(&Service::identify, query("3", 3, 1, "other"), kGate)), Fault::not_allowed);
  EXPECT_EQ(refusal(ask(&Service::enrol, enrolment("4", 6, 4), kGate)), Fault::not_allowed);
  auto other_purpose = query("5", 3, 1);
  other_purpose.heading->purpose = "curiosity";
  EXPECT_EQ(refusal(ask(&Service::identify, other_purpose, kGate)), Fault::not_allowed);
  auto too_urgent = query("6", 3, 1);
  too_urgent.heading->priority = wire::Priority::interactive;
  EXPECT_EQ(refusal(ask(&Service::identify, too_urgent, kGate)), Fault::not_allowed);
  wire::EraseRequestT erase;
  erase.heading = heading("7");
  erase.subject = 5;
  EXPECT_EQ(refusal(ask(&Service::erase, erase, kGate)), Fault::not_allowed);
  EXPECT_TRUE(ask(&Service::identify, query("8", 3, 1), kGate));
  EXPECT_EQ(people(), 1);
  // Another's stored answer is not given to who may not ask.
  EXPECT_EQ(refusal(ask(&Service::enrol, enrolment("e", 5, 3), kGate)), Fault::not_allowed);

  wire::ListGalleriesRequestT list;
  list.heading = heading("9", "");
  const auto seen = ask(&Service::list_galleries, list);
  ASSERT_TRUE(seen) << describe(seen.error());
  EXPECT_EQ(unpacked<wire::GalleriesAnswerT>(*seen).galleries.size(), 2U);
}

TEST_F(ServiceTest, RefusalsWithoutEndAreCountedAndFillNoLog) {
  constexpr std::uint32_t kAsked = 500;
  const auto ask_often = [&](const std::string& client) {
    for (std::uint32_t i = 0; i < kAsked; ++i) {
      EXPECT_FALSE(ask(&Service::identify, query("q" + std::to_string(i), 3, 1), client));
    }
  };
  ask_often("CN=stranger");
  ask_often("CN=another");
  EXPECT_FALSE(ask(&Service::identify, query("gate", 3, 1, "other"), kGate));
  for (std::uint32_t i = 0; i < kAsked; ++i) {
    EXPECT_FALSE(house_.service->identify(call_by("CN=babbler"), {}));
    EXPECT_FALSE(house_.service->identify(call_by(kRegister), {}));
  }
  ASSERT_TRUE(house_.service->tidy());
  ask_often("CN=stranger");
  EXPECT_NE(house_.metrics->text().find("fault=\"unknown-client\""), std::string::npos);
  std::map<std::string, std::vector<AuditRecord>> records;
  for (AuditRecord& record : audited()) records[record.client].push_back(std::move(record));
  const auto told = [](const std::vector<AuditRecord>& of) {
    std::uint32_t refusals = 0;
    for (const AuditRecord& one : of) refusals += 1 + one.alike;
    return refusals;
  };
  EXPECT_EQ(records[kGate].size(), 1U);
  for (const char* babbling : {"CN=babbler", kRegister}) {
    EXPECT_EQ(told(records[babbling]), kAsked);
    EXPECT_EQ(records[babbling].size(), Refusals::kRecordedAMinute + 1U);
  }
  EXPECT_EQ(records[kRegister].front().fault, static_cast<std::uint16_t>(Fault::bad_request));
  EXPECT_EQ(told(records["CN=another"]), kAsked);
  EXPECT_EQ(records["CN=another"].size(), Refusals::kRecordedAMinute + 1U);
  EXPECT_EQ(told(records["CN=stranger"]), 2 * kAsked);
  EXPECT_EQ(records["CN=stranger"].size(), Refusals::kRecordedAMinute + 2U);
  EXPECT_EQ(records["CN=stranger"].back().fault, static_cast<std::uint16_t>(Fault::unknown_client));
}

TEST_F(ServiceTest, EveryRequestIsInTheAuditLogAnsweredOrNot) {
  enrol(enrolment("e", 5, 3));
  enrol(enrolment("e", 5, 3));
  identify(query("i", 3, 1));
  EXPECT_FALSE(ask(&Service::enrol, enrolment("n", 6, 4), kGate));
  EXPECT_FALSE(house_.service->enrol(call_by(kGate), {}));
  const auto records = audited();
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(records[0].client, kRegister);
  EXPECT_EQ(records[0].verb, Verb::enrol);
  EXPECT_EQ(records[0].gallery, "main");
  EXPECT_EQ(records[0].purpose, "enrolment");
  EXPECT_EQ(records[0].request_id, "e");
  EXPECT_EQ(records[0].subject, 5U);
  EXPECT_EQ(records[0].samples, 2U);
  EXPECT_EQ(records[0].decision, "enrolled");
  EXPECT_FALSE(records[0].repeated);
  EXPECT_TRUE(records[1].repeated);
  EXPECT_EQ(records[2].decision, "hit");
  EXPECT_EQ(records[3].fault, static_cast<std::uint16_t>(Fault::not_allowed));
  EXPECT_EQ(records[4].fault, static_cast<std::uint16_t>(Fault::not_allowed));
}

}  // namespace
}  // namespace whorl::service
