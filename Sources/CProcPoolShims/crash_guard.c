#define _GNU_SOURCE
#include "crash_guard.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A minute. A report takes about a second, or ten with a large program's symbols on a busy machine.
static const int report_limit_ms = 60000;
// The interval of checking for the worker's end if the system has no process descriptors.
static const int step_ms = 200;

// The signals that Swift's runtime reports.
static const int fatal[] = {SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};

static struct sigaction reporter;
static pid_t guarded_process;
static int coordinator_process;
static int task_pipe;
static int error_pipe;
static int32_t *crash_word;
static atomic_bool has_crashed;

// The guard process.
static _Noreturn void watch(pid_t process) {
  setpgid(0, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  prctl(PR_SET_NAME, "procpool-guard");
  // The guard must not keep the worker's other descriptors, such as locks, open after the worker
  // has ended.
  dup2(task_pipe, 0);
  bool has_coordinator = coordinator_process >= 0 && dup2(coordinator_process, 1) == 1;
  dup2(error_pipe, 2);
  syscall(SYS_close_range, 3u, ~0u, 0u);
  int worker = (int)syscall(SYS_pidfd_open, process, 0);
  // If the worker had ended before, its process identifier may belong to another process.
  bool is_its = getppid() == process;
  pid_t group = getpgid(process);
  struct pollfd watched[] = {
      {.fd = is_its ? worker : -1, .events = POLLIN},
      {.fd = has_coordinator ? 1 : -1, .events = POLLIN},
      {.fd = 0, .events = 0},  // Hang-up is always reported.
  };
  int waited = 0;
  while (waited < report_limit_ms && getppid() == process && poll(watched, 3, step_ms) <= 0) waited += step_ms;
  struct pollfd errors = {.fd = 2, .events = POLLOUT};
  // Unless writing would wait for a reader.
  if (waited >= report_limit_ms && poll(&errors, 1, 0) == 1 && errors.revents == POLLOUT) {
    static const char words[] =
        "procpool: the report of this crash did not come to an end within a minute, and was cut off\n";
    ssize_t written = write(2, words, sizeof words - 1);
    (void)written;
  }
  if (is_its) syscall(SYS_pidfd_send_signal, worker, SIGKILL, NULL, 0);
  // The worker, the processes that its tasks have started, and the backtracer.
  if (is_its && group == process) kill(-group, SIGKILL);
  _exit(0);
}

static pid_t start_guard(void) {
  // Not `fork`, which takes locks that the crashed thread may hold, and runs the handlers of
  // `pthread_atfork`.
  pid_t guard = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (guard == 0) watch(guarded_process);
  // Leaves the worker's group before the group is killed.
  if (guard > 0) setpgid(guard, guard);
  return guard;
}

// Writes text that tasks have printed without a newline. Reads it without the lock, which the
// crashed thread may hold.
static void write_text_left(void) {
#ifdef __GLIBC__
  const char *start = stdout->_IO_write_base, *end = stdout->_IO_write_ptr;
  if (start != NULL && end > start && end - start <= BUFSIZ) {
    ssize_t written = write(stdout->_fileno, start, (size_t)(end - start));
    (void)written;
  }
#endif
}

// The signal handler. Runs with all signals blocked.
static void report(int signal, siginfo_t *info, void *context) {
  sigset_t changed;
  sigemptyset(&changed);
  // The crash of a copy that a task has made with `fork` is not guarded.
  bool is_copy = getpid() != guarded_process;
  if (!is_copy && atomic_exchange(&has_crashed, true)) {
    // Another thread is reporting, which ends the process. The runtime suspends this thread by one
    // of these signals.
    sigaddset(&changed, SIGUSR1);
    sigaddset(&changed, SIGUSR2);
    sigaddset(&changed, SIGPROF);
    pthread_sigmask(SIG_UNBLOCK, &changed, NULL);
    for (;;) pause();
  }
  pid_t guard = 0;
  if (!is_copy) {
    __atomic_store_n(crash_word, signal, __ATOMIC_RELAXED);
    guard = start_guard();
    write_text_left();
  }
  // Without a guard, the crash is not reported.
  if (guard >= 0) {
    // The runtime may read unmapped memory.
    sigaddset(&changed, SIGSEGV);
    sigaddset(&changed, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &changed, NULL);
    reporter.sa_sigaction(signal, info, context);
    pthread_sigmask(SIG_BLOCK, &changed, NULL);
  }
  if (guard > 0) {
    kill(guard, SIGKILL);
    waitpid(guard, NULL, 0);
  }
  // A fault would recur when the handler returns. A signal that was sent would not, and the process
  // would continue half dead. It is delivered when the handler returns, so that a core file shows the
  // place of the crash.
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigaction(signal, &standard, NULL);
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

// Whether the runtime's handler is installed for a signal. Its address is the same for all signals;
// a program's own handlers may have other purposes.
static bool is_reported(int signal) {
  const int flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && (action.sa_flags & flags) == flags &&
         action.sa_sigaction == reporter.sa_sigaction && sigismember(&action.sa_mask, SIGUSR1) == 1 &&
         sigismember(&action.sa_mask, SIGSEGV) == 0;
}

void procpool_guard_crashes(int coordinator, int tasks, int errors, int32_t *crash) {
  // Two signals that no program ignores. Shells start background programs with SIGQUIT ignored, and
  // the runtime does not handle ignored signals.
  if (sigaction(SIGILL, NULL, &reporter) != 0 || !is_reported(SIGILL) || !is_reported(SIGTRAP)) return;
  guarded_process = getpid();
  coordinator_process = coordinator;
  task_pipe = tasks;
  error_pipe = errors;
  crash_word = crash;
  struct sigaction guarded = {.sa_sigaction = report, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigfillset(&guarded.sa_mask);
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    if (is_reported(fatal[i])) sigaction(fatal[i], &guarded, NULL);
}
