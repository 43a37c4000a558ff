#define _GNU_SOURCE
#include "crash_guard.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Reports take about a second, and with a large program's symbols on a busy machine some ten.
static const int report_limit_ms = 60000;

// Those that Swift's runtime reports.
static const int fatal[] = {SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};

static struct sigaction reporter;
static int coordinator_process;
static int task_pipe;
static int32_t *crash_word;
static atomic_bool has_crashed, is_guarded;

// The life of the guard. All its descriptors are copies, and it ends with the worker: there is nothing to close but one,
// to make room.
static _Noreturn void watch(pid_t process) {
  setpgid(0, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  prctl(PR_SET_NAME, "procpool-guard");
  close(STDIN_FILENO);
  int worker = (int)syscall(SYS_pidfd_open, process, 0);
  // If it has ended already, that may be another process.
  bool is_late = getppid() != process;
  if (is_late && worker >= 0) close(worker), worker = -1;
  struct pollfd watched[] = {
      {.fd = worker, .events = POLLIN},
      {.fd = coordinator_process, .events = POLLIN},
      {.fd = task_pipe, .events = 0},  // Hang-up is always reported.
  };
  int count;
  do {
    count = is_late ? 1 : poll(watched, sizeof watched / sizeof *watched, report_limit_ms);
  } while (count < 0 && errno == EINTR);
  if (count == 0) {
    static const char words[] =
        "procpool: the report of this crash did not come to an end within a minute, and was cut off\n";
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0) {
      // Nobody reads it any more.
    }
  }
  syscall(SYS_pidfd_send_signal, worker, SIGKILL, NULL, 0);
  // The group is the worker, the guard, and what the worker has started since it crashed: the report's author.
  kill(0, SIGKILL);
  _exit(0);
}

static void start_guard(void) {
  pid_t process = getpid();
  // Not `fork`, which takes locks that the thread which crashed may hold, and calls what others have asked it to.
  pid_t guard = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (guard == 0) watch(process);
  if (guard < 0) return;
  // A group of their own: programs that tasks have started are in the worker's.
  setpgid(guard, guard);
  setpgid(0, guard);
}

static void report(int signal, siginfo_t *info, void *context) {
  int error = errno;
  if (!atomic_exchange(&has_crashed, true)) {
    __atomic_store_n(crash_word, signal, __ATOMIC_RELAXED);
    start_guard();
    atomic_store(&is_guarded, true);
  }
  // Another thread, which has crashed as well, must not begin to report before there is a guard.
  while (!atomic_load(&is_guarded)) sched_yield();
  // From here on, what the runtime has asked for.
  sigset_t wanted;
  sigemptyset(&wanted);
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    if (!sigismember(&reporter.sa_mask, fatal[i])) sigaddset(&wanted, fatal[i]);
  pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
  errno = error;
  reporter.sa_sigaction(signal, info, context);
  // The signal's default is back, and a fault comes again when this returns. What somebody has sent does not, nor does
  // what follows some processors' breakpoints: without this the process would live on, half dead.
  if (info->si_code <= 0 || signal == SIGTRAP) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
  errno = error;
}

// Whether a handler is the runtime's, which has one for all: a program's own handlers may have other purposes.
static bool is_reported(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) != 0 &&
         action.sa_sigaction == reporter.sa_sigaction;
}

void procpool_guard_crashes(int coordinator, int tasks, int32_t *crash) {
  // Two that nobody ignores, as shells let programs in the background ignore SIGQUIT: the runtime leaves such alone.
  if (sigaction(SIGILL, NULL, &reporter) != 0 || (reporter.sa_flags & SA_SIGINFO) == 0 || !is_reported(SIGTRAP)) return;
  coordinator_process = coordinator;
  task_pipe = tasks;
  crash_word = crash;
  struct sigaction guarded = reporter;
  guarded.sa_sigaction = report;
  // Nothing more until there is a guard.
  sigfillset(&guarded.sa_mask);
  guarded.sa_flags &= ~SA_NODEFER;
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    if (is_reported(fatal[i])) sigaction(fatal[i], &guarded, NULL);
}
