#pragma once
// Records by their place, framed and named. A source is a DiskReader or a DiskBatch.

#include <optional>
#include <utility>

#include "engine/gallery/disk.h"
#include "engine/gallery/records.h"
#include "engine/gallery/vault.h"

namespace whorl::gallery {

// The disk as one view sees it. The view may be null: each read then sees the newest state.
struct DiskReader {
  const Disk* disk;
  const DiskView* view;

  Result<std::optional<Bytes>> get(Space space, ByteView key) const {
    return disk->get(space, key, view);
  }
  Cursor cursor(Space space) const { return disk->cursor(space, view); }
};

inline void put_record(DiskBatch& batch, Space space, ByteView key, ByteView body) {
  batch.put(space, key, frame(key, body));
}

template <class Source>
Result<std::optional<Bytes>> get_record(const Source& source, Space space, ByteView key) {
  WHORL_TRY(const std::optional<Bytes> value, source.get(space, key));
  if (!value) return std::nullopt;
  WHORL_TRY(const ByteView body, unframe(key, *value));
  return Bytes(body.begin(), body.end());
}

template <class T>
Result<T> named(Result<T> result, const std::string& name) {
  if (result) return result;
  // What the disk says of itself (a file, an offset) is kept behind the record's name.
  Error error = std::move(result).error();
  error.where = error.where.empty() ? name : name + ": " + error.where;
  return tl::unexpected<Error>(std::move(error));
}

template <class Source>
Result<std::optional<SubjectRecord>> find_subject(const Source& source, SubjectPlace place) {
  WHORL_TRY(const auto body,
            named(get_record(source, Space::subjects, key_of(place)), name_of(place)));
  if (!body) return std::nullopt;
  WHORL_TRY(SubjectRecord record, named(decode_subject(*body), name_of(place)));
  return record;
}

// From an encounter's stored value to the encounter.
inline Result<Encounter> open_encounter(const Vault& vault, const Key& key, EncounterPlace place,
                                        ByteView value) {
  const auto open = [&]() -> Result<Encounter> {
    WHORL_TRY(const ByteView sealed, unframe(key_of(place), value));
    WHORL_TRY(Bytes plain, vault.open_encounter(key, place, sealed));
    auto encounter = decode_encounter(plain);
    wipe(plain);
    return encounter;
  };
  return named(open(), name_of(place));
}

template <class Source>
Result<std::optional<Encounter>> find_encounter(const Source& source, const Vault& vault,
                                                const Key& key, EncounterPlace place) {
  WHORL_TRY(const auto value, named(source.get(Space::encounters, key_of(place)), name_of(place)));
  if (!value) return std::nullopt;
  WHORL_TRY(Encounter encounter, open_encounter(vault, key, place, *value));
  return encounter;
}

inline Result<Key> unwrap(const Vault& vault, SubjectPlace place, const SubjectRecord& record) {
  return named(vault.unwrap(place, record.wrapped_key), name_of(place));
}

}  // namespace whorl::gallery
