#pragma once
// Inside the formats layer: who captured a sample, when and how well. All parts of ISO/IEC
// 19794:2011 begin a representation with it, after its length.

#include <cstdint>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// The codes that a part of the standard has for the technology of its sensors.
enum class TechnologyCodes : std::uint8_t {
  finger_sensor,  // 0 .. 20
  any             // another list, whose codes are kept as they stand
};

struct CaptureBlock {
  CaptureTime captured;
  std::uint8_t sensor_technology = 0;
  std::uint16_t sensor_vendor = 0;
  std::uint16_t sensor_id = 0;
  std::vector<QualityRecord> quality;  // 0 .. 255
  std::vector<Certificate>
      certificates;  // likewise, where the record's header says that they follow
};

// Fault::out_of_range with the field's offset; bytes that end too soon are told by in.ok().
Result<CaptureBlock> read_capture_block(ByteReader& in, bool with_certificates,
                                        TechnologyCodes codes = TechnologyCodes::finger_sensor);
// Refuses what it cannot hold: out_of_range, limit_exceeded.
Result<> write_capture_block(ByteWriter& out, bool with_certificates, const CaptureBlock& block,
                             TechnologyCodes codes = TechnologyCodes::finger_sensor);

}  // namespace whorl::formats
