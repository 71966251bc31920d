#include "analyzer/os_release.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

TEST(OsRelease, ReadsTheQuotingOfShells) {
  auto claim = read_os_release(
      "# comment\n"
      "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
      "NAME=\"Debian GNU/Linux\"\n"
      "\n"
      "ID=debian\r\n"
      "VERSION_ID='12'\n",
      {});
  ASSERT_TRUE(claim);
  const Component& os = claim->component;
  EXPECT_EQ(os.kind, ComponentKind::application);
  EXPECT_EQ(os.ecosystem, "os");
  EXPECT_EQ(os.name, "debian");
  EXPECT_EQ(os.version.exact, "12");
  ASSERT_EQ(os.evidence.size(), 3u);
  EXPECT_EQ(os.evidence[0].place, Place::at_line(5));
  EXPECT_EQ(os.evidence[0].seen, "ID=debian");
  EXPECT_EQ(os.evidence[1].seen, "VERSION_ID='12'");
}

TEST(OsRelease, ARollingReleaseHasNoVersion) {
  auto claim = read_os_release("ID=arch\nNAME=\"Arch\"\n", {});
  ASSERT_TRUE(claim);
  EXPECT_FALSE(claim->component.version.known());
}

TEST(OsRelease, OtherAssignmentsAreLeftAlone) {
  for (const char* text : {"", "ID=x\n", "DISTRIB_ID=Ubuntu\nVERSION_ID=1\n",
                           "ID=x\nVERSION_ID=1\necho hello\n", "ID=\nNAME=x\n", "id=x\nNAME=y\n"})
    EXPECT_FALSE(read_os_release(text, {})) << text;
  EXPECT_FALSE(read_os_release("ID=x\nNAME=y\n" + std::string(1 << 17, '#'), {}));
}

TEST(OsRelease, CpeNamesOfBothForms) {
  EXPECT_EQ(cpe23("cpe:/o:fedoraproject:fedora:39"),
            "cpe:2.3:o:fedoraproject:fedora:39:*:*:*:*:*:*:*");
  EXPECT_EQ(cpe23("cpe:2.3:o:amazon:linux:2"), "cpe:2.3:o:amazon:linux:2");
  EXPECT_EQ(cpe23("cpe:/o:a:b-c::-"), "cpe:2.3:o:a:b\\-c:*:-:*:*:*:*:*:*");
  for (const char* text : {"", "cpe:", "cpe:/o:a%21:b", "cpe:/a:b:c:d:e:f:g:h", "x"})
    EXPECT_EQ(cpe23(text), "") << text;
}

}  // namespace
}  // namespace fathom
