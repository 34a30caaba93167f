#include "engine/gallery/disk.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <charconv>
#include <filesystem>

#include "engine/gallery/disk_database.h"
#include "engine/gallery/disk_status.h"
#include "kernels/core.h"

namespace whorl::gallery {
namespace {

// Memory of an open store, whatever its size: docs/limits.md.
constexpr std::size_t kBlockCacheBytes = 64U << 20U;
constexpr std::size_t kWriteBufferBytes = 64U << 20U;
constexpr std::size_t kLogBytesMost = 128U << 20U;  // what an open after a crash replays
constexpr int kOpenFilesMost = 512;                 // half the usual limit of a process
constexpr double kFilterBitsPerKey = 10;  // 1 % of look-ups of a new subject read a block in vain

constexpr std::array<const char*, kSpaces> kSpaceNames = {"default", "subjects", "encounters",
                                                          "changes", "pictures"};

rocksdb::ColumnFamilyOptions space_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.checksum = rocksdb::kCRC32c;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;  // sealed bytes do not compress
  options.write_buffer_size = kWriteBufferBytes;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

rocksdb::DBOptions database_options(bool create) {
  rocksdb::DBOptions options;
  options.create_if_missing = create;
  options.create_missing_column_families = true;  // of a store from before there were pictures
  options.error_if_exists = create;
  options.db_write_buffer_size = kWriteBufferBytes;
  options.max_total_wal_size = kLogBytesMost;
  options.max_open_files = kOpenFilesMost;
  // Recovery keeps a prefix of what was committed, with no hole in it; the acknowledged mark then
  // tells whether the prefix is long enough. Flushing all spaces at once keeps this true when the
  // list of files (MANIFEST) loses its tail.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.atomic_flush = true;
  // An open after a crash or a full disk leaves the log as it is: it needs no room for another
  // copy.
  options.avoid_flush_during_recovery = true;
  // After a failed write the store closes the disk and opens it again; a disk that quietly resumes
  // by itself would append behind half a record.
  options.max_bgerror_resume_count = 0;
  options.bytes_per_sync = 1U << 20U;
  options.info_log = no_diary();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ReadOptions read_options(const DiskView* view) {
  rocksdb::ReadOptions options;
  if (view != nullptr) options.snapshot = view->snapshot();
  return options;
}

// Missing is an answer; anything else that is not a value is an error.
Result<std::optional<Bytes>> found(const rocksdb::Status& status, const std::string& value) {
  if (status.IsNotFound()) return std::nullopt;
  WHORL_TRY_VOID(outcome(status));
  const ByteView bytes = view_of(value);
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

// ------------------------------------------------------------------ cursor

struct Cursor::Walker {
  std::unique_ptr<rocksdb::Iterator> iterator;
};

Cursor::Cursor(std::unique_ptr<Walker> walker) : walker_(std::move(walker)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

void Cursor::seek(ByteView key) { walker_->iterator->Seek(slice(key)); }
bool Cursor::valid() const { return walker_->iterator->Valid(); }
void Cursor::next() { walker_->iterator->Next(); }
ByteView Cursor::key() const { return view_of(walker_->iterator->key()); }
ByteView Cursor::value() const { return view_of(walker_->iterator->value()); }
Result<> Cursor::status() const { return outcome(walker_->iterator->status()); }

// ------------------------------------------------------------------ batch

struct DiskBatch::Changes {
  // overwrite_key: a second put of a key replaces the first, so that the cursor sees it once.
  rocksdb::WriteBatchWithIndex batch{rocksdb::BytewiseComparator(), 0, true};
};

DiskBatch::DiskBatch(const Disk& disk) : disk_(disk), changes_(std::make_unique<Changes>()) {}
DiskBatch::~DiskBatch() = default;

Result<std::optional<Bytes>> DiskBatch::get(Space space, ByteView key) const {
  const Disk::Database& database = *disk_.database_;
  std::string value;
  const rocksdb::Status status = changes_->batch.GetFromBatchAndDB(
      database.db.get(), read_options(nullptr), database.of(space), slice(key), &value);
  return found(status, value);
}

Cursor DiskBatch::cursor(Space space) const {
  const Disk::Database& database = *disk_.database_;
  rocksdb::Iterator* base = database.db->NewIterator(read_options(nullptr), database.of(space));
  auto walker = std::make_unique<Cursor::Walker>();
  walker->iterator.reset(changes_->batch.NewIteratorWithBase(database.of(space), base));
  return Cursor(std::move(walker));
}

void DiskBatch::put(Space space, ByteView key, ByteView value) {
  WHORL_CHECK(changes_->batch.Put(disk_.database_->of(space), slice(key), slice(value)).ok());
}

void DiskBatch::remove(Space space, ByteView key) {
  WHORL_CHECK(changes_->batch.Delete(disk_.database_->of(space), slice(key)).ok());
}

void DiskBatch::mark() { changes_->batch.SetSavePoint(); }
void DiskBatch::keep() { WHORL_CHECK(changes_->batch.PopSavePoint().ok()); }
void DiskBatch::undo() { WHORL_CHECK(changes_->batch.RollbackToSavePoint().ok()); }

// ------------------------------------------------------------------ disk

Disk::Disk(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Disk::~Disk() = default;

Result<std::unique_ptr<Disk>> Disk::open(const std::string& folder, Mode mode) {
  const auto cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> spaces;
  std::vector<std::string> there(kSpaceNames.begin(), kSpaceNames.end());
  const rocksdb::DBOptions options = database_options(mode == Mode::create);
  if (mode == Mode::read_only) {
    // A store from before there were pictures is looked at as it is.
    WHORL_TRY_VOID(outcome(rocksdb::DB::ListColumnFamilies(options, folder, &there)));
  }
  for (const char* name : kSpaceNames) {
    if (std::ranges::find(there, name) != there.end()) {
      spaces.emplace_back(name, space_options(cache));
    }
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  WHORL_TRY_VOID(outcome(mode == Mode::read_only
                             ? rocksdb::DB::OpenForReadOnly(options, folder, spaces, &handles, &db)
                             : rocksdb::DB::Open(options, folder, spaces, &handles, &db)));
  auto database = std::make_unique<Database>();
  database->folder = folder;
  database->db.reset(db);
  std::ranges::copy(handles, database->spaces.begin());
  std::unique_ptr<Disk> disk(new Disk(std::move(database)));
  if (mode != Mode::read_only) disk->remember_log_end();
  return disk;
}

Result<std::optional<Bytes>> Disk::get(Space space, ByteView key, const DiskView* view) const {
  if (database_->of(space) == nullptr) return std::nullopt;
  std::string value;
  const rocksdb::Status status =
      database_->db->Get(read_options(view), database_->of(space), slice(key), &value);
  return found(status, value);
}

Cursor Disk::cursor(Space space, const DiskView* view) const {
  auto walker = std::make_unique<Cursor::Walker>();
  walker->iterator.reset(
      database_->of(space) == nullptr
          ? rocksdb::NewEmptyIterator()
          : database_->db->NewIterator(read_options(view), database_->of(space)));
  return Cursor(std::move(walker));
}

std::shared_ptr<const DiskView> Disk::view() const {
  return std::make_shared<DiskView>(*database_->db);
}

Result<> Disk::write(DiskBatch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  WHORL_TRY_VOID(outcome(database_->db->Write(options, batch.changes_->batch.GetWriteBatch())));
  remember_log_end();
  return {};
}

void Disk::remember_log_end() {
  std::unique_ptr<rocksdb::LogFile> log;
  if (!database_->db->GetCurrentWalFile(&log).ok() || log == nullptr) return;
  log_end_ = {log->LogNumber(), log->SizeFileBytes()};
}

void Disk::drop_unacknowledged(const std::string& folder, LogEnd log_end) {
  namespace fs = std::filesystem;
  std::error_code ignored;  // what cannot be cut stays, and is then as durable as the rest
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() != ".log") continue;
    const std::string digits = entry.path().stem().string();
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number < log_end.number) continue;
    const std::uint64_t keep = number == log_end.number ? log_end.bytes : 0;
    const std::uint64_t size = fs::file_size(entry.path(), ignored);
    if (!ignored && size > keep) fs::resize_file(entry.path(), keep, ignored);
  }
}

// ------------------------------------------------------------------ upkeep

namespace {

rocksdb::CompactRangeOptions rewrite_everything() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  return options;
}

// Old files are deleted by a background thread some time after they fall out of use; switching
// deletions off and on deletes them before it returns.
rocksdb::Status delete_old_files(rocksdb::DB& db) {
  const rocksdb::Status status = db.DisableFileDeletions();
  return status.ok() ? db.EnableFileDeletions(false) : status;
}

}  // namespace

Result<> Disk::destroy(Space space, ByteView key) {
  WHORL_TRY_VOID(outcome(database_->flush()));
  const rocksdb::Slice range = slice(key);
  WHORL_TRY_VOID(outcome(
      database_->db->CompactRange(rewrite_everything(), database_->of(space), &range, &range)));
  return outcome(delete_old_files(*database_->db));
}

Result<> Disk::compact(Space space) {
  WHORL_TRY_VOID(outcome(database_->flush()));
  WHORL_TRY_VOID(outcome(
      database_->db->CompactRange(rewrite_everything(), database_->of(space), nullptr, nullptr)));
  return outcome(delete_old_files(*database_->db));
}

Result<> Disk::compact() {
  for (int space = 0; space < kSpaces; ++space) {
    WHORL_TRY_VOID(compact(static_cast<Space>(space)));
  }
  return {};
}

Result<> Disk::check_files() const { return outcome(database_->db->VerifyChecksum()); }

std::int64_t Disk::bytes() const {
  std::int64_t total = 0;
  std::error_code ignored;  // a file may go while we look: then it does not count
  for (const auto& entry : std::filesystem::directory_iterator(database_->folder, ignored)) {
    const std::uintmax_t size = entry.file_size(ignored);
    if (!ignored) total += static_cast<std::int64_t>(size);
  }
  return total;
}

}  // namespace whorl::gallery
