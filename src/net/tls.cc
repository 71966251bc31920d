// The program is one static file and runs on any distribution, so OpenSSL's built-in places for
// configuration and certificates mean nothing: no configuration is loaded, and the certificates
// are looked for where distributions keep them.

#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace fathom::net {
namespace {

constexpr const char* kCertificateFiles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older RHEL
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",                                  // Alpine, BSD
};

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;

std::string openssl_reason(unsigned long error) {
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(error);
}

// The peer answered in something that is no TLS, or hung up on the first message.
bool is_no_tls(unsigned long error) {
  if (error == 0) return true;
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_HTTP_REQUEST:
      return true;
    default:
      return false;
  }
}

class TlsTransport : public Transport {
 public:
  TlsTransport(std::unique_ptr<Socket> socket, Session session)
      : socket_(std::move(socket)), session_(std::move(session)) {}

  Result<std::size_t> read(std::span<std::uint8_t> into, Deadline by) override {
    std::size_t n = 0;
    for (;;) {
      ERR_clear_error();
      const int ok = SSL_read_ex(session_.get(), into.data(), into.size(), &n);
      if (ok == 1) return n;
      const int why = SSL_get_error(session_.get(), ok);
      if (why == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
      TRY(wait(why, by));
    }
  }

  Done write(std::string_view bytes, Deadline by) override {
    while (!bytes.empty()) {
      std::size_t n = 0;
      ERR_clear_error();
      const int ok = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &n);
      if (ok == 1)
        bytes.remove_prefix(n);
      else
        TRY(wait(SSL_get_error(session_.get(), ok), by));
    }
    return Ok{};
  }

 private:
  Done wait(int why, Deadline by) {
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      if (wait_for(socket_->fd(), why == SSL_ERROR_WANT_WRITE, by)) return Ok{};
      return fail(Trouble::timeout, "the server sends nothing");
    }
    const unsigned long error = ERR_peek_error();
    if (why == SSL_ERROR_SYSCALL)
      return fail(Trouble::cut, std::string("the connection was cut: ") +
                                    std::strerror(errno != 0 ? errno : EPIPE));
    return fail(Trouble::cut, "the connection was cut: " + openssl_reason(error));
  }

  std::unique_ptr<Socket> socket_;
  Session session_;
};

class TlsClient : public Tls {
 public:
  Done open(const TlsOptions& options) {
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_) return Error{ErrorCode::io, "TLS cannot be set up"};
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_verify(context_.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    verify_ = options.verify;
    if (!verify_) return Ok{};
    load_system_certificates();
    if (options.ca_file.empty()) return Ok{};
    if (SSL_CTX_load_verify_file(context_.get(), options.ca_file.c_str()) != 1)
      return Error{ErrorCode::usage,
                   printable(options.ca_file) + " is no file of certificates (PEM)"};
    return Ok{};
  }

  Result<std::unique_ptr<Transport>> connect(std::unique_ptr<Socket> socket,
                                             const std::string& host, Deadline by,
                                             Trouble& trouble) override {
    Session session(SSL_new(context_.get()));
    trouble = Trouble::connect;
    if (!session) return Error{ErrorCode::io, "TLS cannot be set up"};
    SSL_set_fd(session.get(), socket->fd());
    SSL_set_hostflags(session.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (parse_address(host)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), host.c_str());
    } else {
      SSL_set1_host(session.get(), host.c_str());
      SSL_set_tlsext_host_name(session.get(), host.c_str());
    }
    TRY(shake_hands(*session, *socket, host, by, trouble));
    trouble = Trouble::none;
    return std::unique_ptr<Transport>(new TlsTransport(std::move(socket), std::move(session)));
  }

 private:
  void load_system_certificates() {
    const char* named = std::getenv("SSL_CERT_FILE");
    if (named != nullptr && *named != '\0') {
      (void)SSL_CTX_load_verify_file(context_.get(), named);
      return;
    }
    for (const char* file : kCertificateFiles)
      if (::access(file, R_OK) == 0 && SSL_CTX_load_verify_file(context_.get(), file) == 1) return;
  }

  Done shake_hands(SSL& session, const Socket& socket, const std::string& host, Deadline by,
                   Trouble& trouble) {
    for (;;) {
      ERR_clear_error();
      const int ok = SSL_connect(&session);
      if (ok == 1) return Ok{};
      const int why = SSL_get_error(&session, ok);
      const bool again = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
      if (!again) return explain(session, host, trouble);
      if (wait_for(socket.fd(), why == SSL_ERROR_WANT_WRITE, by)) continue;
      trouble = Trouble::timeout;
      return Error{ErrorCode::io, "the TLS handshake with " + printable(host) + " takes too long"};
    }
  }

  Error explain(SSL& session, const std::string& host, Trouble& trouble) const {
    const long verdict = SSL_get_verify_result(&session);
    if (verify_ && verdict != X509_V_OK) {
      trouble = Trouble::certificate;
      const bool unknown = verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                           verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
                           verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
                           verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
      return {ErrorCode::io, "the certificate of " + printable(host) +
                                 " is not trusted: " + X509_verify_cert_error_string(verdict) +
                                 (unknown ? "; name its authority with --ca-file" : "")};
    }
    const unsigned long error = ERR_peek_error();
    trouble = is_no_tls(error) ? Trouble::not_tls : Trouble::cut;
    if (error == 0)
      return {ErrorCode::io, printable(host) + " ended the connection in the TLS handshake"};
    return {ErrorCode::io, "TLS with " + printable(host) + " fails: " + openssl_reason(error)};
  }

  Context context_;
  bool verify_ = true;
};

}  // namespace

Result<std::unique_ptr<Tls>> Tls::make(const TlsOptions& options) {
  auto client = std::make_unique<TlsClient>();
  TRY(client->open(options));
  return std::unique_ptr<Tls>(std::move(client));
}

}  // namespace fathom::net
