#include "analyzer/apk.h"

#include <optional>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/line_reader.h"
#include "analyzer/purl.h"
#include "base/base64.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "apk";
constexpr std::size_t kSha1Bytes = 20;

struct Line {
  std::string_view value, text;
  std::uint64_t number = 0;
};

// One stanza as its lines go by.
struct Package {
  std::uint64_t first_line = 0;
  Line name, version, arch, origin, license;
  std::string_view folder;  // of the last F:
  std::vector<OwnedPath> owned;
};

class Reader {
 public:
  Reader(ApkDatabase& out, const Limits& limits)
      : out_(out), limits_(limits), problems_(out.problems, out.problems_not_kept, limits) {}

  void read(std::string_view text) {
    LineReader lines(text);
    while (lines.next()) {
      if (lines.line().empty())
        finish();
      else if (!line({lines.line(), lines.line(), lines.number()}))
        problems_.add(ErrorCode::malformed, lines.number(), "no field of a package");
      if (full_) break;
    }
    finish();
    if (!has_files_) out_ = {};
  }

 private:
  bool line(Line line) {
    if (package_.first_line == 0) package_.first_line = line.number;
    if (line.text.size() < 2 || line.text[1] != ':') return false;
    line.value = line.text.substr(2);
    switch (line.text[0]) {
      case 'P':
        return set(package_.name, line);
      case 'V':
        return set(package_.version, line);
      case 'A':
        return set(package_.arch, line);
      case 'o':
        return set(package_.origin, line);
      case 'L':
        return set(package_.license, line);
      case 'F':
        has_files_ = true;
        package_.folder = line.value;
        return true;
      case 'R':
        file(line);
        return true;
      case 'Z':
        checksum(line);
        return true;
      default:  // dependencies, sizes, modes …
        return true;
    }
  }

  static bool set(Line& slot, const Line& line) {
    if (slot.number != 0) return false;  // a field twice
    slot = line;
    return true;
  }

  void file(const Line& line) {
    has_file_ = false;
    std::size_t size = package_.folder.size() + 1 + line.value.size();
    if (line.value.empty() || size > limits_.path_bytes) {
      problems_.add(ErrorCode::malformed, line.number, "a file without a usable name");
      return;
    }
    if (paths_ == limits_.owned_paths) {
      if (!paths_full_)
        problems_.add(ErrorCode::limit_exceeded, line.number, "more files than are kept");
      paths_full_ = true;
      return;
    }
    ++paths_;
    std::string path(package_.folder);
    if (!path.empty()) path += '/';
    path += line.value;
    package_.owned.push_back({std::move(path), {}, {}});
    has_file_ = true;
  }

  void checksum(const Line& line) {
    if (!has_file_) return;
    std::string sha1 = apk_sha1(line.value);
    // What cannot be compared must not pass as "nothing recorded": it stays, and equals no SHA-1.
    if (sha1.empty()) {
      problems_.add(ErrorCode::unsupported, line.number, "a checksum that is not SHA-1");
      sha1 = kept(line.value.substr(0, 80), limits_);
    }
    package_.owned.back().sha1 = std::move(sha1);
  }

  void finish() {
    Package package = std::move(package_);
    package_ = {};
    has_file_ = false;
    if (package.first_line == 0) return;
    if (package.name.value.empty() || package.version.value.empty()) {
      problems_.add(ErrorCode::malformed, package.first_line, "package without name or version");
      return;
    }
    if (out_.packages.size() == limits_.packages) {
      problems_.add(ErrorCode::limit_exceeded, package.first_line, "more packages than are read");
      full_ = true;
      return;
    }
    out_.packages.push_back(claim_of(package));
  }

  PackageClaim claim_of(Package& package) const {
    PackageClaim claim;
    claim.owned = std::move(package.owned);
    Component& component = claim.component;
    component.kind = ComponentKind::package;
    component.name = kept(package.name.value, limits_);
    component.version.exact = kept(package.version.value, limits_);
    component.ecosystem = "apk";
    if (package.origin.value != package.name.value)
      component.source_name = kept(package.origin.value, limits_);
    if (!package.license.value.empty())
      component.licenses.push_back(kept(package.license.value, limits_));
    component.purl = Purl{.type = "apk",
                          .namespace_ = "alpine",
                          .name = component.name,
                          .version = component.version.exact,
                          .qualifiers = {{"arch", kept(package.arch.value, limits_)}}}
                         .text();
    for (const Line* line : {&package.name, &package.version})
      component.evidence.push_back(line_evidence(kName, line->number, line->text, limits_));
    return claim;
  }

  ApkDatabase& out_;
  const Limits& limits_;
  Problems problems_;
  Package package_;
  std::uint64_t paths_ = 0;
  bool has_files_ = false;  // any package
  bool has_file_ = false;   // owned.back() is the file of the last R:
  bool paths_full_ = false, full_ = false;
};

Done run(const FileInput& in, FileFacts& facts) {
  ApkDatabase database = read_apk(in.bytes.as_text(), in.limits);
  if (!database.packages.empty()) facts.kind = FileKind::database;
  std::move(database.packages.begin(), database.packages.end(), std::back_inserter(facts.packages));
  add_gaps(facts, in.limits, kName, database.problems, database.problems_not_kept);
  return Ok{};
}

}  // namespace

bool is_apk_database(std::string_view text) {
  // Either the checksum or, for packages made on the spot, the name comes first.
  if (!text.starts_with("C:Q") && !text.starts_with("P:")) return false;
  bool name = false, version = false;
  LineReader lines(text.substr(0, 64 * kKiB));
  while (lines.next() && lines.line().size() > 1 && lines.line()[1] == ':') {
    name = name || lines.line().starts_with("P:");
    version = version || lines.line().starts_with("V:");
  }
  return name && version;
}

ApkDatabase read_apk(std::string_view text, const Limits& limits) {
  ApkDatabase database;
  Reader(database, limits).read(text);
  return database;
}

std::string apk_sha1(std::string_view checksum) {
  // 20 bytes are 27 digits and one "=".
  constexpr std::size_t kDigits = 27;
  if (!checksum.starts_with("Q1") || checksum.size() != 2 + kDigits + 1 || checksum.back() != '=')
    return {};
  const std::optional<std::string> bytes = from_base64(checksum.substr(2, kDigits));
  return bytes && bytes->size() == kSha1Bytes ? to_hex(ByteView::of(*bytes)) : std::string();
}

extern const FileAnalyzer apk = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "Alpine packages from apk's database, and the files they installed",
    .wants = [](const FileInput& in) { return !in.elf && is_apk_database(in.bytes.as_text()); },
    .run = run,
};

}  // namespace fathom
