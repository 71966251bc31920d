// The smallest honest program: it prints a line. Linked statically against musl and stripped, it
// still holds the parts of musl's libc that printf needs.
#include <stdio.h>
#include <time.h>

int main(int argc, char** argv) {
  const char* who = argc > 1 ? argv[1] : "world";
  printf("hello, %s, it is %.3f days since 1970\n", who, (double)time(NULL) / 86400);
  return 0;
}
