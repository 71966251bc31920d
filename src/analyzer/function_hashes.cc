// The functions of a program, each as hashes by which its code is recognised wherever it was
// linked to, and who calls whom. This is where scanning spends most of its time on large programs.

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/members.h"
#include "code/function_hash.h"
#include "code/functions.h"

namespace fathom {

namespace {

// Facts must stay small beside the file: a file of nothing but calls makes no more than this.
constexpr std::uint64_t kSmallCount = 4096;

class Hasher {
 public:
  explicit Hasher(const FileInput& in)
      : in_(in), functions_(code::find_functions(*in.program, in.limits)), hasher_(*in.program) {}

  Done run(FileFacts& facts) {
    const std::uint64_t most =
        std::min(in_.limits.strings, std::max(kSmallCount, in_.bytes.size() / 24));
    std::uint64_t calls_left = most;
    const std::size_t count = std::min<std::size_t>(functions_.list.size(), most);
    for (std::size_t i = 0; i < count; ++i) {
      HashedFunction out = hashed(functions_.list[i]);
      out.calls.resize(std::min<std::uint64_t>(out.calls.size(), calls_left));
      calls_left -= out.calls.size();
      for (std::uint32_t& callee : out.calls)
        if (callee >= count) callee = HashedFunction::kNobody;
      facts.functions.push_back(std::move(out));
    }
    for (const Error& problem : functions_.problems)
      if (problem.code == ErrorCode::limit_exceeded) return problem;
    if (count == functions_.list.size() && calls_left > 0) return Ok{};
    return Error{ErrorCode::limit_exceeded, "more functions or calls than its size allows for"};
  }

 private:
  HashedFunction hashed(const code::Function& function) const {
    HashedFunction out;
    out.start = function.start;
    auto first = std::ranges::find(function.ranges, function.start, &code::AddressRange::start);
    const std::uint64_t end = first == function.ranges.end() ? function.start : first->end;
    code::FunctionHash hash = hasher_.hash(function.start, end);
    out.bytes = hash.bytes;
    out.instructions = hash.instructions;
    out.exact = hash.exact;
    out.loose = hash.loose;
    for (std::uint64_t target : hash.calls) out.calls.push_back(index_of(target));
    return out;
  }

  // Of a stub in a static program: what chooses the implementation.
  std::uint32_t index_of(std::uint64_t address) const {
    if (const code::Fixup* word = code::stub_at(*in_.program, address); word != nullptr)
      address = word->target;
    const code::Function* function = functions_.starting_at(address);
    if (address == 0 || function == nullptr) return HashedFunction::kNobody;
    return static_cast<std::uint32_t>(function - functions_.list.data());
  }

  const FileInput& in_;
  const code::Functions functions_;
  const code::FunctionHasher hasher_;
};

Done run(const FileInput& in, FileFacts& facts) { return Hasher(in).run(facts); }

}  // namespace

Result<FileFacts> hash_functions(ByteView bytes, const Limits& limits) {
  elf::ElfFile elf = TRY(elf::ElfFile::parse(bytes, limits));
  code::Program program = TRY(code::Program::open(elf, limits));
  FileFacts facts;
  Done done = run({.bytes = bytes, .elf = &elf, .program = &program, .limits = limits}, facts);
  if (!done) add_gap(facts, limits, "function-hashes", done.error());
  return facts;
}

extern const FileAnalyzer function_hashes = {
    .name = "function-hashes",
    .version = static_cast<int>(code::kFunctionHashVersion),
    .needs = Needs::elf,
    .summary = "functions of programs, as hashes that survive linking, and their calls",
    .wants = [](const FileInput& in) { return in.program != nullptr; },
    .run = run,
};

}  // namespace fathom
