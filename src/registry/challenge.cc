#include "registry/challenge.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"

namespace fathom::registry {
namespace {

constexpr std::size_t kMostChallengeBytes = 8 * 1024;
constexpr std::size_t kMostChallenges = 8;
constexpr std::size_t kMostParameters = 16;
constexpr std::size_t kMostTokenBytes = 48 * 1024;

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// challenge = scheme 1*SP name "=" ( token / quoted-string ) *( "," … ); a comma also stands
// between challenges, so what follows it is a parameter only when a "=" comes behind its name.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Challenge> run() {
    std::vector<Challenge> found;
    while (found.size() < kMostChallenges) {
      skip_blanks_and_commas();
      const std::string scheme = to_lower(token());
      if (scheme.empty()) break;
      Challenge challenge{scheme, {}};
      if (!parameters(challenge)) break;
      found.push_back(std::move(challenge));
    }
    return found;
  }

 private:
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void skip_blanks() {
    while (at(' ') || at('\t')) ++at_;
  }
  void skip_blanks_and_commas() {
    while (at(' ') || at('\t') || at(',')) ++at_;
  }
  std::string_view token() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_token_character(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  bool parameters(Challenge& challenge) {
    for (std::size_t count = 0; count < kMostParameters; ++count) {
      const std::size_t before = at_;
      skip_blanks_and_commas();
      const std::string name = to_lower(token());
      skip_blanks();
      if (name.empty() || !at('=')) {
        at_ = before;
        return at_ == text_.size() || !name.empty() || trim(text_.substr(at_)).empty();
      }
      ++at_;
      skip_blanks();
      std::optional<std::string> value = at('"') ? quoted() : std::string(token());
      if (!value || !challenge.parameters.emplace(name, std::move(*value)).second) return false;
    }
    return false;
  }

  std::optional<std::string> quoted() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return out;
      }
      if (text_[at_] == '\\' && ++at_ == text_.size()) return std::nullopt;
      out += text_[at_];
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Challenge> parse_challenges(const std::vector<std::string_view>& values) {
  std::vector<Challenge> found;
  for (std::string_view value : values) {
    if (value.size() > kMostChallengeBytes || found.size() >= kMostChallenges) continue;
    for (Challenge& challenge : Parser(value).run()) found.push_back(std::move(challenge));
  }
  return found;
}

Result<std::string> parse_token(std::string_view text) {
  Limits limits;
  limits.json_depth = 8;
  limits.json_nodes = 1000;
  if (text.size() > kMostTokenResponse)
    return Error{ErrorCode::limit_exceeded, "the answer of the token service is too large"};
  // The parser's own words could quote what it read, and that may be half a token.
  Result<json::Value> value = json::parse(text, limits);
  if (!value) return Error{ErrorCode::malformed, "the answer of the token service is no JSON"};
  std::string_view token = (*value)["token"].text_or();
  if (token.empty()) token = (*value)["access_token"].text_or();
  const bool fits = !token.empty() && token.size() <= kMostTokenBytes &&
                    std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!fits) return Error{ErrorCode::malformed, "the answer of the token service has no token"};
  return std::string(token);
}

}  // namespace fathom::registry
