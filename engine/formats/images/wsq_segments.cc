#include "engine/formats/images/wsq_segments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/formats/images/raster.h"

namespace whorl::formats::wsq {
namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kFrameBytes = 15;
constexpr std::size_t kTapBytes = 6;
constexpr std::size_t kQuantiserBytes = 3 + 6 * kBands;
constexpr int kAllOnes16 = 0xFFFF;
constexpr int kUnknownPpi = 255;

Result<> check_length(const Segment& segment, std::size_t expected) {
  if (segment.content.size() != expected) return fail(Fault::out_of_range, segment.length_at);
  return {};
}

std::uint64_t content_at(const Segment& segment) { return segment.length_at + kLengthBytes; }

double decimal(int exponent, std::uint32_t mantissa) {
  return mantissa * std::pow(10.0, -exponent);
}

// Decimal fractions: how often to divide by ten, then digits.
float read_decimal16(ByteReader& in) {
  const int exponent = in.u8();
  return static_cast<float>(decimal(exponent, in.u16()));
}

struct Decimal {
  int exponent = 0;
  std::uint32_t mantissa = 0;
};

// With as many digits as stay within `largest`. `value` is 0 or more.
Decimal to_decimal(double value, double largest, int exponent_max) {
  Decimal best{0, static_cast<std::uint32_t>(std::min(std::round(value), largest))};
  for (int exponent = 1; exponent <= exponent_max; ++exponent) {
    const double digits = std::round(value * std::pow(10.0, exponent));
    if (digits > largest) break;
    best = {exponent, static_cast<std::uint32_t>(digits)};
  }
  return value == 0 ? Decimal{} : best;
}

constexpr int kMaxExponent16 = 9;
constexpr int kMaxExponent32 = 12;

Decimal to_decimal16(double value) { return to_decimal(value, kAllOnes16, kMaxExponent16); }

void write_decimal16(ByteWriter& out, double value) {
  const Decimal decimals = to_decimal16(value);
  out.u8(static_cast<std::uint64_t>(decimals.exponent));
  out.u16(decimals.mantissa);
}

std::vector<float> read_taps(ByteReader& in, std::size_t count) {
  std::vector<float> taps(count);
  for (float& tap : taps) {
    const bool negative = in.u8() != 0;
    const int exponent = in.u8();
    const auto size = static_cast<float>(decimal(exponent, in.u32()));
    tap = negative ? -size : size;
  }
  return taps;
}

void write_taps(ByteWriter& out, const std::vector<float>& taps) {
  for (const float tap : taps) {
    const Decimal decimals = to_decimal(std::abs(double{tap}), 4294967295.0, kMaxExponent32);
    out.u8(tap < 0 ? 1 : 0);
    out.u8(static_cast<std::uint64_t>(decimals.exponent));
    out.u32(decimals.mantissa);
  }
}

std::size_t half_of(int taps) { return static_cast<std::size_t>(taps + 1) / 2; }
std::size_t taps_of(bool odd, std::size_t half) { return odd ? 2 * half - 1 : 2 * half; }

// Prefix codes of these lengths must have room: Kraft's sum is at most 1.
bool holds(const HuffmanSpec& spec) {
  std::uint32_t left = 1;
  for (const std::uint8_t count : spec.counts) {
    left *= 2;
    if (count > left) return false;
    left -= count;
  }
  return true;
}

void write_head(ByteWriter& out, Marker marker, std::size_t content) {
  write_marker(out, marker);
  out.u16(kLengthBytes + content);
}

}  // namespace

Result<Segment> read_segment(ByteReader& in) {
  Segment segment;
  segment.length_at = in.offset();
  const std::uint16_t length = in.u16();
  if (in.ok() && length < kLengthBytes) return fail(Fault::out_of_range, segment.length_at);
  const std::uint64_t end = in.offset() + in.remaining();
  segment.content = in.take(length - kLengthBytes);
  if (!in.ok()) return fail(Fault::truncated, end);
  return segment;
}

Result<Frame> read_frame(const Segment& segment) {
  WHORL_TRY_VOID(check_length(segment, kFrameBytes));
  ByteReader in(segment.content);
  in.take(2);  // black and white: said, and of no use
  Frame frame;
  const std::uint64_t size_at = content_at(segment) + in.offset();
  frame.height_px = in.u16();
  frame.width_px = in.u16();
  frame.middle = read_decimal16(in);
  frame.scale = read_decimal16(in);
  WHORL_TRY_VOID(check_image_size(static_cast<std::uint64_t>(frame.width_px),
                                  static_cast<std::uint64_t>(frame.height_px), size_at));
  return frame;
}

void write_frame(ByteWriter& out, const Frame& frame) {
  constexpr std::uint64_t kBlack = 0, kWhite = 255;
  constexpr std::uint64_t kEncoderNumber = 0, kSoftware = 0;  // of no certified implementation
  write_head(out, Marker::start_of_frame, kFrameBytes);
  out.u8(kBlack);
  out.u8(kWhite);
  out.u16(static_cast<std::uint64_t>(frame.height_px));
  out.u16(static_cast<std::uint64_t>(frame.width_px));
  write_decimal16(out, double{frame.middle});
  write_decimal16(out, double{frame.scale});
  out.u8(kEncoderNumber);
  out.u16(kSoftware);
}

FilterBank standard_bank() {
  return {true,
          {0.85269867900940F, 0.37740285561265F, -0.11062440441842F, -0.02384946501938F,
           0.03782845550699F},
          {0.78848561640566F, -0.41809227322221F, -0.04068941760956F, 0.06453888262894F}};
}

Result<FilterBank> read_bank(const Segment& segment) {
  ByteReader in(segment.content);
  const int low = in.u8();
  const int high = in.u8();
  if (!in.ok()) return fail(Fault::out_of_range, segment.length_at);
  if (low == 0) return fail(Fault::out_of_range, content_at(segment));
  if (high == 0) return fail(Fault::out_of_range, content_at(segment) + 1);
  if (low > kMaxTaps) return fail(Fault::unsupported, content_at(segment));
  if (high > kMaxTaps || low % 2 != high % 2) {
    return fail(Fault::unsupported, content_at(segment) + 1);
  }
  WHORL_TRY_VOID(check_length(segment, 2 + kTapBytes * (half_of(low) + half_of(high))));
  FilterBank bank;
  bank.odd = low % 2 == 1;
  bank.low = read_taps(in, half_of(low));
  bank.high = read_taps(in, half_of(high));
  return bank;
}

void write_bank(ByteWriter& out, const FilterBank& bank) {
  write_head(out, Marker::transform_table, 2 + kTapBytes * (bank.low.size() + bank.high.size()));
  out.u8(taps_of(bank.odd, bank.low.size()));
  out.u8(taps_of(bank.odd, bank.high.size()));
  write_taps(out, bank.low);
  write_taps(out, bank.high);
}

Result<Quantisers> read_quantisers(const Segment& segment) {
  WHORL_TRY_VOID(check_length(segment, kQuantiserBytes));
  ByteReader in(segment.content);
  Quantisers quantisers;
  quantisers.centre = read_decimal16(in);
  for (Quantiser& band : quantisers.bands) {
    band.bin = read_decimal16(in);
    band.zero_bin = read_decimal16(in);
  }
  return quantisers;
}

void write_quantisers(ByteWriter& out, const Quantisers& quantisers) {
  write_head(out, Marker::quantisation_table, kQuantiserBytes);
  write_decimal16(out, double{quantisers.centre});
  for (const Quantiser& band : quantisers.bands) {
    write_decimal16(out, double{band.bin});
    write_decimal16(out, double{band.zero_bin});
  }
}

float as_stored(double value) {
  const Decimal decimals = to_decimal16(value);
  return static_cast<float>(decimal(decimals.exponent, decimals.mantissa));
}

Result<> read_huffman_specs(const Segment& segment, HuffmanSpecs& into) {
  ByteReader in(segment.content);
  while (in.remaining() != 0) {
    const std::uint64_t table_at = content_at(segment) + in.offset();
    const std::uint8_t id = in.u8();
    if (id >= kHuffmanTables) return fail(Fault::out_of_range, table_at);
    HuffmanSpec spec;
    for (std::uint8_t& count : spec.counts) count = in.u8();
    const auto total = std::accumulate(spec.counts.begin(), spec.counts.end(), std::size_t{0});
    if (total > 256 || !holds(spec)) return fail(Fault::out_of_range, table_at + 1);
    for (const std::byte symbol : in.take(total)) {
      spec.symbols.push_back(std::to_integer<std::uint8_t>(symbol));
    }
    if (!in.ok()) return fail(Fault::out_of_range, segment.length_at);
    into.at(id) = std::move(spec);
  }
  return {};
}

void write_huffman_spec(ByteWriter& out, int id, const HuffmanSpec& spec) {
  write_head(out, Marker::huffman_tables, 1 + spec.counts.size() + spec.symbols.size());
  out.u8(static_cast<std::uint64_t>(id));
  for (const std::uint8_t count : spec.counts) out.u8(count);
  for (const std::uint8_t symbol : spec.symbols) out.u8(symbol);
}

Result<int> read_block_table(const Segment& segment) {
  WHORL_TRY_VOID(check_length(segment, 1));
  const int id = ByteReader(segment.content).u8();
  if (id >= kHuffmanTables) return fail(Fault::out_of_range, content_at(segment));
  return id;
}

void write_block_table(ByteWriter& out, int id) {
  write_head(out, Marker::start_of_block, 1);
  out.u8(static_cast<std::uint64_t>(id));
}

Result<int> read_restart_interval(const Segment& segment) {
  WHORL_TRY_VOID(check_length(segment, 2));
  return int{ByteReader(segment.content).u16()};
}

void write_restart_interval(ByteWriter& out, int interval) {
  write_head(out, Marker::restart_interval, 2);
  out.u16(static_cast<std::uint64_t>(interval));
}

std::optional<PixelsPerInch> resolution_of(std::span<const std::byte> comment) {
  std::string text;
  for (const std::byte b : comment) text.push_back(static_cast<char>(b));
  if (!text.starts_with("NIST_COM")) return std::nullopt;
  constexpr std::string_view kKey = "\nPPI ";
  const std::size_t found = text.find(kKey);
  if (found == std::string::npos) return std::nullopt;
  const char* const first = text.data() + found + kKey.size();
  int value = 0;
  const auto parsed = std::from_chars(first, text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || value == kUnknownPpi) return std::nullopt;
  return formats::resolution_of(value, value, 0).value_or(std::nullopt);
}

void write_comment(ByteWriter& out, std::string_view text) {
  write_head(out, Marker::comment, text.size());
  out.text(text);
}

void write_marker(ByteWriter& out, Marker marker) { out.u16(static_cast<std::uint64_t>(marker)); }

}  // namespace whorl::formats::wsq
