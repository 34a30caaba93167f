#include "engine/index/finger_index.h"

#include <algorithm>
#include <bit>

#include "engine/base/limits.h"

namespace whorl::index {
namespace {
constexpr std::size_t kPerBlock = kernels::kBlockPrints;
}

FingerProbe::FingerProbe(const FingerTemplate& print, int gate_steps) : gate_steps_(gate_steps) {
  WHORL_CHECK(print.codes.size() == print.minutiae.size());
  std::vector<std::size_t> order, uncoded;
  for (std::size_t m = 0; m < print.codes.size(); ++m) {
    const bool coded = std::ranges::any_of(print.codes[m], std::identity{});
    (coded ? order : uncoded).push_back(m);
  }
  if (order.size() > kernels::kMaxProbeCodes) order.resize(kernels::kMaxProbeCodes);
  std::ranges::stable_sort(order, {},
                           [&](std::size_t m) { return print.minutiae[m].direction.steps(); });
  for (const std::size_t m : order) {
    kernels::ProbeCode& code = codes_.emplace_back();
    std::ranges::copy(print.codes[m], code.words);
    for (const std::uint16_t word : print.codes[m]) {
      code.popcount = static_cast<std::uint16_t>(code.popcount + std::popcount(word));
    }
    code.direction_steps = print.minutiae[m].direction.steps();
  }
  order.insert(order.end(), uncoded.begin(), uncoded.end());
  if (order.size() > kernels::kMaxPrintMinutiae) order.resize(kernels::kMaxPrintMinutiae);
  for (const std::size_t m : order) {
    const Minutia& minutia = print.minutiae[m];
    minutiae_.push_back(
        {minutia.x_px, minutia.y_px, minutia.direction.steps(), minutia.quality, 0});
  }
}

kernels::FingerProbe FingerProbe::codes() const {
  return {codes_.data(), static_cast<int>(codes_.size()), gate_steps_};
}

kernels::AlignmentProbe FingerProbe::minutiae() const {
  return {minutiae_.data(), static_cast<int>(codes_.size()), static_cast<int>(minutiae_.size())};
}

FingerIndex::FingerIndex(FingerPosition position, std::uint16_t code_version)
    : position_(position), code_version_(code_version) {}

void FingerIndex::append(std::span<const FingerPrint> prints) {
  while (!prints.empty()) {
    const std::size_t filled = owners_.size() % kPerBlock;
    const std::size_t added = std::min(prints.size(), kPerBlock - filled);
    std::vector<FingerTemplate> kept;
    for (std::size_t slot = 0; slot < filled; ++slot) {
      const Row row{static_cast<std::uint32_t>(owners_.size() - filled + slot)};
      kept.push_back(is_live(row) ? print(row) : FingerTemplate{});
    }
    std::vector<const FingerTemplate*> members;
    for (const FingerTemplate& print : kept) members.push_back(&print);
    for (const FingerPrint& fresh : prints.first(added)) {
      WHORL_CHECK(fresh.print->code_version == code_version_);
      members.push_back(fresh.print);
      live_bits_.resize(owners_.size() / kPerBlock + 1);
      live_bits_.back() |= std::uint64_t{1} << (owners_.size() % kPerBlock);
      owners_.push_back(fresh.owner);
    }
    if (filled > 0) blocks_.pop_back();
    blocks_.push_back(PackedBlock::pack(members));
    live_ += static_cast<std::int64_t>(added);
    prints = prints.subspan(added);
  }
}

void FingerIndex::remove(Row row) {
  WHORL_CHECK(is_live(row));
  live_bits_[row.value() / kPerBlock] &= ~(std::uint64_t{1} << (row.value() % kPerBlock));
  blocks_[row.value() / kPerBlock].wipe(static_cast<int>(row.value() % kPerBlock));
  owners_[row.value()] = {};
  removed_.push_back(row);
  --live_;
}

bool FingerIndex::is_live(Row row) const {
  return row.value() < owners_.size() &&
         (live_bits_[row.value() / kPerBlock] >> (row.value() % kPerBlock) & 1U) != 0;
}

std::size_t FingerIndex::resident_bytes() const {
  std::size_t bytes = owners_.capacity() * sizeof(PrintOwner) + removed_.capacity() * sizeof(Row) +
                      live_bits_.capacity() * sizeof(std::uint64_t) +
                      blocks_.capacity() * sizeof(PackedBlock);
  for (const PackedBlock& block : blocks_) bytes += block.bytes().size();
  return bytes;
}

std::uint64_t FingerIndex::admitted(std::int64_t block, const Filter& filter) const {
  std::uint64_t bits = live_bits_[static_cast<std::size_t>(block)];
  if (filter.all()) return bits;
  for (std::uint64_t left = bits; left != 0; left &= left - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(left));
    if (!filter.admits(owners_[static_cast<std::size_t>(block) * kPerBlock + slot])) {
      bits &= ~(std::uint64_t{1} << slot);
    }
  }
  return bits;
}

// Up to kMaxBatchProbes probes that look at one block after another. Owns what the kernels write.
class FingerIndex::Sweep {
 public:
  Sweep(const FingerIndex& index, std::span<const FingerProbe> probes, kernels::Backend backend)
      : index_(index),
        score_(kernels::score_finger_block(backend)),
        align_(kernels::align_prints(backend)) {
    for (const FingerProbe& probe : probes) {
      probes_.push_back(probe.codes());
      minutiae_.push_back(probe.minutiae());
    }
    at_least_.resize(probes.size());
    scores_.resize(probes.size() * kPerBlock);
    admitted_.resize(probes.size());
  }

  // Which code scores are wanted. A print without any likeness is no candidate, even where a list
  // has room.
  void ask_for(std::size_t probe, CodeScore least) {
    at_least_[probe] = std::max(least, CodeScore{1}).value();
  }
  void ask_for_columns_alone() { std::ranges::fill(at_least_, kernels::kMaxBlockScore + 1); }

  // Who is looked at in a block, by each probe: told before score(). Whether anybody is.
  bool admit(std::int64_t block, std::span<const Filter* const> filters) {
    std::uint64_t anybody = 0;
    for (std::size_t p = 0; p < filters.size(); ++p) {
      const bool again = p > 0 && filters[p] == filters[p - 1];
      admitted_[p] = again ? admitted_[p - 1] : index_.admitted(block, *filters[p]);
      anybody |= admitted_[p];
    }
    return anybody != 0;
  }

  // Scores block `block` as the first probe's filter has it; the next is only fetched.
  void score(std::int64_t block, const PackedBlock* next) {
    block_ = &index_.blocks_[static_cast<std::size_t>(block)];
    first_row_ = static_cast<std::size_t>(block) * kPerBlock;
    const kernels::FingerBlock view = block_->view();
    const kernels::FingerBlock next_view = next == nullptr ? kernels::FingerBlock{} : next->view();
    groups_ = static_cast<std::size_t>(view.groups);
    columns_.resize(std::max(columns_.size(), probes_.size() * groups_));
    score_({probes_.data(), at_least_.data(), static_cast<int>(probes_.size())}, view,
           admitted_.front(), next == nullptr ? nullptr : &next_view, columns_.data(),
           scores_.data());
  }

  // Puts alignment scores in the place of a probe's code scores.
  void align(std::size_t probe, int least_votes) {
    align_(minutiae_[probe], block_->minutiae(), columns_.data() + probe * groups_,
           admitted_[probe], least_votes, scores_.data() + probe * kPerBlock);
  }

  // A score of 0 is none.
  template <class Score>
  void offer(std::size_t probe, Score least, TopK<Score>& hits) const {
    const std::uint16_t* scores = scores_.data() + probe * kPerBlock;
    for (std::size_t slot = 0; slot < kPerBlock; ++slot) {
      const Score score{scores[slot]};
      if (score == Score{0} || score < least || !hits.worth(score)) continue;
      const std::size_t row = first_row_ + slot;
      hits.offer({score, index_.owners_[row], Row{static_cast<std::uint32_t>(row)}});
    }
  }

 private:
  const FingerIndex& index_;
  kernels::ScoreFingerBlock score_;
  kernels::AlignPrints align_;
  std::vector<kernels::FingerProbe> probes_;
  std::vector<kernels::AlignmentProbe> minutiae_;
  std::vector<std::uint16_t> at_least_, scores_;
  std::vector<kernels::FingerColumns> columns_;
  const PackedBlock* block_ = nullptr;
  std::vector<std::uint64_t> admitted_;  // of each probe
  std::size_t first_row_ = 0, groups_ = 0;
};

// Batch by batch, block by block: visit(sweep, first probe of the batch, their count, block, next
// block or null).
template <class Visit>
void FingerIndex::sweep(std::span<const FingerProbe> probes, std::span<const Filter* const> filters,
                        kernels::Backend backend, std::int64_t first, std::int64_t last,
                        Visit visit) const {
  WHORL_CHECK(0 <= first && last <= blocks());
  WHORL_CHECK(probes.size() == filters.size());
  for (std::size_t p = 0; p < probes.size(); p += kernels::kMaxBatchProbes) {
    const std::size_t count = std::min<std::size_t>(probes.size() - p, kernels::kMaxBatchProbes);
    Sweep batch(*this, probes.subspan(p, count), backend);
    for (std::int64_t b = first; b < last; ++b) {
      const auto next = static_cast<std::size_t>(b + 1);
      if (batch.admit(b, filters.subspan(p, count)))
        visit(batch, p, count, b, b + 1 < last ? &blocks_[next] : nullptr);
    }
  }
}

void FingerIndex::search(std::span<const FingerProbe> probes,
                         std::span<const Filter* const> filters, std::span<const Passage> passages,
                         kernels::Backend backend, std::int64_t first, std::int64_t last,
                         std::span<Shortlist> lists) const {
  WHORL_CHECK(probes.size() == lists.size() && probes.size() == passages.size());
  sweep(probes, filters, backend, first, last,
        [&](Sweep& batch, std::size_t from, std::size_t count, std::int64_t block,
            const PackedBlock* next) {
          batch.ask_for_columns_alone();
          batch.score(block, next);
          for (std::size_t p = 0; p < count; ++p) {
            batch.align(p, passages[from + p].votes);
            batch.offer(p, passages[from + p].alignment, lists[from + p]);
          }
        });
}

void FingerIndex::search(std::span<const FingerProbe> probes, const Filter& filter,
                         const Passage& passage, kernels::Backend backend, std::int64_t first,
                         std::int64_t last, std::span<Shortlist> lists) const {
  const std::vector<const Filter*> filters(probes.size(), &filter);
  const std::vector<Passage> passages(probes.size(), passage);
  search(probes, filters, passages, backend, first, last, lists);
}

void FingerIndex::rank_by_codes(std::span<const FingerProbe> probes, const Filter& filter,
                                kernels::Backend backend, std::int64_t first, std::int64_t last,
                                std::span<CodeHits> hits) const {
  WHORL_CHECK(probes.size() == hits.size());
  const std::vector<const Filter*> filters(probes.size(), &filter);
  sweep(probes, filters, backend, first, last,
        [&](Sweep& batch, std::size_t from, std::size_t count, std::int64_t block,
            const PackedBlock* next) {
          for (std::size_t p = 0; p < count; ++p)
            batch.ask_for(p, hits[from + p].least().value_or(CodeScore{0}));
          batch.score(block, next);
          for (std::size_t p = 0; p < count; ++p) batch.offer(p, CodeScore{0}, hits[from + p]);
        });
}

FingerTemplate FingerIndex::print(Row row) const {
  return blocks_.at(row.value() / kPerBlock)
      .unpack(static_cast<int>(row.value() % kPerBlock), position_, code_version_);
}

FingerTemplate FingerIndex::minutiae(Row row) const {
  return blocks_.at(row.value() / kPerBlock)
      .unpack_minutiae(static_cast<int>(row.value() % kPerBlock), position_);
}

void FingerIndex::save_head(ByteWriter& out) const {
  out.u8(static_cast<std::uint8_t>(position_));
  out.u16(code_version_);
  out.u32(owners_.size());
  for (const PrintOwner& o : owners_) {
    out.u64(o.subject), out.u32(o.encounter), out.u16(o.birth_year), out.u8(o.sex),
        out.u8(o.ordinal);
  }
  for (const std::uint64_t bits : live_bits_) out.u64(bits);
}

// Packed again where prints were wiped: a file has not even their codes' places.
PackedBlock FingerIndex::block_to_save(std::int64_t block) const {
  const PackedBlock& whole = this->block(block);
  const std::size_t first = static_cast<std::size_t>(block) * kPerBlock;
  const std::size_t count = std::min(kPerBlock, owners_.size() - first);
  const auto live =
      static_cast<std::size_t>(std::popcount(live_bits_[static_cast<std::size_t>(block)]));
  if (live == count) return whole;
  std::vector<FingerTemplate> prints(count);
  std::vector<const FingerTemplate*> members;
  for (std::size_t slot = 0; slot < count; ++slot) {
    if (is_live(Row{static_cast<std::uint32_t>(first + slot)}))
      prints[slot] = whole.unpack(static_cast<int>(slot), position_, code_version_);
    members.push_back(&prints[slot]);
  }
  return PackedBlock::pack(members);
}

Result<FingerIndex> FingerIndex::load_head(ByteReader& in) {
  const std::uint8_t position = in.u8();
  const std::uint16_t version = in.u16();
  const std::uint32_t rows = in.u32();
  if (!in.ok() || position >= kFingerPositions || rows > in.remaining() / sizeof(PrintOwner)) {
    return fail(Fault::store_corrupt, in.offset());
  }
  FingerIndex index(FingerPosition{position}, version);
  index.owners_.reserve(rows);
  for (std::uint32_t r = 0; r < rows; ++r) {
    PrintOwner o;
    o.subject = in.u64(), o.encounter = in.u32(), o.birth_year = in.u16(), o.sex = in.u8(),
    o.ordinal = in.u8();
    index.owners_.push_back(o);
  }
  for (std::size_t b = 0; b < (rows + kPerBlock - 1) / kPerBlock; ++b) {
    index.live_bits_.push_back(in.u64());
    index.live_ += std::popcount(index.live_bits_.back());
  }
  const std::size_t tail = rows % kPerBlock;
  if (!in.ok()) return fail(Fault::store_corrupt, in.offset());
  if (tail != 0 && (index.live_bits_.back() >> tail) != 0)
    return fail(Fault::store_corrupt, in.offset());
  return index;
}

Result<> FingerIndex::load_block(std::span<const std::byte> bytes) {
  WHORL_TRY(PackedBlock block, PackedBlock::from_bytes(bytes));
  return load_block(std::move(block));
}

Result<> FingerIndex::load_block(PackedBlock block) {
  if (complete()) return fail(Fault::store_corrupt);
  blocks_.push_back(std::move(block));
  return {};
}

bool FingerIndex::complete() const { return blocks_.size() == live_bits_.size(); }

}  // namespace whorl::index
