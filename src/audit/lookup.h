// Questions that several parts of the audit ask of the tree: which file stands at a path, who the
// configured user is, and what that user may do with a file.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"

namespace fathom::audit {

// Who the container's first process runs as.
struct RunsAs {
  std::string text;                  // as configured
  std::optional<std::uint64_t> uid;  // nothing: a name that no passwd file has
  std::optional<std::uint64_t> gid;
  std::string name;            // of the passwd line, or empty
  bool group_unknown = false;  // a name that no group file has
  bool is_root() const { return uid == 0; }
};

class Lookup {
 public:
  explicit Lookup(const Input& input);

  const Input& input() const { return input_; }
  const RunsAs& user() const { return user_; }

  const FileFacts* facts_of(const image::TreeFile& file) const;
  // Of the file at `path`, symlinks followed.
  const FileFacts* facts_at(std::string_view path) const;
  const AuditFacts* settings_at(std::string_view path, SettingsKind kind) const;
  // Component::id of the package that installed the visible file or symlink, or "".
  const std::string& owner_of(std::string_view path) const;
  const Component* component(std::string_view id) const;

  // What the permissions allow the configured user. Root may write everything and execute what
  // anybody may; an unknown user is treated as one who owns nothing.
  bool may_write(const image::Entry& entry) const;
  bool may_execute(const image::Entry& entry) const;

  std::string variable(std::string_view name, std::string_view fallback) const;  // of the Env

 private:
  RunsAs read_user() const;
  const Input& input_;
  std::map<std::string_view, const Component*> owners_;      // by path, symlinks too
  std::map<std::string_view, const Component*> components_;  // by id
  RunsAs user_;
};

std::string octal(std::uint32_t mode);                   // "4755"
std::string capabilities_text(std::uint64_t permitted);  // "cap_net_raw, cap_41"

bool is_file(const image::TreeFile& file);
// Evidence about the visible file at a path.
Evidence evidence_at(const image::TreeFile& file, Place place, std::string seen);

}  // namespace fathom::audit
