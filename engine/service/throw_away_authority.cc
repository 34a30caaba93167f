#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

#include "engine/service/certificates.h"
#include "engine/service/x509.h"
#include "kernels/core.h"

namespace whorl::service {
namespace {

using x509::Certificate;
using x509::PrivateKey;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kEarlier = kHour / 12;  // for clocks that do not agree
constexpr std::int64_t kLifetime = 24 * kHour;

struct Period {
  UnixMillis from, until;
};
Period usual(UnixMillis now) {
  return {UnixMillis{now.value() - kEarlier}, UnixMillis{now.value() + kLifetime}};
}

struct FreeTime {
  void operator()(ASN1_TIME* time) const { ASN1_TIME_free(time); }
};
using Time = std::unique_ptr<ASN1_TIME, FreeTime>;
Time time_of(UnixMillis at) {
  Time time(ASN1_TIME_set(nullptr, at.value() / 1000));
  WHORL_CHECK(time != nullptr);
  return time;
}

PrivateKey make_key() {
  PrivateKey key(EVP_EC_gen("P-256"));
  WHORL_CHECK(key != nullptr);
  return key;
}

// 127 random bits, as RFC 5280 wants a serial number positive and of at most 20 bytes.
void set_serial(X509& certificate) {
  const std::unique_ptr<BIGNUM, x509::Free<BN_free>> number(BN_new());
  WHORL_CHECK(BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  WHORL_CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr);
}

bool add_to_name(X509_NAME* name, const char* attribute, std::string_view value) {
  const std::string copy(value);
  const auto* bytes = static_cast<const unsigned char*>(static_cast<const void*>(copy.data()));
  const bool good = X509_NAME_add_entry_by_txt(name, attribute, MBSTRING_UTF8, bytes,
                                               static_cast<int>(copy.size()), -1, 0) == 1;
  ERR_clear_error();
  return good;
}

void extend(X509& certificate, X509& issuer, int extension, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, x509::Free<X509_EXTENSION_free>> made(
      X509V3_EXT_conf_nid(nullptr, &context, extension, value));
  WHORL_CHECK(made != nullptr);
  WHORL_CHECK(X509_add_ext(&certificate, made.get(), -1) == 1);
}

bool is_address(const std::string& name) {
  in6_addr any{};
  return inet_pton(AF_INET, name.c_str(), &any) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &any) == 1;
}

// The names that a server's certificate is good for (RFC 5280, 4.2.1.6).
Result<> add_names(X509& certificate, const std::vector<std::string>& names) {
  const std::unique_ptr<GENERAL_NAMES, x509::Free<GENERAL_NAMES_free>> all(GENERAL_NAMES_new());
  WHORL_CHECK(all != nullptr);
  for (const std::string& name : names) {
    GENERAL_NAME* one = a2i_GENERAL_NAME(nullptr, nullptr, nullptr,
                                         is_address(name) ? GEN_IPADD : GEN_DNS, name.c_str(), 0);
    ERR_clear_error();
    if (one == nullptr || name.empty()) {
      GENERAL_NAME_free(one);
      return fail(Fault::bad_argument, 0, "a server's name");
    }
    WHORL_CHECK(sk_GENERAL_NAME_push(all.get(), one) > 0);
  }
  if (names.empty()) return fail(Fault::bad_argument, 0, "a server without a name");
  WHORL_CHECK(X509_add1_ext_i2d(&certificate, NID_subject_alt_name, all.get(), 0, 0) == 1);
  return {};
}

std::string pem_of(auto write) {
  const x509::Bio out(BIO_new(BIO_s_mem()));
  WHORL_CHECK(out != nullptr);
  WHORL_CHECK(write(out.get()) == 1);
  return x509::text_in(out);
}
std::string pem_of(X509& certificate) {
  return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, &certificate); });
}
std::string pem_of(EVP_PKEY& key) {
  return pem_of([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, &key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

// One without extensions and signature.
Result<Certificate> draft(std::string_view common_name, EVP_PKEY& key, const Period& valid) {
  Certificate certificate(X509_new());
  WHORL_CHECK(certificate != nullptr);
  WHORL_CHECK(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_serial(*certificate);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  WHORL_CHECK(add_to_name(name, "O", "Whorl"));
  if (!add_to_name(name, "CN", common_name)) return fail(Fault::bad_argument, 0, "a common name");
  WHORL_CHECK(X509_set1_notBefore(certificate.get(), time_of(valid.from).get()) == 1);
  WHORL_CHECK(X509_set1_notAfter(certificate.get(), time_of(valid.until).get()) == 1);
  WHORL_CHECK(X509_set_pubkey(certificate.get(), &key) == 1);
  return certificate;
}

// One that may vouch for so many authorities below it.
void make_authority(X509& certificate, X509& issuer, int below) {
  extend(certificate, issuer, NID_basic_constraints,
         ("critical,CA:TRUE,pathlen:" + std::to_string(below)).c_str());
  extend(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(certificate, issuer, NID_subject_key_identifier, "hash");
}

}  // namespace

struct ThrowAwayAuthority::State {
  UnixMillis now;
  PrivateKey key = make_key();
  Certificate certificate;
  std::string pem, root_pem;
  std::string behind;  // what it issues: the certificates between that and the root

  void sign(X509& issued) const {
    WHORL_CHECK(X509_set_issuer_name(&issued, X509_get_subject_name(certificate.get())) == 1);
    WHORL_CHECK(X509_sign(&issued, key.get(), EVP_sha256()) > 0);
  }

  // `usage` is what the certificate is good for, as OpenSSL names it.
  Result<Credentials> issue(std::string_view common_name, const Period& valid, const char* usage,
                            const std::vector<std::string>* server_names) const {
    const PrivateKey its_key = make_key();
    WHORL_TRY(const Certificate issued, draft(common_name, *its_key, valid));
    extend(*issued, *certificate, NID_basic_constraints, "critical,CA:FALSE");
    extend(*issued, *certificate, NID_key_usage, "critical,digitalSignature");
    extend(*issued, *certificate, NID_ext_key_usage, usage);
    extend(*issued, *certificate, NID_authority_key_identifier, "keyid:always");
    if (server_names != nullptr) WHORL_TRY_VOID(add_names(*issued, *server_names));
    sign(*issued);
    return Credentials{pem_of(*issued) + behind, pem_of(*its_key), root_pem};
  }
};

ThrowAwayAuthority::ThrowAwayAuthority(std::unique_ptr<State> state) : state_(std::move(state)) {}
ThrowAwayAuthority::ThrowAwayAuthority(ThrowAwayAuthority&&) noexcept = default;
ThrowAwayAuthority::~ThrowAwayAuthority() = default;

Result<ThrowAwayAuthority> ThrowAwayAuthority::make(UnixMillis now) {
  auto state = std::make_unique<State>();
  state->now = now;
  WHORL_TRY(state->certificate, draft("throw-away authority", *state->key, usual(now)));
  X509& own = *state->certificate;
  make_authority(own, own, 1);
  state->sign(own);
  state->root_pem = state->pem = pem_of(own);
  return ThrowAwayAuthority(std::move(state));
}

Result<ThrowAwayAuthority> ThrowAwayAuthority::issue_authority(std::string_view common_name) {
  auto state = std::make_unique<State>();
  state->now = state_->now;
  WHORL_TRY(state->certificate, draft(common_name, *state->key, usual(state->now)));
  X509& own = *state->certificate;
  make_authority(own, *state_->certificate, 0);
  extend(own, *state_->certificate, NID_authority_key_identifier, "keyid:always");
  state_->sign(own);
  state->pem = pem_of(own);
  state->root_pem = state_->root_pem;
  state->behind = state->pem + state_->behind;
  return ThrowAwayAuthority(std::move(state));
}

const std::string& ThrowAwayAuthority::certificate() const { return state_->pem; }

Result<Credentials> ThrowAwayAuthority::issue_server(const std::vector<std::string>& names) {
  return state_->issue("server", usual(state_->now), "serverAuth", &names);
}

Result<Credentials> ThrowAwayAuthority::issue_client(std::string_view common_name) {
  return state_->issue(common_name, usual(state_->now), "clientAuth", nullptr);
}

Result<Credentials> ThrowAwayAuthority::issue_client(std::string_view common_name, UnixMillis from,
                                                     UnixMillis until) {
  return state_->issue(common_name, {from, until}, "clientAuth", nullptr);
}

Result<std::string> ThrowAwayAuthority::revoke(const std::vector<std::string>& certificates_pem) {
  const x509::List list(X509_CRL_new());
  WHORL_CHECK(list != nullptr);
  const Period valid = usual(state_->now);
  const Time from = time_of(valid.from);
  WHORL_CHECK(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1);
  WHORL_CHECK(
      X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(state_->certificate.get())) == 1);
  WHORL_CHECK(X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1);
  WHORL_CHECK(X509_CRL_set1_nextUpdate(list.get(), time_of(valid.until).get()) == 1);
  for (const std::string& pem : certificates_pem) {
    WHORL_TRY(const auto certificates, x509::read_certificates(pem));
    X509& taken_back = *certificates.front();
    const bool own = X509_verify(&taken_back, state_->key.get()) == 1;
    ERR_clear_error();
    if (!own) return fail(Fault::bad_certificate, 0, "was issued by another authority");
    std::unique_ptr<X509_REVOKED, x509::Free<X509_REVOKED_free>> entry(X509_REVOKED_new());
    WHORL_CHECK(entry != nullptr);
    WHORL_CHECK(X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(&taken_back)) ==
                1);
    WHORL_CHECK(X509_REVOKED_set_revocationDate(entry.get(), from.get()) == 1);
    WHORL_CHECK(X509_CRL_add0_revoked(list.get(), entry.get()) == 1);
    static_cast<void>(entry.release());  // the list's now
  }
  WHORL_CHECK(X509_CRL_sort(list.get()) == 1);
  WHORL_CHECK(X509_CRL_sign(list.get(), state_->key.get(), EVP_sha256()) > 0);
  return pem_of([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
}

}  // namespace whorl::service
