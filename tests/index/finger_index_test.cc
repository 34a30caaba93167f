// This file is long because its tests look at one gallery from all sides.
#include "engine/index/finger_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "engine/features/fingerprint/minutia_codes.h"
#include "tests/support/random_print.h"

namespace whorl::index {
namespace {

using ::whorl::testing::random_print;

struct Gallery {
  std::deque<FingerTemplate> prints;
  std::vector<FingerPrint> rows;

  Gallery(int count, std::uint64_t seed) {
    for (int i = 0; i < count; ++i) {
      prints.push_back(random_print(seed + static_cast<std::uint64_t>(i), i % 50));
      features::describe_minutiae(prints.back());
      PrintOwner owner;
      owner.subject = static_cast<std::uint64_t>(1 + i / 2),
      owner.encounter = static_cast<std::uint32_t>(1 + i % 2);
      owner.sex = static_cast<std::uint8_t>(i % 3),
      owner.birth_year = static_cast<std::uint16_t>(i % 4 == 0 ? 0 : 1950 + i % 40);
      rows.push_back({owner, &prints.back()});
    }
  }
};

FingerIndex index_of(std::span<const FingerPrint> rows, std::size_t batch = 1000) {
  FingerIndex index(FingerPosition::right_index, features::kMinutiaCodeVersion);
  for (; !rows.empty(); rows = rows.subspan(std::min(batch, rows.size()))) {
    index.append(rows.first(std::min(batch, rows.size())));
  }
  return index;
}

using Found = std::vector<std::pair<PrintOwner, std::uint16_t>>;
constexpr Passage kPassage{60, AlignmentScore{kernels::kAlignmentZero - 30}};

Found found_of(const auto& hits) {
  Found found;
  for (const auto& hit : hits.sorted()) found.emplace_back(hit.owner, hit.score.value());
  return found;
}

Found best(const FingerIndex& index, const FingerTemplate& probe, std::size_t k,
           const Filter& filter = {}, kernels::Backend backend = kernels::best_backend()) {
  const FingerProbe p(probe, 32);
  Shortlist hits(k);
  index.search({&p, 1}, filter, {}, backend, 0, index.blocks(), {&hits, 1});
  return found_of(hits);
}

TEST(FingerIndex, FindsEachPrintFirstWhenSearchedWithItself) {
  const Gallery gallery(150, 1);
  const FingerIndex index = index_of(gallery.rows);
  for (const FingerPrint& row : gallery.rows) {
    if (row.print->minutiae.size() < 20) continue;
    EXPECT_EQ(best(index, *row.print, 1).at(0).first, row.owner);
  }
}

TEST(FingerIndex, AnswersDoNotDependOnHowItWasFilledNorOnTheBackend) {
  const Gallery gallery(200, 1);
  const FingerIndex whole = index_of(gallery.rows), by_one = index_of(gallery.rows, 1),
                    by_seven = index_of(gallery.rows, 7);
  std::vector<FingerPrint> backwards(gallery.rows.rbegin(), gallery.rows.rend());
  const FingerIndex reversed = index_of(backwards);
  for (const std::size_t probe : {45U, 99U, 149U}) {
    const Found expected = best(whole, gallery.prints[probe], 200);
    EXPECT_EQ(best(by_one, gallery.prints[probe], 200), expected);
    EXPECT_EQ(best(by_seven, gallery.prints[probe], 200), expected);
    EXPECT_EQ(best(reversed, gallery.prints[probe], 200), expected);
    EXPECT_EQ(best(whole, gallery.prints[probe], 200, {}, kernels::Backend::reference), expected);
    EXPECT_EQ(best(whole, gallery.prints[probe], 5), Found(expected.begin(), expected.begin() + 5));
  }
}

// Every print scored by the definitions without a threshold, then sorted: what the lists must be.
// By alignment, or by codes alone.
Found listed_by_hand(const Gallery& gallery, const FingerTemplate& probe, std::size_t k, int gate,
                     bool aligned) {
  const FingerProbe p(probe, gate);
  const kernels::FingerProbe one = p.codes();
  const std::uint16_t everything = 0;
  Found all;
  for (std::size_t first = 0; first < gallery.rows.size(); first += kernels::kBlockPrints) {
    const auto rows =
        std::span(gallery.rows)
            .subspan(first)
            .first(std::min<std::size_t>(kernels::kBlockPrints, gallery.rows.size() - first));
    std::vector<const FingerTemplate*> prints;
    for (const FingerPrint& row : rows) prints.push_back(row.print);
    const PackedBlock block = PackedBlock::pack(prints);
    std::vector<kernels::FingerColumns> columns(static_cast<std::size_t>(block.view().groups));
    std::uint16_t scores[kernels::kBlockPrints];
    kernels::score_finger_block_reference({&one, &everything, 1}, block.view(), ~std::uint64_t{0},
                                          nullptr, columns.data(), scores);
    if (aligned) {
      kernels::align_prints_reference(p.minutiae(), block.minutiae(), columns.data(),
                                      ~std::uint64_t{0}, kPassage.votes, scores);
    }
    const int least = aligned ? kPassage.alignment.value() : 1;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (scores[r] >= least) all.emplace_back(rows[r].owner, scores[r]);
    }
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : earlier(a.first, b.first);
  });
  all.resize(std::min(all.size(), k));
  return all;
}

// A gallery's lists, looked through in pieces as threads do it.
template <class Hits>
std::vector<Found> lists_of(const FingerIndex& index, const std::vector<FingerProbe>& probes,
                            std::size_t k, auto look) {
  std::vector<Hits> hits(probes.size(), Hits(k));
  for (std::int64_t b = 0; b < index.blocks(); b += 2)
    look(b, std::min(b + 2, index.blocks()), std::span(hits));
  std::vector<Found> lists;
  for (const Hits& list : hits) lists.push_back(found_of(list));
  return lists;
}

void expect_lists_by_hand(const Gallery& gallery, const std::vector<FingerTemplate>& prints,
                          int gate) {
  const FingerIndex index = index_of(gallery.rows);
  const kernels::Backend backend = kernels::best_backend();
  std::vector<FingerProbe> probes;
  for (const FingerTemplate& print : prints) probes.emplace_back(print, gate);
  for (const std::size_t k : {std::size_t{1}, std::size_t{3}, std::size_t{40}, std::size_t{9999}}) {
    const auto by_codes = lists_of<CodeHits>(
        index, probes, k, [&](std::int64_t first, std::int64_t last, std::span<CodeHits> hits) {
          index.rank_by_codes(probes, {}, backend, first, last, hits);
        });
    const auto by_alignment = lists_of<Shortlist>(
        index, probes, k, [&](std::int64_t first, std::int64_t last, std::span<Shortlist> lists) {
          index.search(probes, {}, kPassage, backend, first, last, lists);
        });
    for (std::size_t p = 0; p < probes.size(); ++p) {
      SCOPED_TRACE(::testing::Message() << "probe " << p << ", k " << k);
      EXPECT_EQ(by_codes[p], listed_by_hand(gallery, prints[p], k, gate, false));
      EXPECT_EQ(by_alignment[p], listed_by_hand(gallery, prints[p], k, gate, true));
    }
  }
}

TEST(FingerIndex, ListsWhatScoringEveryPrintWouldHoweverManyProbes) {
  const Gallery gallery(300, 1);
  std::vector<FingerTemplate> probes;  // more than a batch; some are empty or of few minutiae
  for (int p = 0; p < kernels::kMaxBatchProbes + 5; ++p) {
    probes.push_back(p % 2 == 0 ? gallery.prints[static_cast<std::size_t>(p * 7)]
                                : random_print(static_cast<std::uint64_t>(900 + p), p * 3 % 60));
    features::describe_minutiae(probes.back());
  }
  expect_lists_by_hand(gallery, probes, 32);
  expect_lists_by_hand(gallery, probes, 128);
}

TEST(FingerIndex, BreaksTiesByOwnerWhenEveryPrintScoresTheSame) {
  Gallery gallery(150, 1);
  for (FingerPrint& row : gallery.rows) row.print = &gallery.prints[45];
  std::ranges::reverse(gallery.rows);  // the best come last, at the threshold exactly
  expect_lists_by_hand(gallery, {gallery.prints[45], gallery.prints[44]}, 32);
}

TEST(FingerIndex, ARemovedPrintIsNeverACandidate) {
  const Gallery gallery(130, 1);
  FingerIndex index = index_of(gallery.rows);
  index.remove(Row{99});
  EXPECT_EQ(index.live(), 129);
  EXPECT_FALSE(index.is_live(Row{99}));
  const Found found = best(index, gallery.prints[99], 130);
  EXPECT_TRUE(std::ranges::none_of(
      found, [&](const auto& f) { return f.first == gallery.rows[99].owner; }));
  index.append(std::span(gallery.rows).subspan(99, 1));  // enrolled again
  EXPECT_EQ(best(index, gallery.prints[99], 1).at(0).first, gallery.rows[99].owner);
}

// Only the number and directions of its codes tell it from another.
TEST(FingerIndex, ARemovedPrintLeavesMemoryAtOnce) {
  const Gallery gallery(140, 1);
  Gallery other(140, 1);
  for (const std::size_t row : {std::size_t{49}, std::size_t{139}}) {
    other.rows[row].owner.subject = 4711;
    for (Minutia& m : other.prints[row].minutiae) {
      m.x_px = static_cast<std::int16_t>(m.x_px / 2 + 3), m.y_px = 17;
      m.kind = MinutiaKind::bifurcation, m.quality = 1;
    }
    for (MinutiaCode& code : other.prints[row].codes) {
      if (code != MinutiaCode{}) std::ranges::reverse(code);
    }
  }
  FingerIndex index = index_of(gallery.rows), same = index_of(other.rows);
  ASSERT_FALSE(std::ranges::equal(index.block(0).bytes(), same.block(0).bytes()));
  for (const Row row : {Row{49}, Row{139}}) {
    index.remove(row), same.remove(row);
    EXPECT_EQ(index.owner(row), PrintOwner{});
    const FingerTemplate left = index.print(row);
    for (const Minutia& m : left.minutiae) EXPECT_EQ(m, Minutia{});
    for (const MinutiaCode& code : left.codes) EXPECT_EQ(code, MinutiaCode{});
  }
  for (std::int64_t b = 0; b < index.blocks(); ++b) {
    EXPECT_TRUE(std::ranges::equal(index.block(b).bytes(), same.block(b).bytes())) << b;
    const kernels::FingerBlock view = index.block(b).view();
    EXPECT_TRUE(std::is_sorted(view.directions, view.directions + view.groups * kernels::kLanes));
    EXPECT_TRUE(PackedBlock::from_bytes(index.block(b).bytes())) << b;
  }
  EXPECT_EQ(best(index, gallery.prints[99], 1).at(0).first, gallery.rows[99].owner);
}

TEST(FingerIndex, FiltersKeepWhoeverWasNotRecorded) {
  const Gallery gallery(160, 1);
  const FingerIndex index = index_of(gallery.rows);
  Filter filter;
  filter.sex = Sex::female, filter.birth_year_min = 1960, filter.birth_year_max = 1969;
  filter.excluded = {SubjectId{5}, SubjectId{40}};
  std::int64_t admitted = 0;
  for (const FingerPrint& row : gallery.rows) {
    const bool sex = row.owner.sex == 0 || row.owner.sex == 1;
    const bool year =
        row.owner.birth_year == 0 || (row.owner.birth_year >= 1960 && row.owner.birth_year <= 1969);
    admitted += sex && year && row.owner.subject != 5 && row.owner.subject != 40 &&
                row.print->minutiae.size() > 20;
  }
  std::int64_t found = 0;
  for (const auto& [owner, score] : best(index, gallery.prints[149], 160, filter)) {
    EXPECT_TRUE(filter.admits(owner));
    found +=
        gallery.rows[(owner.subject - 1) * 2 + owner.encounter - 1].print->minutiae.size() > 20;
  }
  EXPECT_GE(found, admitted - 5);  // a print may score nothing at all
  EXPECT_GT(admitted, 10);
}

TEST(FingerIndex, ProbesOfABatchKeepTheirOwnFiltersAndPassages) {
  const Gallery gallery(300, 1);
  const FingerIndex index = index_of(gallery.rows);
  const Filter everybody;
  Filter women, nobody, others;
  women.sex = Sex::female;
  nobody.birth_year_min = 1, nobody.birth_year_max = 2;
  for (std::uint64_t s = 1; s < 40; ++s) others.excluded.push_back(SubjectId{s});
  const std::vector<const Filter*> kinds = {&everybody, &women, &women, &others, &nobody};
  const std::vector<Passage> ways = {{}, kPassage, {4097, AlignmentScore{0}}};
  std::vector<FingerProbe> probes;
  std::vector<const Filter*> filters;
  std::vector<Passage> passages;
  for (std::size_t p = 0; p < kernels::kMaxBatchProbes + 5; ++p) {
    probes.emplace_back(gallery.prints[p * 7], 45);
    filters.push_back(kinds[p % kinds.size()]);
    passages.push_back(ways[p % ways.size()]);
  }
  const kernels::Backend backend = kernels::best_backend();
  std::vector<Shortlist> together(probes.size(), Shortlist(50));
  index.search(probes, filters, passages, backend, 0, index.blocks(), together);
  std::size_t found = 0;
  for (std::size_t p = 0; p < probes.size(); ++p) {
    Shortlist alone(50);
    index.search({&probes[p], 1}, *filters[p], passages[p], backend, 0, index.blocks(),
                 {&alone, 1});
    EXPECT_EQ(found_of(together[p]), found_of(alone)) << p;
    for (const auto& [owner, score] : found_of(together[p])) {
      EXPECT_TRUE(filters[p]->admits(owner)) << p;
      ++found;
    }
  }
  EXPECT_GT(found, 300U);
}

TEST(FingerIndex, GivesBackThePrintsItPacked) {
  const Gallery gallery(70, 1);
  const FingerIndex index = index_of(gallery.rows, 13);
  for (std::size_t r = 0; r < gallery.prints.size(); ++r) {
    FingerTemplate expected = gallery.prints[r];
    expected.quality = {};
    const Row row{static_cast<std::uint32_t>(r)};
    EXPECT_EQ(index.print(row), expected) << r;
    EXPECT_EQ(index.minutiae(row).minutiae, expected.minutiae) << r;
  }
}

TEST(FingerIndex, SurvivesItsBytes) {
  const Gallery gallery(140, 1);
  FingerIndex index = index_of(gallery.rows);
  index.remove(Row{3});
  ByteWriter head;
  index.save_head(head);
  ByteReader in(head.view());
  auto loaded = FingerIndex::load_head(in);
  ASSERT_TRUE(loaded);
  for (std::int64_t b = 0; b < index.blocks(); ++b)
    ASSERT_TRUE(loaded->load_block(index.block_to_save(b).bytes()));
  EXPECT_TRUE(loaded->complete());
  EXPECT_FALSE(loaded->load_block(index.block(0).bytes()));
  EXPECT_EQ(best(*loaded, gallery.prints[99], 140), best(index, gallery.prints[99], 140));
}

// The bytes of two indexes that differ only in who was at the removed places are the same.
TEST(FingerIndex, SavesNothingOfRemovedPrints) {
  Gallery gallery(140, 1), other(140, 1);
  const Gallery strangers(2, 77);
  for (const std::size_t row : {std::size_t{3}, std::size_t{139}}) {
    other.prints[row] = strangers.prints[row % 2];
    other.rows[row].owner.subject = 4711;
  }
  const auto saved = [](const Gallery& from) {
    FingerIndex index = index_of(from.rows);
    index.remove(Row{3}), index.remove(Row{139});
    ByteWriter out;
    index.save_head(out);
    for (std::int64_t b = 0; b < index.blocks(); ++b) {
      const PackedBlock block = index.block_to_save(b);
      for (const std::byte byte : block.bytes()) out.u8(std::to_integer<std::uint8_t>(byte));
    }
    return out.take();
  };
  EXPECT_TRUE(saved(gallery) == saved(other));
}

TEST(FingerIndex, RefusesEveryPrefixOfItsHeadAndOfABlock) {
  const Gallery gallery(5, 40);
  const FingerIndex index = index_of(gallery.rows);
  ByteWriter head;
  index.save_head(head);
  for (std::size_t n = 0; n < head.size(); ++n) {
    ByteReader in(head.view().first(n));
    EXPECT_FALSE(FingerIndex::load_head(in)) << n;
  }
  const auto block = index.block(0).bytes();
  for (std::size_t n = 0; n < block.size(); ++n)
    ASSERT_FALSE(PackedBlock::from_bytes(block.first(n))) << n;
  EXPECT_TRUE(PackedBlock::from_bytes(block));
}

TEST(PackedBlock, StandsInPlaceAndKeepsTheMemoryAlive) {
  const Gallery gallery(20, 40);
  const FingerIndex index = index_of(gallery.rows);
  const auto source = index.block(0).bytes();
  auto piece = std::shared_ptr<std::byte>(
      static_cast<std::byte*>(::operator new (2 * source.size() + 64, std::align_val_t{64})),
      [](std::byte* p) { ::operator delete (p, std::align_val_t{64}); });
  const std::size_t second = (source.size() + 63) / 64 * 64;
  std::ranges::copy(source, piece.get() + second);
  auto block = PackedBlock::in_place({piece, piece.get() + second}, source.size());
  ASSERT_TRUE(block);
  EXPECT_EQ(block->bytes().data(), piece.get() + second);
  piece.reset();
  EXPECT_TRUE(std::ranges::equal(block->bytes(), source));
  EXPECT_EQ(block->unpack(7, FingerPosition::right_index, 1).codes, gallery.prints[7].codes);
}

void score_all(const FingerProbe& probe, const PackedBlock& block) {
  const kernels::FingerProbe one = probe.codes();
  const std::uint16_t any = 1;
  std::vector<kernels::FingerColumns> columns(static_cast<std::size_t>(block.view().groups));
  std::uint16_t scores[kernels::kBlockPrints];
  kernels::score_finger_block(kernels::best_backend())(
      {&one, &any, 1}, block.view(), ~std::uint64_t{0}, nullptr, columns.data(), scores);
  kernels::align_prints(kernels::best_backend())(probe.minutiae(), block.minutiae(), columns.data(),
                                                 ~std::uint64_t{0}, 0, scores);
}

// A block that was altered is refused or harmless: whatever from_bytes accepts can be searched.
TEST(PackedBlock, NoAlteredByteLeadsOutsideIt) {
  const Gallery gallery(20, 40);
  const FingerIndex index = index_of(gallery.rows);
  const Bytes good(index.block(0).bytes().begin(), index.block(0).bytes().end());
  SeededRandom random(1);
  int refused = 0;
  for (std::size_t at = 0; at < good.size(); at += at < 400 ? 1 : 37) {
    Bytes bad = good;
    bad[at] = static_cast<std::byte>(random.below(256));
    const auto block = PackedBlock::from_bytes(bad);
    refused += !block;
    if (!block) continue;
    const FingerProbe probe(gallery.prints[15], 32);
    score_all(probe, *block);
    for (int p = 0; p < kernels::kBlockPrints; ++p)
      (void)block->unpack(p, FingerPosition::unknown, 1);
  }
  EXPECT_GT(refused, 50);
}

TEST(TopK, KeepsTheBestWhateverTheOrderAndBreaksTiesByOwner) {
  SeededRandom random(9);
  std::vector<Hit<CodeScore>> all;
  for (std::uint32_t i = 0; i < 500; ++i) {
    PrintOwner owner;
    owner.subject = i;
    all.push_back({CodeScore{static_cast<std::uint16_t>(random.below(20))}, owner, Row{i}});
  }
  const auto keep = [](std::span<const Hit<CodeScore>> hits) {
    CodeHits top(37);
    for (const auto& hit : hits) top.offer(hit);
    return top;
  };
  const auto expected = keep(all).sorted();
  for (std::size_t i = 1; i < expected.size(); ++i) {
    EXPECT_TRUE(expected[i].score < expected[i - 1].score ||
                (expected[i].score == expected[i - 1].score &&
                 earlier(expected[i - 1].owner, expected[i].owner)));
  }
  std::ranges::reverse(all);
  auto parts = keep(std::span(all).first(123));
  parts.merge(keep(std::span(all).subspan(123)));
  const auto merged = parts.sorted();
  ASSERT_EQ(merged.size(), expected.size());
  for (std::size_t i = 0; i < merged.size(); ++i) EXPECT_EQ(merged[i].owner, expected[i].owner);
}

}  // namespace
}  // namespace whorl::index
