/* The process that holds a pod's namespaces: waits until it is told to end. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void end(int signal) { _exit(signal == SIGINT || signal == SIGTERM ? 0 : 1); }

int main(void) {
  signal(SIGINT, end);
  signal(SIGTERM, end);
  for (;;) pause();
}
