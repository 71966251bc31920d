#include "report/hardening.h"

#include <gtest/gtest.h>

#include "report/ldd.h"

namespace fathom {
namespace {

HardeningRow row(std::string path, std::string relro, Rating rating) {
  HardeningRow out;
  out.path = std::move(path);
  out.type = "pie";
  out.machine = "x86_64";
  out.checks = {{"relro", std::move(relro), rating, "", Place::named("program headers"), "seen"},
                {"bti", "not applicable", Rating::neutral, "", Place::named("x"), "seen"}};
  return out;
}

Report two_files() {
  Report report;
  report.hardening = {row("bin/a", "full", Rating::good), row("bin/b", "none", Rating::bad)};
  report.hardening[1].checks[0].why = "because";
  return report;
}

TEST(HardeningTable, ALineForEachFileThenSumsThenWhatStandsOut) {
  EXPECT_EQ(hardening_table(two_files(), {}),
            "FILE  RELRO\n"
            "bin/a full\n"
            "bin/b none\n"
            "\n"
            "2 files\n"
            "  RELRO   1 full, 1 none\n"
            "\n"
            "Stands out\n"
            "  bin/b: relro none\n"
            "      seen (because)\n");
}

TEST(HardeningTable, AFixedAddressIsSaidOnce) {
  Report report = two_files();
  report.hardening[1].checks = {
      {"pie", "fixed-address static", Rating::bad, "", Place::named("x"), "ET_EXEC"},
      {"aslr", "0 of 28 bits", Rating::bad, "", Place::named("x"), "PT_LOAD"}};
  const std::string text = hardening_table(report, {});
  EXPECT_NE(text.find("bin/b: pie fixed-address static\n      ET_EXEC\n"), std::string::npos);
  EXPECT_EQ(text.find("bin/b: aslr"), std::string::npos);
}

TEST(HardeningTable, OneFileWithItsEvidence) {
  Report report = two_files();
  report.hardening.erase(report.hardening.begin());
  EXPECT_EQ(hardening_table(report, {}),
            "bin/b: x86_64 pie\n"
            "\n"
            "  relro  none            seen [program headers]\n"
            "                         (because)\n"
            "  bti    not applicable  seen [x]\n");
}

TEST(HardeningTable, ForeignTextIsMadeVisible) {
  Report report = two_files();
  report.hardening[0].path = "bin/\x1b[2Ja\nb";
  report.hardening[1].checks[0].seen = "DT_RUNPATH \x1b]0;x\x07";
  for (const std::string& text : {hardening_table(report, {}), hardening_json(report)}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
  }
}

TEST(HardeningTable, NothingToShowIsSaid) {
  EXPECT_EQ(hardening_table({}, {}), "No program and no shared object here.\n");
}

TEST(HardeningSummary, CountsOnlyWhatStandsOut) {
  EXPECT_TRUE(hardening_summary(two_files()).empty());  // no RELRO is in the table, not here
  Report report = two_files();
  report.hardening[0].checks.push_back(
      {"nx_stack", "executable", Rating::bad, "", Place::named("x"), "seen"});
  EXPECT_EQ(hardening_summary(report),
            std::vector<std::string>{"1 file asks for an executable stack"});
}

TEST(Ldd, TheFormOfLdd) {
  LinkRow app;
  app.path = "bin/a";
  app.kind = LinkKind::dynamic;
  app.rules = "glibc";
  app.libraries = {
      {.name = "libc.so.6", .path = "/lib/libc.so.6"},
      {.name = "libgone.so"},
      {.name = "ld-linux-x86-64.so.2", .path = "/lib64/ld-linux-x86-64.so.2", .is_loader = true}};
  app.problems = {"/lib/libc.so.6: version `X' not found (required by /bin/a)"};
  EXPECT_EQ(ldd_text({&app, 1}),
            "bin/a: /lib/libc.so.6: version `X' not found (required by /bin/a)\n"
            "\tlibc.so.6 => /lib/libc.so.6\n"
            "\tlibgone.so => not found\n"
            "\t/lib64/ld-linux-x86-64.so.2\n");
  EXPECT_FALSE(app.complete());
  LinkRow fixed{.path = "bin/s", .kind = LinkKind::static_file};
  LinkRow anywhere{.path = "bin/p", .kind = LinkKind::static_pie};
  const LinkRow both[] = {fixed, anywhere};
  EXPECT_EQ(ldd_text(both), "bin/s:\n\tnot a dynamic executable\nbin/p:\n\tstatically linked\n");
}

}  // namespace
}  // namespace fathom
