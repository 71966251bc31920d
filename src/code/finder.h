// How functions are found; find_functions() runs it. Private to this room.
//
// The order matters: what tables say is claimed first, then everything that is called from there is
// followed, then what data points at, and the gaps last, since each step makes the next one's
// guesses fewer. Work is bounded by a budget of instructions in proportion to the code, whatever
// overlaps, and by a depth for functions followed because a caller had to know whether they return.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "code/code_bits.h"
#include "code/code_owners.h"
#include "code/eh_frame.h"
#include "code/functions.h"
#include "code/go_table.h"
#include "code/trace.h"

namespace fathom::code {

struct Start {
  Found found = Found::gap;
  bool is_go = false, is_assembly = false;
  std::uint64_t end = 0;  // 0: no table says
  std::string_view name;
};

struct Body {
  std::vector<AddressRange> ranges;
  bool returns = true;
  bool by_table = false;  // start and end are from a table
};

struct JumpOut {
  std::uint64_t from = 0, target = 0;
  bool conditional = false;
};

class FunctionFinder {
 public:
  FunctionFinder(const Program& program, const Limits& limits);
  Functions run();

 private:
  // What tables say.
  void add_symbols();
  void add_go_functions();
  void close_go_ends();
  std::uint64_t end_without_padding(const GoFunction& function) const;
  bool is_go(std::uint64_t address) const;
  void add_unwind_entries();
  bool is_linkage_table(const UnwindEntry& entry) const;
  bool is_resolver_stub(std::uint64_t address) const;
  bool may_start(std::uint64_t address) const;
  // Null where no function can start.
  Start* add_start(std::uint64_t address, Found found);
  void claim_known();

  // Code whose extent is known.
  void sweep_known();
  bool sweep(std::uint64_t start, std::uint64_t end);

  // Following what is called.
  void add_call(std::uint64_t target);
  void retrace(std::uint64_t function);
  void sweep_rest();
  void add_plausible_call(std::uint64_t target);
  void explore_all();
  bool explore(std::uint64_t start);
  void take_from(std::uint64_t start, const CodeOwners::Block& owner);
  void commit(std::uint64_t start, const Trace& found);
  bool is_cut_off(std::uint64_t from, std::uint64_t target) const;
  bool returns(std::uint64_t target);

  // What only data points at, and what is left between functions.
  void add_pointers();
  void add_words_of_data();
  void add_pointer(std::uint64_t address);
  void drain();
  bool try_function(std::uint64_t address, Found found);
  bool belongs_elsewhere(std::uint64_t address, const Trace& code);
  bool is_plausible(std::uint64_t address, const Trace& code) const;
  void fill_gaps();
  // Where to go on.
  std::uint64_t fill_gap(const CodeRange& range, std::uint64_t at);

  // Parts that were put elsewhere, and the answer.
  void join_fragments();
  bool is_part_of(std::uint64_t whole, std::uint64_t part) const;
  std::vector<const JumpOut*>::const_iterator first_jump_from(std::uint64_t function) const;
  Functions finish();
  void add_aliases(Functions& out);
  void add_inlined(Functions& out) const;
  static std::vector<AddressRange> merged(std::vector<AddressRange> ranges);

  const Program& program_;
  const Limits& limits_;
  std::uint64_t code_bytes_ = 0, budget_ = 0;
  CodeBits is_start_;
  CodeOwners owners_;
  Surroundings around_;
  std::size_t depth_ = 0;
  GoTable go_;
  std::vector<std::pair<std::uint64_t, std::string_view>> aliases_;
  std::map<std::uint64_t, Start> starts_;                                // those of is_start_
  std::map<std::uint64_t, Start>::iterator last_start_ = starts_.end();  // that was added
  std::map<std::uint64_t, Body> bodies_;
  std::deque<std::uint64_t> queue_;
  std::set<std::uint64_t> fragments_;
  CodeBits called_, is_stub_;  // targets of calls
  std::vector<JumpOut> jumps_out_;
  std::vector<const JumpOut*> jumps_by_origin_;
  std::vector<std::uint64_t> pointers_;
  std::vector<Error> problems_;
};

// What linkers and compilers fill up with between functions: int3 and hlt, zero words, nops.
bool is_padding(Machine machine, const Instruction& one);

}  // namespace fathom::code
