#include "signature/patterns.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <mutex>

namespace fathom::signature {
namespace {

constexpr std::int64_t kSetMemory = 64 << 20;  // states of the automaton, dropped when exceeded

RE2::Options options() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kSetMemory);
  return options;
}

}  // namespace

// The set says which patterns match. What the version is, one of them alone says, which is compiled
// when that is asked: few of them ever are.
struct Patterns::Compiled {
  struct Single {
    std::once_flag once;
    std::unique_ptr<RE2> compiled;
  };
  RE2::Set set{options(), RE2::UNANCHORED};
  std::vector<std::size_t> source_of;  // per member of the set
  std::unique_ptr<Single[]> singles;   // per source
  std::vector<std::string> errors;

  const RE2& single(std::size_t source, const std::string& pattern) const {
    Single& one = singles[source];
    std::call_once(one.once, [&] { one.compiled = std::make_unique<RE2>(pattern, options()); });
    return *one.compiled;
  }
};

struct Patterns::Lazy {
  std::once_flag once;
  std::unique_ptr<Compiled> compiled;
};

Patterns::Patterns(const std::vector<Row>& rows) : lazy_(std::make_unique<Lazy>()) {
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t version = 0; version < rows[row].versions.size(); ++version)
      sources_.push_back({row, version, rows[row].versions[version].pattern});
}

Patterns::~Patterns() = default;

const Patterns::Compiled& Patterns::compiled() const {
  std::call_once(lazy_->once, [this] {
    auto made = std::make_unique<Compiled>();
    made->singles = std::make_unique<Compiled::Single[]>(sources_.size());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      std::string error;
      if (made->set.Add(sources_[i].pattern, &error) >= 0) made->source_of.push_back(i);
      if (!error.empty()) made->errors.push_back(sources_[i].pattern + ": " + error);
    }
    if (!made->source_of.empty() && !made->set.Compile()) made->errors.push_back("set too large");
    lazy_->compiled = std::move(made);
  });
  return *lazy_->compiled;
}

Done Patterns::check() const {
  const Compiled& all = compiled();
  if (!all.errors.empty()) return Error{ErrorCode::malformed, all.errors.front()};
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (all.single(i, sources_[i].pattern).NumberOfCapturingGroups() != 1)
      return Error{ErrorCode::malformed, sources_[i].pattern + ": not exactly one group"};
  return Ok{};
}

void Patterns::match(std::string_view text, const Found& found) const {
  const Compiled& all = compiled();
  if (all.source_of.empty()) return;
  re2::StringPiece piece(text.data(), text.size());
  std::vector<int> members;
  RE2::Set::ErrorInfo failure{};
  if (!all.set.Match(piece, &members, &failure)) {
    if (failure.kind == RE2::Set::kNoError) return;
    // Out of memory for the set's automaton: ask each pattern instead.
    members.clear();
    for (std::size_t i = 0; i < all.source_of.size(); ++i) members.push_back(static_cast<int>(i));
  }
  for (int member : members) {
    std::size_t index = all.source_of[static_cast<std::size_t>(member)];
    std::string version;
    if (RE2::PartialMatch(piece, all.single(index, sources_[index].pattern), &version) &&
        !version.empty())
      found(sources_[index].row, sources_[index].version, std::move(version));
  }
}

}  // namespace fathom::signature
