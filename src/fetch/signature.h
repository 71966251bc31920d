// Ed25519 signatures of files, in the forms that minisign and OpenSSL write. The texts are short,
// foreign, and what they decide, whether a file is to be trusted, is the parent's to decide; so
// they are read here, strictly, and fuzzed. Source:
// https://jedisct1.github.io/minisign/#signature-format, RFC 8032, RFC 8410.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fathom::fetch {

struct PublicKey {
  std::array<std::uint8_t, 32> key{};
  std::optional<std::array<std::uint8_t, 8>> id;  // minisign's; none of a PEM key
};

// minisign's public key (the file, or its line beginning with RW), or a PEM SubjectPublicKeyInfo of
// an Ed25519 key.
Result<PublicKey> parse_public_key(std::string_view text);

// `signature` is a .minisig file (plain or prehashed; its trusted comment is checked too), or the
// 64 bytes of a plain Ed25519 signature, as they are or in base64.
Done verify_signature(const PublicKey& key, std::string_view signature, ByteView content);

}  // namespace fathom::fetch
