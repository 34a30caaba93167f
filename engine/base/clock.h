#pragma once

#include <chrono>

#include "engine/base/units.h"

namespace whorl {

// Time is passed in, so that tests can set it and a run can be repeated.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixMillis now() const = 0;
};

class SystemClock final : public Clock {
 public:
  UnixMillis now() const override {
    using namespace std::chrono;
    return UnixMillis{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
  }
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixMillis start) : now_(start) {}
  UnixMillis now() const override { return now_; }
  void set(UnixMillis now) { now_ = now; }

 private:
  UnixMillis now_;
};

}  // namespace whorl
