#include "engine/service/certificates.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "engine/formats/file_io.h"
#include "engine/service/x509.h"
#include "kernels/core.h"

namespace whorl::service {
namespace {

using x509::Certificate;

tl::unexpected<Error> in_file(Error error, const std::string& path) {
  if (error.fault == Fault::bad_certificate) error.where = path + ": " + error.where;
  return tl::unexpected<Error>(std::move(error));
}

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

std::int64_t seconds(UnixMillis at) { return at.value() / 1000; }

// That a chain leads from the first certificate over the others to the authority, at that time.
Result<> check_chain(const std::vector<Certificate>& chain,
                     const std::vector<Certificate>& authority, UnixMillis now) {
  const std::unique_ptr<X509_STORE, x509::Free<X509_STORE_free>> trusted(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, x509::Free<X509_STORE_CTX_free>> check(
      X509_STORE_CTX_new());
  const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
  WHORL_CHECK(trusted != nullptr);
  WHORL_CHECK(check != nullptr);
  WHORL_CHECK(others != nullptr);
  for (const Certificate& c : authority) {
    WHORL_CHECK(X509_STORE_add_cert(trusted.get(), c.get()) == 1);
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    WHORL_CHECK(sk_X509_push(others.get(), chain[i].get()) > 0);
  }
  WHORL_CHECK(X509_STORE_CTX_init(check.get(), trusted.get(), chain[0].get(), others.get()) == 1);
  X509_STORE_CTX_set_time(check.get(), 0, seconds(now));
  const bool good = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  if (good) return {};
  return fail(Fault::bad_certificate, 0,
              X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get())));
}

bool signed_by_one_of(const std::vector<Certificate>& authority, X509_CRL& list) {
  for (const Certificate& issuer : authority) {
    if (X509_NAME_cmp(X509_get_subject_name(issuer.get()), X509_CRL_get_issuer(&list)) != 0)
      continue;
    const bool good = X509_CRL_verify(&list, X509_get0_pubkey(issuer.get())) == 1;
    ERR_clear_error();
    if (good) return true;
  }
  return false;
}

}  // namespace

Result<Credentials> load_credentials(const std::string& certificate_path,
                                     const std::string& key_path, const std::string& authority_path,
                                     const Clock& clock) {
  Credentials loaded;
  WHORL_TRY(loaded.certificate, formats::read_text(certificate_path, kMaxPemBytes));
  WHORL_TRY(loaded.private_key, formats::read_text(key_path, kMaxPemBytes));
  WHORL_TRY(loaded.authority, formats::read_text(authority_path, kMaxPemBytes));
  const auto chain = x509::read_certificates(loaded.certificate);
  if (!chain) return in_file(chain.error(), certificate_path);
  const auto key = x509::read_private_key(loaded.private_key);
  if (!key) return in_file(key.error(), key_path);
  const auto authority = x509::read_certificates(loaded.authority);
  if (!authority) return in_file(authority.error(), authority_path);

  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return fail(Fault::bad_certificate, 0,
                key_path + ": is not the private key of " + certificate_path);
  }
  const auto good = check_chain(*chain, *authority, clock.now());
  if (!good) return in_file(good.error(), certificate_path);
  return loaded;
}

Result<Identity> identity_of(std::string_view certificate_pem) {
  if (certificate_pem.size() > kMaxPemBytes) return fail(Fault::bad_certificate, 0, "is too long");
  WHORL_TRY(const auto chain, x509::read_certificates(certificate_pem));
  Identity identity;
  WHORL_TRY(identity.subject, x509::subject_of(*chain.front()));
  tm until{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(chain.front().get()), &until) != 1) {
    ERR_clear_error();
    return fail(Fault::bad_certificate, 0, "has no time of expiry");
  }
  identity.valid_until = UnixMillis{std::int64_t{timegm(&until)} * 1000};
  return identity;
}

Result<std::string> subject_of(std::string_view certificate_pem) {
  WHORL_TRY(const Identity identity, identity_of(certificate_pem));
  return identity.subject;
}

struct RevocationList::State {
  std::vector<x509::List> lists;
  std::vector<Certificate> authority;

  bool lists_one(X509& certificate) const {
    return std::ranges::any_of(lists, [&](const x509::List& list) {
      X509_REVOKED* entry = nullptr;
      return X509_CRL_get0_by_cert(list.get(), &entry, &certificate) == 1;
    });
  }
};

RevocationList::RevocationList() : state_(std::make_unique<State>()) {}
RevocationList::~RevocationList() = default;
RevocationList::RevocationList(RevocationList&&) noexcept = default;
RevocationList& RevocationList::operator=(RevocationList&&) noexcept = default;

Result<RevocationList> RevocationList::parse(std::string_view pem, std::string_view authority_pem) {
  if (pem.size() > kMaxPemBytes || authority_pem.size() > kMaxPemBytes) {
    return fail(Fault::bad_certificate, 0, "is too long");
  }
  RevocationList revoked;
  WHORL_TRY(revoked.state_->lists, x509::read_lists(pem));
  if (authority_pem.empty()) return revoked;
  WHORL_TRY(revoked.state_->authority, x509::read_certificates(authority_pem));
  const auto& authority = revoked.state_->authority;
  for (std::size_t i = 0; i < revoked.state_->lists.size(); ++i) {
    if (!signed_by_one_of(authority, *revoked.state_->lists[i])) {
      return fail(Fault::bad_certificate, 0,
                  "list " + std::to_string(i + 1) + " is not signed by the authority");
    }
  }
  return revoked;
}

Result<> RevocationList::check(std::string_view certificate_pem) const {
  if (certificate_pem.size() > kMaxPemBytes) return fail(Fault::bad_certificate, 0, "is too long");
  WHORL_TRY(const auto chain, x509::read_certificates(certificate_pem));
  // A client may send the certificates between its own and the root, or leave them to the service.
  std::vector<X509*> vouching;
  for (const Certificate& certificate : chain) vouching.push_back(certificate.get());
  bool reaches = state_->lists.empty() || state_->authority.empty();
  for (std::size_t i = 0; i < vouching.size(); ++i) {
    if (state_->lists_one(*vouching[i])) {
      return fail(Fault::unknown_client, 0, "the certificate is revoked");
    }
    for (const Certificate& issuer : state_->authority) {
      if (X509_check_issued(issuer.get(), vouching[i]) != X509_V_OK) continue;
      reaches = true;
      const bool known = std::ranges::find(vouching, issuer.get()) != vouching.end();
      if (!known) vouching.push_back(issuer.get());
    }
  }
  ERR_clear_error();
  // A session that is resumed shows the first certificate alone: what is between is not known.
  if (!reaches) {
    return fail(Fault::unknown_client, 0,
                "who issued the certificate is not told: connect without resuming a session, or "
                "name the issuer among the service's authorities");
  }
  return {};
}

}  // namespace whorl::service
