#include "tests/support/fake_accelerator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "kernels/backend.h"

namespace whorl::testing {
namespace {

using kernels::Status;

// A scanner's calls: one at a time, of which some fail.
class Calls {
 public:
  explicit Calls(const FakeAccelerator& accelerator) : accelerator_(accelerator) {
    ++accelerator_.scanners;
  }
  ~Calls() { --accelerator_.scanners; }
  Status run(std::atomic<std::int64_t>& counter, const std::function<Status()>& work) {
    WHORL_CHECK(!busy_.exchange(true));
    ++counter;
    const Status status = accelerator_.call();
    const Status done = status == Status::ok ? work() : status;
    busy_ = false;
    return done;
  }
  bool holds(std::int64_t bytes) const { return bytes <= accelerator_.memory_bytes; }
  const FakeAccelerator& accelerator() const { return accelerator_; }

 private:
  const FakeAccelerator& accelerator_;
  std::atomic<bool> busy_ = false;
};

// Those below `keep` others go.
template <class Candidate, class Value>
void keep_best(std::vector<Candidate>& list, int keep, Value value) {
  if (std::ssize(list) <= keep) return;
  std::ranges::sort(list, std::greater{}, value);
  const auto least = value(list[static_cast<std::size_t>(keep - 1)]);
  std::erase_if(list, [&](const Candidate& c) { return value(c) < least; });
}

class FakeFingers : public kernels::FingerScanner {
 public:
  explicit FakeFingers(const FakeAccelerator& accelerator) : calls_(accelerator) {}

  Status put(std::int64_t number, const kernels::PackedFingers& block) override {
    return calls_.run(calls_.accelerator().puts, [&] {
      WHORL_CHECK(number == blocks() || (number >= 0 && number == blocks() - 1));
      bytes_ += block.size - (number < blocks() ? blocks_.back().size : 0);
      if (!calls_.holds(bytes_)) return Status::device_out_of_memory;
      blocks_.resize(static_cast<std::size_t>(number));
      blocks_.push_back(block);
      return Status::ok;
    });
  }
  Status refresh(std::int64_t number) override {
    return calls_.run(calls_.accelerator().wipes, [&] {
      WHORL_CHECK(number >= 0 && number < blocks());
      return Status::ok;
    });
  }
  std::int64_t blocks() const override { return std::ssize(blocks_); }
  std::int64_t resident_bytes() const override { return bytes_; }

  Status scan(const kernels::FingerSearch* searches, int count, kernels::FingerScore score,
              std::vector<std::vector<kernels::FingerCandidate>>& lists) override {
    return calls_.run(calls_.accelerator().scans, [&] {
      lists.assign(static_cast<std::size_t>(count), {});
      for (int s = 0; s < count; ++s) look(searches[s], score, lists[static_cast<std::size_t>(s)]);
      return Status::ok;
    });
  }
  float last_kernel_ms() const override { return 1; }

 private:
  void look(const kernels::FingerSearch& search, kernels::FingerScore by,
            std::vector<kernels::FingerCandidate>& list) const {
    WHORL_CHECK(search.at_least >= 1 && search.keep >= 1);
    const kernels::Backend best = kernels::best_backend();
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const kernels::PackedFingers& block = blocks_[b];
      const std::uint16_t everything = 0;
      columns_.resize(static_cast<std::size_t>(block.codes.groups));
      std::uint16_t scores[kernels::kBlockPrints];
      kernels::score_finger_block(best)({&search.codes, &everything, 1}, block.codes,
                                        search.eligible[b], nullptr, columns_.data(), scores);
      if (by == kernels::FingerScore::alignment) {
        kernels::align_prints(best)(search.minutiae, block.minutiae, columns_.data(),
                                    search.eligible[b], search.least_votes, scores);
      }
      for (std::uint32_t p = 0; p < kernels::kBlockPrints; ++p) {
        const std::uint32_t row = static_cast<std::uint32_t>(b) * kernels::kBlockPrints + p;
        if (scores[p] >= search.at_least) list.push_back({row, scores[p]});
      }
    }
    keep_best(list, search.keep, [](const kernels::FingerCandidate& c) { return c.score; });
  }

  Calls calls_;
  std::vector<kernels::PackedFingers> blocks_;
  std::int64_t bytes_ = 0;
  mutable std::vector<kernels::FingerColumns> columns_;
};

class FakeComparer : public kernels::PrintComparer {
 public:
  explicit FakeComparer(const FakeAccelerator& accelerator) : calls_(accelerator) {}
  Status compare(const kernels::PrintBatch& batch, const kernels::PrintPair* pairs,
                 std::int64_t count, float* similarities) override {
    return calls_.run(calls_.accelerator().compared, [&] {
      kernels::compare_prints_reference(batch, pairs, count, similarities);
      return Status::ok;
    });
  }
  float last_kernel_ms() const override { return 1; }

 private:
  Calls calls_;
};

class FakeFaces : public kernels::FaceScanner {
 public:
  FakeFaces(const FakeAccelerator& accelerator, int dimension)
      : calls_(accelerator), dimension_(dimension) {}

  Status append(const float* vectors, std::int64_t rows) override {
    return calls_.run(calls_.accelerator().puts, [&] {
      for (std::int64_t r = 0; r < rows; ++r) {
        const float* vector = vectors + r * dimension_;
        WHORL_CHECK(std::abs(product(vector, vector) - 1) < 1e-5F);
        rows_.emplace_back(vector, vector + dimension_);
      }
      return calls_.holds(resident_bytes()) ? Status::ok : Status::device_out_of_memory;
    });
  }
  Status wipe(std::int64_t row) override {
    return calls_.run(calls_.accelerator().wipes, [&] {
      std::ranges::fill(rows_.at(static_cast<std::size_t>(row)), 0.0F);
      return Status::ok;
    });
  }
  std::int64_t rows() const override { return std::ssize(rows_); }
  std::int64_t resident_bytes() const override { return rows() * dimension_; }

  Status scan(const float* probes, int count, const std::uint32_t* admitted, int keep,
              std::vector<std::vector<kernels::FaceCandidate>>& lists) override {
    return calls_.run(calls_.accelerator().scans, [&] {
      lists.assign(static_cast<std::size_t>(count), {});
      for (int p = 0; p < count; ++p)
        look(probes + std::int64_t{p} * dimension_, admitted, keep,
             lists[static_cast<std::size_t>(p)]);
      return Status::ok;
    });
  }
  bool exact() const override { return calls_.accelerator().exact_faces; }
  float last_kernel_ms() const override { return 1; }

 private:
  static constexpr float kRounding = 1e-5F;  // whose sums differ by less may change places

  float product(const float* a, const float* b) const {
    float sum = 0;
    for (int d = 0; d < dimension_; ++d) sum += a[d] * b[d];
    return sum;
  }
  float exact_product(const float* a, const float* b) const {
    const auto padded = (dimension_ + kernels::kFaceLanes - 1) / kernels::kFaceLanes *
                        std::int64_t{kernels::kFaceLanes};
    std::vector<float> left(a, a + dimension_), right(b, b + dimension_);
    left.resize(static_cast<std::size_t>(padded)), right.resize(left.size());
    float product = 0;
    kernels::face_dot_reference(left.data(), {right.data(), 1, padded}, &product);
    return product;
  }
  float similarity(const float* a, const float* b) const {
    return exact() ? exact_product(a, b) : std::floor(product(a, b) / kRounding) * kRounding;
  }
  void look(const float* probe, const std::uint32_t* admitted, int keep,
            std::vector<kernels::FaceCandidate>& list) const {
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      if (admitted != nullptr && (admitted[r / 32] >> r % 32 & 1U) == 0) continue;
      list.push_back({r, similarity(probe, rows_[r].data())});
    }
    keep_best(list, keep, [](const kernels::FaceCandidate& c) { return c.similarity; });
  }

  Calls calls_;
  int dimension_;
  std::vector<std::vector<float>> rows_;
};

}  // namespace

std::vector<kernels::DeviceInfo> FakeAccelerator::devices(Status* status) const {
  std::vector<kernels::DeviceInfo> list;
  for (int d = 0; d < devices_; ++d)
    list.push_back({d, "fake " + std::to_string(d), 1, 0, 1 << 30, 1 << 30});
  if (status != nullptr) *status = list.empty() ? Status::no_device : Status::ok;
  return list;
}

bool FakeAccelerator::opens(int device, kernels::Status* why) const {
  const bool there = device >= 0 && device < devices_;
  const kernels::Status status = there ? opening.load() : kernels::Status::no_device;
  if (why != nullptr) *why = status;
  return status == kernels::Status::ok;
}

std::unique_ptr<kernels::FingerScanner> FakeAccelerator::fingers(int device, std::int64_t,
                                                                 kernels::Status* why) const {
  if (!opens(device, why)) return nullptr;
  return std::make_unique<FakeFingers>(*this);
}

std::unique_ptr<kernels::FaceScanner> FakeAccelerator::faces(int device, int dimension,
                                                             std::int64_t,
                                                             kernels::Status* why) const {
  if (!opens(device, why)) return nullptr;
  return std::make_unique<FakeFaces>(*this, dimension);
}

std::unique_ptr<kernels::PrintComparer> FakeAccelerator::comparer(int device, Status* why) const {
  if (!opens(device, why)) return nullptr;
  return std::make_unique<FakeComparer>(*this);
}

}  // namespace whorl::testing
