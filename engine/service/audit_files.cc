#include "engine/service/audit_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include "engine/base/byte_reader.h"
#include "engine/base/crc32c.h"
#include "engine/base/durable_file.h"
#include "engine/formats/file_io.h"
#include "engine/gallery/durable_folder.h"
#include "engine/gallery/folder_lock.h"
#include "engine/service/audit_record.h"

namespace whorl::service {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeyMagic = "WHRLAKEY";
constexpr std::size_t kKeyHeadBytes = kKeyMagic.size() + 2;
constexpr std::size_t kSumBytes = 4;
constexpr std::size_t kKeyFileBytes = kKeyHeadBytes + kSealOverhead + Key::kBytes + kSumBytes;

constexpr std::string_view kNoteMagic = "WHRLNEWS";
constexpr std::size_t kNoteBytes = kNoteMagic.size() + 2 + 8 + 2 * sizeof(AuditMac);
constexpr std::size_t kSecondNoteAt = 4096;

constexpr std::string_view kEnding = ".audit";
constexpr std::size_t kDigits = 20;  // of any 64-bit number

std::string key_path(const std::string& folder) { return folder + "/audit.key"; }
std::string note_path(const std::string& folder) { return folder + "/audit.newest"; }

Key wrapping_key(const Key& master) { return derive(master, "whorl audit: key of a log, v1"); }

// A file that a log always has, and that is small.
Result<Bytes> read_part(const std::string& path) {
  if (!gallery::exists(path)) return fail(Fault::audit_broken, 0, path + " is missing");
  auto bytes = formats::read_file(path);
  if (bytes || bytes.error().fault == Fault::io_error) return bytes;
  return fail(Fault::audit_broken, 0, path + " was altered");  // empty, or far too large
}

Result<> write_part(const std::string& path, std::span<const std::byte> bytes) {
  WHORL_TRY(DurableFile file, DurableFile::create(path));
  WHORL_TRY_VOID(file.append(bytes));
  return file.commit();
}

std::optional<std::uint64_t> number_in(const std::string& name) {
  if (name.size() != kDigits + kEnding.size() || !name.ends_with(kEnding)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + kDigits;
  const auto read = std::from_chars(name.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number == 0) return std::nullopt;
  return number;
}

Result<AuditPlace> decode_note(std::span<const std::byte> bytes, AuditSeal& seal) {
  ByteReader in(bytes);
  const auto magic = in.take(kNoteMagic.size());
  const unsigned layout = in.u16();
  AuditPlace place;
  place.number = in.u64();
  std::ranges::copy(in.take(place.mac.size()), place.mac.begin());
  const auto mac = in.take(sizeof(AuditMac));
  if (!in.ok() || !std::ranges::equal(magic, as_bytes(kNoteMagic)) ||
      !std::ranges::equal(mac, seal.of_note(bytes.first(kNoteBytes - sizeof(AuditMac))))) {
    return fail(Fault::audit_broken);
  }
  if (layout != kAuditLayout) return fail(Fault::store_version);
  return place;
}

Result<> write_at(int file, std::span<const std::byte> bytes, std::size_t offset) {
  const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  return fail(written < 0 && errno != ENOSPC && errno != EDQUOT ? Fault::io_error
                                                                : Fault::disk_full);
}

}  // namespace

tl::unexpected<Error> refused_by_system(const std::string& path) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? Fault::disk_full : Fault::io_error, 0,
              path + ": " + std::generic_category().message(error));
}

bool has_audit_key(const std::string& folder) { return gallery::exists(key_path(folder)); }

Result<> write_audit_key(const std::string& folder, const Key& master, const Key& log_key) {
  SystemEntropy entropy;
  ByteWriter out;
  out.text(kKeyMagic);
  out.u16(kAuditLayout);
  WHORL_TRY(const Bytes sealed, seal(wrapping_key(master), log_key.bytes(), out.view(), entropy));
  out.bytes(sealed);
  out.u32(crc32c(out.view()));
  return write_part(key_path(folder), out.view());
}

Result<Key> load_audit_key(const std::string& folder, const Key& master) {
  const std::string path = key_path(folder);
  WHORL_TRY(const Bytes bytes, read_part(path));
  const std::span all(bytes);
  ByteReader in(all);
  const auto magic = in.take(kKeyMagic.size());
  const unsigned layout = in.u16();
  const auto sealed = in.take(kSealOverhead + Key::kBytes);
  const std::uint32_t sum = in.u32();
  // The sum tells an altered file from a wrong key, which the seal alone does not.
  if (!in.ok() || bytes.size() != kKeyFileBytes ||
      !std::ranges::equal(magic, as_bytes(kKeyMagic)) ||
      sum != crc32c(all.first(kKeyFileBytes - kSumBytes))) {
    return fail(Fault::audit_broken, 0, path + " was altered");
  }
  if (layout != kAuditLayout) return fail(Fault::store_version, 0, path);
  auto plain = unseal(wrapping_key(master), sealed, all.first(kKeyHeadBytes));
  if (!plain) return fail(Fault::wrong_key, 0, path);
  const Key key{std::span(*plain).first<Key::kBytes>()};
  wipe(*plain);
  return key;
}

Result<> rewrap_audit_key(const std::string& folder, const Key& master, const Key& fresh) {
  WHORL_TRY(const auto lock, gallery::FolderLock::take(folder));
  if (load_audit_key(folder, fresh)) return {};
  WHORL_TRY(const Key log_key, load_audit_key(folder, master));
  return write_audit_key(folder, fresh, log_key);
}

Result<std::vector<AuditFile>> list_audit_files(const std::string& folder) {
  std::vector<AuditFile> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (const auto first = number_in(name)) files.push_back({*first, it->path().string()});
  }
  if (error) return fail(Fault::io_error, 0, folder + ": " + error.message());
  std::ranges::sort(files, {}, &AuditFile::first);
  return files;
}

Result<AuditFile> create_audit_file(const std::string& folder, const AuditPlace& before) {
  std::string digits = std::to_string(before.number + 1);
  digits.insert(0, kDigits - digits.size(), '0');
  AuditFile file{before.number + 1, folder + "/" + digits + std::string(kEnding)};
  WHORL_TRY_VOID(write_part(file.path, encode_audit_header(before)));
  return file;
}

Bytes NewestNote::bytes_of(AuditSeal& seal, const AuditPlace& place) {
  ByteWriter out;
  out.text(kNoteMagic);
  out.u16(kAuditLayout);
  out.u64(place.number);
  out.bytes(place.mac);
  out.bytes(seal.of_note(out.view()));
  return out.take();
}

Result<> NewestNote::create(const std::string& folder, AuditSeal& seal, const AuditPlace& place) {
  const Bytes note = bytes_of(seal, place);
  Bytes both = note;
  both.resize(kSecondNoteAt);
  both.insert(both.end(), note.begin(), note.end());
  return write_part(note_path(folder), both);
}

Result<NewestNote> NewestNote::open(const std::string& folder) {
  NewestNote note;
  note.path_ = note_path(folder);
  note.file_ = gallery::Descriptor(::open(note.path_.c_str(), O_RDWR | O_CLOEXEC));
  if (!note.file_.open()) return refused_by_system(note.path_);
  return note;
}

Result<> NewestNote::write(std::span<const std::byte> bytes) {
  if (auto first = write_at(file_.number(), bytes, 0); !first) return at(first.error(), path_);
  if (::fdatasync(file_.number()) != 0) return refused_by_system(path_);
  // The second may reach the disk later: the first is whole by now.
  if (auto second = write_at(file_.number(), bytes, kSecondNoteAt); !second) {
    return at(second.error(), path_);
  }
  return {};
}

Result<AuditPlace> read_newest(const std::string& folder, AuditSeal& seal) {
  const std::string path = note_path(folder);
  WHORL_TRY(const Bytes bytes, read_part(path));
  const auto altered = fail(Fault::audit_broken, 0, path + " was altered");
  const std::span all(bytes);
  if (all.size() != kSecondNoteAt + kNoteBytes) return altered;
  const auto between = all.first(kSecondNoteAt).subspan(kNoteBytes);
  if (std::ranges::any_of(between, [](std::byte b) { return b != std::byte{}; })) return altered;
  const auto first = decode_note(all.first(kNoteBytes), seal);
  const auto second = decode_note(all.subspan(kSecondNoteAt), seal);
  if (!first && !second) {
    return first.error().fault == Fault::store_version ? at(first.error(), path) : altered;
  }
  if (!first) return second;
  if (!second) return first;
  return first->number < second->number ? second : first;
}

}  // namespace whorl::service
