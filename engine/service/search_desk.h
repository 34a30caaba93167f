#pragma once
// Where searches of all clients meet, to go over a gallery together.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/result.h"
#include "engine/search/query.h"
#include "engine/service/admission.h"

namespace whorl::service {

// Searches that wait, taken a batch at a time: of one gallery and priority, the most urgent first,
// no more than fit into kLongestPass at the pace of the passes before. So an interactive search
// waits for one pass of others before the interactive ones are next, however many others wait; one
// pass in kFairShare is of who waited longest. Interactive ones are answered sooner together than
// one by one: theirs may last kLongestInteractivePass, and count as so many of the others'.
//
// Thread safety: search may be called from any thread. `lock_` guards waiting_, passes_ and stop_;
// the pace belongs to the desk's one thread.
class SearchDesk {
 public:
  // Searches a gallery with several queries at once, as search::Engine::identify does.
  using Identify = std::function<Result<std::vector<search::Answer>>(
      const std::string& gallery, std::span<const search::Query> queries)>;
  // `told` hears how many queries each pass had; may be null.
  SearchDesk(Identify identify, std::function<void(std::int64_t queries)> told);
  ~SearchDesk();  // after every search returned

  // Waits for the answer. A search that was begun is not ended by its deadline: a pass is over in
  // about a second.
  // Faults: those of Patience and of `identify`.
  Result<search::Answer> search(const std::string& gallery, search::Query query, Priority priority,
                                const Patience& patience);

  static constexpr std::chrono::milliseconds kLongestPass{250}, kLongestInteractivePass{1'000};
  static constexpr int kMostTogether = 64;

 private:
  struct Asked {
    std::string gallery;
    search::Query query;
    Priority priority;
    bool taken = false, done = false;
    Result<search::Answer> answer = fail(Fault::cancelled);
  };
  using Batch = std::vector<std::shared_ptr<Asked>>;

  void work();
  Batch next_batch();  // with lock_
  std::vector<Result<search::Answer>> pass(const Batch& batch);
  std::size_t most_of(const Asked& head) const;  // in its batch

  const Identify identify_;
  const std::function<void(std::int64_t)> told_;
  std::mutex lock_;
  std::condition_variable asked_, answered_;
  std::deque<std::shared_ptr<Asked>> waiting_;
  int passes_ = 0;  // of kLongestPass, since who waited longest was served whatever its priority
  bool stop_ = false;
  std::vector<std::pair<std::string, double>> seconds_per_query_;  // by gallery
  std::thread worker_;
};

}  // namespace whorl::service
