#pragma once
// Notes among the records of the meta space. Each is there twice: sealed under its name, and as an
// entry without content under its time, which is how old ones and those of a subject are found.

#include <string>
#include <string_view>
#include <vector>

#include "engine/gallery/batch.h"
#include "engine/gallery/record_access.h"

namespace whorl::gallery {

Result<> check(const Note& note);  // bad_name, empty_input, limit_exceeded
Result<> must_be_free(const DiskBatch& batch, const std::string& name);  // duplicate_id
Result<> put_note(DiskBatch& batch, const Vault& vault, const std::string& name,
                  const Noted& noted);

template <class Source>
Result<std::optional<Noted>> find_note(const Source& source, const Vault& vault,
                                       const std::string& name) {
  const auto open = [&]() -> Result<std::optional<Noted>> {
    WHORL_TRY(const auto sealed,
              get_record(source, Space::meta, meta_key(kNotePrefix, as_bytes(name))));
    if (!sealed) return std::nullopt;
    WHORL_TRY(const Bytes plain, vault.open_note(name, *sealed));
    WHORL_TRY(Noted noted, decode_note(plain));
    return noted;
  };
  return named(open(), name_of_note(name));
}

// Those of the subject's changes lose their content and keep their names, which are returned.
Result<std::vector<std::string>> empty_notes_of(DiskBatch& batch, const Vault& vault,
                                                SubjectPlace place);
// The oldest from before `time`, at most `most`; how many.
Result<std::int64_t> drop_notes(DiskBatch& batch, UnixMillis time, std::int64_t most);

// What is wrong with them; counts those that are sound.
std::vector<Error> check_notes(const DiskReader& reader, const Vault& vault, std::int64_t& sound);

}  // namespace whorl::gallery
