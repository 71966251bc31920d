// Libraries are loaded breadth first: all that the program needs, then all that those need, each
// file once. A name is known already when a loaded file answers to it: to what it was asked for by,
// and, with glibc, to its DT_SONAME; also when it leads to a file that is loaded.

#include <algorithm>
#include <set>

#include "base/text.h"
#include "loader/search.h"

namespace fathom::loader {

namespace {

using archive::TarType;
using image::TreeFile;

constexpr std::size_t kMostObjects = 4096;
constexpr std::uint64_t kPlacesPerProgram = 50'000;

bool is_regular(const TreeFile* file) {
  return file != nullptr &&
         (file->entry.type == TarType::regular || file->entry.type == TarType::hard_link);
}

const ElfFacts* elf_of(const FactsOf& facts_of, const TreeFile* file) {
  if (!is_regular(file)) return nullptr;
  const FileFacts* facts = facts_of(file->entry.digest);
  return facts != nullptr && facts->elf ? &*facts->elf : nullptr;
}

LinkKind kind_of(const ElfFacts& program) {
  if (!program.needed.empty()) return LinkKind::dynamic;
  if (program.type == "executable") return LinkKind::static_file;
  return program.type == "static-pie" ? LinkKind::static_pie : LinkKind::not_linked;
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

class Process {
 public:
  Process(const image::FileTree& tree, const FactsOf& facts_of, const Options& options,
          const std::vector<Resolver::Neighbour>& neighbours, const TreeFile& program,
          const ElfFacts& elf, std::uint64_t& budget)
      : neighbours_(neighbours),
        context_{tree, facts_of, options, elf, nullptr, nullptr, objects_, budget} {
    row_.path = program.entry.path;
    row_.interpreter = elf.interpreter;
    objects_.push_back({.name = "",
                        .path = "/" + program.entry.path,
                        .found_by = "",
                        .file = &program,
                        .elf = &elf,
                        .alternatives = {}});
  }

  LinkRow run() {
    choose_loader();
    for (std::size_t at = 0; at < objects_.size(); ++at) {
      if (objects_[at].elf == nullptr) continue;
      const std::vector<std::string>& needed = objects_[at].elf->needed;
      for (const std::string& name : needed) load(name, at);
    }
    list_libraries();
    check_versions();
    return std::move(row_);
  }

 private:
  bool is_musl() const { return row_.rules == "musl"; }

  // A shared object has no interpreter: it is loaded by that of the programs around it.
  void choose_loader() {
    std::string interpreter = row_.interpreter;
    if (interpreter.empty()) interpreter = interpreter_of_neighbours();
    context_.interpreter = context_.tree.find(interpreter);
    context_.interpreter_elf = elf_of(context_.facts_of, context_.interpreter);
    interpreter_ = interpreter;
    if (context_.interpreter_elf == nullptr) {
      context_.interpreter = nullptr;
      row_.notes.push_back(interpreter.empty()
                               ? "no program of this machine is in the image; the rules are glibc's"
                               : "the interpreter " + printable(interpreter) +
                                     " is not in the image");
    } else if (!row_.interpreter.empty()) {
      row_.interpreter_file = context_.interpreter->entry.path;
    }
    bool musl = file_name(interpreter).starts_with("ld-musl-") ||
                (context_.interpreter != nullptr &&
                 file_name(context_.interpreter->entry.path).starts_with("ld-musl-"));
    row_.rules = musl ? "musl" : "glibc";
    if (!musl && context_.tree.find("etc/ld.so.cache") == nullptr)
      row_.notes.push_back(
          "there is no etc/ld.so.cache: only search paths and default folders count");
    if (!musl && context_.interpreter_elf != nullptr &&
        context_.interpreter_elf->loader_folders.empty())
      row_.notes.push_back("the default folders were not found in the dynamic linker");
    if (!context_.options.library_path.empty())
      row_.notes.push_back("LD_LIBRARY_PATH=" + printable(context_.options.library_path));
  }

  std::string interpreter_of_neighbours() const {
    const ElfFacts& program = context_.program;
    for (const Resolver::Neighbour& n : neighbours_) {
      if (n.machine != program.machine || n.bits != program.bits) continue;
      if (program.libc.empty() || n.libc.empty() || n.libc == program.libc) return n.interpreter;
    }
    return {};
  }

  void load(const std::string& name, std::size_t by) {
    if (known_.contains(name) || objects_.size() >= kMostObjects) return;
    if (is_loader(name)) return add_loader(name, by);
    std::optional<Found> found;
    if (context_.budget > 0)
      found = is_musl() ? find_musl(context_, name, by) : find_glibc(context_, name, by);
    if (found)
      if (auto same = loaded_.find(found->candidate.file); same != loaded_.end()) {
        known_.emplace(name, same->second);
        return;
      }
    Object object{.name = name, .path = "", .found_by = "", .loader = by, .alternatives = {}};
    if (found) {
      object.path = found->candidate.path;
      object.found_by = found->how;
      object.file = found->candidate.file;
      object.elf = found->candidate.elf;
      object.alternatives = std::move(found->alternatives);
    }
    add(std::move(object), !is_musl());
  }

  void add(Object object, bool by_soname) {
    const std::size_t index = objects_.size();
    known_.emplace(object.name, index);
    if (by_soname && object.elf != nullptr && !object.elf->soname.empty())
      known_.emplace(object.elf->soname, index);
    if (object.file != nullptr) loaded_.emplace(object.file, index);
    objects_.push_back(std::move(object));
  }

  bool is_loader(const std::string& name) const {
    if (context_.interpreter_elf == nullptr) return false;
    if (is_musl()) return is_musl_itself(name) || name == context_.interpreter_elf->soname;
    return name == context_.interpreter_elf->soname || name == interpreter_;
  }
  void add_loader(const std::string& name, std::size_t by) {
    if (auto same = loaded_.find(context_.interpreter); same != loaded_.end()) {
      known_.emplace(name, same->second);
      return;
    }
    add({.name = name,
         .path = interpreter_,
         .found_by = "interpreter",
         .file = context_.interpreter,
         .elf = context_.interpreter_elf,
         .loader = by,
         .alternatives = {}},
        true);
  }

  void list_libraries() {
    const ElfFacts& program = context_.program;
    row_.kind = kind_of(program);
    for (std::size_t i = 1; i < objects_.size(); ++i) {
      Object& object = objects_[i];
      LinkedLibrary library;
      library.name = object.name;
      library.path = object.path;
      library.file = object.file == nullptr ? "" : object.file->entry.path;
      library.found_by = object.found_by;
      library.needed_by = objects_[object.loader].file->entry.path;
      library.is_loader = object.file != nullptr && object.file == context_.interpreter;
      library.alternatives = std::move(object.alternatives);
      row_.libraries.push_back(std::move(library));
    }
    if (objects_.size() >= kMostObjects || context_.budget == 0)
      row_.problems.push_back("more libraries or folders than the limit");
  }

  // glibc looks every version up before the program starts; musl does not know versions.
  void check_versions() {
    if (is_musl()) return;
    for (const Object& object : objects_) {
      if (object.elf == nullptr) continue;
      for (const NeededVersion& need : object.elf->needed_versions) {
        auto provider = known_.find(need.file);
        if (provider == known_.end() || objects_[provider->second].elf == nullptr) continue;
        check_version(need, object, objects_[provider->second]);
      }
    }
  }
  void check_version(const NeededVersion& need, const Object& object, const Object& provider) {
    const std::vector<std::string>& offered = provider.elf->exported_versions;
    const std::string by = " (required by " + printable(object.path) + ")";
    if (offered.empty()) {
      std::string text = printable(provider.path) + ": no version information available" + by;
      if (std::ranges::find(row_.notes, text) == row_.notes.end()) row_.notes.push_back(text);
      return;
    }
    if (need.weak || std::ranges::find(offered, need.version) != offered.end()) return;
    row_.problems.push_back(printable(provider.path) + ": version `" + printable(need.version) +
                            "' not found" + by);
  }

  const std::vector<Resolver::Neighbour>& neighbours_;
  std::vector<Object> objects_;
  std::map<std::string, std::size_t, std::less<>> known_;  // name → object that answers to it
  std::map<const TreeFile*, std::size_t> loaded_;          // file → object
  Context context_;
  std::string interpreter_;
  LinkRow row_;
};

}  // namespace

std::string folder_of(std::string_view path) {
  std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {};
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::optional<std::string> expand(std::string_view text, std::string_view origin,
                                  const ElfFacts& program, std::string_view lib) {
  struct Token {
    std::string_view name, value;
  };
  const Token tokens[] = {{"ORIGIN", origin}, {"LIB", lib}, {"PLATFORM", program.machine_name}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      out += text[at++];
      continue;
    }
    const bool braced = text.substr(at + 1).starts_with('{');
    std::string_view rest = text.substr(at + (braced ? 2 : 1));
    const Token* token = std::ranges::find_if(tokens, [&](const Token& t) {
      if (!rest.starts_with(t.name)) return false;
      std::string_view behind = rest.substr(t.name.size());
      if (braced) return behind.starts_with('}');
      return behind.empty() ||
             (std::isalnum(static_cast<unsigned char>(behind[0])) == 0 && behind[0] != '_');
    });
    if (token == std::ranges::end(tokens)) return {};
    out += token->value;
    at += (braced ? 3 : 1) + token->name.size();
  }
  return out;
}

std::optional<Candidate> Context::open(const std::string& path) const {
  if (budget == 0) return {};
  --budget;
  const TreeFile* file = tree.find(path);
  const ElfFacts* elf = elf_of(facts_of, file);
  if (elf == nullptr || elf->machine != program.machine || elf->bits != program.bits) return {};
  if (elf->type != "shared object" && elf->type != "pie") return {};
  return Candidate{path, file, elf};
}

Resolver::Resolver(const image::FileTree& tree, FactsOf facts_of, Options options)
    : tree_(tree), facts_of_(std::move(facts_of)), options_(std::move(options)) {
  std::set<Neighbour> seen;
  for (const TreeFile& file : tree_.files()) {
    if (file.shadowed) continue;
    const ElfFacts* elf = elf_of(facts_of_, &file);
    if (elf == nullptr || elf->interpreter.empty()) continue;
    Neighbour neighbour{elf->machine, elf->bits, elf->libc, elf->interpreter};
    if (seen.insert(neighbour).second && tree_.find(elf->interpreter) != nullptr)
      neighbours_.push_back(std::move(neighbour));
  }
}

LinkRow Resolver::resolve(std::string_view path) const {
  std::uint64_t budget = kPlacesPerProgram;
  return resolve(path, budget);
}

LinkRow Resolver::resolve(std::string_view path, std::uint64_t& budget) const {
  const TreeFile* file = tree_.find(path);
  const ElfFacts* elf = elf_of(facts_of_, file);
  if (elf == nullptr || elf->type == "relocatable" || elf->type == "core") {
    LinkRow row;
    row.path = file == nullptr ? std::string(path) : file->entry.path;
    return row;
  }
  return Process(tree_, facts_of_, options_, neighbours_, *file, *elf, budget).run();
}

}  // namespace fathom::loader
