#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/base/random.h"
#include "engine/base/result.h"

namespace whorl {

// Overwrites secret bytes in a way that the compiler does not remove.
void wipe(std::span<std::byte> secret);

// 256 secret bits; wiped when they go out of scope, never printed.
class Key {
 public:
  static constexpr std::size_t kBytes = 32;
  Key() = default;
  explicit Key(std::span<const std::byte, kBytes> bytes);
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();

  static Result<Key> random(Entropy& entropy);
  // 64 hexadecimal digits, surrounding white space ignored. Fault::no_key otherwise.
  static Result<Key> from_hex(std::string_view hex);
  std::string to_hex() const;  // for keygen alone

  std::span<const std::byte, kBytes> bytes() const { return bytes_; }

 private:
  std::array<std::byte, kBytes> bytes_{};
};

// AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. The sealed form is
//     nonce (12) | ciphertext (same length as the plain text) | tag (16)
// `bound_to` is authenticated, not stored: a sealed record moved to another place does not open.
// Random nonces are safe for 2^32 seals under one key; a subject's key seals far fewer.
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kSealOverhead = kNonceBytes + kTagBytes;

Result<Bytes> seal(const Key& key, std::span<const std::byte> plain,
                   std::span<const std::byte> bound_to, Entropy& entropy);
// Fault::seal_broken when anything at all was changed.
Result<Bytes> unseal(const Key& key, std::span<const std::byte> sealed,
                     std::span<const std::byte> bound_to);
// The same into memory of the caller's, kSealOverhead shorter than `sealed`; wiped on a fault.
Result<> unseal_into(std::span<std::byte> plain, const Key& key, std::span<const std::byte> sealed,
                     std::span<const std::byte> bound_to);

// A key for one purpose from a master key: HKDF-SHA256 (RFC 5869), `purpose` as info.
Key derive(const Key& master, std::string_view purpose);

// The SHA-256 of the bytes (FIPS 180-4) as 64 small hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace whorl
