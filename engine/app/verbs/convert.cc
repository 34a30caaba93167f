#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/verbs/verbs.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/template_container.h"

namespace whorl::app {
namespace {

struct ConvertOptions {
  std::string in, out, format;
  std::optional<double> ppi;
  int view = 0;
};

Result<Bytes> encode(const std::vector<Template>& templates,
                     std::optional<formats::MinutiaeFormat> format) {
  if (!format) {
    if (templates.size() == 1) return formats::encode_template(templates.front());
    return fail(Fault::bad_argument, 0,
                "a Whorl template file holds one view, and these are " +
                    std::to_string(templates.size()) + "; choose one with --view");
  }
  std::vector<FingerTemplate> prints;
  for (const Template& t : templates) {
    const auto* print = std::get_if<FingerTemplate>(&t);
    if (print == nullptr) {
      return fail(Fault::unsupported, 0, "a face has no minutiae; use --format whorl");
    }
    prints.push_back(*print);
  }
  WHORL_TRY(const formats::MinutiaeRecord record, formats::to_minutiae_record(prints, *format));
  return formats::encode_minutiae_record(record);
}

Result<Exit> convert(const ConvertOptions& o, Console& console) {
  WHORL_TRY(const auto format, print_format(o.format));
  const auto ppi = o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
  WHORL_TRY(std::vector<Template> templates, read_template_file(o.in, ppi));
  if (o.view > 0) {
    if (o.view > std::ssize(templates)) {
      return fail(Fault::bad_argument, 0,
                  "--view, IN has " + std::to_string(templates.size()) + " views");
    }
    templates = {templates.at(static_cast<std::size_t>(o.view - 1))};
  }
  Result<Bytes> bytes = encode(templates, format);
  if (!bytes) return at(bytes.error(), o.in);
  WHORL_TRY_VOID(write_file(o.out, *bytes));
  console.answer(
      {{"out", o.out}, {"format", o.format}, {"views", templates.size()}, {"bytes", bytes->size()}},
      o.out + ": " + std::to_string(templates.size()) + " views, " + std::to_string(bytes->size()) +
          " bytes, " + o.format);
  return Exit::ok;
}

Run declare_convert(CLI::App& options) {
  auto o = std::make_shared<ConvertOptions>();
  options.add_option("IN", o->in, "Template file of any format")->required();
  options.add_option("OUT", o->out, "The file to write")->required();
  options.add_option("--format", o->format, "One of " + format_names())->required();
  options.add_option("--ppi", o->ppi, "True resolution of IN, where the record has it wrong");
  options.add_option("--view", o->view, "Only this view, counted from 1")
      ->check(CLI::PositiveNumber);
  return [o](Console& console) { return convert(*o, console); };
}

}  // namespace

const Verb kConvert{"convert", "Turn a template file into another format",
                    "Example:\n"
                    "  whorl convert card.fmr card.whorl --format whorl\n"
                    "\n"
                    "Minutiae come out at 500 ppi (197 px/cm). ANSI counts angles in steps of 2 "
                    "degrees and ISO in\n"
                    "steps of 1.4, so going there and back may turn a minutia by a degree. Ridge "
                    "counts, cores and\n"
                    "deltas are not carried over.",
                    declare_convert};

}  // namespace whorl::app
