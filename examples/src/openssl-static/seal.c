// seal compresses standard input (zlib), prints the SHA-256 of both forms and, when given a host
// and port, sends the compressed form there over TLS.
//
//   seal < file              digests and sizes
//   seal example.com 443 < file
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { kMost = 64 << 20 };

struct bytes {
  unsigned char* at;
  size_t size;
};

static void die(const char* what) {
  fprintf(stderr, "seal: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static struct bytes read_all(FILE* in) {
  struct bytes b = {malloc(1 << 16), 0};
  size_t room = 1 << 16, got;
  while (b.at && (got = fread(b.at + b.size, 1, room - b.size, in)) > 0) {
    b.size += got;
    if (b.size > kMost) die("more than 64 MiB");
    if (b.size == room) b.at = realloc(b.at, room *= 2);
  }
  if (!b.at) die("out of memory");
  return b;
}

static struct bytes deflate_all(struct bytes plain) {
  uLongf size = compressBound(plain.size);
  struct bytes b = {malloc(size), 0};
  if (!b.at || compress2(b.at, &size, plain.at, plain.size, 9) != Z_OK) die("zlib failed");
  b.size = size;
  return b;
}

static void check_round_trip(struct bytes plain, struct bytes small) {
  uLongf size = plain.size;
  unsigned char* back = malloc(size ? size : 1);
  if (!back || uncompress(back, &size, small.at, small.size) != Z_OK || size != plain.size ||
      memcmp(back, plain.at, size) != 0)
    die("what was compressed does not decompress");
  free(back);
}

static void print_digest(const char* name, struct bytes b) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (!EVP_Digest(b.at, b.size, digest, &length, EVP_sha256(), NULL)) die("SHA-256 failed");
  printf("%s %zu ", name, b.size);
  for (unsigned int i = 0; i < length; i++) printf("%02x", digest[i]);
  printf("\n");
}

static void send_over_tls(const char* host, const char* port, struct bytes b) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) die("no TLS context");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_default_verify_paths(context);
  BIO* connection = BIO_new_ssl_connect(context);
  SSL* ssl = NULL;
  BIO_get_ssl(connection, &ssl);
  SSL_set_tlsext_host_name(ssl, host);
  SSL_set1_host(ssl, host);
  BIO_set_conn_hostname(connection, host);
  BIO_set_conn_port(connection, port);
  if (BIO_do_connect(connection) <= 0 || BIO_do_handshake(connection) <= 0) die("cannot connect");
  if (BIO_write(connection, b.at, (int)b.size) != (int)b.size) die("cannot send");
  BIO_free_all(connection);
  SSL_CTX_free(context);
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("%s, zlib %s\n", OpenSSL_version(OPENSSL_VERSION), zlibVersion());
    return 0;
  }
  struct bytes plain = read_all(stdin);
  struct bytes small = deflate_all(plain);
  check_round_trip(plain, small);
  print_digest("plain", plain);
  print_digest("deflated", small);
  if (argc == 3) send_over_tls(argv[1], argv[2], small);
  return 0;
}
