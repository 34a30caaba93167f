#include "engine/search/engine.h"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/crypto.h"
#include "engine/base/master_key.h"
#include "engine/python/module.h"
#include "engine/python/values.h"

namespace whorl::python {
namespace {

namespace py = pybind11;
using namespace py::literals;
using search::Answer;
using search::Query;
using search::Receipt;

// An engine that Python may close while other threads are still in it: the last to leave closes it.
class Handle {
 public:
  explicit Handle(std::shared_ptr<search::Engine> engine) : engine_(std::move(engine)) {}

  void close() {
    auto engine = std::move(engine_);
    unlocked([&] { engine.reset(); });
  }
  // Asks the engine for something without the interpreter's lock, and raises the fault of it.
  template <class Work>
  auto ask(Work work) const {
    if (engine_ == nullptr) raise({Fault::bad_argument, 0, "the store is closed"});
    return value_of(unlocked([&work, engine = engine_]() mutable {
      const std::shared_ptr<search::Engine> mine = std::move(engine);
      return work(*mine);
    }));
  }

 private:
  std::shared_ptr<search::Engine> engine_;  // read and written under the interpreter's lock
};

Handle open(const std::string& folder, const Word& key, const std::string& key_file, bool create) {
  search::EngineOptions options;
  options.folder = folder;
  options.create = create;
  options.master = value_of(key ? Key::from_hex(*key) : load_master_key({key_file, {}}));
  return Handle(value_of(unlocked([&] { return search::Engine::open(options); })));
}

// A query takes its members by their names, so that there is one list of them: define_query's.
Query query_of(std::vector<Template> templates, const py::kwargs& settings) {
  Query query;
  query.templates = std::move(templates);
  const py::object view = py::cast(&query, py::return_value_policy::reference);
  for (const auto& [name, value] : settings) py::setattr(view, name, value);
  return query;
}

// First and last.
using Years = std::optional<std::pair<std::uint16_t, std::uint16_t>>;

Receipt enrol(const Handle& engine, const std::string& gallery, SubjectId subject,
              std::vector<Template> templates, bool new_subject, std::optional<double> dedup_at,
              std::optional<UnixMillis> captured_at, std::string source, const Word& sex,
              std::uint16_t birth_year) {
  search::Enrolment enrolment;
  enrolment.subject = subject;
  enrolment.expect_new_subject = new_subject;
  Encounter& visit = enrolment.encounter;
  visit.captured_at = captured_at.value_or(SystemClock().now());
  visit.source = std::move(source);
  visit.demographics.sex = noun_from(sex_from_name, sex, "sex", Sex::not_recorded);
  visit.demographics.birth_year = birth_year;
  visit.templates = std::move(templates);
  search::Dedup dedup;
  if (dedup_at) {
    dedup.query.hit_at = FalseMatchRate{*dedup_at};
    dedup.query.refer_at = std::max(dedup.query.hit_at, dedup.query.refer_at);
  }
  Receipt receipt = engine.ask(
      [&](search::Engine& e) { return e.enrol(gallery, enrolment, dedup_at ? &dedup : nullptr); });
  if (receipt.error) raise(*receipt.error);
  return receipt;
}

// Queries are copies: others may change theirs while these are searched.
std::vector<Answer> identify_all(const Handle& engine, const std::string& gallery,
                                 std::vector<Query> queries) {
  return engine.ask([&](search::Engine& e) { return e.identify(gallery, queries); });
}

Answer identify(const Handle& engine, const std::string& gallery, Query query) {
  return identify_all(engine, gallery, {std::move(query)}).front();
}

void define_query(py::module_& module) {
  py::class_<Query>(module, "Query",
                    "One person's templates and how to search with them; the settings may also be\n"
                    "given by name: Query(templates, hit_at=1e-7, any_finger=True).")
      .def(py::init(&query_of), "templates"_a)
      .def_readwrite("templates", &Query::templates)
      .def_readwrite("max_candidates", &Query::max_candidates)
      .def_readwrite("hit_at", &Query::hit_at, "False match rate: at or below, the same person")
      .def_readwrite("refer_at", &Query::refer_at, "Between the two an examiner should look")
      .def_readwrite("max_loss", &Query::max_loss,
                     "Share of single prints' mates that may be lost before the full comparison")
      .def_readwrite("any_finger", &Query::any_finger, "Compare unlike fingers too")
      .def_readwrite("any_rotation", &Query::any_rotation)
      .def_property(
          "excluded", [](const Query& q) { return q.filter.excluded; },
          [](Query& q, std::vector<SubjectId> subjects) {
            std::ranges::sort(subjects);
            q.filter.excluded = std::move(subjects);
          },
          "Subjects to leave out")
      .def_property(
          "sex", [](const Query& q) { return name_of(q.filter.sex); },
          [](Query& q, const Word& sex) {
            q.filter.sex = noun_from(sex_from_name, sex, "sex", Sex::not_recorded);
          },
          "Leave out people who are known to be of another")
      .def_property(
          "birth_years",
          [](const Query& q) -> Years {
            if (q.filter.birth_year_max == 0) return std::nullopt;
            return std::pair(q.filter.birth_year_min, q.filter.birth_year_max);
          },
          [](Query& q, Years years) {
            if (years && (years->first == 0 || years->first > years->second)) {
              raise({Fault::bad_argument, 0, "birth_years, (first, last)"});
            }
            std::tie(q.filter.birth_year_min, q.filter.birth_year_max) =
                years.value_or(std::pair(0, 0));
          },
          "(first, last): leave out people who are known to be born in other years");
}

void define_answer(py::module_& module) {
  using search::Candidate, search::Evidence;
  py::class_<Evidence>(module, "Evidence", "One comparison that spoke for a candidate.")
      .def_readonly("probe", &Evidence::probe, "Index into the query's templates")
      .def_property_readonly("modality", [](const Evidence& e) { return name_of(e.modality); })
      .def_property_readonly("probe_position",
                             [](const Evidence& e) { return name_of(e.probe_position); })
      .def_property_readonly("reference_position",
                             [](const Evidence& e) { return name_of(e.reference_position); })
      .def_readonly("encounter", &Evidence::encounter)
      .def_property_readonly("fmr", [](const Evidence& e) { return e.value.fmr; })
      .def_property_readonly("log_likelihood_ratio",
                             [](const Evidence& e) { return e.value.ratio; });

  py::class_<Candidate>(module, "Candidate")
      .def_readonly("subject", &Candidate::subject)
      .def_property_readonly(
          "fmr", [](const Candidate& c) { return c.value.fmr; },
          "The chance that one other person scores this much or more")
      .def_property_readonly("log_likelihood_ratio",
                             [](const Candidate& c) { return c.value.ratio; })
      .def_readonly("evidence", &Candidate::evidence)
      .def("__repr__", [](const Candidate& c) {
        return "<whorl.Candidate subject " + std::to_string(c.subject.value()) + ">";
      });

  py::class_<Answer>(module, "Answer")
      .def_property_readonly(
          "decision", [](const Answer& a) { return search::name_of(a.decision); },
          "'hit', 'refer' (an examiner should look) or 'no-hit'")
      .def_readonly("candidates", &Answer::candidates, "Best first")
      .def_readonly("reasons", &Answer::reasons, "For people: why this decision, what limits it")
      .def_property_readonly(
          "searched", [](const Answer& a) { return a.effort.gallery_prints; },
          "Templates of the gallery that were looked at")
      .def_property_readonly(
          "loss", [](const Answer& a) { return a.effort.loss; },
          "Of single prints' mates, before the full comparison");

  py::class_<Receipt>(module, "Receipt")
      .def_property_readonly(
          "outcome",
          [](const Receipt& r) {
            return r.outcome == search::Outcome::enrolled ? "enrolled" : "duplicate";
          },
          "'enrolled', or 'duplicate': found by dedup_at and not stored")
      .def_readonly("subject", &Receipt::subject)
      .def_readonly("encounter", &Receipt::encounter, "Of the subject's, counted from 1")
      .def_readonly("search", &Receipt::search, "The Answer of dedup_at, or None");
}

}  // namespace

void define_engine(py::module_& module) {
  define_query(module);
  define_answer(module);
  py::class_<search::GalleryStatus>(module, "GalleryStatus")
      .def_readonly("name", &search::GalleryStatus::name)
      .def_readonly("subjects", &search::GalleryStatus::subjects)
      .def_readonly("templates", &search::GalleryStatus::templates);

  py::class_<Handle>(
      module, "Engine",
      "A store and the indexes over it. Every method may be called from any thread,\n"
      "and searches run at the same time; `with` closes it.")
      .def(
          "create_gallery",
          [](const Handle& h, const std::string& name) {
            h.ask([&](search::Engine& e) { return e.create_gallery(name); });
          },
          "name"_a)
      .def("galleries",
           [](const Handle& h) {
             return h.ask([](search::Engine& e) -> Result<std::vector<search::GalleryStatus>> {
               return e.status();
             });
           })
      .def("enrol", enrol, "gallery"_a, "subject"_a, "templates"_a, py::kw_only(),
           "new_subject"_a = false, "dedup_at"_a = py::none(), "captured_at"_a = py::none(),
           "source"_a = "", "sex"_a = py::none(), "birth_year"_a = 0,
           "Stores one visit of a person; it is on disk when this returns. new_subject=True "
           "refuses\n"
           "a person enrolled before under this number; dedup_at=1e-6 searches first, and stores\n"
           "nothing where another person is found at this false match rate. captured_at is in\n"
           "milliseconds since 1970.")
      .def("identify", identify, "gallery"_a, "query"_a, "1:N: who in the gallery is this?")
      .def("identify_all", identify_all, "gallery"_a, "queries"_a,
           "Several queries in one pass over the gallery: one Answer each.")
      .def(
          "delete_subject",
          [](const Handle& h, const std::string& gallery, SubjectId subject) {
            h.ask([&](search::Engine& e) { return e.delete_subject(gallery, subject); });
          },
          "gallery"_a, "subject"_a)
      .def(
          "erase_subject",
          [](const Handle& h, const std::string& gallery, SubjectId subject) {
            h.ask([&](search::Engine& e) { return e.erase_subject(gallery, subject); });
          },
          "gallery"_a, "subject"_a, "Deletes a person and destroys the key to their records.")
      .def("close", &Handle::close, "Saves the indexes where much changed, and lets the store go.")
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__", [](Handle& h, const py::args&) { h.close(); });

  module.def(
      "open", open, "folder"_a, py::kw_only(), "key"_a = py::none(), "key_file"_a = "",
      "create"_a = false,
      "Opens a store. The master key is 64 hexadecimal digits: `key`, else those in the file\n"
      "`key_file`, else those in WHORL_MASTER_KEY. One process at a time.");
}

}  // namespace whorl::python
