#include "engine/service/audit_record.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/service/audit_samples.h"

namespace whorl::service {
namespace {

AuditPlace place(std::uint64_t number, unsigned fill) {
  AuditPlace p{number, {}};
  p.mac.fill(static_cast<std::byte>(fill));
  return p;
}

const AuditContent kContents[] = {sample_record(12), AuditRecord{}, AuditOpened{kMorning, 17},
                                  AuditPurged{kMorning, place(0, 0), place(99, 0xEE)}};

TEST(AuditBody, ComesBackAsItWas) {
  for (const AuditContent& content : kContents) {
    const auto decoded = decode_audit_body(encode_audit_body(content));
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_EQ(*decoded, content);
  }
}

TEST(AuditBody, RefusesEveryPrefixAsTruncatedAndEveryTail) {
  for (const AuditContent& content : kContents) {
    Bytes body = encode_audit_body(content);
    for (std::size_t length = 0; length < body.size(); ++length) {
      const auto decoded = decode_audit_body(std::span(body).first(length));
      ASSERT_FALSE(decoded) << length;
      EXPECT_EQ(decoded.error().fault, Fault::truncated) << length;
    }
    body.push_back(std::byte{0});
    const auto decoded = decode_audit_body(body);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().fault, Fault::length_mismatch);
  }
}

struct SpoiltBody {
  const char* what;
  std::size_t at;
  unsigned value;
  Fault fault;
};
// Offsets of docs/formats/audit-log.md, in a request whose client has three bytes.
const SpoiltBody kSpoiltBodies[] = {
    {"no kind", 0, 0, Fault::unsupported},
    {"a later kind", 0, 4, Fault::unsupported},
    {"a flag of a later version", 10, 8, Fault::out_of_range},
    {"every flag", 10, 255, Fault::out_of_range},
    {"a client beyond its bound", 29, 2, Fault::out_of_range},
    {"a client that is longer than the body", 30, 200, Fault::truncated},
    {"a gallery beyond its bound", 34, 1, Fault::out_of_range},
    {"a shorter last text", 45, 2, Fault::length_mismatch},
};

TEST(AuditBody, SpoiltIsToldByItsFault) {
  AuditRecord record;
  record.client = "abc";
  record.decision = "hit";
  const Bytes good = encode_audit_body(record);
  ASSERT_EQ(good.size(), 29U + 5 * 2 + 6);
  ASSERT_TRUE(decode_audit_body(good));
  for (const SpoiltBody& spoilt : kSpoiltBodies) {
    Bytes body = good;
    // The last text's length is 5 bytes from the end.
    const std::size_t at = spoilt.at == 45 ? good.size() - 4 : spoilt.at;
    body.at(at) = static_cast<std::byte>(spoilt.value);
    const auto decoded = decode_audit_body(body);
    ASSERT_FALSE(decoded) << spoilt.what;
    EXPECT_EQ(decoded.error().fault, spoilt.fault) << spoilt.what;
  }
}

TEST(AuditBody, LongTextsAreCutAndSaidToBe) {
  struct Field {
    std::string AuditRecord::*text;
    std::size_t bound;
  };
  const Field fields[] = {{&AuditRecord::client, kMaxClientNameBytes},
                          {&AuditRecord::gallery, kMaxGalleryNameBytes},
                          {&AuditRecord::purpose, kMaxPurposeBytes},
                          {&AuditRecord::request_id, kMaxRequestIdBytes},
                          {&AuditRecord::decision, kMaxDecisionBytes}};
  AuditRecord longest;
  longest.alike = 7;
  for (const Field& field : fields) {
    AuditRecord record;
    record.*field.text = longest.*field.text = std::string(field.bound, 'x');
    EXPECT_EQ(std::get<AuditRecord>(*decode_audit_body(encode_audit_body(record))), record);
    AuditRecord cut = record;
    cut.cut = true;
    record.*field.text += std::string(100'000, 'y');
    EXPECT_EQ(std::get<AuditRecord>(*decode_audit_body(encode_audit_body(record))), cut);
  }
  EXPECT_EQ(encode_audit_body(longest).size(), kMaxAuditBodyBytes);
}

TEST(AuditBody, AVerbOfALaterVersionIsKept) {
  AuditRecord record;
  record.verb = static_cast<Verb>(200);
  EXPECT_EQ(std::get<AuditRecord>(*decode_audit_body(encode_audit_body(record))), record);
}

TEST(AuditHeader, ComesBackAsItWasAndRefusesWhatIsNone) {
  const Bytes good = encode_audit_header(place(41, 0xAB));
  ASSERT_EQ(good.size(), kAuditHeaderBytes);
  EXPECT_EQ(*decode_audit_header(good), place(41, 0xAB));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(decode_audit_header(std::span(good).first(length)).error().fault, Fault::truncated);
  }
  Bytes bad = good;
  bad[0] ^= std::byte{1};
  EXPECT_EQ(decode_audit_header(bad).error().fault, Fault::bad_magic);
  bad = good;
  bad[9] = std::byte{2};
  EXPECT_EQ(decode_audit_header(bad).error().fault, Fault::store_version);
  bad = good;
  std::fill_n(bad.begin() + 10, 8, std::byte{0});
  EXPECT_EQ(decode_audit_header(bad).error().fault, Fault::out_of_range);
}

}  // namespace
}  // namespace whorl::service
