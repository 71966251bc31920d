// TLS 1.2 and later over a socket. Certificates are checked against the machine's own list and a
// file of the user's, the host against the certificate.

#pragma once

#include <memory>
#include <string>

#include "net/socket.h"

namespace fathom::net {

struct TlsOptions {
  std::string ca_file;  // PEM; trusted beside the machine's own
  bool verify = true;
};

class Tls {
 public:
  // Reads the certificates. An error names the file that cannot be read.
  static Result<std::unique_ptr<Tls>> make(const TlsOptions& options);
  virtual ~Tls() = default;

  // Shakes hands as a client of `host`.
  virtual Result<std::unique_ptr<Transport>> connect(std::unique_ptr<Socket> socket,
                                                     const std::string& host, Deadline by,
                                                     Trouble& trouble) = 0;
};

}  // namespace fathom::net
