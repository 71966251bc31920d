#include "analyzer/dpkg.h"

#include <map>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/line_reader.h"
#include "analyzer/purl.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "dpkg";
constexpr std::size_t kMd5Digits = 32;

struct Field {
  std::string_view value;
  std::uint64_t line = 0;
  std::string_view text;  // the whole line
};

struct Stanza {
  std::uint64_t line = 0;               // of its first field
  std::map<std::string, Field> fields;  // names in lower case, as they are not case-sensitive
  std::vector<OwnedPath> conffiles;

  const Field* find(const std::string& name) const {
    auto at = fields.find(name);
    return at == fields.end() || at->second.value.empty() ? nullptr : &at->second;
  }
};

// A path as tar and the tree know it: "/usr/bin/app", "./usr/bin/app" → "usr/bin/app".
std::string_view relative(std::string_view path) {
  while (path.starts_with('/') || path.starts_with("./"))
    path.remove_prefix(path.starts_with('/') ? 1 : 2);
  return path == "." ? std::string_view() : path;
}

bool is_md5(std::string_view text) {
  return text.size() == kMd5Digits && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

// Field names are visible ASCII without ":"; only the ones that matter are kept, so that a stanza
// of a million fields costs nothing.
bool is_field_name(std::string_view name) {
  for (char c : name)
    if (c <= ' ' || c > '~') return false;
  return !name.empty();
}

bool is_wanted(std::string_view name) {
  for (std::string_view wanted : {"package", "status", "version", "architecture", "source",
                                  "conffiles", "filename", "sha256", "files", "format"})
    if (name == wanted) return true;
  return false;
}

class StanzaReader {
 public:
  StanzaReader(std::string_view text, const Limits& limits, Problems& problems)
      : lines_(text), limits_(limits), problems_(problems) {}

  // The next stanza; false at the end. Reads line by line, so nothing but what is wanted is held.
  bool next(Stanza& stanza) {
    stanza = {};
    current_.clear();
    while (lines_.next()) {
      std::string_view line = lines_.line();
      if (trim(line).empty()) {
        if (stanza.line != 0) return true;
        continue;
      }
      if (stanza.line == 0) stanza.line = lines_.number();
      if (line.starts_with('#')) continue;
      if (line.starts_with(' ') || line.starts_with('\t'))
        continuation(stanza, trim(line));
      else
        field(stanza, line);
    }
    return stanza.line != 0;
  }

 private:
  void field(Stanza& stanza, std::string_view line) {
    current_.clear();
    std::size_t colon = line.find(':');
    if (colon == line.npos || !is_field_name(line.substr(0, colon))) {
      problems_.add(ErrorCode::malformed, lines_.number(), "no field, no continuation");
      return;
    }
    // The longest wanted name has 12 letters; a longer one is not even copied.
    if (colon > 12) return;
    std::string name = to_lower(line.substr(0, colon));
    if (!is_wanted(name)) return;
    Field value{trim(line.substr(colon + 1)), lines_.number(), line};
    current_ = name;
    if (!stanza.fields.emplace(std::move(name), value).second)
      problems_.add(ErrorCode::malformed, lines_.number(), "the stanza has this field twice");
  }

  // " /etc/app.conf 0123… [obsolete]"
  void continuation(Stanza& stanza, std::string_view line) {
    if (current_ != "conffiles") return;
    std::size_t space = line.find(' ');
    std::string_view hash = space == line.npos ? std::string_view() : line.substr(space + 1);
    hash = hash.substr(0, hash.find(' '));
    std::string_view path = relative(line.substr(0, space));
    if (path.empty() || path.size() > limits_.path_bytes) return;
    if (++paths_ > limits_.owned_paths) {
      if (paths_ == limits_.owned_paths + 1)
        problems_.add(ErrorCode::limit_exceeded, lines_.number(), "more files than are kept");
      return;
    }
    stanza.conffiles.push_back(
        {std::string(path), is_md5(hash) ? to_lower(hash) : std::string(), {}});
  }

  LineReader lines_;
  const Limits& limits_;
  Problems& problems_;
  std::string current_;
  std::uint64_t paths_ = 0;
};

// "want flag state": all that dpkg still has on disk and working counts as installed.
bool is_installed(std::string_view status) {
  std::string_view state = status.substr(status.rfind(' ') + 1);
  return state == "installed" || state == "triggers-pending" || state == "triggers-awaited" ||
         state == "half-configured" || state == "unpacked" || state == "half-installed";
}

// "glibc (2.36-9)" names another version than the package's own, "glibc" the same.
void set_source(Component& component, std::string_view source, const Limits& limits) {
  std::size_t open = source.find('(');
  component.source_name = kept(trim(source.substr(0, open)), limits);
  if (open != source.npos) {
    std::string_view version = source.substr(open + 1);
    component.source_version = kept(trim(version.substr(0, version.find(')'))), limits);
  }
  if (component.source_name == component.name) component.source_name.clear();
  if (component.source_version == component.version.exact) component.source_version.clear();
}

PackageClaim claim_of(Stanza& stanza, const Limits& limits) {
  const Field &name = *stanza.find("package"), &version = *stanza.find("version");
  const Field* arch = stanza.find("architecture");
  const Field* status = stanza.find("status");
  PackageClaim claim;
  claim.installed = !status || is_installed(status->value);
  claim.owned = std::move(stanza.conffiles);
  Component& component = claim.component;
  component.kind = ComponentKind::package;
  component.name = kept(name.value, limits);
  component.version.exact = kept(version.value, limits);
  component.ecosystem = "deb";
  component.purl = deb_purl(component.name, component.version.exact,
                            arch ? kept(arch->value, limits) : std::string());
  if (const Field* source = stanza.find("source")) set_source(component, source->value, limits);
  for (const Field* field : {&name, status, &version})
    if (field) component.evidence.push_back(line_evidence(kName, field->line, field->text, limits));
  return claim;
}

bool is_index_or_source(const Stanza& stanza) {
  for (const char* field : {"filename", "sha256", "files", "format"})
    if (stanza.fields.contains(field)) return true;
  return false;
}

Done run(const FileInput& in, FileFacts& facts) {
  std::string_view text = in.bytes.as_text();
  if (is_dpkg_file_list(text)) {
    DpkgFileList list = read_dpkg_file_list(text, in.limits);
    // Other programs keep lists of checksums too (pam-auth-update, vendors of downloads) and add
    // what they like. In dpkg's own, damage is the exception.
    const std::uint64_t wrong = list.problems.size() + list.problems_not_kept;
    if (!text.starts_with('/') && 4 * wrong > list.paths.size()) return Ok{};
    facts.checksum_list = std::move(list.paths);
    add_gaps(facts, in.limits, kName, list.problems, list.problems_not_kept);
    return Ok{};
  }
  DpkgDatabase database = read_dpkg(text, in.limits);
  if (!database.packages.empty()) facts.kind = FileKind::database;
  std::move(database.packages.begin(), database.packages.end(), std::back_inserter(facts.packages));
  add_gaps(facts, in.limits, kName, database.problems, database.problems_not_kept);
  return Ok{};
}

}  // namespace

bool is_dpkg_stanzas(std::string_view text) {
  LineReader lines(text.substr(0, 64 * kKiB));
  while (lines.next()) {
    std::string_view line = lines.line();
    if (!trim(line).empty()) return to_lower(line.substr(0, 8)) == "package:";
  }
  return false;
}

DpkgDatabase read_dpkg(std::string_view text, const Limits& limits) {
  DpkgDatabase database;
  Problems problems(database.problems, database.problems_not_kept, limits);
  // Until it is clear that this is a database, complaints would be about foreign files.
  std::vector<Error> early;
  std::uint64_t early_not_kept = 0;
  Problems reading(early, early_not_kept, limits);
  StanzaReader stanzas(text, limits, reading);
  Stanza stanza;
  bool is_database = false;
  for (std::uint64_t count = 0; stanzas.next(stanza);) {
    ++count;
    bool has_status = stanza.find("status") != nullptr;
    // Without a status only a stanza that is alone is an installed package.
    if (!has_status && is_index_or_source(stanza)) continue;
    if (!has_status && count > 1 && !is_database) {
      database.packages.clear();
      return database;
    }
    is_database = is_database || has_status;
    if (!stanza.find("package") || !stanza.find("version")) {
      // A package that was purged or never unpacked has no version, and is nowhere.
      const Field* status = stanza.find("status");
      if (status && (is_installed(status->value) || !stanza.find("package")))
        problems.add(ErrorCode::malformed, stanza.line, "package without name or version");
      continue;
    }
    if (database.packages.size() == limits.packages) {
      problems.add(ErrorCode::limit_exceeded, stanza.line, "more packages than are read");
      break;
    }
    database.packages.push_back(claim_of(stanza, limits));
  }
  for (const Error& error : early) {
    if (database.packages.empty() && !is_database) break;
    if (database.problems.size() < limits.problems)
      database.problems.push_back(error);
    else
      ++database.problems_not_kept;
  }
  database.problems_not_kept += early_not_kept;
  return database;
}

bool is_dpkg_file_list(std::string_view text) {
  std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line == "/.") return true;
  return line.size() > kMd5Digits + 2 && is_md5(line.substr(0, kMd5Digits)) &&
         line.substr(kMd5Digits, 2) == "  ";
}

DpkgFileList read_dpkg_file_list(std::string_view text, const Limits& limits) {
  DpkgFileList list;
  Problems problems(list.problems, list.problems_not_kept, limits);
  LineReader lines(text);
  while (lines.next()) {
    std::string_view line = lines.line();
    if (line.empty()) continue;
    bool has_hash = is_md5(line.substr(0, kMd5Digits)) && line.substr(kMd5Digits, 2) == "  ";
    std::string_view path = relative(has_hash ? line.substr(kMd5Digits + 2) : line);
    if (!has_hash && !line.starts_with('/')) {
      problems.add(ErrorCode::malformed, lines.number(), "neither a path nor a checksum");
    } else if (path.size() > limits.path_bytes) {
      problems.add(ErrorCode::limit_exceeded, lines.number(), "path is too long");
    } else if (list.paths.size() == limits.owned_paths) {
      problems.add(ErrorCode::limit_exceeded, lines.number(), "more files than are kept");
      break;
    } else if (!path.empty()) {
      list.paths.push_back(
          {std::string(path), has_hash ? to_lower(line.substr(0, kMd5Digits)) : std::string(), {}});
    }
  }
  return list;
}

std::string deb_purl(std::string_view name, std::string_view version, std::string_view arch) {
  return Purl{.type = "deb",
              .namespace_ = "debian",
              .name = std::string(name),
              .version = std::string(version),
              .qualifiers = {{"arch", std::string(arch)}}}
      .text();
}

extern const FileAnalyzer dpkg = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "Debian packages from dpkg's database, and the lists of the files they installed",
    .wants =
        [](const FileInput& in) {
          std::string_view text = in.bytes.as_text();
          return !in.elf && (is_dpkg_file_list(text) || is_dpkg_stanzas(text));
        },
    .run = run,
};

}  // namespace fathom
