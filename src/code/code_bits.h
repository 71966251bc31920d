// A set of addresses of code, a bit each: the questions that are asked at every instruction.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "code/program.h"

namespace fathom::code {

class CodeBits {
 public:
  explicit CodeBits(const Program& program) {
    for (const CodeRange& range : program.code())
      maps_.push_back({range.address, range.bytes.size(),
                       std::vector<std::uint64_t>((range.bytes.size() + 63) / 64)});
    if (maps_.empty()) return;
    lowest_ = maps_.front().start;
    span_ = maps_.back().start + maps_.back().size - lowest_;
    // Nearly every question is about the largest.
    std::stable_sort(maps_.begin(), maps_.end(),
                     [](const Map& a, const Map& b) { return a.size > b.size; });
  }

  bool contains(std::uint64_t address) const {
    const Map* map = map_at(address);
    if (map == nullptr) return false;
    const std::uint64_t at = address - map->start;
    return (map->words[at / 64] >> at % 64 & 1) != 0;
  }
  // Addresses outside of the code are left out.
  void insert(std::uint64_t address) {
    if (const Map* map = map_at(address)) {
      const std::uint64_t at = address - map->start;
      const_cast<Map*>(map)->words[at / 64] |= std::uint64_t{1} << at % 64;
    }
  }
  void insert(std::uint64_t from, std::uint64_t to) {
    for (Map& map : maps_) {
      if (to <= map.start || from >= map.start + map.size) continue;
      const std::uint64_t first = std::max(from, map.start) - map.start;
      const std::uint64_t end = std::min(to - map.start, map.size);
      for (std::uint64_t at = first; at < end;) {
        const std::uint64_t bits = std::min<std::uint64_t>(64 - at % 64, end - at);
        const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
        map.words[at / 64] |= mask << at % 64;
        at += bits;
      }
    }
  }
  // The first one behind `address` in the same range of code, or the range's end; `address` itself
  // when it is no code.
  std::uint64_t next(std::uint64_t address) const {
    const Map* map = map_at(address);
    if (map == nullptr) return address;
    std::uint64_t at = address - map->start + 1;
    if (at >= map->size) return map->start + map->size;
    std::uint64_t word = map->words[at / 64] & ~std::uint64_t{0} << at % 64;
    for (std::uint64_t i = at / 64;;) {
      if (word != 0)
        return map->start + i * 64 + static_cast<std::uint64_t>(std::countr_zero(word));
      if (++i == map->words.size()) return map->start + map->size;
      word = map->words[i];
    }
  }

 private:
  struct Map {
    std::uint64_t start = 0, size = 0;
    std::vector<std::uint64_t> words;
  };
  const Map* map_at(std::uint64_t address) const {
    if (address - lowest_ >= span_) return nullptr;  // most words of data
    for (const Map& map : maps_)
      if (address - map.start < map.size) return &map;
    return nullptr;
  }
  std::uint64_t lowest_ = 0, span_ = 0;
  std::vector<Map> maps_;
};

}  // namespace fathom::code
