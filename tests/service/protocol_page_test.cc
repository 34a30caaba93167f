// Holds docs/protocol.md to the schema, the faults and the limits.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "engine/service/status.h"
#include "tests/base/source_tree.h"

namespace whorl::service {
namespace {

using testing::cells_of;
using testing::file_text;
using testing::lines_of;

using Fields = std::map<std::string, std::string>;  // types by name

struct Call {
  std::string request, answer;
  friend bool operator==(const Call&, const Call&) = default;
};

void PrintTo(const Call& call, std::ostream* out) { *out << call.request << " -> " << call.answer; }

// What of whorl.fbs the page tells.
struct Schema {
  std::map<std::string, Fields> tables;
  std::map<std::string, std::string> enums;  // "`routine` 0, `interactive` 1"
  std::map<std::string, Call> calls;         // by path
};

template <class Do>
void for_each_match(const std::string& text, const char* pattern, Do act) {
  const std::regex expression(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    act(*it);
  }
}

Schema read_schema() {
  const std::string text =
      std::regex_replace(file_text("engine/service/whorl.fbs"), std::regex("//[^\n]*"), "");
  Schema schema;
  for_each_match(text, R"((table|enum|rpc_service)\s+(\w+)[^{]*\{([^}]*)\})", [&](const auto& m) {
    const std::string kind = m[1], name = m[2], body = m[3];
    if (kind == "table") {
      for_each_match(body, R"((\w+)\s*:\s*(\[?\w+\]?))",
                     [&](const auto& field) { schema.tables[name][field[1]] = field[2]; });
    } else if (kind == "enum") {
      for_each_match(body, R"((\w+)\s*=\s*(\d+))", [&](const auto& value) {
        std::string& told = schema.enums[name];
        told += (told.empty() ? "`" : ", `") + value[1].str() + "` " + value[2].str();
      });
    } else {
      for_each_match(body, R"re((\w+)\((\w+)\)\s*:\s*(\w+)\s*(?:\(streaming:\s*"(\w+)"\))?)re",
                     [&](const auto& call) {
                       const std::string streaming = call[4];
                       const std::string request = "`" + call[2].str() + "`";
                       const std::string answer = "`" + call[3].str() + "`";
                       schema.calls["`/whorl.wire." + name + "/" + call[1].str() + "`"] = {
                           (streaming == "bidi" ? "stream of " : "") + request,
                           (streaming.empty() ? "" : "stream of ") + answer};
                     });
    }
  });
  return schema;
}

std::string without_quotes(const std::string& cell) {
  return cell.size() >= 2 && cell.front() == '`' && cell.back() == '`'
             ? cell.substr(1, cell.size() - 2)
             : "";
}

Schema read_page() {
  Schema page;
  std::string section;
  for (const std::string& line : lines_of(file_text("docs/protocol.md"))) {
    if (line.starts_with("#")) section = line.substr(line.find(' ') + 1);
    const bool a_table = line.starts_with("### ");
    if (a_table) page.tables[section];
    const auto cells = cells_of(line);
    if (cells.size() < 2 || without_quotes(cells[0]).empty()) continue;
    if (section == "Calls") {
      page.calls[cells[0]] = {cells[1], cells[2]};
    } else if (section == "Enumerations") {
      page.enums[without_quotes(cells[0])] = cells[1];
    } else if (page.tables.contains(section)) {
      page.tables[section][without_quotes(cells[0])] = cells[1];
    }
  }
  return page;
}

TEST(ProtocolPage, TellsEveryCallOfTheSchemaAndNoOther) {
  const Schema schema = read_schema();
  ASSERT_GE(schema.calls.size(), 16U);
  EXPECT_EQ(read_page().calls, schema.calls);
}

TEST(ProtocolPage, TellsEveryFieldOfEveryTableWithItsType) {
  const Schema schema = read_schema(), page = read_page();
  ASSERT_GE(schema.tables.size(), 30U);
  for (const auto& [name, fields] : schema.tables) {
    ASSERT_TRUE(page.tables.contains(name)) << name;
    EXPECT_EQ(page.tables.at(name), fields) << name;
  }
  for (const auto& [name, fields] : page.tables) {
    EXPECT_TRUE(schema.tables.contains(name)) << "no table: " << name;
  }
}

TEST(ProtocolPage, TellsEveryValueOfEveryEnumeration) {
  EXPECT_EQ(read_page().enums, read_schema().enums);
}

std::string name_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAUTHENTICATED:
      return "UNAUTHENTICATED";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::CANCELLED:
      return "CANCELLED";
    case grpc::StatusCode::NOT_FOUND:
      return "NOT_FOUND";
    case grpc::StatusCode::ALREADY_EXISTS:
      return "ALREADY_EXISTS";
    case grpc::StatusCode::INTERNAL:
      return "INTERNAL";
    case grpc::StatusCode::INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    default:
      return "a code that the page does not know";
  }
}

TEST(ProtocolPage, TellsTheCodeOfEveryFault) {
  std::map<std::string, std::string> told;  // rows of the table of faults
  bool in_table = false;
  for (const std::string& line : lines_of(file_text("docs/protocol.md"))) {
    const auto cells = cells_of(line);
    if (cells.empty()) in_table = false;
    if (in_table && !without_quotes(cells[0]).empty()) told[without_quotes(cells[0])] = cells[1];
    if (cells.size() == 2 && cells[0] == "gRPC code") in_table = true;
  }
  std::map<std::string, std::string> expected;
  for (int number = 1; number <= static_cast<int>(kLastFault); ++number) {
    const auto fault = static_cast<Fault>(number);
    grpc::ServerContext context;
    const auto code = to_status({fault, 0, ""}, std::chrono::milliseconds(0), context).error_code();
    const std::string name = name_of(code);
    if (name == "INTERNAL" || name == "INVALID_ARGUMENT") {
      EXPECT_EQ(name == "INTERNAL", text_of(fault).blame == Blame::machine) << "E" << number;
      expected[name] = told[name];
      EXPECT_TRUE(told[name].starts_with("every other")) << name;
      continue;
    }
    std::string& row = expected[name];
    row += (row.empty() ? "E" : ", E") + std::to_string(number);
  }
  EXPECT_EQ(told, expected);
}

TEST(ProtocolPage, BoundsAreThoseOfTheLimits) {
  std::map<std::string, std::string> limits;
  for (const std::string& line : lines_of(file_text("docs/limits.md"))) {
    const auto cells = cells_of(line);
    if (cells.size() >= 3 && cells[0].starts_with("`k")) limits[cells[0]] = cells[1];
  }
  int told = 0;
  for (const std::string& line : lines_of(file_text("docs/protocol.md"))) {
    const auto cells = cells_of(line);
    if (cells.size() != 3 || !cells[2].starts_with("`k")) continue;
    ++told;
    EXPECT_EQ(cells[1], limits[cells[2]]) << cells[2];
  }
  EXPECT_GE(told, 12);
}

}  // namespace
}  // namespace whorl::service
