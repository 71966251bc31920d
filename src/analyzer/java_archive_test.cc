#include "analyzer/java_archive.h"

#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "analyzer/java_class.h"
#include "analyzer/java_manifest.h"
#include "analyzer/java_testing.h"

namespace fathom {
namespace {

using namespace testing;

JavaClass read(const TestClass& made) {
  const std::string bytes = made.bytes();
  Result<JavaClass> out = read_java_class(ByteView::of(bytes));
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : JavaClass{};
}

const TestClass kLogger{.name = "org/a/Logger",
                        .super = "org/a/Base",
                        .methods = {{"log", "(Lorg/a/Level;I)Lorg/a/Logger;"}, {"<init>", "()V"}},
                        .texts = {"org.a.Level", "%d lines"}};

TEST(JavaClass, SaysItsName) {
  JavaClass logger = read(kLogger);
  EXPECT_EQ(logger.name, "org/a/Logger");
  EXPECT_EQ(logger.major, 52);
  EXPECT_NE(logger.shape, 0u);
  EXPECT_EQ(read({.name = "x/Empty", .methods = {}, .texts = {}}).shape, 0u);
}

TEST(JavaClass, TheShapeStaysWhenTheClassMoves) {
  TestClass moved{
      .name = "shaded/org/a/Logger",
      .super = "shaded/org/a/Base",
      .methods = {{"<init>", "()V"}, {"log", "(Lshaded/org/a/Level;I)Lshaded/org/a/Logger;"}},
      .texts = {"%d lines", "shaded.org.a.Level"},
      .pool_reversed = true};
  EXPECT_EQ(read(kLogger).shape, read(moved).shape);
  for (auto change : {+[](TestClass& c) { c.texts[0] = "%d line"; },
                      +[](TestClass& c) { c.methods[1].second = "(I)V"; },
                      +[](TestClass& c) { c.methods.pop_back(); },
                      +[](TestClass& c) { c.super = "org/a/Other"; }}) {
    TestClass other = kLogger;
    change(other);
    EXPECT_NE(read(kLogger).shape, read(other).shape);
  }
}

TEST(JavaClass, AModuleSaysItsVersion) {
  JavaClass info =
      read({.name = "module-info", .methods = {}, .texts = {}, .module_version = "17.0.15"});
  EXPECT_EQ(info.module, "java.base");
  EXPECT_EQ(info.module_version, "17.0.15");
}

TEST(JavaClass, EveryPrefixIsAnError) {
  const std::string bytes = kLogger.bytes();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(read_java_class(ByteView::of(bytes.substr(0, n)))) << n;
  std::string unknown = bytes;
  unknown[10] = '\77';
  EXPECT_FALSE(read_java_class(ByteView::of(unknown)));
}

TEST(JavaManifest, LinesGoOnBehindASpace) {
  auto attributes = read_java_manifest(
      "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.a\r\n .b\r\nodd\r\n\r\nName: x\r\n", {});
  ASSERT_EQ(attributes.size(), 2u);
  EXPECT_EQ(find_attribute(attributes, "bundle-symbolicname")->value, "org.a.b");
  EXPECT_EQ(find_attribute(attributes, "Name"), nullptr) << "that is another section";
  EXPECT_EQ(attributes[1].line, 2u);
}

TEST(JavaProperties, EverySeparatorIsRead) {
  auto rows = read_java_properties("# c\na=1\nb : 2\n c   3\n!x=y\n=no\nempty=\n", {});
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[1].value, "2");
  EXPECT_EQ(rows[2].name, "c");
  EXPECT_EQ(rows[3].value, "");
}

TEST(JavaFileName, IsArtifactAndVersion) {
  struct Case {
    std::string_view path, artifact, version;
  };
  for (const Case& c :
       {Case{"a/spring-core-6.1.5.jar", "spring-core", "6.1.5"},
        {"log4j-1.2-api-2.17.1.jar", "log4j-1.2-api", "2.17.1"},
        {"x.jar!/guava-31.1-jre.jar", "guava", "31.1-jre"},
        {"netty-transport-4.1.100.Final-linux-x86_64.jar", "netty-transport", "4.1.100.Final"},
        {"foo-1.0-beta-2.jar", "foo", "1.0-beta-2"},
        {"foo-1.0-20231010.123456-1.jar", "foo", "1.0-20231010.123456-1"},
        {"demo-0.0.1-SNAPSHOT.war", "demo", "0.0.1-SNAPSHOT"},
        {"app.jar", "app", ""},
        {"-1.jar", "-1", ""},
        {"jsr305.jar", "jsr305", ""}}) {
    JavaFileName name = split_java_file_name(c.path);
    EXPECT_EQ(name.artifact, c.artifact) << c.path;
    EXPECT_EQ(name.version, c.version) << c.path;
    EXPECT_TRUE(name.is_archive);
  }
  EXPECT_FALSE(split_java_file_name("lib/data.bin").is_archive);
}

FileFacts jar(const Members& members) {
  return recover(ByteView::of(zip_archive(members)), Limits{});
}
Component named(std::string_view path, const FileFacts& facts) {
  std::optional<PackageClaim> claim = claim_java_archive(path, facts);
  return claim ? claim->component : Component{};
}

TEST(JavaArchive, PomPropertiesBecomeClaimsOfTheArchive) {
  FileFacts facts = jar({{"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n"},
                         {"META-INF/maven/org.a/b/pom.properties", pom("org.a", "b", "1.2")},
                         {"META-INF/maven/org.c/d/pom.properties", pom("org.c", "d", "${v}")},
                         {"org/a/Logger.class", kLogger.bytes()}});
  ASSERT_EQ(facts.packages.size(), 2u);
  EXPECT_EQ(facts.packages[0].component.name, "org.a:b");
  EXPECT_EQ(facts.packages[0].component.purl, "pkg:maven/org.a/b@1.2");
  EXPECT_EQ(facts.packages[0].component.evidence[0].place.text,
            "META-INF/maven/org.a/b/pom.properties");
  EXPECT_EQ(facts.packages[1].component.version.exact, "") << "nobody filled it in";
  ASSERT_TRUE(facts.java && facts.java->is_archive);
  EXPECT_EQ(facts.java->package, "org/a");
  EXPECT_TRUE(facts.gaps.empty());
  EXPECT_FALSE(claim_java_archive("b-1.2.jar", facts)) << "it has a name";
  EXPECT_FALSE(claim_java_archive("x.jar!/d.jar", facts));
  EXPECT_EQ(named("own-3.jar", facts).name, "org.a:own") << "others are shaded into it";
}

TEST(JavaArchive, AManifestAndTheFileNameDoWithoutMaven) {
  FileFacts facts =
      jar({{"META-INF/MANIFEST.MF",
            "Manifest-Version: 1.0\nImplementation-Title: spring-core\n"
            "Implementation-Version: 6.1.5\nAutomatic-Module-Name: spring.core\n"},
           {"a.class",
            TestClass{.name = "org/springframework/core/A", .methods = {}, .texts = {}}.bytes()},
           {"b.class",
            TestClass{.name = "org/springframework/asm/B", .methods = {}, .texts = {}}.bytes()}});
  Component core = named("app.jar!/BOOT-INF/lib/spring-core-6.1.5.jar", facts);
  EXPECT_EQ(core.name, "org.springframework:spring-core");
  EXPECT_EQ(core.version.exact, "6.1.5");
  EXPECT_EQ(core.confidence, Confidence::high);
  EXPECT_EQ(core.evidence.size(), 2u);
  // Renamed: the manifest says it.
  Component renamed = named("opt/data.bin", facts);
  EXPECT_EQ(renamed.name, "org.springframework:spring-core");
  EXPECT_EQ(renamed.version.exact, "6.1.5");
  EXPECT_EQ(named("other-9.jar", facts).version.exact, "6.1.5") << "the manifest outranks a name";
}

TEST(JavaArchive, AGuessedGroupIsLabelled) {
  FileFacts facts =
      jar({{"a.class",
            TestClass{.name = "com/example/shop/cart/A", .methods = {}, .texts = {}}.bytes()}});
  Component shop = named("shop-1.0.jar", facts);
  EXPECT_EQ(shop.name, "com.example.shop:shop");
  EXPECT_EQ(shop.version.exact, "1.0");
  EXPECT_EQ(shop.confidence, Confidence::low);
}

TEST(JavaArchive, OtherArchivesAreNone) {
  FileFacts facts = jar({{"readme", "text\n"}, {"META-INF/x", "y\n"}});
  EXPECT_FALSE(facts.java);
  EXPECT_FALSE(claim_java_archive("x.zip", facts));
  EXPECT_TRUE(facts.inert);
}

TEST(JavaArchive, SpringBootApplicationsHoldTheirLibraries) {
  const std::string inner =
      zip_archive({{"META-INF/maven/g/a/pom.properties", pom("g", "a", "1")}});
  FileFacts facts = jar({{"META-INF/MANIFEST.MF",
                          "Manifest-Version: 1.0\nStart-Class: com.example.Demo\n"
                          "Implementation-Version: 0.1\n"},
                         {"BOOT-INF/lib/a-1.jar", inner}});
  EXPECT_EQ(named("demo.jar", facts).kind, ComponentKind::application);
  ASSERT_EQ(facts.members.size(), 2u);
  EXPECT_EQ(facts.members[1].facts.packages.at(0).component.name, "g:a");
}

}  // namespace
}  // namespace fathom
