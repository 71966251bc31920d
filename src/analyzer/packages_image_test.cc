#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/image_input.h"
#include "base/digest.h"

namespace fathom {
namespace {

using archive::TarType;

// An image from contents: entries get their digests, facts come from recover() itself.
class ImageOf {
 public:
  ImageOf& layer() {
    layers_.emplace_back();
    return *this;
  }
  ImageOf& file(std::string path, std::string_view content) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.size = content.size();
    entry.digest = sha256_of(ByteView::of(content)).text();
    facts_.emplace(entry.digest, recover(ByteView::of(content), {}));
    layers_.back().entries.push_back(std::move(entry));
    return *this;
  }
  ImageOf& symlink(std::string path, std::string target) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.type = TarType::symlink;
    entry.link_target = std::move(target);
    layers_.back().entries.push_back(std::move(entry));
    return *this;
  }
  ImageOf& folder(std::string path) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.type = TarType::directory;
    layers_.back().entries.push_back(std::move(entry));
    return *this;
  }
  ImageOf& gone(std::string path) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.whiteout = true;
    layers_.back().entries.push_back(std::move(entry));
    return *this;
  }
  // A file whose facts the test states itself.
  ImageOf& known(std::string path, std::string digest, FileFacts facts) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.size = 1;
    entry.digest = digest;
    facts_.emplace(std::move(digest), std::move(facts));
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

std::string stanza(std::string_view name, std::string_view version = "1.0",
                   std::string_view more = "") {
  return "Package: " + std::string(name) + "\nStatus: install ok installed\nArchitecture: amd64\n" +
         "Version: " + std::string(version) + "\n" + std::string(more) + "\n";
}
std::string sum(std::string_view content, std::string_view path) {
  return digests_of(ByteView::of(content)).md5 + "  " + std::string(path) + "\n";
}

const Component* find(const Inventory& inventory, std::string_view name) {
  for (const Component& component : inventory.components)
    if (component.name == name) return &component;
  return nullptr;
}
std::string owner(const Inventory& inventory, const std::string& path) {
  auto at = inventory.owner_of.find(path);
  return at == inventory.owner_of.end() ? "" : inventory.components[at->second].name;
}

constexpr std::string_view kScript = "#!/bin/sh\necho hello\n";
constexpr std::string_view kStatusPath = "var/lib/dpkg/status";

TEST(PackagesImage, ComponentsGetTheirPlace) {
  Inventory inventory = ImageOf()
                            .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
                            .layer()
                            .file(std::string(kStatusPath), stanza("curl"))
                            .inventory();
  const Component* curl = find(inventory, "curl");
  ASSERT_TRUE(curl);
  EXPECT_EQ(curl->file, kStatusPath);
  EXPECT_EQ(curl->layer, 1);
  EXPECT_EQ(curl->file_digest, sha256_of(ByteView::of(stanza("curl"))).text());
  EXPECT_EQ(curl->purl, "pkg:deb/debian/curl@1.0?arch=amd64&distro=debian-12");
  for (const Evidence& evidence : curl->evidence) {
    EXPECT_EQ(evidence.file, kStatusPath);
    EXPECT_EQ(evidence.file_digest, curl->file_digest);
  }
  const Component* os = find(inventory, "debian");
  ASSERT_TRUE(os);
  EXPECT_EQ(os->ecosystem, "os");
  EXPECT_EQ(os->version.exact, "12");
}

TEST(PackagesImage, TheDistributionNamesThePackages) {
  Inventory inventory = ImageOf()
                            .file("usr/lib/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n")
                            .symlink("etc/os-release", "../usr/lib/os-release")
                            .file(std::string(kStatusPath), stanza("curl"))
                            .inventory();
  ASSERT_TRUE(find(inventory, "curl"));
  EXPECT_EQ(find(inventory, "curl")->purl,
            "pkg:deb/ubuntu/curl@1.0?arch=amd64&distro=ubuntu-24.04");
  EXPECT_EQ(std::ranges::count(inventory.components, "ubuntu", &Component::name), 1);
}

TEST(PackagesImage, OwnershipNeedsTheListAndTheContent) {
  ImageOf image;
  image.file(std::string(kStatusPath), stanza("app"))
      .file("var/lib/dpkg/info/app.list",
            "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/bin/alias\n/usr/lib/app/gone\n")
      .file("var/lib/dpkg/info/app.md5sums",
            sum(kScript, "usr/bin/tool") + sum("x", "usr/lib/app/gone"))
      .folder("usr/bin")
      .file("usr/bin/tool", kScript)
      .symlink("usr/bin/alias", "tool")
      .file("usr/lib/app/vendored.sh", "#!/bin/sh\necho vendored\n");
  Inventory inventory = image.inventory();
  const Component* app = find(inventory, "app");
  ASSERT_TRUE(app);
  EXPECT_EQ(app->owned_files, (std::vector<std::string>{"usr/bin/alias", "usr/bin/tool"}));
  EXPECT_EQ(owner(inventory, "usr/bin/tool"), "app");
  EXPECT_EQ(owner(inventory, "usr/bin"), "") << "folders are everybody's";
  EXPECT_EQ(owner(inventory, "usr/lib/app/vendored.sh"), "") << "never by the folder";
  EXPECT_TRUE(inventory.gaps.empty());
}

TEST(PackagesImage, AChangedProgramIsNobodysAndAGap) {
  ImageOf image;
  image
      .file(std::string(kStatusPath),
            stanza("app", "1.0",
                   "Conffiles:\n /etc/app.conf " + digests_of(ByteView::of("default")).md5 + "\n"))
      .file("var/lib/dpkg/info/app.md5sums",
            sum("#!/bin/sh\n", "usr/bin/tool") + sum("text", "usr/share/doc/app/README"))
      .layer()
      .file("usr/bin/tool", kScript)
      .file("usr/share/doc/app/README", "other text")
      .file("etc/app.conf", "edited");
  Inventory inventory = image.inventory();
  EXPECT_EQ(owner(inventory, "usr/bin/tool"), "");
  EXPECT_EQ(owner(inventory, "usr/share/doc/app/README"), "");
  ASSERT_EQ(inventory.gaps.size(), 1u) << "texts may differ";
  EXPECT_EQ(inventory.gaps[0].file, "usr/bin/tool");
  EXPECT_EQ(inventory.gaps[0].reason, "changed since it was installed by app");
  EXPECT_EQ(inventory.gaps[0].layer, 1);
}

TEST(PackagesImage, AFileThatAnotherPackageOwnsIsNotChanged) {
  // A package that replaces a file of another one: dpkg leaves the old checksum in place.
  Inventory inventory = ImageOf()
                            .file(std::string(kStatusPath), stanza("old") + stanza("replacement"))
                            .file("var/lib/dpkg/info/old.md5sums", sum("#!before\n", "bin/tool"))
                            .file("var/lib/dpkg/info/replacement.md5sums", sum(kScript, "bin/tool"))
                            .file("bin/tool", kScript)
                            .inventory();
  EXPECT_EQ(owner(inventory, "bin/tool"), "replacement");
  EXPECT_TRUE(inventory.gaps.empty());
}

TEST(PackagesImage, MergedUsrAndArchitectureQualifiedLists) {
  Inventory inventory = ImageOf()
                            .file(std::string(kStatusPath), stanza("libx"))
                            .file("var/lib/dpkg/info/libx:amd64.md5sums", sum(kScript, "lib/x.sh"))
                            .symlink("lib", "usr/lib")
                            .file("usr/lib/x.sh", kScript)
                            .inventory();
  EXPECT_EQ(owner(inventory, "usr/lib/x.sh"), "libx");
  EXPECT_EQ(find(inventory, "libx")->owned_files, std::vector<std::string>{"usr/lib/x.sh"});
}

TEST(PackagesImage, DistrolessKeepsOneFilePerPackage) {
  Inventory inventory =
      ImageOf()
          .file("var/lib/dpkg/status.d/base",
                "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n")
          .file("var/lib/dpkg/status.d/base.md5sums", sum(kScript, "usr/bin/base"))
          .file("usr/bin/base", kScript)
          .inventory();
  ASSERT_TRUE(find(inventory, "base-files"));
  EXPECT_EQ(find(inventory, "base-files")->file, "var/lib/dpkg/status.d/base");
  EXPECT_EQ(owner(inventory, "usr/bin/base"), "base-files");
}

TEST(PackagesImage, ApkOwnsByItsOwnChecksums) {
  // printf '#!/bin/sh\necho hello\n' | openssl sha1 -binary | base64, and the same for "tool".
  Inventory inventory =
      ImageOf()
          .file("lib/apk/db/installed",
                "C:Q1FEKBS4gDVzmUyX9FDEQV8qZNnUE=\nP:app\nV:1-r0\nA:x86_64\n"
                "F:bin\nR:tool\nZ:Q1nbbwdPygqQMTe5HHyGayHU5yBac=\nR:other\n"
                "Z:Q1FEKBS4gDVzmUyX9FDEQV8qZNnUE=\nR:link\nZ:Q1GTfEwo9yYYaJdOkmamSRUpOfZLA=\n\n")
          .file("bin/tool", kScript)
          .file("bin/other", kScript)
          .symlink("bin/link", "tool")
          .inventory();
  ASSERT_TRUE(find(inventory, "app"));
  EXPECT_EQ(find(inventory, "app")->owned_files,
            (std::vector<std::string>{"bin/link", "bin/tool"}));
  ASSERT_EQ(inventory.gaps.size(), 1u);
  EXPECT_EQ(inventory.gaps[0].file, "bin/other");
}

TEST(PackagesImage, ListsElsewhereAreMentions) {
  Inventory inventory = ImageOf()
                            .file(std::string(kStatusPath), stanza("app", "2.0"))
                            .file("opt/test/status", stanza("app", "1.0") + stanza("app", "2.0"))
                            .file("var/lib/dpkg/status-old", stanza("app", "1.9"))
                            .inventory();
  ASSERT_EQ(inventory.components.size(), 1u);
  EXPECT_EQ(inventory.components[0].version.exact, "2.0");
  ASSERT_EQ(inventory.mentions.size(), 2u) << "what the real list has is not mentioned again";
  EXPECT_EQ(inventory.mentions[0].file, "opt/test/status");
  EXPECT_EQ(inventory.mentions[0].version, "1.0");
  EXPECT_EQ(inventory.mentions[0].evidence.file, "opt/test/status");
  EXPECT_EQ(inventory.mentions[1].version, "1.9");
}

TEST(PackagesImage, ACopyThatSortsFirstDoesNotHideTheRealList) {
  Inventory inventory = ImageOf()
                            .file("a/status", stanza("app"))
                            .file(std::string(kStatusPath), stanza("app"))
                            .inventory();
  ASSERT_EQ(inventory.components.size(), 1u);
  EXPECT_EQ(inventory.components[0].file, kStatusPath);
  EXPECT_TRUE(inventory.mentions.empty());
}

TEST(PackagesImage, AReplacedListIsMentionedWhereItDiffers) {
  Inventory inventory = ImageOf()
                            .file(std::string(kStatusPath), stanza("kept") + stanza("removed"))
                            .layer()
                            .file(std::string(kStatusPath), stanza("kept"))
                            .inventory();
  ASSERT_EQ(inventory.components.size(), 1u);
  EXPECT_EQ(inventory.components[0].name, "kept");
  EXPECT_EQ(inventory.components[0].layer, 1);
  ASSERT_EQ(inventory.mentions.size(), 1u);
  EXPECT_EQ(inventory.mentions[0].library, "removed");
  EXPECT_NE(inventory.mentions[0].why.find("layer 1"), std::string::npos);
}

FileFacts facts_with_module(std::string name) {
  FileFacts facts;
  facts.kind = FileKind::elf;
  PackageClaim claim;
  claim.component.kind = ComponentKind::module;
  claim.component.name = std::move(name);
  claim.component.version.exact = "v1.0.0";
  claim.component.ecosystem = "Go";
  claim.component.evidence = {{"go-buildinfo", "", "", Place::at_offset(16), "dep"}};
  facts.packages.push_back(std::move(claim));
  return facts;
}

TEST(PackagesImage, TheSameContentIsOneComponentAtItsFirstVisiblePlace) {
  FileFacts facts = facts_with_module("m");
  Inventory inventory = ImageOf()
                            .known("a/hidden", "sha256:1", facts)
                            .known("z/first", "sha256:1", facts)
                            .layer()
                            .gone("a/hidden")
                            .known("z/second", "sha256:1", facts)
                            .inventory();
  ASSERT_EQ(inventory.components.size(), 1u);
  EXPECT_EQ(inventory.components[0].file, "z/first");
  EXPECT_EQ(inventory.components[0].layer, 0);
  EXPECT_EQ(inventory.components[0].evidence[0].file, "z/first");
}

TEST(PackagesImage, WhatIsOnlyInAShadowedFileStillShips) {
  Inventory inventory = ImageOf()
                            .known("app", "sha256:old", facts_with_module("old"))
                            .layer()
                            .known("app", "sha256:new", facts_with_module("new"))
                            .inventory();
  ASSERT_EQ(inventory.components.size(), 2u);
  EXPECT_EQ(inventory.components[0].name, "new");
  EXPECT_EQ(inventory.components[0].layer, 1);
  EXPECT_EQ(inventory.components[1].name, "old");
  EXPECT_EQ(inventory.components[1].layer, 0);
}

TEST(PackagesImage, MembersAreNamedThroughTheirArchive) {
  FileFacts archive;
  archive.members.push_back({"lib/x.so", "sha256:x", facts_with_module("inside")});
  archive.members[0].facts.members.push_back({"deep", "sha256:y", facts_with_module("deeper")});
  Inventory inventory = ImageOf().known("app.jar", "sha256:j", archive).inventory();
  ASSERT_EQ(inventory.components.size(), 2u);
  EXPECT_EQ(inventory.components[0].file, "app.jar!/lib/x.so");
  EXPECT_EQ(inventory.components[0].file_digest, "sha256:x");
  EXPECT_EQ(inventory.components[1].file, "app.jar!/lib/x.so!/deep");
}

TEST(PackagesImage, ADatabaseInsideAnArchiveInstallsNothing) {
  FileFacts archive;
  std::string status = stanza("inside");
  archive.members.push_back(
      {std::string(kStatusPath), "sha256:s", recover(ByteView::of(status), {})});
  Inventory inventory = ImageOf().known("rootfs.tar", "sha256:t", archive).inventory();
  EXPECT_TRUE(inventory.components.empty());
  ASSERT_EQ(inventory.mentions.size(), 1u);
  EXPECT_EQ(inventory.mentions[0].file, "rootfs.tar!/var/lib/dpkg/status");
}

TEST(PackagesImage, RemovedPackagesAreNothing) {
  Inventory inventory =
      ImageOf()
          .file(std::string(kStatusPath),
                "Package: a\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n")
          .inventory();
  EXPECT_TRUE(inventory.components.empty());
  EXPECT_TRUE(inventory.mentions.empty());
}

}  // namespace
}  // namespace fathom
