#include "tests/kernels/gpu_report.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <thread>

#include "kernels/cuda_memory.h"

namespace whorl::kernels {
namespace {

std::string number(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}
std::string cuda_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof(date), "%Y-%m-%d", std::gmtime(&now));
  return date;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : "; ") + one;
  return text;
}

// What is said above the figures, in order: the page's rows and the JSON's context.
std::vector<std::pair<std::string, std::string>> facts_of(const GpuMachine& machine) {
  const DeviceInfo& device = machine.device;
  const GpuRates& rates = machine.rates;
  int driver = 0, runtime = 0;
  (void)cudaDriverGetVersion(&driver);
  (void)cudaRuntimeGetVersion(&runtime);
  const auto tera = [](double rate) { return number("%.4g", rate * 1e-12); };
  std::vector<std::pair<std::string, std::string>> facts{
      {"device", device.name + ", compute capability " + std::to_string(device.major) + "." +
                     std::to_string(device.minor) + ", " + std::to_string(rates.processors) +
                     " multiprocessors, " +
                     number("%.1f GiB", static_cast<double>(device.memory_bytes) / (1 << 30))},
      {"driver", "CUDA " + cuda_version(driver) + ", runtime " + cuda_version(runtime)},
      {"clock", number("%.0f MHz", rates.clock_hz * 1e-6) + " while tensor cores multiplied"},
      {"commit", machine.commit},
      {"memory",
       tera(rates.copy) + " TB/s read and written by copies, " + tera(rates.read) + " TB/s read"},
      {"tensor cores by mma", tera(rates.mma_bytes) + " T operations/s on bytes, " +
                                  tera(rates.mma_bits) + " on bits, " + tera(rates.mma_halves) +
                                  " on halves, whose sums use " + number("%.3f", rates.mma_slack) +
                                  " of their slack"}};
  if (rates.wgmma_bytes > 0) {
    facts.emplace_back("tensor cores by wgmma",
                       tera(rates.wgmma_bytes) + " T operations/s on bytes, " +
                           tera(rates.wgmma_halves) + " on halves, whose sums use " +
                           number("%.3f", rates.wgmma_slack) + " of their slack");
  }
  facts.emplace_back("popcounts", tera(rates.popcounts) + " T words/s");
  if (!rates.driver_said.empty()) {
    facts.emplace_back(
        "nvidia-smi, right after the rates: driver, clock, at most, memory's clock, "
        "at most, power limit, degrees",
        rates.driver_said);
  }
  if (!rates.wrong.empty()) facts.emplace_back("WRONG PRODUCTS", joined(rates.wrong));
  if (!machine.left_out.empty())
    facts.emplace_back("left out, time was up", joined(machine.left_out));
  return facts;
}

std::string figure_row(const GpuFigure& figure) {
  std::string limit, ratio;
  if (figure.limit > 0) {
    limit = number("%.3g, ", figure.limit) + figure.limit_said;
    ratio = number("%.2f", figure.achieved / figure.limit);
  }
  return "| " + figure.name + " | " + number("%.3g", figure.achieved) + " | " + figure.unit +
         " | " + limit + " | " + ratio + " | " +
         (figure.checked ? "checked" : "WRONG OR NOT CHECKED") + " |\n";
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= ' ') out += c;
  }
  return out + '"';
}

// A rate's time is that of one item, as Google Benchmark would have timed it.
std::string figure_object(const GpuFigure& figure) {
  const bool rate = figure.unit.size() > 2 && figure.unit.substr(figure.unit.size() - 2) == "/s";
  double ns = 0;
  if (figure.unit == "s") ns = figure.achieved * 1e9;
  if (rate && figure.achieved > 0) ns = 1e9 / figure.achieved;
  std::string out =
      "    {\"name\": " + quoted(figure.name) + ", \"run_name\": " + quoted(figure.name) +
      ", \"run_type\": \"iteration\", \"repetitions\": 1, " +
      "\"repetition_index\": 0, \"threads\": 1, \"iterations\": 1, \"real_time\": " +
      number("%.9g", ns) + ", \"cpu_time\": " + number("%.9g", ns) + ", \"time_unit\": \"ns\"";
  if (rate) {
    out += figure.unit == "B/s" ? ", \"bytes_per_second\": " : ", \"items_per_second\": ";
    out += number("%.9g", figure.achieved);
  }
  out +=
      ", \"achieved\": " + number("%.9g", figure.achieved) + ", \"unit\": " + quoted(figure.unit);
  if (figure.limit > 0) {
    out += ", \"limit\": " + number("%.9g", figure.limit) +
           ", \"limit_said\": " + quoted(figure.limit_said) +
           ", \"ratio\": " + number("%.4f", figure.achieved / figure.limit);
  }
  return out + ", \"answer_checked\": " + (figure.checked ? "true" : "false") + "}";
}

bool write(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fputs(text.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written;
}

}  // namespace

std::string gpu_page(const GpuMachine& machine, const std::vector<GpuFigure>& figures) {
  std::string text = "# " + machine.device.name + ", " + today() + "\n\n";
  if (machine.rehearsal) text += "**A rehearsal: no figure here means anything.**\n\n";
  text +=
      "`tools/gpu`: a million prints of 40 minutiae (1,024 strangers again and again), gate 63 "
      "degrees, 120 votes; a million faces of 512.\nAn answer is checked where a part of it was "
      "compared with the definition's (of many probes or pairs some). Kernel time alone, the "
      "median of the runs, "
      "where nothing else is said. Nothing was timed before its answers on awkward shapes were the "
      "definition's, bit for bit.\n\n| | |\n|---|---|\n";
  for (const auto& [name, said] : facts_of(machine)) text += "| " + name + " | " + said + " |\n";
  text += "\n| kernel | achieved | unit | limit | ratio | answer |\n|---|---|---|---|---|---|\n";
  for (const GpuFigure& figure : figures) text += figure_row(figure);
  return text;
}

std::string gpu_json(const GpuMachine& machine, const std::vector<GpuFigure>& figures) {
  std::string text = "{\n  \"context\": {\"date\": " + quoted(today()) +
                     ", \"executable\": \"whorl_gpu_check\", \"num_cpus\": " +
                     std::to_string(std::max(1U, std::thread::hardware_concurrency())) +
                     ", \"rehearsal\": " + (machine.rehearsal ? "true" : "false") +
#ifdef NDEBUG
                     ", \"library_build_type\": \"release\"";
#else
                     ", \"library_build_type\": \"debug\"";
#endif
  for (const auto& [name, said] : facts_of(machine))
    text += ",\n    " + quoted(name) + ": " + quoted(said);
  text += "},\n  \"benchmarks\": [\n";
  for (std::size_t f = 0; f < figures.size(); ++f)
    text += figure_object(figures[f]) + (f + 1 < figures.size() ? ",\n" : "\n");
  return text + "  ]\n}\n";
}

bool write_gpu_report(const std::string& folder, const GpuMachine& machine,
                      const std::vector<GpuFigure>& figures) {
  std::string path = folder + "/" + today() + "-" + machine.device.name;
  if (!machine.only.empty()) path += "-" + machine.only;
  std::replace_if(
      path.begin() + static_cast<std::ptrdiff_t>(folder.size()) + 1, path.end(),
      [](char c) { return c == ' ' || c == '/'; }, '-');
  const bool page = write(path + ".md", gpu_page(machine, figures));
  return write(path + ".json", gpu_json(machine, figures)) && page;
}

}  // namespace whorl::kernels
