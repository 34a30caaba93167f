#include "engine/search/index_snapshot.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/limits.h"
#include "engine/base/wide_memory.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/search/sealed_chunks.h"

namespace whorl::search {
namespace {

constexpr std::uint32_t kMagic = 0x57484958;  // "WHIX"
constexpr std::uint16_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::int64_t kFacesPerChunk = 1024;

Bytes header_of(GalleryId gallery, Revision revision) {
  ByteWriter out;
  out.u32(kMagic), out.u16(kVersion), out.u16(features::kMinutiaCodeVersion);
  out.u32(gallery.value()), out.u64(revision.value());
  return out.take();
}

struct FaceHead {
  std::string model;
  std::uint32_t dimension = 0;
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

Result<> read_faces(std::span<const std::byte> chunk, GalleryIndex& index, const FaceHead& head) {
  ByteReader reader(chunk);
  while (reader.remaining() > 0) {
    index::PrintOwner o;
    o.subject = reader.u64(), o.encounter = reader.u32(), o.birth_year = reader.u16();
    o.sex = reader.u8(), o.ordinal = reader.u8();
    Encounter encounter;
    FaceTemplate face{head.model, {}, std::vector<float>(head.dimension)};
    for (float& value : face.vector) value = std::bit_cast<float>(reader.u32());
    if (!reader.ok()) return fail(Fault::store_corrupt, reader.offset());
    encounter.templates = {face};
    WHORL_TRY_VOID(index.admissible(encounter));
    index.append_face(o, face);
  }
  return {};
}

// A finger position on its way in: its head is read, its blocks are chunks from `first` on.
struct Part {
  index::FingerIndex prints;
  std::size_t first, blocks;
};

class Loader {
 public:
  Loader(const ChunkFile& file, const Key& key, FaceIndexKind kind)
      : file_(file), key_(key), kind_(kind) {}

  Result<GalleryIndex> load() {
    WHORL_TRY_VOID(read_heads());
    WHORL_TRY_VOID(read_blocks());
    GalleryIndex index(kind_);
    for (Part& part : parts_) index.adopt(std::move(part.prints));
    for (; next_ < file_.chunks(); ++next_) {
      WHORL_TRY(const Bytes chunk, file_.unseal(key_, next_));
      WHORL_TRY_VOID(read_faces(chunk, index, faces_));
    }
    return index;
  }

 private:
  Result<> read_heads() {
    for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
      WHORL_TRY(const Bytes head, file_.unseal(key_, next_));
      ByteReader fields(head);
      WHORL_TRY(index::FingerIndex prints, index::FingerIndex::load_head(fields));
      if (prints.position() != FingerPosition{p}) return fail(Fault::store_corrupt);
      const auto rows = static_cast<std::size_t>(prints.rows());
      const std::size_t blocks = (rows + kernels::kBlockPrints - 1) / kernels::kBlockPrints;
      parts_.push_back({std::move(prints), next_ + 1, blocks});
      next_ += 1 + blocks;
    }
    WHORL_TRY(const Bytes head, file_.unseal(key_, next_++));
    ByteReader fields(head);
    faces_.dimension = fields.u32();
    const std::uint32_t chunks = fields.u32();
    while (fields.remaining() > 0) faces_.model += static_cast<char>(fields.u8());
    if (!fields.ok() || faces_.dimension > kMaxFaceDimension) return fail(Fault::store_corrupt);
    if (file_.chunks() - next_ < chunks) return fail(Fault::truncated);
    return file_.chunks() - next_ == chunks ? Result<>{} : fail(Fault::store_corrupt);
  }

  // All blocks of all positions, each unsealed from the file into the place it is searched in.
  Result<> read_blocks() {
    for (const Part& part : parts_) {
      for (std::size_t b = 0; b < part.blocks; ++b) chunks_.push_back(part.first + b);
    }
    std::vector<std::size_t> places{0};
    for (const std::size_t chunk : chunks_)
      places.push_back(places.back() + (file_.plain_bytes(chunk) + kAlign - 1) / kAlign * kAlign);
    WHORL_TRY(const auto memory, wide_memory(places.back()));
    std::vector<Result<index::PackedBlock>> blocks(chunks_.size(), fail(Fault::cancelled));
    oneapi::tbb::parallel_for(std::size_t{0}, chunks_.size(), [&](std::size_t b) {
      blocks[b] = read_block(chunks_[b], {memory, memory.get() + places[b]});
    });
    std::size_t next = 0;
    for (Part& part : parts_) {
      for (std::size_t b = 0; b < part.blocks; ++b) {
        WHORL_TRY(index::PackedBlock block, std::move(blocks[next++]));
        WHORL_TRY_VOID(part.prints.load_block(std::move(block)));
      }
    }
    return {};
  }

  Result<index::PackedBlock> read_block(std::size_t chunk, std::shared_ptr<std::byte> place) const {
    const std::size_t size = file_.plain_bytes(chunk);
    WHORL_TRY_VOID(file_.unseal_into({place.get(), size}, key_, chunk));
    return index::PackedBlock::in_place(std::move(place), size);
  }

  static constexpr std::size_t kAlign = 64;
  const ChunkFile& file_;
  const Key& key_;
  FaceIndexKind kind_;
  std::size_t next_ = 0;  // chunk
  std::vector<Part> parts_;
  std::vector<std::size_t> chunks_;
  FaceHead faces_;
};

}  // namespace

Result<> save_index(const std::string& path, const Key& key, GalleryId gallery, Revision revision,
                    const GalleryIndex& index, Entropy& entropy) {
  WHORL_TRY(DurableFile file, DurableFile::create(path));
  WHORL_TRY(ChunkWriter out, ChunkWriter::begin(file, key, header_of(gallery, revision), entropy));
  const index::FaceIndex* faces = index.face();
  for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
    const index::FingerIndex& prints = index.finger(FingerPosition{p});
    ByteWriter head;
    prints.save_head(head);
    WHORL_TRY_VOID(out.write(head.view()));
    for (std::int64_t b = 0; b < prints.blocks(); ++b)
      WHORL_TRY_VOID(out.write(prints.block_to_save(b).bytes()));
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

Result<LoadedIndex> load_index(const std::string& path, const Key& key, GalleryId gallery,
                               FaceIndexKind faces) {
  WHORL_TRY(const ChunkFile file, ChunkFile::open(path, kHeaderBytes));
  ByteReader fields(file.header());
  const bool known = fields.u32() == kMagic && fields.u16() == kVersion &&
                     fields.u16() == features::kMinutiaCodeVersion &&
                     fields.u32() == gallery.value();
  if (!known) return fail(Fault::snapshot_stale, 0, path);
  auto index = Loader(file, key, faces).load();
  if (!index) return at(index.error(), path);
  return LoadedIndex{Revision{fields.u64()}, std::move(*index)};
}

}  // namespace whorl::search
