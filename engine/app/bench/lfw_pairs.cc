#include "engine/app/bench/lfw_pairs.h"

#include <algorithm>
#include <optional>

#include "engine/app/names.h"

namespace whorl::app {
namespace {

// Between blanks and tabs; a carriage return at the end is one.
std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

// Lines with something in them; what is wrong with one is told by its number.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::vector<std::string_view>> next() {
    while (!rest_.empty()) {
      const std::size_t end = std::min(rest_.find('\n'), rest_.size());
      std::vector<std::string_view> words = words_of(rest_.substr(0, end));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
      if (!words.empty()) return words;
    }
    return std::nullopt;
  }
  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(Fault::bad_manifest, 0, "line " + std::to_string(line_) + ", " + std::string(what));
  }

 private:
  std::string_view rest_;
  std::size_t line_ = 0;
};

std::optional<std::size_t> count_of(std::string_view word) {
  const auto count = whole_number(word);
  if (!count || *count == 0) return std::nullopt;
  return static_cast<std::size_t>(std::min<std::uint64_t>(*count, kMaxLfwPairs + 1));
}

// A name is a folder's: it leads nowhere else.
std::optional<LfwPicture> picture_of(std::string_view name, std::string_view number) {
  const auto whole = whole_number(number);
  if (!whole || *whole == 0 || *whole > UINT32_MAX) return std::nullopt;
  if (name.find('/') != std::string_view::npos || name.front() == '.') return std::nullopt;
  return LfwPicture{std::string(name), static_cast<std::uint32_t>(*whole)};
}

Result<LfwPair> pair_of(const std::vector<std::string_view>& words, const Lines& lines) {
  if (words.size() != 3 && words.size() != 4) return lines.wrong("give NAME I J or NAME I OTHER J");
  const auto probe = picture_of(words[0], words[1]);
  const auto reference = picture_of(words[words.size() == 3 ? 0 : 2], words.back());
  if (!probe || !reference) return lines.wrong("give a folder's name and numbers from 1");
  const LfwPair pair{*probe, *reference};
  if (pair.mated() != (words.size() == 3)) return lines.wrong("the two people are one");
  if (pair.probe == pair.reference) return lines.wrong("the two pictures are one");
  return pair;
}

}  // namespace

Result<LfwPairs> parse_lfw_pairs(std::string_view text) {
  Lines lines(text);
  const auto head = lines.next();
  if (!head || head->size() > 2) return lines.wrong("give FOLDS COUNT or COUNT");
  const auto folds = head->size() == 2 ? count_of(head->front()) : std::optional<std::size_t>(1);
  const auto count = count_of(head->back());
  if (!folds || !count) return lines.wrong("give FOLDS COUNT or COUNT");
  if (*folds > kMaxLfwPairs / 2 / *count) return fail(Fault::limit_exceeded, 0, "the pairs file");
  LfwPairs all{*folds, {}};
  std::size_t mated = 0;  // of the fold
  while (const auto words = lines.next()) {
    WHORL_TRY(const LfwPair pair, pair_of(*words, lines));
    if (all.pairs.size() == *folds * *count * 2) return lines.wrong("more pairs than announced");
    if (pair.mated()) ++mated;
    all.pairs.push_back(pair);
    if (all.pairs.size() % (*count * 2) != 0) continue;
    if (mated != *count) return lines.wrong("the fold does not end in as many pairs of each kind");
    mated = 0;
  }
  if (all.pairs.size() != *folds * *count * 2) return lines.wrong("fewer pairs than announced");
  return all;
}

}  // namespace whorl::app
