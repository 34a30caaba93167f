#pragma once
// The blocks of a gallery on a device: resident in pages, and beyond the memory that is given
// streamed from the host's in every scan. For .cu files alone.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/cuda_memory.h"
#include "kernels/finger_scan_kernel.h"

namespace whorl::kernels {

struct GallerySlice {
  const device::GalleryBlock* blocks = nullptr;  // device memory
  std::int64_t first = 0, count = 0;
};

// Blocks 0 .. resident - 1 stand in pages, in order, so that only the last one is ever replaced
// and its place is the end. Those after them pass through two buffers that take turns: while a scan
// reads one, the next blocks are copied into the other in a stream of their own. Whoever asks for a
// slice has waited for what read the last one.
class CudaFingerGallery {
 public:
  // At most so many bytes of pages; 0: what is free when a page is wanted, less what searches need.
  // Several galleries may share a device.
  explicit CudaFingerGallery(std::int64_t memory_bytes) : limit_(memory_bytes) {}

  Status open() {
    for (Buffer& buffer : buffers_) WHORL_STATUS_TRY(buffer.filled.open());
    return copies_.open();
  }

  std::int64_t blocks() const { return static_cast<std::int64_t>(host_.size()); }
  std::int64_t resident_bytes() const { return page_bytes_; }

  Status put(std::int64_t number, const PackedFingers& block, cudaStream_t stream) {
    WHORL_CHECK(number == blocks() || number == blocks() - 1);
    if (number < blocks()) WHORL_STATUS_TRY(drop_last(stream));
    forget_streamed(number);
    host_.push_back(block);
    if (full_) return Status::ok;
    bool fits = false;
    WHORL_STATUS_TRY(make_room(block.size, fits));
    if (!fits) return Status::ok;  // this one and all after it are streamed
    std::byte* to = pages_.back()->data() + used_;
    places_.push_back(to);
    WHORL_STATUS_TRY(copy(number, stream));
    used_ += whole(block.size);
    views_.push_back(moved(block, to));
    return Status::ok;
  }

  Status refresh(std::int64_t number, cudaStream_t stream) {
    WHORL_CHECK(number >= 0 && number < blocks());
    forget_streamed(number);
    return number < resident() ? copy(number, stream) : Status::ok;
  }

  // Up to `most` blocks from `first` on, ready on the device for what follows in the stream; fewer
  // where residence ends or a buffer is full.
  Status slice(std::int64_t first, std::int64_t most, cudaStream_t stream, GallerySlice& out) {
    if (first < resident()) {
      WHORL_STATUS_TRY(send_views(stream));
      out = {device_views_.data() + first, first, std::min(most, resident() - first)};
      return Status::ok;
    }
    if (!current().holds(first)) {
      turn_ ^= static_cast<unsigned>(other().holds(first));
      if (!current().holds(first)) WHORL_STATUS_TRY(fill(current(), first, most));
    }
    const std::int64_t skipped = first - current().first;
    WHORL_CUDA_TRY(cudaStreamWaitEvent(stream, current().filled.get(), 0));
    out = {current().views.data() + skipped, first, std::min(most, current().count - skipped)};
    return Status::ok;
  }
  // Starts copying what the next slice(first, most) will ask for, while the last one is read.
  Status prefetch(std::int64_t first, std::int64_t most) {
    if (first < resident() || first >= blocks() || current().holds(first)) return Status::ok;
    if (alone_ || other().holds(first)) return Status::ok;
    const Status filled = fill(other(), first, most);
    if (filled != Status::device_out_of_memory) return filled;
    stop_prefetching();
    return Status::ok;
  }
  // Where the device is too full for two buffers one will do.
  void stop_prefetching() {
    alone_ = true;
    other().count = 0;
    other().bytes.release();
  }

 private:
  static constexpr std::int64_t kPageBytes = 64 << 20, kBufferBytes = 16 << 20;
  static constexpr std::int64_t kAlignment = 256;
  static std::int64_t whole(std::int64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }
  // Its bytes may stay behind where the block that follows it goes elsewhere: they are wiped.
  Status drop_last(cudaStream_t stream) {
    const PackedFingers last = host_.back();
    host_.pop_back();
    if (views_.size() <= host_.size()) return Status::ok;  // it was streamed
    WHORL_CUDA_TRY(cudaMemsetAsync(places_.back(), 0, static_cast<std::size_t>(last.size), stream));
    used_ = places_.back() - pages_.back()->data();  // it ends the last page
    places_.pop_back();
    views_.pop_back();
    views_sent_ = std::min(views_sent_, views_.size());
    return Status::ok;
  }
  // What the buffers hold of the block and those after it, or have on its way.
  void forget_streamed(std::int64_t number) {
    for (Buffer& buffer : buffers_) {
      if (buffer.first + buffer.count > number) buffer.count = 0;
    }
  }
  Status copy(std::int64_t number, cudaStream_t stream) {
    const auto n = static_cast<std::size_t>(number);
    WHORL_CUDA_TRY(cudaMemcpyAsync(places_[n], host_[n].bytes,
                                   static_cast<std::size_t>(host_[n].size), cudaMemcpyHostToDevice,
                                   stream));
    return Status::ok;
  }

  // A page with that much room at its end, or none where the memory has no more.
  Status make_room(std::int64_t bytes, bool& fits) {
    fits = true;
    if (!pages_.empty() && used_ + bytes <= pages_.back()->capacity()) return Status::ok;
    std::int64_t left = 0;
    WHORL_STATUS_TRY(memory_left(left));
    const std::int64_t size =
        std::max(whole(bytes), std::min(kPageBytes, whole((page_bytes_ + left) / 4)));
    if (size > left) {
      full_ = true, fits = false;
      return Status::ok;
    }
    auto page = std::make_unique<DeviceArray<std::byte>>();
    const Status got = page->reserve(size);
    if (got == Status::device_out_of_memory) {
      full_ = true, fits = false;
      return Status::ok;
    }
    WHORL_STATUS_TRY(got);
    pages_.push_back(std::move(page));
    page_bytes_ += size, used_ = 0;
    return Status::ok;
  }

  Status memory_left(std::int64_t& left) const {
    if (limit_ > 0) {
      left = limit_ - page_bytes_;
      return Status::ok;
    }
    return memory_for_galleries(left);
  }

  // The views that the device has not got yet, or all in a larger table.
  Status send_views(cudaStream_t stream) {
    if (static_cast<std::int64_t>(views_.size()) > device_views_.capacity()) {
      views_sent_ = 0;
      WHORL_STATUS_TRY(device_views_.reserve(static_cast<std::int64_t>(views_.size()) * 3 / 2));
    }
    if (views_sent_ == views_.size()) return Status::ok;
    WHORL_STATUS_TRY(
        device_views_.copy_part(static_cast<std::int64_t>(views_sent_), views_.data() + views_sent_,
                                static_cast<std::int64_t>(views_.size() - views_sent_), stream));
    views_sent_ = views_.size();
    return Status::ok;
  }

  // The block's views, its bytes now standing at `to`.
  static device::GalleryBlock moved(const PackedFingers& block, const std::byte* to) {
    device::GalleryBlock view{block.codes, block.minutiae};
    const auto move = [&](auto*& part) {
      using Part = std::remove_reference_t<decltype(part)>;
      const auto offset = reinterpret_cast<const std::byte*>(part) - block.bytes;
      WHORL_CHECK(offset >= 0 && offset <= block.size);
      part = reinterpret_cast<Part>(to + offset);
    };
    move(view.codes.planes), move(view.codes.directions), move(view.codes.prints);
    move(view.codes.print_sizes), move(view.minutiae.minutiae), move(view.minutiae.starts);
    return view;
  }

  // Blocks from `first` on that fit into a buffer, one at least, and their bytes.
  std::int64_t in_buffer(std::int64_t first, std::int64_t most, std::int64_t& bytes) const {
    std::int64_t count = 0;
    for (bytes = 0; count < most && first + count < blocks(); ++count) {
      const std::int64_t size = whole(host_[static_cast<std::size_t>(first + count)].size);
      if (count > 0 && bytes + size > buffer_bytes_) break;
      bytes += size;
    }
    return count;
  }

  struct Buffer {
    std::int64_t first = 0, count = 0;  // of the blocks in it, or on their way there
    PinnedArray<std::byte> host;
    PinnedArray<device::GalleryBlock> host_views;
    DeviceArray<std::byte> bytes;
    DeviceArray<device::GalleryBlock> views;
    Event filled;
    bool holds(std::int64_t block) const { return block >= first && block - first < count; }
  };
  Buffer& current() { return buffers_[turn_]; }
  Buffer& other() { return buffers_[turn_ ^ 1U]; }
  std::int64_t resident() const { return static_cast<std::int64_t>(views_.size()); }

  Status fill(Buffer& buffer, std::int64_t first, std::int64_t most) {
    buffer.count = 0;
    WHORL_CUDA_TRY(cudaEventSynchronize(buffer.filled.get()));  // its pinned half is free
    std::int64_t bytes = 0, count = in_buffer(first, most, bytes);
    Status room = buffer.bytes.reserve(bytes);
    while (room == Status::device_out_of_memory && count > 1) {  // smaller slices will do as well
      buffer_bytes_ = bytes / 2;
      count = in_buffer(first, most, bytes);
      room = buffer.bytes.reserve(bytes);
    }
    WHORL_STATUS_TRY(room);
    WHORL_STATUS_TRY(buffer.host.reserve(bytes));
    WHORL_STATUS_TRY(buffer.host_views.reserve(count));
    std::int64_t at = 0;
    for (std::int64_t b = 0; b < count; ++b) {
      const PackedFingers& block = host_[static_cast<std::size_t>(first + b)];
      std::memcpy(buffer.host.data() + at, block.bytes, static_cast<std::size_t>(block.size));
      buffer.host_views.data()[b] = moved(block, buffer.bytes.data() + at);
      at += whole(block.size);
    }
    WHORL_STATUS_TRY(buffer.bytes.copy_from(buffer.host.data(), bytes, copies_.get()));
    WHORL_STATUS_TRY(buffer.views.copy_from(buffer.host_views.data(), count, copies_.get()));
    WHORL_CUDA_TRY(cudaEventRecord(buffer.filled.get(), copies_.get()));
    buffer.first = first, buffer.count = count;
    return Status::ok;
  }

  std::int64_t limit_;
  std::int64_t buffer_bytes_ = kBufferBytes;  // less where a device had no room for as much
  std::vector<PackedFingers> host_;
  std::vector<std::unique_ptr<DeviceArray<std::byte>>> pages_;
  std::int64_t page_bytes_ = 0, used_ = 0;  // of all pages; of the last one
  bool full_ = false;
  std::vector<std::byte*> places_;  // of the resident blocks
  std::vector<device::GalleryBlock> views_;
  DeviceArray<device::GalleryBlock> device_views_;
  std::size_t views_sent_ = 0;
  Stream copies_;
  Buffer buffers_[2];
  unsigned turn_ = 0;   // of the buffer that the last slice came from
  bool alone_ = false;  // the other one is not used
};

}  // namespace whorl::kernels
