#include "feeds/merge.h"

#include <gtest/gtest.h>

namespace fathom::feeds {
namespace {

vuln::Advisory row(std::string source, std::string id, std::string ecosystem,
                   std::string modified) {
  vuln::Advisory a;
  a.source = std::move(source);
  a.id = std::move(id);
  a.ecosystem = std::move(ecosystem);
  a.package = "p";
  a.modified = std::move(modified);
  a.ranges = {{}};
  return a;
}

Incoming osv(std::vector<vuln::Advisory> rows) {
  Incoming in;
  for (const vuln::Advisory& a : rows) in.rows.records.emplace_back("osv", a.record());
  in.summary.parts.push_back({{"osv", "PyPI", "", "", "", "", 0}, false});
  in.rows.advisories = std::move(rows);
  in.imported = "2026-11-24T00:00:00Z";
  return in;
}

Incoming whole(const std::string& source, const std::string& part,
               std::vector<vuln::Advisory> rows) {
  Incoming in;
  in.rows.advisories = std::move(rows);
  in.summary.parts.push_back({{source, part, "2026-11-01", "", "", "", 1}, true});
  in.imported = "2026-11-24T00:00:00Z";
  return in;
}

std::vector<std::string> ids_of(const vuln::PackContent& content) {
  std::vector<std::string> ids;
  for (const vuln::Advisory& a : content.advisories)
    ids.push_back(a.source + " " + a.id + " " + a.modified);
  std::sort(ids.begin(), ids.end());
  return ids;
}

TEST(Merge, ReplacesTheRecordsThatAreThereAndKeepsTheRest) {
  vuln::PackContent content;
  merge(content,
        osv({row("osv", "A-1", "PyPI", "2026-01-01"), row("osv", "A-2", "PyPI", "2026-01-02")}));
  merge(content, osv({row("osv", "A-2", "PyPI", "2026-03-03")}));
  EXPECT_EQ(ids_of(content),
            (std::vector<std::string>{"osv A-1 2026-01-01", "osv A-2 2026-03-03"}));
  ASSERT_EQ(content.sources.size(), 1u);
  EXPECT_EQ(content.sources[0].records, 2u);
  EXPECT_EQ(content.sources[0].newest, "2026-03-03");
  EXPECT_EQ(content.newest["PyPI"], "2026-03-03");
}

TEST(Merge, ReplacesATrackerAsAWhole) {
  vuln::PackContent content;
  merge(content, osv({row("osv", "A-1", "PyPI", "2026-01-01")}));
  merge(content,
        whole("debian", "",
              {row("debian", "CVE-1", "Debian:12", ""), row("debian", "CVE-2", "Debian:13", "")}));
  merge(content, whole("debian", "", {row("debian", "CVE-3", "Debian:12", "")}));
  EXPECT_EQ(ids_of(content), (std::vector<std::string>{"debian CVE-3 ", "osv A-1 2026-01-01"}));
  EXPECT_EQ(content.newest["Debian:12"], "2026-11-01");
  EXPECT_FALSE(content.newest.contains("Debian:13"));
}

TEST(Merge, ReplacesOneRepositoryOfSeveral) {
  vuln::PackContent content;
  merge(content,
        whole("alpine-main", "Alpine:v3.20", {row("alpine-main", "CVE-1", "Alpine:v3.20", "")}));
  merge(content,
        whole("alpine-main", "Alpine:v3.19", {row("alpine-main", "CVE-2", "Alpine:v3.19", "")}));
  merge(content,
        whole("alpine-main", "Alpine:v3.20", {row("alpine-main", "CVE-9", "Alpine:v3.20", "")}));
  EXPECT_EQ(ids_of(content),
            (std::vector<std::string>{"alpine-main CVE-2 ", "alpine-main CVE-9 "}));
}

TEST(Merge, ReplacesStatementsByTheirDocument) {
  vuln::PackContent content;
  auto vex = [](const std::string& document, const std::string& id) {
    Incoming in;
    Statement s;
    s.document = "openvex " + document;
    s.rule.id = id;
    in.rows.statements.push_back(s);
    in.rows.records.emplace_back("openvex", document);
    in.summary.parts.push_back({{"openvex", "", "", "", "", "", 0}, false});
    in.imported = "t";
    return in;
  };
  merge(content, vex("d1", "CVE-1"));
  merge(content, vex("d2", "CVE-2"));
  merge(content, vex("d1", "CVE-3"));
  const Bytes pack = *vuln::write_pack(content);
  std::vector<Statement> statements = statements_of(*vuln::Database::open(pack));
  ASSERT_EQ(statements.size(), 2u);
  EXPECT_EQ(statements[0].rule.id, "CVE-3");
  EXPECT_EQ(statements[1].rule.id, "CVE-2");
}

TEST(Merge, ClearsACatalogueThatComesWhole) {
  vuln::PackContent content;
  content.known_exploited = {"CVE-2026-1"};
  Incoming in = whole("kev", "", {});
  in.rows.known_exploited = {"CVE-2026-2222"};
  merge(content, std::move(in));
  EXPECT_EQ(content.known_exploited, (std::set<std::string>{"CVE-2026-2222"}));
}

}  // namespace
}  // namespace fathom::feeds
