// Worlds whose packages describe themselves in a text: Python, Node, .NET, Ruby, PHP; and Rust
// programs by the paths of their sources.

#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/image_input.h"
#include "base/base64.h"
#include "base/digest.h"
#include "elf/testing.h"

namespace fathom {
namespace {

FileFacts facts_of(std::string_view text) { return recover(ByteView::of(text), {}); }

Component only(std::string_view text) {
  FileFacts facts = facts_of(text);
  EXPECT_TRUE(facts.gaps.empty()) << facts.gaps[0].reason;
  EXPECT_EQ(facts.packages.size(), 1u);
  return facts.packages.empty() ? Component{} : facts.packages[0].component;
}

TEST(PythonMetadata, IsHeadersUpToTheFirstEmptyLine) {
  Component c = only(
      "Metadata-Version: 2.1\nname: Foo_Bar\nVersion: 1.2\nLicense-Expression: MIT\n\nVersion: "
      "9\n");
  EXPECT_EQ(c.name, "Foo_Bar");
  EXPECT_EQ(c.version.exact, "1.2");
  EXPECT_EQ(c.purl, "pkg:pypi/foo-bar@1.2");
  EXPECT_EQ(c.evidence[0].place, Place::at_line(3));
  EXPECT_EQ(c.licenses, std::vector<std::string>{"MIT"});
  EXPECT_FALSE(facts_of("Metadata-Version: 2.1\nName: x\n").gaps.empty());
}

TEST(NodePackage, HasANameAndAVersion) {
  Component c = only(R"({"name": "@babel/core", "version": "7.1.0", "license": "MIT"})");
  EXPECT_EQ(c.name, "@babel/core");
  EXPECT_EQ(c.purl, "pkg:npm/%40babel/core@7.1.0");
  EXPECT_TRUE(facts_of(R"({"name": "x", "private": true})").packages.empty());
  EXPECT_FALSE(facts_of(R"({"name": "x", "version": )").gaps.empty());
}

TEST(DotnetDeps, ListsPackagesAndTheApplication) {
  FileFacts facts = facts_of(R"({"runtimeTarget": {"name": "x"}, "targets": {}, "libraries": {
      "App/1.0.0": {"type": "project"}, "Newtonsoft.Json/13.0.1": {"type": "package"}, "odd": {}}})");
  ASSERT_EQ(facts.packages.size(), 2u);
  EXPECT_EQ(facts.packages[0].component.kind, ComponentKind::application);
  EXPECT_EQ(facts.packages[1].component.purl, "pkg:nuget/Newtonsoft.Json@13.0.1");
}

TEST(RubyGemspec, IsReadAsRubyGemsWritesIt) {
  Component c = only(
      "# -*- encoding: utf-8 -*-\n# stub: rack 3.0.8 ruby lib\n\nGem::Specification.new do |s|\n"
      "  s.name = \"rack\".freeze\n  s.version = \"3.0.8\"\n\n  s.require_paths = "
      "[\"lib\"]\nend\n");
  EXPECT_EQ(c.purl, "pkg:gem/rack@3.0.8");
  EXPECT_FALSE(facts_of("# -*- encoding: utf-8 -*-\n# stub: x\n").gaps.empty());
}

TEST(PhpComposer, ListsWhatIsInstalled) {
  Component c = only(R"({"packages": [{"name": "monolog/monolog", "version": "v2.1.0",
      "version_normalized": "2.1.0.0", "install-path": "../monolog/monolog"}, {"name": "x"}]})");
  EXPECT_EQ(c.name, "monolog/monolog");
  EXPECT_EQ(c.version.exact, "2.1.0");
}

TEST(RustLocations, NameCratesAndSayThatOthersMayBeThere) {
  elf::testing::TestElf elf;
  elf.sections = {
      {.name = ".rodata",
       .flags = 2,
       .contents = "/rustc/0123/library/core/src/fmt/mod.rs"
                   "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/"
                   "serde_json-1.0.108/src/de.rs"
                   "/x/registry/src/github.com-1ecc6299db9ec823/proc-macro2-1.0.0-rc1/src/lib.rs"
                   "registry/src/broken registry/src/a-b/no-version/x.rs"}};
  FileFacts facts = recover(ByteView::of(elf.build()), {});
  ASSERT_EQ(facts.packages.size(), 2u);
  EXPECT_EQ(facts.packages[0].component.purl, "pkg:cargo/proc-macro2@1.0.0-rc1");
  EXPECT_EQ(facts.packages[1].component.name, "serde_json");
  EXPECT_EQ(facts.packages[1].component.confidence, Confidence::medium);
  EXPECT_EQ(std::ranges::count(facts.gaps, std::string("rust-locations"), &Gap::stage), 1);
}

// ---- In an image

class ImageOf {
 public:
  ImageOf& file(std::string path, const std::string& content) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.size = content.size();
    entry.digest = sha256_of(ByteView::of(content)).text();
    facts_.emplace(entry.digest, recover(ByteView::of(content), {}));
    layers_.back().entries.push_back(std::move(entry));
    return *this;
  }
  Inventory inventory() const {
    image::FileTree tree = image::flatten(layers_, {});
    Inventory out;
    for (const ImageAnalyzer* row : image_analyzers()) row->run({tree, facts_}, out);
    return out;
  }

 private:
  std::vector<image::Layer> layers_ = {image::Layer{}};
  FactsByDigest facts_;
};

std::vector<std::string> names(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const Component& c : inventory.components) out.push_back(c.name);
  return out;
}

TEST(NodePackage, CountsWhereItIsInstalled) {
  auto package = [](std::string name) {
    return "{\"name\": \"" + name + "\", \"version\": \"1.0.0\"}";
  };
  Inventory in = ImageOf()
                     .file("app/package.json", package("app"))
                     .file("app/node_modules/a/package.json", package("a"))
                     .file("app/node_modules/@s/b/package.json", package("@s/b"))
                     .file("app/node_modules/a/test/fixture/package.json", package("fixture"))
                     .file("app/package-lock.json", package("lock"))
                     .inventory();
  EXPECT_EQ(names(in), (std::vector<std::string>{"@s/b", "a", "app"}));
  EXPECT_EQ(in.mentions.size(), 2u);
}

TEST(PythonRecord, SaysWhoseFilesTheyAre) {
  const std::string code = "print(1)\n", tool = "#!/usr/bin/python3\n";
  auto row = [](std::string path, const std::string& content) {
    // The digest in base64url, as RECORD has it.
    Bytes raw;
    const std::string hex = sha256_of(ByteView::of(content)).text().substr(7);
    for (std::size_t i = 0; i < hex.size(); i += 2)
      raw.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    std::string text = base64(ByteView(raw).as_text());
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return path + ",sha256=" + text + "," + std::to_string(content.size()) + "\n";
  };
  const std::string metadata = "Metadata-Version: 2.1\nName: foo\nVersion: 1.2\n\n";
  const std::string folder = "usr/lib/python3/site-packages/";
  Inventory in =
      ImageOf()
          .file(folder + "foo-1.2.dist-info/METADATA", metadata)
          .file(folder + "foo-1.2.dist-info/RECORD",
                row("foo/a.py", code) + row("../../../bin/foo", tool) +
                    row("foo-1.2.dist-info/METADATA", metadata) + "foo-1.2.dist-info/RECORD,,\n")
          .file(folder + "foo/a.py", code)
          .file(folder + "foo/other.py", "print(2)\n")
          .file("usr/bin/foo", tool)
          .inventory();
  EXPECT_EQ(names(in), std::vector<std::string>{"foo"});
  EXPECT_TRUE(in.owner_of.contains(folder + "foo/a.py"));
  EXPECT_TRUE(in.owner_of.contains("usr/bin/foo"));
  EXPECT_FALSE(in.owner_of.contains(folder + "foo/other.py"));
  Inventory copied = ImageOf().file("srv/notes/METADATA", metadata).inventory();
  EXPECT_TRUE(copied.components.empty());
  EXPECT_EQ(copied.mentions.size(), 1u);
}

}  // namespace
}  // namespace fathom
