#include "analyzer/code_facts.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/digest.h"
#include "code/call_graph.h"
#include "code/comparisons.h"
#include "code/references.h"
#include "elf/constants.h"

namespace fathom {
namespace {

constexpr std::size_t kMostShown = 60;  // bytes of a text

class Recovery {
 public:
  Recovery(const code::Program& program, const CodeQuestion& question, const Limits& limits)
      : program_(program),
        question_(question),
        functions_(code::find_functions(program, limits)),
        graph_(program, functions_),
        references_(question.texts.empty() ? code::References{}
                                           : code::find_references(program, functions_, limits)) {}

  CodeFacts run() {
    for (std::size_t i = 0; i < functions_.list.size(); ++i) {
      CodeFunction& out = out_.functions.emplace_back();
      describe(functions_.list[i], graph_.callee(i), out);
      add_calls(i, out);
      if (!references_.functions.empty()) add_texts(i, out);
      if (!question_.shapes.empty() || is_asked_in_detail(functions_.list[i], out))
        add_comparisons(i, out);
    }
    out_.shown.assign(shown_.begin(), shown_.end());
    out_.taken = graph_.taken();
    for (const code::Root& root : graph_.roots())
      out_.roots.push_back({root.function, static_cast<CodeRoot::Why>(root.why)});
    for (const code::InlinedCall& call : functions_.inlined)
      out_.inlined.push_back({call.place, call.function, name(call.name)});
    find_texts();
    describe_file();
    out_.has_go_table = !functions_.inlined.empty();
    out_.code_bytes = functions_.code_bytes;
    out_.covered_bytes = functions_.covered_bytes;
    for (const std::vector<Error>* problems : {&program_.problems(), &functions_.problems})
      for (const Error& problem : *problems) out_.problems.push_back(problem.message);
    return std::move(out_);
  }

 private:
  std::uint32_t name(std::string_view text) {
    if (text.empty()) return 0;
    auto [known, is_new] = names_.emplace(text, static_cast<std::uint32_t>(out_.names.size()));
    if (is_new) out_.names.emplace_back(text);
    return known->second;
  }

  void describe(const code::Function& function, const code::CallGraph::Callee& callee,
                CodeFunction& out) {
    out.start = function.start;
    out.size = function.size();
    out.name = name(function.name);
    for (std::string_view alias : function.aliases) out.aliases.push_back(name(alias));
    out.is_go = callee.is_go;
    out.is_method = callee.is_method;
    out.is_by_distance_alone = callee.is_by_distance_alone;
    out.needs = callee.needs;
    out.slots = callee.slots;
  }

  void add_calls(std::size_t index, CodeFunction& out) {
    for (const code::Edge& edge : graph_.calls_of(index))
      out.calls.push_back(
          {edge.place, edge.callee, static_cast<CallKind>(edge.kind), name(edge.name)});
    for (const code::IndirectCall& call : graph_.indirect_of(index))
      out.pointer_calls.push_back({call.place, call.passed,
                                   static_cast<CodePointerCall::Through>(call.through), call.slot});
  }

  void add_texts(std::size_t index, CodeFunction& out) {
    for (const code::Reference& reference : references_.of(index)) {
      if (reference.kind != code::Referred::text) continue;
      const std::string_view text = code::text_of(program_, reference);
      const std::uint64_t hash = xxh3_of(ByteView::of(text));
      auto at = std::ranges::lower_bound(question_.texts, hash);
      if (at == question_.texts.end() || *at != hash) continue;
      const auto asked = static_cast<std::uint32_t>(at - question_.texts.begin());
      out.texts.push_back({asked, functions_.list[index].start + reference.place, reference.value});
      shown_.emplace(asked, text.substr(0, kMostShown));
    }
    std::ranges::sort(out.texts, {}, [](const CodeText& t) { return std::tie(t.text, t.place); });
  }

  bool is_asked_in_detail(const code::Function& function, const CodeFunction& out) const {
    auto is_asked = [&](std::string_view symbol) {
      return std::ranges::binary_search(question_.symbols, without_clone_suffix(symbol));
    };
    return !out.texts.empty() || is_asked(function.name) ||
           std::ranges::any_of(function.aliases, is_asked);
  }

  void add_comparisons(std::size_t index, CodeFunction& out) {
    for (const code::Comparison& one : code::comparisons_of(program_, functions_.list[index])) {
      if (one.has_field) out.comparisons.push_back({one.place, {true, one.field, one.width}});
      // Everything is compared with 0 and 1.
      if (one.has_number && (one.number > 1 || one.number < -1))
        out.comparisons.push_back({one.place, {false, one.number, one.width}});
    }
    for (std::uint32_t i = 0; i < question_.shapes.size(); ++i)
      if (has_shape(out.comparisons, question_.shapes[i])) out.shapes.push_back(i);
    if (out.shapes.empty() && !is_asked_in_detail(functions_.list[index], out))
      out.comparisons.clear();
  }

  // NUL-terminated texts; older linkers put constants beside the code.
  void find_texts() {
    constexpr std::size_t kShortest = 4;
    std::set<std::uint32_t> found;
    for (const elf::Segment& segment : program_.elf().segments()) {
      if (segment.type != elf::PT_LOAD) continue;
      std::string_view rest = segment.contents.as_text();
      for (std::size_t end; !question_.texts.empty() && (end = rest.find('\0')) != rest.npos;
           rest.remove_prefix(end + 1)) {
        if (end < kShortest) continue;
        const std::uint64_t hash = xxh3_of(ByteView::of(rest.substr(0, end)));
        auto at = std::ranges::lower_bound(question_.texts, hash);
        if (at != question_.texts.end() && *at == hash)
          found.insert(static_cast<std::uint32_t>(at - question_.texts.begin()));
      }
    }
    out_.texts_in_file.assign(found.begin(), found.end());
  }

  void describe_file() {
    const elf::ElfFile& elf = program_.elf();
    out_.is_position_independent = program_.is_position_independent();
    out_.is_executable = std::ranges::any_of(
        out_.roots, [](const CodeRoot& root) { return root.why == CodeRoot::Why::main; });
    for (const elf::Segment& segment : elf.segments()) {
      out_.is_dynamic |= segment.type == elf::PT_INTERP;
      constexpr auto kBoth = elf::PF_W | elf::PF_X;
      out_.may_make_code |= segment.type == elf::PT_LOAD && (segment.flags & kBoth) == kBoth;
    }
    std::set<std::uint32_t> imports;
    for (const code::Symbol& symbol : program_.symbols())
      if (symbol.is_dynamic && !symbol.is_defined) imports.insert(name(symbol.name));
    imports.erase(0);
    out_.imports.assign(imports.begin(), imports.end());
    out_.may_make_code |= !out_.is_dynamic || maps_code();
  }

  // Whether a call may ask for executable memory: its protection is not known, or has that bit.
  bool maps_code() const {
    constexpr std::array<std::string_view, 4> kCalls = {"mmap", "mmap64", "mprotect",
                                                        "pkey_mprotect"};
    constexpr std::size_t kProtection = 2;  // argument
    constexpr std::uint64_t kExecute = 4;
    std::set<std::string_view> harmless;
    for (std::size_t i = 0; i < functions_.list.size(); ++i)
      for (const code::Edge& edge : graph_.calls_of(i)) {
        if (std::ranges::find(kCalls, edge.name) == kCalls.end()) continue;
        const std::optional<std::uint64_t> protection = argument_at(i, edge.place, kProtection);
        if (!protection || (*protection & kExecute) != 0) return true;
        harmless.insert(edge.name);
      }
    // One that is imported and never called by name is called through a pointer.
    return std::ranges::any_of(out_.imports, [&](std::uint32_t import) {
      return std::ranges::find(kCalls, out_.names[import]) != kCalls.end() &&
             !harmless.contains(out_.names[import]);
    });
  }

  std::optional<std::uint64_t> argument_at(std::size_t function, std::uint64_t place,
                                           std::size_t position) const {
    if (references_.functions.empty()) return std::nullopt;
    for (const code::CallSite& site : references_.calls_of(function))
      if (site.place == place) return references_.argument(program_.machine(), site, position);
    return std::nullopt;
  }

  const code::Program& program_;
  const CodeQuestion& question_;
  const code::Functions functions_;
  const code::CallGraph graph_;
  const code::References references_;
  CodeFacts out_;
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::map<std::uint32_t, std::string> shown_;
};

static_assert(static_cast<int>(CallKind::cgo) == static_cast<int>(code::Edge::Kind::cgo));
static_assert(static_cast<int>(CodeRoot::Why::exported) ==
              static_cast<int>(code::Root::Why::exported));
static_assert(static_cast<int>(CodePointerCall::Through::go_value) ==
              static_cast<int>(code::IndirectCall::Through::go_value));

}  // namespace

Result<CodeFacts> recover_code(ByteView bytes, const CodeQuestion& question, const Limits& limits) {
  const elf::ElfFile elf = TRY(elf::ElfFile::parse(bytes, limits));
  const code::Program program = TRY(code::Program::open(elf, limits));
  return Recovery(program, question, limits).run();
}

}  // namespace fathom
