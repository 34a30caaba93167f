#pragma once
// The marker segments of a WSQ stream, read and written: IAFIS-IC-0110 (V3.1), annex B. Tables here
// are as the stream says them; what they do to coefficients is in wsq_wavelet.h and wsq_bands.h.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/base/units.h"

namespace whorl::formats::wsq {

enum class Marker : std::uint16_t {
  start_of_image = 0xFFA0,
  end_of_image = 0xFFA1,
  start_of_frame = 0xFFA2,
  start_of_block = 0xFFA3,
  transform_table = 0xFFA4,
  quantisation_table = 0xFFA5,
  huffman_tables = 0xFFA6,
  restart_interval = 0xFFA7,
  comment = 0xFFA8,
  first_restart = 0xFFB0,
  last_restart = 0xFFB7
};

inline constexpr int kBands = 64;       // that the quantisation table has places for
inline constexpr int kCodedBands = 60;  // the last four, both high passes of level 1, never travel
inline constexpr int kHuffmanTables = 8;
inline constexpr int kLongestCode = 16;  // bits
// Filters of encoders in use have 9 and 7 taps; the page of margins in wsq_wavelet.cc holds 32.
inline constexpr int kMaxTaps = 32;

// A segment's content and where it stands, so that faults point at fields.
struct Segment {
  std::uint64_t length_at = 0;  // the two bytes that say its length; the content follows
  std::span<const std::byte> content;
};

// Behind a marker. Faults: truncated; out_of_range at the length.
Result<Segment> read_segment(ByteReader& in);

struct Frame {
  int width_px = 0;
  int height_px = 0;
  float middle = 0;  // grey = sample * scale + middle
  float scale = 1;
};
// Faults: out_of_range at the length; those of check_image_size where the height and width stand.
Result<Frame> read_frame(const Segment& segment);
void write_frame(ByteWriter& out, const Frame& frame);

// The right halves of the analysis filters, the middle tap first where a length is odd. The left
// half mirrors the right; of a high pass of even length, with the other sign.
struct FilterBank {
  bool odd = true;  // both lengths are, or neither
  std::vector<float> low;
  std::vector<float> high;
};
FilterBank standard_bank();  // 9 and 7 taps (Cohen, Daubechies, Feauveau 1992), as encoder 1 has it
// Faults: out_of_range (no taps), unsupported (more than kMaxTaps; one length odd, one even).
Result<FilterBank> read_bank(const Segment& segment);
void write_bank(ByteWriter& out, const FilterBank& bank);

struct Quantiser {
  float bin = 0;       // width of a bin; 0 where the band does not travel
  float zero_bin = 0;  // width of the bin round zero
};
struct Quantisers {
  float centre = 0.44F;  // where in its bin a coefficient is put back: 0 far edge .. 1 near edge
  std::array<Quantiser, kBands> bands;
};
Result<Quantisers> read_quantisers(const Segment& segment);
void write_quantisers(ByteWriter& out, const Quantisers& quantisers);
// As write_quantisers followed by read_quantisers would give it back.
float as_stored(double value);

// How many codes of 1 .. 16 bits there are, and their symbols, shortest first.
struct HuffmanSpec {
  std::array<std::uint8_t, kLongestCode> counts{};
  std::vector<std::uint8_t> symbols;
};
using HuffmanSpecs = std::array<std::optional<HuffmanSpec>, kHuffmanTables>;
// One segment may hold several. Faults: out_of_range at the table's number, at counts that no
// prefix code has, or at the segment's length where tables do not end with it.
Result<> read_huffman_specs(const Segment& segment, HuffmanSpecs& into);
void write_huffman_spec(ByteWriter& out, int id, const HuffmanSpec& spec);

// The table of the block that follows. Faults: out_of_range.
Result<int> read_block_table(const Segment& segment);
void write_block_table(ByteWriter& out, int id);
Result<int> read_restart_interval(const Segment& segment);
void write_restart_interval(ByteWriter& out, int interval);

// The PPI of a comment that is an NIST_COM: lines of a key, a blank and a value. Nothing where it
// is another comment, or says -1 for "unknown", or the 255 that -1 became in NIST's own samples.
std::optional<PixelsPerInch> resolution_of(std::span<const std::byte> comment);
void write_comment(ByteWriter& out, std::string_view text);

void write_marker(ByteWriter& out, Marker marker);

}  // namespace whorl::formats::wsq
