#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/search/engine.h"
#include "engine/service/verb.h"

namespace whorl::service {

// What of the service is counted and shown to Prometheus; never of a person. docs/operations.md has
// the list. Labels hold verbs, faults, stages, backends, decisions and priorities of fixed lists,
// and the names of galleries that exist: how many series there are does not depend on who asks
// what. Thread safety: every member may be called from any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  using Seconds = std::chrono::duration<double>;
  // One request, answered or refused; `fault` 0 where it was answered.
  void request(Verb verb, std::uint16_t fault, Seconds total);
  enum class Stage : std::uint8_t { queued, extracted, stage1, stage2, committed };
  void stage(Stage stage, Seconds time);
  void searched(std::int64_t comparisons, double loss, const std::string& backend,
                const std::string& decision);
  void batch(std::int64_t queries);  // of searches that went over a gallery together
  // What is looked up when somebody asks: queue depths by priority, galleries, disk.
  struct Gauges {
    std::vector<std::int64_t> waiting;  // by Priority
    std::int64_t streams = 0, subscribers = 0;
    bool draining = false;
    std::vector<search::GalleryStatus> galleries;
    std::int64_t disk_bytes = 0;
    std::int64_t log_lines_lost = 0;  // RequestLog::lost
  };
  // Once it returned, what was given before is not asked again, nor being asked.
  void gauges_from(std::function<Gauges()> look);

  std::string text() const;  // the Prometheus text format

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
