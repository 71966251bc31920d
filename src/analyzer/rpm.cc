// Packages of RPM, from its database in any of three forms.

#include <array>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/line_reader.h"
#include "analyzer/rpm_header.h"
#include "analyzer/rpm_store.h"
#include "model/purl.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "rpm";

struct Store {
  std::string_view name;
  bool (*is)(ByteView);
  Result<RpmStore> (*read)(ByteView, const Limits&);
};
constexpr auto kStores = std::to_array<Store>({
    {"Berkeley DB", is_rpm_bdb, read_rpm_bdb},
    {"ndb", is_rpm_ndb, read_rpm_ndb},
    {"SQLite", is_rpm_sqlite, read_rpm_sqlite},
});

const Store* store_of(ByteView bytes) {
  for (const Store& store : kStores)
    if (store.is(bytes)) return &store;
  return nullptr;
}

Purl purl_of(const RpmPackage& package) {
  Purl purl{.type = "rpm", .name = package.name, .version = package.version};
  if (!package.release.empty()) purl.version += "-" + package.release;
  purl.qualifiers["arch"] = package.arch;
  if (package.epoch != "0") purl.qualifiers["epoch"] = package.epoch;
  purl.qualifiers["upstream"] = package.source_rpm;
  return purl;
}

PackageClaim claim_of(RpmPackage package, const RpmBlob& blob) {
  PackageClaim claim;
  Component& c = claim.component;
  c.kind = ComponentKind::package;
  c.name = package.name;
  c.version.exact = package.evr();
  c.ecosystem = "rpm";
  c.purl = purl_of(package).text();
  RpmSource source = split_source_rpm(package.source_rpm);
  if (source.name != package.name) c.source_name = source.name;
  // Source packages have the epoch of what is built from them in all but a few cases.
  if (!source.version.empty() && source.version != package.version + "-" + package.release)
    c.source_version = package.epoch.empty() || package.epoch == "0"
                           ? source.version
                           : package.epoch + ":" + source.version;
  if (!package.license.empty()) c.licenses.push_back(package.license);
  std::string seen = package.name + " " + c.version.exact;
  if (!package.arch.empty()) seen += " " + package.arch;
  if (!package.vendor.empty()) seen += ", vendor " + package.vendor;
  if (!package.modularity.empty()) seen += ", module " + package.modularity;
  c.evidence.push_back({.analyzer = std::string(kName),
                        .file = {},
                        .file_digest = {},
                        .place = Place::named("package " + std::to_string(blob.key)),
                        .seen = std::move(seen)});
  claim.owned = std::move(package.files);
  return claim;
}

// Keys that were imported to check packages with are kept as packages and install nothing.
bool is_key(const RpmPackage& package) { return package.name == "gpg-pubkey"; }

Done run(const FileInput& in, FileFacts& facts) {
  const Store* kind = store_of(in.bytes);
  RpmStore store = TRY(kind->read(in.bytes, in.limits));
  add_gaps(facts, in.limits, kName, store.problems, store.problems_not_kept);
  std::uint64_t paths = 0;
  for (const RpmBlob& blob : store.blobs) {
    Result<RpmPackage> package = read_rpm_header(blob.bytes, in.limits);
    if (!package) {
      add_gaps(facts, in.limits, kName,
               {Error(package.error()).in("package " + std::to_string(blob.key))}, 0);
      continue;
    }
    if (is_key(*package)) continue;
    add_gaps(facts, in.limits, kName, package->problems, 0);
    paths += package->files.size();
    if (paths > in.limits.owned_paths) {
      package->files.clear();
      add_gaps(
          facts, in.limits, kName,
          {{ErrorCode::limit_exceeded, "package " + package->name + ": more files than are read"}},
          0);
    }
    facts.packages.push_back(claim_of(std::move(*package), blob));
  }
  facts.kind = FileKind::database;
  facts.type = "rpm database (" + std::string(kind->name) + ")";
  return Ok{};
}

}  // namespace

extern const FileAnalyzer rpm = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary =
        "RPM packages from Berkeley DB, ndb and SQLite databases, and the files they installed",
    .wants = [](const FileInput& in) { return !in.elf && store_of(in.bytes) != nullptr; },
    .run = run,
};

}  // namespace fathom
