// How fast the decoders are: every executable byte of the files, processor time of one core, the
// best of five rounds.
//
//   decoder_speed FILE…

#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>

#include "code/decoder.h"
#include "elf/constants.h"
#include "elf/elf_file.h"

namespace {

using namespace fathom;

struct Sum {
  std::uint64_t bytes = 0, instructions = 0, invalid = 0, check = 0;
};

Sum decode_all(const elf::ElfFile& elf, code::Machine machine) {
  Sum sum;
  for (const elf::ElfFile::Range& range : elf.executable_ranges()) {
    std::span<const std::uint8_t> code = elf.bytes().clamped(range.offset, range.size).span();
    for (std::size_t at = 0; at < code.size();) {
      code::Instruction one = code::decode(machine, code.subspan(at), range.address + at);
      sum.check += one.target ^ one.writes ^ static_cast<std::uint64_t>(one.immediate);
      sum.invalid += one.op == code::Op::invalid ? 1 : 0;
      sum.instructions += 1;
      at += one.length;
    }
    sum.bytes += code.size();
  }
  return sum;
}

void measure(const char* path) {
  std::ifstream in(path, std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  Result<elf::ElfFile> elf = elf::ElfFile::parse(bytes);
  if (!elf) return;
  bool arm = elf->machine() == elf::EM_AARCH64;
  double best = 1e9;
  Sum sum;
  for (int round = 0; round < 5; ++round) {
    std::clock_t start = std::clock();
    sum = decode_all(*elf, arm ? code::Machine::aarch64 : code::Machine::x86_64);
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::printf(
      "%s %s: %.1f MB, %.2f M instructions, %llu invalid, %.0f MB/s (%llx)\n", path,
      arm ? "aarch64" : "x86_64", static_cast<double>(sum.bytes) / 1e6,
      static_cast<double>(sum.instructions) / 1e6, static_cast<unsigned long long>(sum.invalid),
      static_cast<double>(sum.bytes) / 1e6 / best, static_cast<unsigned long long>(sum.check));
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) measure(argv[i]);
}
