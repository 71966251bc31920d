#include "sandbox/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "json/writer.h"
#include "sandbox/tables.h"

namespace fathom::sandbox {

namespace {

constexpr int kEnosys = 38;

std::string place_text(const std::string& file, const std::string& function, std::uint64_t place) {
  std::string out = printable(file);
  if (place != 0) out += " at " + hex_number(place);
  if (!function.empty() && !function.starts_with("0x")) out += " in " + printable(function);
  return out;
}

std::string_view architecture(code::Machine machine) {
  return machine == code::Machine::x86_64 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64";
}

// Filters name system calls; a number without a name cannot be in them.
bool has_name(const Allowed& allowed) { return !allowed.name.starts_with("number "); }

std::vector<std::string> names_of(const Profile& profile) {
  std::vector<std::string> out;
  for (const Allowed& allowed : profile.allowed)
    if (has_name(allowed)) out.push_back(allowed.name);
  return out;
}

void write_questions(json::Writer& writer, std::string_view name,
                     const std::vector<Question>& questions) {
  writer.key(name).begin_array();
  for (const Question& q : questions) {
    writer.begin_object().member("file", q.file).optional_member("function", q.function);
    if (q.place != 0) writer.member("place", hex_number(q.place));
    writer.member("what", q.what).end_object();
  }
  writer.end_array();
}

// Members beside the specification's, which runtimes pass over.
void write_account(json::Writer& writer, const Profile& profile) {
  writer.key("x-fathom").begin_object().member("complete", profile.complete());
  write_questions(writer, "unresolved", profile.unresolved);
  write_questions(writer, "notes", profile.notes);
  writer.key("reasons").begin_object();
  for (const Allowed& allowed : profile.allowed) writer.member(allowed.name, allowed.reason);
  writer.end_object().end_object();
}

std::string wrapped(const std::vector<std::string>& words, std::string_view first_line,
                    std::size_t width) {
  std::string out(first_line);
  std::size_t column = out.size();
  for (const std::string& word : words) {
    if (column + word.size() + 1 > width) {
      out += "\\\n   ";
      column = 3;
    }
    out += (out.ends_with('=') || out.ends_with('~') ? "" : " ") + word;
    column += word.size() + 1;
  }
  return out + "\n";
}

std::string comments_of(const Profile& profile) {
  std::string out;
  for (const Question& q : profile.unresolved)
    out += "# unresolved: " + place_text(q.file, q.function, q.place) + ": " + printable(q.what) +
           "\n";
  for (const Question& q : profile.notes)
    out += "# note: " + place_text(q.file, q.function, q.place) + ": " + printable(q.what) + "\n";
  return out;
}

}  // namespace

Profile make_profile(const StaticSet& set) {
  Profile profile{set.machine, {}, set.unresolved, set.notes};
  std::map<std::string, Allowed> by_name;
  for (const Source& source : set.sources) {
    std::string name(system_call_name(set.machine, source.number));
    if (name.empty()) {
      name = fmt::format("number {}", source.number);
      profile.unresolved.push_back(
          {source.file, source.function, source.place,
           "system call " + name + " has no name that a filter could use"});
    }
    by_name.try_emplace(
        name, Allowed{name, place_text(source.file, source.function, source.place), false});
  }
  for (const RuntimeRow& row : runtime_rows()) {
    std::string name(row.name);
    if (!system_call_number(set.machine, name)) continue;
    by_name.try_emplace(name,
                        Allowed{name, std::string(row.who) + ": " + std::string(row.why), true});
  }
  for (auto& [name, allowed] : by_name) profile.allowed.push_back(std::move(allowed));
  return profile;
}

std::string oci_json(const Profile& profile) {
  json::Writer writer;
  writer.begin_object();
  writer.member("defaultAction", profile.complete() ? "SCMP_ACT_ERRNO" : "SCMP_ACT_LOG");
  if (profile.complete()) writer.member("defaultErrnoRet", kEnosys);
  writer.key("architectures").begin_array().value(architecture(profile.machine)).end_array();
  writer.key("syscalls").begin_array().begin_object();
  writer.strings("names", names_of(profile)).member("action", "SCMP_ACT_ALLOW");
  writer.end_object().end_array();
  write_account(writer, profile);
  writer.end_object();
  return writer.finish();
}

std::string systemd_unit(const Profile& profile) {
  std::string out = comments_of(profile) + "[Service]\nSystemCallArchitectures=native\n";
  if (!profile.complete())
    return out + "# incomplete: what is not listed is logged, not refused\n" +
           wrapped(names_of(profile), "SystemCallLog=~", 100);
  return out + "SystemCallErrorNumber=ENOSYS\n" +
         wrapped(names_of(profile), "SystemCallFilter=", 100);
}

std::string kubernetes_yaml(const Profile& profile, std::string_view file_name) {
  std::string name(file_name.substr(file_name.rfind('/') + 1));
  std::string out = comments_of(profile);
  out +=
      "# The profile itself lies on each node as /var/lib/kubelet/seccomp/profiles/" + name + ".\n";
  return out + "securityContext:\n  seccompProfile:\n    type: Localhost\n    localhostProfile: " +
         "profiles/" + name + "\n";
}

std::string table_of(const Profile& profile) {
  std::size_t own = 0;
  for (const Allowed& allowed : profile.allowed) own += allowed.by_runtime ? 0 : 1;
  std::string out = fmt::format(
      "{} system calls, {} more for the container's runtime; {}\n", own,
      profile.allowed.size() - own,
      profile.complete() ? "complete"
                         : fmt::format("incomplete: {} questions", profile.unresolved.size()));
  for (const Question& q : profile.unresolved)
    out +=
        "unresolved: " + place_text(q.file, q.function, q.place) + ": " + printable(q.what) + "\n";
  for (const Question& q : profile.notes)
    out += "note: " + place_text(q.file, q.function, q.place) + ": " + printable(q.what) + "\n";
  for (const Allowed& allowed : profile.allowed)
    out += fmt::format("{:<24} {}\n", allowed.name, allowed.reason);
  return out;
}

}  // namespace fathom::sandbox
