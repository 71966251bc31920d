#include "fetch/fetch.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>

#include "base/base64.h"
#include "base/digest.h"
#include "fetch/checksums.h"
#include "fetch/signature.h"

namespace fathom::fetch {
namespace {

// An Ed25519 key pair of the test's own.
class Signer {
 public:
  Signer() {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(7);
    key_ = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
  }
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  ~Signer() { EVP_PKEY_free(key_); }

  std::string sign(std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string out(64, '\0');
    std::size_t size = out.size();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return out;
  }
  std::string raw() const {
    std::string out(32, '\0');
    std::size_t size = out.size();
    EVP_PKEY_get_raw_public_key(key_, reinterpret_cast<unsigned char*>(out.data()), &size);
    return out;
  }
  std::string minisign_key() const { return base64("Ed12345678" + raw()); }
  std::string pem() const {
    return "-----BEGIN PUBLIC KEY-----\n" +
           base64(std::string("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12) + raw()) +
           "\n-----END PUBLIC KEY-----\n";
  }
  std::string minisig(std::string_view text, bool prehashed) const {
    std::string message(text);
    if (prehashed) {
      message.assign(64, '\0');
      EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(message.data()),
                 nullptr, EVP_blake2b512(), nullptr);
    }
    const std::string signature = sign(message), comment = "timestamp:1\tfile:x";
    return "untrusted comment: x\n" +
           base64((prehashed ? "ED12345678" : "Ed12345678") + signature) +
           "\ntrusted comment: " + comment + "\n" + base64(sign(signature + comment)) + "\n";
  }

 private:
  EVP_PKEY* key_;
};

TEST(Signature, AcceptsMinisignAndPlainSignaturesOfTheFileOnly) {
  const Signer signer;
  const std::string text = "advisories";
  for (const std::string& key_text : {signer.minisign_key(), signer.pem(),
                                      "untrusted comment: k\n" + signer.minisign_key() + "\n"}) {
    Result<PublicKey> key = parse_public_key(key_text);
    ASSERT_TRUE(key) << key.error().message;
    for (bool prehashed : {false, true}) {
      const std::string minisig = signer.minisig(text, prehashed);
      EXPECT_TRUE(verify_signature(*key, minisig, ByteView::of(text)));
      EXPECT_FALSE(verify_signature(*key, minisig, ByteView::of("Advisories")));
      std::string forged = minisig;
      forged.replace(forged.find("timestamp:1"), 11, "timestamp:2");
      EXPECT_FALSE(verify_signature(*key, forged, ByteView::of(text)));
      EXPECT_FALSE(
          verify_signature(*key, minisig.substr(0, minisig.size() / 2), ByteView::of(text)));
    }
    EXPECT_TRUE(verify_signature(*key, signer.sign(text), ByteView::of(text)));
    EXPECT_TRUE(verify_signature(*key, base64(signer.sign(text)), ByteView::of(text)));
    EXPECT_FALSE(verify_signature(*key, "", ByteView::of(text)));
  }
  EXPECT_FALSE(parse_public_key("RWhello"));
  EXPECT_FALSE(parse_public_key(""));
}

TEST(Signature, NamesAnotherKeyAsTheReason) {
  const Signer signer;
  Result<PublicKey> other = parse_public_key(base64("Ed87654321" + signer.raw()));
  Done done = verify_signature(*other, signer.minisig("x", true), ByteView::of("x"));
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("another key"), std::string::npos);
}

TEST(Checksums, ReadWhatSha256sumWritesAndNothingElse) {
  const std::string hex(64, 'A');
  auto sums =
      parse_checksums(hex + "  a.json\n" + hex + " *./b/c.zip\nSHA256 (d.csv) = " + hex + "\n");
  ASSERT_TRUE(sums) << sums.error().message;
  ASSERT_EQ(sums->size(), 3u);
  EXPECT_EQ((*sums)[1].name, "b/c.zip");
  EXPECT_EQ((*sums)[0].hex, std::string(64, 'a'));
  for (const char* bad : {"../a", "/etc/passwd", "a/../b", "a?b", "a//b"})
    EXPECT_FALSE(parse_checksums(hex + "  " + bad + "\n")) << bad;
  EXPECT_FALSE(parse_checksums(hex + "  a\n" + hex + "  a\n"));
  EXPECT_FALSE(parse_checksums("nothing\n"));
  EXPECT_FALSE(parse_checksums(""));
}

class Fetch : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "fathom-fetch-" + std::to_string(::getpid());
    std::filesystem::create_directories(folder_ + "/feeds/sub");
    options_.scratch = folder_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/feeds/" + name, std::ios::binary) << text;
  }
  // The names that came, or the error.
  std::string names(const std::string& place = "feeds") {
    std::string out;
    Done done = fetch(folder_ + "/" + place, options_, [&](File&& file) -> Done {
      out += std::filesystem::path(file.name).filename().string() + " ";
      return Ok{};
    });
    return done ? out : "error: " + done.error().message;
  }

  std::string folder_;
  Options options_;
};

TEST_F(Fetch, TakesTheFeedsOfAFolderInOrder) {
  write("b.json", "2");
  write("a.zip", "1");
  write("sub/c.csv.gz", "3");
  write("README.md", "no");
  EXPECT_EQ(names(), "a.zip b.json c.csv.gz ");
}

TEST_F(Fetch, ComparesWithChecksums) {
  write("a.json", "{}");
  const std::string sum = sha256_of(ByteView::of("{}")).hex;
  write("SHA256SUMS", sum + "  a.json\n");
  EXPECT_EQ(names(), "a.json ");
  write("SHA256SUMS", std::string(64, '0') + "  a.json\n");
  EXPECT_NE(names().find("its SHA-256 is " + sum), std::string::npos);
  write("a.json.sha256", std::string(64, '0') + "  a.json\n");
  EXPECT_NE(names("feeds/a.json").find("its SHA-256"), std::string::npos);
  options_.checksum = sum;
  EXPECT_EQ(names("feeds/a.json"), "a.json ");
}

TEST_F(Fetch, WantsASignatureWhenThereIsAKey) {
  const Signer signer;
  options_.key = signer.minisign_key();
  write("a.json", "{}");
  EXPECT_NE(names().find("there is no signature"), std::string::npos);
  write("a.json.minisig", signer.minisig("{}", true));
  EXPECT_EQ(names(), "a.json ");
  write("a.json.minisig", signer.minisig("{ }", true));
  EXPECT_NE(names().find("does not fit"), std::string::npos);
}

TEST_F(Fetch, RefusesWhatIsTooLarge) {
  write("a.json", std::string(2000, ' '));
  options_.limits.feed_bytes = 1000;
  EXPECT_NE(names().find("larger than the limit"), std::string::npos);
}

}  // namespace
}  // namespace fathom::fetch
