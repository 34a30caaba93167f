#include <rocksdb/utilities/backup_engine.h>

#include <filesystem>

#include "engine/gallery/disk.h"
#include "engine/gallery/disk_database.h"
#include "engine/gallery/disk_status.h"

namespace whorl::gallery {
namespace {

rocksdb::BackupEngineOptions backup_options(const std::string& folder) {
  rocksdb::BackupEngineOptions options(folder);
  options.sync = true;
  return options;
}

// Damage met while a backup is read is damage of the backup.
Result<> of_backup(const rocksdb::Status& status) {
  auto result = outcome(status);
  if (!result && result.error().fault == Fault::store_corrupt) {
    return fail(Fault::bad_checksum, 0, result.error().where);
  }
  return result;
}

Result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_backup(const std::string& from) {
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  WHORL_TRY_VOID(of_backup(
      rocksdb::BackupEngineReadOnly::Open(backup_options(from), rocksdb::Env::Default(), &engine)));
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(engine);
}

}  // namespace

Result<> Disk::backup(const std::string& to, ByteView note) const {
  rocksdb::BackupEngine* opened = nullptr;
  WHORL_TRY_VOID(
      outcome(rocksdb::BackupEngine::Open(backup_options(to), rocksdb::Env::Default(), &opened)));
  const std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  const rocksdb::Slice text = slice(note);
  rocksdb::CreateBackupOptions create;
  create.flush_before_backup = true;
  rocksdb::BackupID id = 0;
  WHORL_TRY_VOID(outcome(
      engine->CreateNewBackupWithMetadata(create, database_->db.get(), text.ToString(), &id)));
  // Every file is read back before the backup it replaces is given up.
  WHORL_TRY_VOID(of_backup(engine->VerifyBackup(id, true)));
  WHORL_TRY_VOID(outcome(engine->PurgeOldBackups(1)));
  return outcome(engine->GarbageCollect());
}

Result<Bytes> Disk::read_backup_note(const std::string& from) {
  WHORL_TRY(const auto engine, open_backup(from));
  rocksdb::BackupInfo info;
  WHORL_TRY_VOID(of_backup(engine->GetLatestBackupInfo(&info)));
  const ByteView note = view_of(info.app_metadata);
  return Bytes(note.begin(), note.end());
}

Result<> Disk::restore(const std::string& from, const std::string& folder) {
  WHORL_TRY(const auto engine, open_backup(from));
  rocksdb::BackupInfo info;
  WHORL_TRY_VOID(of_backup(engine->GetLatestBackupInfo(&info)));
  WHORL_TRY_VOID(of_backup(engine->VerifyBackup(info.backup_id, true)));
  return of_backup(engine->RestoreDBFromBackup(info.backup_id, folder, folder));
}

}  // namespace whorl::gallery
