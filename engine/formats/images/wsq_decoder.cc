// Decoding: segments, then blocks of coefficients straight into their bands, then the transform.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "engine/formats/images/raster.h"
#include "engine/formats/images/wsq.h"
#include "engine/formats/images/wsq_bands.h"
#include "engine/formats/images/wsq_huffman.h"
#include "engine/formats/images/wsq_segments.h"
#include "engine/formats/images/wsq_symbols.h"
#include "engine/formats/images/wsq_wavelet.h"

namespace whorl::formats {
namespace {

using namespace wsq;  // NOLINT: the parts of this very codec

bool is_restart(std::uint16_t marker) {
  return marker >= static_cast<std::uint16_t>(Marker::first_restart) &&
         marker <= static_cast<std::uint16_t>(Marker::last_restart);
}

// Where coefficients go: band after band, row after row, each put back into the middle of its bin.
// Runs are walked over a row at a time, so that all runs together cost no more than the picture.
class BandWriter {
 public:
  BandWriter(const BandTree& tree, const Quantisers& quantisers, Planes& planes)
      : tree_(tree), quantisers_(quantisers), planes_(planes) {
    next_band();
  }

  bool full() const { return band_ >= kCodedBands; }

  // False where there is no room; neither is called when full.
  void put(int value) {
    const float distance = value > 0 ? static_cast<float>(value) - quantisers_.centre
                                     : static_cast<float>(value) + quantisers_.centre;
    if (value != 0)
      row_[column_] = distance * bin_ + (value > 0 ? half_zero_bin_ : -half_zero_bin_);
    if (++column_ == width_) next_row();
  }
  bool skip(int run) {
    while (run > 0 && !full()) {
      const int now = std::min(run, width_ - column_);
      run -= now;
      column_ += now;
      if (column_ == width_) next_row();
    }
    return run == 0;
  }

 private:
  const Area& area() const { return tree_.bands[static_cast<std::size_t>(band_)]; }

  void next_row() {
    column_ = 0;
    if (++y_ == area().height) return next_band();
    row_ = planes_.row(area(), y_);
  }
  void next_band() {
    do {
      if (++band_ >= kCodedBands) return;
    } while (quantiser().bin == 0 || area().width == 0 || area().height == 0);
    y_ = column_ = 0;
    width_ = area().width;
    row_ = planes_.row(area(), 0);
    bin_ = quantiser().bin;
    half_zero_bin_ = quantiser().zero_bin / 2;
  }
  const Quantiser& quantiser() const { return quantisers_.bands[static_cast<std::size_t>(band_)]; }

  const BandTree& tree_;
  const Quantisers& quantisers_;
  Planes& planes_;
  int band_ = -1;
  int y_ = 0, column_ = 0, width_ = 0;
  float* row_ = nullptr;
  float bin_ = 0, half_zero_bin_ = 0;
};

struct FrameState {
  explicit FrameState(const Frame& frame, const Quantisers& quantisers)
      : tree(band_tree(frame.width_px, frame.height_px)),
        planes(frame.width_px, frame.height_px),
        writer(tree, quantisers, planes) {}
  BandTree tree;
  Planes planes;
  BandWriter writer;
};

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : bytes_(bytes), in_(bytes) {}

  Result<Image> decode() {
    WHORL_TRY_VOID(check_beginning());
    for (;;) {
      const std::uint64_t at = in_.offset();
      const std::uint16_t marker = in_.u16();
      if (!in_.ok()) return fail(Fault::truncated, bytes_.size());
      if (marker == static_cast<std::uint16_t>(Marker::end_of_image)) return finish(at);
      if (marker >> 8U != 0xFF) return fail(Fault::damaged_file, at);
      WHORL_TRY_VOID(read_part(static_cast<Marker>(marker), at));
    }
  }

 private:
  Result<> check_beginning() {
    if (bytes_.empty()) return fail(Fault::empty_input);
    ByteReader first(bytes_);
    if (first.u8() != 0xFF) return fail(Fault::bad_magic);
    const std::uint16_t marker = in_.u16();
    if (!in_.ok()) return fail(Fault::truncated, bytes_.size());
    if (marker != static_cast<std::uint16_t>(Marker::start_of_image)) return fail(Fault::bad_magic);
    return {};
  }

  Result<> read_part(Marker marker, std::uint64_t at) {
    switch (marker) {
      case Marker::start_of_frame:
        return read_header(frame_, at, read_frame);
      case Marker::transform_table:
        return read_header(bank_, at, read_bank);
      case Marker::quantisation_table:
        return read_header(quantisers_, at, read_quantisers);
      case Marker::huffman_tables:
        return read_tables();
      case Marker::restart_interval:
        return read_interval();
      case Marker::comment:
        return read_comment();
      case Marker::start_of_block:
        return read_block(at);
      default:
        return fail(Fault::unsupported, at);
    }
  }

  // What the whole picture hangs on is said once, before its first block.
  template <class T>
  Result<> read_header(std::optional<T>& into, std::uint64_t at,
                       Result<T> (*read)(const Segment&)) {
    if (into || state_) return fail(Fault::damaged_file, at);
    WHORL_TRY(const Segment segment, read_segment(in_));
    WHORL_TRY(into, read(segment));
    return {};
  }

  Result<> read_tables() {
    WHORL_TRY(const Segment segment, read_segment(in_));
    return read_huffman_specs(segment, specs_);
  }
  Result<> read_interval() {
    WHORL_TRY(const Segment segment, read_segment(in_));
    WHORL_TRY(interval_, read_restart_interval(segment));
    return {};
  }
  Result<> read_comment() {
    WHORL_TRY(const Segment segment, read_segment(in_));
    if (!ppi_) ppi_ = wsq::resolution_of(segment.content);
    return {};
  }

  Result<> read_block(std::uint64_t at) {
    WHORL_TRY_VOID(start_frame(at));
    WHORL_TRY(const Segment segment, read_segment(in_));
    WHORL_TRY(const int table, read_block_table(segment));
    const auto& spec = specs_.at(static_cast<std::size_t>(table));
    if (!spec) return fail(Fault::damaged_file, at);
    const HuffmanDecoder huffman(*spec);
    for (;;) {
      WHORL_TRY_VOID(read_coefficients(huffman));
      ByteReader ahead = in_;
      if (!is_restart(ahead.u16())) return {};
      // The interval itself is not needed: every coefficient's place follows from the one before.
      if (interval_ == 0) return fail(Fault::damaged_file, in_.offset());
      in_.take(2);
    }
  }

  Result<> start_frame(std::uint64_t at) {
    if (state_) return {};
    if (!frame_ || !bank_ || !quantisers_) return fail(Fault::damaged_file, at);
    state_ = std::make_unique<FrameState>(*frame_, *quantisers_);
    return {};
  }

  // The bytes up to the next marker.
  Result<> read_coefficients(const HuffmanDecoder& huffman) {
    const std::uint64_t start = in_.offset();
    const auto rest = ByteReader(in_).take(in_.remaining());
    std::size_t size = 0;
    for (;; size += 2) {
      const auto found =
          std::find(rest.begin() + static_cast<std::ptrdiff_t>(size), rest.end(), std::byte{0xFF});
      size = static_cast<std::size_t>(found - rest.begin());
      if (rest.size() - size < 2) return fail(Fault::truncated, bytes_.size());
      if (rest[size + 1] != std::byte{0}) break;
    }
    BitReader bits(in_.take(size));
    for (bits.refill(); !bits.at_end(); bits.refill()) {
      if (!read_symbol(huffman, bits)) return fail(Fault::damaged_file, start + bits.offset());
    }
    return {};
  }

  // One symbol with what follows it. False, and nothing consumed, where the stream is wrong.
  bool read_symbol(const HuffmanDecoder& huffman, BitReader& bits) {
    BandWriter& writer = state_->writer;
    const HuffmanDecoder::Found found = huffman.find(bits.peek(kLongestCode));
    const Symbol symbol = symbol_of(found.symbol);
    if (found.length == 0 || symbol.kind == Symbol::Kind::none || writer.full()) return false;
    const int length = found.length + symbol.extra_bits;
    if (length > bits.count()) return false;
    int value = symbol.value;
    if (symbol.extra_bits != 0) {
      const std::uint32_t both = bits.peek(length);
      value = static_cast<int>(both & ((1U << symbol.extra_bits) - 1));
      if (symbol.kind == Symbol::Kind::negative) value = -value;
    }
    if (symbol.kind == Symbol::Kind::run) {
      if (!writer.skip(value)) return false;
    } else {
      writer.put(value);
    }
    bits.skip(length);
    return true;
  }

  Result<Image> finish(std::uint64_t at) {
    WHORL_TRY_VOID(start_frame(at));
    if (!state_->writer.full()) return fail(Fault::damaged_file, at);
    Image image = blank_image(frame_->width_px, frame_->height_px, 1);
    image.ppi = ppi_;
    synthesise(state_->tree, *bank_, *frame_, state_->planes, image.samples);
    return image;
  }

  std::span<const std::byte> bytes_;
  ByteReader in_;
  std::optional<Frame> frame_;
  std::optional<FilterBank> bank_;
  std::optional<Quantisers> quantisers_;
  HuffmanSpecs specs_;
  std::optional<PixelsPerInch> ppi_;
  int interval_ = 0;
  std::unique_ptr<FrameState> state_;  // from the first block on
};

}  // namespace

Result<Image> decode_wsq(std::span<const std::byte> bytes) { return Decoder(bytes).decode(); }

}  // namespace whorl::formats
