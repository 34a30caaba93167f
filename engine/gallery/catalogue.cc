#include "engine/gallery/catalogue.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace whorl::gallery {

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxGalleryNameBytes && std::ranges::all_of(name, allowed);
}

Result<Catalogue> Catalogue::load(const DiskReader& reader) {
  Catalogue catalogue;
  WHORL_TRY(const auto revision,
            named(get_record(reader, Space::meta, as_bytes(kRevisionKey)), "revision record"));
  if (!revision) return fail(Fault::store_corrupt, 0, "revision record: missing");
  WHORL_TRY(catalogue.revision, named(decode_revision(*revision), "revision record"));

  const ByteView prefix = as_bytes(kGalleryPrefix);
  Cursor cursor = reader.cursor(Space::meta);
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    const auto number = after_prefix(kGalleryPrefix, cursor.key());
    if (!number) break;
    const GalleryId id{ByteReader(*number).u32()};
    WHORL_TRY(const ByteView body, named(unframe(cursor.key(), cursor.value()), name_of(id)));
    WHORL_TRY(catalogue.galleries[id], named(decode_gallery(body), name_of(id)));
  }
  WHORL_TRY_VOID(named(cursor.status(), "gallery records"));
  return catalogue;
}

void Catalogue::save(DiskBatch& batch, const Catalogue& before) const {
  if (revision != before.revision) {
    put_record(batch, Space::meta, as_bytes(kRevisionKey), encode(revision));
  }
  for (const auto& [id, record] : galleries) {
    const auto old = before.galleries.find(id);
    if (old != before.galleries.end() && old->second == record) continue;
    put_record(batch, Space::meta, meta_key(kGalleryPrefix, key_of(id)), encode(record));
  }
}

std::optional<GalleryId> Catalogue::find(std::string_view name) const {
  for (const auto& [id, record] : galleries) {
    if (record.name == name) return id;
  }
  return std::nullopt;
}

}  // namespace whorl::gallery
