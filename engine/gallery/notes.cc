#include "engine/gallery/notes.h"

#include "engine/gallery/catalogue.h"

namespace whorl::gallery {
namespace {

// An entry of the notes by time. Key: the time's sign bit turned over, so that the order of the
// bytes is the order of time, then the name. Body: the subject's key.
struct Entry {
  UnixMillis noted_at;
  std::string name;
  Result<SubjectPlace> place;
};

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

Bytes entry_key(UnixMillis noted_at, std::string_view name) {
  ByteWriter rest;
  rest.u64(static_cast<std::uint64_t>(noted_at.value()) ^ kSignBit);
  rest.text(name);
  return meta_key(kNotedPrefix, rest.view());
}

Result<SubjectPlace> read_place(ByteView key, ByteView value, const std::string& name) {
  WHORL_TRY(const ByteView body, named(unframe(key, value), name_of_note(name)));
  const auto place = subject_of(body);
  if (!place) return fail(Fault::store_corrupt, 0, name_of_note(name));
  return *place;
}

using EntryVisitor = std::function<bool(const Entry&)>;

// Oldest first, until the visitor has enough: it says whether to go on.
Result<> for_each_entry(Cursor cursor, const EntryVisitor& visit) {
  for (cursor.seek(as_bytes(kNotedPrefix)); cursor.valid(); cursor.next()) {
    const auto rest = after_prefix(kNotedPrefix, cursor.key());
    if (!rest) break;
    ByteReader in(*rest);
    const UnixMillis noted_at{static_cast<std::int64_t>(in.u64() ^ kSignBit)};
    const std::string name = text_in(in.take(in.remaining()));
    if (!visit({noted_at, name, read_place(cursor.key(), cursor.value(), name)})) return {};
  }
  return named(cursor.status(), "notes");
}

Bytes note_key(std::string_view name) { return meta_key(kNotePrefix, as_bytes(name)); }

}  // namespace

Result<> check(const Note& note) {
  if (!is_name(note.name)) return fail(Fault::bad_name, 0, name_of_note(note.name));
  if (note.content.empty()) return fail(Fault::empty_input, 0, name_of_note(note.name));
  if (note.content.size() <= kMaxNoteBytes) return {};
  return fail(Fault::limit_exceeded, 0, name_of_note(note.name));
}

Result<> must_be_free(const DiskBatch& batch, const std::string& name) {
  WHORL_TRY(const auto taken, named(batch.get(Space::meta, note_key(name)), name_of_note(name)));
  return taken ? Result<>{fail(Fault::duplicate_id, 0, name_of_note(name))} : Result<>{};
}

Result<> put_note(DiskBatch& batch, const Vault& vault, const std::string& name,
                  const Noted& noted) {
  WHORL_TRY(const Bytes sealed, vault.seal_note(name, encode(noted)));
  put_record(batch, Space::meta, note_key(name), sealed);
  put_record(batch, Space::meta, entry_key(noted.noted_at, name),
             key_of(SubjectPlace{noted.gallery, noted.subject}));
  return {};
}

// Damage must not keep a person from erasure. A note that cannot be opened is replaced by an empty
// one, and one of which nothing tells whose it is counts as this subject's.
Result<std::vector<std::string>> empty_notes_of(DiskBatch& batch, const Vault& vault,
                                                SubjectPlace place) {
  std::vector<Entry> entries;
  const auto collect = [&](const Entry& entry) {
    if (!entry.place || *entry.place == place) entries.push_back(entry);
    return true;
  };
  WHORL_TRY_VOID(for_each_entry(batch.cursor(Space::meta), collect));
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    auto found = find_note(batch, vault, entry.name);
    Noted noted = found && *found ? std::move(**found)
                                  : Noted{{}, {}, place.gallery, place.subject, {}, entry.noted_at};
    if (SubjectPlace{noted.gallery, noted.subject} != place) continue;
    noted.content.clear();
    WHORL_TRY_VOID(put_note(batch, vault, entry.name, noted));
    names.push_back(entry.name);
  }
  return names;
}

Result<std::int64_t> drop_notes(DiskBatch& batch, UnixMillis time, std::int64_t most) {
  std::vector<Entry> old;
  const auto collect = [&](const Entry& entry) {
    if (entry.noted_at >= time || std::ssize(old) == most) return false;
    old.push_back(entry);
    return true;
  };
  WHORL_TRY_VOID(for_each_entry(batch.cursor(Space::meta), collect));
  for (const Entry& entry : old) {
    batch.remove(Space::meta, note_key(entry.name));
    batch.remove(Space::meta, entry_key(entry.noted_at, entry.name));
  }
  return std::ssize(old);
}

std::vector<Error> check_notes(const DiskReader& reader, const Vault& vault, std::int64_t& sound) {
  std::vector<Error> damage;
  std::int64_t entries = 0;
  const auto look = [&](const Entry& entry) {
    ++entries;
    const auto noted = find_note(reader, vault, entry.name);
    const bool fits = noted && *noted && (*noted)->noted_at == entry.noted_at &&
                      SubjectPlace{(*noted)->gallery, (*noted)->subject} == entry.place;
    if (fits) {
      ++sound;
    } else if (!entry.place || !noted) {
      damage.push_back(entry.place ? noted.error() : entry.place.error());
    } else {
      damage.push_back({Fault::store_corrupt, 0, name_of_note(entry.name)});
    }
    return true;
  };
  if (const auto walked = for_each_entry(reader.cursor(Space::meta), look); !walked) {
    damage.push_back(walked.error());
    return damage;
  }
  Cursor cursor = reader.cursor(Space::meta);
  std::int64_t notes = 0;
  for (cursor.seek(as_bytes(kNotePrefix)); cursor.valid(); cursor.next(), ++notes) {
    if (!after_prefix(kNotePrefix, cursor.key())) break;
  }
  if (const auto status = named(cursor.status(), "notes"); !status)
    damage.push_back(status.error());
  if (notes != entries) {
    damage.push_back({Fault::store_corrupt, 0,
                      std::to_string(notes) + " notes, " + std::to_string(entries) + " by time"});
  }
  return damage;
}

}  // namespace whorl::gallery
