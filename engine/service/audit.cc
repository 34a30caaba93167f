#include "engine/service/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/gallery/durable_folder.h"
#include "engine/gallery/folder_lock.h"
#include "engine/service/audit_files.h"
#include "engine/service/audit_reader.h"
#include "engine/service/audit_record.h"
#include "engine/service/audit_seal.h"
#include "engine/service/audit_tail.h"

namespace whorl::service {
namespace {

UnixMillis time_of(const AuditEntry& entry) {
  return std::visit([](const auto& what) { return what.at; }, entry.content);
}

// The key is there last. Without it, all there may be is what making a log begins with: a folder
// whose key was taken away is not made into a new log.
Result<> make_log(const std::string& folder, const Key& master) {
  WHORL_TRY(const std::vector<AuditFile> files, list_audit_files(folder));
  for (const AuditFile& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file.path, error);
    if (error || size > kAuditHeaderBytes || file.first != 1) {
      return fail(Fault::audit_broken, 0, folder + ": holds records, but no audit.key");
    }
  }
  SystemEntropy entropy;
  WHORL_TRY(const Key key, Key::random(entropy));
  AuditSeal seal(key);
  WHORL_TRY_VOID(create_audit_file(folder, {}));
  WHORL_TRY_VOID(NewestNote::create(folder, seal, {}));
  return write_audit_key(folder, master, key);
}

struct Found {
  AuditTail::End end;
  std::uint64_t torn_bytes = 0;
};

// The last file, read from its beginning; `whorl audit verify` reads them all.
Result<Found> find_end(const std::string& folder, AuditSeal& seal) {
  WHORL_TRY(const AuditPlace noted, read_newest(folder, seal));
  WHORL_TRY(const std::vector<AuditFile> files, list_audit_files(folder));
  if (files.empty()) return fail(Fault::audit_broken, 0, folder + ": the files are missing");
  Found found;
  const auto meet = [&](const AuditEntry& entry) {
    if (!found.end.first_at) found.end.first_at = time_of(entry);
  };
  WHORL_TRY(const AuditWalk walk, walk_files(std::span(files).last(1), seal, noted, meet));
  found.end.file = files.back();
  found.end.size = walk.end_offset;
  found.end.newest = walk.newest;
  found.end.noted = noted;
  found.torn_bytes = walk.torn_bytes;
  return found;
}

struct Ends {
  AuditPlace before, last;
};
// Both ends of a file; nothing where one of its records is not older.
Result<std::optional<Ends>> wholly_older(const AuditFile& file, const AuditFile& next,
                                         UnixMillis oldest, AuditSeal& seal) {
  WHORL_TRY(AuditFileReader reader, AuditFileReader::open(file, seal));
  while (true) {
    WHORL_TRY(const auto entry, reader.next());
    if (!entry) break;
    if (time_of(*entry) >= oldest) return std::nullopt;
  }
  WHORL_TRY(const AuditFileReader follower, AuditFileReader::open(next, seal));
  if (follower.before() != reader.newest()) {
    return fail(Fault::audit_broken, 0, next.path + ": does not follow the file before it");
  }
  return Ends{reader.before(), reader.newest()};
}

Result<> remove_file(const std::string& path) {
  return ::unlink(path.c_str()) == 0 ? Result<>{} : Result<>{refused_by_system(path)};
}

}  // namespace

struct AuditLog::State {
  std::string folder;
  Key key;
  const Clock& clock;
  gallery::FolderLock lock;
  AuditTail tail;
  std::mutex purging;  // one purge at a time
  std::thread syncer;

  ~State() {
    tail.stop();
    if (syncer.joinable()) syncer.join();
    // What cannot be synced now is beyond what was promised.
    [[maybe_unused]] const Result<> ignored = tail.sync();
  }
};

AuditLog::AuditLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditLog::~AuditLog() = default;

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::string& folder, const Key& master,
                                                 const Clock& clock) {
  WHORL_TRY_VOID(gallery::make_folder(folder));
  WHORL_TRY(auto lock, gallery::FolderLock::take(folder));
  if (!has_audit_key(folder)) WHORL_TRY_VOID(make_log(folder, master));
  WHORL_TRY(const Key key, load_audit_key(folder, master));
  AuditSeal seal(key);
  WHORL_TRY(Found found, find_end(folder, seal));
  WHORL_TRY(NewestNote note, NewestNote::open(folder));
  gallery::Descriptor file(::open(found.end.file.path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.open()) return refused_by_system(found.end.file.path);
  std::unique_ptr<State> state(
      new State{folder,
                key,
                clock,
                std::move(lock),
                {folder, std::move(seal), std::move(note), std::move(found.end), std::move(file)},
                {},
                {}});
  const AuditOpened opened{clock.now(), found.torn_bytes};
  AuditTail& tail = state->tail;
  WHORL_TRY_VOID(found.torn_bytes > 0 ? tail.append_over_torn(opened)
                                      : tail.append(opened, Durable::now));
  state->syncer = std::thread([&tail] { tail.keep_syncing(); });
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(state)));
}

Result<> AuditLog::append(const AuditRecord& record, Durable durable) {
  return state_->tail.append(record, durable);
}

Result<> AuditLog::make_ready() { return state_->tail.make_ready(state_->clock.now()); }

Result<std::int64_t> AuditLog::purge_before(UnixMillis oldest) {
  const std::lock_guard only(state_->purging);
  const UnixMillis now = state_->clock.now();
  WHORL_TRY_VOID(state_->tail.end_file_of_another_day(now));
  const std::uint64_t present = state_->tail.first_in_file();
  WHORL_TRY(const std::vector<AuditFile> files, list_audit_files(state_->folder));
  AuditSeal seal(state_->key);
  std::vector<AuditPurged> proofs;
  for (std::size_t i = 0; i + 1 < files.size() && files[i].first < present; ++i) {
    WHORL_TRY(const auto file, wholly_older(files[i], files[i + 1], oldest, seal));
    if (!file) break;
    proofs.push_back({now, file->before, file->last});
  }
  for (const AuditPurged& proof : proofs) {
    WHORL_TRY_VOID(state_->tail.append(proof, Durable::soon));
  }
  WHORL_TRY_VOID(state_->tail.sync());
  // Oldest first: wherever this stops, what is left begins where a proof says.
  std::int64_t records = 0;
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    WHORL_TRY_VOID(remove_file(files[i].path));
    records += static_cast<std::int64_t>(proofs[i].last.number - proofs[i].before.number);
  }
  return records;
}

AuditPlace AuditLog::newest() const { return state_->tail.newest_on_disk(); }

}  // namespace whorl::service
