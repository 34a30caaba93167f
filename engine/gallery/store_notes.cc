#include "engine/gallery/notes.h"
#include "engine/gallery/store_body.h"

namespace whorl::gallery {

Result<std::optional<Noted>> Store::get_note(std::string_view name) const {
  if (!is_name(name)) return fail(Fault::bad_name, 0, name_of_note(name));
  std::optional<Noted> noted;
  const auto work = [&](const DiskReader& reader) -> Result<> {
    WHORL_TRY(noted, find_note(reader, body_->vault, std::string(name)));
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return noted;
}

Result<> Store::put_note(const Note& note, Sync sync) {
  WHORL_TRY_VOID(check(note));
  const auto edit = [&](DiskBatch& batch, Catalogue& now) -> Result<> {
    WHORL_TRY_VOID(must_be_free(batch, note.name));
    return gallery::put_note(batch, body_->vault, note.name,
                             {note.content, now.revision, {}, {}, {}, body_->options.clock->now()});
  };
  return body_->write_alone(edit, StoreBody::Upkeep::free, sync);
}

Result<std::int64_t> Store::drop_notes_before(UnixMillis time) {
  std::int64_t dropped = 0;
  const auto edit = [&](DiskBatch& batch, Catalogue&) -> Result<> {
    WHORL_TRY(dropped, drop_notes(batch, time, kNotesPerDrop));
    return {};
  };
  WHORL_TRY_VOID(body_->write_alone(edit, StoreBody::Upkeep::free, Sync::no));
  return dropped;
}

}  // namespace whorl::gallery
