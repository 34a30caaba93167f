#include "engine/search/sealed_chunks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/byte_reader.h"

namespace whorl::search {
namespace {

constexpr std::uint32_t kMaxChunkBytes = 1U << 30U;  // the heads of a 60 M print gallery
const std::size_t kPageBytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

Bytes binding(std::span<const std::byte> header, std::uint64_t number) {
  ByteWriter out;
  out.bytes(header), out.u64(number);
  return out.take();
}

}  // namespace

Result<ChunkWriter> ChunkWriter::begin(DurableFile& file, const Key& key, Bytes header,
                                       Entropy& entropy) {
  WHORL_TRY_VOID(file.append(header));
  return ChunkWriter(file, key, std::move(header), entropy);
}

Result<> ChunkWriter::write(std::span<const std::byte> plain) {
  WHORL_TRY(const Bytes sealed, seal(key_, plain, binding(header_, number_++), entropy_));
  ByteWriter length;
  length.u32(sealed.size());
  WHORL_TRY_VOID(file_.append(length.view()));
  return file_.append(sealed);
}

Result<ChunkFile> ChunkFile::open(const std::string& path, std::size_t header_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(errno == ENOENT ? Fault::not_found : Fault::io_error, 0, path);
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  const auto size = known ? static_cast<std::size_t>(status.st_size) : 0;
  void* memory =
      size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  ::close(descriptor);  // the mapping keeps the file
  if (known && size < header_bytes) {
    if (memory != MAP_FAILED) ::munmap(memory, size);
    return fail(Fault::truncated, size, path);
  }
  if (memory == MAP_FAILED) return fail(Fault::io_error, 0, path);
  ChunkFile file({static_cast<const std::byte*>(memory), size});
  file.header_bytes_ = header_bytes;
  if (const auto found = file.find_chunks(); !found) return at(found.error(), path);
  // All of it will be read, by several threads: read ahead from now on. Advice; no fault.
  (void)::madvise(memory, size, MADV_WILLNEED);
  return file;
}

Result<> ChunkFile::find_chunks() {
  ByteReader rest(file_.subspan(header_bytes_));
  while (rest.remaining() > 0) {
    const std::uint32_t length = rest.u32();
    if (rest.ok() && (length > kMaxChunkBytes || length < kSealOverhead))
      return fail(Fault::store_corrupt, header_bytes_ + rest.offset());
    const auto sealed = rest.take(length);
    if (!rest.ok()) return fail(Fault::truncated, header_bytes_ + rest.offset());
    sealed_.push_back(sealed);
  }
  return {};
}

ChunkFile::ChunkFile(ChunkFile&& other) noexcept
    : file_(std::exchange(other.file_, {})),
      header_bytes_(other.header_bytes_),
      sealed_(std::move(other.sealed_)) {}

ChunkFile::~ChunkFile() {
  if (!file_.empty()) ::munmap(const_cast<std::byte*>(file_.data()), file_.size());
}

Result<std::span<const std::byte>> ChunkFile::bring_in(std::size_t chunk) const {
  if (chunk >= chunks()) return fail(Fault::truncated, file_.size());
  const std::span<const std::byte> sealed = sealed_[chunk];
  const auto first = static_cast<std::size_t>(sealed.data() - file_.data());
  const std::size_t page = first / kPageBytes * kPageBytes;
  void* pages = const_cast<std::byte*>(file_.data() + page);
  const int status = ::madvise(pages, first + sealed.size() - page, MADV_POPULATE_READ);
  if (status != 0 && errno == EFAULT) return fail(Fault::io_error, first);
  return sealed;
}

Result<Bytes> ChunkFile::unseal(const Key& key, std::size_t chunk) const {
  WHORL_TRY(const auto sealed, bring_in(chunk));
  return whorl::unseal(key, sealed, binding(header(), chunk));
}

Result<> ChunkFile::unseal_into(std::span<std::byte> plain, const Key& key,
                                std::size_t chunk) const {
  WHORL_TRY(const auto sealed, bring_in(chunk));
  return whorl::unseal_into(plain, key, sealed, binding(header(), chunk));
}

}  // namespace whorl::search
