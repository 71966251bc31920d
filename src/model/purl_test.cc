#include "model/purl.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "json/value.h"

namespace fathom {
namespace {

TEST(Purl, WritesTheCanonicalForm) {
  Purl deb{.type = "deb",
           .namespace_ = "Debian",
           .name = "libstdc++6",
           .version = "1:12.2.0-14+deb12u1~x",
           .qualifiers = {{"distro", "debian-12"}, {"arch", "amd64"}, {"epoch", ""}}};
  EXPECT_EQ(deb.text(),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1~x?arch=amd64&distro=debian-12");
}

TEST(Purl, CrateNamesKeepTheirCase) {
  EXPECT_EQ((Purl{.type = "cargo", .name = "Inflector", .version = "0.11.4"}).text(),
            "pkg:cargo/Inflector@0.11.4");
}

TEST(Purl, ReadsWhatItWrites) {
  for (std::string text :
       {"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
        "pkg:golang/google.golang.org/genproto@abcdedf#googleapis/api/annotations",
        "pkg:cargo/rand@0.7.2", "pkg:apk/alpine/curl@7.83.0-r0?arch=x86",
        "pkg:generic/a%2Fb@1%402%20x?k=%26%3D"}) {
    Result<Purl> purl = parse_purl(text);
    ASSERT_TRUE(purl) << text;
    EXPECT_EQ(purl->text(), text);
  }
  Result<Purl> odd = parse_purl("PKG://Deb//debian///curl@1?Arch=amd64&empty=");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->text(), "pkg:deb/debian/curl@1?arch=amd64");
}

TEST(Purl, RefusesWhatIsNone) {
  for (const char* text : {"", "pkg:", "pkg:deb", "pkg:deb/", "deb/debian/x@1", "pkg:/x"})
    EXPECT_FALSE(parse_purl(text)) << text;
}

TEST(Purl, StrictReadingSaysWhatIsWrong) {
  for (const char* text :
       {"pkg:swift/Alamofire@5.4.3", "pkg:otp/space/hex@2.1.1", "pkg:julia/Dates",
        "pkg:cpan/URI::PackageURL", "pkg:rpm/curl?Arch=i386"}) {
    EXPECT_TRUE(parse_purl(text)) << text;
    EXPECT_FALSE(parse_purl_strictly(text)) << text;
  }
}

// ---- The specification's own cases, tests/data/purl

std::string text_or_empty(const json::Value& value) { return std::string(value.text_or()); }

Purl purl_of(const json::Value& value) {
  Purl purl{.type = text_or_empty(value["type"]),
            .namespace_ = text_or_empty(value["namespace"]),
            .name = text_or_empty(value["name"]),
            .version = text_or_empty(value["version"]),
            .qualifiers = {},
            .subpath = text_or_empty(value["subpath"])};
  if (value["qualifiers"].object() != nullptr)
    for (const auto& [key, text] : *value["qualifiers"].object())
      purl.qualifiers[key] = text_or_empty(text);
  return purl;
}

std::string shown(const Purl& p) {
  std::string out = p.type + "|" + p.namespace_ + "|" + p.name + "|" + p.version + "|" + p.subpath;
  for (const auto& [key, value] : p.qualifiers) out += "|" + key + "=" + value;
  return out;
}

// What a case of the kind gives, as text; "" when it is refused.
std::string outcome(std::string_view kind, const json::Value& input) {
  if (kind == "build") {
    const Purl purl = purl_of(input);
    return check_purl(purl) ? purl.text() : "";
  }
  if (kind == "parse") {
    Result<Purl> purl = parse_purl_strictly(input.text_or());
    return purl ? shown(*purl) : "";
  }
  Result<Purl> purl = parse_purl(input.text_or());
  return purl ? purl->text() : "";
}

std::string wanted(std::string_view kind, const json::Value& test) {
  const bool* fails = test["expected_failure"].boolean();
  if (fails != nullptr && *fails) return "";
  const json::Value& output = test["expected_output"];
  return kind == "parse" ? shown(purl_of(output)) : text_or_empty(output);
}

TEST(Purl, TheCasesOfTheSpecification) {
  std::size_t cases = 0;
  const std::filesystem::path folder = FATHOM_SOURCE_DIR "/tests/data/purl";
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    Result<json::Value> document = json::parse(text);
    ASSERT_TRUE(document) << file.path();
    ASSERT_NE((*document)["tests"].array(), nullptr) << file.path();
    for (const json::Value& test : *(*document)["tests"].array()) {
      const std::string_view kind = test["test_type"].text_or();
      EXPECT_EQ(outcome(kind, test["input"]), wanted(kind, test))
          << file.path().filename() << ": " << test["description"].text_or() << ", " << kind << " "
          << test["input"].text_or();
      ++cases;
    }
  }
  EXPECT_EQ(cases, 586u);
}

}  // namespace
}  // namespace fathom
