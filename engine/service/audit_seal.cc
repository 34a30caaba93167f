#include "engine/service/audit_seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string>

#include "engine/base/byte_writer.h"
#include "kernels/core.h"

namespace whorl::service {
namespace {

// OpenSSL's pointers stop in this class.
class Hmac {
 public:
  explicit Hmac(const Key& key) {
    EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_.reset(EVP_MAC_CTX_new(algorithm));
    EVP_MAC_free(algorithm);
    WHORL_CHECK(context_ != nullptr);
    std::string digest = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
        OSSL_PARAM_construct_end()};
    WHORL_CHECK(EVP_MAC_init(context_.get(), raw(key.bytes()), Key::kBytes, params) == 1);
  }

  AuditMac of(std::span<const std::byte> head, std::span<const std::byte> body) {
    // Without a key: anew with the one from before.
    WHORL_CHECK(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
    WHORL_CHECK(EVP_MAC_update(context_.get(), raw(head), head.size()) == 1);
    WHORL_CHECK(EVP_MAC_update(context_.get(), raw(body), body.size()) == 1);
    AuditMac mac{};
    std::size_t written = 0;
    auto* out = static_cast<unsigned char*>(static_cast<void*>(mac.data()));
    WHORL_CHECK(EVP_MAC_final(context_.get(), out, &written, mac.size()) == 1);
    WHORL_CHECK(written == mac.size());
    return mac;
  }

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  static const unsigned char* raw(std::span<const std::byte> bytes) {
    return static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
  }

  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

}  // namespace

struct AuditSeal::Macs {
  Hmac records, notes;
};

AuditSeal::AuditSeal(const Key& log_key)
    : macs_(new Macs{Hmac(derive(log_key, "whorl audit: records, v1")),
                     Hmac(derive(log_key, "whorl audit: newest record, v1"))}) {}
AuditSeal::AuditSeal(AuditSeal&&) noexcept = default;
AuditSeal::~AuditSeal() = default;

AuditPlace AuditSeal::following(const AuditPlace& before, std::span<const std::byte> body) {
  ByteWriter head;
  head.bytes(before.mac);
  head.u64(before.number + 1);
  head.u32(body.size());
  return {before.number + 1, macs_->records.of(head.view(), body)};
}

AuditMac AuditSeal::of_note(std::span<const std::byte> note) { return macs_->notes.of({}, note); }

}  // namespace whorl::service
