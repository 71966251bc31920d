// A bill of materials, held against what the bytes of an image say. A claim counts as true only
// when something in the image shows it: a package database, build information, code, the digest of
// a file. What fathom could not have recognised is "not checked", never "not found".

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "facts/facts.h"
#include "model/report.h"
#include "model/sbom.h"

namespace fathom::sbom {

// The names that others give to the libraries that are recognised in code.
struct LibraryIds {
  std::map<std::string, std::string, std::less<>> by_name;  // lower case → library
  std::set<std::string, std::less<>> ids;

  // "libssl3", "openssl-libs", "pkg:generic/openssl" by its name → "openssl"; empty when unknown.
  std::string_view of(std::string_view name) const;
};

struct Truth {
  const Report& report;  // components with their ids, files with their owners
  const std::map<std::string, FileFacts>& facts;  // by content digest
  const LibraryIds& libraries;
  int (*compare_releases)(std::string_view, std::string_view);
};

// Where a document comes from; see SbomRow.
struct Origin {
  std::string kind, file, digest;
  std::int64_t layer = -1;
};

// Index over the report, made once for all documents.
class Holder {
 public:
  explicit Holder(const Truth& truth);
  ~Holder();
  SbomRow hold(const SbomDocument& document, const Origin& origin) const;

 private:
  struct Index;
  const Truth& truth_;
  std::unique_ptr<Index> index_;
};

// "1:1.2.13.dfsg-1" of a deb → "1.2.13"; what upstream called the release.
std::string upstream_release(std::string_view purl_type, std::string_view version);

}  // namespace fathom::sbom
