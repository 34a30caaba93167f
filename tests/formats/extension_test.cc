// What a view may carry beyond its minutiae, and how far its lengths may be wrong.

#include <gtest/gtest.h>

#include <initializer_list>

#include "engine/formats/minutiae_record.h"

namespace whorl::formats {
namespace {

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// A record of one view without minutiae whose extension block (with its total length) is `block`.
Bytes record_with(MinutiaeFormat format, const Bytes& block) {
  MinutiaeRecord record;
  record.format = format;
  FingerView view;
  view.quality = {QualityRecord{50}};
  view.width_px = 40;
  view.height_px = 24;
  view.resolution_x = PixelsPerCm{197};
  view.resolution_y = PixelsPerCm{197};
  record.views = {view};
  Bytes bytes = encode_minutiae_record(record).value();
  bytes.resize(bytes.size() - 2);  // the empty block
  const std::size_t view_bytes = bytes.size() - 15;
  bytes.insert(bytes.end(), block.begin(), block.end());
  const bool two_byte_length = format == MinutiaeFormat::ansi378_2004;
  const auto set_u16 = [&](std::size_t at, std::size_t value) {
    bytes.at(at) = static_cast<std::byte>(value >> 8U);
    bytes.at(at + 1) = static_cast<std::byte>(value & 0xFFU);
  };
  set_u16(two_byte_length ? 8 : 10, bytes.size());
  if (format == MinutiaeFormat::iso19794_2_2011) set_u16(17, view_bytes + block.size());
  return bytes;
}

// The one extension of such a record; the record must come back from it byte for byte.
Extension only_extension(MinutiaeFormat format, const Bytes& block) {
  const Bytes bytes = record_with(format, block);
  const auto record = decode_minutiae_record(bytes);
  if (!record || record->views.front().extensions.size() != 1) {
    ADD_FAILURE() << (record ? "not one extension" : describe(record.error()));
    return {};
  }
  EXPECT_EQ(encode_minutiae_record(*record).value(), bytes);
  return record->views.front().extensions.front();
}

Fault fault_of(MinutiaeFormat format, const Bytes& block) {
  const auto record = decode_minutiae_record(record_with(format, block));
  if (record) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  return record.error().fault;
}

constexpr auto kIso2005 = MinutiaeFormat::iso19794_2_2005;
constexpr auto kIso2011 = MinutiaeFormat::iso19794_2_2011;
constexpr auto kAnsi2004 = MinutiaeFormat::ansi378_2004;
constexpr auto kAnsi2009 = MinutiaeFormat::ansi378_2009;

TEST(Extensions, RidgeCountsAreTyped) {
  for (const MinutiaeFormat format : kMinutiaeFormats) {
    const auto counts = std::get<RidgeCounts>(
        only_extension(format, bytes_of({0, 11, 0, 1, 0, 11, 2, 5, 6, 7, 8, 9, 10})));
    EXPECT_EQ(counts, (RidgeCounts{RidgeCountMethod::octants, {{5, 6, 7}, {8, 9, 10}}, {}}));
  }
}

TEST(Extensions, RidgeCountsKeepBytesThatMakeNoCount) {
  const auto counts =
      std::get<RidgeCounts>(only_extension(kAnsi2004, bytes_of({0, 7, 0, 1, 0, 7, 0, 5, 6})));
  EXPECT_TRUE(counts.counts.empty());
  EXPECT_EQ(counts.rest, bytes_of({5, 6}));
}

TEST(Extensions, IsoPointsHaveAnglesEachForItself) {
  const Bytes block = bytes_of(
      {0, 23, 0, 2, 0, 23, 2, 0x40, 9, 0, 8, 70, 0, 3, 0, 4, 1, 0x40, 1, 0, 2, 10, 20, 30, 0});
  const auto points = std::get<CoresAndDeltas>(only_extension(kIso2011, block));
  ASSERT_EQ(points.cores.size(), 2U);
  EXPECT_EQ(points.cores[0], (Core{9, 8, RawAngle{70}}));
  EXPECT_EQ(points.cores[1], (Core{3, 4, std::nullopt}));
  ASSERT_EQ(points.deltas.size(), 1U);
  EXPECT_EQ(points.deltas[0], (Delta{1, 2, std::array{RawAngle{10}, RawAngle{20}, RawAngle{30}}}));
  EXPECT_EQ(points.rest, bytes_of({0}));
}

TEST(Extensions, AnsiPointsHaveAnglesAllOrNone) {
  const auto points = std::get<CoresAndDeltas>(only_extension(
      kAnsi2009, bytes_of({0, 15, 0, 2, 0, 15, 0x41, 0, 9, 0, 8, 70, 1, 0, 1, 0, 2})));
  ASSERT_EQ(points.cores.size(), 1U);
  EXPECT_EQ(points.cores[0], (Core{9, 8, RawAngle{70}}));
  ASSERT_EQ(points.deltas.size(), 1U);
  EXPECT_EQ(points.deltas[0], (Delta{1, 2, std::nullopt}));
}

TEST(Extensions, ZonalQualityIsUnpacked) {
  // 40 x 24 px in zones of 16 x 16: three by two, of three bits each.
  const Bytes of_2005 =
      bytes_of({0, 10, 0, 3, 0, 6, 16, 16, 3, 0b00101001, 0b11001011, 0b10000000});
  const auto zones = std::get<ZonalQuality>(only_extension(kIso2005, of_2005));
  EXPECT_EQ(zones.cells, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}));
  const Bytes of_2011 =
      bytes_of({0, 14, 0, 3, 0, 14, 1, 2, 3, 4, 16, 16, 3, 0b00101001, 0b11001011, 0b10000000});
  const auto named = std::get<ZonalQuality>(only_extension(kIso2011, of_2011));
  EXPECT_EQ(named.cells, zones.cells);
  EXPECT_EQ(named.vendor, 0x0102);
  EXPECT_EQ(named.algorithm, 0x0304);
}

// Content that does not read as its type says is kept as it is.
TEST(Extensions, NonsenseIsKeptVerbatim) {
  struct Row {
    MinutiaeFormat format;
    Bytes block;
  };
  for (const Row& row : {
           Row{kIso2011, bytes_of({0, 4, 0, 1, 0, 4})},          // no method
           Row{kIso2011, bytes_of({0, 5, 0, 1, 0, 5, 3})},       // method 3
           Row{kIso2011, bytes_of({0, 4, 0, 2, 0, 4})},          // no counts
           Row{kIso2011, bytes_of({0, 6, 0, 2, 0, 6, 255, 0})},  // 255 cores, not there
           Row{kIso2011, bytes_of({0, 6, 0, 2, 0, 6, 0, 255})},  // 255 deltas, not there
           Row{kIso2011, bytes_of({0, 10, 0, 2, 0, 10, 1, 0x80, 1, 0, 1, 0})},  // reserved bit of x
           Row{kIso2011, bytes_of({0, 10, 0, 2, 0, 10, 1, 0, 1, 0x40, 1, 0})},  // and of y
           Row{kAnsi2004, bytes_of({0, 6, 0, 2, 0, 6, 0x40, 0})},   // angles of no cores
           Row{kAnsi2004, bytes_of({0, 6, 0, 2, 0, 6, 0x80, 0})},   // reserved bit of the count
           Row{kIso2005, bytes_of({0, 7, 0, 3, 0, 3, 0, 16, 8})},   // zones of no width
           Row{kIso2005, bytes_of({0, 7, 0, 3, 0, 3, 16, 0, 8})},   // and of no height
           Row{kIso2005, bytes_of({0, 7, 0, 3, 0, 3, 16, 16, 0})},  // no bits
           Row{kIso2005, bytes_of({0, 7, 0, 3, 0, 3, 16, 16, 9})},  // nine bits
           Row{kIso2005, bytes_of({0, 7, 0, 3, 0, 3, 1, 1, 8})},    // 960 zones, not there
           Row{kIso2005,
               bytes_of({0, 10, 0, 3, 0, 6, 16, 16, 3, 0, 0, 1})},  // a bit after the last
           Row{kAnsi2004, bytes_of({0, 10, 0, 3, 0, 10, 16, 16, 3, 0, 0, 0})},  // ISO's alone
           Row{kIso2011, bytes_of({0, 4, 0, 0, 0, 4})},                         // type 0
           Row{kIso2011, bytes_of({0, 5, 2, 0x21, 0, 5, 9})},                   // a vendor's
       }) {
    const Extension extension = only_extension(row.format, row.block);
    ASSERT_TRUE(std::holds_alternative<OpaqueExtension>(extension));
    EXPECT_EQ(std::get<OpaqueExtension>(extension).data,
              Bytes(row.block.begin() + 6, row.block.end()));
  }
}

TEST(Extensions, LengthsWithAndWithoutTheirHeaderAreRead) {
  for (const MinutiaeFormat format : kMinutiaeFormats) {
    const auto with = only_extension(format, bytes_of({0, 6, 1, 1, 0, 6, 7, 8}));
    const auto without = only_extension(format, bytes_of({0, 6, 1, 1, 0, 2, 7, 8}));
    EXPECT_EQ(with, without);
    EXPECT_EQ(std::get<OpaqueExtension>(with).data, bytes_of({7, 8}));
  }
}

TEST(Extensions, LengthsThatDoNotAddUpAreRefused) {
  for (const MinutiaeFormat format : kMinutiaeFormats) {
    EXPECT_EQ(fault_of(format, bytes_of({0, 6, 1, 1, 0, 5, 7, 8})), Fault::length_mismatch);
    EXPECT_EQ(fault_of(format, bytes_of({0, 6, 1, 1, 0, 0, 7, 8})), Fault::length_mismatch);
    EXPECT_EQ(fault_of(format, bytes_of({0, 6, 1, 1, 255, 255, 7, 8})), Fault::length_mismatch);
    EXPECT_EQ(fault_of(format, bytes_of({0, 3, 1, 1, 0})), Fault::length_mismatch);
    EXPECT_EQ(fault_of(format, bytes_of({255, 255, 1, 1, 0, 6, 7, 8})), Fault::truncated);
  }
}

// Of the last extension alone, and only where its own counts say where it ends.
TEST(Extensions, LastLengthMayBeOffByTwo) {
  struct Row {
    int said;
    bool accepted;
  };
  // 4 + 1 + 5 + 1 = 11 bytes.
  for (const Row& row : {Row{8, false}, Row{9, true}, Row{10, true}, Row{11, true}, Row{12, true},
                         Row{13, true}, Row{14, false}}) {
    const Bytes block = bytes_of({0, row.said, 0, 2, 0, row.said, 0x41, 0, 9, 0, 8, 70, 0});
    const Bytes bytes = record_with(kAnsi2004, block);
    const auto record = decode_minutiae_record(bytes);
    EXPECT_EQ(record.has_value(), row.accepted) << row.said;
    if (!record) continue;
    EXPECT_EQ(record->views.front().extension_excess, 11 - row.said);
    EXPECT_EQ(encode_minutiae_record(*record).value(), bytes);
  }
}

TEST(Extensions, OtherLengthsMayNotBeOff) {
  // Ridge counts and vendors' blocks do not say where they end.
  EXPECT_EQ(fault_of(kAnsi2004, bytes_of({0, 9, 0, 1, 0, 9, 1, 1, 2, 3})), Fault::truncated);
  EXPECT_EQ(fault_of(kAnsi2004, bytes_of({0, 7, 0, 1, 0, 7, 1, 1, 2, 3})), Fault::length_mismatch);
  EXPECT_EQ(fault_of(kIso2005, bytes_of({0, 7, 1, 0, 0, 3, 1, 1})), Fault::truncated);
  // Points that end before or after the record does.
  EXPECT_EQ(fault_of(kAnsi2004, bytes_of({0, 11, 0, 2, 0, 11, 0x41, 0, 9, 0, 8, 70, 0, 0})),
            Fault::length_mismatch);
  EXPECT_EQ(fault_of(kAnsi2004, bytes_of({0, 11, 0, 2, 0, 11, 0x41, 0, 9, 0, 8, 70})),
            Fault::truncated);
  // A view of ISO 2011 says its own length.
  EXPECT_NE(fault_of(kIso2011, bytes_of({0, 11, 0, 2, 0, 11, 1, 0x40, 9, 0, 8, 70})), Fault{});
  // No bytes at all of what is announced.
  EXPECT_EQ(fault_of(kIso2005, bytes_of({0, 1})), Fault::truncated);
  EXPECT_EQ(fault_of(kIso2005, bytes_of({0, 2})), Fault::truncated);
}

TEST(Extensions, AnsiRefusesWhatItsFlagsCannotSay) {
  MinutiaeRecord record = decode_minutiae_record(record_with(kAnsi2009, bytes_of({0, 0}))).value();
  const auto fault_with = [&](CoresAndDeltas points) {
    record.views.front().extensions = {std::move(points)};
    const auto bytes = encode_minutiae_record(record);
    return bytes ? Fault{} : bytes.error().fault;
  };
  CoresAndDeltas mixed;
  mixed.cores = {Core{1, 2, RawAngle{3}}, Core{1, 2, std::nullopt}};
  EXPECT_EQ(fault_with(mixed), Fault::out_of_range);
  CoresAndDeltas many;
  many.deltas.resize(16);
  EXPECT_EQ(fault_with(many), Fault::out_of_range);
  CoresAndDeltas far;
  far.cores = {Core{0x4000, 0, std::nullopt}};
  EXPECT_EQ(fault_with(far), Fault::out_of_range);
  EXPECT_EQ(fault_with(CoresAndDeltas{}), Fault{});
}

}  // namespace
}  // namespace whorl::formats
