// Images made of facts: what each file needs, and where it lies. tests/cli/ldd_test.py compares the
// whole program with ldd itself.

#include "loader/loader.h"

#include <gtest/gtest.h>

#include <map>

namespace fathom::loader {
namespace {

using archive::TarType;
using Names = std::vector<std::string>;

constexpr const char* kGlibc = "/lib64/ld-linux-x86-64.so.2";
constexpr const char* kMusl = "/lib/ld-musl-x86_64.so.1";

struct TestImage {
  image::Layer layer;
  std::map<std::string, FileFacts> facts;

  TestImage& add(std::string path, FileFacts file) {
    image::Entry entry;
    entry.path = path;
    entry.mode = 0755;
    entry.size = 1;
    entry.digest = "sha256:" + path;
    layer.entries.push_back(entry);
    facts[entry.digest] = std::move(file);
    return *this;
  }
  TestImage& elf(std::string path, ElfFacts elf) {
    if (elf.machine == 0) elf.machine = 62;
    return add(std::move(path), {.kind = FileKind::elf, .elf = std::move(elf)});
  }
  TestImage& library(std::string path, Names needed = {}) {
    std::string soname = path.substr(path.rfind('/') + 1);
    return elf(path, {.type = "shared object", .soname = soname, .needed = std::move(needed)});
  }
  TestImage& symlink(std::string path, std::string target) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.type = TarType::symlink;
    entry.link_target = std::move(target);
    layer.entries.push_back(entry);
    return *this;
  }
  TestImage& glibc() {
    return elf("lib64/ld-linux-x86-64.so.2", {.type = "shared object",
                                              .soname = "ld-linux-x86-64.so.2",
                                              .loader_folders = {"/lib/", "/usr/lib/"}});
  }
  TestImage& musl() {
    return elf("lib/ld-musl-x86_64.so.1",
               {.type = "shared object", .soname = "libc.musl-x86_64.so.1"});
  }
  TestImage& cache(std::vector<LoaderCacheEntry> entries) {
    FileFacts file{.kind = FileKind::data};
    file.loader_cache = std::move(entries);
    return add("etc/ld.so.cache", std::move(file));
  }

  FactsOf facts_of() const {
    return [this](const std::string& digest) {
      auto found = facts.find(digest);
      return found == facts.end() ? nullptr : &found->second;
    };
  }
  LinkRow resolve(std::string_view path, Options options = {}) const {
    image::FileTree tree = image::flatten({layer}, Limits{});
    return Resolver(tree, facts_of(), std::move(options)).resolve(path);
  }
  Names unloaded(std::uint64_t places = 100'000) const {
    image::FileTree tree = image::flatten({layer}, Limits{});
    Names out;
    std::vector<Gap> gaps;
    for (const UnloadedLibrary& library : unloaded_libraries(tree, facts_of(), gaps, places))
      out.push_back(library.path);
    for (const Gap& gap : gaps) out.push_back("gap: " + gap.reason);
    return out;
  }
};

ElfFacts program(Names needed, std::string interpreter = kGlibc) {
  return {.type = "pie", .interpreter = std::move(interpreter), .needed = std::move(needed)};
}

Names paths(const LinkRow& row) {
  Names out;
  for (const LinkedLibrary& library : row.libraries)
    out.push_back(library.path.empty() ? library.name + " not found" : library.path);
  return out;
}

TEST(Glibc, BreadthFirstAndEachFileOnce) {
  TestImage image;
  image.glibc()
      .elf("bin/a", program({"liba.so", "libb.so"}))
      .library("lib/liba.so", {"libc.so.6", "libd.so"})
      .library("lib/libb.so", {"libc.so.6"})
      .library("usr/lib/libd.so", {"liba.so"})  // a circle
      .library("lib/libc.so.6", {"ld-linux-x86-64.so.2"});
  LinkRow row = image.resolve("bin/a");
  EXPECT_EQ(paths(row),
            (Names{"/lib/liba.so", "/lib/libb.so", "/lib/libc.so.6", "/usr/lib/libd.so", kGlibc}));
  EXPECT_TRUE(row.complete());
  EXPECT_EQ(row.libraries[3].needed_by, "lib/liba.so");
  EXPECT_EQ(row.libraries[3].found_by, "default folder");
  EXPECT_TRUE(row.libraries[4].is_loader);
}

TEST(Glibc, ASonameOrAFileThatIsLoadedIsNotLoadedAgain) {
  TestImage image;
  image.glibc()
      .elf("bin/a", program({"libx.so", "libx.so.1", "liby.so"}))
      .elf("lib/libx.so.1.0", {.type = "shared object", .soname = "libx.so.1"})
      .symlink("lib/libx.so", "libx.so.1.0")
      .symlink("lib/liby.so", "libx.so");
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"/lib/libx.so"}));
}

TEST(Glibc, RpathIsInheritedRunpathIsNot) {
  auto build = [](bool runpath) {
    ElfFacts app = program({"libone.so"});
    (runpath ? app.runpath : app.rpath) = {"/opt/lib"};
    TestImage image;
    image.glibc()
        .elf("bin/a", app)
        .library("opt/lib/libone.so", {"libtwo.so"})
        .library("opt/lib/libtwo.so");
    return image.resolve("bin/a");
  };
  EXPECT_EQ(paths(build(false)), (Names{"/opt/lib/libone.so", "/opt/lib/libtwo.so"}));
  EXPECT_EQ(build(false).libraries[1].found_by, "RPATH of bin/a");
  EXPECT_EQ(paths(build(true)), (Names{"/opt/lib/libone.so", "libtwo.so not found"}));
  EXPECT_FALSE(build(true).complete());
}

// The chain of RPATHs is not asked for a file that has a RUNPATH itself, and a RUNPATH hides the
// RPATH beside it.
TEST(Glibc, RunpathCutsTheChain) {
  ElfFacts app = program({"libone.so"});
  app.rpath = {"/opt/lib"};
  ElfFacts one{.type = "shared object",
               .soname = "libone.so",
               .needed = {"libtwo.so"},
               .runpath = {"/nowhere"}};
  TestImage image;
  image.glibc().elf("bin/a", app).elf("opt/lib/libone.so", one).library("opt/lib/libtwo.so");
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"/opt/lib/libone.so", "libtwo.so not found"}));
  app.runpath = {"/nowhere"};
  TestImage both;
  both.glibc().elf("bin/a", app).library("opt/lib/libone.so");
  EXPECT_EQ(paths(both.resolve("bin/a")), (Names{"libone.so not found"}));
}

TEST(Glibc, OrderOfSearch) {
  auto found_by = [](bool rpath, bool environment, bool runpath, bool cache) {
    ElfFacts app = program({"libx.so"});
    if (rpath) app.rpath = {"/rpath"};
    if (runpath) app.runpath = {"/runpath"};
    TestImage image;
    image.glibc().elf("bin/a", app);
    for (const char* folder : {"rpath", "env", "runpath", "cached", "lib"})
      image.library(std::string(folder) + "/libx.so");
    if (cache) image.cache({{.name = "libx.so", .path = "/cached/libx.so"}});
    Options options;
    if (environment) options.library_path = "/env";
    return image.resolve("bin/a", options).libraries.at(0).path;
  };
  EXPECT_EQ(found_by(true, true, false, true), "/rpath/libx.so");
  EXPECT_EQ(found_by(true, true, true, true), "/env/libx.so");  // RUNPATH beside it: no RPATH
  EXPECT_EQ(found_by(false, false, true, true), "/runpath/libx.so");
  EXPECT_EQ(found_by(false, false, false, true), "/cached/libx.so");
  EXPECT_EQ(found_by(false, false, false, false), "/lib/libx.so");
}

TEST(Glibc, OriginLibAndPlatform) {
  ElfFacts app = program({"libo.so", "libl.so", "libp.so"});
  app.runpath = {"$ORIGIN/../own:/x/$LIB:/y/${PLATFORM}"};
  app.machine_name = "x86_64";
  TestImage image;
  image.glibc()
      .elf("opt/app/bin/a", app)
      .symlink("bin/a", "/opt/app/bin/a")
      .library("opt/app/own/libo.so")
      .library("x/lib/libl.so")
      .library("y/x86_64/libp.so");
  // Through a symlink, too: the kernel tells the dynamic linker where the file really is.
  EXPECT_EQ(paths(image.resolve("bin/a")),
            (Names{"/opt/app/bin/../own/libo.so", "/x/lib/libl.so", "/y/x86_64/libp.so"}));
}

TEST(Glibc, OtherMachinesArePassedOver) {
  ElfFacts app = program({"libx.so"});
  app.runpath = {"/first:/second"};
  TestImage image;
  image.glibc().elf("bin/a", app);
  image.elf("first/libx.so", {.bits = 32, .machine = 3, .type = "shared object"});
  image.library("second/libx.so");
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"/second/libx.so"}));
}

TEST(Glibc, HwcapsAreForProcessorsThatWereAskedFor) {
  TestImage image;
  image.glibc()
      .elf("bin/a", program({"libx.so"}))
      .library("lib/libx.so")
      .library("lib/glibc-hwcaps/x86-64-v2/libx.so")
      .library("lib/glibc-hwcaps/x86-64-v3/libx.so");
  LinkRow baseline = image.resolve("bin/a");
  EXPECT_EQ(paths(baseline), (Names{"/lib/libx.so"}));
  EXPECT_EQ(baseline.libraries[0].alternatives,
            (Names{"/lib/glibc-hwcaps/x86-64-v3/libx.so", "/lib/glibc-hwcaps/x86-64-v2/libx.so"}));
  EXPECT_EQ(paths(image.resolve("bin/a", {.hwcaps = hwcaps_of("x86-64-v2")})),
            (Names{"/lib/glibc-hwcaps/x86-64-v2/libx.so"}));
  EXPECT_EQ(paths(image.resolve("bin/a", {.hwcaps = hwcaps_of("x86-64-v4")})),
            (Names{"/lib/glibc-hwcaps/x86-64-v3/libx.so"}));
}

TEST(Glibc, CacheEntriesForHwcaps) {
  TestImage image;
  image.glibc()
      .elf("bin/a", program({"libx.so"}))
      .library("c/libx.so")
      .library("c/v2/libx.so")
      .cache({{.name = "libx.so", .path = "/c/v2/libx.so", .hwcaps = "x86-64-v2"},
              {.name = "libx.so", .path = "/c/old/libx.so", .hwcap = 1},
              {.name = "libx.so", .path = "/c/libx.so"}});
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"/c/libx.so"}));
  EXPECT_EQ(paths(image.resolve("bin/a", {.hwcaps = hwcaps_of("x86-64-v3")})),
            (Names{"/c/v2/libx.so"}));
}

// A cache that was not remade after a file went away.
TEST(Glibc, AStaleCacheEntryFallsThrough) {
  TestImage image;
  image.glibc()
      .elf("bin/a", program({"libx.so"}))
      .library("lib/libx.so")
      .cache({{.name = "libx.so", .path = "/gone/libx.so"}});
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"/lib/libx.so"}));
}

TEST(Glibc, MissingVersions) {
  ElfFacts app = program({"libc.so.6"});
  app.needed_versions = {{"libc.so.6", "GLIBC_2.38", false},
                         {"libc.so.6", "GLIBC_2.2.5", false},
                         {"libc.so.6", "GLIBC_3", true}};
  ElfFacts libc{
      .type = "shared object", .soname = "libc.so.6", .exported_versions = {"GLIBC_2.2.5"}};
  TestImage image;
  image.glibc().elf("bin/a", app).elf("lib/libc.so.6", libc);
  LinkRow row = image.resolve("bin/a");
  EXPECT_EQ(row.problems,
            (Names{"/lib/libc.so.6: version `GLIBC_2.38' not found (required by /bin/a)"}));
  EXPECT_FALSE(row.complete());
}

TEST(Glibc, AnInterpreterThatIsNotThere) {
  TestImage image;
  image.elf("bin/a", program({"libc.so.6"})).library("lib/libc.so.6");
  LinkRow row = image.resolve("bin/a");
  EXPECT_EQ(row.interpreter, kGlibc);
  EXPECT_EQ(row.interpreter_file, "");
  EXPECT_EQ(paths(row), (Names{"/lib/libc.so.6"}));
}

// Every library that is named is looked for in every folder that is named: a file can make that
// billions of places.
TEST(Resolve, SearchingIsBounded) {
  Names needed, folders;
  for (int i = 0; i < 3000; ++i) {
    needed.push_back("lib" + std::to_string(i) + ".so");
    folders.push_back("/f" + std::to_string(i));
  }
  ElfFacts app = program(needed);
  app.runpath = folders;
  TestImage image;
  image.glibc().elf("bin/a", app);
  LinkRow row = image.resolve("bin/a");
  EXPECT_EQ(row.libraries.size(), 3000u);
  EXPECT_EQ(row.problems, Names{"more libraries or folders than the limit"});
  image.elf("bin/b", app).library("lib/dead.so");
  Names unloaded = image.unloaded(10'000);
  ASSERT_EQ(unloaded.size(), 1u);
  EXPECT_TRUE(unloaded[0].starts_with("gap: "));
}

TEST(Musl, ItsOwnNamesAreItself) {
  TestImage image;
  image.musl().elf("bin/a",
                   program({"libc.musl-x86_64.so.1", "libpthread.so.0", "libz.so.1"}, kMusl));
  image.library("usr/lib/libz.so.1", {"libc.so"});
  LinkRow row = image.resolve("bin/a");
  EXPECT_EQ(row.rules, "musl");
  EXPECT_EQ(paths(row), (Names{kMusl, "/usr/lib/libz.so.1"}));
  EXPECT_EQ(row.libraries[0].name, "libc.musl-x86_64.so.1");
}

TEST(Musl, RunpathIsInherited) {
  ElfFacts app = program({"libone.so"}, kMusl);
  app.runpath = {"$ORIGIN/../own"};
  TestImage image;
  image.musl().elf("bin/a", app).library("own/libone.so", {"libtwo.so"}).library("own/libtwo.so");
  EXPECT_EQ(paths(image.resolve("bin/a")),
            (Names{"/bin/../own/libone.so", "/bin/../own/libtwo.so"}));
}

TEST(Musl, ThePathFileReplacesTheDefaults) {
  TestImage image;
  image.musl().elf("bin/a", program({"libx.so"}, kMusl)).library("usr/lib/libx.so");
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"/usr/lib/libx.so"}));
  FileFacts list{.kind = FileKind::text};
  list.folder_list = {"/srv/lib"};
  image.add("etc/ld-musl-x86_64.path", list);
  EXPECT_EQ(paths(image.resolve("bin/a")), (Names{"libx.so not found"}));
  image.library("srv/lib/libx.so");
  EXPECT_EQ(image.resolve("bin/a").libraries[0].found_by, "etc/ld-musl-x86_64.path");
}

TEST(Resolve, KindsOfFiles) {
  TestImage image;
  image.glibc()
      .elf("static", {.type = "executable", .is_static = true})
      .elf("static-pie", {.type = "static-pie", .is_static = true})
      .elf("object.o", {.type = "relocatable"})
      .add("script", {.kind = FileKind::script});
  EXPECT_EQ(image.resolve("static").kind, LinkKind::static_file);
  EXPECT_EQ(image.resolve("static-pie").kind, LinkKind::static_pie);
  EXPECT_EQ(image.resolve("object.o").kind, LinkKind::not_dynamic);
  EXPECT_EQ(image.resolve("script").kind, LinkKind::not_dynamic);
  EXPECT_EQ(image.resolve("not/there").kind, LinkKind::not_dynamic);
  EXPECT_EQ(image.resolve("lib64/ld-linux-x86-64.so.2").kind, LinkKind::not_linked);
}

TEST(Resolve, ALibraryIsLoadedByTheLoaderOfItsNeighbours) {
  TestImage image;
  image.glibc()
      .elf("bin/a", program({}))
      .library("lib/liba.so", {"libb.so"})
      .library("lib/libb.so");
  LinkRow row = image.resolve("lib/liba.so");
  EXPECT_EQ(row.interpreter, "");
  EXPECT_EQ(paths(row), (Names{"/lib/libb.so"}));
}

TEST(Unloaded, NeededNamedOrNeither) {
  FileFacts app{.kind = FileKind::elf, .elf = program({"libneeded.so"})};
  app.elf->machine = 62;
  app.named_libraries = {"/usr/lib/mod/plugin.so", "libbylink.so"};
  FileFacts setting{.kind = FileKind::text};
  setting.named_libraries = {"pam_x.so"};
  TestImage image;
  image.glibc()
      .add("bin/a", app)
      .add("etc/pam.d/x", setting)
      .add("usr/share/doc/readme", {.kind = FileKind::text, .named_libraries = {"libdead.so"}})
      .library("lib/libneeded.so", {"libdeep.so"})
      .library("lib/libdeep.so")
      .library("usr/lib/mod/plugin.so", {"libofplugin.so"})
      .library("lib/libofplugin.so")
      .library("usr/lib/security/pam_x.so")
      .library("lib/libbylink.so.1")
      .symlink("lib/libbylink.so", "libbylink.so.1")
      .library("lib/libdead.so", {"libofdead.so"})
      .library("lib/libofdead.so");
  EXPECT_EQ(image.unloaded(), (Names{"lib/libdead.so", "lib/libofdead.so"}));
}

}  // namespace
}  // namespace fathom::loader
