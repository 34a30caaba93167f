// Published records of every dialect: they must decode to the values published with them, and
// encode to the same bytes.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "engine/formats/read_templates.h"
#include "tests/support/test_data.h"

namespace whorl::formats {
namespace {

using nlohmann::json;
using test::file_bytes;

constexpr std::array kPositions = {"UNKNOWN",     "RIGHT_THUMB",  "RIGHT_INDEX", "RIGHT_MIDDLE",
                                   "RIGHT_RING",  "RIGHT_LITTLE", "LEFT_THUMB",  "LEFT_INDEX",
                                   "LEFT_MIDDLE", "LEFT_RING",    "LEFT_LITTLE"};
constexpr std::array kCountTypes = {"CUSTOM", "QUADRANTS", "OCTANTS"};
constexpr std::array kEndingTypes = {"VALLEY_SKELETON_BIFURCATION", "RIDGE_SKELETON_ENDPOINT"};

std::string base64(const Bytes& data) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group =
          group << 8U | (i + k < data.size() ? std::to_integer<std::uint32_t>(data[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > data.size() ? '=' : digits[group >> (18 - 6 * k) & 63U];
    }
  }
  return text;
}

std::string kind_name(MinutiaKind kind, bool of_2009) {
  if (kind == MinutiaKind::ending) return "ENDING";
  if (kind == MinutiaKind::bifurcation) return "BIFURCATION";
  return of_2009 ? "EITHER" : "OTHER";
}

json minutiae_of(const FingerView& view, bool of_2009) {
  json list = json::array();
  for (const RecordMinutia& m : view.minutiae) {
    list.push_back({{"type", kind_name(m.kind, of_2009)},
                    {"positionX", m.x_px},
                    {"positionY", m.y_px},
                    {"angle", m.angle.value()},
                    {"quality", m.quality}});
  }
  return list;
}

void add_extensions(const FingerView& view, bool with_zones, json& out) {
  out["counts"] = nullptr;
  out["coredelta"] = nullptr;
  if (with_zones) out["zones"] = nullptr;
  out["extensions"] = json::array();
  for (const Extension& extension : view.extensions) {
    if (const auto* counts = std::get_if<RidgeCounts>(&extension)) {
      json edges = json::array();
      for (const RidgeCount& c : counts->counts) {
        edges.push_back({{"from", c.from}, {"to", c.to}, {"count", c.count}});
      }
      out["counts"] = {{"type", kCountTypes.at(static_cast<std::size_t>(counts->method))},
                       {"edges", edges}};
    } else if (const auto* opaque = std::get_if<OpaqueExtension>(&extension)) {
      out["extensions"].push_back({{"type", opaque->type}, {"data", base64(opaque->data)}});
    } else {
      ADD_FAILURE() << "the samples have no such extension";
    }
  }
}

void add_frame(const FingerView& view, json& out) {
  out["width"] = view.width_px;
  out["height"] = view.height_px;
  out["resolutionX"] = view.resolution_x.value();
  out["resolutionY"] = view.resolution_y.value();
}

void add_iso_2011(const FingerView& view, json& out) {
  const CaptureTime& t = view.captured;
  out["datetime"] = {{"year", t.year},
                     {"month", t.month},
                     {"day", t.day},
                     {"hour", t.hour},
                     {"minute", t.minute},
                     {"second", t.second},
                     {"millisecond", t.millisecond}};
  out["sensorType"] = view.sensor_technology == 0 ? "UNKNOWN" : "KNOWN";
  out["sensorVendor"] = view.sensor_vendor;
  out["sensorId"] = view.sensor_id;
  out["qrecords"] = json::array();
  for (const QualityRecord& q : view.quality) {
    out["qrecords"].push_back(
        {{"quality", q.score}, {"vendor", q.vendor}, {"algorithm", q.algorithm}});
  }
  out["certificates"] = json::array();
  for (std::size_t i = 0; i < view.certificates.size(); ++i) out["certificates"].push_back(i);
  out["endingType"] = kEndingTypes.at(static_cast<std::size_t>(view.ending_type));
}

json view_of(const FingerView& view, MinutiaeFormat format) {
  const bool of_2011 = format == MinutiaeFormat::iso19794_2_2011;
  const bool of_2009 =
      format == MinutiaeFormat::ansi378_2009 || format == MinutiaeFormat::ansi378_2009_am1;
  json out;
  out["position"] = kPositions.at(static_cast<std::size_t>(view.position));
  out["view"] = view.view_number;
  out["scanType"] = view.impression == Impression::live_plain ? "LIVE_PLAIN" : "OTHER";
  if (of_2011) {
    add_iso_2011(view, out);
  } else {
    out["quality"] = view.quality.at(0).score;
  }
  if (of_2009) {
    out["qualityVendorId"] = view.quality.at(0).vendor;
    out["qualityAlgorithmId"] = view.quality.at(0).algorithm;
  }
  if (of_2009 || of_2011) add_frame(view, out);
  out["minutiae"] = minutiae_of(view, of_2009);
  add_extensions(view, !is_ansi(format), out);
  return out;
}

json values_of(const MinutiaeRecord& record) {
  json out;
  const bool of_2005 = record.format == MinutiaeFormat::iso19794_2_2005;
  const bool of_2004 = record.format == MinutiaeFormat::ansi378_2004;
  if (is_ansi(record.format)) {
    out["vendorId"] = record.vendor;
    out["subformat"] = record.subformat;
  }
  if (record.format != MinutiaeFormat::iso19794_2_2011) {
    out["sensorCertified"] = record.certifications != 0;
    out["sensorId"] = record.sensor_id;
  }
  if (of_2004 || of_2005) add_frame(record.views.at(0), out);
  out["fingerprints"] = json::array();
  for (const FingerView& view : record.views) {
    out["fingerprints"].push_back(view_of(view, record.format));
  }
  return out;
}

struct Sample {
  const char* name;
  MinutiaeFormat format;
  bool lengths_are_true;
};
void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

class PublishedSample : public testing::TestWithParam<Sample> {};

TEST_P(PublishedSample, DecodesToItsPublishedValuesAndBack) {
  const std::string name = GetParam().name;
  const std::string stem = "interop/fingerprintio/" + name + "/" + name + "-sample";
  WHORL_DATA_OR_SKIP(published, stem + ".json");
  const Bytes bytes = file_bytes(published_folder.value() / (stem + ".dat"));
  const auto record = decode_minutiae_record(bytes);
  ASSERT_TRUE(record) << describe(record.error());
  EXPECT_EQ(record->format, GetParam().format);
  EXPECT_EQ(values_of(*record), json::parse(std::ifstream(published)));
  EXPECT_EQ(!record->declared_length.has_value(), GetParam().lengths_are_true);
  const auto encoded = encode_minutiae_record(*record);
  ASSERT_TRUE(encoded) << describe(encoded.error());
  EXPECT_EQ(*encoded, bytes);
  const auto converted = to_finger_templates(*record);
  ASSERT_TRUE(converted) << describe(converted.error());
  EXPECT_EQ(converted->templates.size(), 2U);
}

TEST_P(PublishedSample, RefusesEveryPrefix) {
  const std::string name = GetParam().name;
  WHORL_DATA_OR_SKIP(path, "interop/fingerprintio/" + name + "/" + name + "-sample.dat");
  const Bytes bytes = file_bytes(path);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto record = decode_minutiae_record(std::span(bytes).first(length));
    ASSERT_FALSE(record) << length << " bytes";
    const Fault fault = record.error().fault;
    // Of the sample whose length is 2 short, the last but one prefix is 1 longer than it says.
    const bool longer_than_it_says = !GetParam().lengths_are_true && length + 1 == bytes.size() &&
                                     fault == Fault::length_mismatch;
    EXPECT_TRUE(fault == (length == 0 ? Fault::empty_input : Fault::truncated) ||
                longer_than_it_says)
        << length << " bytes";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, PublishedSample,
    testing::Values(Sample{"iso19794p2v2005", MinutiaeFormat::iso19794_2_2005, true},
                    Sample{"iso19794p2v2011", MinutiaeFormat::iso19794_2_2011, true},
                    Sample{"ansi378v2004", MinutiaeFormat::ansi378_2004, false},
                    Sample{"ansi378v2009", MinutiaeFormat::ansi378_2009, false},
                    Sample{"ansi378v2009am1", MinutiaeFormat::ansi378_2009_am1, true}),
    [](const auto& tested) { return std::string(tested.param.name); });

// NIST's records, two of which misstate the length of their last extension.
struct NistRecord {
  const char* name;
  MinutiaeFormat format;
  std::vector<std::size_t> minutiae;
  int excess;
  bool draft_header;
};
void PrintTo(const NistRecord& record, std::ostream* out) { *out << record.name; }

class Nist : public testing::TestWithParam<NistRecord> {};

TEST_P(Nist, IsReadInSpiteOfItsLengthsAndWrittenAlike) {
  WHORL_DATA_OR_SKIP(path, std::string("interop/libbiomeval/") + GetParam().name);
  const Bytes bytes = file_bytes(path);
  const auto record = decode_minutiae_record(bytes);
  ASSERT_TRUE(record) << describe(record.error());
  EXPECT_EQ(record->format, GetParam().format);
  EXPECT_EQ(record->draft_header, GetParam().draft_header);
  std::vector<std::size_t> minutiae;
  for (const FingerView& view : record->views) minutiae.push_back(view.minutiae.size());
  EXPECT_EQ(minutiae, GetParam().minutiae);
  EXPECT_EQ(record->views.back().extension_excess, GetParam().excess);
  if (GetParam().excess != 0) {
    const auto& points = std::get<CoresAndDeltas>(record->views.back().extensions.back());
    EXPECT_EQ(points.cores.size(), 2U);
    EXPECT_EQ(points.deltas.size(), 4U);
    EXPECT_EQ(points.deltas.back().angles.value()[2], RawAngle{0x4D});
  }
  const auto encoded = encode_minutiae_record(*record);
  ASSERT_TRUE(encoded) << describe(encoded.error());
  EXPECT_EQ(*encoded, bytes);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Nist,
    testing::Values(NistRecord{"fmr.iso2005", MinutiaeFormat::iso19794_2_2005, {27, 22}, -1, false},
                    NistRecord{
                        "fmr.ansi2004", MinutiaeFormat::ansi378_2004, {27, 22, 28}, 2, false},
                    NistRecord{"fmr.ansi2007", MinutiaeFormat::ansi378_2009, {27, 22}, 0, true}),
    [](const auto& tested) {
      std::string name = tested.param.name;
      std::erase(name, '.');
      return name;
    });

// Other biometric records, and records of other systems, are told apart by their magic.
TEST(OtherRecords, AreNotTakenForMinutiae) {
  WHORL_DATA_OR_SKIP(folder, "interop/libbiomeval");
  for (const char* name : {"face01.iso2005", "iris01.iso2011", "img.wsq", "type9.an2k"}) {
    const auto read = read_templates(file_bytes(folder / name));
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().fault, Fault::bad_magic) << name;
  }
}

}  // namespace
}  // namespace whorl::formats
