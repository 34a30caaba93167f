#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/crypto.h"
#include "engine/base/durable_file.h"
#include "engine/base/result.h"

namespace whorl::search {

// A file of a plain header and sealed chunks: `u32 length | sealed` one behind the other. Each is
// bound to the header and to its number from 0, so that a chunk altered, moved, dropped or taken
// from another file does not open.

class ChunkWriter {
 public:
  // Writes the header. `file`, `key` and `entropy` must outlive the writer.
  static Result<ChunkWriter> begin(DurableFile& file, const Key& key, Bytes header,
                                   Entropy& entropy);
  Result<> write(std::span<const std::byte> plain);

 private:
  ChunkWriter(DurableFile& file, const Key& key, Bytes header, Entropy& entropy)
      : file_(file), key_(key), header_(std::move(header)), entropy_(entropy) {}

  DurableFile& file_;
  const Key& key_;
  Bytes header_;
  Entropy& entropy_;
  std::uint64_t number_ = 0;
};

// The file mapped into memory, and where its chunks lie. Nothing is believed but lengths, and those
// only within the file; what they enclose is proved by its seal. Thread safety: const members may
// run at once.
//
// Reading a mapping of a disk that fails ends the process (SIGBUS), and a start that ends is worse
// than one that rebuilds. So each chunk's pages are brought in by a call that can say no before
// they are read (Linux 5.14, MADV_POPULATE_READ; without it the mapping is read as it is).
class ChunkFile {
 public:
  // Faults: not_found, truncated (also where a chunk's length runs past the end), store_corrupt (a
  // length that no chunk has), io_error.
  static Result<ChunkFile> open(const std::string& path, std::size_t header_bytes);
  ChunkFile(ChunkFile&& other) noexcept;
  ChunkFile& operator=(ChunkFile&&) = delete;
  ~ChunkFile();

  std::span<const std::byte> header() const { return file_.first(header_bytes_); }
  std::size_t chunks() const { return sealed_.size(); }
  std::size_t plain_bytes(std::size_t chunk) const {
    return sealed_.at(chunk).size() - kSealOverhead;
  }

  // Faults: truncated (no such chunk), io_error, seal_broken. `plain` is plain_bytes(chunk) long.
  Result<Bytes> unseal(const Key& key, std::size_t chunk) const;
  Result<> unseal_into(std::span<std::byte> plain, const Key& key, std::size_t chunk) const;

 private:
  explicit ChunkFile(std::span<const std::byte> file) : file_(file) {}
  Result<> find_chunks();
  Result<std::span<const std::byte>> bring_in(std::size_t chunk) const;

  std::span<const std::byte> file_;
  std::size_t header_bytes_ = 0;
  std::vector<std::span<const std::byte>> sealed_;
};

}  // namespace whorl::search
