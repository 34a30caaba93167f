#include "engine/base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

#include "kernels/core.h"

namespace whorl {
namespace {

// The only file that lets OpenSSL's pointers in; they stop here.
const unsigned char* raw(std::span<const std::byte> bytes) {
  return static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
}
unsigned char* writable(std::span<std::byte> bytes) {
  return static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};

// One context a thread: making one costs more than sealing a template.
EVP_CIPHER_CTX* cipher_context() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  WHORL_CHECK(context != nullptr);
  return context.get();
}

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  WHORL_CHECK(cipher != nullptr);
  return cipher;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void wipe(std::span<std::byte> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

Key::Key(std::span<const std::byte, kBytes> bytes) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

Key::~Key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Result<Key> Key::random(Entropy& entropy) {
  Key key;
  WHORL_TRY_VOID(entropy.fill(key.bytes_));
  return key;
}

Result<Key> Key::from_hex(std::string_view hex) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = hex.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return fail(Fault::no_key);
  hex = hex.substr(first, hex.find_last_not_of(kSpace) - first + 1);
  if (hex.size() != 2 * kBytes) return fail(Fault::no_key);
  Key key;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return fail(Fault::no_key);
    key.bytes_[i] = static_cast<std::byte>(high * 16 + low);
  }
  return key;
}

std::string Key::to_hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte b : bytes_) {
    hex += kDigits[std::to_integer<unsigned>(b) >> 4U];
    hex += kDigits[std::to_integer<unsigned>(b) & 15U];
  }
  return hex;
}

Result<Bytes> seal(const Key& key, std::span<const std::byte> plain,
                   std::span<const std::byte> bound_to, Entropy& entropy) {
  Bytes sealed(kSealOverhead + plain.size());
  const auto nonce = std::span(sealed).first(kNonceBytes);
  const auto body = std::span(sealed).subspan(kNonceBytes, plain.size());
  const auto tag = std::span(sealed).last(kTagBytes);
  WHORL_TRY_VOID(entropy.fill(nonce));
  EVP_CIPHER_CTX* context = cipher_context();
  int written = 0;
  WHORL_CHECK(EVP_EncryptInit_ex2(context, aes_256_gcm(), raw(key.bytes()), raw(nonce), nullptr) ==
              1);
  WHORL_CHECK(EVP_EncryptUpdate(context, nullptr, &written, raw(bound_to),
                                static_cast<int>(bound_to.size())) == 1);
  WHORL_CHECK(EVP_EncryptUpdate(context, writable(body), &written, raw(plain),
                                static_cast<int>(plain.size())) == 1);
  WHORL_CHECK(EVP_EncryptFinal_ex(context, writable(tag), &written) == 1);  // GCM: writes nothing
  WHORL_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes, writable(tag)) == 1);
  return sealed;
}

Result<Bytes> unseal(const Key& key, std::span<const std::byte> sealed,
                     std::span<const std::byte> bound_to) {
  if (sealed.size() < kSealOverhead) return fail(Fault::seal_broken);
  Bytes plain(sealed.size() - kSealOverhead);
  WHORL_TRY_VOID(unseal_into(plain, key, sealed, bound_to));
  return plain;
}

Result<> unseal_into(std::span<std::byte> plain, const Key& key, std::span<const std::byte> sealed,
                     std::span<const std::byte> bound_to) {
  if (sealed.size() < kSealOverhead) return fail(Fault::seal_broken);
  WHORL_CHECK(plain.size() == sealed.size() - kSealOverhead);
  const auto nonce = sealed.first(kNonceBytes);
  const auto body = sealed.subspan(kNonceBytes, plain.size());
  std::array<std::byte, kTagBytes> tag;
  std::ranges::copy(sealed.last<kTagBytes>(), tag.begin());
  EVP_CIPHER_CTX* context = cipher_context();
  int written = 0;
  WHORL_CHECK(EVP_DecryptInit_ex2(context, aes_256_gcm(), raw(key.bytes()), raw(nonce), nullptr) ==
              1);
  WHORL_CHECK(EVP_DecryptUpdate(context, nullptr, &written, raw(bound_to),
                                static_cast<int>(bound_to.size())) == 1);
  WHORL_CHECK(EVP_DecryptUpdate(context, writable(plain), &written, raw(body),
                                static_cast<int>(body.size())) == 1);
  WHORL_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1);
  std::byte none{};
  if (EVP_DecryptFinal_ex(context, writable(std::span(&none, 1)), &written) != 1) {
    wipe(plain);
    return fail(Fault::seal_broken);
  }
  return {};
}

Key derive(const Key& master, std::string_view purpose) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  WHORL_CHECK(context != nullptr);
  std::string digest = "SHA256", info(purpose);
  std::array<std::byte, Key::kBytes> secret{}, out{};
  std::ranges::copy(master.bytes(), secret.begin());
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  WHORL_CHECK(EVP_KDF_derive(context, writable(std::span(out)), out.size(), params) == 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  const Key key{std::span<const std::byte, Key::kBytes>(out)};
  OPENSSL_cleanse(secret.data(), secret.size());
  OPENSSL_cleanse(out.data(), out.size());
  return key;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest{};
  WHORL_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 15U]);
  }
  return hex;
}

}  // namespace whorl
