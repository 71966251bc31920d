// Which functions of the code carry which functions of a library's sources: by symbol where the
// file has one, else by texts that exactly one function of the library has at the releases in
// question. A carrier may be the function itself, a clone of it, or one it was inlined into; it may
// carry several. A function that nothing carries is not matched, which is not the same as absent.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "facts/code_facts.h"
#include "model/component.h"
#include "signature/feature_data.h"
#include "signature/source_functions.h"

namespace fathom::verdict {

// A text that stands in exactly one function of a library.
struct Anchor {
  std::uint64_t hash = 0;
  std::uint32_t function = 0;  // index of SourceNames::functions
  bool is_live = false;        // was seen in compiled files: its absence says something
  bool is_in_all = false;      // the function has it in every release in question
  std::uint32_t length = 0;
  auto operator<=>(const Anchor&) const = default;
};

// The functions of one library, at the releases that a version claim leaves open.
class SourceNames {
 public:
  SourceNames(const signature::Features& features, const signature::SourceFunctions& functions,
              const std::string& library, const VersionClaim& version);

  struct Function {
    std::string name, file;
  };
  const std::vector<Function>& functions() const { return functions_; }
  const std::vector<Anchor>& anchors() const { return anchors_; }  // by hash, each once
  std::span<const Anchor> anchors_of(std::uint64_t hash) const;
  // Indexes of those with that name.
  std::vector<std::uint32_t> named(std::string_view name) const;
  bool empty() const { return anchors_.empty(); }

 private:
  void add(const signature::Features& features, const signature::SourceFunctions& functions,
           std::size_t library, const VersionClaim& version);

  std::vector<Function> functions_;
  std::vector<Anchor> anchors_;
  std::multimap<std::string, std::uint32_t, std::less<>> by_name_;
};

struct Carrier {
  std::uint32_t function = 0;  // index of CodeFacts::functions
  bool by_symbol = false, by_shape = false;
  std::vector<CodeText> texts;  // else: what names it
};

class Naming {
 public:
  // `question` is what the facts were recovered with.
  Naming(const CodeFacts& facts, const CodeQuestion& question);

  void add(const SourceNames& names);
  // A function without symbol and texts that alone in the file has this shape.
  void add_shape(const CodeShape& shape, const std::string& name);
  // Of functions with that name in the sources of what was added.
  std::vector<Carrier> carriers_of(std::string_view name) const;
  // For people: the symbol, else the function whose texts it has most of, else its address.
  std::string name_of(std::uint32_t function) const;

 private:
  const CodeFacts& facts_;
  const CodeQuestion& question_;
  std::multimap<std::string_view, std::uint32_t> by_symbol_;  // without the suffix of clones
  std::map<std::string, std::map<std::uint32_t, std::vector<CodeText>>, std::less<>> by_text_;
  std::map<std::uint32_t, std::map<std::string, std::size_t>> texts_of_;
  std::multimap<std::string, std::uint32_t, std::less<>> by_shape_;
};

}  // namespace fathom::verdict
