#include "engine/gallery/store.h"

#include "engine/gallery/durable_folder.h"
#include "engine/gallery/store_body.h"

namespace whorl::gallery {
namespace {

StoreOptions with_defaults(StoreOptions options) {
  static const SystemClock clock;
  static SystemEntropy entropy;
  if (options.clock == nullptr) options.clock = &clock;
  if (options.entropy == nullptr) options.entropy = &entropy;
  return options;
}

GalleryInfo info_of(GalleryId id, const GalleryRecord& record) {
  return {id, record.name, record.created_at, record.settings};
}

}  // namespace

Result<std::shared_ptr<StoreBody>> open_body(const std::string& folder, const Key& master,
                                             const StoreOptions& given) {
  const StoreOptions options = with_defaults(given);
  const std::string database = folder + "/db";
  if (options.create) WHORL_TRY_VOID(make_folder(folder));
  if (!options.create && !exists(database)) return fail(Fault::no_store, 0, folder);
  WHORL_TRY(FolderLock lock, FolderLock::take(folder));
  if (!exists(database)) {
    WHORL_TRY_VOID(create_store(folder, master, *options.entropy, options.clock->now()));
  }
  WHORL_TRY(StoreFiles files, open_store_files(database));
  Vault vault(master, files.header.id, *options.entropy);
  if (!vault.opens_check(files.header.key_check)) return fail(Fault::wrong_key, 0, folder);
  if (!files.predecessor.empty()) {
    WHORL_TRY_VOID(named(vault.admit_predecessor(files.predecessor), "rotation record"));
  }
  files.disk.reset();

  auto body = std::make_shared<StoreBody>(folder, std::move(lock), options, std::move(vault),
                                          std::move(files.mark));
  WHORL_TRY(body->disk, Disk::open(database, Disk::Mode::write));
  WHORL_TRY(body->catalogue, Catalogue::load({body->disk.get(), nullptr}));
  WHORL_TRY_VOID(body->finish_erasures());
  return body;
}

// A rotation that cannot be finished now does not keep the store shut: it opens under both keys.
Result<std::unique_ptr<Store>> Store::open(const std::string& folder, const Key& master,
                                           const StoreOptions& options) {
  WHORL_TRY(auto body, open_body(folder, master, options));
  if (const auto finished = body->finish_rotation({}); !finished) {
    body->unfinished_rotation = finished.error();
  }
  return std::unique_ptr<Store>(new Store(std::move(body)));
}

Store::Store(std::shared_ptr<StoreBody> body) : body_(std::move(body)) {}
Store::~Store() = default;

const std::string& Store::folder() const { return body_->folder; }
Revision Store::revision() const { return body_->catalogue_now().revision; }

Result<GalleryId> Store::create_gallery(std::string_view name, const GallerySettings& settings) {
  if (!is_name(name)) return fail(Fault::bad_name, 0, std::string(name));
  GalleryId id{1};
  const auto edit = [&](DiskBatch&, Catalogue& next) -> Result<> {
    if (next.find(name)) return fail(Fault::already_exists, 0, "gallery " + std::string(name));
    if (!next.galleries.empty()) id = GalleryId{next.galleries.rbegin()->first.value() + 1};
    GalleryRecord& record = next.galleries[id];
    record.name = name;
    record.created_at = body_->options.clock->now();
    record.settings = settings;
    return {};
  };
  WHORL_TRY_VOID(body_->write_alone(edit, StoreBody::Upkeep::free));
  return id;
}

Result<GalleryInfo> Store::find_gallery(std::string_view name) const {
  if (!is_name(name)) return fail(Fault::bad_name, 0, std::string(name));
  const Catalogue catalogue = body_->catalogue_now();
  const auto id = catalogue.find(name);
  if (!id) return fail(Fault::not_found, 0, "gallery " + std::string(name));
  return info_of(*id, catalogue.galleries.at(*id));
}

std::vector<GalleryInfo> Store::list_galleries() const {
  std::vector<GalleryInfo> list;
  const Catalogue catalogue = body_->catalogue_now();
  for (const auto& [id, record] : catalogue.galleries) list.push_back(info_of(id, record));
  return list;
}

Result<StoreStats> Store::stats() const {
  StoreStats stats;
  const Catalogue catalogue = body_->catalogue_now();
  stats.revision = catalogue.revision;
  for (const auto& [id, record] : catalogue.galleries) {
    stats.galleries.push_back({info_of(id, record), record.subjects, record.encounters,
                               record.templates.fingers, record.templates.faces});
  }
  const auto work = [&](const DiskReader& reader) -> Result<> {
    stats.disk_bytes = reader.disk->bytes();
    return {};
  };
  WHORL_TRY_VOID(body_->read(work));
  return stats;
}

Result<> Store::put_side(std::string_view name, std::span<const std::byte> value) {
  if (!is_name(name)) return fail(Fault::bad_name, 0, std::string(name));
  const auto edit = [&](DiskBatch& batch, Catalogue&) -> Result<> {
    WHORL_TRY(const Bytes sealed, body_->vault.seal_side(name, value));
    put_record(batch, Space::meta, meta_key(kSidePrefix, as_bytes(name)), sealed);
    return {};
  };
  return body_->write_alone(edit, StoreBody::Upkeep::free);
}

Result<> Store::delete_side(std::string_view name) {
  if (!is_name(name)) return fail(Fault::bad_name, 0, std::string(name));
  const auto edit = [&](DiskBatch& batch, Catalogue&) -> Result<> {
    batch.remove(Space::meta, meta_key(kSidePrefix, as_bytes(name)));
    return {};
  };
  return body_->write_alone(edit, StoreBody::Upkeep::free);
}

}  // namespace whorl::gallery
