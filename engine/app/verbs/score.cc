#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/accuracy.h"
#include "engine/app/extraction_option.h"
#include "engine/app/face_scores.h"
#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/pair_scores.h"
#include "engine/app/report/accuracy_report.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/app/workers.h"
#include "engine/features/face/face_model.h"
#include "engine/search/thread_limit.h"
#include "scanners/replay/capture_file.h"

namespace whorl::app {
namespace {

struct ScoreOptions {
  std::string folder, out, report, svg, from = "template", extraction{kAccurateExtraction};
  std::string model{features::kDefaultFaceModel};
  std::optional<double> ppi;
  std::vector<std::string> ppi_of;
  int threads = 0;
};

using PpiOf = std::map<std::string, PixelsPerInch>;  // by name of database or of its folder

Result<PpiOf> parse_ppi_of(const std::vector<std::string>& pairs) {
  PpiOf all;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    const auto ppi =
        equals == std::string::npos ? std::nullopt : whole_number(pair.substr(equals + 1));
    if (!ppi) return fail(Fault::bad_argument, 0, "--ppi-of, give DATABASE=PPI, e.g. DB2_B=569");
    all[pair.substr(0, equals)] = PixelsPerInch{static_cast<double>(*ppi)};
  }
  return all;
}

std::optional<PixelsPerInch> ppi_for(const PrintDatabase& database, const ScoreOptions& o,
                                     const PpiOf& ppi_of) {
  for (const std::string& name : {database.name, database.folder.filename().string()}) {
    if (const auto found = ppi_of.find(name); found != ppi_of.end()) return found->second;
  }
  return o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
}

// A name that fits nothing is a slip of the finger whose cost would be a wrong accuracy.
Result<> check_names(const PpiOf& ppi_of, const std::vector<PrintDatabase>& databases) {
  for (const auto& entry : ppi_of) {
    const std::string& name = entry.first;  // clang 14 lets no lambda take a structured binding
    const bool known = std::ranges::any_of(databases, [&](const PrintDatabase& d) {
      return d.name == name || d.folder.filename() == name;
    });
    if (!known) return fail(Fault::bad_argument, 0, "--ppi-of, no database is named " + name);
  }
  return {};
}

struct Described {
  std::vector<std::vector<FingerTemplate>> prints;  // by file; empty: could not be read
  std::int64_t unreadable = 0;
};

Described describe_all(const PrintDatabase& database, std::optional<PixelsPerInch> ppi,
                       const ScoreOptions& o, Console& console) {
  std::vector<Result<std::vector<FingerTemplate>>> read(database.files.size());
  const auto mode = extraction_mode(o.extraction);
  Progress progress = console.progress(database.name, "files", std::ssize(read));
  share_out(std::ssize(read), progress, [&] {
    return [&](std::int64_t i) {
      const auto file = static_cast<std::size_t>(i);
      read[file] =
          read_prints({database.files[file], std::nullopt, FingerPosition::unknown, ppi, 0, mode});
    };
  });
  Described all;
  for (Result<std::vector<FingerTemplate>>& prints : read) {
    if (!prints) {
      console.warn("scored -1: " + describe(prints.error()));
      ++all.unreadable;
    }
    all.prints.push_back(prints ? std::move(*prints) : std::vector<FingerTemplate>{});
  }
  return all;
}

std::vector<PairScore> compare_all(const Described& described, Progress progress) {
  std::vector<PairScore> pairs = all_pairs(described.prints.size());
  share_out(std::ssize(pairs), progress, [&] {
    return [&, matcher = matchers::FingerMatcher()](std::int64_t i) mutable {
      PairScore& pair = pairs[static_cast<std::size_t>(i)];
      const auto& probe = described.prints[pair.probe];
      const auto& reference = described.prints[pair.reference];
      if (probe.empty() || reference.empty()) return;
      pair.similarity = best_pair(matcher, probe, reference).similarity;
    };
  });
  return pairs;
}

std::string csv_of(const PrintDatabase& database, const std::vector<PairScore>& pairs) {
  std::string csv;
  for (const PairScore& p : pairs) {
    const bool compared = p.similarity != kNotCompared;
    csv += database.name + "," + database.files[p.probe].stem().string() + "," +
           database.files[p.reference].stem().string() + "," +
           (compared ? rounded(p.similarity.value(), 4) : "-1") + "\n";
  }
  return csv;
}

// The truth is in the files' names.
LabelledScores labelled(const PrintDatabase& database, const std::vector<PairScore>& pairs) {
  const auto finger = [&](std::size_t file) {
    return print_name(database.files[file]).value_or(scanners::NumberedName{}).number;
  };
  LabelledScores scores{database.name, {}, {}};
  for (const PairScore& p : pairs) {
    auto& population = finger(p.probe) == finger(p.reference) ? scores.genuine : scores.impostor;
    population.push_back(p.similarity.value());
  }
  return scores;
}

// Everything a run of comparisons comes to.
struct Compared {
  std::string csv = "db,probe,gallery,score\n";
  std::vector<LabelledScores> scores;  // by database
  std::int64_t files = 0, unreadable = 0, pairs = 0;
  double seconds = 0;
};

Result<Compared> compare_databases(const ScoreOptions& o, Console& console) {
  const UnixMillis started = console.clock().now();
  WHORL_TRY(const PpiOf ppi_of, parse_ppi_of(o.ppi_of));
  WHORL_TRY(
      const std::vector<PrintDatabase> databases,
      find_databases(o.folder, o.from == "image" ? PrintSource::images : PrintSource::templates));
  WHORL_TRY_VOID(check_names(ppi_of, databases));
  search::limit_threads(o.threads);
  Compared all;
  for (const PrintDatabase& database : databases) {
    const Described described = describe_all(database, ppi_for(database, o, ppi_of), o, console);
    const std::int64_t count = std::ssize(all_pairs(database.files.size()));
    const std::vector<PairScore> pairs =
        compare_all(described, console.progress(database.name, "pairs", count));
    all.csv += csv_of(database, pairs);
    all.scores.push_back(labelled(database, pairs));
    all.files += std::ssize(database.files), all.unreadable += described.unreadable;
    all.pairs += count;
  }
  all.seconds = static_cast<double>(console.clock().now().value() - started.value()) / 1000;
  return all;
}

Result<Compared> compare_faces(const ScoreOptions& o, Console& console) {
  if (!o.report.empty()) {
    return fail(Fault::bad_argument, 0, "--report is of fingerprints, --svg is of faces too");
  }
  if (o.ppi || !o.ppi_of.empty()) {
    return fail(Fault::bad_argument, 0, "--ppi, a face is not measured in inches");
  }
  const UnixMillis started = console.clock().now();
  search::limit_threads(o.threads);
  WHORL_TRY(FaceScores faces, score_faces(o.folder, o.model, console));
  Compared all;
  all.csv += faces.csv;
  all.scores.push_back(std::move(faces.scores));
  all.files = faces.files, all.unreadable = faces.unreadable, all.pairs = faces.pairs;
  all.seconds = static_cast<double>(console.clock().now().value() - started.value()) / 1000;
  return all;
}

std::string text_of_run(const Compared& all) {
  return with_commas(all.pairs) + " pairs of " + with_commas(all.files) + " files in " +
         std::to_string(all.scores.size()) + " databases" +
         (all.unreadable > 0 ? "; " + with_commas(all.unreadable) + " files unreadable" : "");
}

Result<> write_pictures(const ScoreOptions& o, const Accuracy& accuracy, const Compared& all) {
  if (o.report.empty() && o.svg.empty()) return {};
  if (accuracy.overall() == nullptr) {
    return fail(Fault::bad_argument, 0,
                "--report and --svg need a database with two fingers, one of them twice");
  }
  if (!o.report.empty()) {
    WHORL_TRY_VOID(write_file(
        o.report,
        accuracy_report(accuracy, text_of_run(all) + ", every pair of a database once.")));
  }
  if (o.svg.empty()) return {};
  const std::filesystem::path folder = o.svg;
  WHORL_TRY_VOID(make_folder(folder));
  return write_file(folder / "det.svg", accuracy_picture(accuracy).document());
}

Result<Exit> score(const ScoreOptions& o, Console& console) {
  if (!o.report.empty() && !o.report.ends_with(".html")) {
    return fail(Fault::bad_argument, 0, "--report, give FILE.html");
  }
  const bool faces = o.from == "face";
  WHORL_TRY(const Compared all, faces ? compare_faces(o, console) : compare_databases(o, console));
  WHORL_TRY_VOID(write_file(o.out, all.csv));
  const Accuracy accuracy = measure(all.scores);
  WHORL_TRY_VOID(write_pictures(o, accuracy, all));
  Table rates = rates_table(accuracy);
  if (faces) rates.head[1] = "one person", rates.head[2] = "two people";
  console.answer({{"out", o.out},
                  {"databases", all.scores.size()},
                  {"files", all.files},
                  {"unreadable", all.unreadable},
                  {"pairs", all.pairs},
                  {"seconds", all.seconds},
                  {"accuracy", as_json(accuracy)}},
                 as_text(rates) + text_of_run(all) + ", " + duration(all.seconds) + ": " + o.out);
  return Exit::ok;
}

Run declare_score(CLI::App& options) {
  auto o = std::make_shared<ScoreOptions>();
  options.add_option("DIR", o->folder, "Databases, each a folder of FINGER_IMPRESSION files")
      ->required();
  options.add_option("--from", o->from, "What the files are")
      ->check(CLI::IsMember({"template", "image", "face"}))
      ->capture_default_str();
  add_extraction_option(options, o->extraction);
  options.add_option("--model", o->model, "Of faces: their model, or the path of its description")
      ->capture_default_str();
  options.add_option("--out", o->out, "The CSV: db,probe,gallery,score")->required();
  options.add_option("--report", o->report, "A page with error rates and curves: FILE.html");
  options.add_option("--svg", o->svg, "Folder for the error trade-off as a picture, det.svg");
  options.add_option("--ppi", o->ppi, "True resolution, where the records have it wrong");
  options.add_option("--ppi-of", o->ppi_of, "The same for one database: DB=PPI,...")
      ->delimiter(',');
  options.add_option("--threads", o->threads, "0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  return [o](Console& console) { return score(*o, console); };
}

}  // namespace

const Verb kScore{
    "score", "Compare all pairs of prints or faces of databases, for accuracy measurements",
    "Examples (FVC2002 DB2 is 569 ppi, whatever its headers say):\n"
    "  whorl score fvc2002 --out scores.csv --ppi-of DB2_B=569 --report accuracy.html\n"
    "  whorl score fvc2002 --from image --out scores.csv --ppi 500 --ppi-of DB2_B=569\n"
    "  whorl score lfw --from face --out scores.csv\n"
    "\n"
    "DIR is one database, or a folder of them: files named FINGER_IMPRESSION (or\n"
    "PERSON_FINGER_IMPRESSION) with the ending .iso, .fmr, .ansi or .whorl, or with --from image\n"
    ".png, .jpg, .tif, .bmp, .pgm, .jp2, .wsq or .fir. Each pair within a database is compared\n"
    "once; a higher score is more alike. A database is named after its folder and the one above.\n"
    "With --from face DIR has a folder of pictures for each person, or pictures named\n"
    "PERSON_IMPRESSION; the score is a cosine.\n"
    "A file that cannot be read is warned of and scores -1, which no threshold accepts, as FVC\n"
    "counts failures to enrol.\n"
    "\n"
    "Error rates are told for each database and pooled, one threshold for all: EER, and the false\n"
    "non-match rate at a false match rate of 1 in 100, 1 in 1,000 and none. --report draws them.",
    declare_score};

}  // namespace whorl::app
