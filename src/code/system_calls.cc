#include "code/system_calls.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "code/constants.h"
#include "code/values.h"

namespace fathom::code {

namespace {

constexpr std::size_t kMostWrappers = 16;  // places in which one function is given a number

std::span<const Register> argument_registers(Machine machine) {
  static constexpr std::array<Register, 6> kX86 = {x86::rdi, x86::rsi, x86::rdx,
                                                   x86::r10, x86::r8,  x86::r9};
  static constexpr std::array<Register, 6> kArm = {0, 1, 2, 3, 4, 5};
  return machine == Machine::x86_64 ? kX86 : kArm;
}

class Finder {
 public:
  Finder(const Program& program, const Functions& functions, const References& references,
         const ImportedWrappers& imported)
      : program_(program),
        functions_(functions),
        references_(references),
        imported_(imported),
        memory_(program) {
    unchanged_ = [this](std::uint64_t address, unsigned bytes) {
      return unchanged_word(address, bytes);
    };
  }

  SystemCalls run() {
    index_memory();
    out_.functions.resize(functions_.list.size());
    for (std::size_t i = 0; i < functions_.list.size(); ++i)
      if (references_.functions[i].system_calls != 0) read_instructions(i);
    index_callers();
    resolve_imported();
    while (!queue_.empty()) {
      auto [function, wrapper] = queue_.back();
      queue_.pop_back();
      resolve_callers(function, wrapper);
    }
    note_taken();
    read_gaps();
    for (FunctionSystemCalls& function : out_.functions) tidy(function);
    return std::move(out_);
  }

 private:
  // --- words that nothing changes: no instruction was seen to write them, or to take an address
  // from which they could be reached
  void index_memory() {
    for (const Reference& r : references_.items) {
      if (r.kind == Referred::data && r.is_written) written_.emplace_back(r.value, r.size);
      if (r.kind == Referred::data && r.size == 0) taken_.push_back(r.value);
    }
    std::sort(written_.begin(), written_.end());
    std::sort(taken_.begin(), taken_.end());
  }

  std::optional<std::uint64_t> unchanged_word(std::uint64_t address, unsigned bytes) const {
    constexpr std::uint64_t kLargestStruct = 256, kWidestStore = 64;
    auto taken = std::upper_bound(taken_.begin(), taken_.end(), address);
    if (taken != taken_.begin() && address - *std::prev(taken) < kLargestStruct) return {};
    auto written =
        std::lower_bound(written_.begin(), written_.end(),
                         std::pair(address - std::min(address, kWidestStore), std::uint16_t{0}));
    for (; written != written_.end() && written->first < address + bytes; ++written)
      if (written->first + std::max<std::uint64_t>(written->second, 16) > address) return {};
    if (memory_.kind_of(address) == MemoryKind::none || program_.fixup_at(address)) return {};
    ByteView there = memory_.from(address).clamped(0, bytes);
    std::uint64_t value = 0;  // what the file has no bytes for is zero
    for (std::size_t i = 0; i < there.size(); ++i) value |= std::uint64_t{there.span()[i]} << 8 * i;
    return value;
  }

  // --- the instructions themselves
  void read_instructions(std::size_t function) {
    const Paths& paths = paths_of(function);
    for (const Instruction& one : paths.code()) {
      if (one.op == Op::interrupt && one.immediate == 0x80)
        add_unresolved(function, one.address, UnresolvedCall::Why::other_machine);
      if (one.op == Op::syscall)
        take(function, one.address, paths.at(one.address, {number_register(), 0}), {}, true);
    }
  }

  // Numbers that arrive at `place`; what the function itself was given makes it a wrapper.
  void take(std::size_t function, std::uint64_t place, const Origins& origins, Wrapper through,
            bool is_instruction) {
    if (!origins.is_known)
      add_unresolved(function, place,
                     is_instruction ? UnresolvedCall::Why::number : UnresolvedCall::Why::wrapper);
    for (std::uint64_t constant : origins.constants) {
      NumberedCall call{
          place,
          static_cast<std::uint32_t>(constant + static_cast<std::uint64_t>(through.added)),
          0,
          {}};
      if (is_instruction) add_arguments(function, call);
      out_.functions[function].calls.push_back(call);
    }
    for (const Origins::Given& given : origins.given)
      add_wrapper(function, place, {given.location, given.added + through.added});
  }

  void add_arguments(std::size_t function, NumberedCall& call) {
    std::span<const Register> registers = argument_registers(program_.machine());
    for (std::size_t i = 0; i < registers.size(); ++i) {
      Origins origins = paths_of(function).at(call.place, {registers[i], 0});
      if (!origins.is_known || !origins.given.empty() || origins.constants.size() != 1) continue;
      call.arguments[i] = origins.constants[0];
      call.known = static_cast<std::uint8_t>(call.known | 1u << i);
    }
  }

  // What the program's first instructions find in registers is nobody's number.
  void add_wrapper(std::size_t function, std::uint64_t place, Wrapper wrapper) {
    bool from_below = wrapper.number.reg == kNoRegister && wrapper.number.offset < 0;
    std::vector<Wrapper>& known = out_.wrappers[function];
    if (from_below || functions_.list[function].start == program_.elf().entry() ||
        known.size() >= kMostWrappers)
      return add_unresolved(function, place, UnresolvedCall::Why::number);
    if (std::find(known.begin(), known.end(), wrapper) != known.end()) return;
    known.push_back(wrapper);
    queue_.emplace_back(function, wrapper);
  }

  // --- those who call them
  struct Caller {
    std::uint64_t target = 0;  // start of a function
    std::uint32_t function = 0;
    std::uint64_t place = 0;
    auto operator<=>(const Caller&) const = default;
  };
  struct ImportedCall {
    std::string_view name;
    std::uint32_t function = 0;
    std::uint64_t place = 0;
  };

  void index_callers() {
    std::unordered_map<std::uint64_t, const Fixup*> words;
    for (std::size_t i = 0; i < functions_.list.size(); ++i)
      for (const CallSite& site : references_.calls_of(i)) {
        if (site.target == 0) continue;
        auto function = static_cast<std::uint32_t>(i);
        if (functions_.starting_at(site.target)) {
          callers_.push_back({site.target, function, site.place});
          continue;
        }
        auto [at, is_new] = words.try_emplace(site.target, nullptr);
        if (is_new) at->second = word_of(site.target);
        if (at->second == nullptr) continue;
        if (at->second->target != 0) callers_.push_back({at->second->target, function, site.place});
        if (!at->second->name.empty())
          imported_calls_.push_back({at->second->name, function, site.place});
      }
    std::sort(callers_.begin(), callers_.end());
    callers_.erase(std::unique(callers_.begin(), callers_.end()), callers_.end());
  }

  const Fixup* word_of(std::uint64_t target) const {
    const Fixup* stub = stub_at(program_, target);
    return stub != nullptr ? stub : program_.fixup_at(target);
  }

  void resolve_callers(std::size_t function, Wrapper wrapper) {
    std::uint64_t start = functions_.list[function].start;
    auto at = std::lower_bound(callers_.begin(), callers_.end(), Caller{start, 0, 0});
    for (; at != callers_.end() && at->target == start; ++at)
      resolve_caller(at->function, at->place, wrapper);
    resolve_neighbour(function, wrapper);
  }

  // Hand-written code changes its unwind information in the middle of a function, which then looks
  // like two.
  void resolve_neighbour(std::size_t function, Wrapper wrapper) {
    std::uint64_t start = functions_.list[function].start;
    const Function* before = start == 0 ? nullptr : functions_.at(start - 1);
    if (before == nullptr) return;
    auto index = static_cast<std::size_t>(before - functions_.list.data());
    const Paths& paths = paths_of(index);
    for (const Instruction& one : paths.code())
      if (one.end() == start && !one.ends_flow() && one.op != Op::nop &&
          wrapper.number.reg != kNoRegister)
        take(index, one.address, paths.after(one.address, wrapper.number), wrapper, false);
  }

  void resolve_imported() {
    if (!imported_) return;
    for (const ImportedCall& call : imported_calls_)
      if (const std::vector<Wrapper>* wrappers = imported_(call.name))
        for (const Wrapper& wrapper : *wrappers) resolve_caller(call.function, call.place, wrapper);
  }

  void resolve_caller(std::size_t function, std::uint64_t place, Wrapper wrapper) {
    if (!done_.insert(std::tuple(place, wrapper)).second) return;
    const Paths& paths = paths_of(function);
    std::optional<Location> here = paths.outside(place, wrapper.number);
    if (!here) return add_unresolved(function, place, UnresolvedCall::Why::wrapper);
    take(function, place, paths.at(place, *here), wrapper, false);
  }

  // --- calls that nothing shows
  void note_taken() {
    std::set<std::uint64_t> starts;
    for (const auto& [function, wrappers] : out_.wrappers)
      starts.insert(functions_.list[function].start);
    if (starts.empty()) return;
    for (std::size_t i = 0; i < functions_.list.size(); ++i)
      for (const Reference& r : references_.of(i)) {
        if (r.kind != Referred::function || !starts.contains(r.value)) continue;
        std::uint64_t place = functions_.list[i].start + r.place;
        if (!is_only_called(i, place)) add_unresolved(i, place, UnresolvedCall::Why::taken);
      }
    for (const Fixup& fixup : program_.fixups()) {
      bool pointer = fixup.kind == Fixup::Kind::relative || fixup.kind == Fixup::Kind::indirect;
      if (!pointer || !starts.contains(fixup.target) || is_linkage(fixup.place)) continue;
      if (const Function* f = functions_.starting_at(fixup.target))
        add_unresolved(static_cast<std::size_t>(f - functions_.list.data()), fixup.place,
                       UnresolvedCall::Why::taken);
    }
  }

  // The register that receives the address is used for calls alone: compilers load it once for
  // several. (To save and restore what the register held before is no use.)
  bool is_only_called(std::size_t function, std::uint64_t place) {
    const std::vector<Instruction>& code = paths_of(function).code();
    auto load = std::find_if(code.begin(), code.end(),
                             [&](const Instruction& one) { return one.address == place; });
    if (load == code.end() || load->destination >= 32) return false;
    Register reg = load->destination;
    return std::all_of(code.begin(), code.end(), [&](const Instruction& one) {
      bool calls = (one.op == Op::call_indirect || one.op == Op::jump_indirect) &&
                   one.source == reg && !one.has_memory();
      return calls || one.op == Op::push || !(one.reads >> reg & 1);
    });
  }

  // The global offset table, whose words code loads or calls through one by one.
  bool is_linkage(std::uint64_t place) const {
    for (const elf::Section& section : program_.elf().sections())
      if (section.name.starts_with(".got") && place >= section.address &&
          place - section.address < section.size)
        return true;
    return false;
  }

  void read_gaps() {
    for (const CodeRange& range : program_.code()) {
      auto place = std::upper_bound(
          functions_.places.begin(), functions_.places.end(), range.address,
          [](std::uint64_t at, const Functions::Place& p) { return at < p.range.end; });
      std::uint64_t at = range.address;
      while (at < range.end()) {
        bool has_next = place != functions_.places.end() && place->range.start < range.end();
        read_gap(range, at, has_next ? place->range.start : range.end());
        if (!has_next) break;
        at = std::max(at, place->range.end);
        ++place;
      }
    }
  }

  // A number that straight code puts there counts as made. Where none is known, bytes that are not
  // instructions from end to end are data.
  void read_gap(const CodeRange& range, std::uint64_t at, std::uint64_t end) {
    Constants now;
    bool is_data = false;
    std::vector<std::uint64_t> unknown;
    while (at < end) {
      Instruction one = decode(program_.machine(), range.bytes.subspan(at - range.address), at);
      is_data |= one.op == Op::invalid;
      if (one.op == Op::syscall) {
        if (now.knows(number_register()))
          out_.outside_calls.push_back(
              {at, static_cast<std::uint32_t>(now[number_register()]), 0, {}});
        else
          unknown.push_back(at);
      }
      now.step(memory_, one);
      if (one.ends_flow() || one.is_branch()) now.forget();
      at = one.end();
    }
    if (is_data) return;
    for (std::uint64_t place : unknown)
      out_.outside.push_back({place, UnresolvedCall::Why::no_function, false, {}});
  }

  Register number_register() const {
    return program_.machine() == Machine::x86_64 ? Register{x86::rax} : Register{8};
  }

  // --- keeping
  void add_unresolved(std::size_t function, std::uint64_t place, UnresolvedCall::Why why) {
    UnresolvedCall call{place, why, false, {}};
    std::optional<std::uint64_t> source = paths_of(function).memory_before(place);
    bool by_number = why == UnresolvedCall::Why::number || why == UnresolvedCall::Why::wrapper;
    if (by_number && source) find_givers(*source, function, call);
    out_.functions[function].unresolved.push_back(std::move(call));
  }

  // Who writes there, or takes the variable's address.
  void find_givers(std::uint64_t source, std::size_t reader, UnresolvedCall& call) const {
    constexpr std::uint64_t kWidest = 16;  // of a store whose width is not known
    ByteView initial = memory_.from(source).clamped(0, 8);
    for (std::uint8_t byte : initial.span())
      if (byte != 0) return;
    if (program_.fixup_at(source)) return;
    call.is_given = true;
    for (std::size_t i = 0; i < functions_.list.size(); ++i) {
      bool gives = false;
      for (const Reference& r : references_.of(i)) {
        if (r.kind != Referred::data) continue;
        bool writes = r.is_written && r.value < source + 8 && source < r.value + kWidest;
        bool takes = r.size == 0 && i != reader && r.value == source;
        gives |= writes || takes;
      }
      if (gives) call.givers.push_back(static_cast<std::uint32_t>(i));
    }
  }

  static void tidy(FunctionSystemCalls& function) {
    auto key = [](const NumberedCall& call) { return std::pair(call.place, call.number); };
    auto less = [&](const NumberedCall& a, const NumberedCall& b) { return key(a) < key(b); };
    auto same = [&](const NumberedCall& a, const NumberedCall& b) { return key(a) == key(b); };
    std::stable_sort(function.calls.begin(), function.calls.end(), less);
    function.calls.erase(std::unique(function.calls.begin(), function.calls.end(), same),
                         function.calls.end());
    auto unresolved_key = [](const UnresolvedCall& call) {
      return std::pair(call.place, call.why);
    };
    auto unresolved_less = [&](const UnresolvedCall& a, const UnresolvedCall& b) {
      return unresolved_key(a) < unresolved_key(b);
    };
    auto unresolved_same = [&](const UnresolvedCall& a, const UnresolvedCall& b) {
      return unresolved_key(a) == unresolved_key(b);
    };
    std::sort(function.unresolved.begin(), function.unresolved.end(), unresolved_less);
    function.unresolved.erase(
        std::unique(function.unresolved.begin(), function.unresolved.end(), unresolved_same),
        function.unresolved.end());
  }

  const Paths& paths_of(std::size_t function) {
    auto at = paths_.find(function);
    if (at == paths_.end())
      at = paths_
               .emplace(function, Paths(memory_, functions_, functions_.list[function], unchanged_))
               .first;
    return at->second;
  }

  const Program& program_;
  const Functions& functions_;
  const References& references_;
  const ImportedWrappers& imported_;
  MemoryMap memory_;
  Paths::Unchanged unchanged_;
  std::vector<std::pair<std::uint64_t, std::uint16_t>> written_;
  std::vector<std::uint64_t> taken_;
  SystemCalls out_;
  std::map<std::size_t, Paths> paths_;
  std::vector<Caller> callers_;
  std::vector<ImportedCall> imported_calls_;
  std::vector<std::pair<std::size_t, Wrapper>> queue_;
  std::set<std::tuple<std::uint64_t, Wrapper>> done_;
};

}  // namespace

std::string_view text_of(UnresolvedCall::Why why) {
  switch (why) {
    case UnresolvedCall::Why::number:
      return "the number of the system call is not known";
    case UnresolvedCall::Why::wrapper:
      return "the number that is passed to the function that makes the system call is not known";
    case UnresolvedCall::Why::taken:
      return "the address of a function that makes the system call it is given is taken";
    case UnresolvedCall::Why::no_function:
      return "a system call in code that belongs to no function";
    case UnresolvedCall::Why::other_machine:
      return "a system call of the 32-bit machine (int 0x80)";
  }
  return {};
}

SystemCalls find_system_calls(const Program& program, const Functions& functions,
                              const References& references, const ImportedWrappers& imported) {
  return Finder(program, functions, references, imported).run();
}

}  // namespace fathom::code
