#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace whorl {

// What can go wrong with input, people, disks and machines. One list for the whole engine. The
// numbers are on the wire and in operators' runbooks: append, never renumber. docs/faults.md is the
// same list with what to do, and a test holds the two together.
enum class Fault : std::uint16_t {
  truncated = 1,             // the bytes end before the record does
  bad_magic = 2,             // not the format it claims to be
  unsupported = 3,           // well formed, but a version or feature we do not read
  out_of_range = 4,          // a field outside what its standard allows
  limit_exceeded = 5,        // allowed by the standard, refused by our limits.h
  index_unavailable = 6,     // the search index refused; the gallery is untouched
  empty_input = 7,           // no bytes at all
  length_mismatch = 8,       // a declared length disagrees with the bytes
  no_minutiae = 9,           // a finger view without a single minutia
  bad_resolution = 10,       // 0 ppi, beyond what a scanner makes, or not square
  not_finite = 11,           // a face vector with NaN or infinity
  wrong_dimension = 12,      // a face vector of another length than its model's
  wrong_model = 13,          // a face vector of another model than the gallery's
  zero_vector = 14,          // a face vector without direction
  duplicate_id = 15,         // this subject, encounter or request is stored already
  not_found = 16,            // no such gallery, subject or encounter
  bad_checksum = 17,         // stored bytes changed since they were written
  seal_broken = 18,          // a sealed record does not open: altered, moved, or another key
  wrong_key = 19,            // this is not the store's master key
  no_key = 20,               // no master key was given, or it is not 64 hex digits
  disk_full = 21,            // the disk has no room; nothing of the request was stored
  io_error = 22,             // the disk or file system refused
  store_corrupt = 23,        // the store's own files are damaged
  store_in_use = 24,         // another process has the store open
  store_version = 25,        // the store was written by another major version
  already_exists = 26,       // the target folder or file is there already
  bad_name = 27,             // a gallery name outside [a-z0-9_-]{1,64}
  bad_manifest = 28,         // a manifest row that cannot be understood
  bad_argument = 29,         // the command line or request contradicts itself
  backend_unavailable = 30,  // the forced kernel twin is not on this machine
  out_of_memory = 31,        // the machine's memory, or the limit set for it, is used up
  quality_too_low = 32,      // the capture was refused by the station's quality gate
  snapshot_stale = 33,       // an index snapshot of another store, version or time
  too_few_minutiae = 34,     // too few minutiae to be told from anyone else's
  cancelled = 35,            // asked to stop before it was done
  device_fault = 36,         // an accelerator failed; the answer was taken on the CPU or not at all
  damaged_file = 37,         // a file whose checksum or compressed data is wrong
  no_device = 38,            // an accelerator was asked for, and none answers
  no_finger = 39,            // a picture in which no finger is to be seen
  no_face = 40,              // a picture in which no face is found
  many_faces = 41,           // several faces of like size, and no telling which is meant
  face_too_small = 42,       // a face too small to be told from others
  model_unavailable = 43,    // a face model or one of its files is not on this machine
  bad_model = 44,            // a face model's description cannot be understood
  wrong_model_file = 45,     // a face model's file is not the one its description names
  bad_model_output = 46,     // a network answered something else than its description says
  unknown_client = 47,       // a certificate that the policy does not name, or that is revoked
  not_allowed = 48,          // the client's role does not let it do this
  busy = 49,                 // the service has as much to do as it may; nothing was begun
  deadline_exceeded = 50,    // the caller's deadline passed before there was an answer
  request_reused = 51,       // a request id that was given before, with another request
  bad_request = 52,          // a message of the protocol that lacks something or contradicts itself
  bad_policy = 53,           // the service's policy file cannot be understood
  bad_certificate = 54,      // a certificate, key or revocation list that cannot be used
  audit_broken = 55,         // the audit log was altered, shortened or reordered
  unreachable = 56,          // the service does not answer
  draining = 57,             // the service is about to stop and takes nothing new
  no_kept_picture = 58,      // faces whose pictures were not kept, and are needed
  gallery_moving = 59,       // a gallery's faces are half-way to another model
  no_store = 60,             // neither a store nor a backup is in this folder
  unrecorded = 61,           // it was done, and stored, but is not in the audit log yet
};
inline constexpr Fault kLastFault = Fault::unrecorded;

// Whose doing it was: decides the exit code of the command (docs/faults.md).
enum class Blame : std::uint8_t { not_found = 1, usage = 2, input = 3, machine = 4 };

struct Error {
  Fault fault;
  std::uint64_t offset = 0;  // byte where parsing stopped; 0 when not about bytes
  std::string where;         // file, record or option; never a template, a name or an image

  bool operator==(const Error&) const = default;
};

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Fault fault, std::uint64_t offset = 0, std::string where = {}) {
  return tl::unexpected<Error>(Error{fault, offset, std::move(where)});
}

// The same error, said of a named place: `return at(parse(bytes).error(), "a.iso")`.
inline tl::unexpected<Error> at(Error error, std::string_view where) {
  if (error.where.empty()) error.where = where;
  return tl::unexpected<Error>(std::move(error));
}

struct FaultText {
  Fault fault;
  Blame blame;
  std::string_view name;    // stable, kebab-case, for JSON
  std::string_view what;    // one sentence: what is wrong
  std::string_view remedy;  // one sentence: what to do about it
};

const FaultText& text_of(Fault fault);

// "a.iso, byte 22: E4 out-of-range: a field is outside what its standard allows. Ask ..."
std::string describe(const Error& error);

}  // namespace whorl

// Leaves the function with the error of a Result, else names its value. For straight-line reading.
#define WHORL_TRY_CONCAT_(a, b) a##b
#define WHORL_TRY_NAME_(line) WHORL_TRY_CONCAT_(whorl_try_, line)
#define WHORL_TRY(declaration, expression)                                               \
  auto WHORL_TRY_NAME_(__LINE__) = (expression);                                         \
  if (!WHORL_TRY_NAME_(__LINE__))                                                        \
    return tl::unexpected<::whorl::Error>(std::move(WHORL_TRY_NAME_(__LINE__)).error()); \
  declaration = std::move(*WHORL_TRY_NAME_(__LINE__))
#define WHORL_TRY_VOID(expression)                             \
  if (auto whorl_try_status = (expression); !whorl_try_status) \
  return tl::unexpected<::whorl::Error>(std::move(whorl_try_status).error())
