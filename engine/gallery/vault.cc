#include "engine/gallery/vault.h"

namespace whorl::gallery {
namespace {
constexpr std::string_view kCheckText = "the master key of this store";
}  // namespace

Vault::Vault(const Key& master, const StoreId& store, Entropy& entropy)
    : store_(store),
      entropy_(&entropy),
      check_key_(derive(master, "whorl store: key check, v1")),
      wrapping_key_(derive(master, "whorl store: subject keys, v1")),
      side_key_(derive(master, "whorl store: side values, v1")),
      note_key_(derive(master, "whorl store: notes, v1")) {}

Bytes Vault::bound_to(std::span<const std::byte> place) const {
  ByteWriter out;
  out.bytes(store_);
  out.bytes(place);
  return out.take();
}

Result<Bytes> Vault::seal_check() const {
  return seal(check_key_, as_bytes(kCheckText), bound_to({}), *entropy_);
}

bool Vault::opens_check(std::span<const std::byte> sealed) const {
  return unseal(check_key_, sealed, bound_to({})).has_value();
}

Result<Vault::NewKey> Vault::new_subject_key(SubjectPlace place) const {
  WHORL_TRY(Key key, Key::random(*entropy_));
  WHORL_TRY(Bytes wrapped, seal(wrapping_key_, key.bytes(), bound_to(key_of(place)), *entropy_));
  return NewKey{key, std::move(wrapped)};
}

Result<Key> Vault::unwrap(SubjectPlace place, std::span<const std::byte> wrapped) const {
  WHORL_TRY(Bytes plain, unseal(wrapping_key_, wrapped, bound_to(key_of(place))));
  if (plain.size() != Key::kBytes) return fail(Fault::seal_broken);
  const Key key{std::span(plain).first<Key::kBytes>()};
  wipe(plain);
  return key;
}

Result<Bytes> Vault::seal_encounter(const Key& key, EncounterPlace place,
                                    std::span<const std::byte> plain) const {
  return seal(key, plain, bound_to(key_of(place)), *entropy_);
}

Result<Bytes> Vault::open_encounter(const Key& key, EncounterPlace place,
                                    std::span<const std::byte> sealed) const {
  return unseal(key, sealed, bound_to(key_of(place)));
}

Result<Bytes> Vault::seal_side(std::string_view name, std::span<const std::byte> plain) const {
  return seal(side_key_, plain, bound_to(as_bytes(name)), *entropy_);
}

Result<Bytes> Vault::open_side(std::string_view name, std::span<const std::byte> sealed) const {
  return unseal(side_key_, sealed, bound_to(as_bytes(name)));
}

Result<Bytes> Vault::seal_note(std::string_view name, std::span<const std::byte> plain) const {
  return seal(note_key_, plain, bound_to(as_bytes(name)), *entropy_);
}

Result<Bytes> Vault::open_note(std::string_view name, std::span<const std::byte> sealed) const {
  return unseal(note_key_, sealed, bound_to(as_bytes(name)));
}

}  // namespace whorl::gallery
