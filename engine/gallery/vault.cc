#include "engine/gallery/vault.h"

namespace whorl::gallery {
namespace {

constexpr std::string_view kCheckText = "the master key of this store";

// Wipes the bytes.
Result<Key> key_from(Bytes plain) {
  if (plain.size() != Key::kBytes) return fail(Fault::seal_broken);
  const Key key{std::span(plain).first<Key::kBytes>()};
  wipe(plain);
  return key;
}

}  // namespace

Vault::Keys::Keys(const Key& master)
    : check(derive(master, "whorl store: key check, v1")),
      subject_keys(derive(master, "whorl store: subject keys, v1")),
      sides(derive(master, "whorl store: side values, v1")),
      notes(derive(master, "whorl store: notes, v1")),
      predecessor(derive(master, "whorl store: the key before, v1")) {}

Vault::Vault(const Key& master, const StoreId& store, Entropy& entropy)
    : store_(store), entropy_(&entropy), keys_(master) {}

Bytes Vault::bound_to(std::span<const std::byte> place) const {
  ByteWriter out;
  out.bytes(store_);
  out.bytes(place);
  return out.take();
}

Result<Bytes> Vault::open(Purpose purpose, std::span<const std::byte> place,
                          std::span<const std::byte> sealed) const {
  auto plain = unseal(keys_.*purpose, sealed, bound_to(place));
  if (!plain && old_) plain = unseal((*old_).*purpose, sealed, bound_to(place));
  return plain;
}

Result<Bytes> Vault::seal_check() const {
  return seal(keys_.check, as_bytes(kCheckText), bound_to({}), *entropy_);
}

bool Vault::opens_check(std::span<const std::byte> sealed) const {
  return unseal(keys_.check, sealed, bound_to({})).has_value();
}

Result<Vault::NewKey> Vault::new_subject_key(SubjectPlace place) const {
  WHORL_TRY(Key key, Key::random(*entropy_));
  WHORL_TRY(Bytes wrapped,
            seal(keys_.subject_keys, key.bytes(), bound_to(key_of(place)), *entropy_));
  return NewKey{key, std::move(wrapped)};
}

Result<Key> Vault::unwrap(SubjectPlace place, std::span<const std::byte> wrapped) const {
  WHORL_TRY(Bytes plain, open(&Keys::subject_keys, key_of(place), wrapped));
  return key_from(std::move(plain));
}

Result<Bytes> Vault::seal_encounter(const Key& key, EncounterPlace place,
                                    std::span<const std::byte> plain) const {
  return seal(key, plain, bound_to(key_of(place)), *entropy_);
}

Result<Bytes> Vault::open_encounter(const Key& key, EncounterPlace place,
                                    std::span<const std::byte> sealed) const {
  return unseal(key, sealed, bound_to(key_of(place)));
}

Result<Bytes> Vault::seal_picture(const Key& key, const PicturePlace& place,
                                  std::span<const std::byte> plain) const {
  return seal(key, plain, bound_to(key_of(place)), *entropy_);
}

Result<Bytes> Vault::open_picture(const Key& key, const PicturePlace& place,
                                  std::span<const std::byte> sealed) const {
  return unseal(key, sealed, bound_to(key_of(place)));
}

Result<Bytes> Vault::seal_side(std::string_view name, std::span<const std::byte> plain) const {
  return seal(keys_.sides, plain, bound_to(as_bytes(name)), *entropy_);
}

Result<Bytes> Vault::open_side(std::string_view name, std::span<const std::byte> sealed) const {
  return open(&Keys::sides, as_bytes(name), sealed);
}

Result<Bytes> Vault::seal_note(std::string_view name, std::span<const std::byte> plain) const {
  return seal(keys_.notes, plain, bound_to(as_bytes(name)), *entropy_);
}

Result<Bytes> Vault::open_note(std::string_view name, std::span<const std::byte> sealed) const {
  return open(&Keys::notes, as_bytes(name), sealed);
}

// ------------------------------------------------------------------ another master key

Result<Bytes> Vault::seal_predecessor(const Key& old_master) const {
  return seal(keys_.predecessor, old_master.bytes(), bound_to({}), *entropy_);
}

Result<> Vault::admit_predecessor(std::span<const std::byte> sealed) {
  WHORL_TRY(Bytes plain, unseal(keys_.predecessor, sealed, bound_to({})));
  WHORL_TRY(const Key master, key_from(std::move(plain)));
  old_.emplace(master);
  return {};
}

Vault::Renewed Vault::renew(Purpose purpose, std::span<const std::byte> place,
                            std::span<const std::byte> sealed) const {
  if (auto current = unseal(keys_.*purpose, sealed, bound_to(place))) {
    wipe(*current);
    return std::nullopt;
  }
  WHORL_TRY(Bytes plain, open(purpose, place, sealed));
  auto renewed = seal(keys_.*purpose, plain, bound_to(place), *entropy_);
  wipe(plain);
  return renewed;
}

Vault::Renewed Vault::renew_subject_key(SubjectPlace place,
                                        std::span<const std::byte> wrapped) const {
  return renew(&Keys::subject_keys, key_of(place), wrapped);
}

Vault::Renewed Vault::renew_side(std::string_view name, std::span<const std::byte> sealed) const {
  return renew(&Keys::sides, as_bytes(name), sealed);
}

Vault::Renewed Vault::renew_note(std::string_view name, std::span<const std::byte> sealed) const {
  return renew(&Keys::notes, as_bytes(name), sealed);
}

}  // namespace whorl::gallery
