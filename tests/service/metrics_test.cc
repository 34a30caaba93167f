#include "engine/service/metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/base/source_tree.h"

namespace whorl::service {
namespace {

using std::chrono::milliseconds;
using whorl::testing::cells_of;
using whorl::testing::file_text;
using whorl::testing::lines_of;

std::uint16_t last_fault() {
  const std::string header = file_text("engine/base/result.h");
  const std::regex row("\n  [a-z_]+ = ([0-9]+),  +//");
  int last = 0;
  for (std::sregex_iterator it(header.begin(), header.end(), row), end; it != end; ++it) {
    last = std::max(last, std::stoi((*it)[1]));
  }
  return static_cast<std::uint16_t>(last);
}

// One of everything, so that every family has something to show.
void use(Metrics& metrics) {
  metrics.request(Verb::identify, 0, milliseconds(3));
  metrics.stage(Metrics::Stage::queued, milliseconds(1));
  metrics.searched(1000, 0.003, "avx512", "hit");
  metrics.batch(3);
  metrics.gauges_from([] {
    Metrics::Gauges seen;
    seen.waiting = {5, 6, 7};
    seen.streams = 2;
    seen.subscribers = 3;
    seen.draining = true;
    for (std::int64_t i = 0; i < 2; ++i) {
      search::GalleryStatus& gallery = seen.galleries.emplace_back();
      gallery.name = i == 0 ? "border" : "civil";
      gallery.subjects = 10 + i, gallery.templates = 20 + i;
      gallery.resident_bytes = static_cast<std::size_t>(30 + i), gallery.device_bytes = 40 + i;
    }
    seen.galleries.back().device_trouble = Error{Fault::device_fault, 0, ""};
    seen.disk_bytes = 50;
    seen.log_lines_lost = 60;
    return seen;
  });
}

bool shows(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.text()).find("\n" + line + "\n") != std::string::npos;
}

std::map<std::string, std::string> types_of(const Metrics& metrics) {
  std::map<std::string, std::string> types;
  for (const std::string& line : lines_of(metrics.text())) {
    std::istringstream words(line);
    std::string hash, kind, name, type;
    words >> hash >> kind >> name >> type;
    if (hash == "#" && kind == "TYPE") types[name] = type;
  }
  return types;
}

std::set<std::pair<std::string, std::string>> labels_of(const Metrics& metrics) {
  std::set<std::pair<std::string, std::string>> labels;
  const std::string text = metrics.text();
  const std::regex label("[{,]([a-z_]+)=\"([^\"]*)\"");
  for (std::sregex_iterator it(text.begin(), text.end(), label), end; it != end; ++it) {
    labels.emplace((*it)[1], (*it)[2]);
  }
  return labels;
}

TEST(Metrics, CountsRequestsByVerbAndFault) {
  Metrics metrics;
  metrics.request(Verb::identify, 0, milliseconds(3));
  metrics.request(Verb::identify, 0, milliseconds(30));
  metrics.request(Verb::identify, static_cast<std::uint16_t>(Fault::busy), milliseconds(1));
  EXPECT_TRUE(shows(metrics, "whorl_requests_total{fault=\"none\",verb=\"identify\"} 2"));
  EXPECT_TRUE(shows(metrics, "whorl_requests_total{fault=\"busy\",verb=\"identify\"} 1"));
  EXPECT_TRUE(shows(metrics, "whorl_request_seconds_count{verb=\"identify\"} 3"));
}

TEST(Metrics, EveryVerbIsThereBeforeItsFirstRequest) {
  const Metrics metrics;
  for (const VerbName& verb : kVerbNames) {
    const std::string name(verb.name);
    EXPECT_TRUE(shows(metrics, "whorl_requests_total{fault=\"none\",verb=\"" + name + "\"} 0"))
        << name;
    EXPECT_TRUE(shows(metrics, "whorl_request_seconds_count{verb=\"" + name + "\"} 0")) << name;
  }
}

TEST(Metrics, EveryFaultIsALabelByItsStableName) {
  Metrics metrics;
  ASSERT_GE(last_fault(), 57);
  for (std::uint16_t fault = 1; fault <= last_fault(); ++fault) {
    metrics.request(Verb::enrol, fault, milliseconds(1));
    const std::string name(text_of(static_cast<Fault>(fault)).name);
    EXPECT_TRUE(shows(metrics, "whorl_requests_total{fault=\"" + name + "\",verb=\"enrol\"} 1"))
        << name;
  }
}

TEST(Metrics, PutsATimeIntoTheBucketsThatReachIt) {
  struct Row {
    Metrics::Seconds time;
    const char *below, *reached;
  };
  for (const Row& row : {
           Row{std::chrono::microseconds(100), "", "0.0001"},
           Row{std::chrono::microseconds(101), "0.0001", "0.0002"},
           Row{milliseconds(40), "0.02", "0.05"},
           Row{std::chrono::seconds(59), "20", "60"},
           Row{std::chrono::seconds(61), "60", "+Inf"},
       }) {
    Metrics metrics;
    metrics.stage(Metrics::Stage::stage2, row.time);
    const auto bucket = [](const std::string& bound, int count) {
      return "whorl_stage_seconds_bucket{stage=\"stage2\",le=\"" + bound + "\"} " +
             std::to_string(count);
    };
    const bool first = *row.below == '\0';
    EXPECT_TRUE(first || shows(metrics, bucket(row.below, 0))) << row.below;
    EXPECT_TRUE(shows(metrics, bucket(row.reached, 1))) << row.reached;
  }
}

TEST(Metrics, NamesEveryStage) {
  Metrics metrics;
  const std::pair<Metrics::Stage, const char*> stages[] = {
      {Metrics::Stage::queued, "queued"},       {Metrics::Stage::extracted, "extracted"},
      {Metrics::Stage::stage1, "stage1"},       {Metrics::Stage::stage2, "stage2"},
      {Metrics::Stage::committed, "committed"},
  };
  int count = 0;
  for (const auto& [stage, name] : stages) {
    ++count;
    for (int i = 0; i < count; ++i) metrics.stage(stage, milliseconds(1));
    EXPECT_TRUE(shows(metrics, "whorl_stage_seconds_count{stage=\"" + std::string(name) + "\"} " +
                                   std::to_string(count)));
  }
}

TEST(Metrics, CountsSearchesTheirComparisonsAndTheirLoss) {
  Metrics metrics;
  metrics.searched(1000, 0.003, "avx512", "hit");
  metrics.searched(500, 0, "avx512", "no-hit");
  metrics.searched(7, 0.02, "cuda, amx", "refer");
  for (const char* line : {
           "whorl_searches_total{backend=\"avx512\",decision=\"hit\"} 1",
           "whorl_searches_total{backend=\"avx512\",decision=\"no-hit\"} 1",
           "whorl_searches_total{backend=\"cuda, amx\",decision=\"refer\"} 1",
           "whorl_comparisons_total{backend=\"avx512\"} 1500",
           "whorl_comparisons_total{backend=\"cuda, amx\"} 7",
           "whorl_search_loss_bucket{le=\"0\"} 1",
           "whorl_search_loss_bucket{le=\"0.003\"} 2",
           "whorl_search_loss_bucket{le=\"0.1\"} 3",
       }) {
    EXPECT_TRUE(shows(metrics, line)) << line;
  }
}

TEST(Metrics, CountsBatchesBySize) {
  Metrics metrics;
  metrics.batch(1);
  metrics.batch(200);
  EXPECT_TRUE(shows(metrics, "whorl_batch_queries_bucket{le=\"128\"} 1"));
  EXPECT_TRUE(shows(metrics, "whorl_batch_queries_bucket{le=\"256\"} 2"));
  EXPECT_TRUE(shows(metrics, "whorl_batch_queries_sum 201"));
}

TEST(Metrics, LooksUpGaugesWhenAsked) {
  Metrics metrics;
  EXPECT_FALSE(types_of(metrics).contains("whorl_streams")) << "nobody to ask yet";
  std::atomic<int> asked = 0;
  metrics.gauges_from([&asked] {
    Metrics::Gauges seen;
    seen.streams = ++asked;
    return seen;
  });
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(shows(metrics, "whorl_streams 1"));
  EXPECT_TRUE(shows(metrics, "whorl_streams 2"));
  metrics.gauges_from({});
  metrics.text();
  EXPECT_EQ(asked, 2);
}

TEST(Metrics, ShowsWhatTheGaugesSay) {
  Metrics metrics;
  use(metrics);
  for (const char* line : {
           "whorl_waiting_requests{priority=\"routine\"} 5",
           "whorl_waiting_requests{priority=\"interactive\"} 6",
           "whorl_waiting_requests{priority=\"bulk\"} 7",
           "whorl_streams 2",
           "whorl_subscribers 3",
           "whorl_draining 1",
           "whorl_disk_bytes 50",
           "whorl_log_lines_lost_total 60",
           "whorl_gallery_subjects{gallery=\"border\"} 10",
           "whorl_gallery_templates{gallery=\"border\"} 20",
           "whorl_gallery_memory_bytes{gallery=\"border\"} 30",
           "whorl_gallery_device_bytes{gallery=\"border\"} 40",
           "whorl_gallery_device_trouble{gallery=\"border\"} 0",
           "whorl_gallery_subjects{gallery=\"civil\"} 11",
           "whorl_gallery_device_trouble{gallery=\"civil\"} 1",
       }) {
    EXPECT_TRUE(shows(metrics, line)) << line;
  }
}

TEST(Metrics, AGalleryThatIsGoneIsNotShown) {
  Metrics metrics;
  use(metrics);
  metrics.gauges_from([] { return Metrics::Gauges{}; });
  EXPECT_EQ(metrics.text().find("border"), std::string::npos);
}

TEST(Metrics, KnowsTheProcess) {
  const Metrics metrics;
  const std::string text = metrics.text();
  for (const char* name :
       {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}) {
    const std::regex sample("\n" + std::string(name) + " ([0-9.e+]+)\n");
    std::smatch match;
    ASSERT_TRUE(std::regex_search(text, match, sample)) << name;
    EXPECT_GT(std::stod(match[1]), 0) << name;
  }
}

TEST(Metrics, WordsOfNoListBecomeOther) {
  Metrics metrics;
  for (const char* word : {"", "Ada Lovelace", "subject 4711", "avx512\"} 1\nforged 2", "cuda, ",
                           "cuda, cuda", "avx512, cuda", "HIT", "unknown"}) {
    metrics.searched(1, 0, word, word);
  }
  const std::set<std::pair<std::string, std::string>> expected = {{"backend", "other"},
                                                                  {"decision", "other"}};
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& label : labels_of(metrics)) {
    if (label.first == "backend" || label.first == "decision") seen.insert(label);
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(metrics.text().find("forged"), std::string::npos);
}

// Whatever is asked of it, by whomever: there are no more labels than these.
TEST(Metrics, LabelsAreOfFixedListsAndOfGalleriesThatExist) {
  Metrics metrics;
  use(metrics);
  for (const VerbName& verb : kVerbNames) {
    for (std::uint16_t fault = 0; fault <= last_fault(); ++fault) {
      metrics.request(verb.verb, fault, milliseconds(1));
    }
  }
  std::map<std::string, std::set<std::string>> values;
  for (const auto& [label, value] : labels_of(metrics)) values[label].insert(value);
  std::set<std::string> names;
  for (const auto& [label, of] : values) names.insert(label);
  EXPECT_EQ(names, (std::set<std::string>{"backend", "decision", "fault", "gallery", "le",
                                          "priority", "stage", "verb"}));
  EXPECT_EQ(values["gallery"], (std::set<std::string>{"border", "civil"}));
  EXPECT_EQ(values["verb"].size(), kVerbNames.size());
  EXPECT_EQ(values["fault"].size(), last_fault() + 1U);
  EXPECT_EQ(values["priority"].size(), static_cast<std::size_t>(kPriorities));
}

TEST(Metrics, MayBeUsedByManyAtOnce) {
  Metrics metrics;
  constexpr int kThreads = 4, kRequests = 500;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics, i] {
      for (int n = 0; n < kRequests; ++n) {
        metrics.request(Verb::verify, static_cast<std::uint16_t>(n % 57), milliseconds(1));
        metrics.searched(1, 0, "avx2", "hit");
        if (n % 100 == i) {
          use(metrics);
          metrics.text();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(shows(metrics, "whorl_request_seconds_count{verb=\"verify\"} 2000"));
  EXPECT_TRUE(shows(metrics, "whorl_comparisons_total{backend=\"avx2\"} 2000"));
}

TEST(OperationsPage, ListsEveryMetricWithItsTypeAndNoOther) {
  Metrics metrics;
  use(metrics);
  std::map<std::string, std::string> on_page;
  for (const std::string& line : lines_of(file_text("docs/operations.md"))) {
    const auto cells = cells_of(line);
    if (cells.size() >= 3 &&
        std::regex_match(cells[0], std::regex("`(whorl|process)_[a-z0-9_]+`"))) {
      on_page[cells[0].substr(1, cells[0].size() - 2)] = cells[1];
    }
  }
  EXPECT_EQ(on_page, types_of(metrics));
}

// A panel that asks for what is not there stays empty, and nobody is told.
TEST(Dashboard, AsksOnlyForMetricsAndLabelsThatThereAre) {
  Metrics metrics;
  use(metrics);
  const auto board =
      nlohmann::json::parse(file_text("docs/operations/grafana.json"), nullptr, false);
  ASSERT_TRUE(board.is_object());
  const auto types = types_of(metrics);
  std::set<std::string> labels;
  for (const auto& [label, value] : labels_of(metrics)) labels.insert(label);
  std::set<std::string> asked;
  const std::regex metric("(whorl|process)_[a-z0-9_]+");
  const std::regex by("by \\(([a-z, ]+)\\)");
  for (const auto& panel : board["panels"]) {
    for (const auto& target : panel.value("targets", nlohmann::json::array())) {
      const std::string expression = target["expr"];
      for (std::sregex_iterator it(expression.begin(), expression.end(), metric), end; it != end;
           ++it) {
        const std::string name = (*it)[0];
        const std::string base = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
        const bool histogram = base != name;
        ASSERT_TRUE(types.contains(base)) << name;
        EXPECT_EQ(histogram, types.at(base) == "histogram") << name;
        asked.insert(base);
      }
      for (std::sregex_iterator it(expression.begin(), expression.end(), by), end; it != end;
           ++it) {
        std::istringstream words((*it)[1]);
        for (std::string word; std::getline(words >> std::ws, word, ',');) {
          EXPECT_TRUE(labels.contains(word)) << word;
        }
      }
    }
  }
  for (const auto& [name, type] : types)
    EXPECT_TRUE(asked.contains(name)) << name << " is on no panel";
}

}  // namespace
}  // namespace whorl::service
