#pragma once
// Between the protocol's messages (whorl.fbs) and the engine's values.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/generated/whorl_generated.h"
#include "engine/search/query.h"
#include "engine/service/decide.h"
#include "engine/service/policy.h"
#include "engine/service/samples.h"
#include "engine/service/verb.h"

namespace whorl::service {

// The message's root, every offset and string of it checked; it points into `bytes`.
// Fault::bad_request.
template <class Request>
Result<const Request*> verified(std::span<const std::byte> bytes);

bool is_request_id(std::string_view id);    // [A-Za-z0-9._:-]{1,64}
bool is_purpose(std::string_view purpose);  // [a-z0-9_-]{1,32}

// What heads every request.
struct Heading {
  std::string request_id, gallery, purpose;
  Priority priority = Priority::routine;
};
enum class NeedsGallery : bool { no, yes };  // yes: and a purpose
// Faults: bad_request with the field's name, bad_name of the gallery, limit_exceeded.
Result<Heading> read_heading(const wire::Heading* heading, NeedsGallery needs_gallery);

// How to search, with the rates of the gallery's policy; without templates.
// Faults: bad_request with the field's name, limit_exceeded.
Result<search::Query> read_search(const wire::Search* search, const GalleryPolicy& policy,
                                  const Bands& bands);

// A subject's number, 1 or more. Fault::bad_request.
Result<SubjectId> read_subject(std::uint64_t number);

// Of an enrolment or update; `captured_at` 0 is `now`. Faults: bad_request, limit_exceeded.
Result<Encounter> read_encounter(const flatbuffers::String* source, std::uint64_t captured_at_ms,
                                 wire::Sex sex, std::uint16_t birth_year, UnixMillis now);

// What an answer is told by besides itself: how it was decided, and which sample each of the
// query's templates came from.
struct Telling {
  const Bands& bands;
  const GalleryPolicy& policy;
  const SampleReports& reports;
};
std::unique_ptr<wire::SearchResultT> to_wire(const search::Answer& answer, const Telling& by);
std::unique_ptr<wire::CandidateT> to_wire(const search::Candidate& candidate, const Telling& by);
std::unique_ptr<wire::ThresholdsT> to_wire(const Bands& bands);

// What a client learns of a search, as the engine's own values; the templates of its query are one
// a sample.
search::Answer from_wire(const wire::SearchResultT& result, const wire::TimingsT& timings);

// The answer's bytes, every field of them there, so that what a stored answer has to say anew can
// be written into it.
template <class AnswerT>
Bytes packed(const AnswerT& answer) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);
  builder.Finish(AnswerT::TableType::Pack(builder, &answer));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return Bytes(bytes.begin(), bytes.end());
}

template <class Request>
Result<const Request*> verified(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size());
  if (!verifier.VerifyBuffer<Request>(nullptr)) {
    return fail(Fault::bad_request, 0, "the message's tables");
  }
  return flatbuffers::GetRoot<Request>(data);
}

}  // namespace whorl::service
