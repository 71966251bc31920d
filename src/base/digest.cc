#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cassert>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/text.h"

namespace fathom {

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

namespace {

// The library would read its configuration file at first use: digests need none, and the confined
// child may not open any.
const EVP_MD* evp_of(std::string_view algorithm) {
  [[maybe_unused]] static const int initialised =
      OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  if (algorithm == "sha256") return EVP_sha256();
  if (algorithm == "sha512") return EVP_sha512();
  if (algorithm == "sha1") return EVP_sha1();
  if (algorithm == "md5") return EVP_md5();
  return nullptr;
}

std::string hex_of(std::string_view algorithm, ByteView bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish_hex();
}

}  // namespace

Hasher::Hasher(std::string_view algorithm) : state_(std::make_unique<State>()) {
  const EVP_MD* md = evp_of(algorithm);
  assert(md != nullptr);
  EVP_DigestInit_ex(state_->context, md, nullptr);
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(ByteView bytes) {
  EVP_DigestUpdate(state_->context, bytes.span().data(), bytes.size());
}

std::string Hasher::finish_hex() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, out.data(), &size);
  return to_hex(ByteView(std::span(out).first(size)));
}

Result<Digest> parse_digest(std::string_view text) {
  std::size_t colon = text.find(':');
  if (colon == text.npos)
    return Error{ErrorCode::malformed, "digest \"" + printable(text) + "\" has no algorithm"};
  Digest digest{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  std::size_t want = digest.algorithm == "sha256" ? 64 : digest.algorithm == "sha512" ? 128 : 0;
  if (want == 0)
    return Error{ErrorCode::unsupported,
                 "digest algorithm \"" + printable(digest.algorithm) + "\" is not known"};
  bool is_hex = digest.hex.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (digest.hex.size() != want || !is_hex)
    return Error{ErrorCode::malformed, "digest \"" + printable(text) + "\" is not " +
                                           std::to_string(want) + " lower-case hex digits"};
  return digest;
}

Digest sha256_of(ByteView bytes) { return {"sha256", hex_of("sha256", bytes)}; }
std::uint64_t xxh3_of(ByteView bytes) { return XXH3_64bits(bytes.span().data(), bytes.size()); }

}  // namespace fathom
