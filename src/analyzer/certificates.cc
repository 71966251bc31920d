// X.509 certificates in PEM (RFC 7468), one or a whole bundle, read by OpenSSL. Their public keys
// are not looked at: what counts here is who they are and until when they hold.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "analyzer/analyzer.h"
#include "analyzer/line_reader.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kTrusted = "-----BEGIN TRUSTED CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END ";
constexpr std::uint64_t kMostDer = 64 * kKiB;  // of one certificate

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Owned = std::unique_ptr<X509, Free>;

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// RFC 2253, most specific part first, UTF-8.
std::string name_text(const X509_NAME* name) {
  std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  if (size <= 0 || data == nullptr) return {};
  return utf8_or_escaped(std::string_view(data, static_cast<std::size_t>(size)).substr(0, 512));
}

std::optional<Certificate> read_der(ByteView der) {
  if (der.size() > kMostDer) return std::nullopt;
  const unsigned char* at = der.span().data();
  Owned x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!x509) return std::nullopt;
  // A trusted certificate has OpenSSL's own settings behind it.
  const std::uint64_t used = static_cast<std::uint64_t>(at - der.span().data());
  Certificate out;
  out.subject = name_text(X509_get_subject_name(x509.get()));
  out.not_before = time_text(X509_get0_notBefore(x509.get()));
  out.not_after = time_text(X509_get0_notAfter(x509.get()));
  out.authority = X509_check_ca(x509.get()) != 0;
  Hasher hasher("sha256");
  hasher.update(der.clamped(0, used));
  out.sha256 = hasher.finish_hex();
  ERR_clear_error();
  return out;
}

std::optional<Bytes> from_pem(std::string_view body) {
  Bytes out(body.size() / 4 * 3 + 8);
  EVP_ENCODE_CTX* context = EVP_ENCODE_CTX_new();
  if (context == nullptr) return std::nullopt;
  EVP_DecodeInit(context);
  int size = 0, rest = 0;
  const bool good = EVP_DecodeUpdate(context, out.data(), &size, ByteView::of(body).span().data(),
                                     static_cast<int>(body.size())) >= 0 &&
                    EVP_DecodeFinal(context, out.data() + size, &rest) >= 0;
  EVP_ENCODE_CTX_free(context);
  if (!good) return std::nullopt;
  out.resize(static_cast<std::size_t>(size + rest));
  return out;
}

Done run(const FileInput& in, FileFacts& facts) {
  AuditFacts& audit = facts.audit;
  const std::string_view text = in.bytes.as_text();
  LineReader lines(text);
  std::size_t begin = 0;
  std::uint64_t begin_line = 0;
  while (lines.next()) {
    if (lines.line() == kBegin || lines.line() == kTrusted) {
      if (begin != 0) ++audit.unread_certificates;
      begin = lines.offset() + lines.line().size();
      begin_line = lines.number();
      continue;
    }
    if (begin == 0 || !lines.line().starts_with(kEnd)) continue;
    const std::string_view body = text.substr(begin, lines.offset() - begin);
    begin = 0;
    std::optional<Certificate> certificate;
    if (body.size() <= 2 * kMostDer)
      if (const std::optional<Bytes> der = from_pem(body)) certificate = read_der(*der);
    if (!certificate) {
      ++audit.unread_certificates;
      continue;
    }
    certificate->line = begin_line;
    if (audit.certificates.size() < AuditFacts::kMostCertificates)
      audit.certificates.push_back(std::move(*certificate));
    else
      ++audit.unread_certificates;
  }
  if (begin != 0) ++audit.unread_certificates;
  return Ok{};
}

}  // namespace

extern const FileAnalyzer certificates = {
    .name = "certificates",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "X.509 certificates in PEM",
    .wants =
        [](const FileInput& in) {
          const std::string_view text = in.bytes.as_text();
          return in.kind == FileKind::text &&
                 (text.find(kBegin) != text.npos || text.find(kTrusted) != text.npos);
        },
    .run = run,
};

}  // namespace fathom
