#include "sbom/sbom.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "sbom/xml.h"

namespace fathom::sbom {
namespace {

SbomDocument read(std::string_view text) {
  EXPECT_TRUE(may_be_sbom(ByteView::of(text)));
  Result<SbomDocument> document = read_sbom(ByteView::of(text), Limits{});
  EXPECT_TRUE(document) << (document ? "" : document.error().message);
  return document ? *document : SbomDocument{};
}

constexpr std::string_view kHex =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const std::string kCycloneDx = R"({
  "bomFormat": "CycloneDX", "specVersion": "1.5",
  "metadata": {
    "tools": {"components": [{"name": "maker", "version": "2"}]},
    "component": {"type": "container", "name": "the-image"}},
  "components": [
    {"type": "file", "name": "/usr/bin/app", "hashes": [{"alg": "SHA-256", "content": ")" +
                               std::string(kHex) + R"("}],
     "components": [{"type": "library", "name": "zlib", "version": "1.2.13",
       "purl": "pkg:generic/zlib@1.2.13", "cpe": "cpe:2.3:a:zlib:zlib:1.2.13:*:*:*:*:*:*:*",
       "licenses": [{"license": {"id": "Zlib"}}]}]},
    {"type": "library", "group": "org.x", "name": "y",
     "properties": [{"name": "syft:location:0:path", "value": "/lib/y.jar"}]}]})";

TEST(CycloneDx, IsReadWithWhatStandsInFiles) {
  const SbomDocument document = read(kCycloneDx);
  EXPECT_EQ(document.form, "CycloneDX 1.5 JSON");
  EXPECT_EQ(document.tool, "maker 2");
  EXPECT_EQ(document.subject, "the-image");
  ASSERT_EQ(document.entries.size(), 3u);
  EXPECT_TRUE(document.entries[0].is_file());
  EXPECT_EQ(document.entries[0].digests, std::vector{"sha256:" + std::string(kHex)});
  const SbomEntry& zlib = document.entries[1];
  EXPECT_EQ(zlib.purl, "pkg:generic/zlib@1.2.13");
  EXPECT_EQ(zlib.files, std::vector<std::string>{"usr/bin/app"});
  EXPECT_EQ(zlib.licenses, std::vector<std::string>{"Zlib"});
  EXPECT_EQ(zlib.place.text, "/components/0/components/0");
  EXPECT_EQ(document.entries[2].name, "org.x/y");
  EXPECT_EQ(document.entries[2].files, std::vector<std::string>{"lib/y.jar"});
}

TEST(CycloneDx, OfOlderToolsHasThemAsAList) {
  const SbomDocument document = read(
      R"({"bomFormat":"CycloneDX","specVersion":"1.4","metadata":{"tools":[{"name":"t","version":"1"}]},
          "components":[{"type":"library","version":"1"}]})");
  EXPECT_EQ(document.tool, "t 1");
  EXPECT_TRUE(document.entries.empty());
  ASSERT_EQ(document.problems.size(), 1u) << "a component without a name is not dropped in silence";
  EXPECT_NE(document.problems[0].find("/components/0"), std::string::npos);
}

TEST(CycloneDxXml, HasTheSameWords) {
  const SbomDocument document = read(R"(<?xml version="1.0"?><!-- x -->
<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><metadata>
<tools><tool><name>t</name><version>3</version></tool></tools>
<component type="container"><name>image</name></component></metadata>
<components><component type="library"><group>g</group><name>a&amp;b</name><version>1</version>
<hashes><hash alg="SHA-1">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</hash></hashes>
<licenses><license><id>MIT</id></license><expression>MIT OR ISC</expression></licenses>
<purl>pkg:generic/a@1</purl></component></components></bom>)");
  EXPECT_EQ(document.form, "CycloneDX 1.4 XML");
  EXPECT_EQ(document.tool, "t 3");
  EXPECT_EQ(document.subject, "image");
  ASSERT_EQ(document.entries.size(), 1u);
  EXPECT_EQ(document.entries[0].name, "g/a&b");
  EXPECT_EQ(document.entries[0].digests.size(), 1u);
  EXPECT_EQ(document.entries[0].licenses, (std::vector<std::string>{"MIT", "MIT OR ISC"}));
}

constexpr std::string_view kSpdx = R"json({
  "spdxVersion": "SPDX-2.3", "name": "apk-thing", "documentDescribes": ["SPDXRef-image"],
  "creationInfo": {"creators": ["Tool: apko (v0.1)", "Organization: Chainguard"]},
  "packages": [
    {"SPDXID": "SPDXRef-image", "name": "sha256:1", "versionInfo": "sha256:1",
     "primaryPackagePurpose": "CONTAINER"},
    {"SPDXID": "SPDXRef-1", "name": "curl", "versionInfo": "8.5.0-r0", "licenseDeclared": "curl",
     "licenseConcluded": "NOASSERTION",
     "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
                       "referenceLocator": "pkg:apk/wolfi/curl@8.5.0-r0?arch=x86_64"}]}],
  "files": [{"SPDXID": "SPDXRef-f", "fileName": "./usr/bin/curl",
    "checksums": [{"algorithm": "SHA1", "checksumValue":
                   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}]}]})json";

TEST(Spdx, IsReadWithoutTheImageItself) {
  const SbomDocument document = read(kSpdx);
  EXPECT_EQ(document.form, "SPDX 2.3 JSON");
  EXPECT_EQ(document.tool, "apko (v0.1)");
  ASSERT_EQ(document.entries.size(), 2u);
  EXPECT_EQ(document.entries[0].purl, "pkg:apk/wolfi/curl@8.5.0-r0?arch=x86_64");
  EXPECT_EQ(document.entries[0].licenses, std::vector<std::string>{"curl"});
  EXPECT_EQ(document.entries[1].name, "usr/bin/curl");
  EXPECT_EQ(document.entries[1].digests[0].substr(0, 5), "sha1:");
}

TEST(Spdx3, IsAGraph) {
  const SbomDocument document = read(R"({
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
    {"type": "CreationInfo", "specVersion": "3.0.1"}, {"type": "Tool", "name": "t"},
    {"type": "software_Package", "name": "zlib", "software_packageVersion": "1.3",
     "software_packageUrl": "pkg:generic/zlib@1.3", "software_primaryPurpose": "library"},
    {"type": "software_File", "name": "a", "verifiedUsing": [{"type": "Hash", "algorithm": "md5",
     "hashValue": "cccccccccccccccccccccccccccccccc"}]},
    {"type": "software_Package", "name": "image", "software_primaryPurpose": "container"}]})");
  EXPECT_EQ(document.form, "SPDX 3.0.1 JSON-LD");
  ASSERT_EQ(document.entries.size(), 2u);
  EXPECT_EQ(document.entries[0].version, "1.3");
  EXPECT_EQ(document.entries[0].place.text, "/@graph/2");
  EXPECT_TRUE(document.entries[1].is_file());
}

TEST(TagValue, KeepsValuesOfSeveralLinesOut) {
  const SbomDocument document = read(
      "SPDXVersion: SPDX-2.2\nDocumentName: d\nCreator: Tool: t-1\n"
      "# a comment\nPackageName: glibc\nSPDXID: SPDXRef-1\nPackageVersion: 2.36\n"
      "PackageComment: <text>two\nPackageName: not one\nlines</text>\n"
      "PackageLicenseDeclared: LGPL-2.1-or-later\n"
      "ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libc6@2.36\n"
      "PackageChecksum: MD5: dddddddddddddddddddddddddddddddd\n"
      "FileName: ./lib/libc.so.6\nSPDXID: SPDXRef-2\n"
      "LicenseID: LicenseRef-1\nPackageVersion: of nothing\n");
  EXPECT_EQ(document.form, "SPDX 2.2 tag-value");
  EXPECT_EQ(document.tool, "t-1");
  ASSERT_EQ(document.entries.size(), 2u);
  EXPECT_EQ(document.entries[0].name, "glibc");
  EXPECT_EQ(document.entries[0].version, "2.36");
  EXPECT_EQ(document.entries[0].purl, "pkg:deb/debian/libc6@2.36");
  EXPECT_EQ(document.entries[0].place, Place::at_line(5));
  EXPECT_EQ(document.entries[1].files, std::vector<std::string>{"lib/libc.so.6"});
}

TEST(Syft, OldAndNewTextsAreRead) {
  const SbomDocument document = read(R"({"artifacts":[
    {"name":"a","version":"1","purl":"pkg:apk/alpine/a@1","cpes":["cpe:2.3:a:a:a:1:*:*:*:*:*:*:*"],
     "licenses":["MIT"],"locations":[{"path":"/lib/apk/db/installed"}]},
    {"name":"b","version":"2","cpes":[{"cpe":"cpe:2.3:a:b:b:2:*:*:*:*:*:*:*"}],
     "licenses":[{"value":"isc","spdxExpression":"ISC"}],"locations":[]}],
    "files":[{"location":{"path":"/x"},"digests":[{"algorithm":"sha256","value":")" +
                                     std::string(kHex) + R"("}]},{"location":{"path":"/y"}}],
    "distro":{"id":"alpine","versionID":"3.19"},
    "source":{"metadata":{"userInput":"x:1"}},"descriptor":{"name":"syft","version":"1.18.1"},
    "schema":{"version":"16.0.24","url":"https://raw.githubusercontent.com/anchore/syft/x.json"}})");
  EXPECT_EQ(document.form, "Syft JSON 16.0.24");
  EXPECT_EQ(document.tool, "syft 1.18.1");
  EXPECT_EQ(document.subject, "x:1");
  ASSERT_EQ(document.entries.size(), 4u);
  EXPECT_EQ(document.entries[0].type, "operating-system");
  EXPECT_EQ(document.entries[1].cpe, "cpe:2.3:a:a:a:1:*:*:*:*:*:*:*");
  EXPECT_EQ(document.entries[2].cpe, "cpe:2.3:a:b:b:2:*:*:*:*:*:*:*");
  EXPECT_EQ(document.entries[2].licenses, std::vector<std::string>{"ISC"});
  EXPECT_EQ(document.entries[3].files, std::vector<std::string>{"x"});
}

TEST(Wrapped, InAStatementAnEnvelopeOrABundle) {
  const std::string statement =
      R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"https://cyclonedx.org/bom","predicate":)" +
      kCycloneDx + "}";
  EXPECT_EQ(read(statement).entries.size(), 3u);
  const std::string envelope =
      R"({"payloadType":"application/vnd.in-toto+json","payload":")" + base64(statement) + R"("})";
  EXPECT_EQ(read(envelope).entries.size(), 3u);
  EXPECT_EQ(read(R"({"dsseEnvelope":)" + envelope + "}").entries.size(), 3u);
}

TEST(Others, AreNone) {
  for (const char* text : {"{}", "[]", "{\"bomFormat\": \"mine\"}", "<html></html>", "hello", "",
                           R"({"payloadType":"application/vnd.in-toto+json","payload":"!"})",
                           R"({"predicateType":"x","predicate":{"builder":{}}})"})
    EXPECT_FALSE(read_sbom(ByteView::of(text), Limits{})) << text;
}

TEST(Limits, BoundTheEntries) {
  Limits limits;
  limits.sbom_entries = 1;
  Result<SbomDocument> document = read_sbom(ByteView::of(kCycloneDx), limits);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->entries.size(), 1u);
  EXPECT_EQ(document->problems.size(), 1u);
}

TEST(Xml, WhatIsNotWellFormedIsAnError) {
  for (const char* text :
       {"<a>", "<a></b>", "<a x=1/>", "<a x='1/>", "<a>&nbsp;</a>", "<a>&#xD800;</a>", "<a/><b/>",
        "<!DOCTYPE a><a/>", "<a><!ENTITY x></a>", "a", "", "<a>&lt</a>", "<>", "< a/>"})
    EXPECT_FALSE(xml::parse(text, Limits{})) << text;
}

TEST(Xml, TextIsDecoded) {
  const auto root = xml::parse("<x:a k='&lt;'>1<b/>&#65;&#x20AC;<![CDATA[<&]]></x:a>", Limits{});
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "a");
  EXPECT_EQ(root->attribute("k"), "<");
  EXPECT_EQ(root->text, "1A\xe2\x82\xac<&");
  EXPECT_EQ(root->children.size(), 1u);
}

TEST(Xml, DepthIsBounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  const auto root = xml::parse(deep, Limits{});
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace fathom::sbom
