#include "watchdog_signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static pid_t watched_process, watched_parent;
static int watched_pipe;

// Whether the reader of the pipe has closed it. The kernel closes a process's files before it
// reparents its children.
static int is_reader_gone(void) {
  struct pollfd poll_pipe = {.fd = watched_pipe, .events = 0};
  return getppid() != watched_parent || (poll(&poll_pipe, 1, 0) > 0 && poll_pipe.revents & POLLERR);
}

static void spare_for_watchdog(int signal) {
  if (getpid() == watched_process) {
    int error = errno;
    int is_gone = is_reader_gone();
    errno = error;
    if (is_gone) return;
  }
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigaction(signal, &standard, NULL);
  raise(signal);
}

void procpool_spare_for_watchdog(int results) {
  // Continues a stopped process when its parent ends, in any session. The signal also arrives if
  // only the parent's thread ends, which is harmless.
  prctl(PR_SET_PDEATHSIG, SIGCONT);
  watched_process = getpid();
  watched_parent = getppid();
  watched_pipe = results;
  struct sigaction handled = {.sa_handler = spare_for_watchdog, .sa_flags = SA_RESTART}, former;
  const int signals[] = {SIGHUP, SIGPIPE};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (sigaction(signals[i], NULL, &former) == 0 && former.sa_handler == SIG_DFL)
      sigaction(signals[i], &handled, NULL);
}
