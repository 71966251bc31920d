// AArch64: every instruction is a word, and the tree of encodings in chapter C4 of the Arm ARM is
// followed branch by branch for what works on general-purpose registers, memory and control flow.
// Words of the SIMD, SVE and SME branches are `vector`, allocated or not.

#include <bit>
#include <cstring>

#include "code/decoder.h"

namespace fathom::code {

namespace {

using arm::sp;
using arm::zr;

constexpr std::uint32_t bits(std::uint32_t word, unsigned high, unsigned low) {
  return word >> low & ((2u << (high - low)) - 1);
}
constexpr bool bit(std::uint32_t word, unsigned at) { return (word >> at & 1) != 0; }
constexpr std::int64_t signed_bits(std::uint32_t word, unsigned high, unsigned low) {
  unsigned width = high - low + 1;
  auto value = static_cast<std::int64_t>(bits(word, high, low));
  return (value ^ (std::int64_t{1} << (width - 1))) - (std::int64_t{1} << (width - 1));
}

// What 31 names depends on the instruction.
constexpr Register or_zero(std::uint32_t field) {
  return field == 31 ? zr : static_cast<Register>(field);
}
constexpr Register or_stack(std::uint32_t field) { return static_cast<Register>(field); }

class Word {
 public:
  Word(std::uint32_t word, std::uint64_t address, Instruction& out) : w_(word), out_(out) {
    out_.address = address;
    out_.length = 4;
  }

  void decode() {
    switch (bits(w_, 28, 25)) {
      case 0b0000:
        reserved();
        break;
      case 0b0010:
        scalable();
        break;
      case 0b1000:
      case 0b1001:
        with_immediate();
        break;
      case 0b1010:
      case 0b1011:
        branch_or_system();
        break;
      case 0b0100:
      case 0b0110:
      case 0b1100:
      case 0b1110:
        load_or_store();
        break;
      case 0b0101:
      case 0b1101:
        with_registers();
        break;
      case 0b0111:
      case 0b1111:
        vector();
        break;
      default:
        break;
    }
    if (out_.op != Op::invalid) return;
    Instruction none;
    none.address = out_.address;
    none.length = 4;
    out_ = none;
  }

 private:
  bool wide() const { return bit(w_, 31); }
  std::uint32_t rd() const { return bits(w_, 4, 0); }
  std::uint32_t rn() const { return bits(w_, 9, 5); }
  std::uint32_t rm() const { return bits(w_, 20, 16); }
  std::uint32_t ra() const { return bits(w_, 14, 10); }

  void reads(Register reg) {
    if (reg < 32) out_.reads |= std::uint32_t{1} << reg;
  }
  void writes(Register reg) {
    if (reg < 32) out_.writes |= std::uint32_t{1} << reg;
  }
  // destination = op(source, source2)
  void set(Op op, Register destination, Register source = kNoRegister,
           Register source2 = kNoRegister) {
    out_.op = op;
    out_.width = wide() ? 8 : 4;
    out_.destination = destination;
    out_.source = source;
    out_.source2 = source2;
    writes(destination);
    reads(source);
    reads(source2);
  }
  void immediate(std::int64_t value) {
    out_.immediate = value;
    out_.has_immediate = true;
  }
  void target(std::int64_t distance) {
    out_.target = out_.address + static_cast<std::uint64_t>(distance);
    out_.has_target = true;
  }

  void reserved() {
    if (w_ >> 16 == 0) {  // udf
      out_.op = Op::trap;
      immediate(w_);
    } else if (bit(w_, 31)) {
      out_.op = Op::vector;  // SME
    }
  }

  // Which of them write a general-purpose register (cntb, lastb, rdvl, …) is spread all over the
  // encoding; the field that would name it is taken as written.
  void scalable() {
    out_.op = Op::vector;
    writes(or_stack(rd()));
  }

  // --- data processing, immediate
  void with_immediate() {
    switch (bits(w_, 25, 23)) {
      case 0:
      case 1:
        return address_of_label();
      case 2:
        return add_immediate();
      case 3:
        return add_tag_or_compare();
      case 4:
        return logical_immediate();
      case 5:
        return move_wide();
      case 6:
        return bitfield();
      default:
        return extract();
    }
  }

  void address_of_label() {
    std::int64_t distance = signed_bits(w_, 23, 5) * 4 + bits(w_, 30, 29);
    set(Op::lea, or_zero(rd()));
    out_.width = 8;
    out_.memory.base = kPc;
    out_.memory.access = Access::address;
    if (!bit(w_, 31)) return target(distance);
    target(distance * 4096 - static_cast<std::int64_t>(out_.address & 0xfff));  // adrp
  }

  void add_immediate() {
    bool sets_flags = bit(w_, 29), shifted = bit(w_, 22);
    Op op = bit(w_, 30) ? Op::sub : Op::add;
    std::int64_t value = bits(w_, 21, 10);
    immediate(shifted ? value << 12 : value);
    if (sets_flags && rd() == 31) return set(Op::cmp, kNoRegister, or_stack(rn()));
    bool is_move =
        op == Op::add && !sets_flags && !shifted && value == 0 && (rd() == 31 || rn() == 31);
    if (is_move) {
      out_.has_immediate = false;
      return set(Op::mov, or_stack(rd()), or_stack(rn()));
    }
    set(op, sets_flags ? or_zero(rd()) : or_stack(rd()), or_stack(rn()));
  }

  void add_tag_or_compare() {
    if (bit(w_, 22)) {  // smax, umax, smin, umin
      if (bits(w_, 30, 29) == 0 && bits(w_, 21, 20) == 0)
        set(Op::other, or_zero(rd()), or_zero(rn()));
      return;
    }
    if (!wide() || bit(w_, 29) || bits(w_, 15, 14) != 0) return;
    set(Op::other, or_stack(rd()), or_stack(rn()));  // addg, subg
  }

  // DecodeBitMasks of the Arm ARM: a run of ones, rotated, repeated.
  bool logical_mask(std::uint64_t& mask) const {
    std::uint32_t n = bits(w_, 22, 22), rotate = bits(w_, 21, 16), ones = bits(w_, 15, 10);
    std::uint32_t pattern = n << 6 | (~ones & 0x3f);
    if (pattern == 0 || (!wide() && n != 0)) return false;
    unsigned length = static_cast<unsigned>(std::bit_width(pattern)) - 1;
    if (length == 0) return false;
    unsigned size = 1u << length;
    rotate &= size - 1;
    ones &= size - 1;
    if (ones == size - 1) return false;
    std::uint64_t element = (std::uint64_t{1} << (ones + 1)) - 1;
    if (rotate != 0) element = element >> rotate | element << (size - rotate);
    if (size < 64) element &= (std::uint64_t{1} << size) - 1;
    for (; size < 64; size *= 2) element |= element << size;
    mask = wide() ? element : element & 0xffffffff;
    return true;
  }

  void logical_immediate() {
    constexpr Op kOps[] = {Op::and_, Op::or_, Op::xor_, Op::and_};
    std::uint32_t opc = bits(w_, 30, 29);
    std::uint64_t mask = 0;
    if (!logical_mask(mask)) return;
    immediate(static_cast<std::int64_t>(mask));
    if (opc == 3 && rd() == 31) return set(Op::test, kNoRegister, or_zero(rn()));
    if (opc == 1 && rn() == 31) return set(Op::mov, or_stack(rd()));
    set(kOps[opc], opc == 3 ? or_zero(rd()) : or_stack(rd()), or_zero(rn()));
  }

  void move_wide() {
    std::uint32_t opc = bits(w_, 30, 29), shift = bits(w_, 22, 21) * 16;
    if (opc == 1 || (!wide() && shift >= 32)) return;
    std::uint64_t value = std::uint64_t{bits(w_, 20, 5)} << shift;
    if (opc == 0) value = wide() ? ~value : ~value & 0xffffffff;
    if (opc != 3) {
      set(Op::mov, or_zero(rd()));
      return immediate(static_cast<std::int64_t>(value));
    }
    set(Op::mov_keep, or_zero(rd()), or_zero(rd()));
    out_.shift = static_cast<std::uint8_t>(shift);
    immediate(bits(w_, 20, 5));
  }

  void bitfield() {
    std::uint32_t opc = bits(w_, 30, 29), rotate = bits(w_, 21, 16), last = bits(w_, 15, 10);
    std::uint32_t size = wide() ? 64 : 32;
    if (opc == 3 || bit(w_, 22) != wide() || rotate >= size || last >= size) return;
    set(Op::bitfield, or_zero(rd()), or_zero(rn()));
    if (opc == 1) return reads(or_zero(rd()));
    if (last == size - 1) {
      out_.op = opc == 0 ? Op::sar : Op::shr;
      return immediate(rotate);
    }
    if (opc == 2 && last + 1 == rotate) {
      out_.op = Op::shl;
      return immediate(size - rotate);
    }
    bool extends = rotate == 0 && (last == 7 || last == 15 || (last == 31 && opc == 0)) &&
                   (opc == 0 || !wide());
    if (!extends) return;
    out_.op = opc == 0 ? Op::sign_extend : Op::zero_extend;
    out_.width = static_cast<std::uint8_t>((last + 1) / 8);
  }

  void extract() {
    std::uint32_t amount = bits(w_, 15, 10);
    if (bits(w_, 30, 29) != 0 || bit(w_, 21) || bit(w_, 22) != wide() || (!wide() && amount >= 32))
      return;
    set(rn() == rm() ? Op::rotate : Op::bitfield, or_zero(rd()), or_zero(rn()), or_zero(rm()));
    immediate(amount);
  }

  // --- branches, exceptions, system
  void branch_or_system() {
    switch (bits(w_, 30, 29)) {
      case 0:
        out_.op = bit(w_, 31) ? Op::call : Op::jump;
        if (bit(w_, 31)) writes(30);
        return target(signed_bits(w_, 25, 0) * 4);
      case 1:
        return compare_and_branch();
      case 2:
        if (bit(w_, 31)) return bit(w_, 25) ? branch_to_register() : exception_or_system();
        if (bits(w_, 31, 24) != 0b01010100) return;
        out_.op = Op::jump_if;
        return target(signed_bits(w_, 23, 5) * 4);
      default:
        return;
    }
  }

  void compare_and_branch() {
    out_.op = Op::jump_if;
    out_.source = or_zero(rd());
    out_.width = wide() ? 8 : 4;
    reads(out_.source);
    target((bit(w_, 25) ? signed_bits(w_, 18, 5) : signed_bits(w_, 23, 5)) * 4);
  }

  void exception_or_system() {
    if (bits(w_, 31, 24) == 0b11010100) return exception();
    if (bits(w_, 31, 22) == 0b1101010100) return system();
  }

  void exception() {
    std::uint32_t opc = bits(w_, 23, 21), level = bits(w_, 1, 0);
    if (bits(w_, 4, 2) != 0) return;
    immediate(bits(w_, 20, 5));
    if (opc == 0 && level == 1) return supervisor_call();
    if (opc == 0 && level > 1) out_.op = Op::interrupt;  // hvc, smc
    if ((opc == 1 || opc == 2) && level == 0) out_.op = Op::trap;
    if (opc == 3 && level == 0) out_.op = Op::other;      // tcancel
    if (opc == 5 && level != 0) out_.op = Op::interrupt;  // dcps
  }

  void supervisor_call() {  // Linux: six arguments and the number in x8
    out_.op = Op::syscall;
    out_.reads |= 0x13f;
    writes(0);
  }

  void system() {
    bool load = bit(w_, 21);
    std::uint32_t kind = bits(w_, 20, 19);
    if (kind >= 1) {  // sys, sysl, msr, mrs
      out_.op = Op::system;
      out_.width = 8;
      if (load) {
        out_.destination = or_zero(rd());
        writes(out_.destination);
      } else {
        out_.source = or_zero(rd());
        reads(out_.source);
      }
      return;
    }
    std::uint32_t crn = bits(w_, 15, 12);
    bool hint_space = !load && bits(w_, 18, 16) == 3 && rd() == 31;
    if (hint_space && crn == 2) return hint();
    if (hint_space && crn == 3) {
      out_.op = Op::fence;
    } else if (!load && crn == 4) {
      out_.op = Op::system;  // msr, immediate
    } else if (!load && crn == 1 && bits(w_, 18, 16) == 3) {
      out_.op = Op::system;  // wfet, wfit
      reads(or_zero(rd()));
    } else if (load && bits(w_, 18, 5) == 0b01100110000011) {
      set(Op::other, or_zero(rd()));  // tstart
    } else if (load && bits(w_, 18, 5) == 0b01100110001011) {
      set(Op::other, or_zero(rd()));  // ttest
    } else if (!load && crn > 4) {
      out_.op = Op::system;  // not allocated, but written as msr
      reads(or_zero(rd()));
    }
  }

  void hint() {
    std::uint32_t number = bits(w_, 11, 5);
    out_.op = Op::nop;
    // bti, bti c, bti j, bti jc
    if (number >= 32 && number <= 38 && number % 2 == 0) out_.op = Op::landing;
    if (number == 7 || (number >= 24 && number <= 31)) writes(30);  // pointer authentication
    if (number >= 8 && number <= 15) writes(17);
  }

  void branch_to_register() {
    std::uint32_t opc = bits(w_, 24, 21), op3 = bits(w_, 15, 10), op4 = rd();
    bool authenticated = op3 == 2 || op3 == 3;
    if (bits(w_, 20, 16) != 31) return;
    bool plain = op3 == 0 && op4 == 0;
    auto go = [&](Op op) {
      out_.op = op;
      out_.source = or_zero(rn());
      out_.width = 8;
      reads(out_.source);
      if (op == Op::call_indirect) writes(30);
    };
    if (opc == 0 && (plain || (authenticated && op4 == 31))) return go(Op::jump_indirect);
    if (opc == 1 && (plain || (authenticated && op4 == 31))) return go(Op::call_indirect);
    if (opc == 2 && plain) return go(Op::ret);
    if (opc == 2 && authenticated && rn() == 31 && op4 == 31) {
      out_.op = Op::ret;
      return reads(30);
    }
    if (opc == 4 && rn() == 31 && (plain || (authenticated && op4 == 31))) out_.op = Op::ret;
    if (opc == 5 && rn() == 31 && plain) out_.op = Op::ret;
    if (opc == 8 && authenticated) go(Op::jump_indirect);
    if (opc == 9 && authenticated) go(Op::call_indirect);
    if (opc >= 8) reads(or_stack(op4));
  }

  // --- loads and stores
  void memory(Access access, std::int64_t displacement, std::uint32_t width) {
    out_.memory.base = or_stack(rn());
    out_.memory.displacement = static_cast<std::int32_t>(displacement);
    out_.memory.access = access;
    out_.width = static_cast<std::uint8_t>(width);
    reads(out_.memory.base);
  }

  void load_or_store() {
    bool vector = bit(w_, 26);
    switch (bits(w_, 29, 28)) {
      case 0:
        return vector ? structures() : exclusive();
      case 1:
        return bit(w_, 24) ? ordered_or_tagged() : literal();
      case 2:
        return pair();
      default:
        return bit(w_, 24) ? one_register_unsigned() : one_register_other();
    }
  }

  void structures() {
    if (bit(w_, 31)) return;
    bool post = bit(w_, 23), single = bit(w_, 24);
    if (!post && (bits(w_, 20, 16) != 0) && !(single && bits(w_, 20, 16) == 16)) return;
    out_.op = Op::vector;
    memory(bit(w_, 22) ? Access::read : Access::write, 0, 0);
    if (!post) return;
    writes(out_.memory.base);
    if (rm() != 31) reads(or_zero(rm()));
  }

  void exclusive() {
    if (bit(w_, 24)) return;
    bool o2 = bit(w_, 23), load = bit(w_, 22), o1 = bit(w_, 21);
    set(Op::atomic, kNoRegister);
    memory(o2 && !o1                    ? (load ? Access::read : Access::write)
           : o1 && (o2 || !bit(w_, 31)) ? Access::read_write
                                        : (load ? Access::read : Access::write),
           0, 1u << bits(w_, 31, 30));
    bool compare = o1 && (o2 || !bit(w_, 31));
    if (compare) {  // cas, casp: the register that is compared receives what was there
      reads(or_zero(rd()));
      reads(or_zero(rm()));
      out_.destination = or_zero(rm());
      writes(out_.destination);
      if (!o2) writes(or_zero((rm() + 1) & 31));
      return;
    }
    if (load) {
      out_.destination = or_zero(rd());
      writes(out_.destination);
      if (o1) writes(or_zero(ra()));
      return;
    }
    out_.source = or_zero(rd());
    reads(out_.source);
    if (o1) reads(or_zero(ra()));
    if (o2) return;
    out_.destination = or_zero(rm());  // whether it worked
    writes(out_.destination);
  }

  void literal() {
    std::uint32_t opc = bits(w_, 31, 30);
    bool vector = bit(w_, 26);
    if (vector && opc == 3) return;
    target(signed_bits(w_, 23, 5) * 4);
    out_.memory.base = kPc;
    out_.memory.access = Access::read;
    if (vector) {
      out_.op = Op::vector;
      out_.width = static_cast<std::uint8_t>(4u << opc);
      return;
    }
    if (opc == 3) {
      out_.op = Op::prefetch;
      out_.memory.access = Access::address;
      return;
    }
    out_.op = opc == 2 ? Op::sign_extend : Op::mov;
    out_.width = opc == 1 ? 8 : 4;
    out_.destination = or_zero(rd());
    writes(out_.destination);
  }

  // ldapur and stlur; memory tags; memory copy and set.
  void ordered_or_tagged() {
    if (bits(w_, 31, 30) == 3 && bit(w_, 21) && !bit(w_, 26)) return tag();
    if (bit(w_, 21)) return;
    if (bits(w_, 11, 10) == 0 && !bit(w_, 26)) {
      return general_access(bits(w_, 31, 30), bits(w_, 23, 22), signed_bits(w_, 20, 12), false);
    }
    if (bits(w_, 11, 10) != 1) return;
    out_.op = Op::string;  // cpy…, set…: all three registers move on
    for (std::uint32_t field : {rd(), rn(), rm()}) {
      reads(or_zero(field));
      writes(or_zero(field));
    }
  }

  void tag() {
    out_.op = Op::other;
    memory(Access::read_write, signed_bits(w_, 20, 12) * 16, 16);
    if (bits(w_, 11, 10) % 2 == 1) writes(out_.memory.base);
    if (bits(w_, 11, 10) == 0 && bit(w_, 22)) writes(or_zero(rd()));
    reads(or_stack(rd()));
  }

  void pair() {
    std::uint32_t opc = bits(w_, 31, 30), mode = bits(w_, 24, 23);
    bool vector = bit(w_, 26), load = bit(w_, 22);
    if (opc == 3) return;
    bool tags = !vector && opc == 1 && !load;  // stgp
    if (!vector && opc == 1 && mode == 0) return;
    std::uint32_t width = vector ? 4u << opc : opc == 2 ? 8 : 4;
    std::int64_t displacement = signed_bits(w_, 21, 15) * (tags ? 16 : static_cast<int>(width));
    memory(load ? Access::read : Access::write, mode == 1 ? 0 : displacement, width);
    if (mode == 1) immediate(displacement);
    if (mode & 1) writes(out_.memory.base);
    if (vector) {
      out_.op = Op::vector;
      return;
    }
    out_.op = load ? Op::load_pair : Op::store_pair;
    if (load) {
      out_.destination = or_zero(rd());
      writes(out_.destination);
      writes(or_zero(ra()));
    } else {
      out_.source = or_zero(rd());
      out_.source2 = or_zero(ra());
      reads(out_.source);
      reads(out_.source2);
    }
  }

  // One register, of `1 << size` bytes in memory; opc as in the encoding.
  void general_access(std::uint32_t size, std::uint32_t opc, std::int64_t displacement,
                      bool can_prefetch) {
    if (size == 3 && opc == 2) {
      if (!can_prefetch) return;
      memory(Access::address, displacement, 0);
      out_.op = Op::prefetch;
      return;
    }
    if (size + (opc == 3 ? 1u : 0u) >= 3 && opc >= 2) return;
    memory(opc == 0 ? Access::write : Access::read, displacement, 1u << size);
    if (opc == 0) {
      out_.op = Op::mov;
      out_.source = or_zero(rd());
      return reads(out_.source);
    }
    out_.op = opc >= 2 ? Op::sign_extend : size < 2 ? Op::zero_extend : Op::mov;
    out_.destination = or_zero(rd());
    writes(out_.destination);
  }

  void vector_access(std::uint32_t size, std::uint32_t opc, std::int64_t displacement) {
    if (opc >= 2 && size != 0) return;
    memory(opc & 1 ? Access::read : Access::write, displacement, opc >= 2 ? 16 : 1u << size);
    out_.op = Op::vector;
  }

  void one_register_unsigned() {
    std::uint32_t size = bits(w_, 31, 30), opc = bits(w_, 23, 22);
    std::int64_t units = bits(w_, 21, 10);
    if (!bit(w_, 26)) return general_access(size, opc, units << size, true);
    vector_access(size, opc, units << (opc >= 2 ? 4 : size));
  }

  void one_register_other() {
    std::uint32_t size = bits(w_, 31, 30), opc = bits(w_, 23, 22), mode = bits(w_, 11, 10);
    bool vector = bit(w_, 26);
    if (bit(w_, 21) && mode == 0) return vector ? void() : atomic_memory();
    if (bit(w_, 21) && mode % 2 == 1) return authenticated_load();
    if (bit(w_, 21)) {
      if (!bit(w_, 14)) return;
      vector ? vector_access(size, opc, 0) : general_access(size, opc, 0, true);
      out_.memory.index = or_zero(rm());
      reads(out_.memory.index);
      std::uint32_t shift = vector && opc >= 2 ? 4 : size;
      if (bit(w_, 12)) out_.memory.scale = static_cast<std::uint8_t>(1u << shift);
      return;
    }
    if (mode == 2 && (vector || (size == 3 && opc == 2))) return;
    std::int64_t displacement = mode == 1 ? 0 : signed_bits(w_, 20, 12);
    if (mode == 1) immediate(signed_bits(w_, 20, 12));
    vector ? vector_access(size, opc, displacement)
           : general_access(size, opc, displacement, mode == 0);
    if (mode % 2 == 1) writes(or_stack(rn()));
  }

  void atomic_memory() {
    std::uint32_t opc = bits(w_, 14, 12);
    bool o3 = bit(w_, 15);
    if (o3 && opc != 0 && opc != 4 && bits(w_, 31, 30) != 3) return;
    set(Op::atomic, or_zero(rd()));
    bool ordered_load = o3 && opc == 4;
    memory(ordered_load ? Access::read : Access::read_write, 0, 1u << bits(w_, 31, 30));
    if (!ordered_load) reads(or_zero(rm()));
  }

  void authenticated_load() {
    if (bits(w_, 31, 30) != 3 || bit(w_, 26)) return;
    std::int64_t units = bits(w_, 20, 12);
    memory(Access::read, (bit(w_, 22) ? units - 512 : units) * 8, 8);
    out_.op = Op::mov;
    out_.destination = or_zero(rd());
    writes(out_.destination);
    if (bit(w_, 11)) writes(out_.memory.base);
  }

  // --- data processing, register
  void with_registers() {
    if (!bit(w_, 28)) return bit(w_, 24) ? add_registers() : logical_registers();
    if (bit(w_, 24)) return three_sources();
    switch (bits(w_, 23, 21)) {
      case 0:
        return with_carry();
      case 2:
        return conditional_compare();
      case 4:
        return conditional_select();
      case 6:
        return bit(w_, 30) ? one_source() : two_sources();
      default:
        return;
    }
  }

  void logical_registers() {
    constexpr Op kOps[] = {Op::and_, Op::or_, Op::xor_, Op::and_};
    std::uint32_t opc = bits(w_, 30, 29), amount = bits(w_, 15, 10), kind = bits(w_, 23, 22);
    bool inverted = bit(w_, 21);
    if (!wide() && amount >= 32) return;
    if (opc == 3 && rd() == 31 && !inverted) {
      set(Op::test, kNoRegister, or_zero(rn()), or_zero(rm()));
    } else if (opc == 1 && rn() == 31 && inverted) {
      set(Op::not_, or_zero(rd()), or_zero(rm()));
    } else if (opc == 1 && rn() == 31 && amount == 0 && kind == 0) {
      set(Op::mov, or_zero(rd()), or_zero(rm()));
    } else {
      set(kOps[opc], or_zero(rd()), or_zero(rn()), or_zero(rm()));
    }
    note_shift(kind, amount, inverted);
  }

  // Only a plain left shift is described.
  void note_shift(std::uint32_t kind, std::uint32_t amount, bool inverted) {
    out_.shift = static_cast<std::uint8_t>(kind == 0 ? amount : 0);
    out_.modified = inverted || (kind != 0 && amount != 0);
  }

  void add_registers() {
    bool extended = bit(w_, 21), sets_flags = bit(w_, 29), subtracts = bit(w_, 30);
    std::uint32_t amount = extended ? bits(w_, 12, 10) : bits(w_, 15, 10);
    std::uint32_t kind = bits(w_, 23, 22);
    if (extended ? kind != 0 || amount > 4 : kind == 3 || (!wide() && amount >= 32)) return;
    Register first = extended ? or_stack(rn()) : or_zero(rn());
    Register to = extended && !sets_flags ? or_stack(rd()) : or_zero(rd());
    if (sets_flags && rd() == 31)
      set(Op::cmp, kNoRegister, first, or_zero(rm()));
    else if (subtracts && !extended && rn() == 31)
      set(Op::neg, to, or_zero(rm()));
    else
      set(subtracts ? Op::sub : Op::add, to, first, or_zero(rm()));
    if (!extended) return note_shift(kind, amount, false);
    std::uint32_t extension = bits(w_, 15, 13);
    out_.shift = static_cast<std::uint8_t>(amount);
    out_.modified = (extension & 3) != 3 && !(extension == 2 && !wide());
  }

  void with_carry() {
    bool subtracts = bit(w_, 30);
    if (bits(w_, 15, 10) == 0) {
      return set(subtracts ? Op::sbb : Op::adc, or_zero(rd()), or_zero(rn()), or_zero(rm()));
    }
    bool flags_only = !subtracts && bit(w_, 29) && !bit(w_, 4);
    if (flags_only && wide() && bits(w_, 14, 10) == 1) set(Op::other, kNoRegister, or_zero(rn()));
    if (flags_only && !wide() && bits(w_, 13, 10) == 2 && bits(w_, 20, 15) == 0 && rd() == 13)
      set(Op::other, kNoRegister, or_zero(rn()));
  }

  void conditional_compare() {
    if (!bit(w_, 29) || bit(w_, 10) || bit(w_, 4)) return;
    if (!bit(w_, 11)) return set(Op::cmp, kNoRegister, or_zero(rn()), or_zero(rm()));
    set(Op::cmp, kNoRegister, or_zero(rn()));
    immediate(rm());
  }

  void conditional_select() {
    if (bit(w_, 29) || bit(w_, 11)) return;
    bool plain = !bit(w_, 30) && !bit(w_, 10), negates = bit(w_, 30) && bit(w_, 10);
    bool always = bits(w_, 15, 13) == 7;
    bool sets = !plain && !negates && rn() == 31 && rm() == 31 && !always;
    set(sets ? Op::set : Op::cmov, or_zero(rd()), or_zero(rn()), or_zero(rm()));
  }

  void two_sources() {
    std::uint32_t opcode = bits(w_, 15, 10);
    auto is = [&](Op op) { set(op, or_zero(rd()), or_zero(rn()), or_zero(rm())); };
    if (bit(w_, 29)) return opcode == 0 && wide() ? is(Op::other) : void();  // subps
    switch (opcode) {
      case 2:
      case 3:
        return is(Op::div);
      case 8:
        return is(Op::shl);
      case 9:
        return is(Op::shr);
      case 10:
        return is(Op::sar);
      case 11:
        return is(Op::rotate);
      case 16:
      case 17:
      case 18:
      case 20:
      case 21:
      case 22:
        return wide() ? void() : is(Op::bits);
      case 19:
      case 23:
        return wide() ? is(Op::bits) : void();
      case 24:
      case 25:
      case 26:
      case 27:
        return is(Op::other);  // smax, umax, smin, umin
      case 0:
      case 4:
      case 5:
      case 12:
        if (wide()) is(Op::other);  // subp, irg, gmi, pacga
        return;
      default:
        return;
    }
  }

  void one_source() {
    std::uint32_t kind = bits(w_, 20, 16), opcode = bits(w_, 15, 10);
    if (bit(w_, 29)) return;
    if (kind == 0 && opcode <= 8 && (wide() || opcode != 3))
      return set(opcode == 8 ? Op::other : Op::bits, or_zero(rd()), or_zero(rn()));
    if (kind != 1 || !wide() || opcode > 17) return;
    set(Op::other, or_zero(rd()), or_stack(rn()));  // pointer authentication
    reads(or_zero(rd()));
  }

  void three_sources() {
    std::uint32_t kind = bits(w_, 23, 21);
    bool o0 = bit(w_, 15);
    if (bits(w_, 30, 29) != 0) return;
    bool high = kind == 2 || kind == 6;
    bool known = kind == 0 || (wide() && (kind == 1 || kind == 5 || (high && !o0)));
    if (!known) return;
    set(Op::mul, or_zero(rd()), or_zero(rn()), or_zero(rm()));
    if (!high) reads(or_zero(ra()));
  }

  // --- floating point and Advanced SIMD: what touches general-purpose registers
  void vector() {
    out_.op = Op::vector;
    if (bits(w_, 30, 24) == 0b0011110) return convert();
    if (bits(w_, 28, 21) == 0b01110000 && !bit(w_, 31) && !bit(w_, 29) && bit(w_, 10) &&
        !bit(w_, 15)) {
      std::uint32_t imm4 = bits(w_, 14, 11);
      if (imm4 == 1 || imm4 == 3) reads(or_zero(rn()));
      if (imm4 == 5 || imm4 == 7) to_general();
    }
  }

  void to_general() {
    out_.destination = or_zero(rd());
    writes(out_.destination);
  }

  void convert() {
    std::uint32_t mode = bits(w_, 20, 19), opcode = bits(w_, 18, 16);
    bool from_general = opcode == 2 || opcode == 3 || (opcode == 7 && bit(w_, 21));
    if (bit(w_, 21) && bits(w_, 15, 10) != 0) return;
    if (!bit(w_, 21) && !(mode == 0 && (opcode == 2 || opcode == 3)) && !(mode == 3 && opcode <= 1))
      return;
    if (!from_general) return to_general();
    out_.source = or_zero(rn());
    reads(out_.source);
  }

  std::uint32_t w_;
  Instruction& out_;
};

}  // namespace

[[gnu::flatten]] Instruction decode_aarch64(std::span<const std::uint8_t> bytes,
                                            std::uint64_t address) {
  Instruction out;
  if (bytes.size() < 4) {
    out.address = address;
    out.length = static_cast<std::uint8_t>(bytes.size());
    return out;
  }
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  Word(word, address, out).decode();
  return out;
}

}  // namespace fathom::code
