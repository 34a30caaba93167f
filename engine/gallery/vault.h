#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/crypto.h"
#include "engine/base/random.h"
#include "engine/gallery/records.h"

namespace whorl::gallery {

// Everything that is sealed or opened in a store. Whatever is sealed is bound to the store and to
// its record's key, so that it opens nowhere else. Keys are not kept: opening one takes less than a
// microsecond, looking for it in a cache takes as long.
//
// While a store goes over to another master key (store_rotate.cc) its vault has the key before this
// one too: it opens what either sealed, and seals with this one alone.
//
// Thread safety: const members may run at once, except that those that seal ask the entropy.
class Vault {
 public:
  Vault(const Key& master, const StoreId& store, Entropy& entropy);

  Result<Bytes> seal_check() const;
  bool opens_check(std::span<const std::byte> sealed) const;

  struct NewKey {
    Key key;
    Bytes wrapped;
  };
  Result<NewKey> new_subject_key(SubjectPlace place) const;
  Result<Key> unwrap(SubjectPlace place, std::span<const std::byte> wrapped) const;

  Result<Bytes> seal_encounter(const Key& key, EncounterPlace place,
                               std::span<const std::byte> plain) const;
  Result<Bytes> open_encounter(const Key& key, EncounterPlace place,
                               std::span<const std::byte> sealed) const;

  Result<Bytes> seal_picture(const Key& key, const PicturePlace& place,
                             std::span<const std::byte> plain) const;
  Result<Bytes> open_picture(const Key& key, const PicturePlace& place,
                             std::span<const std::byte> sealed) const;

  Result<Bytes> seal_side(std::string_view name, std::span<const std::byte> plain) const;
  Result<Bytes> open_side(std::string_view name, std::span<const std::byte> sealed) const;

  Result<Bytes> seal_note(std::string_view name, std::span<const std::byte> plain) const;
  Result<Bytes> open_note(std::string_view name, std::span<const std::byte> sealed) const;

  Result<Bytes> seal_predecessor(const Key& old_master) const;
  Result<> admit_predecessor(std::span<const std::byte> sealed);
  void forget_predecessor() { old_.reset(); }
  bool has_predecessor() const { return old_.has_value(); }

  // What the key before this one sealed, sealed anew; nothing where this one did.
  using Renewed = Result<std::optional<Bytes>>;
  Renewed renew_subject_key(SubjectPlace place, std::span<const std::byte> wrapped) const;
  Renewed renew_side(std::string_view name, std::span<const std::byte> sealed) const;
  Renewed renew_note(std::string_view name, std::span<const std::byte> sealed) const;

 private:
  struct Keys {
    explicit Keys(const Key& master);
    Key check, subject_keys, sides, notes, predecessor;
  };
  using Purpose = Key Keys::*;
  Bytes bound_to(std::span<const std::byte> place) const;
  Result<Bytes> open(Purpose purpose, std::span<const std::byte> place,
                     std::span<const std::byte> sealed) const;
  Renewed renew(Purpose purpose, std::span<const std::byte> place,
                std::span<const std::byte> sealed) const;

  StoreId store_;
  Entropy* entropy_;
  Keys keys_;
  std::optional<Keys> old_;
};

}  // namespace whorl::gallery
