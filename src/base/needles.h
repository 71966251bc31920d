// Looks for several short texts in one pass over many bytes.

#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace fathom {

// A set of needles of at least two bytes each, which are viewed. Making one of
// thirty costs a millisecond, so keep it; looking costs a few tenths of a nanosecond a byte.
class Needles {
 public:
  static constexpr std::size_t kDepth = 3;  // bytes of a needle that the first look is at

  explicit Needles(std::span<const std::string_view> needles);
  Needles(std::initializer_list<std::string_view> needles)
      : Needles(std::span<const std::string_view>(needles.begin(), needles.size())) {}

  // The first position at or behind `from` where a needle stands, or npos.
  std::size_t next(std::string_view text, std::size_t from = 0) const;

  // Calls found(position, index of the needle) for every place of every needle: by position, then
  // in the order in which the needles were given.
  template <class Fn>
  void for_each(std::string_view text, Fn found) const {
    for (std::size_t at = next(text); at != text.npos; at = next(text, at + 1)) {
      const Bits groups = groups_at(text, at);
      for (std::size_t i = 0; i < needles_.size(); ++i)
        if ((groups & group_of_[i]) != 0 && text.substr(at).starts_with(needles_[i])) found(at, i);
    }
  }

 private:
  using Bits = std::uint8_t;  // one for each of eight groups of needles
  struct Block {
    std::size_t at = 0;
    bool stands = false;
  };

  void group_needles();
  Bits group_with(std::string_view needle) const;
  void let_through(Bits group, std::size_t depth, std::string_view needle);
  // Those that may have a needle there.
  Bits groups_at(std::string_view text, std::size_t at) const {
    // Past the end of the text every byte fits.
    Bits groups = 0xff;
    for (std::size_t depth = 0; depth < kDepth && at + depth < text.size(); ++depth)
      groups &= by_byte_[depth][static_cast<std::uint8_t>(text[at + depth])];
    return groups;
  }
  bool stands_at(std::string_view text, std::size_t at) const;
  Block next_in_blocks(std::string_view text, std::size_t from) const;

  std::vector<std::string_view> needles_;
  std::array<std::vector<std::string_view>, 8> groups_;
  std::vector<Bits> group_of_;  // of each needle
  // Which groups have a needle with this byte at this depth; the same by half bytes.
  std::array<std::array<Bits, 256>, kDepth> by_byte_{};
  std::array<std::array<Bits, 16>, kDepth> by_low_{}, by_high_{};
  bool in_blocks_ = false;  // whether this processor has what next_in_blocks needs
};

}  // namespace fathom
