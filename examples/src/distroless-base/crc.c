// crc prints the CRC-32 of standard input, and whose zlib computed it.
#include <stdio.h>
#include <zlib.h>

int main(void) {
  static unsigned char buffer[1 << 16];
  uLong crc = crc32(0, NULL, 0);
  size_t got;
  while ((got = fread(buffer, 1, sizeof buffer, stdin)) > 0) crc = crc32(crc, buffer, (uInt)got);
  printf("%08lx zlib %s\n", crc, zlibVersion());
  return 0;
}
