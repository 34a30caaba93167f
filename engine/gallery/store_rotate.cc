// Another master key: docs/decisions/key-rotation.md.

#include "engine/gallery/store_body.h"

namespace whorl::gallery {
namespace {

constexpr std::int64_t kRecordsPerWrite = 4096;

// Records that hold something sealed with the master key: those of a space whose keys begin so.
struct Part {
  Space space;
  std::string_view prefix;
  // The record's new body; nothing where it is under the new key already.
  Vault::Renewed (*renew)(const Vault& vault, ByteView rest_of_key, ByteView body);
};

Vault::Renewed renew_subject(const Vault& vault, ByteView key, ByteView body) {
  const auto place = subject_of(key);
  if (!place) return fail(Fault::store_corrupt, 0, "subject records: a key of another length");
  WHORL_TRY(SubjectRecord record, decode_subject(body));
  WHORL_TRY(auto wrapped, vault.renew_subject_key(*place, record.wrapped_key));
  if (!wrapped) return std::nullopt;
  record.wrapped_key = std::move(*wrapped);
  return encode(record);
}

Vault::Renewed renew_side(const Vault& vault, ByteView name, ByteView body) {
  return vault.renew_side(text_in(name), body);
}

Vault::Renewed renew_note(const Vault& vault, ByteView name, ByteView body) {
  return vault.renew_note(text_in(name), body);
}

// Subjects last: they are what progress counts.
constexpr Part kParts[] = {{Space::meta, kSidePrefix, renew_side},
                           {Space::meta, kNotePrefix, renew_note},
                           {Space::subjects, {}, renew_subject}};

std::string name_in(const Part& part, ByteView rest_of_key) {
  const auto place = part.space == Space::subjects ? subject_of(rest_of_key) : std::nullopt;
  return place ? name_of(*place) : std::string(part.prefix) + text_in(rest_of_key);
}

struct Record {
  Bytes key, body;
};

struct Position {
  Bytes last;  // looked at
  std::int64_t looked_at = 0;
  bool more = true;
};

// The next records of the part; those of them that the old key sealed, sealed anew.
Result<std::vector<Record>> renew_some(const Vault& vault, const Part& part, Cursor cursor,
                                       Position& at) {
  std::vector<Record> renewed;
  const std::int64_t end = at.looked_at + kRecordsPerWrite;
  at.more = false;
  cursor.seek(at.last.empty() ? as_bytes(part.prefix) : ByteView(at.last));
  if (cursor.valid() && std::ranges::equal(cursor.key(), at.last)) cursor.next();
  for (; cursor.valid(); cursor.next()) {
    const ByteView key = cursor.key();
    const auto rest = after_prefix(part.prefix, key);
    if (!rest) break;
    at.more = at.looked_at == end;
    if (at.more) return renewed;
    const std::string name = name_in(part, *rest);
    WHORL_TRY(const ByteView body, named(unframe(key, cursor.value()), name));
    WHORL_TRY(const auto fresh, named(part.renew(vault, *rest, body), name));
    at.last.assign(key.begin(), key.end());
    ++at.looked_at;
    if (fresh) renewed.push_back({at.last, *fresh});
  }
  WHORL_TRY_VOID(named(cursor.status(), "sealed keys"));
  return renewed;
}

using Step = std::function<Result<>(const Part&, Position&)>;
Result<> through_all_parts(const Step& step) {
  for (const Part& part : kParts) {
    Position at;
    while (at.more) {
      if (auto done = step(part, at); !done) return done;
    }
  }
  return {};
}

}  // namespace

// A crash leaves the store under one key or the other, as the header says, which one write changes.
Result<> Store::rotate_master_key(const std::string& folder, const Key& old_master,
                                  const Key& new_master, const StoreOptions& given,
                                  const RotationProgress& progress) {
  if (std::ranges::equal(old_master.bytes(), new_master.bytes())) {
    return fail(Fault::bad_argument, 0, "the new master key is the old one");
  }
  StoreOptions options = given;
  options.create = false;
  {
    const auto body = open_body(folder, old_master, options);
    // Under the new key already: begun before, and perhaps not finished.
    if (!body && body.error().fault != Fault::wrong_key) return at(body.error(), folder);
    if (body) WHORL_TRY_VOID((*body)->finish_rotation({}));
    if (body) WHORL_TRY_VOID((*body)->begin_rotation(old_master, new_master));
  }
  WHORL_TRY(const auto body, open_body(folder, new_master, options));
  return named(body->finish_rotation(progress),
               "the new key opens the store; the old one is not yet destroyed");
}

// All is opened and sealed once without being kept, so that damage is met before anything changes.
Result<> StoreBody::begin_rotation(const Key& old_master, const Key& new_master) {
  Vault next(new_master, mark.store(), *options.entropy);
  WHORL_TRY(const Bytes predecessor, next.seal_predecessor(old_master));
  WHORL_TRY_VOID(next.admit_predecessor(predecessor));
  const Step try_out = [&](const Part& part, Position& at) {
    return read([&](const DiskReader& reader) -> Result<> {
      WHORL_TRY_VOID(renew_some(next, part, reader.cursor(part.space), at));
      return {};
    });
  };
  WHORL_TRY_VOID(through_all_parts(try_out));
  WHORL_TRY(HeaderRecord header, read_header(*disk));
  WHORL_TRY(header.key_check, next.seal_check());
  auto begun = edit_now([&](DiskBatch& batch, Catalogue&) -> Result<> {
    put_record(batch, Space::meta, as_bytes(kHeaderKey), encode(header));
    put_record(batch, Space::meta, as_bytes(kRotationKey), predecessor);
    return {};
  });
  // What a failed write left of itself must not come back as a store under another key than told.
  if (!begun) [[maybe_unused]]
    const auto cut_back = reopen();
  return begun;
}

// No record says how far it came: what the new key opens is passed over. So nothing is synced but
// the end, and the rewriting of the files comes before that.
Result<> StoreBody::finish_rotation(const RotationProgress& progress) {
  if (!vault.has_predecessor()) return {};
  std::int64_t subjects = 0;
  for (const auto& [id, gallery] : catalogue.galleries) subjects += gallery.subjects;
  const Step go_over = [&](const Part& part, Position& at) -> Result<> {
    const auto renew = [&](DiskBatch& batch, Catalogue&) -> Result<> {
      WHORL_TRY(const auto renewed, renew_some(vault, part, batch.cursor(part.space), at));
      for (const Record& record : renewed) put_record(batch, part.space, record.key, record.body);
      return {};
    };
    WHORL_TRY_VOID(edit_now(renew, Sync::no));
    if (progress && part.space == Space::subjects) progress(at.looked_at, subjects);
    return {};
  };
  const auto destroy_old_forms = [&]() -> Result<> {
    WHORL_TRY_VOID(disk->compact(Space::subjects));
    return disk->compact(Space::meta);
  };
  const Edit end = [](DiskBatch& batch, Catalogue&) -> Result<> {
    batch.remove(Space::meta, as_bytes(kRotationKey));
    return {};
  };
  WHORL_TRY_VOID(through_all_parts(go_over));
  WHORL_TRY_VOID(rewrite_files(destroy_old_forms));
  WHORL_TRY_VOID(edit_now(end));
  vault.forget_predecessor();
  return rewrite_files([&] { return disk->destroy(Space::meta, as_bytes(kRotationKey)); });
}

}  // namespace whorl::gallery
