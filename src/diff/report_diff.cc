#include "diff/report_diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/rows.h"

namespace fathom::diff {
namespace {

// Adds what differs between two maps, by key.
template <class Map, class Describe>
void add_differences(const Map& before, const Map& after, Describe describe,
                     std::vector<Change>& out) {
  for (const auto& [key, value] : before) {
    auto now = after.find(key);
    if (now == after.end())
      out.push_back(describe('-', key, &value, nullptr));
    else if (value != now->second)
      out.push_back(describe('~', key, &value, &now->second));
  }
  for (const auto& [key, value] : after)
    if (!before.contains(key)) out.push_back(describe('+', key, nullptr, &value));
  std::ranges::sort(out, {},
                    [](const Change& c) { return std::tie(c.what, c.where, c.sign, c.before); });
}

// ---- Files

struct FileState {
  std::string digest, kind;
  std::uint64_t size = 0;
  auto operator<=>(const FileState&) const = default;
};
using Files = std::map<std::string, FileState>;

// A link is what it points to, which stands in its type.
Files files_of(const Report& report) {
  Files out;
  for (const FileRow& file : report.files)
    if (!file.shadowed && file.kind != "directory")
      out[file.path] = {file.digest.empty() ? file.type : file.digest, file.kind, file.size};
  return out;
}

std::string text_of(const FileState* file) {
  if (file == nullptr) return {};
  return file->kind + ", " + human_bytes(file->size);
}

Change file_change(char sign, const std::string& path, const FileState* before,
                   const FileState* after) {
  return {sign, path, "", text_of(before), text_of(after)};
}

// ---- Components: a multiset of versions for each name, since an image may have several.

using Versions = std::multiset<std::string>;
using Components = std::map<std::pair<std::string, std::string>, Versions>;

Components components_of(const Report& report) {
  Components out;
  for (const Component& c : report.components)
    out[{c.ecosystem, c.name}].insert(version_text(c.version));
  return out;
}

std::string text_of(const Versions* versions) {
  if (versions == nullptr) return {};
  return join({versions->begin(), versions->end()}, ", ");
}

Change component_change(char sign, const std::pair<std::string, std::string>& key,
                        const Versions* before, const Versions* after) {
  return {sign, key.second, key.first, text_of(before), text_of(after)};
}

// ---- Findings, by what they are about and not by the component's version

using Findings = std::map<std::pair<std::string, std::string>, std::string>;

Findings findings_of(const Report& report) {
  std::map<std::string_view, const Component*> components;
  for (const Component& c : report.components) components[c.id] = &c;
  Findings out;
  for (const Finding& f : report.findings) {
    if (f.range_uncertain || suppression_of(f) != Suppression::none) continue;
    auto of = components.find(f.component);
    const std::string name = of == components.end() ? f.component : of->second->name;
    out[{f.id, name}] = std::string(name_of(f.severity)) + ", " + std::string(name_of(f.verdict)) +
                        (f.kev ? ", known exploited" : "");
  }
  return out;
}

Change text_change(char sign, const std::pair<std::string, std::string>& key,
                   const std::string* before, const std::string* after) {
  return {sign, key.first, key.second, before == nullptr ? "" : *before,
          after == nullptr ? "" : *after};
}

// ---- Hardening, gaps, image

using Texts = std::map<std::pair<std::string, std::string>, std::string>;

// Of one file under two names, the name says nothing: `only_file` stands for both.
Texts hardening_of(const Report& report, bool is_one_file) {
  Texts out;
  for (const HardeningRow& row : report.hardening)
    for (const HardeningCheck& check : row.checks)
      out[{is_one_file ? "(the file)" : row.path, check.id}] =
          // Each build has another build-id; only having none is another state.
          (check.id == "build_id" && check.value != "none" ? "some" : check.value) + " (" +
          std::string(name_of(check.rating)) + ")";
  return out;
}

Texts gaps_of(const Report& report) {
  Texts out;
  for (const Gap& gap : report.gaps) {
    std::string& text = out[{gap.stage, gap.file.empty() ? "(image)" : gap.file}];
    text += (text.empty() ? "" : "; ") + gap.reason;
  }
  return out;
}

Texts image_of(const Report& report) {
  const ImageRow& image = report.image;
  const BaseImage& base = report.origin.base;
  Texts out = {{{"platform", ""}, image.platform},
               {{"digest", ""}, image.digest},
               {{"entrypoint", ""}, join(image.entrypoint, " ")},
               {{"command", ""}, join(image.command, " ")},
               {{"user", ""}, report.execution.user},
               {{"base", ""}, base.name},
               {{"base made on", ""}, base.created},
               {{"layers", ""}, std::to_string(image.layers.size())}};
  std::erase_if(out, [](const auto& entry) { return entry.second.empty(); });
  return out;
}

// ---- Sizes

std::map<std::string, std::uint64_t> sizes_of(const Report& report, bool is_one_file) {
  std::map<std::string_view, const Component*> components;
  for (const Component& c : report.components) components[c.id] = &c;
  std::map<std::string, std::uint64_t> out;
  for (const FileRow& file : report.files) {
    if (file.shadowed || file.digest.empty() || file.path.find("!/") != std::string::npos) continue;
    auto owner = components.find(file.owner);
    out[is_one_file                 ? "(the file)"
        : owner == components.end() ? file.path
                                    : owner->second->ecosystem + " " + owner->second->name] +=
        file.size;
  }
  return out;
}

void add_sizes(const std::map<std::string, std::uint64_t>& before,
               const std::map<std::string, std::uint64_t>& after, ReportDiff& out) {
  std::map<std::string, SizeChange> all;
  for (const auto& [name, size] : before) all[name].before = size, out.bytes_before += size;
  for (const auto& [name, size] : after) all[name].after = size, out.bytes_after += size;
  for (auto& [name, change] : all) {
    change.component = name;
    if (change.before != change.after) out.sizes.push_back(change);
  }
  std::ranges::stable_sort(out.sizes, std::greater<>(),
                           [](const SizeChange& c) { return std::abs(c.difference()); });
}

}  // namespace

std::string_view words_for(char sign) {
  return sign == '+' ? "added" : sign == '-' ? "removed" : "changed";
}

bool ReportDiff::empty() const {
  return image.empty() && files.empty() && components.empty() && findings.empty() &&
         hardening.empty() && gaps.empty() && sizes.empty();
}

ReportDiff compare(const Report& before, const Report& after) {
  ReportDiff out;
  const bool is_one_file = before.image.source == "file" && after.image.source == "file";
  add_differences(image_of(before), image_of(after), text_change, out.image);
  const Files old_files = files_of(before), new_files = files_of(after);
  if (!is_one_file) add_differences(old_files, new_files, file_change, out.files);
  for (const auto& [path, state] : old_files) {
    auto now = new_files.find(path);
    if (now == new_files.end()) continue;
    if (state == now->second)
      ++out.same_files;
    else if (state.kind == "elf" && now->second.kind == "elf")
      out.changed_programs.push_back(path);
  }
  add_differences(components_of(before), components_of(after), component_change, out.components);
  add_differences(findings_of(before), findings_of(after), text_change, out.findings);
  add_differences(hardening_of(before, is_one_file), hardening_of(after, is_one_file), text_change,
                  out.hardening);
  if (!is_one_file) add_differences(gaps_of(before), gaps_of(after), text_change, out.gaps);
  add_sizes(sizes_of(before, is_one_file), sizes_of(after, is_one_file), out);
  return out;
}

}  // namespace fathom::diff
