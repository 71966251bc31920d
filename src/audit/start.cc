// The runtime joins entrypoint and command and looks for the first word: with a slash in it from
// the working folder, else in the folders of PATH, inside the container. The kernel then follows
// symlinks, reads "#!" (up to four times) or PT_INTERP. Each hop may lead to nothing, which is
// found out here and not at three in the morning.
// Source: OCI image specification, config.md; execve(2); runc and containerd for the default PATH.

#include "audit/start.h"

#include "base/text.h"

namespace fathom::audit {
namespace {

using archive::TarType;
using image::TreeFile;

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kMostScripts = 4;  // BINPRM_MAX_RECURSION of the kernel
constexpr int kMostLinks = 40;

std::string without_root(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return std::string(path);
}

class Resolver {
 public:
  explicit Resolver(const Lookup& lookup) : lookup_(lookup), info_(lookup.input().info) {}

  Start run() {
    start_.arguments = info_.entrypoint;
    start_.arguments.insert(start_.arguments.end(), info_.command.begin(), info_.command.end());
    if (start_.arguments.empty() || start_.arguments[0].empty()) {
      start_.problems.push_back("neither an entrypoint nor a command is configured");
      return std::move(start_);
    }
    const TreeFile* file = find_program(start_.arguments[0]);
    if (file == nullptr) return std::move(start_);
    start_.program = file->entry.path;
    follow(*file, 0);
    follow_shell_form();
    return std::move(start_);
  }

 private:
  void problem(std::string text) { start_.problems.push_back(std::move(text)); }

  void step(std::string what, const TreeFile& file, std::string seen) {
    start_.steps.push_back({std::move(what), file.entry.path, std::move(seen), file.layer});
  }

  const TreeFile* find_program(const std::string& word) {
    if (word.find('/') != word.npos) {
      const std::string path = word[0] == '/' ? word : info_.working_dir + "/" + word;
      const TreeFile* file = through_links(without_root(path));
      if (file == nullptr) problem("there is no file " + printable(path));
      return file;
    }
    const std::string path = lookup_.variable("PATH", kDefaultPath);
    for (std::string_view folder : split(path, ':')) {
      const std::string candidate = without_root(folder) + "/" + word;
      const TreeFile* there = lookup_.input().tree.find(candidate);
      if (there == nullptr || !is_file(*there) || !lookup_.may_execute(there->entry)) continue;
      start_.steps.push_back({"search path", candidate, std::string(folder), there->layer});
      const TreeFile* file = through_links(candidate);
      return file;
    }
    problem("there is no " + printable(word) + " in the folders of PATH (" + printable(path) + ")");
    return nullptr;
  }

  // Notes each link on the way; links of folders count as one hop of the last name.
  const TreeFile* through_links(const std::string& path) {
    const image::FileTree& tree = lookup_.input().tree;
    std::string here = path;
    for (int hops = 0; hops < kMostLinks; ++hops) {
      const TreeFile* file = tree.find_link(here);
      if (file == nullptr || file->entry.type != TarType::symlink) break;
      step("symlink", *file, file->entry.link_target);
      const std::string& target = file->entry.link_target;
      here = target.starts_with('/')
                 ? without_root(target)
                 : file->entry.path.substr(0, file->entry.path.rfind('/') + 1) + target;
    }
    return tree.find(path);
  }

  void follow(const TreeFile& file, int scripts) {
    if (!is_file(file))
      return problem(file.entry.path + " is a " + std::string(name_of(file.entry.type)) +
                     ", no program");
    if (!lookup_.may_execute(file.entry))
      problem(file.entry.path + " may not be executed by " + user_text());
    const FileFacts* facts = lookup_.facts_of(file);
    if (facts == nullptr) return problem(file.entry.path + " was not examined");
    if (facts->elf) return follow_elf(file, *facts->elf);
    if (facts->audit.shebang.empty())
      return problem(file.entry.path + " is neither a program nor a script with a #! line (" +
                     facts->type + ")");
    if (scripts == kMostScripts)
      return problem("scripts of scripts go deeper than the kernel allows");
    follow_script(file, facts->audit.shebang, scripts);
  }

  std::string user_text() const {
    const RunsAs& user = lookup_.user();
    return user.uid ? "uid " + std::to_string(*user.uid) : "user " + printable(user.text);
  }

  void follow_script(const TreeFile& file, std::string_view line, int scripts) {
    step("script", file, "#!" + std::string(line));
    const std::size_t space = line.find_first_of(" \t");
    const std::string interpreter(line.substr(0, space));
    const TreeFile* next = through_links(without_root(interpreter));
    if (next == nullptr)
      return problem(file.entry.path + " wants " + printable(interpreter) + ", which is not there");
    step("interpreter", *next, interpreter);
    follow(*next, scripts + 1);
    // "#!/usr/bin/env python3": env looks in PATH once more.
    if (!interpreter.ends_with("/env") || space == line.npos) return;
    std::vector<std::string_view> words;
    for (std::string_view word : split(line.substr(space + 1), ' '))
      if (!word.empty() && word[0] != '-' && word.find('=') == word.npos) words.push_back(word);
    if (words.empty()) return;
    if (const TreeFile* real = find_program(std::string(words[0]))) {
      step("interpreter", *real, std::string(words[0]));
      follow(*real, scripts + 1);
    }
  }

  void follow_elf(const TreeFile& file, const ElfFacts& elf) {
    const std::string kind = elf.machine_name + " " + elf.type + (elf.is_static ? ", static" : "");
    step("program", file, kind);
    const std::string& platform = info_.platform;
    const std::string architecture = architecture_of(platform);
    if (!architecture.empty() && architecture != elf.machine_name)
      problem(file.entry.path + " is for " + elf.machine_name + ", the image for " + platform);
    if (elf.type != "executable" && elf.type != "pie" && elf.type != "static-pie" &&
        elf.interpreter.empty())
      problem(file.entry.path + " is a " + elf.type + ", no program");
    if (elf.interpreter.empty()) return;
    const TreeFile* loader = through_links(without_root(elf.interpreter));
    if (loader == nullptr)
      return problem(file.entry.path + " wants the loader " + printable(elf.interpreter) +
                     ", which is not there");
    step("loader", *loader, elf.interpreter);
  }

  // As elf_facts names machines; nothing for platforms that leave room.
  static std::string architecture_of(std::string_view platform) {
    const std::vector<std::string_view> parts = split(platform, '/');
    if (parts.size() < 2) return {};
    if (parts[1] == "amd64") return "x86_64";
    if (parts[1] == "arm64") return "aarch64";
    return {};
  }

  // ["/bin/sh", "-c", "app --flag"]: what the shell is to run is worth a look, as far as its first
  // word is a plain one.
  void follow_shell_form() {
    const std::vector<std::string>& arguments = start_.arguments;
    if (arguments.size() < 3 || arguments[1] != "-c") return;
    std::string_view script = trim(arguments[2]);
    if (script.starts_with("exec ")) script = trim(script.substr(5));
    const std::string word(script.substr(0, script.find_first_of(" \t;&|")));
    if (word.empty() || word.find_first_of("$`'\"\\(){}<>*?[]=#!~") != word.npos) return;
    const std::size_t problems = start_.problems.size(), steps = start_.steps.size();
    const TreeFile* file = find_program(word);
    if (file != nullptr && is_file(*file)) {
      step("shell command", *file, word);
      return follow(*file, 0);
    }
    start_.problems.resize(problems);  // a builtin, most likely
    start_.steps.resize(steps);
  }

  const Lookup& lookup_;
  const image::ImageInfo& info_;
  Start start_;
};

}  // namespace

Start resolve_start(const Lookup& lookup) { return Resolver(lookup).run(); }

}  // namespace fathom::audit
