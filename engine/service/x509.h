#pragma once
// OpenSSL's certificates, keys and revocation lists, owned and read from PEM texts. For the .cc
// files beside it: nothing of this is in another header.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace whorl::service::x509 {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using List = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;

// Of a reader: the text is not copied and must outlive it.
Bio reader_of(std::string_view text);
// What was written into one that keeps it in memory.
std::string text_in(const Bio& memory);

// All certificates of a PEM text, at least one; any other block in it is a fault.
// Faults: bad_certificate, with what is wrong in `where`.
Result<std::vector<Certificate>> read_certificates(std::string_view pem);
// Likewise. A list of changes to another list (a delta, RFC 5280, 5.2.4) is refused.
Result<std::vector<List>> read_lists(std::string_view pem);
// Encrypted keys are refused: a service starts without anybody there to ask.
Result<PrivateKey> read_private_key(std::string_view pem);

// As OpenSSL writes it for RFC 2253, of which RFC 4514 is a later edition: the last attribute
// first, and what is not ASCII as hexadecimal bytes. So does gRPC. Fault: bad_certificate.
Result<std::string> subject_of(const X509& certificate);

}  // namespace whorl::service::x509
