// How a call graph is made; the constructor of CallGraph runs it. Private to this room.
//
// One walk over each function in the order of its addresses. Where a branch of the function comes
// in, what was known of registers is dropped, so what is said of a call holds for every way to it.
// Values are only followed for the few calls through pointers, from the start of their block.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "code/call_graph.h"
#include "code/code_bits.h"
#include "code/values.h"

namespace fathom::code {

class CallGraphBuilder {
 public:
  CallGraphBuilder(const Program& program, const Functions& functions, CallGraph& out);
  void run();

 private:
  // A register that holds the address of a function.
  struct Held {
    Register reg = kNoRegister;
    std::uint32_t function = 0;
    bool is_from_variable = false;
  };

  // Go and C in one program.
  void find_go();
  bool is_go(std::uint64_t address) const { return address >= go_start_ && address < go_end_; }
  std::optional<std::uint32_t> index_of(std::uint64_t address) const {
    if (!starts_.contains(address)) return {};
    return static_cast<std::uint32_t>(functions_.starting_at(address) - functions_.list.data());
  }

  // One function.
  void read(std::size_t index);
  void decode_all();
  void start_block(std::size_t index);
  void note_needs(std::size_t index, const Instruction& one);
  void take(std::size_t at, const Instruction& one);
  bool leaves(std::uint64_t target) const;
  void add(const Instruction& one, std::uint32_t callee, Edge::Kind kind,
           std::string_view name = {});
  void add_call(const Instruction& one, Edge::Kind kind);
  void add_linked(const Instruction& one, const Fixup& word, Edge::Kind kind);

  // Calls through pointers.
  void add_indirect(std::size_t at, const Instruction& one);
  void add_go_call(std::size_t at, const Instruction& one);
  Values values_before(std::size_t at) const;
  bool add_from_word(const Instruction& one, std::uint64_t word);
  bool add_from_table(const Instruction& one, const Values& values);

  // Functions that are handed to calls; what registers hold behind an instruction.
  void hand_over(const Instruction& one);
  void step(const Instruction& one);
  void take_constant(const Instruction& one);
  void hold(Register reg, std::uint64_t address);
  void note_page(const Instruction& one, std::uint32_t lost);
  std::optional<std::uint64_t> loaded_from(const Instruction& one) const;
  void note_variable(const Instruction& one);
  void note_linkage_word(const Instruction& one);

  // Addresses in data.
  void take_from_data();
  void take_by_distance();
  // `place`: of the word in data that holds it.
  void take_address(std::uint64_t address, std::uint64_t place = 0);
  void find_slots();
  bool is_interface_table(std::uint64_t place) const;

  // Where it begins.
  void find_roots();
  void add_root(std::uint64_t address, Root::Why why);
  void find_main();
  void find_go_roots();

  const Program& program_;
  const Functions& functions_;
  CallGraph& out_;
  const Machine machine_;
  CodeBits starts_;
  std::uint64_t go_start_ = 0, go_end_ = 0;
  bool has_c_ = false;
  std::vector<bool> is_taken_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> go_words_;  // words in data: place, function

  // Of the function at hand; of the block at hand.
  const Function* function_ = nullptr;
  std::vector<Instruction> code_;
  std::vector<std::uint64_t> joins_;
  std::size_t block_ = 0;
  std::vector<Held> held_;
  std::array<std::optional<std::uint64_t>, 32> pages_;
  std::uint8_t passed_ = 0, written_ = 0;
};

// Whether code may change what is at the address once the program is loaded.
bool is_writable(const Program& program, std::uint64_t address);

}  // namespace fathom::code
