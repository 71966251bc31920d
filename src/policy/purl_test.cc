#include "policy/purl.h"

#include <gtest/gtest.h>

#include "policy/date.h"

namespace fathom::policy {
namespace {

Purl purl(std::string_view text) {
  Result<Purl> result = parse_purl(text);
  EXPECT_TRUE(result.has_value()) << text;
  return result ? std::move(*result) : Purl{};
}

bool match(std::string_view wanted, std::string_view actual) {
  return matches(purl(wanted), purl(actual));
}

TEST(Purl, IsReadFromTheRight) {
  const Purl p = purl(
      "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&Distro=debian-12&empty=#a/b");
  EXPECT_EQ(p.type, "deb");
  EXPECT_EQ(p.full_name(), "debian/libstdc++6");
  EXPECT_EQ(p.version, "12.2.0-14+deb12u1");
  EXPECT_EQ(p.qualifier("arch"), "amd64");
  EXPECT_EQ(p.qualifier("distro"), "debian-12");
  EXPECT_EQ(p.qualifiers.size(), 2u) << "an empty qualifier is none";
  EXPECT_EQ(p.subpath, "a/b");
  EXPECT_EQ(purl("pkg:npm/@angular/core@12.3.1").full_name(), "@angular/core");
  EXPECT_EQ(purl("pkg:npm/%40angular/core").full_name(), "@angular/core");
  EXPECT_EQ(purl("pkg:npm/@angular/core").version, "");
  EXPECT_EQ(purl("pkg://GOLANG//github.com/a/b@v1").full_name(), "github.com/a/b");
}

TEST(Purl, RefusesWhatIsNone) {
  for (const char* text :
       {"", "pkg:", "pkg:deb", "pkg:deb/", "pkg:/x", "sqlite", "pkg:#", "pkg:?/"})
    EXPECT_FALSE(parse_purl(text).has_value()) << text;
  // Broken escapes stay as they are.
  EXPECT_EQ(purl("pkg:a/b%").name, "b%");
  EXPECT_EQ(purl("pkg:a/b%zz").name, "b%zz");
}

TEST(Purl, MatchesByWhatTheWantedOneSays) {
  const char* actual = "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12";
  EXPECT_TRUE(match("pkg:golang/github.com/Azure/x", "pkg:golang/github.com/azure/x@v1"));
  EXPECT_TRUE(match("pkg:pypi/Some_thing", "pkg:pypi/some-thing@1"));
  EXPECT_TRUE(match("pkg:deb/debian/openssl", actual));
  EXPECT_TRUE(match("pkg:deb/debian/openssl@3.0.11-1", actual));
  EXPECT_TRUE(match("pkg:deb/debian/openssl?arch=amd64", actual));
  EXPECT_FALSE(match("pkg:deb/debian/openssl?arch=arm64", actual));
  EXPECT_FALSE(match("pkg:deb/debian/openssl@3.0.11-2", actual));
  EXPECT_FALSE(match("pkg:deb/ubuntu/openssl", actual));
  EXPECT_FALSE(match("pkg:apk/debian/openssl", actual));
  EXPECT_FALSE(match("pkg:deb/debian/openssl#sub", actual));
}

TEST(Purl, WithoutVersionIsTheSameForAllOfThem) {
  EXPECT_EQ(without_version(purl("pkg:deb/debian/a%2Bb@1?arch=x")),
            without_version(purl("pkg:deb/debian/a+b@2?arch=y")));
  EXPECT_NE(without_version(purl("pkg:golang/x/y@1#a")), without_version(purl("pkg:golang/x/y@1")));
}

TEST(Date, KnowsTheCalendar) {
  for (const char* day : {"2027-01-31", "2024-02-29", "2000-02-29", "1970-01-01"})
    EXPECT_TRUE(is_day(day)) << day;
  for (const char* day : {"", "2027-1-31", "2027-01-32", "2023-02-29", "1900-02-29", "2027-13-01",
                          "2027/01/31", "27-01-31", "2027-01-31 ", "2027-00-10", "2027-01-0x"})
    EXPECT_FALSE(is_day(day)) << day;
}

TEST(Date, ComparesTimesAcrossZones) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2023-01-08T18:02:03.647787998-06:00"), 1673222523);  // date -d … +%s
  EXPECT_EQ(parse_time("2023-01-09T01:02:03+01:00"), parse_time("2023-01-08T18:02:03-06:00"));
  for (const char* time :
       {"", "2023-01-08", "2023-01-08T18:02:03", "2023-01-08T24:00:00Z", "2023-01-08T18:02:03.Z",
        "2023-01-08T18:02:03+1:00", "2023-02-30T18:02:03Z", "2023-01-08T18:02:03Zx"})
    EXPECT_FALSE(parse_time(time)) << time;
}

}  // namespace
}  // namespace fathom::policy
