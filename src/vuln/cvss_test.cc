#include "vuln/cvss.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace fathom::vuln {
namespace {

// tests/data/vuln/cvss.tsv, scored by another implementation.
TEST(Cvss, AgreesWithTheSecondOpinion) {
  std::ifstream file(FATHOM_SOURCE_DIR "/tests/data/vuln/cvss.tsv");
  int vectors = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 2u) << line;
    std::optional<CvssScore> score = score_of_cvss(fields[0]);
    EXPECT_EQ(score ? score->text() : "?", fields[1]) << line;
    ++vectors;
  }
  EXPECT_GE(vectors, 200);
}

TEST(Cvss, RatesAsTheVersionDoes) {
  EXPECT_EQ(score_of_cvss("AV:N/AC:L/Au:N/C:C/I:C/A:C")->severity, Severity::high);  // 10.0
  EXPECT_EQ(score_of_cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")->severity,
            Severity::critical);
  EXPECT_EQ(score_of_cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N")->severity,
            Severity::none);
  EXPECT_EQ(severity_of_score(39), Severity::low);
  EXPECT_EQ(severity_of_score(40), Severity::medium);
  EXPECT_EQ(severity_of_score(70), Severity::high);
  EXPECT_EQ(severity_of_score(90), Severity::critical);
}

TEST(Cvss, EveryPrefixIsScoredOrRefused) {
  for (std::string_view vector :
       {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:P/MSI:S",
        "AV:N/AC:L/Au:N/C:C/I:C/A:C"}) {
    EXPECT_TRUE(score_of_cvss(vector));
    for (std::size_t n = 0; n < vector.size(); ++n) {
      std::optional<CvssScore> score = score_of_cvss(vector.substr(0, n));
      EXPECT_TRUE(!score || (score->tenths >= 0 && score->tenths <= 100));
    }
  }
}

}  // namespace
}  // namespace fathom::vuln
