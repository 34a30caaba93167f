#pragma once
// A service that is asked by messages, without a network.

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/service/service_house.h"

namespace whorl::service {

using Verb_ = Result<Bytes> (Service::*)(const Call&, Message);

class ServiceTest : public ::testing::Test {
 protected:
  House house_{::testing::UnitTest::GetInstance()->current_test_info()->name()};

  template <class RequestT>
  Result<Bytes> ask(Verb_ verb, const RequestT& request, const std::string& client = kRegister) {
    return ((*house_.service).*verb)(call_by(client), packed(request));
  }
  wire::EnrolAnswerT enrol(const wire::EnrolRequestT& request) {
    const auto answer = ask(&Service::enrol, request);
    EXPECT_TRUE(answer) << describe(answer.error());
    return answer ? unpacked<wire::EnrolAnswerT>(*answer) : wire::EnrolAnswerT{};
  }
  wire::IdentifyAnswerT identify(const wire::IdentifyRequestT& request) {
    const auto answer = ask(&Service::identify, request);
    EXPECT_TRUE(answer) << describe(answer.error());
    return answer ? unpacked<wire::IdentifyAnswerT>(*answer) : wire::IdentifyAnswerT{};
  }
  std::int64_t people() { return *house_.engine->people("main"); }
  std::vector<AuditRecord> audited() {
    std::vector<AuditRecord> records;
    house_.close();
    const auto walked = walk_audit(house_.audit_folder(), house_.master,
                                   [&](const auto& entry) { add(records, entry); });
    EXPECT_TRUE(walked) << describe(walked.error());
    return records;
  }

 private:
  static void add(std::vector<AuditRecord>& records, const AuditEntry& entry) {
    if (const auto* record = std::get_if<AuditRecord>(&entry.content)) records.push_back(*record);
  }
  static void add(std::vector<AuditRecord>& records, const AuditRecord& record) {
    records.push_back(record);
  }
};

}  // namespace whorl::service
