// Credentials: in the configuration, in files, and in files that a later layer only hides.

#include <algorithm>
#include <set>

#include "analyzer/secrets.h"
#include "audit/rows.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

using image::TreeFile;

constexpr std::size_t kLeastValue = 6;

bool is_sure(const SecretSighting& sighting) { return sighting.checked; }

class SettingsAudit {
 public:
  SettingsAudit(const Lookup& lookup, Rows& rows) : lookup_(lookup), rows_(rows) {}

  void run() {
    const image::ImageInfo& info = lookup_.input().info;
    for (std::size_t i = 0; i < info.env.size(); ++i)
      add("secret-in-environment", "/config/Env/" + std::to_string(i), info.env[i]);
    for (const auto& [key, value] : info.labels)
      add("secret-in-label", "/config/Labels/" + key, value);
    for (std::size_t i = 0; i < info.history.size(); ++i)
      add("secret-in-history", "/history/" + std::to_string(i), info.history[i]);
  }

 private:
  void add(std::string_view rule, const std::string& pointer, const std::string& text) {
    const std::vector<SecretSighting> found =
        find_secrets(ByteView::of(text), SecretScope::settings);
    bool any = false;
    for (const SecretSighting& sighting : found) {
      rows_.add_setting(is_sure(sighting) ? rule : "secret-hint", pointer,
                        sighting.rule + ": " + sighting.seen);
      any |= is_sure(sighting);
    }
    // One row for one credential: what has a form needs no look at its name.
    if (any || rule == "secret-in-label") return;
    for (std::string_view word : split(text, ' ')) add_assignment(pointer, word);
  }

  // NAME=value. The value is not shown.
  void add_assignment(const std::string& pointer, std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos || equals == 0) return;
    const std::string_view name = word.substr(0, equals);
    std::string_view value = word.substr(equals + 1);
    while (!value.empty() && (value.front() == '"' || value.front() == '\''))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == '"' || value.back() == '\'')) value.remove_suffix(1);
    if (!is_variable(name) || !is_called_secret(name) || !could_be_secret(value)) return;
    // What ENV sets stands in the history too; the environment has been said already.
    if (!names_.insert(std::string(name)).second) return;
    rows_.add_setting("secret-name-in-environment", pointer,
                      std::string(name) + "=… (" + std::to_string(value.size()) + " characters)");
  }

  static bool is_variable(std::string_view name) {
    return std::ranges::all_of(name, [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
  }

  bool is_called_secret(std::string_view name) const {
    std::string upper(name);
    for (char& c : upper)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const Knowledge& knowledge = lookup_.input().knowledge;
    const auto in_name = [&](const std::string& word) { return upper.find(word) != upper.npos; };
    const auto ends = [&](const std::string& ending) { return upper.ends_with(ending); };
    return std::ranges::any_of(knowledge.secret_words, in_name) &&
           std::ranges::none_of(knowledge.harmless_endings, ends);
  }

  // Paths, references to other variables, numbers and switches are none.
  static bool could_be_secret(std::string_view value) {
    if (value.size() < kLeastValue || value[0] == '/' || value[0] == '$' || value[0] == '<')
      return false;
    if (value.find("${") != value.npos || value.find("://") != value.npos) return false;
    const std::string lower = to_lower(value);
    for (const char* word :
         {"changeme", "change_me", "disabled", "enabled", "example", "placeholder", "xxxxxx"})
      if (lower.find(word) != lower.npos) return false;
    return !parse_unsigned(value).has_value();
  }

  const Lookup& lookup_;
  Rows& rows_;
  std::set<std::string> names_;
};

class FilesAudit {
 public:
  FilesAudit(const Lookup& lookup, Rows& rows) : lookup_(lookup), rows_(rows) {
    for (const TreeFile& file : lookup.input().tree.files())
      if (!file.shadowed) visible_.insert(file.entry.digest);
  }

  void run() {
    for (const TreeFile& file : lookup_.input().tree.files()) {
      // The same content under another name is said once.
      if (!is_file(file) || (file.shadowed && visible_.contains(file.entry.digest))) continue;
      const FileFacts* facts = lookup_.facts_of(file);
      if (facts != nullptr && done_.insert(file.entry.digest).second)
        add(file, *facts, file.entry.path);
    }
  }

 private:
  void add(const TreeFile& file, const FileFacts& facts, const std::string& path) {
    for (const SecretSighting& sighting : facts.audit.secrets) {
      Evidence evidence = evidence_at(file, sighting.place, sighting.rule + ": " + sighting.seen);
      evidence.file = path;
      rows_.add(rule_of(file, sighting), std::move(evidence));
    }
    for (const MemberFacts& member : facts.members)
      add(file, member.facts, path + "!/" + member.path);
  }

  std::string_view rule_of(const TreeFile& file, const SecretSighting& sighting) const {
    if (!is_sure(sighting)) return "secret-hint";
    if (!file.shadowed && !lookup_.owner_of(file.entry.path).empty()) return "secret-in-package";
    if (sighting.sealed) return "secret-sealed";
    return file.shadowed ? "secret-in-deleted-file" : "secret-in-file";
  }

  const Lookup& lookup_;
  Rows& rows_;
  std::set<std::string, std::less<>> visible_, done_;
};

}  // namespace

void audit_secrets(const Lookup& lookup, Rows& rows) {
  SettingsAudit(lookup, rows).run();
  FilesAudit(lookup, rows).run();
}

}  // namespace fathom::audit
