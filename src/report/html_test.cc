// The page as text: that it is self-contained, that its policy fits its style and script, and that
// nothing foreign becomes markup. tests/all/page_test.py looks at it in a browser.

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "report/formats.h"
#include "report/testing.h"

namespace fathom {
namespace {

std::string page(const Report& report) { return kHtmlReporter.run(report, {}); }

std::string between(const std::string& text, const std::string& start, const std::string& end) {
  const std::size_t from = text.find(start);
  if (from == text.npos) return {};
  const std::size_t begin = from + start.size();
  return text.substr(begin, text.find(end, begin) - begin);
}

std::string source_of(const std::string& content) {
  std::string bytes;
  const std::string hex = sha256_of(ByteView::of(content)).hex;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return "'sha256-" + base64(bytes) + "'";
}

// Every name of an element and of an attribute that stands in the page.
std::set<std::string> names_in(const std::string& html) {
  std::string body = html;
  for (const char* element : {"style", "script"}) {
    const std::size_t from = body.find(std::string("<") + element + ">");
    const std::size_t to = body.find(std::string("</") + element + ">");
    body.erase(from, to - from);
  }
  std::set<std::string> names;
  const std::regex tag("<([a-zA-Z!][a-zA-Z0-9]*)((?:\\s+[a-zA-Z-]+(?:=\"[^\"]*\")?)*)\\s*/?>");
  const std::regex attribute("([a-zA-Z-]+)=\"");
  for (std::sregex_iterator at(body.begin(), body.end(), tag), end; at != end; ++at) {
    names.insert((*at)[1]);
    const std::string attributes = (*at)[2];
    for (std::sregex_iterator a(attributes.begin(), attributes.end(), attribute); a != end; ++a)
      names.insert((*a)[1]);
  }
  return names;
}

TEST(Html, ThePolicyAllowsItsOwnStyleAndScriptOnly) {
  const std::string html = page(testing::full_report());
  const std::string policy =
      between(html, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
  EXPECT_EQ(policy, "default-src 'none'; style-src " +
                        source_of(between(html, "<style>", "</style>")) + "; script-src " +
                        source_of(between(html, "<script>", "</script>")) +
                        "; base-uri 'none'; form-action 'none'");
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST(Html, IsSelfContained) {
  const std::set<std::string> names = names_in(page(testing::full_report()));
  EXPECT_TRUE(names.contains("table"));
  for (const char* name : {"img", "link", "iframe", "object", "embed", "form", "base", "src",
                           "style", "onload", "onclick", "onerror", "srcset"})
    EXPECT_FALSE(name != std::string("style") && names.contains(name)) << name;
  const std::string html = page(testing::full_report());
  EXPECT_EQ(html.find(" style=\""), std::string::npos);
  // Addresses stand in links, which somebody must click on, and nowhere else.
  std::string rest =
      std::regex_replace(html, std::regex("<a rel=\"noreferrer\" href=\"[^\"]*\""), "");
  EXPECT_EQ(rest.find("http://"), std::string::npos);
  EXPECT_EQ(rest.find("https://"), std::string::npos);
}

TEST(Html, NamesAreInert) {
  const std::string evil =
      "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onmouseover='x' &lt; "
      "\xe2\x80\xaegnp\xe2\x81\xa6 {{7*7}} javascript:alert(1)\n";
  Report r = testing::full_report();
  r.target = evil;
  r.image.names = {evil};
  r.image.platform = evil;
  for (Component& c : r.components) {
    c.name = evil;
    c.version.exact = evil;
    c.file = evil;
    for (Evidence& e : c.evidence) e.seen = e.analyzer = e.place.text = evil;
  }
  for (Finding& f : r.findings) f.id = f.cvss_score = f.epss = f.why = evil;
  for (Gap& g : r.gaps) g.stage = g.file = g.reason = evil;
  for (FileRow& f : r.files) f.path = f.kind = f.type = evil;
  for (LayerRow& l : r.image.layers) l.created_by = evil;
  for (EcosystemCoverage& e : r.coverage.ecosystems) e.ecosystem = e.release = e.newest = evil;
  for (DataRow& d : r.data) d.kind = d.date = evil;
  r.notes = {evil};
  r.policy = {true, {evil}};
  r.origin.base.name = r.origin.base.created = evil;
  r.origin.base.by = BaseBy::stated;
  const std::string html = page(r);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_EQ(html.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(html.find("\xe2\x81\xa6"), std::string::npos);
  EXPECT_EQ(html.find("alert(1)</script>"), std::string::npos);
  const auto count = [&](std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = html.find(what); at != html.npos; at = html.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("<script"), 1u);
  EXPECT_EQ(count("</script"), 1u);
  EXPECT_EQ(count("href=\"javascript"), 0u);
  // No element and no attribute that a page without such names has not.
  const std::set<std::string> usual = names_in(page(testing::full_report()));
  for (const std::string& name : names_in(html)) EXPECT_TRUE(usual.contains(name)) << name;
  EXPECT_TRUE(is_utf8(html));
}

TEST(Html, SaysWhatIsHiddenAndWhatWasNotJudged) {
  const std::string html = page(testing::full_report());
  EXPECT_NE(html.find("visible / "), std::string::npos);
  EXPECT_NE(html.find("Not assessed"), std::string::npos);
  EXPECT_NE(html.find("code only"), std::string::npos);
  EXPECT_NE(html.find("CVE-2018-25032"), std::string::npos);
  const std::string nothing = page(testing::hostile_report());
  EXPECT_NE(nothing.find("nothing was judged"), std::string::npos);
}

TEST(Html, IsTheSameBytesEachTime) {
  const Report r = testing::full_report();
  EXPECT_EQ(page(r), page(r));
}

}  // namespace
}  // namespace fathom
