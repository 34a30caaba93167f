#include "engine/gallery/pictures.h"

#include <algorithm>
#include <functional>
#include <set>

#include "engine/base/limits.h"

namespace whorl::gallery {
namespace {

// Those whose key begins with `prefix`, in order, until the visitor has had enough.
Result<> for_each(Cursor cursor, ByteView prefix,
                  const std::function<Result<>(const PicturePlace&, ByteView value)>& visit) {
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    const ByteView key = cursor.key();
    if (key.size() < prefix.size() || !std::ranges::equal(key.first(prefix.size()), prefix)) break;
    const auto place = picture_of(key);
    if (!place) return fail(Fault::store_corrupt, 0, "pictures: a key of another length");
    WHORL_TRY_VOID(visit(*place, cursor.value()));
  }
  return named(cursor.status(), "pictures");
}

Result<> remove_all(DiskBatch& batch, ByteView prefix) {
  std::vector<Bytes> keys;
  WHORL_TRY_VOID(
      for_each(batch.cursor(Space::pictures), prefix, [&](const PicturePlace& place, ByteView) {
        keys.push_back(key_of(place));
        return Result<>();
      }));
  for (const Bytes& key : keys) batch.remove(Space::pictures, key);
  return {};
}

//   first template u8 | templates u8 | file
Result<Picture> open_picture(const Vault& vault, const Key& key, const PicturePlace& place,
                             ByteView value) {
  const auto open = [&]() -> Result<Picture> {
    WHORL_TRY(const ByteView sealed, unframe(key_of(place), value));
    WHORL_TRY(const Bytes plain, vault.open_picture(key, place, sealed));
    ByteReader in(plain);
    Picture picture;
    picture.first_template = in.u8();
    picture.templates = in.u8();
    const ByteView file = in.take(in.remaining());
    if (!in.ok() || file.empty()) return fail(Fault::store_corrupt);
    picture.file.assign(file.begin(), file.end());
    return picture;
  };
  return named(open(), name_of(place));
}

}  // namespace

Result<> check_pictures(const Change& change) {
  std::set<std::size_t> made;
  for (const Picture& picture : change.pictures) {
    if (picture.file.empty() || picture.templates == 0) return fail(Fault::empty_input);
    if (picture.file.size() > kMaxKeptPictureBytes) return fail(Fault::limit_exceeded);
    for (std::size_t i = 0; i < picture.templates; ++i) {
      const std::size_t t = picture.first_template + i;
      if (t >= change.content.templates.size() || !made.insert(t).second ||
          modality_of(change.content.templates[t]) != Modality::face) {
        return fail(Fault::out_of_range);
      }
    }
  }
  return {};
}

Result<> put_pictures(DiskBatch& batch, const Vault& vault, const Key& key, EncounterPlace place,
                      const std::vector<Picture>& pictures) {
  std::uint8_t number = 0;
  for (const Picture& picture : pictures) {
    const PicturePlace at{place, number++};
    ByteWriter plain;
    plain.u8(picture.first_template);
    plain.u8(picture.templates);
    plain.bytes(picture.file);
    WHORL_TRY(const Bytes sealed, vault.seal_picture(key, at, plain.view()));
    put_record(batch, Space::pictures, key_of(at), sealed);
  }
  return {};
}

Result<> remove_pictures(DiskBatch& batch, EncounterPlace place) {
  return remove_all(batch, key_of(place));
}

Result<> remove_pictures(DiskBatch& batch, GalleryId gallery) {
  return remove_all(batch, key_of(gallery));
}

Result<std::vector<Picture>> find_pictures(const DiskReader& reader, const Vault& vault,
                                           const Key& key, EncounterPlace place) {
  std::vector<Picture> pictures;
  WHORL_TRY_VOID(for_each(reader.cursor(Space::pictures), key_of(place),
                          [&](const PicturePlace& at, ByteView value) -> Result<> {
                            WHORL_TRY(pictures.emplace_back(), open_picture(vault, key, at, value));
                            return {};
                          }));
  return pictures;
}

std::vector<Error> scrub_pictures(const DiskReader& reader, const Vault& vault,
                                  std::int64_t& sound) {
  std::vector<Error> damage;
  const auto look = [&](const PicturePlace& at, ByteView value) -> Result<> {
    WHORL_TRY(const auto record, find_subject(reader, at.of.of));
    WHORL_TRY(const auto encounter, reader.get(Space::encounters, key_of(at.of)));
    if (!record || !encounter) {
      return fail(Fault::store_corrupt, 0, name_of(at) + ": its encounter is missing");
    }
    WHORL_TRY(const Key key, unwrap(vault, at.of.of, *record));
    WHORL_TRY_VOID(open_picture(vault, key, at, value));
    ++sound;
    return {};
  };
  const auto walked = for_each(reader.cursor(Space::pictures), {},
                               [&](const PicturePlace& at, ByteView value) -> Result<> {
                                 if (auto looked = look(at, value); !looked) {
                                   damage.push_back(looked.error());
                                 }
                                 return {};
                               });
  if (!walked) damage.push_back(walked.error());
  return damage;
}

}  // namespace whorl::gallery
