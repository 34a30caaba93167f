#include "engine/gallery/table_check.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/crc32c.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMagic = 0x88e241b785f4cff7;
constexpr std::size_t kFooterBytes = 1 + 40 + 4 + 8;  // sum's kind, two places, version, magic
constexpr std::uint8_t kSummedByCrc32c = 1;
constexpr std::size_t kTrailerBytes = 5;               // compression, sum
constexpr std::uint64_t kBlockBytesMost = 16U << 20U;  // these two blocks are a few kB
constexpr std::string_view kPropertiesName = "rocksdb.properties";

// Little-endian, as all of RocksDB's numbers are.
std::uint64_t little_endian(ByteReader& in, int width) {
  std::uint64_t value = 0;
  for (int i = 0; i < width; ++i) value |= std::uint64_t{in.u8()} << (8 * i);
  return value;
}

std::uint64_t varint(ByteReader& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && in.ok(); shift += 7) {
    const std::uint8_t byte = in.u8();
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  return value;
}

struct BlockPlace {
  std::uint64_t offset = 0, bytes = 0;
};

BlockPlace read_place(ByteReader& in) {
  const std::uint64_t offset = varint(in);
  return {offset, varint(in)};
}

// So much of the file as is there.
Bytes read_at(std::ifstream& file, std::uint64_t offset, std::uint64_t bytes) {
  Bytes content(static_cast<std::size_t>(bytes));
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(static_cast<char*>(static_cast<void*>(content.data())),
            static_cast<std::streamsize>(bytes));
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

// The block's content when its sum is right.
std::optional<Bytes> read_block(std::ifstream& file, BlockPlace place) {
  if (place.bytes > kBlockBytesMost) return std::nullopt;
  Bytes block = read_at(file, place.offset, place.bytes + kTrailerBytes);
  if (block.size() != place.bytes + kTrailerBytes) return std::nullopt;
  const auto summed = std::span(block).first(block.size() - 4);
  ByteReader trailer{std::span(block).last(4)};
  const auto sum = static_cast<std::uint32_t>(little_endian(trailer, 4));
  // util/crc32c.h: stored sums are rotated and shifted, so that a sum of sums is not weak.
  const std::uint32_t crc = crc32c(summed);
  if (sum != ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U) return std::nullopt;
  block.resize(static_cast<std::size_t>(place.bytes));
  return block;
}

// Where the properties are, from the block that lists the special blocks by name.
std::optional<BlockPlace> find_properties(std::span<const std::byte> list) {
  ByteReader in(list);
  std::string name;
  while (in.ok() && in.remaining() > 0) {
    const std::uint64_t shared = varint(in), own = varint(in), value_bytes = varint(in);
    if (shared > name.size()) return std::nullopt;
    name.resize(static_cast<std::size_t>(shared));
    for (const std::byte c : in.take(static_cast<std::size_t>(own))) {
      name += std::to_integer<char>(c);
    }
    ByteReader value(in.take(static_cast<std::size_t>(value_bytes)));
    if (in.ok() && name == kPropertiesName) return read_place(value);
  }
  return std::nullopt;
}

bool properties_are_sound(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size < kFooterBytes) return true;  // RocksDB's to tell
  std::ifstream file(path, std::ios::binary);
  const Bytes footer = read_at(file, size - kFooterBytes, kFooterBytes);
  ByteReader in(footer);
  const std::uint8_t kind = in.u8();
  const BlockPlace list_place = read_place(in);
  if (footer.size() != kFooterBytes || kind != kSummedByCrc32c) return true;
  ByteReader magic{std::span(footer).last(8)};
  if (little_endian(magic, 8) != kMagic) return true;
  const auto list = read_block(file, list_place);
  if (!list) return true;
  const auto properties = find_properties(*list);
  return !properties || read_block(file, *properties).has_value();
}

}  // namespace

Result<> check_table_properties(const std::string& database_folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(database_folder, error)) {
    if (entry.path().extension() != ".sst" || properties_are_sound(entry.path())) continue;
    return fail(Fault::store_corrupt, 0, entry.path().string() + ": its properties");
  }
  if (error) return fail(Fault::io_error, 0, database_folder);
  return {};
}

}  // namespace whorl::gallery
