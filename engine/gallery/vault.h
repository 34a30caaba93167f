#pragma once

#include <cstddef>
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

  Result<Bytes> seal_side(std::string_view name, std::span<const std::byte> plain) const;
  Result<Bytes> open_side(std::string_view name, std::span<const std::byte> sealed) const;

  Result<Bytes> seal_note(std::string_view name, std::span<const std::byte> plain) const;
  Result<Bytes> open_note(std::string_view name, std::span<const std::byte> sealed) const;

 private:
  Bytes bound_to(std::span<const std::byte> place) const;

  StoreId store_;
  Entropy* entropy_;
  Key check_key_, wrapping_key_, side_key_, note_key_;
};

}  // namespace whorl::gallery
