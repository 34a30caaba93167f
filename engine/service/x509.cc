#include "engine/service/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <climits>

#include "engine/base/limits.h"
#include "kernels/core.h"

namespace whorl::service::x509 {
namespace {

tl::unexpected<Error> refuse(const std::string& why) {
  ERR_clear_error();
  return fail(Fault::bad_certificate, 0, why);
}

std::size_t blocks_in(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  std::size_t count = 0;
  for (std::size_t at = pem.find(kBegin); at != std::string_view::npos;
       at = pem.find(kBegin, at + kBegin.size())) {
    ++count;
  }
  return count;
}

// `read` gives null behind the last block it can read. OpenSSL passes over blocks of another name,
// a misspelt one too; that a list of the revoked was passed over must not go unseen.
template <class T>
Result<std::vector<T>> read_all(std::string_view pem, const std::string& what, auto read) {
  const Bio in = reader_of(pem);
  std::vector<T> all;
  while (T one{read(in.get(), nullptr, nullptr, nullptr)}) all.push_back(std::move(one));
  if (all.empty()) return refuse("holds no " + what + " in PEM");
  if (all.size() != blocks_in(pem))
    return refuse("block " + std::to_string(all.size() + 1) + " is no " + what + " in PEM");
  ERR_clear_error();
  return all;
}

}  // namespace

Bio reader_of(std::string_view text) {
  WHORL_CHECK(text.size() <= INT_MAX);
  Bio reader(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  WHORL_CHECK(reader != nullptr);
  return reader;
}

std::string text_in(const Bio& memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

Result<std::vector<Certificate>> read_certificates(std::string_view pem) {
  return read_all<Certificate>(pem, "certificate", PEM_read_bio_X509);
}

Result<std::vector<List>> read_lists(std::string_view pem) {
  WHORL_TRY(auto lists, read_all<List>(pem, "revocation list", PEM_read_bio_X509_CRL));
  for (const List& list : lists) {
    if (X509_CRL_get_ext_by_NID(list.get(), NID_delta_crl, -1) >= 0) {
      return refuse("holds changes to a list, and not a whole one");
    }
  }
  return lists;
}

Result<PrivateKey> read_private_key(std::string_view pem) {
  bool encrypted = false;
  const auto no_password = [](char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
  };
  const Bio in = reader_of(pem);
  PrivateKey key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, &encrypted));
  if (encrypted) return refuse("is encrypted; a service starts without anybody to ask");
  if (key == nullptr) return refuse("holds no private key in PEM");
  ERR_clear_error();
  return key;
}

Result<std::string> subject_of(const X509& certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  WHORL_CHECK(out != nullptr);
  const X509_NAME* name = X509_get_subject_name(&certificate);
  if (X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return refuse("has a subject that cannot be written");
  }
  std::string subject = text_in(out);
  if (subject.empty()) return refuse("has no subject");
  if (subject.size() > kMaxClientNameBytes) {
    return refuse("has a subject of more than " + std::to_string(kMaxClientNameBytes) + " bytes");
  }
  return subject;
}

}  // namespace whorl::service::x509
