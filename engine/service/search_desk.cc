#include "engine/service/search_desk.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace whorl::service {
namespace {

constexpr double kFirstGuess = 0.01;  // seconds a query, before any was measured

}  // namespace

SearchDesk::SearchDesk(Identify identify, std::function<void(std::int64_t)> told)
    : identify_(std::move(identify)), told_(std::move(told)), worker_([this] { work(); }) {}

SearchDesk::~SearchDesk() {
  {
    const std::lock_guard lock(lock_);
    stop_ = true;
  }
  asked_.notify_all();
  worker_.join();
}

Result<search::Answer> SearchDesk::search(const std::string& gallery, search::Query query,
                                          Priority priority, const Patience& patience) {
  WHORL_TRY_VOID(patience.check());
  auto own = std::make_shared<Asked>();
  own->gallery = gallery;
  own->query = std::move(query);
  own->priority = priority;
  std::unique_lock lock(lock_);
  waiting_.push_back(own);
  asked_.notify_one();
  while (!own->done) {
    const auto look = std::chrono::steady_clock::now() + kLookEvery;
    answered_.wait_until(lock, own->taken ? look : std::min(look, patience.until));
    if (own->done || own->taken) continue;
    if (Result<> still = patience.check(); !still) {
      std::erase(waiting_, own);
      return tl::unexpected<Error>(std::move(still).error());
    }
  }
  return std::move(own->answer);
}

std::size_t SearchDesk::most_of(const Asked& head) const {
  double seconds = kFirstGuess;
  for (const auto& [name, pace] : seconds_per_query_) {
    if (name == head.gallery) seconds = pace;
  }
  const bool urgent = head.priority == Priority::interactive;
  const std::chrono::duration<double> longest = urgent ? kLongestInteractivePass : kLongestPass;
  const double fit = longest.count() / std::max(seconds, 1e-6);
  return static_cast<std::size_t>(std::clamp(fit, 1.0, double{kMostTogether}));
}

SearchDesk::Batch SearchDesk::next_batch() {
  Batch batch;
  if (waiting_.empty()) return batch;
  auto first = waiting_.begin();
  if (++passes_ >= kFairShare) {
    passes_ = 0;
  } else {
    first =
        std::ranges::min_element(waiting_, {}, [](const auto& a) { return rank_of(a->priority); });
  }
  const std::shared_ptr<Asked> head = *first;
  const std::size_t most = most_of(*head);
  std::erase_if(waiting_, [&](const std::shared_ptr<Asked>& a) {
    if (batch.size() == most || a->gallery != head->gallery || a->priority != head->priority) {
      return false;
    }
    a->taken = true;
    batch.push_back(a);
    return true;
  });
  return batch;
}

// One bad query refuses a batch, so then each is searched by itself: the good ones are answered.
std::vector<Result<search::Answer>> SearchDesk::pass(const Batch& batch) {
  std::vector<search::Query> queries;
  for (const auto& a : batch) queries.push_back(std::move(a->query));
  std::vector<Result<search::Answer>> answers;
  auto together = identify_(batch.front()->gallery, queries);
  if (together) {
    for (search::Answer& answer : *together) answers.emplace_back(std::move(answer));
    return answers;
  }
  if (queries.size() == 1) {
    answers.emplace_back(tl::unexpected<Error>(std::move(together).error()));
    return answers;
  }
  for (const search::Query& query : queries) {
    auto alone = identify_(batch.front()->gallery, {&query, 1});
    if (alone) {
      answers.emplace_back(std::move(alone->front()));
    } else {
      answers.emplace_back(tl::unexpected<Error>(std::move(alone).error()));
    }
  }
  return answers;
}

void SearchDesk::work() {
  std::unique_lock lock(lock_);
  for (;;) {
    asked_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    const Batch batch = next_batch();
    if (batch.empty()) return;
    lock.unlock();
    const auto begun = std::chrono::steady_clock::now();
    std::vector<Result<search::Answer>> answers = pass(batch);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const double each = took.count() / static_cast<double>(batch.size());
    const auto known = std::ranges::find(seconds_per_query_, batch.front()->gallery,
                                         &std::pair<std::string, double>::first);
    if (known == seconds_per_query_.end()) {
      seconds_per_query_.emplace_back(batch.front()->gallery, each);
    } else {
      known->second += (each - known->second) / 4;
    }
    if (told_) told_(std::ssize(batch));
    lock.lock();
    if (batch.front()->priority == Priority::interactive)
      passes_ += static_cast<int>(took / std::chrono::duration<double>(kLongestPass));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      batch[i]->answer = std::move(answers[i]);
      batch[i]->done = true;
    }
    answered_.notify_all();
  }
}

}  // namespace whorl::service
