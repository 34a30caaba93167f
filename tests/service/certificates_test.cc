#include "engine/service/certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/service/x509.h"
#include "tests/base/source_tree.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::service {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr UnixMillis kToday{1'800'000'000'000};  // 2027-01-15T08:00:00Z
UnixMillis hours(int after) { return UnixMillis{kToday.value() + after * kHour}; }

Credentials client_of(ThrowAwayAuthority& authority, std::string_view name = "gate-7") {
  return authority.issue_client(name).value();
}

std::string encrypted(const std::string& private_key_pem) {
  const auto key = x509::read_private_key(private_key_pem).value();
  const x509::Bio out(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), "secret", 6,
                                          nullptr, nullptr),
            1);
  return x509::text_in(out);
}

class CertificateFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  gallery::TempFolder folder_;
  ThrowAwayAuthority authority_ = ThrowAwayAuthority::make(kToday).value();
  ThrowAwayAuthority other_ = ThrowAwayAuthority::make(kToday).value();
};

TEST_F(CertificateFiles, AreLoadedWhereTheyBelongTogether) {
  const Credentials made = client_of(authority_);
  const Credentials server = authority_.issue_server({"localhost", "127.0.0.1", "::1"}).value();
  for (const Credentials& c : {made, server}) {
    const auto loaded = load_credentials(write("c", c.certificate), write("k", c.private_key),
                                         write("a", c.authority), ManualClock(kToday));
    ASSERT_TRUE(loaded.has_value()) << describe(loaded.error());
    EXPECT_EQ(loaded->certificate, c.certificate);
    EXPECT_EQ(loaded->private_key, c.private_key);
    EXPECT_EQ(loaded->authority, c.authority);
  }
  // Several authorities, and a certificate with others behind it.
  const std::string both = other_.certificate() + authority_.certificate();
  EXPECT_TRUE(load_credentials(write("c", made.certificate + authority_.certificate()),
                               write("k", made.private_key), write("a", both),
                               ManualClock(kToday)));
}

TEST_F(CertificateFiles, AreRefusedWithTheFileAndTheReason) {
  const Credentials good = client_of(authority_);
  const Credentials another = client_of(authority_);
  const Credentials foreign = client_of(other_);
  const std::string c = good.certificate, k = good.private_key, a = good.authority;
  const std::string half = c.substr(0, c.size() / 2);
  std::string flipped = c;
  char& digit = flipped[c.size() - 60];  // of the signature
  digit = digit == 'A' ? 'B' : 'A';
  const std::string secret = encrypted(k);

  struct Case {
    std::string certificate, key, authority;
    UnixMillis now;
    const char* where;
  };
  const Case cases[] = {
      {c, another.private_key, a, kToday, "/k: is not the private key of "},
      {foreign.certificate, foreign.private_key, a, kToday, "/c: "},
      {c, k, other_.certificate(), kToday, "/c: "},
      {c, k, a, hours(25), "/c: certificate has expired"},
      {c, k, a, hours(-1), "/c: certificate is not yet valid"},
      {c, k, a, UnixMillis{0}, "/c: certificate is not yet valid"},
      {"no certificate\n", k, a, kToday, "/c: holds no certificate in PEM"},
      {c, "no key\n", a, kToday, "/k: holds no private key in PEM"},
      {c, k, "no authority\n", kToday, "/a: holds no certificate in PEM"},
      {k, k, a, kToday, "/c: holds no certificate in PEM"},
      {c, c, a, kToday, "/k: holds no private key in PEM"},
      {c, k, k, kToday, "/a: holds no certificate in PEM"},
      {half, k, a, kToday, "/c: holds no certificate in PEM"},
      {c + half, k, a, kToday, "/c: block 2 is no certificate in PEM"},
      {c + k, k, a, kToday, "/c: block 2 is no certificate in PEM"},
      {flipped, k, a, kToday, "/c: "},
      {c, secret, a, kToday, "/k: is encrypted"},
      {c, k.substr(0, k.size() / 2), a, kToday, "/k: holds no private key in PEM"},
      {c, k, a + half, kToday, "/a: block 2 is no certificate in PEM"},
  };
  for (const Case& one : cases) {
    const auto loaded = load_credentials(write("c", one.certificate), write("k", one.key),
                                         write("a", one.authority), ManualClock(one.now));
    ASSERT_FALSE(loaded.has_value()) << one.where;
    EXPECT_EQ(loaded.error().fault, Fault::bad_certificate) << one.where;
    EXPECT_NE(loaded.error().where.find(one.where), std::string::npos) << loaded.error().where;
  }
}

TEST_F(CertificateFiles, ThatCannotBeReadAreNamed) {
  const Credentials good = client_of(authority_);
  const std::string c = write("c", good.certificate), k = write("k", good.private_key),
                    a = write("a", good.authority), empty = write("empty", "");
  const std::string missing = folder_ / "missing", folder = folder_.path();
  const std::string huge = folder_ / "huge";
  std::ofstream(huge).close();
  std::filesystem::resize_file(huge, kMaxPemBytes + 1);
  struct Case {
    std::string path;
    Fault fault;
  };
  for (const auto& [path, fault] :
       {Case{missing, Fault::io_error}, Case{folder, Fault::io_error},
        Case{empty, Fault::empty_input}, Case{huge, Fault::limit_exceeded}}) {
    for (int which = 0; which < 3; ++which) {
      const auto loaded = load_credentials(which == 0 ? path : c, which == 1 ? path : k,
                                           which == 2 ? path : a, ManualClock(kToday));
      ASSERT_FALSE(loaded.has_value());
      EXPECT_EQ(loaded.error().fault, fault) << path;
      EXPECT_EQ(loaded.error().where, path);
    }
  }
}

TEST_F(CertificateFiles, ThatDocsPolicyShowsHowToMakeAreGood) {
  if (std::system("openssl version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl here";
  const std::string page = testing::file_text("docs/policy.md");
  const std::string begin = "```sh\n";
  const std::size_t from = page.find(begin) + begin.size();
  const std::string script = write("make", page.substr(from, page.find("```", from) - from));
  ASSERT_EQ(std::system(("cd " + folder_.path() + " && sh -e make > log 2>&1").c_str()), 0);
  const auto load = [&](const std::string& name) {
    return load_credentials(folder_ / (name + ".pem"), folder_ / (name + ".key"),
                            folder_ / "authority.pem", SystemClock());
  };
  const auto service = load("service"), client = load("gate-7");
  ASSERT_TRUE(service.has_value()) << describe(service.error());
  ASSERT_TRUE(client.has_value()) << describe(client.error());
  EXPECT_EQ(subject_of(client->certificate), "CN=gate-7,O=Border Guard,C=LT");
  std::ifstream list(folder_ / "revoked.pem");
  const std::string pem{std::istreambuf_iterator<char>(list), {}};
  const auto revoked = RevocationList::parse(pem, client->authority);
  ASSERT_TRUE(revoked.has_value()) << describe(revoked.error());
  EXPECT_EQ(revoked->check(client->certificate).error().fault, Fault::unknown_client);
  EXPECT_TRUE(revoked->check(service->certificate));
}

TEST(Subjects, AreWrittenAsRfc4514Says) {
  struct Case {
    const char* common_name;
    const char* subject;
  };
  auto authority = ThrowAwayAuthority::make(kToday).value();
  for (const auto& [name, subject] : {
           Case{"gate-7", "CN=gate-7,O=Whorl"},
           Case{"a,b", "CN=a\\,b,O=Whorl"},
           Case{"a+b=c", "CN=a\\+b=c,O=Whorl"},
           Case{"#7", "CN=\\#7,O=Whorl"},
           Case{" x ", "CN=\\ x\\ ,O=Whorl"},
           Case{"say \"no\"", "CN=say \\\"no\\\",O=Whorl"},
           Case{"O=Ministry", "CN=O=Ministry,O=Whorl"},
           Case{"vartai \xC4\x97", "CN=vartai \\C4\\97,O=Whorl"},
       }) {
    const Credentials made = authority.issue_client(name).value();
    EXPECT_EQ(subject_of(made.certificate).value(), subject);
  }
}

TEST(Subjects, OfWhatIsNoCertificateAreRefused) {
  auto authority = ThrowAwayAuthority::make(kToday).value();
  const Credentials made = client_of(authority);
  const std::string& pem = made.certificate;
  for (std::size_t size = 0; size < pem.size() - 1; size += 7) {
    const auto subject = subject_of(std::string_view(pem).substr(0, size));
    ASSERT_FALSE(subject.has_value()) << size;
    EXPECT_EQ(subject.error().fault, Fault::bad_certificate);
  }
  EXPECT_FALSE(subject_of(made.private_key));
  EXPECT_FALSE(subject_of(std::string(kMaxPemBytes + 1, 'A')));
}

TEST(ThrowAway, RefusesNamesThatCannotStandInACertificate) {
  auto authority = ThrowAwayAuthority::make(kToday).value();
  for (const std::string& name : {std::string(), std::string(65, 'a'), std::string("\xFF")}) {
    EXPECT_EQ(authority.issue_client(name).error().fault, Fault::bad_argument);
  }
  EXPECT_EQ(authority.issue_server({}).error().fault, Fault::bad_argument);
  EXPECT_EQ(authority.issue_server({"localhost", ""}).error().fault, Fault::bad_argument);
}

TEST(ThrowAway, TellsWhenAClientsCertificateEnds) {
  auto authority = ThrowAwayAuthority::make(kToday).value();
  const Credentials made = authority.issue_client("x", hours(-3), hours(-2)).value();
  EXPECT_EQ(identity_of(made.certificate)->valid_until, hours(-2));
}

class Revocation : public ::testing::Test {
 protected:
  ThrowAwayAuthority authority_ = ThrowAwayAuthority::make(kToday).value();
  ThrowAwayAuthority other_ = ThrowAwayAuthority::make(kToday).value();
  std::string lost_ = client_of(authority_, "lost").certificate;
  std::string stolen_ = client_of(authority_, "stolen").certificate;
  std::string good_ = client_of(authority_, "good").certificate;
  std::string foreign_ = client_of(other_, "lost").certificate;
  std::string list_ = authority_.revoke({lost_, stolen_}).value();
};

TEST_F(Revocation, TakesBackWhatIsListedAndNothingElse) {
  const auto revoked = RevocationList::parse(list_, authority_.certificate()).value();
  EXPECT_EQ(revoked.check(lost_).error().fault, Fault::unknown_client);
  EXPECT_EQ(revoked.check(stolen_).error().fault, Fault::unknown_client);
  EXPECT_TRUE(revoked.check(good_));
  EXPECT_EQ(revoked.check(foreign_).error().fault, Fault::unknown_client);
  EXPECT_EQ(revoked.check(good_ + lost_).error().fault, Fault::unknown_client);
  EXPECT_EQ(revoked.check("nothing").error().fault, Fault::bad_certificate);
  EXPECT_TRUE(RevocationList().check(lost_));
}

TEST_F(Revocation, OfAnAuthorityTakesBackAllThatItIssued) {
  ThrowAwayAuthority office = authority_.issue_authority("office").value();
  const Credentials client = office.issue_client("gate").value();
  const std::string alone = client.certificate.substr(0, client.certificate.find("END") + 23);
  const std::string root = authority_.certificate();
  const std::string list = authority_.revoke({office.certificate()}).value();
  EXPECT_EQ(RevocationList::parse(list, root)->check(client.certificate).error().fault,
            Fault::unknown_client);
  // What a client leaves out is among the authorities, or its connection was refused.
  const auto knows_office = RevocationList::parse(list, root + office.certificate()).value();
  EXPECT_EQ(knows_office.check(alone).error().fault, Fault::unknown_client);
  EXPECT_TRUE(knows_office.check(good_));
  const auto other = RevocationList::parse(list_, root + office.certificate()).value();
  EXPECT_TRUE(other.check(client.certificate));
  EXPECT_TRUE(other.check(alone));
  // A resumed session shows no chain: whoever issued this may be revoked.
  EXPECT_EQ(RevocationList::parse(list_, root)->check(alone).error().fault, Fault::unknown_client);
}

TEST_F(Revocation, ReadsListsOneBehindTheOther) {
  const std::string both = authority_.revoke({lost_}).value() + other_.revoke({foreign_}).value();
  const std::string authorities = authority_.certificate() + other_.certificate();
  const auto revoked = RevocationList::parse("# ours, then theirs\n" + both, authorities).value();
  EXPECT_FALSE(revoked.check(lost_));
  EXPECT_FALSE(revoked.check(foreign_));
  EXPECT_TRUE(revoked.check(stolen_));
  EXPECT_TRUE(RevocationList::parse(authority_.revoke({}).value(), authorities));
}

TEST_F(Revocation, RefusesListsThatAreSpoiltOrOfSomebodyElse) {
  const std::string a = authority_.certificate();
  std::string misspelt = list_;
  misspelt.replace(misspelt.find("CRL"), 3, "CLR");
  std::string flipped = list_;
  char& digit = flipped[list_.size() - 60];  // of the signature
  digit = digit == 'A' ? 'B' : 'A';
  const std::string theirs = other_.revoke({foreign_}).value();
  struct Case {
    std::string list, authority;
  };
  const Case cases[] = {
      {"", a},
      {"nothing revoked\n", a},
      {a, a},
      {misspelt, a},
      {list_ + misspelt, a},
      {list_ + a, a},
      {list_ + list_.substr(0, list_.size() / 2), a},
      {flipped, a},
      {theirs, a},
      {list_ + theirs, a},
      {list_, "no authority\n"},
      {list_, list_},
      {std::string(kMaxPemBytes + 1, '-'), a},
  };
  for (const auto& [list, authority] : cases) {
    const auto revoked = RevocationList::parse(list, authority);
    ASSERT_FALSE(revoked.has_value()) << list.substr(0, 200);
    EXPECT_EQ(revoked.error().fault, Fault::bad_certificate);
  }
  EXPECT_EQ(authority_.revoke({foreign_}).error().fault, Fault::bad_certificate);
  EXPECT_EQ(authority_.revoke({"nothing"}).error().fault, Fault::bad_certificate);
}

}  // namespace
}  // namespace whorl::service
