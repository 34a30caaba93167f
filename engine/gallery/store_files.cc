// The folder of a store: how one is made, and how it is looked at before it is used.
//
//   lock            held while the store is open
//   db/             the database
//   db/ACKNOWLEDGED how far commits were acknowledged
//   db.new/         a store being made; it becomes db/ when it is complete

#include <filesystem>

#include "engine/gallery/durable_folder.h"
#include "engine/gallery/store_body.h"
#include "engine/gallery/table_check.h"

namespace whorl::gallery {
namespace {

Result<> check_against_mark(const Disk& disk, const HeaderRecord& header,
                            const AcknowledgedMark& mark) {
  if (header.id != mark.store()) {
    return fail(Fault::store_corrupt, 0, "ACKNOWLEDGED: it belongs to another store");
  }
  WHORL_TRY(const Catalogue catalogue, Catalogue::load({&disk, nullptr}));
  if (catalogue.revision >= mark.revision()) return {};
  return fail(Fault::store_corrupt, 0,
              "the files end at revision " + std::to_string(catalogue.revision.value()) +
                  "; revision " + std::to_string(mark.revision().value()) + " was acknowledged");
}

}  // namespace

Result<HeaderRecord> read_header(const Disk& disk) {
  const DiskReader reader{&disk, nullptr};
  WHORL_TRY(const auto body,
            named(get_record(reader, Space::meta, as_bytes(kHeaderKey)), "store header"));
  if (!body) return fail(Fault::store_corrupt, 0, "store header: missing");
  return named(decode_header(*body), "store header");
}

Result<> create_store(const std::string& folder, const Key& master, Entropy& entropy,
                      UnixMillis now) {
  const std::string unfinished = folder + "/db.new";
  WHORL_TRY_VOID(remove_folder(unfinished));
  HeaderRecord header;
  WHORL_TRY_VOID(entropy.fill(header.id));
  header.created_at = now;
  WHORL_TRY(header.key_check, Vault(master, header.id, entropy).seal_check());
  {
    WHORL_TRY(const auto disk, Disk::open(unfinished, Disk::Mode::create));
    DiskBatch batch(*disk);
    put_record(batch, Space::meta, as_bytes(kHeaderKey), encode(header));
    put_record(batch, Space::meta, as_bytes(kRevisionKey), encode(Revision{0}));
    WHORL_TRY_VOID(disk->write(batch, true));
  }
  WHORL_TRY_VOID(AcknowledgedMark::create(unfinished, header.id, Revision{0}));
  return rename_durably(unfinished, folder + "/db");
}

Result<StoreFiles> open_store_files(const std::string& database_folder) {
  WHORL_TRY(AcknowledgedMark mark, AcknowledgedMark::open(database_folder));
  WHORL_TRY_VOID(check_table_properties(database_folder));
  WHORL_TRY(auto disk, Disk::open(database_folder, Disk::Mode::read_only));
  WHORL_TRY(HeaderRecord header, read_header(*disk));
  WHORL_TRY_VOID(check_against_mark(*disk, header, mark));
  const DiskReader reader{disk.get(), nullptr};
  WHORL_TRY(const auto rotation,
            named(get_record(reader, Space::meta, as_bytes(kRotationKey)), "rotation record"));
  return StoreFiles{std::move(disk), std::move(header), rotation.value_or(Bytes{}),
                    std::move(mark)};
}

}  // namespace whorl::gallery
