// Since Go 1.16 the names of functions and of files each are one stretch of NUL-terminated texts,
// and two words of the header say where. Before, every function has a record that says where its
// name is, and the files are a list of offsets behind the table.

#include "analyzer/go_names.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "analyzer/line_reader.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::uint32_t kGo1_2 = 0xfffffffb, kGo1_16 = 0xfffffffa;

class NameTables {
 public:
  NameTables(ByteView file, const GoFunctionTable& table)
      : table_(file.clamped(table.offset, file.size())),
        kind_(table.magic),
        functions_(table.functions) {
    big_endian_ = table_.has_at(0, "\xff\xff\xff") && !table_.has_at(1, "\xff\xff\xff");
    pointer_ = table_.clamped(7, 1).empty() ? 8 : table_.span()[7];
  }

  // Calls `each` with a name and where it stands in the table, until it returns false.
  template <class Fn>
  void for_each_function(Fn each) const {
    if (kind_ != kGo1_2) return for_each_text(first_word(), first_word() + 1, each);
    for (std::uint64_t i = 0; i < functions_; ++i) {
      std::uint64_t record = word(8 + pointer_ + (2 * i + 1) * pointer_).value_or(0);
      std::uint64_t at = half(record + pointer_).value_or(0);
      if (!give(at, each)) return;
    }
  }

  template <class Fn>
  void for_each_file(Fn each) const {
    if (kind_ != kGo1_2) return for_each_text(first_word() + 2, first_word() + 3, each);
    std::uint64_t list = half(8 + pointer_ + (2 * functions_ + 1) * pointer_).value_or(0);
    std::uint64_t count = half(list).value_or(0);
    for (std::uint64_t i = 1; i < count; ++i) {
      std::optional<std::uint64_t> at = half(list + 4 * i);
      if (!at || !give(*at, each)) return;
    }
  }

 private:
  // The header word with the offset of the function names; file names are two words on, and what
  // comes behind each, one.
  std::uint64_t first_word() const { return kind_ == kGo1_16 ? 2 : 3; }

  template <class Fn>
  void for_each_text(std::uint64_t begin_word, std::uint64_t end_word, Fn each) const {
    std::optional<std::uint64_t> begin = word(8 + begin_word * pointer_);
    std::optional<std::uint64_t> end = word(8 + end_word * pointer_);
    if (!begin || !end || *begin >= *end || *end > table_.size()) return;
    std::string_view texts = table_.clamped(*begin, *end - *begin).as_text();
    for (std::size_t at = 0; at < texts.size();) {
      std::size_t stop = std::min(texts.find('\0', at), texts.size());
      if (stop > at && !each(texts.substr(at, stop - at), *begin + at)) return;
      at = stop + 1;
    }
  }

  template <class Fn>
  bool give(std::uint64_t at, Fn& each) const {
    Result<std::string_view> text = table_.read_cstring(at);
    return text && (text->empty() || each(*text, at));
  }

  std::optional<std::uint64_t> word(std::uint64_t at) const {
    if (pointer_ == 4) return half(at);
    Result<std::uint64_t> v =
        big_endian_ ? table_.read_big<std::uint64_t>(at) : table_.read<std::uint64_t>(at);
    return v ? std::optional(*v) : std::nullopt;
  }
  std::optional<std::uint64_t> half(std::uint64_t at) const {
    Result<std::uint32_t> v =
        big_endian_ ? table_.read_big<std::uint32_t>(at) : table_.read<std::uint32_t>(at);
    return v ? std::optional<std::uint64_t>(*v) : std::nullopt;
  }

  ByteView table_;
  std::uint32_t kind_;
  std::uint64_t functions_;
  bool big_endian_ = false;
  std::uint64_t pointer_ = 8;
};

// Without brackets of type arguments and what the compiler adds behind the package.
std::string_view raw_package_of(std::string_view function) {
  for (std::string_view made : {"type:", "type..", "go:", "go.", "struct {", "interface {", "."})
    if (function.starts_with(made)) return {};
  std::string_view head = function.substr(0, function.find_first_of("[( "));
  std::size_t slash = head.rfind('/');
  std::size_t dot = head.find('.', slash == head.npos ? 0 : slash);
  if (dot == head.npos) return {};
  return head.substr(0, dot);
}

// The linker writes dots of the last part of a path, and what is no plain character, as "%2e".
std::string unescape_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto is_hex = [&](std::size_t at) {
      return at < text.size() && std::string_view("0123456789abcdef").find(text[at]) != text.npos;
    };
    if (text[i] != '%' || !is_hex(i + 1) || !is_hex(i + 2)) {
      out += text[i];
      continue;
    }
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// The module cache writes capital letters as "!" and the small letter.
std::string unescape_case(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    bool escaped =
        path[i] == '!' && i + 1 < path.size() && path[i + 1] >= 'a' && path[i + 1] <= 'z';
    if (escaped) ++i;
    out += escaped ? static_cast<char>(path[i] - 'a' + 'A') : path[i];
  }
  return out;
}

bool is_module_version(std::string_view text) {
  return text.size() > 1 && text[0] == 'v' && text[1] >= '0' && text[1] <= '9';
}

bool is_host(std::string_view part) {
  return part.find('.') != part.npos && part[0] != '.' && part.find(':') == part.npos;
}

// "/root/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.0/parse.go" and, by -trimpath,
// "github.com/BurntSushi/toml@v1.2.0/parse.go".
std::optional<GoPathModule> module_of(std::string_view file, const Limits& limits) {
  std::size_t at = file.rfind('@');
  if (at == file.npos) return std::nullopt;
  std::string_view version = file.substr(at + 1);
  version = version.substr(0, version.find('/'));
  if (!is_module_version(version)) return std::nullopt;
  std::string_view path = file.substr(0, at);
  constexpr std::string_view kCache = "/pkg/mod/";
  if (std::size_t cache = path.rfind(kCache); cache != path.npos)
    path.remove_prefix(cache + kCache.size());
  if (!is_host(path.substr(0, path.find('/')))) return std::nullopt;
  return GoPathModule{kept(unescape_case(path), limits), kept(unescape_case(version), limits), 0,
                      kept(file, limits)};
}

void read_functions(const NameTables& tables, const Limits& limits, GoNames& out) {
  std::set<std::string_view> seen, cgo;  // raw
  tables.for_each_function([&](std::string_view name, std::uint64_t) {
    std::string_view package = raw_package_of(name);
    if (package.empty()) return true;
    if (seen.size() == limits.packages) return !(out.cut = true);
    seen.insert(package);
    if (name.substr(package.size()).starts_with("._Cfunc_")) cgo.insert(package);
    return true;
  });
  auto list = [&](const std::set<std::string_view>& raw) {
    std::set<std::string> paths;
    for (std::string_view package : raw) paths.insert(kept(unescape_percent(package), limits));
    return std::vector<std::string>(paths.begin(), paths.end());
  };
  out.packages = list(seen);
  out.cgo_packages = list(cgo);
}

void read_files(const NameTables& tables, std::uint64_t table_offset, const Limits& limits,
                GoNames& out) {
  std::map<std::pair<std::string, std::string>, GoPathModule> modules;
  std::string_view last;  // files of a folder follow one another
  tables.for_each_file([&](std::string_view file, std::uint64_t at) {
    std::string_view folder = file.substr(0, file.rfind('/') + 1);
    if (folder == last) return true;
    last = folder;
    std::optional<GoPathModule> module = module_of(file, limits);
    if (!module) return true;
    if (modules.size() == limits.packages) return !(out.cut = true);
    module->offset = table_offset + at;
    modules.try_emplace({module->path, module->version}, *module);
    return true;
  });
  for (auto& [key, module] : modules) out.modules.push_back(std::move(module));
}

}  // namespace

GoNames read_go_names(const elf::ElfFile& elf, const GoFunctionTable& table, const Limits& limits) {
  const NameTables tables(elf.bytes(), table);
  GoNames out;
  read_functions(tables, limits, out);
  read_files(tables, table.offset, limits, out);
  return out;
}

std::string go_package_of(std::string_view function) {
  return unescape_percent(raw_package_of(function));
}

std::string_view likely_go_module(std::string_view package) {
  std::string_view host = package.substr(0, package.find('/'));
  if (!is_host(host)) return {};
  struct Habit {
    std::string_view host;
    std::size_t parts;
  };
  constexpr auto kHabits = std::to_array<Habit>({{"github.com", 3},
                                                 {"gitlab.com", 3},
                                                 {"bitbucket.org", 3},
                                                 {"golang.org", 3},
                                                 {"cloud.google.com", 2}});
  auto habit = std::ranges::find(kHabits, host, &Habit::host);
  std::size_t parts = habit == kHabits.end() ? 2 : habit->parts;
  std::size_t end = 0;
  for (; parts > 0 && end != package.npos; --parts) end = package.find('/', end + 1);
  if (parts > 0) return {};
  if (end == package.npos) return package;
  // A major version is a part of the module's path.
  std::string_view next = package.substr(end + 1, package.find('/', end + 1) - end - 1);
  if (next.size() > 1 && next[0] == 'v' && parse_unsigned(next.substr(1))) end += 1 + next.size();
  return package.substr(0, end);
}

}  // namespace fathom
