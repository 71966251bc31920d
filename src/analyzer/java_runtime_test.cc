// The Java runtime: its image of modules, its release file, its virtual machine, and programs that
// were compiled ahead of time.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/java_testing.h"
#include "analyzer/jimage.h"
#include "base/digest.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using namespace testing;
using elf::testing::TestElf;

struct TestImage {
  bool big_endian = false;
  std::string version = "17.0.15";
  std::uint64_t extra_resources = 0;  // that the header claims beyond those there are

  std::string number(std::uint64_t value) const {
    std::string out = big(value, 4);
    if (!big_endian) std::ranges::reverse(out);
    return out;
  }
  static std::string attribute(int kind, std::uint64_t value) {
    return static_cast<char>(kind << 3 | 1) + big(value, 2);
  }

  std::string bytes() const {
    const std::string texts("\0java.base\0module-info\0class\0java.xml\0modules\0A\0", 48);
    auto text_at = [&](const char* text) {
      return static_cast<std::uint64_t>(texts.find(std::string(1, '\0') + text + '\0') + 1);
    };
    const std::string info =
        TestClass{.name = "module-info", .methods = {}, .texts = {}, .module_version = version}
            .bytes();
    std::string locations(1, '\0'), offsets;
    auto add = [&](const std::string& attributes) {
      offsets += number(locations.size());
      locations += attributes + '\0';
    };
    add(attribute(1, text_at("java.base")) + attribute(3, text_at("module-info")) +
        attribute(4, text_at("class")) + attribute(5, 0) + attribute(7, info.size()));
    add(attribute(1, text_at("java.xml")) + attribute(3, text_at("A")));
    add(attribute(1, text_at("modules")) + attribute(3, text_at("A")));
    const std::uint64_t count = 3 + extra_resources;
    return number(0xcafedada) + number(1 << 16) + number(0) + number(3) + number(count) +
           number(locations.size()) + number(texts.size()) + std::string(4 * count, '\0') +
           offsets + locations + texts + info;
  }
};

TEST(JavaImage, ListsModulesAndTheReleaseOfJavaBase) {
  for (bool big_endian : {false, true}) {
    const std::string bytes = TestImage{.big_endian = big_endian}.bytes();
    Result<JavaImage> image = read_java_image(ByteView::of(bytes), {});
    ASSERT_TRUE(image);
    EXPECT_EQ(image->modules, (std::vector<std::string>{"java.base", "java.xml"}));
    EXPECT_EQ(image->version, "17.0.15");
    EXPECT_TRUE(image->problems.empty());
  }
}

TEST(JavaImage, LiesAreGaps) {
  const std::string bytes = TestImage{}.bytes();
  for (std::size_t n = 4; n < bytes.size(); ++n) {
    std::string cut = bytes.substr(0, n);
    FileFacts facts = recover(ByteView::of(cut), {});
    EXPECT_FALSE(facts.gaps.empty()) << n;
  }
  EXPECT_FALSE(read_java_image(ByteView::of(TestImage{.extra_resources = 1u << 20}.bytes()), {}));
  std::string huge = bytes;
  huge.replace(16, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(read_java_image(ByteView::of(huge), {}));
}

TEST(JavaImage, IsTheRuntime) {
  FileFacts facts = recover(ByteView::of(TestImage{}.bytes()), {});
  ASSERT_EQ(facts.packages.size(), 1u);
  const Component& c = facts.packages[0].component;
  EXPECT_EQ(c.name, "openjdk");
  EXPECT_EQ(c.version.exact, "17.0.15");
  EXPECT_EQ(c.evidence[0].seen, "2 modules: java.base java.xml");
  EXPECT_TRUE(facts.gaps.empty());
}

TEST(JavaRelease, IsTheRuntime) {
  FileFacts facts = recover(
      ByteView::of("IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"1.8.0_392\"\nMODULES=\"java.base\"\n"), {});
  ASSERT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.packages[0].component.version.exact, "1.8.0_392");
  EXPECT_EQ(facts.packages[0].component.evidence[0].place, Place::at_line(2));
  EXPECT_TRUE(recover(ByteView::of("export JAVA_HOME=/x\n"), {}).packages.empty());
}

FileFacts machine(std::string text) {
  TestElf elf;
  elf.sections = {{.name = ".rodata",
                   .flags = 2,
                   .address = 0x1000,
                   .contents = std::string("JNI_CreateJavaVM\0-Xinternalversion\0", 35) +
                               std::move(text) + '\0'}};
  elf.segments = {{.flags = 4, .address = 0x1000, .first = 0, .last = 0}};
  return recover(ByteView::of(elf.build()), {});
}

TEST(JavaMachine, SaysItsRelease) {
  FileFacts facts = machine(
      "OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1) for linux-amd64 JRE "
      "(17.0.15+6-Debian-1deb12u1), built on May  1 2025 by \"buildd\"");
  ASSERT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.packages[0].component.version.exact, "17.0.15");
  facts = machine(
      "OpenJDK 64-Bit Server VM (25.392-b08) for linux-amd64 JRE (1.8.0_392-b08), built on x");
  ASSERT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.packages[0].component.version.exact, "1.8.0_392");
  EXPECT_TRUE(machine("nothing of it").packages.empty());
}

std::string gzip_of(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
  std::string in(text), out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// A program of native-image: heap, and symbols of the bill of materials where there is one.
FileFacts native(std::string heap, const std::string& sbom) {
  constexpr std::uint64_t kHeap = 0x10000;
  TestElf elf;
  heap = std::string(
             "com.oracle.svm.core.VM=GraalVM CE 21.0.2+13.1\0"
             "com.oracle.svm.core.VM.Java.Version=21.0.2\0",
             89) +
         heap;
  heap.resize((heap.size() + 7) / 8 * 8);
  const std::uint64_t length_at = heap.size();
  if (!sbom.empty()) heap += elf.wide(sbom.size()) + sbom;
  elf.sections = {{.name = ".svm_heap", .flags = 3, .address = kHeap, .contents = heap}};
  elf.segments = {{.flags = 6, .address = kHeap, .first = 0, .last = 0}};
  if (!sbom.empty()) {
    const std::string names("\0sbom\0sbom_length\0", 18);
    auto symbol = [&](std::uint64_t name, std::uint64_t value) {
      return elf.word(name) + "\x11" + std::string(1, '\0') + elf.half(1) + elf.wide(value) +
             elf.wide(8);
    };
    elf.sections.push_back({.name = ".symtab",
                            .type = 2,
                            .contents = std::string(24, '\0') + symbol(1, kHeap + length_at + 8) +
                                        symbol(6, kHeap + length_at),
                            .link = 3,
                            .info = 1});
    elf.sections.push_back({.name = ".strtab", .type = 3, .contents = names});
  }
  return recover(ByteView::of(elf.build()), {});
}

TEST(JavaNative, TheBillOfMaterialsListsWhatWasCompiledIn) {
  FileFacts facts = native("", gzip_of(R"({"bomFormat": "CycloneDX", "specVersion": "1.4", "components": [
      {"group": "org.a", "name": "b", "version": "1.2"}, {"name": "c"}, {}]})"));
  ASSERT_EQ(facts.packages.size(), 3u);
  EXPECT_EQ(facts.packages[0].component.name, "openjdk");
  EXPECT_EQ(facts.packages[0].component.version.exact, "21.0.2");
  EXPECT_EQ(facts.packages[1].component.purl, "pkg:maven/org.a/b@1.2");
  EXPECT_EQ(facts.packages[1].component.evidence[0].place.text, "/components/0");
  EXPECT_EQ(facts.gaps.size(), 1u) << "the component without a name is told";
}

TEST(JavaNative, WithoutOneNamesOfClassesAreNotedAndAGapSaysSo) {
  FileFacts facts = native(std::string("org.a.Logger\0org.a.Level$Deep\0notclass\0a.b\0", 43), "");
  ASSERT_TRUE(facts.java);
  std::vector<std::uint64_t> wanted = {xxh3_of(ByteView::of("org/a/Logger")),
                                       xxh3_of(ByteView::of("org/a/Level$Deep"))};
  std::ranges::sort(wanted);
  EXPECT_TRUE(std::ranges::includes(facts.java->named_classes, wanted));
  EXPECT_EQ(facts.gaps.size(), 1u);
  FileFacts bad = native("", "not gzip");
  EXPECT_FALSE(bad.gaps.empty());
}

}  // namespace
}  // namespace fathom
