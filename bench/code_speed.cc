// How long it takes to know the code of whole programs: functions, references, graph, system calls,
// each in processor time of one core.
//
//   code_speed FILE…             one line for each file
//   code_speed --dump FILE       every reference and call with constants, for looking at

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include "code/system_calls.h"

namespace {

using namespace fathom;

double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void dump(const code::Program& program, const code::Functions& functions,
          const code::References& references) {
  constexpr const char* kNames[] = {"text", "number", "compared", "data", "record", "function"};
  for (std::size_t i = 0; i < functions.list.size(); ++i) {
    const code::Function& f = functions.list[i];
    const code::FunctionReferences& sums = references.functions[i];
    std::printf("%" PRIx64 " %.*s frame %u%s syscalls %u\n", f.start,
                static_cast<int>(f.name.size()), f.name.data(), sums.frame_bytes,
                sums.has_stack_protector ? " guarded" : "", sums.system_calls);
    for (const code::Reference& r : references.of(i)) {
      std::printf("  +%x %s %" PRIx64, r.place, kNames[static_cast<int>(r.kind)], r.value);
      if (r.kind == code::Referred::text)
        std::printf("%s \"%.*s\"", r.is_sized ? " sized" : "", static_cast<int>(r.size),
                    code::text_of(program, r).data());
      if (const code::SourceRecord* record = references.record_at(r.value))
        std::printf(" line %u column %u", record->line, record->column);
      std::printf("\n");
    }
    for (const code::CallSite& site : references.calls_of(i)) {
      std::printf("  %" PRIx64 " call %" PRIx64, site.place, site.target);
      for (code::Register reg = 0; reg < 32; ++reg)
        if (auto value = references.in_register(site, reg))
          std::printf(" %s=%" PRIx64, code::register_name(program.machine(), reg).c_str(), *value);
      std::printf("\n");
    }
  }
}

void list_system_calls(const code::Functions& functions, const code::SystemCalls& calls) {
  for (std::size_t i = 0; i < functions.list.size(); ++i) {
    const code::Function& f = functions.list[i];
    const code::FunctionSystemCalls& own = calls.functions[i];
    if (own.calls.empty() && own.unresolved.empty() && !calls.wrappers.contains(i)) continue;
    std::printf("%" PRIx64 " %.*s:", f.start, static_cast<int>(f.name.size()), f.name.data());
    for (const code::NumberedCall& call : own.calls) std::printf(" %u", call.number);
    for (const code::UnresolvedCall& call : own.unresolved)
      std::printf(" ?%" PRIx64 "/%d", call.place, static_cast<int>(call.why));
    if (auto at = calls.wrappers.find(i); at != calls.wrappers.end())
      for (const code::Wrapper& w : at->second)
        std::printf(" wrapper(%d, %" PRId64 ", %" PRId64 ")", w.number.reg, w.number.offset,
                    w.added);
    std::printf("\n");
  }
  for (const code::UnresolvedCall& call : calls.outside)
    std::printf("outside %" PRIx64 "\n", call.place);
}

void measure(const char* path, bool dumps) {
  std::ifstream in(path, std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  double start = now();
  Result<elf::ElfFile> elf = elf::ElfFile::parse(bytes);
  if (!elf) return;
  Result<code::Program> program = code::Program::open(*elf);
  if (!program) return;
  double opened = now();
  code::Functions functions = code::find_functions(*program);
  double found = now();
  code::References references = code::find_references(*program, functions);
  double referred = now();
  code::SystemCalls calls = code::find_system_calls(*program, functions, references);
  double called = now();
  if (dumps && std::getenv("SYSCALLS")) return list_system_calls(functions, calls);
  if (dumps) return dump(*program, functions, references);
  std::printf(
      "%s: %.1f MB of code, %zu functions, %zu references, %zu call sites, %zu constants, %zu "
      "records; "
      "open %.2f s, functions %.2f s, references %.2f s, system calls %.2f s\n",
      path, static_cast<double>(functions.code_bytes) / 1e6, functions.list.size(),
      references.items.size(), references.sites.size(), references.arguments.size(),
      references.records.size(), opened - start, found - opened, referred - found,
      called - referred);
}

}  // namespace

int main(int argc, char** argv) {
  bool dumps = argc > 2 && std::strcmp(argv[1], "--dump") == 0;
  for (int i = dumps ? 2 : 1; i < argc; ++i) measure(argv[i], dumps);
}
