#include "sandbox/static_set.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "base/text.h"
#include "code/reach.h"
#include "code/system_calls.h"
#include "sandbox/tables.h"

namespace fathom::sandbox {

namespace {

// One file taken apart; things view one another, so it is never moved.
struct Part {
  std::string path;
  bool is_interpreter = false;
  elf::ElfFile elf;
  code::Program program;
  code::Functions functions;
  code::References references;
  std::unique_ptr<code::Reach> reach;
  code::SystemCalls calls;
  std::vector<bool> reached;  // by node
};

std::string name_of(const code::Function& function) {
  return function.name.empty() ? hex_number(function.start) : printable(function.name);
}

Result<std::unique_ptr<Part>> take_apart(const ProgramFile& file, const Limits& limits) {
  auto part = std::make_unique<Part>();
  part->path = file.path;
  part->is_interpreter = file.is_interpreter;
  part->elf = TRY(elf::ElfFile::parse(file.bytes, limits));
  part->program = TRY(code::Program::open(part->elf, limits));
  part->functions = code::find_functions(part->program, limits);
  part->references = code::find_references(part->program, part->functions, limits);
  part->reach = std::make_unique<code::Reach>(part->program, part->functions, part->references);
  part->reached.assign(part->reach->nodes(), false);
  return part;
}

class Closure {
 public:
  explicit Closure(const Limits& limits) : limits_(limits) {}

  Result<StaticSet> run(const std::vector<ProgramFile>& files) {
    for (const ProgramFile& file : files) {
      Result<std::unique_ptr<Part>> part = take_apart(file, limits_);
      if (part) {
        parts_.push_back(std::move(*part));
        continue;
      }
      if (parts_.empty()) return std::move(part).error().in(printable(file.path));
      out_.unresolved.push_back({file.path, "", 0, "not taken apart: " + part.error().message});
    }
    if (parts_.empty()) return Error{ErrorCode::usage, "no program"};
    out_.machine = parts_[0]->program.machine();
    number_all();
    start();
    while (!queue_.empty()) {
      Place place = queue_.back();
      queue_.pop_back();
      visit(place);
    }
    collect();
    return std::move(out_);
  }

 private:
  struct Place {
    std::size_t part = 0;
    code::Reach::Node node = 0;
  };

  // Libraries that others stand on come last, and their wrappers must be known first.
  void number_all() {
    for (std::size_t i = parts_.size(); i-- > 0;) {
      Part& part = *parts_[i];
      part.calls = code::find_system_calls(
          part.program, part.functions, part.references,
          [&](std::string_view name) { return imported_wrappers(name, i); });
    }
  }

  const std::vector<code::Wrapper>* imported_wrappers(std::string_view name, std::size_t after) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (i == after) continue;
      const Part& part = *parts_[i];
      auto [first, last] = part.reach->exports().equal_range(name);
      for (auto at = first; at != last; ++at) {
        auto wrapper = part.calls.wrappers.find(at->second);
        if (wrapper != part.calls.wrappers.end() && !wrapper->second.empty())
          return &wrapper->second;
      }
      if (first != last) return nullptr;
    }
    return nullptr;
  }

  // --- what runs
  void start() {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = *parts_[i];
      for (code::Reach::Node node : part.reach->roots()) reach(i, node);
      if ((i == 0 || part.is_interpreter) && part.reach->entry()) reach(i, *part.reach->entry());
    }
  }

  void reach(std::size_t part, code::Reach::Node node) {
    if (parts_[part]->reached[node]) return;
    parts_[part]->reached[node] = true;
    queue_.push_back({part, node});
  }

  void visit(Place place) {
    Part& part = *parts_[place.part];
    for (code::Reach::Node next : part.reach->next(place.node)) reach(place.part, next);
    for (std::uint32_t import : part.reach->imports_of(place.node))
      look_up(part.reach->imports()[import]);
    if (part.reach->is_function(place.node)) follow_loading(place);
  }

  // As the dynamic linker does it, without versions: the first file that has the name.
  bool look_up(std::string_view name) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      auto [first, last] = parts_[i]->reach->exports().equal_range(name);
      for (auto at = first; at != last; ++at) reach(i, at->second);
      if (first != last) return true;
    }
    return false;
  }

  // --- code that nothing points at
  void follow_loading(Place place) {
    Part& part = *parts_[place.part];
    for (const code::CallSite& site : part.references.calls_of(place.node)) {
      const LoadingRow* row = loading_row(name_called(part, site.target));
      if (row != nullptr) follow_loading(part, place, site, *row);
    }
  }

  static std::string_view name_called(const Part& part, std::uint64_t target) {
    if (target == 0) return {};
    if (const code::Function* callee = part.functions.starting_at(target)) return callee->name;
    const code::Fixup* word = code::stub_at(part.program, target);
    if (word == nullptr) word = part.program.fixup_at(target);
    return word == nullptr ? std::string_view() : word->name;
  }

  void follow_loading(const Part& part, Place place, const code::CallSite& site,
                      const LoadingRow& row) {
    std::string name(row.name);
    if (row.what == LoadingRow::What::starts)
      return note(part, place, site, name + " starts another program, which is not looked into");
    if (row.what == LoadingRow::What::configured)
      return note(
          part, place, site,
          name + " may load what " + std::string(row.file) + " names, which is not followed");
    std::string text = argument_text(part, site, row.argument);
    if (row.what == LoadingRow::What::looks_up) {
      if (text.empty()) return ask(part, place, site, name + " of a name that is not known");
      look_up(text);
      return;
    }
    if (!text.empty() && is_loaded(text)) return;
    bool own = text.empty() && is_zero(part, site, row.argument);
    if (!own)
      ask(part, place, site,
          name + (text.empty() ? " of a file that is not known"
                               : " of " + printable(text) + ", which is not among the files"));
  }

  static std::string argument_text(const Part& part, const code::CallSite& site,
                                   std::size_t position) {
    auto address = part.references.argument(part.program.machine(), site, position);
    return address ? std::string(code::text_at(part.program, *address)) : std::string();
  }

  static bool is_zero(const Part& part, const code::CallSite& site, std::size_t position) {
    return part.references.argument(part.program.machine(), site, position) == 0u;
  }

  bool is_loaded(std::string_view file) const {
    std::string_view wanted = file.substr(file.rfind('/') + 1);
    for (const std::unique_ptr<Part>& part : parts_) {
      std::string_view path = part->path;
      if (part->elf.soname() == wanted || path.substr(path.rfind('/') + 1) == wanted) return true;
    }
    return false;
  }

  void ask(const Part& part, Place place, const code::CallSite& site, std::string what) {
    out_.unresolved.push_back(
        {part.path, name_of(part.functions.list[place.node]), site.place, std::move(what)});
  }

  void note(const Part& part, Place place, const code::CallSite& site, std::string what) {
    for (const Question& other : out_.notes)
      if (other.what == what) return;
    out_.notes.push_back(
        {part.path, name_of(part.functions.list[place.node]), site.place, std::move(what)});
  }

  // --- what they ask for
  void collect() {
    for (const std::unique_ptr<Part>& part : parts_) collect(*part);
    for (auto& [number, source] : sources_) out_.sources.push_back(std::move(source));
    auto by_place = [](const Question& a, const Question& b) {
      return std::tie(a.file, a.place, a.what) < std::tie(b.file, b.place, b.what);
    };
    auto same = [](const Question& a, const Question& b) {
      return a.file == b.file && a.place == b.place && a.what == b.what;
    };
    for (std::vector<Question>* list : {&out_.unresolved, &out_.notes}) {
      std::sort(list->begin(), list->end(), by_place);
      list->erase(std::unique(list->begin(), list->end(), same), list->end());
    }
  }

  void collect(const Part& part) {
    out_.functions += part.functions.list.size();
    for (std::size_t i = 0; i < part.functions.list.size(); ++i) {
      if (!part.reached[i]) continue;
      ++out_.reached;
      const code::Function& function = part.functions.list[i];
      for (const code::NumberedCall& call : part.calls.functions[i].calls)
        add(part, name_of(function), call);
      for (const code::UnresolvedCall& call : part.calls.functions[i].unresolved)
        if (!is_never_given(part, call))
          out_.unresolved.push_back(
              {part.path, name_of(function), call.place, std::string(text_of(call.why))});
    }
    for (const code::NumberedCall& call : part.calls.outside_calls) add(part, "", call);
    for (const code::UnresolvedCall& call : part.calls.outside)
      out_.unresolved.push_back({part.path, "", call.place, std::string(text_of(call.why))});
  }

  void add(const Part& part, std::string function, const code::NumberedCall& call) {
    sources_.try_emplace(call.number,
                         Source{call.number, part.path, std::move(function), call.place});
  }

  // It takes the number from what others fill in, and none of them can run.
  static bool is_never_given(const Part& part, const code::UnresolvedCall& call) {
    return call.is_given &&
           std::none_of(call.givers.begin(), call.givers.end(),
                        [&](std::uint32_t giver) { return bool{part.reached[giver]}; });
  }

  const Limits& limits_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<Place> queue_;
  std::map<std::uint32_t, Source> sources_;
  StaticSet out_;
};

}  // namespace

Result<StaticSet> static_system_calls(const std::vector<ProgramFile>& files, const Limits& limits) {
  return Closure(limits).run(files);
}

StaticSet together(std::vector<StaticSet> sets) {
  StaticSet out;
  if (!sets.empty()) out.machine = sets[0].machine;
  std::map<std::uint32_t, Source> sources;
  auto move_all = [](std::vector<Question>& from, std::vector<Question>& to) {
    for (Question& one : from) {
      bool known = std::any_of(to.begin(), to.end(), [&](const Question& other) {
        return other.file == one.file && other.place == one.place && other.what == one.what;
      });
      if (!known) to.push_back(std::move(one));
    }
  };
  for (StaticSet& set : sets) {
    out.functions += set.functions;
    out.reached += set.reached;
    for (Source& source : set.sources) {
      std::uint32_t number = source.number;
      sources.try_emplace(number, std::move(source));
    }
    move_all(set.unresolved, out.unresolved);
    move_all(set.notes, out.notes);
  }
  for (auto& [number, source] : sources) out.sources.push_back(std::move(source));
  return out;
}

}  // namespace fathom::sandbox
