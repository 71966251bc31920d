#include "code/reach.h"

#include <algorithm>
#include <unordered_map>

#include "code/memory_map.h"
#include "elf/constants.h"

namespace fathom::code {

class ReachBuilder {
 public:
  using Node = Reach::Node;

  ReachBuilder(const Program& program, const Functions& functions, const References& references)
      : program_(program), functions_(functions), references_(references), memory_(program) {}

  Reach run() {
    out_.functions_ = static_cast<std::uint32_t>(functions_.list.size());
    find_pointers();
    cut_data();
    for (std::size_t i = 0; i < functions_.list.size(); ++i) add_function(i);
    for (std::size_t i = 0; i < pointers_.size(); ++i) add_pointer(i);
    add_roots();
    add_exports();
    pack();
    return std::move(out_);
  }

 private:
  struct Pointer {
    std::uint64_t place = 0, target = 0;
    std::string_view name;
  };

  // --- pointers that stand in data
  void find_pointers() {
    for (const Fixup& fixup : program_.fixups())
      if (fixup.kind != Fixup::Kind::other && fixup.kind != Fixup::Kind::jump_slot)
        pointers_.push_back({fixup.place, fixup.target, fixup.name});
    if (memory_.is_fixed()) find_words();
    auto by_place = [](const Pointer& a, const Pointer& b) { return a.place < b.place; };
    std::stable_sort(pointers_.begin(), pointers_.end(), by_place);
    auto same = [](const Pointer& a, const Pointer& b) { return a.place == b.place; };
    pointers_.erase(std::unique(pointers_.begin(), pointers_.end(), same), pointers_.end());
  }

  // A program that is not moved has no relocations: every word that can be a pointer is one.
  void find_words() {
    constexpr std::uint64_t kWord = 8;
    for (const elf::Segment& s : program_.elf().segments()) {
      if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X)) continue;
      std::uint64_t skip = (kWord - s.address % kWord) % kWord;
      for (std::uint64_t at = skip; at + kWord <= s.contents.size(); at += kWord) {
        std::uint64_t word = s.contents.read<std::uint64_t>(at).value_or(0);
        MemoryKind kind = memory_.kind_of(word);
        if (kind == MemoryKind::none) continue;
        if (kind == MemoryKind::code && !functions_.starting_at(word)) continue;
        pointers_.push_back({s.address + at, word, {}});
      }
    }
  }

  // --- pieces of data
  bool is_data(std::uint64_t address) const {
    MemoryKind kind = memory_.kind_of(address);
    return kind != MemoryKind::none && !functions_.starting_at(address);
  }

  void cut_data() {
    for (const Reference& r : references_.items)
      if ((r.kind == Referred::data && r.size == 0) || r.kind == Referred::record)
        cuts_.push_back(r.value);
    for (const Pointer& pointer : pointers_)
      if (pointer.target != 0 && is_data(pointer.target)) cuts_.push_back(pointer.target);
    for (const Symbol& symbol : program_.symbols())
      if (symbol.is_defined && !symbol.is_function && is_data(symbol.address))
        cuts_.push_back(symbol.address);
    std::sort(cuts_.begin(), cuts_.end());
    cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
    edges_.resize(functions_.list.size() + cuts_.size());
    imports_of_.resize(edges_.size());
  }

  // The piece that `address` lies in.
  std::optional<Node> piece_of(std::uint64_t address) const {
    auto after = std::upper_bound(cuts_.begin(), cuts_.end(), address);
    if (after == cuts_.begin()) return {};
    return out_.functions_ + static_cast<Node>(after - cuts_.begin() - 1);
  }

  std::optional<Node> node_of(std::uint64_t address) const {
    if (const Function* function = functions_.starting_at(address))
      return static_cast<Node>(function - functions_.list.data());
    if (memory_.kind_of(address) == MemoryKind::none) return {};
    return piece_of(address);
  }

  // --- edges
  void connect(Node from, std::optional<Node> to) {
    if (to && *to != from) edges_[from].push_back(*to);
  }

  void name(Node from, std::string_view text) {
    if (text.empty()) return;
    auto [at, is_new] =
        import_index_.try_emplace(text, static_cast<std::uint32_t>(out_.imports_.size()));
    if (is_new) out_.imports_.push_back(text);
    imports_of_[from].push_back(at->second);
  }

  void follow(Node from, const Pointer& pointer) {
    if (pointer.target != 0) connect(from, node_of(pointer.target));
    name(from, pointer.name);
  }

  void add_function(std::size_t index) {
    auto from = static_cast<Node>(index);
    for (const CallSite& site : references_.calls_of(index)) add_call(from, site.target);
    for (const Reference& r : references_.of(index)) {
      if (r.kind == Referred::function) connect(from, node_of(r.value));
      if (r.kind != Referred::data && r.kind != Referred::record) continue;
      if (r.size == 0)
        connect(from, piece_of(r.value));
      else
        add_access(from, r);
    }
    add_neighbour(from);
  }

  void add_call(Node from, std::uint64_t target) {
    if (target == 0) return;
    if (const Function* callee = functions_.starting_at(target))
      return connect(from, static_cast<Node>(callee - functions_.list.data()));
    auto [at, is_new] = words_.try_emplace(target, nullptr);
    if (is_new) {
      const Fixup* stub = stub_at(program_, target);
      at->second = stub != nullptr ? stub : program_.fixup_at(target);
    }
    if (at->second != nullptr) {
      follow(from, {at->second->place, at->second->target, at->second->name});
    } else if (const Function* middle = functions_.at(target)) {
      connect(from, static_cast<Node>(middle - functions_.list.data()));
    }
  }

  // Only the words that are loaded or stored.
  void add_access(Node from, const Reference& r) {
    std::uint64_t end = r.value + std::max<std::uint64_t>(r.size, 8) * 2;
    auto at = std::lower_bound(
        pointers_.begin(), pointers_.end(), r.value,
        [](const Pointer& pointer, std::uint64_t wanted) { return pointer.place < wanted; });
    for (; at != pointers_.end() && at->place < end; ++at) follow(from, *at);
  }

  // Code that runs on into what looks like the next function.
  void add_neighbour(Node from) {
    const Function& function = functions_.list[from];
    if (!function.returns) return;
    for (const AddressRange& range : function.ranges)
      if (const Function* next = functions_.starting_at(range.end))
        connect(from, static_cast<Node>(next - functions_.list.data()));
  }

  void add_pointer(std::size_t index) {
    const Pointer& pointer = pointers_[index];
    std::optional<Node> from = piece_of(pointer.place);
    if (!from) {
      orphans_.push_back(pointer);
      return;
    }
    follow(*from, pointer);
    bool goes_on = index > 0 && pointers_[index - 1].place + 8 == pointer.place;
    std::optional<Node> before = goes_on ? piece_of(pointer.place - 8) : std::nullopt;
    if (!before || *before == *from) return;
    connect(*before, from);
    connect(*from, before);
  }

  // --- where it starts
  void add_root(std::uint64_t address) {
    if (std::optional<Node> node = node_of(address)) out_.roots_.push_back(*node);
  }

  void add_roots() {
    if (program_.elf().entry() != 0) out_.entry_ = node_of(program_.elf().entry());
    for (std::uint64_t address : program_.initializers()) add_root(address);
    for (const Fixup& fixup : program_.fixups())
      if (fixup.kind == Fixup::Kind::indirect) add_root(fixup.target);
    for (const Pointer& pointer : orphans_)  // before any piece: nothing tells who refers to it
      if (pointer.target != 0) add_root(pointer.target);
    std::sort(out_.roots_.begin(), out_.roots_.end());
    out_.roots_.erase(std::unique(out_.roots_.begin(), out_.roots_.end()), out_.roots_.end());
  }

  void add_exports() {
    for (const Symbol& symbol : program_.symbols())
      if (symbol.is_dynamic && symbol.is_defined && symbol.address != 0)
        if (std::optional<Node> node = node_of(symbol.address))
          out_.exports_.emplace(symbol.name, *node);
  }

  void pack() {
    auto pack_one = [](std::vector<std::vector<std::uint32_t>>& lists,
                       std::vector<std::uint32_t>& first, std::vector<std::uint32_t>& all) {
      for (std::vector<std::uint32_t>& list : lists) {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
        first.push_back(static_cast<std::uint32_t>(all.size()));
        all.insert(all.end(), list.begin(), list.end());
      }
      first.push_back(static_cast<std::uint32_t>(all.size()));
    };
    pack_one(edges_, out_.first_, out_.next_);
    pack_one(imports_of_, out_.first_import_, out_.import_uses_);
  }

  const Program& program_;
  const Functions& functions_;
  const References& references_;
  MemoryMap memory_;
  Reach out_;
  std::vector<Pointer> pointers_, orphans_;  // by place
  std::vector<std::uint64_t> cuts_;
  std::vector<std::vector<std::uint32_t>> edges_, imports_of_;
  std::unordered_map<std::string_view, std::uint32_t> import_index_;
  std::unordered_map<std::uint64_t, const Fixup*> words_;
};

Reach::Reach(const Program& program, const Functions& functions, const References& references) {
  *this = ReachBuilder(program, functions, references).run();
}

}  // namespace fathom::code
