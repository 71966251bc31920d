#include "fetch/signature.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/base64.h"
#include "base/text.h"

namespace fathom::fetch {
namespace {

constexpr std::size_t kKeyBytes = 32, kSignatureBytes = 64, kIdBytes = 8;
constexpr std::string_view kPlain = "Ed", kPrehashed = "ED";
constexpr std::string_view kTrusted = "trusted comment: ";

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

template <std::size_t N>
std::array<std::uint8_t, N> bytes_at(std::string_view text, std::size_t at) {
  std::array<std::uint8_t, N> out{};
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), N, out.begin());
  return out;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) { return ByteView::of(text).span(); }

bool verifies(const PublicKey& key, std::string_view signature,
              std::span<const std::uint8_t> content) {
  std::unique_ptr<EVP_PKEY, FreeKey> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.key.data(), key.key.size()));
  std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (!pkey || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature).data(), signature.size(),
                          content.data(), content.size()) == 1;
}

std::array<std::uint8_t, 64> blake2b(ByteView content) {
  std::array<std::uint8_t, 64> out{};
  EVP_Digest(content.span().data(), content.size(), out.data(), nullptr, EVP_blake2b512(), nullptr);
  return out;
}

Result<PublicKey> parse_pem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----",
                             kEnd = "-----END PUBLIC KEY-----";
  // SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes (RFC 8410).
  constexpr std::string_view kPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
  const std::size_t end = text.find(kEnd);
  if (end == text.npos) return wrong("a PEM key that does not end");
  std::string digits;
  for (char c : text.substr(kBegin.size(), end - kBegin.size()))
    if (c != '\n' && c != '\r') digits += c;
  std::optional<std::string> der = from_base64(digits);
  if (!der || der->size() != kPrefix.size() + kKeyBytes || !der->starts_with(kPrefix))
    return wrong("not the PEM of an Ed25519 public key");
  return PublicKey{bytes_at<kKeyBytes>(*der, kPrefix.size()), std::nullopt};
}

Done verify_minisign(const PublicKey& key, std::string_view text, ByteView content) {
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.size() < 4 || !lines[2].starts_with(kTrusted))
    return wrong("not the four lines of a minisign signature");
  const std::optional<std::string> first = from_base64(lines[1]);
  const std::optional<std::string> global = from_base64(lines[3]);
  if (!first || !global || first->size() != 2 + kIdBytes + kSignatureBytes ||
      global->size() != kSignatureBytes)
    return wrong("a minisign signature of the wrong size");
  const std::string_view algorithm = std::string_view(*first).substr(0, 2);
  if (algorithm != kPlain && algorithm != kPrehashed)
    return Error{ErrorCode::unsupported, "a minisign signature of an unknown algorithm"};
  if (key.id && *key.id != bytes_at<kIdBytes>(*first, 2))
    return wrong("signed with another key than the one given");
  const std::string_view signature = std::string_view(*first).substr(2 + kIdBytes);
  const std::array<std::uint8_t, 64> hash =
      algorithm == kPrehashed ? blake2b(content) : std::array<std::uint8_t, 64>{};
  const std::span<const std::uint8_t> message =
      algorithm == kPrehashed ? std::span<const std::uint8_t>(hash) : content.span();
  if (!verifies(key, signature, message)) return wrong("the signature does not fit the file");
  const std::string signed_comment =
      std::string(signature) + std::string(lines[2].substr(kTrusted.size()));
  if (!verifies(key, *global, bytes_of(signed_comment)))
    return wrong("the signature does not fit its trusted comment");
  return Ok{};
}

}  // namespace

Result<PublicKey> parse_public_key(std::string_view text) {
  text = trim(text);
  if (text.starts_with("-----BEGIN PUBLIC KEY-----")) return parse_pem(text);
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.empty()) return wrong("an empty key");
  const std::optional<std::string> bytes = from_base64(trim(lines.back()));
  if (!bytes || bytes->size() != 2 + kIdBytes + kKeyBytes || !bytes->starts_with(kPlain))
    return wrong("neither a minisign public key nor the PEM of an Ed25519 key");
  return PublicKey{bytes_at<kKeyBytes>(*bytes, 2 + kIdBytes), bytes_at<kIdBytes>(*bytes, 2)};
}

Done verify_signature(const PublicKey& key, std::string_view signature, ByteView content) {
  if (signature.starts_with("untrusted comment:")) return verify_minisign(key, signature, content);
  std::string raw(signature);
  if (raw.size() != kSignatureBytes) raw = from_base64(trim(signature)).value_or("");
  if (raw.size() != kSignatureBytes) return wrong("neither a minisign nor an Ed25519 signature");
  if (!verifies(key, raw, content.span())) return wrong("the signature does not fit the file");
  return Ok{};
}

}  // namespace fathom::fetch
