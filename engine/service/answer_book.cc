#include "engine/service/answer_book.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/base/crypto.h"
#include "engine/base/limits.h"
#include "engine/generated/whorl_generated.h"

namespace whorl::service {
namespace {

constexpr std::size_t kDigestBytes = 64;  // as hexadecimal digits

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// A client's ids are its own: another client's request by the same id is another request.
std::string note_name(const std::string& client, const std::string& request_id) {
  const std::string both = client + '\n' + request_id;
  return "r-" + sha256_hex(bytes_of(both)).substr(0, 62);
}

template <class Answer>
Answer* root_of(Bytes& answer) {
  return flatbuffers::GetMutableRoot<Answer>(answer.data());
}

// Every field of a stored answer is there (wire.h, packed), so each can be written in its place.
void complete_report(wire::Report* report, const Given& given, bool repeated) {
  if (report == nullptr) return;
  report->mutate_revision(given.revision.value());
  report->mutate_repeated(repeated);
}

}  // namespace

// All answers but an enrolment's have their report in the first field.
void AnswerBook::complete(Bytes& answer, Verb verb, const Given& given, bool repeated) {
  switch (verb) {
    case Verb::enrol:
    case Verb::enrol_with_dedup:
    case Verb::capture: {
      auto* enrolment = root_of<wire::EnrolAnswer>(answer);
      enrolment->mutate_encounter(given.encounter.value());
      complete_report(enrolment->mutable_report(), given, repeated);
      return;
    }
    default:
      complete_report(root_of<wire::AdminAnswer>(answer)->mutable_report(), given, repeated);
  }
}
static_assert(int{wire::AdminAnswer::VT_REPORT} == int{wire::IdentifyAnswer::VT_REPORT});
static_assert(int{wire::AdminAnswer::VT_REPORT} == int{wire::VerifyAnswer::VT_REPORT});
static_assert(int{wire::AdminAnswer::VT_REPORT} == int{wire::ChangeAnswer::VT_REPORT});
static_assert(int{wire::AdminAnswer::VT_REPORT} == int{wire::SubjectAnswer::VT_REPORT});
static_assert(int{wire::AdminAnswer::VT_REPORT} == int{wire::GalleriesAnswer::VT_REPORT});
static_assert(int{wire::AdminAnswer::VT_REPORT} == int{wire::StatsAnswer::VT_REPORT});

AnswerBook::Entry::~Entry() {
  if (book_ != nullptr) book_->close(name_);
}

gallery::Note AnswerBook::Entry::note(std::span<const std::byte> answer) const {
  gallery::Note note{name_, {}};
  const auto digest = bytes_of(digest_);
  note.content.assign(digest.begin(), digest.end());
  note.content.push_back(static_cast<std::byte>(verb_));
  note.content.insert(note.content.end(), answer.begin(), answer.end());
  return note;
}

Result<> AnswerBook::Entry::keep(std::span<const std::byte> answer) const {
  const gallery::Note kept = note(answer);
  if (kept.content.size() > kMaxNoteBytes) return {};
  return book_->store_.put_note(kept);
}

Result<AnswerBook::Entry> AnswerBook::open(const std::string& client, const std::string& request_id,
                                           Verb verb, std::string digest,
                                           const Patience& patience) {
  const std::string name = note_name(client, request_id);
  {
    std::unique_lock lock(lock_);
    while (answering_.contains(name)) {
      WHORL_TRY_VOID(patience.check());
      answered_.wait_until(lock,
                           std::min(patience.until, std::chrono::steady_clock::now() + kLookEvery));
    }
    answering_.insert(name);
  }
  Entry entry(this, name, std::move(digest), verb);
  WHORL_TRY(auto noted, store_.get_note(name));
  if (!noted) return entry;
  Bytes& content = noted->content;
  if (content.empty()) return fail(Fault::not_found, 0, "the subject was erased since");
  const bool same =
      content.size() > kDigestBytes + 1 &&
      std::ranges::equal(bytes_of(entry.digest_), std::span(content).first(kDigestBytes)) &&
      content[kDigestBytes] == static_cast<std::byte>(verb);
  if (!same) return fail(Fault::request_reused, 0, "heading.request_id");
  content.erase(content.begin(), content.begin() + kDigestBytes + 1);
  const bool changed = noted->subject.value() != 0;
  complete(content, verb, {noted->encounter, changed ? noted->revision : Revision{0}}, true);
  entry.first_ = std::move(content);
  return entry;
}

void AnswerBook::close(const std::string& name) {
  const std::lock_guard lock(lock_);
  answering_.erase(name);
  answered_.notify_all();
}

}  // namespace whorl::service
