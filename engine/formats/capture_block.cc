#include "engine/formats/capture_block.h"

namespace whorl::formats {
namespace {

constexpr std::uint8_t kMaxSensorTechnology = 20;
constexpr std::size_t kMostInList = 255;  // both lists follow a count of one byte

CaptureTime read_capture_time(ByteReader& in) {
  CaptureTime time;
  time.year = in.u16();
  time.month = in.u8();
  time.day = in.u8();
  time.hour = in.u8();
  time.minute = in.u8();
  time.second = in.u8();
  time.millisecond = in.u16();
  return time;
}

void write_capture_time(ByteWriter& out, const CaptureTime& time) {
  out.u16(time.year);
  out.u8(time.month);
  out.u8(time.day);
  out.u8(time.hour);
  out.u8(time.minute);
  out.u8(time.second);
  out.u16(time.millisecond);
}

bool is_known(std::uint8_t technology, TechnologyCodes codes) {
  return codes == TechnologyCodes::any || technology <= kMaxSensorTechnology;
}

bool holds_score(std::uint8_t score) { return score <= 100 || score >= kQualityNotReported; }

// A short record ends either list, and ok() tells afterwards.
Result<std::vector<QualityRecord>> read_quality(ByteReader& in) {
  std::vector<QualityRecord> list;
  const std::uint8_t count = in.u8();
  for (int i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t start = in.offset();
    QualityRecord quality;
    quality.score = in.u8();
    quality.vendor = in.u16();
    quality.algorithm = in.u16();
    if (!holds_score(quality.score)) return fail(Fault::out_of_range, start);
    list.push_back(quality);
  }
  return list;
}

std::vector<Certificate> read_certificates(ByteReader& in) {
  std::vector<Certificate> list;
  const std::uint8_t count = in.u8();
  for (int i = 0; i < count && in.ok(); ++i) {
    Certificate certificate;
    certificate.authority = in.u16();
    certificate.scheme = in.u8();
    list.push_back(certificate);
  }
  return list;
}

Result<> write_quality(ByteWriter& out, const std::vector<QualityRecord>& list) {
  if (list.size() > kMostInList) return fail(Fault::limit_exceeded, out.size());
  out.u8(list.size());
  for (const QualityRecord& quality : list) {
    if (!holds_score(quality.score)) return fail(Fault::out_of_range, out.size());
    out.u8(quality.score);
    out.u16(quality.vendor);
    out.u16(quality.algorithm);
  }
  return {};
}

Result<> write_certificates(ByteWriter& out, const std::vector<Certificate>& list) {
  if (list.size() > kMostInList) return fail(Fault::limit_exceeded, out.size());
  out.u8(list.size());
  for (const Certificate& certificate : list) {
    out.u16(certificate.authority);
    out.u8(certificate.scheme);
  }
  return {};
}

}  // namespace

Result<CaptureBlock> read_capture_block(ByteReader& in, bool with_certificates,
                                        TechnologyCodes codes) {
  CaptureBlock block;
  block.captured = read_capture_time(in);
  const std::uint64_t technology_at = in.offset();
  block.sensor_technology = in.u8();
  block.sensor_vendor = in.u16();
  block.sensor_id = in.u16();
  if (!is_known(block.sensor_technology, codes)) return fail(Fault::out_of_range, technology_at);
  WHORL_TRY(block.quality, read_quality(in));
  if (with_certificates) block.certificates = read_certificates(in);
  return block;
}

Result<> write_capture_block(ByteWriter& out, bool with_certificates, const CaptureBlock& block,
                             TechnologyCodes codes) {
  write_capture_time(out, block.captured);
  if (!is_known(block.sensor_technology, codes)) return fail(Fault::out_of_range, out.size());
  out.u8(block.sensor_technology);
  out.u16(block.sensor_vendor);
  out.u16(block.sensor_id);
  WHORL_TRY_VOID(write_quality(out, block.quality));
  if (with_certificates) return write_certificates(out, block.certificates);
  if (!block.certificates.empty()) return fail(Fault::out_of_range, out.size());
  return {};
}

}  // namespace whorl::formats
