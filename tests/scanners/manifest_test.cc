#include "scanners/replay/manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "scanners/replay/csv.h"
#include "tests/scanners/temporary_folder.h"

namespace whorl::scanners {
namespace {

constexpr const char* kHeader = "subject,modality,position,path,ppi\n";

TEST(Manifest, ReadsEveryColumn) {
  const auto rows = parse_manifest(
      "path,subject,modality,position,ppi,birth_year,sex,encounter,source\r\n"
      "\r\n"
      "# two rows\r\n"
      "\"a, \"\"b\"\".iso\",7,finger,right-thumb,569,1980,female,3,desk 2\r\n"
      "/far/c.whorl,18446744073709551615,face,,,,,,",
      "here");
  ASSERT_TRUE(rows) << describe(rows.error());
  ASSERT_EQ(rows->size(), 2U);
  const ManifestRow& first = rows->front();
  EXPECT_EQ(first.file.line, 4);
  EXPECT_EQ(first.subject, SubjectId{7});
  EXPECT_EQ(first.visit, 3U);
  EXPECT_EQ(first.file.modality, Modality::finger);
  EXPECT_EQ(first.file.position, FingerPosition::right_thumb);
  EXPECT_EQ(first.file.path, "here/a, \"b\".iso");
  EXPECT_EQ(first.file.ppi, PixelsPerInch{569});
  EXPECT_EQ(first.demographics, (Demographics{Sex::female, 1980}));
  EXPECT_EQ(first.source, "desk 2");
  EXPECT_EQ(rows->back().file.modality, Modality::face);
  EXPECT_EQ(rows->back().subject, SubjectId{18446744073709551615U});
  EXPECT_EQ(rows->back().file.path, "/far/c.whorl");  // an absolute path stays itself
  EXPECT_FALSE(rows->back().file.ppi);
}

TEST(Manifest, TakesNumbersAndNamesForFingers) {
  for (const char* field : {"7", "left-index"}) {
    const auto rows =
        parse_manifest(std::string(kHeader) + "1,finger," + field + ",../a.iso,\n", "x");
    ASSERT_TRUE(rows) << field;
    EXPECT_EQ(rows->front().file.position, FingerPosition::left_index);
    EXPECT_EQ(rows->front().file.path, "x/../a.iso");  // the operator may point anywhere
  }
}

TEST(Manifest, SkipsTheByteOrderMarkOfSpreadsheets) {
  EXPECT_TRUE(parse_manifest("\xEF\xBB\xBF" + std::string(kHeader) + "1,finger,1,a,500\n", ""));
}

// A whole text, and what must come back.
struct BadManifest {
  const char* name;
  const char* text;
  Fault fault;
  const char* where;
};
void PrintTo(const BadManifest& c, std::ostream* os) { *os << c.name; }

constexpr const char* kH = "subject,modality,position,path,ppi,sex,birth_year,encounter\n";

// A row after the header kH, and what must come back of line 2.
struct BadRow {
  const char* name;
  const char* row;
  const char* column;
};
void PrintTo(const BadRow& c, std::ostream* os) { *os << c.name; }

class BadManifests : public ::testing::TestWithParam<BadManifest> {};
TEST_P(BadManifests, AreRefusedWithTheirLine) {
  const auto rows = parse_manifest(GetParam().text, "folder");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().fault, GetParam().fault);
  EXPECT_EQ(rows.error().where, GetParam().where);
}
INSTANTIATE_TEST_SUITE_P(
    All, BadManifests,
    ::testing::Values(
        BadManifest{"Empty", "", Fault::empty_input, "a manifest without rows"},
        BadManifest{"OnlyBlankLines", "\n\r\n\n", Fault::empty_input, "a manifest without rows"},
        BadManifest{"OnlyAHeader", "subject,modality,position,path,ppi\n", Fault::empty_input,
                    "a manifest without rows"},
        BadManifest{"NoHeader", "1,finger,1,a.iso,500\n", Fault::bad_manifest,
                    "line 1, column 1 has an unknown name"},
        BadManifest{"NoSubject", "modality,position,path,ppi\nfinger,1,a,500\n",
                    Fault::bad_manifest, "line 1, no column subject"},
        BadManifest{"NoModality", "subject,position,path,ppi\n1,1,a,500\n", Fault::bad_manifest,
                    "line 1, no column modality"},
        BadManifest{"NoPosition", "subject,modality,path,ppi\n1,finger,a,500\n",
                    Fault::bad_manifest, "line 1, no column position"},
        BadManifest{"NoPath", "subject,modality,position,ppi\n1,finger,1,500\n",
                    Fault::bad_manifest, "line 1, no column path"},
        BadManifest{"UnknownColumn", "subject,modality,position,path,dpi\n1,finger,1,a,500\n",
                    Fault::bad_manifest, "line 1, column 5 has an unknown name"},
        BadManifest{"ColumnTwice", "subject,modality,position,path,path\n1,finger,1,a,a\n",
                    Fault::bad_manifest, "line 1, two columns of one name"},
        BadManifest{"CapitalColumn", "Subject,modality,position,path\n1,finger,1,a\n",
                    Fault::bad_manifest, "line 1, column 1 has an unknown name"},
        BadManifest{"FieldMissing", "subject,modality,position,path\n1,finger,1\n",
                    Fault::bad_manifest, "line 2, 3 fields for 4 columns"},
        BadManifest{"FieldTooMany", "subject,modality,position,path\n1,finger,1,a,\n",
                    Fault::bad_manifest, "line 2, 5 fields for 4 columns"},
        BadManifest{"OpenQuote", "subject,modality,position,path\n1,finger,1,\"a\n",
                    Fault::bad_manifest, "line 2, a quote in the wrong place"},
        BadManifest{"QuoteInside", "subject,modality,position,path\n1,finger,1,a\"b\"\n",
                    Fault::bad_manifest, "line 2, a quote in the wrong place"},
        BadManifest{"TextAfterQuote", "subject,modality,position,path\n1,finger,1,\"a\"b\n",
                    Fault::bad_manifest, "line 2, a quote in the wrong place"},
        BadManifest{"LaterLine", "subject,modality,position,path\n1,finger,1,a\n\n#\nx,finger,1,a",
                    Fault::bad_manifest, "line 5, subject"}),
    [](const auto& row) { return std::string(row.param.name); });

class BadRows : public ::testing::TestWithParam<BadRow> {};
TEST_P(BadRows, AreRefusedWithTheirLineAndColumn) {
  const auto rows = parse_manifest(std::string(kH) + GetParam().row, "folder");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().fault, Fault::bad_manifest);
  EXPECT_EQ(rows.error().where, std::string("line 2, ") + GetParam().column);
}
INSTANTIATE_TEST_SUITE_P(
    All, BadRows,
    ::testing::Values(BadRow{"SubjectZero", "0,finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectEmpty", ",finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectNegative", "-1,finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectFraction", "1.5,finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectText", "smith,finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectSpace", " 1,finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectPlus", "+1,finger,1,a,500,,,", "subject"},
                      BadRow{"SubjectTooLong", "18446744073709551616,finger,1,a,500,,,", "subject"},
                      BadRow{"ModalityUnknown", "1,iris,1,a,500,,,", "modality"},
                      BadRow{"ModalityEmpty", "1,,1,a,500,,,", "modality"},
                      BadRow{"ModalityCapital", "1,Finger,1,a,500,,,", "modality"},
                      BadRow{"PositionEleven", "1,finger,11,a,500,,,", "position"},
                      BadRow{"PositionNegative", "1,finger,-1,a,500,,,", "position"},
                      BadRow{"PositionText", "1,finger,thumb,a,500,,,", "position"},
                      BadRow{"PositionOfAFace", "1,face,1,a,,,,", "position"},
                      BadRow{"NoPath", "1,finger,1,,500,,,", "path"},
                      BadRow{"PpiZero", "1,finger,1,a,0,,,", "ppi"},
                      BadRow{"PpiTooLow", "1,finger,1,a,98,,,", "ppi"},
                      BadRow{"PpiTooHigh", "1,finger,1,a,1201,,,", "ppi"},
                      BadRow{"PpiNegative", "1,finger,1,a,-500,,,", "ppi"},
                      BadRow{"PpiNotANumber", "1,finger,1,a,nan,,,", "ppi"},
                      BadRow{"PpiInfinite", "1,finger,1,a,inf,,,", "ppi"},
                      BadRow{"PpiWithUnit", "1,finger,1,a,500dpi,,,", "ppi"},
                      BadRow{"SexUnknown", "1,finger,1,a,500,f,,", "sex"},
                      BadRow{"BirthYearTwoDigits", "1,finger,1,a,500,,80,", "birth_year"},
                      BadRow{"BirthYearText", "1,finger,1,a,500,,1980-01-01,", "birth_year"},
                      BadRow{"EncounterText", "1,finger,1,a,500,,,first", "encounter"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Manifest, FileFaultsNameTheFileAndLineButNoContent) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(read_manifest(folder.path() / "none.csv").error().fault, Fault::io_error);
  folder.write("empty.csv", "");
  EXPECT_EQ(read_manifest(folder.path() / "empty.csv").error().fault, Fault::empty_input);
  folder.write("bad.csv", std::string(kHeader) + "secret,finger,1,a,500\n");
  const auto bad = read_manifest(folder.path() / "bad.csv");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().where, (folder.path() / "bad.csv").string() + ", line 2, subject");
}

TEST(FolderRows, AreSubjectsAndImpressionsInOrder) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"101_10.iso", "101_9.iso", "20_1.fmr", "notes.txt"}) {
    folder.write(name, "x");
  }
  const auto rows = rows_of_folder(folder.path(), PixelsPerInch{569});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ(rows->at(0).file.path.filename(), "20_1.fmr");
  EXPECT_EQ(rows->at(1).file.path.filename(), "101_9.iso");
  EXPECT_EQ(rows->at(2).file.path.filename(), "101_10.iso");
  EXPECT_EQ(rows->at(2).subject, SubjectId{101});
  EXPECT_EQ(rows->at(2).visit, 10U);
  EXPECT_EQ(rows->at(2).file.ppi, PixelsPerInch{569});
}

TEST(FolderRows, RefuseWhatTheyCannotName) {
  EXPECT_EQ(rows_of_folder("/no/such/folder", {}).error().fault, Fault::io_error);
  {
    const testing::TemporaryFolder folder;
    folder.write("readme.txt", "x");
    EXPECT_EQ(rows_of_folder(folder.path(), {}).error().fault, Fault::empty_input);
  }
  for (const char* name : {"a.iso", "101.iso", "101_.iso", "_1.iso", "0_1.iso", "101_1_2.iso",
                           "-1_1.iso", "101_x.iso"}) {
    const testing::TemporaryFolder folder;
    folder.write(name, "x");
    EXPECT_EQ(rows_of_folder(folder.path(), {}).error().fault, Fault::bad_manifest) << name;
  }
}

TEST(Csv, QuotedFieldsComeBack) {
  for (const char* field : {"", "plain", "a,b", "say \"so\"", "\"", ",", ",\"\","}) {
    const auto fields = csv_fields(csv_quoted(field) + "," + csv_quoted(field));
    ASSERT_TRUE(fields) << field;
    EXPECT_EQ(*fields, (std::vector<std::string>{field, field}));
  }
}

}  // namespace
}  // namespace whorl::scanners
