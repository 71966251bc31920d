// A call takes some four bytes: places and starts are written as differences. What comes back is
// from a confined child, so every index is held against its list before anybody follows it.

#include "facts/code_facts.h"

#include <algorithm>
#include <array>

#include "base/codec.h"

namespace fathom {
namespace {

constexpr std::uint32_t kFormat = 0x434f4401;  // raise it when a field changes

// Of a place, as a signed difference to the one before.
template <class Codec>
void describe_place(Codec& codec, std::uint64_t& place, std::uint64_t& before) {
  auto difference = static_cast<std::int64_t>(place - before);
  codec(difference);
  if constexpr (std::is_same_v<Codec, Decoder>)
    place = before + static_cast<std::uint64_t>(difference);
  before = place;
}

template <class Codec, class T, class Fn>
void describe_each(Codec& codec, std::vector<T>& list, Fn each) {
  std::uint64_t count = list.size();
  codec(count);
  if constexpr (std::is_same_v<Codec, Decoder>) {
    list.clear();
    for (; count > 0 && !codec.failed(); --count) each(list.emplace_back());
  } else {
    for (T& item : list) each(item);
  }
}

template <class Codec>
void describe_function(Codec& codec, CodeFunction& f, std::uint64_t& start) {
  describe_place(codec, f.start, start);
  codec(f.size, f.name, f.aliases, f.is_go, f.is_method, f.is_by_distance_alone, f.needs, f.slots);
  std::uint64_t place = f.start;
  describe_each(codec, f.calls, [&](CodeCall& call) {
    describe_place(codec, call.place, place);
    codec(call.callee, call.kind, call.name);
  });
  place = f.start;
  describe_each(codec, f.pointer_calls, [&](CodePointerCall& call) {
    describe_place(codec, call.place, place);
    codec(call.passed, call.through, call.slot);
  });
  place = f.start;
  describe_each(codec, f.texts, [&](CodeText& text) {
    codec(text.text, text.address);
    describe_place(codec, text.place, place);
  });
  place = f.start;
  describe_each(codec, f.comparisons, [&](CodeComparison& one) {
    describe_place(codec, one.place, place);
    codec(one.what);
  });
  codec(f.shapes);
}

struct Envelope {
  CodeFacts facts;
};

template <class Codec>
void describe(Codec& codec, Envelope& envelope) {
  CodeFacts& facts = envelope.facts;
  std::uint32_t format = kFormat;
  codec(format);
  if constexpr (std::is_same_v<Codec, Decoder>)
    if (format != kFormat) return codec.fail();
  codec(facts.names);
  std::uint64_t start = 0;
  describe_each(codec, facts.functions,
                [&](CodeFunction& function) { describe_function(codec, function, start); });
  codec(facts.taken);
  describe_each(codec, facts.roots, [&](CodeRoot& root) { codec(root.function, root.why); });
  std::uint64_t place = 0;
  describe_each(codec, facts.inlined, [&](CodeInlined& inlined) {
    describe_place(codec, inlined.place, place);
    codec(inlined.function, inlined.name);
  });
  codec(facts.texts_in_file, facts.imports, facts.is_executable, facts.is_position_independent,
        facts.is_dynamic, facts.may_make_code);
  codec(facts.shown, facts.has_go_table, facts.code_bytes, facts.covered_bytes, facts.problems);
}

bool is_possible(const CodeFunction& f, const CodeFacts& facts, const CodeQuestion& question) {
  auto is_name = [&](std::uint32_t name) { return name < facts.names.size(); };
  auto is_call = [&](const CodeCall& call) {
    return (call.callee == CodeCall::kOutside || call.callee < facts.functions.size()) &&
           call.kind <= CallKind::cgo && is_name(call.name);
  };
  return is_name(f.name) && std::ranges::all_of(f.aliases, is_name) &&
         std::ranges::all_of(f.calls, is_call) &&
         std::ranges::all_of(f.pointer_calls,
                             [](const CodePointerCall& call) {
                               return call.through <= CodePointerCall::Through::go_value;
                             }) &&
         std::ranges::all_of(
             f.texts, [&](const CodeText& text) { return text.text < question.texts.size(); }) &&
         std::ranges::all_of(f.shapes,
                             [&](std::uint32_t shape) { return shape < question.shapes.size(); });
}

bool is_possible(const CodeFacts& facts, const CodeQuestion& question) {
  const std::size_t functions = facts.functions.size();
  return !facts.names.empty() && std::ranges::all_of(facts.functions, [&](const CodeFunction& f) {
    return is_possible(f, facts, question);
  }) && std::ranges::all_of(facts.shown, [&](const auto& text) {
    return text.first < question.texts.size();
  }) && std::ranges::all_of(facts.texts_in_file, [&](std::uint32_t text) {
    return text < question.texts.size();
  }) && std::ranges::all_of(facts.imports, [&](std::uint32_t name) {
    return name < facts.names.size();
  }) && std::ranges::all_of(facts.taken, [&](std::uint32_t f) {
    return f < functions;
  }) && std::ranges::all_of(facts.roots, [&](const CodeRoot& root) {
    return root.function < functions && root.why <= CodeRoot::Why::exported;
  }) && std::ranges::all_of(facts.inlined, [&](const CodeInlined& inlined) {
    return inlined.function < functions && inlined.name < facts.names.size();
  });
}

}  // namespace

std::string_view name_of(CallKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"direct",   "tail",     "imported", "table",
                                                      "variable", "argument", "cgo"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(CodeRoot::Why why) {
  constexpr std::array<std::string_view, 5> kNames = {"entry", "main", "initializer", "resolver",
                                                      "exported"};
  return kNames[static_cast<std::size_t>(why)];
}

std::string encode(const CodeFacts& facts) { return encode_value(Envelope{facts}); }

Result<CodeFacts> decode_code_facts(std::string_view bytes, const CodeQuestion& question) {
  Envelope envelope = TRY(decode_value<Envelope>(bytes).in("facts of code"));
  if (!is_possible(envelope.facts, question))
    return Error{ErrorCode::malformed, "facts of code: a value that no encoder writes"};
  return std::move(envelope.facts);
}

std::string_view without_clone_suffix(std::string_view symbol) {
  constexpr std::array<std::string_view, 6> kSuffixes = {".part.", ".constprop.", ".isra.",
                                                         ".cold",  ".lto_priv.",  ".llvm."};
  std::size_t end = symbol.size();
  for (std::string_view suffix : kSuffixes) end = std::min(end, symbol.find(suffix));
  return symbol.substr(0, end);
}

bool fills_slot(const CodePointerCall& call, const CodeFunction& callee) {
  return call.through == CodePointerCall::Through::go_interface &&
         call.slot != CodePointerCall::kNoSlot && (callee.slots >> call.slot & 1) != 0;
}

bool has_shape(const std::vector<CodeComparison>& comparisons, const CodeShape& shape,
               std::size_t percent) {
  constexpr std::size_t kFewest = 3;
  if (shape.size() < kFewest) return false;
  const auto same = static_cast<std::size_t>(std::ranges::count_if(shape, [&](const auto& row) {
    return std::ranges::count(comparisons, row.first, &CodeComparison::what) == row.second;
  }));
  return same * 100 >= shape.size() * percent;
}

bool may_call(const CodePointerCall& call, const CodeFunction& callee) {
  using Through = CodePointerCall::Through;
  if (callee.is_go != (call.through != Through::c)) return false;
  if (call.through == Through::go_interface) return callee.is_method;
  if (call.through == Through::go_value) return !callee.is_by_distance_alone;
  return call.through == Through::go || (callee.needs & ~call.passed) == 0;
}

}  // namespace fathom
