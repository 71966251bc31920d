// A credential is recognised by its issuer's prefix, the letters behind it, and what the form
// itself proves. GitHub and npm end theirs with a CRC-32 in base 62, age keys are Bech32, private
// keys are DER that parses. Where a form proves nothing the row says whether its prefix is enough.
// Randomness alone says nothing here: hashes, identifiers and compressed data are random too. It
// only takes away what no generator makes, such as "xxxx" and "EXAMPLE".
//
// All prefixes are looked for in one pass.

#include "analyzer/secrets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include "analyzer/analyzer.h"
#include "base/needles.h"
#include "base/text.h"
#include "elf/data_ranges.h"
#include "json/value.h"

namespace fathom {

extern const std::string_view kSecretsTsv;

namespace {

constexpr std::size_t kShown = 4;              // characters of a credential behind its prefix
constexpr std::uint64_t kMostPem = 64 * kKiB;  // of one armoured key
constexpr double kLeastEntropy = 2.5;          // bits a character; "xxxxxxxx" has 0

struct Form {
  std::string_view id, prefix, set, check;
  std::size_t least = 0, most = 0;
  bool settings_only = false;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }

bool in_set(std::string_view set, char c) {
  if (set == "alnum") return is_alnum(c);
  if (set == "word") return is_alnum(c) || c == '_';
  if (set == "word-dash") return is_alnum(c) || c == '_' || c == '-';
  if (set == "word-dash-dot") return is_alnum(c) || c == '_' || c == '-' || c == '.';
  if (set == "alnum-dash") return is_alnum(c) || c == '-';
  if (set == "hex") return is_digit(c) || (c >= 'a' && c <= 'f');
  if (set == "base32") return is_upper(c) || (c >= '2' && c <= '7');
  if (set == "upper-alnum") return is_upper(c) || is_digit(c);
  if (set == "base64") return is_alnum(c) || c == '+' || c == '/' || c == '=';
  if (set == "url") return c > 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '<' && c != '>';
  return set == "any";
}

struct Forms {
  std::vector<Form> all;
  std::vector<std::string_view> in_files, in_settings;  // prefixes
};

// The table is ours: a row that does not read would be seen by the test of the data.
Forms read_forms() {
  Forms forms;
  for (std::string_view line : lines_of(kSecretsTsv)) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> c = split(line, '\t');
    if (c.size() != 8 || c[1].size() < 2) continue;
    forms.all.push_back(
        {c[0], c[1], c[2], c[5], static_cast<std::size_t>(parse_unsigned(c[3]).value_or(0)),
         static_cast<std::size_t>(parse_unsigned(c[4]).value_or(0)), c[6] == "settings"});
    forms.in_settings.push_back(c[1]);
    if (!forms.all.back().settings_only) forms.in_files.push_back(c[1]);
  }
  return forms;
}

// ---- Checks

std::uint32_t crc32_of(std::string_view text) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

// The last six characters are the CRC-32 of those before, in base 62.
bool has_crc32(std::string_view body) {
  constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  if (body.size() <= 6) return false;
  std::uint64_t stated = 0;
  for (char c : body.substr(body.size() - 6)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) return false;
    stated = stated * 62 + digit;
  }
  return stated == crc32_of(body.substr(0, body.size() - 6));
}

// BIP 173, with the human-readable part "age-secret-key-".
bool is_bech32(std::string_view body) {
  constexpr std::string_view kDigits = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
  constexpr std::string_view kPart = "age-secret-key-";
  constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                          0x2a1462b3};
  std::uint32_t sum = 1;
  const auto add = [&](std::uint32_t value) {
    const std::uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (std::size_t i = 0; i < std::size(kGenerator); ++i)
      if ((top >> i & 1) != 0) sum ^= kGenerator[i];
  };
  for (char c : kPart) add(static_cast<unsigned char>(c) >> 5);
  add(0);
  for (char c : kPart) add(static_cast<unsigned char>(c) & 31);
  for (char c : body) {
    const std::size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) return false;
    add(static_cast<std::uint32_t>(digit));
  }
  return sum == 1;
}

// Both alphabets, padding and line ends left out; nothing for other characters.
std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0, count = 0;
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == '=' || c == ' ' || c == '\t') continue;
    std::uint32_t value = 0;
    if (is_upper(c))
      value = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (is_digit(c))
      value = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '+' || c == '-')
      value = 62;
    else if (c == '/' || c == '_')
      value = 63;
    else
      return std::nullopt;
    bits = (bits & 0xffffff) << 6 | value;
    if (++count % 4 != 1) out += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xff);
  }
  return out;
}

// Header and claims are JSON objects, the header names an algorithm, and there is a signature.
bool is_jwt(std::string_view token) {
  const std::vector<std::string_view> parts = split(token, '.');
  if (parts.size() != 3 || parts[2].size() < 20) return false;
  const auto header = from_base64(parts[0]), claims = from_base64(parts[1]);
  if (!header || !claims) return false;
  Result<json::Value> h = json::parse(*header), c = json::parse(*claims);
  return h && c && h->has("alg") && c->object() != nullptr && c->object()->size() >= 2;
}

// The first 40 bits of what follows the prefix carry the account, which has twelve decimal digits.
bool has_aws_account(std::string_view body) {
  std::uint64_t bits = 0;
  for (char c : body.substr(0, 8))
    bits = bits << 5 | static_cast<std::uint64_t>(is_upper(c) ? c - 'A' : c - '2' + 26);
  const std::uint64_t account = bits >> 7 & 0xffffffff;
  return account != 0;
}

// An access key is a name; the credential is the 40 characters that belong to it and stand nearby.
bool has_aws_secret(std::string_view around) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= around.size(); ++i) {
    const bool fits = i < around.size() && (in_set("base64", around[i]) && around[i] != '=');
    if (fits) {
      ++run;
      continue;
    }
    if (run == 40) {
      const std::string_view text = around.substr(i - 40, 40);
      const bool mixed = std::ranges::any_of(text, is_upper) &&
                         std::ranges::any_of(text, is_digit) &&
                         std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
      if (mixed) return true;
    }
    run = 0;
  }
  return false;
}

bool is_slack(std::string_view body) {
  const std::vector<std::string_view> parts = split(body, '-');
  return parts.size() >= 3 && parts[0].size() >= 10 && std::ranges::all_of(parts[0], is_digit) &&
         parts[1].size() >= 10 && std::ranges::all_of(parts[1], is_digit) &&
         parts.back().size() >= 20;
}

// user:password@host; what is filled in at run time ("${PASSWORD}", "$TOKEN") is none.
bool has_url_password(std::string_view rest) {
  const std::size_t at = rest.find('@');
  const std::size_t end = rest.find_first_of("/?#");
  if (at == rest.npos || at > end) return false;
  const std::string_view user = rest.substr(0, at);
  const std::size_t colon = user.find(':');
  if (colon == user.npos) return false;
  const std::string_view password = user.substr(colon + 1);
  return password.size() >= 4 && password.find_first_of("$<{*%[(") == password.npos;
}

// ---- Private keys

// Enough DER to say whether a key is there: nested elements with definite lengths.
class Der {
 public:
  explicit Der(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  // The next element's content when it has this tag.
  std::optional<std::string_view> take(unsigned tag) {
    if (rest_.size() < 2 || static_cast<unsigned char>(rest_[0]) != tag) return std::nullopt;
    std::uint64_t size = static_cast<unsigned char>(rest_[1]);
    std::size_t at = 2;
    if (size >= 0x80) {
      const std::size_t count = size & 0x7f;
      if (count == 0 || count > 4 || rest_.size() < 2 + count) return std::nullopt;
      size = 0;
      for (; at < 2 + count; ++at) size = size << 8 | static_cast<unsigned char>(rest_[at]);
    }
    if (size > rest_.size() - at) return std::nullopt;
    const std::string_view content = rest_.substr(at, size);
    rest_.remove_prefix(at + size);
    return content;
  }

 private:
  std::string_view rest_;
};

constexpr unsigned kInteger = 0x02, kOctets = 0x04, kSequence = 0x30;

enum class Key { none, open, sealed };

// RFC 8017 (RSA), RFC 5915 (EC), RFC 5958 (PKCS #8, plain and encrypted).
Key read_der_key(std::string_view label, std::string_view bytes) {
  const auto outer = Der(bytes).take(kSequence);
  if (!outer) return Key::none;
  Der der(*outer);
  if (label == "ENCRYPTED PRIVATE KEY") {
    const auto algorithm = der.take(kSequence), content = der.take(kOctets);
    return algorithm && content && content->size() >= 16 ? Key::sealed : Key::none;
  }
  if (!der.take(kInteger)) return Key::none;
  if (label == "EC PRIVATE KEY") {
    const auto scalar = der.take(kOctets);
    return scalar && scalar->size() >= 16 ? Key::open : Key::none;
  }
  if (label == "PRIVATE KEY") {
    const auto algorithm = der.take(kSequence), content = der.take(kOctets);
    return algorithm && content && content->size() >= 16 ? Key::open : Key::none;
  }
  std::size_t integers = 1;
  while (der.take(kInteger)) ++integers;
  return integers >= (label == "DSA PRIVATE KEY" ? 6U : 9U) && der.at_end() ? Key::open : Key::none;
}

// "openssh-key-v1", NUL, then the cipher's name with its length.
Key read_openssh_key(std::string_view bytes) {
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  if (!bytes.starts_with(kMagic) || bytes.size() < 100) return Key::none;
  const std::string_view cipher = bytes.substr(kMagic.size());
  return cipher.starts_with(std::string_view("\0\0\0\4none", 8)) ? Key::open : Key::sealed;
}

struct Armoured {
  Key key = Key::none;
  std::string label;
};

// Behind "-----BEGIN ": the label, five dashes, headers, base 64, the end line. Inside a JSON text
// the line ends are written as \n.
Armoured read_armoured(std::string_view rest) {
  rest = rest.substr(0, kMostPem);
  const std::size_t dashes = rest.find("-----");
  if (dashes == rest.npos || dashes > 40) return {};
  Armoured out{Key::none, std::string(rest.substr(0, dashes))};
  if (!out.label.ends_with("PRIVATE KEY")) return {};
  const std::size_t end = rest.find("-----END " + out.label);
  if (end == rest.npos) return {};
  std::string body(rest.substr(dashes + 5, end - dashes - 5));
  for (std::size_t at = body.find("\\n"); at != body.npos; at = body.find("\\n", at))
    body.replace(at, 2, "\n");
  const bool sealed = body.find("Proc-Type: 4,ENCRYPTED") != body.npos;
  if (const std::size_t blank = body.find("\n\n"); sealed && blank != body.npos)
    body.erase(0, blank);
  const std::optional<std::string> bytes = from_base64(body);
  if (!bytes) return {};
  if (sealed) {
    out.key = bytes->size() >= 64 ? Key::sealed : Key::none;
  } else {
    out.key = out.label == "OPENSSH PRIVATE KEY" ? read_openssh_key(*bytes)
                                                 : read_der_key(out.label, *bytes);
  }
  return out;
}

// ---- The scan

double entropy_of(std::string_view text) {
  std::array<double, 256> counts{};
  for (char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (double count : counts)
    if (count > 0)
      bits -= count / static_cast<double>(text.size()) *
              std::log2(count / static_cast<double>(text.size()));
  return bits;
}

bool is_placeholder(std::string_view body) {
  const std::string lower = to_lower(body);
  for (const char* word :
       {"example", "xxxx", "your", "123456789", "abcdefgh", "0000000", "placeholder"})
    if (lower.find(word) != lower.npos) return true;
  return entropy_of(body) < kLeastEntropy;
}

struct Match {
  std::size_t size = 0;
  bool checked = false, sealed = false, hint = false;
  std::string seen;
};

std::optional<Match> match(const Form& form, std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at + form.prefix.size());
  if (form.check == "pem-key") {
    const Armoured armoured = read_armoured(rest);
    if (armoured.key == Key::none) return std::nullopt;
    return Match{form.prefix.size(), true, armoured.key == Key::sealed, false,
                 std::string(form.prefix) + armoured.label + "-----"};
  }
  if (at > 0 && form.check != "url-password" && (is_alnum(text[at - 1]) || text[at - 1] == '_'))
    return std::nullopt;
  std::size_t size = 0;
  while (size < rest.size() && size <= form.most && in_set(form.set, rest[size])) ++size;
  while (size > form.most && form.check == "url-password") --size;
  if (size < form.least || size > form.most) return std::nullopt;
  const std::string_view body = rest.substr(0, size);
  Match out{form.prefix.size() + size, false, false, false, {}};
  if (form.check == "url-password") {
    if (!has_url_password(body)) return std::nullopt;
    out.seen = "://" + printable(body.substr(0, body.find(':'))) + ":…@" +
               printable(body.substr(body.find('@') + 1).substr(0, 60));
    return out;
  }
  if (is_placeholder(body)) return std::nullopt;
  if (form.check == "crc32") out.checked = has_crc32(body);
  if (form.check == "bech32") out.checked = is_bech32(body);
  if (form.check == "jwt") out.checked = is_jwt(text.substr(at, out.size));
  if (form.check == "slack") out.checked = is_slack(body);
  if (form.check == "sendgrid") out.checked = body[22] == '.' && body.find('.', 23) == body.npos;
  if (form.check == "base64-64") {
    const auto bytes = from_base64(body);
    out.checked = bytes && bytes->size() == 64;
  }
  if (form.check == "aws") {
    const std::size_t from = at > 300 ? at - 300 : 0;
    out.checked = has_aws_account(body) && has_aws_secret(text.substr(from, 700));
    out.hint = !out.checked && has_aws_account(body);
  }
  if (form.check == "jwt" && out.checked) out.hint = true;  // meant to be shown, and short-lived
  if (form.check == "hint") out.hint = true;
  if (!out.checked && !out.hint && form.check != "sure") return std::nullopt;
  out.seen = std::string(form.prefix) + std::string(body.substr(0, kShown)) + "… (" +
             std::to_string(out.size) + " characters)";
  return out;
}

class Scan {
 public:
  Scan(std::string_view text, SecretScope scope) : text_(text), scope_(scope) {}

  std::vector<SecretSighting> run() {
    static const Forms kForms = read_forms();
    static const Needles kInFiles(kForms.in_files), kInSettings(kForms.in_settings);
    const Needles& prefixes = scope_ == SecretScope::settings ? kInSettings : kInFiles;
    for (std::size_t at = prefixes.next(text_);
         at != text_.npos && out_.size() < AuditFacts::kMostSecrets; at = prefixes.next(text_, at))
      at += std::max<std::size_t>(1, look(kForms, at));
    return std::move(out_);
  }

 private:
  std::size_t look(const Forms& forms, std::size_t at) {
    for (const Form& form : forms.all) {
      if (!text_.substr(at).starts_with(form.prefix)) continue;
      if (form.settings_only && scope_ != SecretScope::settings) continue;
      const std::optional<Match> found = match(form, text_, at);
      if (!found || (scope_ == SecretScope::binary && found->hint)) continue;
      SecretSighting sighting;
      sighting.rule = form.id;
      sighting.place = place_of(at);
      sighting.seen = found->seen;
      sighting.checked = !found->hint;
      sighting.sealed = found->sealed;
      out_.push_back(std::move(sighting));
      return found->size;
    }
    return 0;
  }

  Place place_of(std::size_t at) {
    if (scope_ == SecretScope::binary) return Place::at_offset(at);
    line_ += static_cast<std::uint64_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                   text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted_ = at;
    return Place::at_line(line_);
  }

  std::string_view text_;
  SecretScope scope_;
  std::vector<SecretSighting> out_;
  std::uint64_t line_ = 1;
  std::size_t counted_ = 0;  // line_ is the line of this position
};

// Of a part of a compiled file that stands at `offset` of it.
void add_secrets(ByteView part, std::uint64_t offset, std::vector<SecretSighting>& out) {
  for (SecretSighting& sighting : find_secrets(part, SecretScope::binary)) {
    if (out.size() >= AuditFacts::kMostSecrets) return;
    sighting.place.value += offset;
    out.push_back(std::move(sighting));
  }
}

}  // namespace

std::vector<SecretSighting> find_secrets(ByteView bytes, SecretScope scope) {
  return Scan(bytes.as_text(), scope).run();
}

extern const FileAnalyzer secrets = {
    .name = "secrets",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "credentials, by the forms of their issuers",
    .wants =
        [](const FileInput& in) { return in.kind != FileKind::archive && in.bytes.size() >= 16; },
    .run = [](const FileInput& in, FileFacts& facts) -> Done {
      if (in.elf != nullptr) {
        for (const elf::FileRange& range : elf::data_ranges(*in.elf))
          add_secrets(in.bytes.clamped(range.offset, range.size), range.offset,
                      facts.audit.secrets);
        return Ok{};
      }
      const bool text =
          in.kind == FileKind::text || in.kind == FileKind::script || in.kind == FileKind::unknown;
      facts.audit.secrets = find_secrets(in.bytes, text ? SecretScope::text : SecretScope::binary);
      return Ok{};
    },
};

}  // namespace fathom
