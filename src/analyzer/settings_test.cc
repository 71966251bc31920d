#include <gtest/gtest.h>

#include "analyzer/analyzer.h"

namespace fathom {
namespace {

AuditFacts audit_of(std::string_view text) { return recover(ByteView::of(text), {}).audit; }

TEST(Settings, ReadsAccounts) {
  AuditFacts facts = audit_of("root:x:0:0:root:/root:/bin/sh\nopen::7:8::/:\n");
  ASSERT_EQ(facts.settings, SettingsKind::passwd);
  ASSERT_EQ(facts.accounts.size(), 2u);
  EXPECT_EQ(facts.accounts[0].shell, "/bin/sh");
  EXPECT_FALSE(facts.accounts[0].no_password);
  EXPECT_TRUE(facts.accounts[1].no_password);
  EXPECT_EQ(facts.accounts[1].gid, 8u);
  EXPECT_EQ(facts.accounts[1].line, 2u);
}

TEST(Settings, ReadsShadowWithoutKeepingHashes) {
  AuditFacts facts =
      audit_of("root:$6$salt$abcdefghij:19000:0:99999:7:::\nweb:!:19000::::::\nfree::1::::::\n");
  ASSERT_EQ(facts.settings, SettingsKind::shadow);
  EXPECT_TRUE(facts.accounts[0].has_hash);
  EXPECT_FALSE(facts.accounts[1].has_hash);
  EXPECT_TRUE(facts.accounts[2].no_password);
}

TEST(Settings, OneForeignLineMakesItAnotherFile) {
  for (const char* text : {"root:x:0:0:root:/root:/bin/sh\nhello\n", "a:b:c\n",
                           "root:x:0:0:root:relative:/bin/sh\n", "root:x:-1:0::/:\n", "x: y\n", ""})
    EXPECT_EQ(audit_of(text).settings, SettingsKind::none) << text;
}

TEST(Settings, ReadsGroupsNameServiceAndTimeZones) {
  EXPECT_EQ(audit_of("root:x:0:\nwheel:x:10:root\n").group_names,
            (std::vector<std::string>{"root", "wheel"}));
  AuditFacts facts = audit_of("# comment\npasswd: files\nhosts:  files dns  # last\n");
  EXPECT_EQ(facts.settings, SettingsKind::name_service);
  EXPECT_EQ(facts.hosts_sources, "files dns");
  EXPECT_EQ(facts.passwd_sources, "files");
  EXPECT_EQ(audit_of("# version 2024a\n# more\n").time_zone_release, "2024a");
  EXPECT_EQ(audit_of("2024b\n").time_zone_release, "2024b");
  EXPECT_EQ(audit_of("# version 1.2.3\n").settings, SettingsKind::none);
}

TEST(Settings, TakesTheFirstLineOfAScriptAsTheKernelDoes) {
  EXPECT_EQ(audit_of("#! /usr/bin/env python3\nimport x\n").shebang, "/usr/bin/env python3");
  EXPECT_EQ(audit_of("#!/bin/" + std::string(400, 'a')).shebang.size(), 255u);
}

}  // namespace
}  // namespace fathom
