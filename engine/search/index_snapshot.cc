#include "engine/search/index_snapshot.h"

#include <fstream>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/durable_file.h"
#include "engine/base/limits.h"
#include "engine/features/fingerprint/minutia_codes.h"

namespace whorl::search {
namespace {

constexpr std::uint32_t kMagic = 0x57484958;  // "WHIX"
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::uint32_t kMaxChunkBytes = 1U << 30U;  // the heads of a 60 M print gallery
constexpr std::int64_t kFacesPerChunk = 1024;

Bytes header_of(GalleryId gallery, Revision revision) {
  ByteWriter out;
  out.u32(kMagic), out.u16(kVersion), out.u16(features::kMinutiaCodeVersion);
  out.u32(gallery.value()), out.u64(revision.value());
  return out.take();
}

// What each chunk is bound to: the header and the chunk's own number.
Bytes binding(std::span<const std::byte> header, std::uint64_t number) {
  ByteWriter out;
  out.bytes(header), out.u64(number);
  return out.take();
}

class ChunkWriter {
 public:
  ChunkWriter(DurableFile& file, const Key& key, Bytes header, Entropy& entropy)
      : file_(file), key_(key), header_(std::move(header)), entropy_(entropy) {}

  Result<> write(std::span<const std::byte> plain) {
    WHORL_TRY(const Bytes sealed, seal(key_, plain, binding(header_, number_++), entropy_));
    ByteWriter length;
    length.u32(sealed.size());
    WHORL_TRY_VOID(file_.append(length.view()));
    return file_.append(sealed);
  }

 private:
  DurableFile& file_;
  const Key& key_;
  Bytes header_;
  Entropy& entropy_;
  std::uint64_t number_ = 0;
};

class ChunkReader {
 public:
  ChunkReader(std::ifstream& file, const Key& key, Bytes header)
      : file_(file), key_(key), header_(std::move(header)) {}

  Result<Bytes> read() {
    WHORL_TRY(const Bytes length, take(4));
    const std::uint32_t size = ByteReader(length).u32();
    if (size > kMaxChunkBytes) return fail(Fault::store_corrupt);
    WHORL_TRY(const Bytes sealed, take(size));
    return unseal(key_, sealed, binding(header_, number_++));
  }

 private:
  Result<Bytes> take(std::size_t count) {
    Bytes bytes(count);
    file_.read(static_cast<char*>(static_cast<void*>(bytes.data())),
               static_cast<std::streamsize>(count));
    if (file_.gcount() != static_cast<std::streamsize>(count)) return fail(Fault::truncated);
    return bytes;
  }
  std::ifstream& file_;
  const Key& key_;
  Bytes header_;
  std::uint64_t number_ = 0;
};

Result<> write_faces(ChunkWriter& out, const index::FaceIndex& faces) {
  for (std::int64_t first = 0; first < faces.rows(); first += kFacesPerChunk) {
    ByteWriter chunk;
    for (std::int64_t r = first; r < std::min(faces.rows(), first + kFacesPerChunk); ++r) {
      const index::Row row{static_cast<std::uint32_t>(r)};
      if (!faces.is_live(row)) continue;
      const index::PrintOwner& o = faces.owner(row);
      chunk.u64(o.subject), chunk.u32(o.encounter), chunk.u16(o.birth_year), chunk.u8(o.sex),
          chunk.u8(o.ordinal);
      for (const float value : faces.face(row).vector)
        chunk.u32(std::bit_cast<std::uint32_t>(value));
    }
    WHORL_TRY_VOID(out.write(chunk.view()));
  }
  return {};
}

Result<> read_faces(ChunkReader& in, GalleryIndex& index, const std::string& model,
                    std::uint32_t dimension, std::uint32_t chunks) {
  for (std::uint32_t c = 0; c < chunks; ++c) {
    WHORL_TRY(const Bytes chunk, in.read());
    ByteReader reader(chunk);
    while (reader.remaining() > 0) {
      index::PrintOwner o;
      o.subject = reader.u64(), o.encounter = reader.u32(), o.birth_year = reader.u16();
      o.sex = reader.u8(), o.ordinal = reader.u8();
      Encounter encounter;
      FaceTemplate face{model, {}, std::vector<float>(dimension)};
      for (float& value : face.vector) value = std::bit_cast<float>(reader.u32());
      if (!reader.ok()) return fail(Fault::store_corrupt, reader.offset());
      encounter.templates = {face};
      WHORL_TRY_VOID(index.admissible(encounter));
      index.append_face(o, face);
    }
  }
  return {};
}

}  // namespace

Result<> save_index(const std::string& path, const Key& key, GalleryId gallery, Revision revision,
                    const GalleryIndex& index, Entropy& entropy) {
  WHORL_TRY(DurableFile file, DurableFile::create(path));
  const Bytes header = header_of(gallery, revision);
  WHORL_TRY_VOID(file.append(header));
  ChunkWriter out(file, key, header, entropy);
  const index::FaceIndex* faces = index.face();
  for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
    const index::FingerIndex& prints = index.finger(FingerPosition{p});
    ByteWriter head;
    prints.save_head(head);
    WHORL_TRY_VOID(out.write(head.view()));
    for (std::int64_t b = 0; b < prints.blocks(); ++b)
      WHORL_TRY_VOID(out.write(prints.block_bytes(b)));
  }
  ByteWriter face_head;
  face_head.u32(faces == nullptr ? 0 : static_cast<std::uint32_t>(faces->dimension()));
  face_head.u32(faces == nullptr ? 0
                                 : static_cast<std::uint32_t>((faces->rows() + kFacesPerChunk - 1) /
                                                              kFacesPerChunk));
  if (faces != nullptr) face_head.text(faces->model());
  WHORL_TRY_VOID(out.write(face_head.view()));
  if (faces != nullptr) WHORL_TRY_VOID(write_faces(out, *faces));
  return file.commit();
}

Result<LoadedIndex> load_index(const std::string& path, const Key& key, GalleryId gallery) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::not_found, 0, path);
  Bytes header(kHeaderBytes);
  file.read(static_cast<char*>(static_cast<void*>(header.data())), kHeaderBytes);
  if (file.gcount() != kHeaderBytes) return fail(Fault::truncated, 0, path);
  ByteReader fields(header);
  const bool known = fields.u32() == kMagic && fields.u16() == kVersion &&
                     fields.u16() == features::kMinutiaCodeVersion &&
                     fields.u32() == gallery.value();
  if (!known) return fail(Fault::snapshot_stale, 0, path);
  LoadedIndex loaded{Revision{fields.u64()}, {}};
  ChunkReader in(file, key, header);
  for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
    WHORL_TRY(const Bytes head, in.read());
    ByteReader head_fields(head);
    WHORL_TRY(index::FingerIndex prints, index::FingerIndex::load_head(head_fields));
    if (prints.position() != FingerPosition{p}) return fail(Fault::store_corrupt, 0, path);
    while (!prints.complete()) {
      WHORL_TRY(const Bytes block, in.read());
      WHORL_TRY_VOID(prints.load_block(block));
    }
    loaded.index.adopt(std::move(prints));
  }
  WHORL_TRY(const Bytes face_head, in.read());
  ByteReader face_fields(face_head);
  const std::uint32_t dimension = face_fields.u32(), chunks = face_fields.u32();
  std::string model;
  while (face_fields.remaining() > 0) model += static_cast<char>(face_fields.u8());
  if (!face_fields.ok() || dimension > kMaxFaceDimension)
    return fail(Fault::store_corrupt, 0, path);
  WHORL_TRY_VOID(read_faces(in, loaded.index, model, dimension, chunks));
  return loaded;
}

}  // namespace whorl::search
