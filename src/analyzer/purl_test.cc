#include "analyzer/purl.h"

#include <gtest/gtest.h>

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

TEST(Purl, GoModulesAreSplitAtTheLastSlashAndLowered) {
  EXPECT_EQ(golang_purl("github.com/Azure/sdk/v2", "v2.0.1+incompatible"),
            "pkg:golang/github.com/azure/sdk/v2@v2.0.1%2Bincompatible");
  EXPECT_EQ(golang_purl("stdlib", "1.21.0"), "pkg:golang/stdlib@1.21.0");
  EXPECT_EQ(golang_purl("example.com/app", ""), "pkg:golang/example.com/app");
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

}  // namespace
}  // namespace fathom
