#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace whorl::service {

// The three PEM texts that one side of a mutually authenticated connection needs.
struct Credentials {
  std::string certificate, private_key;
  std::string authority;  // whom it trusts
};

// Reads and checks them: the key belongs to the certificate, which is of the authority and in time.
// Each file may hold several certificates: behind the first one, those between it and the
// authority. Faults: io_error, empty_input, limit_exceeded, bad_certificate (says which file, and
// why).
Result<Credentials> load_credentials(const std::string& certificate_path,
                                     const std::string& key_path, const std::string& authority_path,
                                     const Clock& clock);

// Whom a certificate (the first of a PEM text) is about.
struct Identity {
  // As RFC 4514 writes it, e.g. "CN=gate-7,O=Border Guard,C=LT": the same text that
  // `openssl x509 -noout -subject -nameopt RFC2253` prints, and that gRPC gives as x509_subject.
  std::string subject;
  UnixMillis valid_until;
};
// Nobody's signature is checked: the connection did. Fault: bad_certificate.
Result<Identity> identity_of(std::string_view certificate_pem);
Result<std::string> subject_of(std::string_view certificate_pem);

// A throw-away authority, for `whorl serve --dev` and tests: P-256 keys in memory, certificates of
// some hours. It is nobody's security.
class ThrowAwayAuthority {
 public:
  static Result<ThrowAwayAuthority> make(UnixMillis now);
  ThrowAwayAuthority(ThrowAwayAuthority&&) noexcept;
  ~ThrowAwayAuthority();

  const std::string& certificate() const;
  // Fault of all: bad_argument, where a name cannot stand in a certificate.
  // For a server: names are host names and addresses it is reached by ("localhost", "127.0.0.1").
  Result<Credentials> issue_server(const std::vector<std::string>& names);
  // For a client named "CN=<common name>,O=Whorl"; `from` and `until` are for tests of expiry.
  Result<Credentials> issue_client(std::string_view common_name);
  Result<Credentials> issue_client(std::string_view common_name, UnixMillis from, UnixMillis until);
  // An authority of its own under this one: what it issues comes with its certificate behind.
  Result<ThrowAwayAuthority> issue_authority(std::string_view common_name);
  // A revocation list (PEM) of certificates it issued; bad_certificate where one is another's.
  Result<std::string> revoke(const std::vector<std::string>& certificates_pem);

 private:
  struct State;
  explicit ThrowAwayAuthority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Certificates that their authority took back. Thread safety: const members may run at once.
class RevocationList {
 public:
  RevocationList();
  ~RevocationList();
  RevocationList(RevocationList&&) noexcept;
  RevocationList& operator=(RevocationList&&) noexcept;
  // PEM lists one behind the other, of which each is of one authority. Where `authority_pem` is
  // given, each must be signed by it. A list whose next update is overdue still holds: what was
  // taken back stays so. Fault: bad_certificate.
  static Result<RevocationList> parse(std::string_view pem, std::string_view authority_pem);
  // Fault: unknown_client where it, one that follows it in the text, or one of the authorities that
  // issued them is revoked, and where authorities are given but none of them is reached;
  // bad_certificate where it cannot be read.
  Result<> check(std::string_view certificate_pem) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
