#include "licenses/licenses.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "licenses/tables.h"

namespace fathom::licenses {
namespace {

std::vector<std::string> licenses_in(std::string_view text) {
  std::vector<std::string> out;
  for (const Found& found : read_copyright(text, Limits{})) out.push_back(found.license);
  return out;
}

using List = std::vector<std::string>;

TEST(Names, BecomeExpressions) {
  EXPECT_EQ(expression_of("GPL-2+"), "GPL-2.0-or-later");
  EXPECT_EQ(expression_of("Expat"), "MIT");
  EXPECT_EQ(expression_of("GPL-2+ and Expat"), "GPL-2.0-or-later AND MIT");
  EXPECT_EQ(expression_of("GPL-1+ or Artistic"), "GPL-1.0-or-later OR Artistic-1.0-Perl");
  EXPECT_EQ(expression_of("GPL-1+ or Artistic, and Expat"),
            "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT");
  EXPECT_EQ(expression_of("GPL-3+ with autoconf exception"),
            "GPL-3.0-or-later WITH Autoconf-exception-2.0");
}

TEST(Names, ThatNobodyKnowsAreNotGuessed) {
  for (const char* name : {"", "custom", "GPL-2+ and custom", "GPL-2+ with my exception", ","})
    EXPECT_EQ(expression_of(name), "") << name;
}

TEST(MachineReadable, TakesTheLicencesOfFilesAndNotOfThePackaging) {
  constexpr std::string_view kText =
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
      "Upstream-Name: x\n"
      "\n"
      "Files: *\n"
      "Copyright: 2001 A\n"
      "License: Expat\n"
      "\n"
      "Files: lib/*\n"
      "Copyright: 2002 B\n"
      "License: House-Rules\n"
      "\n"
      "Files: debian/*\n"
      "Copyright: 2003 C\n"
      "License: GPL-3+\n"
      "\n"
      "License: BSD-3-clause\n"
      " text\n";
  EXPECT_EQ(licenses_in(kText), (List{"MIT", "House-Rules"}));
  const std::vector<Found> found = read_copyright(kText, Limits{});
  EXPECT_EQ(found[0].line, 6u);
  EXPECT_TRUE(found[0].is_spdx);
  EXPECT_FALSE(found[1].is_spdx);
}

TEST(OtherTexts, AreRecognisedByTheirWords) {
  EXPECT_EQ(licenses_in("Permission is hereby granted, free of charge, to any person\n"
                        " obtaining a copy of this software"),
            List{"MIT"});
  EXPECT_EQ(licenses_in("This software is provided 'as-is', without any express or implied\n"
                        "  warranty.\n2. Altered source versions must be plainly marked"),
            List{"Zlib"});
  constexpr std::string_view kBsd = "Redistribution and use in source and binary forms, with";
  EXPECT_EQ(licenses_in(kBsd), List{"BSD-2-Clause"});
  EXPECT_EQ(licenses_in(std::string(kBsd) + " the name may not; may be used to endorse or promote"),
            List{"BSD-3-Clause"});
  EXPECT_EQ(licenses_in("On Debian systems: /usr/share/common-licenses/Apache-2.0"),
            List{"Apache-2.0"});
  EXPECT_EQ(licenses_in("under the terms of the GNU General Public License; either version 2, or\n"
                        "(at your option) any later version"),
            List{"GPL-2.0-or-later"});
  EXPECT_EQ(licenses_in("You may not."), List{});
}

TEST(OtherTexts, SayWhereTheWordsStand) {
  const std::vector<Found> found = read_copyright(
      "a\nb\nPermission is hereby granted, free of charge, to any person obtaining a "
      "copy",
      Limits{});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 3u);
}

int compare(std::string_view a, std::string_view b) { return a < b ? -1 : a > b; }

TEST(Libraries, MayHaveChangedTheirLicence) {
  EXPECT_EQ(license_of_library("openssl", "1.1.1n", compare), "OpenSSL");
  EXPECT_EQ(license_of_library("openssl", "3.0.2", compare), "Apache-2.0");
  EXPECT_EQ(license_of_library("openssl", "", compare), "") << "which one it is is not known";
  EXPECT_EQ(license_of_library("zlib", "", compare), "Zlib");
  EXPECT_EQ(license_of_library("nobody", "1", compare), "");
}

TEST(Tables, HaveTheRightNumberOfCells) {
  for (const auto& [table, cells] :
       {std::pair(kLibrariesTsv, 4u), std::pair(kNamesTsv, 2u), std::pair(kTextsTsv, 2u)})
    for (const std::string_view line : lines_of(table)) {
      if (line.starts_with('#')) continue;
      EXPECT_EQ(split(line, '\t').size(), cells) << line;
    }
}

}  // namespace
}  // namespace fathom::licenses
