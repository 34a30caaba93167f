#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "engine/gallery/batch.h"
#include "engine/search/engine.h"
#include "engine/service/admission.h"
#include "engine/service/verb.h"

namespace whorl::service {

// What a change was given by the store: told in its answer.
struct Given {
  EncounterId encounter;
  Revision revision;
};

// First answers, kept in the store (gallery/batch.h: Note) for requests that come again.
//
// Thread safety: every member may be called from any thread. `lock_` guards `answering_`.
class AnswerBook {
 public:
  explicit AnswerBook(gallery::Store& store) : store_(store) {}

  // One request of one client. While it lives no other with the same id is answered.
  class [[nodiscard]] Entry {
   public:
    Entry(Entry&& other) noexcept
        : book_(std::exchange(other.book_, nullptr)),
          name_(std::move(other.name_)),
          digest_(std::move(other.digest_)),
          verb_(other.verb_),
          first_(std::move(other.first_)) {}
    Entry& operator=(Entry&&) = delete;
    ~Entry();

    // The first answer, where there was one; it says that it is repeated.
    const std::optional<Bytes>& first_answer() const { return first_; }
    // The answer as a note, to be stored with what it tells of.
    gallery::Note note(std::span<const std::byte> answer) const;
    // For answers to what changed nothing. One that is too long for a note is not kept.
    Result<> keep(std::span<const std::byte> answer) const;

   private:
    friend class AnswerBook;
    Entry(AnswerBook* book, std::string name, std::string digest, Verb verb)
        : book_(book), name_(std::move(name)), digest_(std::move(digest)), verb_(verb) {}
    AnswerBook* book_;
    std::string name_, digest_;
    Verb verb_;
    std::optional<Bytes> first_;
  };

  // `digest`: of the whole request (sha256_hex). Waits while the same id is being answered.
  // Faults: request_reused (another digest or verb), not_found (of a subject that was erased
  // since), those of Patience and of the store.
  Result<Entry> open(const std::string& client, const std::string& request_id, Verb verb,
                     std::string digest, const Patience& patience);

  // Writes into an answer what only the store knew, and whether it was given before.
  static void complete(Bytes& answer, Verb verb, const Given& given, bool repeated);

 private:
  void close(const std::string& name);

  gallery::Store& store_;
  std::mutex lock_;
  std::condition_variable answered_;
  std::set<std::string> answering_;
};

}  // namespace whorl::service
