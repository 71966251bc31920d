#include "code/graph.h"

#include <algorithm>
#include <set>

#include "code/trace.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::size_t kShortestString = 4;
constexpr Register kX86Number = x86::rax, kArmNumber = 8;

bool is_text_byte(std::uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

class FunctionReader {
 public:
  FunctionReader(const Program& program, const Functions& functions, const Function& function,
                 const Limits& limits)
      : program_(program), functions_(functions), function_(function), limits_(limits) {}

  FunctionGraph run() {
    for (const AddressRange& range : function_.ranges) find_joins(range);
    for (const AddressRange& range : function_.ranges) read(range);
    std::sort(out_.taken.begin(), out_.taken.end());
    out_.taken.erase(std::unique(out_.taken.begin(), out_.taken.end()), out_.taken.end());
    return std::move(out_);
  }

 private:
  template <class Body>
  void each_instruction(const AddressRange& range, Body body) const {
    const CodeRange* code = program_.code_at(range.start);
    if (code == nullptr) return;
    for (std::uint64_t at = range.start; at < range.end && code->contains(at);) {
      Instruction one = decode(program_.machine(), code->bytes.subspan(at - code->address), at);
      body(one);
      at = one.end();
    }
  }

  // Where a branch of the function itself comes in. Other ways in (jump tables, handlers) follow
  // instructions that do not go on, and are caught by that.
  void find_joins(const AddressRange& range) {
    each_instruction(range, [&](const Instruction& one) {
      if (one.op == Op::jump || one.op == Op::jump_if) joins_.push_back(one.target);
    });
    std::sort(joins_.begin(), joins_.end());
  }

  void read(const AddressRange& range) {
    Values values;
    if (range.start == function_.start) values = Values::at_entry(program_.machine());
    bool reached = true;
    each_instruction(range, [&](const Instruction& one) {
      bool joined = std::binary_search(joins_.begin(), joins_.end(), one.address);
      if (joined || !reached) values.forget();
      take(one, values);
      values.step(program_, one);
      note_address(one, values);
      reached = !one.ends_flow();
    });
  }

  void take(const Instruction& one, const Values& values) {
    switch (one.op) {
      case Op::call:
        return add_call(one, Call::Kind::direct);
      case Op::jump:
      case Op::jump_if:
        if (leaves(one.target)) add_call(one, Call::Kind::tail);
        return;
      case Op::call_indirect:
      case Op::jump_indirect:
        return add_indirect(one, values);
      case Op::syscall:
        return add_system_call(one, values);
      default:
        return;
    }
  }

  bool leaves(std::uint64_t target) const {
    for (const AddressRange& range : function_.ranges)
      if (target >= range.start && target < range.end && target != function_.start) return false;
    return target != function_.start;
  }

  void add_call(const Instruction& one, Call::Kind kind) {
    Call call{one.address, one.target, {}, kind};
    if (const Fixup* word = stub_at(program_, one.target)) {
      if (word->kind == Fixup::Kind::indirect || word->kind == Fixup::Kind::relative)
        call.target = word->target;
      else if (word->target != 0 && functions_.starting_at(word->target))
        call.target = word->target;
      else
        call.kind = Call::Kind::imported;
      call.name = word->name;
    }
    out_.calls.push_back(call);
  }

  // call [word], or through a register that was loaded from one: -fno-plt and AArch64.
  void add_indirect(const Instruction& one, const Values& values) {
    std::optional<std::uint64_t> place;
    if (one.has_memory()) {
      if (auto address = values.address_of(one)) place = address;
    } else if (values.of(one.source).kind == Value::Kind::word) {
      place = values.of(one.source).number;
    } else if (values.of(one.source).is_constant()) {
      out_.calls.push_back({one.address, values.of(one.source).number, {}, Call::Kind::direct});
      return;
    }
    const Fixup* word = place ? program_.fixup_at(*place) : nullptr;
    bool resolved = word && !word->name.empty();
    if (resolved)
      out_.calls.push_back({one.address, *place, word->name, Call::Kind::imported});
    else if (one.op == Op::call_indirect || jump_table(program_, one, values).empty())
      out_.indirect_calls += 1;
  }

  void add_system_call(const Instruction& one, const Values& values) {
    const Value& number =
        values.of(program_.machine() == Machine::x86_64 ? kX86Number : kArmNumber);
    SystemCall call{one.address, {}, {}};
    if (number.is_constant()) call.number = number.number & 0xffffffff;
    if (number.kind == Value::Kind::argument) call.argument = number.number;
    out_.system_calls.push_back(call);
  }

  void note_address(const Instruction& one, const Values& values) {
    if (one.op != Op::lea && one.op != Op::mov && one.op != Op::add) return;
    const Value& value = values.of(one.destination);
    if (!value.is_constant() || value.number == 0) return;
    if (program_.code_at(value.number)) {
      if (functions_.starting_at(value.number)) out_.taken.push_back(value.number);
      return;
    }
    std::string_view text = text_at(value.number);
    if (text.empty() || out_.strings.size() >= limits_.texts) return;
    bool again = !out_.strings.empty() && out_.strings.back().address == value.number;
    if (!again) out_.strings.push_back({one.address, value.number, text});
  }

  // The terminated printable text at an address; empty when there is none.
  std::string_view text_at(std::uint64_t address) const {
    ByteView bytes = program_.bytes_at(address, limits_.text_bytes);
    std::size_t size = 0;
    while (size < bytes.size() && is_text_byte(bytes.span()[size])) ++size;
    bool ends = size < bytes.size() && bytes.span()[size] == 0;
    return ends && size >= kShortestString ? bytes.as_text().substr(0, size) : std::string_view();
  }

  const Program& program_;
  const Functions& functions_;
  const Function& function_;
  const Limits& limits_;
  FunctionGraph out_;
  std::vector<std::uint64_t> joins_;
};

}  // namespace

std::vector<FunctionGraph> build_graph(const Program& program, const Functions& functions,
                                       const Limits& limits) {
  std::vector<FunctionGraph> graph;
  graph.reserve(functions.list.size());
  for (const Function& function : functions.list)
    graph.push_back(FunctionReader(program, functions, function, limits).run());
  return graph;
}

}  // namespace fathom::code
