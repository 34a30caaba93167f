#include "engine/base/crypto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <new>
#include <ostream>
#include <set>
#include <string>
#include <type_traits>

#include "tests/base/hex.h"

namespace whorl {
namespace {

using ::whorl::testing::from_hex;
using ::whorl::testing::to_hex;

// Gives out what it was told to.
class FixedEntropy final : public Entropy {
 public:
  explicit FixedEntropy(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<> fill(std::span<std::byte> out) override {
    if (out.size() != bytes_.size()) return fail(Fault::io_error);
    std::ranges::copy(bytes_, out.begin());
    return {};
  }

 private:
  Bytes bytes_;
};

Key key_of(std::string_view hex) {
  auto key = Key::from_hex(hex);
  EXPECT_TRUE(key);
  return *key;
}

const char* const kSomeKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct GcmVector {
  const char *key, *nonce, *bound_to, *plain, *cipher, *tag;
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16 (AES-256).
const GcmVector kGcmVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(Seal, MeetsThePublishedVectors) {
  for (const GcmVector& vector : kGcmVectors) {
    FixedEntropy entropy(from_hex(vector.nonce));
    const Key key = key_of(vector.key);
    const auto sealed = seal(key, from_hex(vector.plain), from_hex(vector.bound_to), entropy);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(to_hex(*sealed), std::string(vector.nonce) + vector.cipher + vector.tag);
    const auto opened = unseal(key, *sealed, from_hex(vector.bound_to));
    ASSERT_TRUE(opened);
    EXPECT_EQ(to_hex(*opened), vector.plain);
  }
}

class Sealed : public ::testing::Test {
 protected:
  SystemEntropy entropy_;
  Key key_ = key_of(kSomeKey);
  Bytes plain_ = from_hex("00112233445566778899aabbccddeeff0123");
  Bytes place_ = from_hex("0a0b0c");
  Bytes sealed_ = *seal(key_, plain_, place_, entropy_);

  void expect_broken(std::span<const std::byte> bytes, std::span<const std::byte> place,
                     const Key& key) {
    const auto opened = unseal(key, bytes, place);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().fault, Fault::seal_broken);
  }
};

TEST_F(Sealed, DoesNotOpenAfterAnyByteChanged) {
  for (std::size_t i = 0; i < sealed_.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      Bytes changed = sealed_;
      changed[i] ^= static_cast<std::byte>(flip);
      expect_broken(changed, place_, key_);
    }
  }
}

TEST_F(Sealed, DoesNotOpenShortenedOrLengthened) {
  for (std::size_t size = 0; size < sealed_.size(); ++size) {
    expect_broken(std::span(sealed_).first(size), place_, key_);
  }
  Bytes longer = sealed_;
  longer.push_back(std::byte{0});
  expect_broken(longer, place_, key_);
}

TEST_F(Sealed, DoesNotOpenInAnotherPlace) {
  expect_broken(sealed_, {}, key_);
  expect_broken(sealed_, from_hex("0a0b0d"), key_);
  expect_broken(sealed_, from_hex("0a0b0c00"), key_);
}

TEST_F(Sealed, DoesNotOpenWithAKeyThatDiffersInOneBit) {
  for (std::size_t bit = 0; bit < 8 * Key::kBytes; bit += 7) {
    Bytes bytes = from_hex(kSomeKey);
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    expect_broken(sealed_, place_, key_of(to_hex(bytes)));
  }
  EXPECT_TRUE(unseal(key_, sealed_, place_)) << "a failure leaves nothing behind";
}

TEST_F(Sealed, OpensIntoTheCallersMemoryAndLeavesNothingThereWhenBroken) {
  Bytes room(plain_.size(), std::byte{0x55});
  ASSERT_TRUE(unseal_into(room, key_, sealed_, place_));
  EXPECT_EQ(room, plain_);
  Bytes changed = sealed_;
  changed.back() ^= std::byte{1};  // of the tag: all of it was decrypted by then
  const auto opened = unseal_into(room, key_, changed, place_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::seal_broken);
  EXPECT_EQ(room, Bytes(plain_.size()));
}

TEST_F(Sealed, NeverRepeatsANonce) {
  std::set<std::string> nonces;
  for (int i = 0; i < 1000; ++i) {
    const auto again = seal(key_, plain_, place_, entropy_);
    ASSERT_TRUE(again);
    nonces.insert(to_hex(std::span(*again).first(kNonceBytes)));
  }
  EXPECT_EQ(nonces.size(), 1000U);
}

TEST_F(Sealed, IsNotMadeWithoutEntropy) {
  FixedEntropy broken({});
  EXPECT_EQ(seal(key_, plain_, place_, broken).error().fault, Fault::io_error);
  EXPECT_EQ(Key::random(broken).error().fault, Fault::io_error);
}

TEST(Derive, IsHkdfSha256) {
  // Computed with Python's hmac module after RFC 5869, without salt.
  EXPECT_EQ(derive(key_of(kSomeKey), "subject-keys").to_hex(),
            "64e322126cc40d61c8400e8943a074511df5a089c9ba339f913c04a383da88f4");
}

TEST(Derive, GivesEachPurposeItsOwnKey) {
  const Key master = key_of(kSomeKey);
  EXPECT_NE(derive(master, "a").to_hex(), derive(master, "b").to_hex());
  EXPECT_NE(derive(master, "a").to_hex(), master.to_hex());
  EXPECT_EQ(derive(master, "a").to_hex(), derive(master, "a").to_hex());
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(Key, IsNeitherPrintedNorLeftBehind) {
  static_assert(!Printable<Key>);
  static_assert(!std::is_convertible_v<Key, std::string>);
  static_assert(!std::is_trivially_destructible_v<Key>);
  alignas(Key) std::byte memory[sizeof(Key)];
  std::ranges::fill(memory, std::byte{0xEE});
  Key* key = new (memory) Key(key_of(kSomeKey));
  EXPECT_EQ(to_hex(memory), kSomeKey);
  std::destroy_at(key);
  EXPECT_EQ(to_hex(memory), std::string(2 * Key::kBytes, '0'));
}

TEST(Key, ReadsItsOwnHexInEitherCaseWithSpaceAround) {
  const Key key = key_of(kSomeKey);
  EXPECT_EQ(key.to_hex(), kSomeKey);
  std::string upper = kSomeKey;
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' ? c - 32 : c; });
  EXPECT_EQ(key_of(" \t" + upper + "\r\n").to_hex(), kSomeKey);
}

const std::string kBadHex[] = {
    "",
    " \n",
    "00",
    std::string(63, 'a'),
    std::string(65, 'a'),
    std::string(128, 'a'),
    std::string(63, 'a') + "g",
    std::string(63, 'a') + "/",
    std::string(63, 'a') + ":",
    std::string(63, 'a') + std::string(1, '\0'),
    std::string(32, 'a') + " " + std::string(32, 'a'),
    "0x" + std::string(62, 'a'),
};

TEST(Key, RefusesAnythingButSixtyFourHexDigits) {
  for (const std::string& hex : kBadHex) {
    const auto key = Key::from_hex(hex);
    ASSERT_FALSE(key) << "length " << hex.size();
    EXPECT_EQ(key.error().fault, Fault::no_key);
  }
}

}  // namespace
}  // namespace whorl
