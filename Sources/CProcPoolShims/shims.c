#define _GNU_SOURCE
#include "shims.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Whether this process is a fork of a worker, made by a task.
static volatile sig_atomic_t is_copy;

int procpool_pipe_cloexec(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int procpool_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int procpool_seal_size(int descriptor) {
  return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int procpool_open_path(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

int procpool_open_nameless(const char *directory) { return open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }

int procpool_wipe_in_copies(void *base, size_t count) { return madvise(base, count, MADV_WIPEONFORK); }

int procpool_populate(void *base, size_t count, int writes) {
  // MADV_POPULATE_READ and MADV_POPULATE_WRITE, since Linux 5.14; older headers do not declare
  // them.
  return madvise(base, count, writes ? 23 : 22);
}

int procpool_terminal_width(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int procpool_pipe_capacity(int descriptor) { return fcntl(descriptor, F_GETPIPE_SZ); }

int procpool_set_pipe_capacity(int descriptor, int bytes) { return fcntl(descriptor, F_SETPIPE_SZ, bytes); }

int procpool_mark_others_close_on_exec(unsigned first) {
  // CLOSE_RANGE_CLOEXEC is 1 << 2, since Linux 5.11; older headers do not declare it, and older
  // kernels lack the call.
  return (int)syscall(SYS_close_range, first, ~0u, 1u << 2);
}

int procpool_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

const uint32_t procpool_epoll_in = EPOLLIN, procpool_epoll_out = EPOLLOUT, procpool_epoll_hangup = EPOLLHUP | EPOLLERR;

int procpool_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int epoll_change(int epoll, int operation, int descriptor, uint32_t mask, uint64_t token) {
  struct epoll_event event = {.events = mask, .data.u64 = token};
  return epoll_ctl(epoll, operation, descriptor, &event);
}

int procpool_epoll_add(int epoll, int descriptor, uint32_t mask, uint64_t token) {
  return epoll_change(epoll, EPOLL_CTL_ADD, descriptor, mask, token);
}

int procpool_epoll_modify(int epoll, int descriptor, uint32_t mask, uint64_t token) {
  return epoll_change(epoll, EPOLL_CTL_MOD, descriptor, mask, token);
}

int procpool_epoll_remove(int epoll, int descriptor) { return epoll_change(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int procpool_epoll_wait(int epoll, uint32_t *masks, uint64_t *tokens, int capacity, int64_t timeout_ns) {
  struct epoll_event events[64];
  if (capacity > 64) capacity = 64;
  // Rounded up, so that a deadline has passed when the call returns, and the caller does not spin.
  int milliseconds = timeout_ns < 0 ? -1 : timeout_ns > 86400000000000 ? 86400000 : (int)((timeout_ns + 999999) / 1000000);
  int count = epoll_wait(epoll, events, capacity, milliseconds);
  for (int i = 0; i < count; i++) {
    masks[i] = events[i].events;
    tokens[i] = events[i].data.u64;
  }
  return count;
}

int procpool_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int procpool_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int procpool_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int procpool_pidfd_signal_group(int pidfd, int signal) {
  // PIDFD_SIGNAL_PROCESS_GROUP is 1 << 2; older headers lack the name.
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 1u << 2);
}

int procpool_pidfd_open_thread(void) {
  // PIDFD_THREAD is O_EXCL; older headers lack the name.
  return (int)syscall(SYS_pidfd_open, (pid_t)syscall(SYS_gettid), O_EXCL);
}

// The first version of the kernel's struct pidfd_info, which older headers lack.
struct process_info {
  uint64_t mask, control_group;
  uint32_t ids[11];
  int32_t exit_code;
};

int procpool_pidfd_exit_status(int pidfd, int *status) {
  const uint64_t has_exit_code = 1u << 3;
  struct process_info info = {.mask = has_exit_code};
  if (ioctl(pidfd, _IOWR(0xFF, 11, struct process_info), &info) != 0) return -1;
  if (!(info.mask & has_exit_code)) return errno = ESRCH, -1;
  *status = info.exit_code;
  return 0;
}

static int32_t *exit_word;
static int32_t exit_base;

static void note_exit(int status, void *unused) {
  (void)unused;
  int32_t nothing = 0;
  // A fork made by a task may share the word, and must not overwrite it.
  if (!is_copy)
    __atomic_compare_exchange_n(exit_word, &nothing, exit_base + (status & 0xFF), 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

int procpool_note_exit(int32_t *word, int32_t base) {
  exit_word = word;
  exit_base = base;
  return on_exit(note_exit, NULL) == 0 ? 0 : -1;
}

int procpool_set_mark(uint64_t mark) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_LOCKS, &limit) != 0) return -1;
  // The hard limit is kept, so that a program that sets its own limits for its children can set
  // this one also.
  if (limit.rlim_max < mark) return errno = EPERM, -1;
  limit.rlim_cur = mark;
  return setrlimit(RLIMIT_LOCKS, &limit);
}

uint64_t procpool_mark_of(int process) {
  struct rlimit limit;
  return prlimit(process, RLIMIT_LOCKS, NULL, &limit) == 0 ? limit.rlim_cur : 0;
}

int procpool_reap(int pidfd, int *code, int *status, long *peak) {
  siginfo_t info;
  struct rusage usage;
  memset(&info, 0, sizeof info);
  memset(&usage, 0, sizeof usage);
  if (syscall(SYS_waitid, 3 /* P_PIDFD */, pidfd, &info, WEXITED | WNOHANG, &usage) != 0) return -1;
  if (info.si_pid == 0) return 0;
  *peak = usage.ru_maxrss;
  *code = info.si_code;
  *status = info.si_status;
  return 1;
}

void procpool_futex_wait(void *word, uint32_t expected) { syscall(SYS_futex, word, FUTEX_WAIT, expected, NULL); }

int procpool_futex_wait_for(void *word, uint32_t expected, int64_t nanoseconds) {
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  return (int)syscall(SYS_futex, word, FUTEX_WAIT, expected, &time);
}

void procpool_futex_wake(void *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX); }

int procpool_affinity_count(void) {
  // The kernel's set may be larger than cpu_set_t's 1 024 processors. The call fails with EINVAL
  // until the buffer is large enough.
  for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t *set = CPU_ALLOC(processors);
    if (!set) return -1;
    size_t size = CPU_ALLOC_SIZE(processors);
    CPU_ZERO_S(size, set);
    int result = sched_getaffinity(0, size, set);
    int count = result == 0 ? CPU_COUNT_S(size, set) : -1;
    CPU_FREE(set);
    if (result == 0) return count;
    if (errno != EINVAL) return -1;
  }
  return -1;
}

struct build_id {
  uint8_t *bytes;
  int capacity;
  int length;
};

static int find_build_id(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  struct build_id *found = context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_NOTE) continue;
    const char *note = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    const char *end = note + info->dlpi_phdr[i].p_memsz;
    while (note + sizeof(ElfW(Nhdr)) <= end) {
      const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
      const char *name = note + sizeof *header;
      const uint8_t *descriptor = (const uint8_t *)(name + ((header->n_namesz + 3u) & ~3u));
      if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
        found->length = (int)header->n_descsz < found->capacity ? (int)header->n_descsz : found->capacity;
        memcpy(found->bytes, descriptor, (size_t)found->length);
        return 1;
      }
      note = (const char *)(descriptor + ((header->n_descsz + 3u) & ~3u));
    }
  }
  return 1;  // The first object is the program; the libraries after it have their own build IDs.
}

int procpool_set_affinity(pid_t thread, const uint32_t *processors, int count) {
  uint32_t largest = 0;
  for (int i = 0; i < count; i++)
    if (processors[i] > largest) largest = processors[i];
  if (largest >= 1 << 20) return errno = EINVAL, -1;
  cpu_set_t *set = CPU_ALLOC(largest + 1);
  if (!set) return -1;
  size_t size = CPU_ALLOC_SIZE(largest + 1);
  CPU_ZERO_S(size, set);
  for (int i = 0; i < count; i++) CPU_SET_S(processors[i], size, set);
  int result = sched_setaffinity(thread, size, set);
  CPU_FREE(set);
  return result;
}

char **procpool_environment(void) { return environ; }

int procpool_limit_data(uint64_t bytes) {
  struct rlimit limit = {bytes, bytes};
  return setrlimit(RLIMIT_DATA, &limit);
}

int procpool_limit_processor_time(uint64_t soft, uint64_t hard) {
  struct rlimit limit = {soft, hard};
  return setrlimit(RLIMIT_CPU, &limit);
}

int procpool_set_niceness(pid_t thread, int niceness) { return setpriority(PRIO_PROCESS, thread, niceness); }

int procpool_trace_begin(pid_t thread) {
  if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0) return -1;
  if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0) return 0;
  ptrace(PTRACE_DETACH, thread, NULL, NULL);
  return -1;
}

int procpool_trace_wait(pid_t thread, int *signal) {
  siginfo_t info = {0};
  // Only stops, so that no exit status is taken.
  if (waitid(P_PID, thread, &info, WSTOPPED | WNOHANG | __WALL) != 0) return -1;
  // A requested stop has an event code above the signal number. Any other stop is a signal in
  // delivery.
  *signal = info.si_status >> 8 == 0 ? info.si_status : 0;
  return info.si_pid == thread;
}

int procpool_trace_registers(pid_t thread, uint64_t *counter, uint64_t *stack, uint64_t *frame) {
  struct user_regs_struct registers;
  struct iovec place = {&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &place) != 0) return -1;
#if defined(__x86_64__)
  *counter = registers.rip;
  *stack = registers.rsp;
  *frame = registers.rbp;
  return 0;
#elif defined(__aarch64__)
  *counter = registers.pc;
  *stack = registers.sp;
  *frame = registers.regs[29];
  return 0;
#else
  return -1;
#endif
}

void procpool_trace_end(pid_t thread, int signal) {
  if (ptrace(PTRACE_DETACH, thread, NULL, (void *)(intptr_t)signal) == 0) return;
  // The thread may have died. It then remains, and its process with it, until its tracer takes its
  // status, which belongs to no other process.
  siginfo_t info;
  waitid(P_PID, thread, &info, WEXITED | WNOHANG | __WALL);
}

size_t procpool_read_memory(pid_t process, uint64_t address, void *memory, size_t count) {
  struct iovec here = {memory, count};
  struct iovec there = {(void *)(uintptr_t)address, count};
  ssize_t copied = process_vm_readv(process, &here, 1, &there, 1, 0);
  return copied < 0 ? 0 : (size_t)copied;
}

extern char *swift_demangle(const char *name, size_t length, char *output, size_t *size, uint32_t flags);

char *procpool_demangle(const char *name, size_t length) { return swift_demangle(name, length, NULL, NULL, 0); }

static void *unshared_base;
static size_t unshared_count;

static void become_copy(void) {
  is_copy = 1;
  void *own = mmap(NULL, unshared_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (own != MAP_FAILED) {
    memcpy(own, unshared_base, unshared_count);
    if (mremap(own, unshared_count, unshared_count, MREMAP_MAYMOVE | MREMAP_FIXED, unshared_base) != MAP_FAILED) return;
  }
  // Without private memory the fork must not continue: it would write into the original's memory.
  _exit(1);
}

int procpool_unshare_in_copies(void *base, size_t count) {
  unshared_base = base;
  unshared_count = count;
  int error = pthread_atfork(NULL, NULL, become_copy);
  errno = error;
  return error == 0 ? 0 : -1;
}

int procpool_is_copy(void) { return is_copy; }

int procpool_build_id(uint8_t *bytes, int capacity) {
  struct build_id found = {bytes, capacity, 0};
  dl_iterate_phdr(find_build_id, &found);
  return found.length;
}

int procpool_descriptor_limit(uint64_t *soft) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  *soft = limit.rlim_cur;
  return 0;
}

int procpool_set_descriptor_limit(uint64_t soft) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t procpool_file_size_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

void procpool_restore_signal_defaults(void) {
  // exec resets handlers, but ignored signals stay ignored: a worker whose parent ignored SIGPIPE
  // or SIGCHLD would pass that on to the programs that its tasks start.
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) signal(number, SIG_DFL);
  }
}

void procpool_clear_signal_mask(void) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
}

void procpool_block_signals(void) {
  sigset_t most;
  sigfillset(&most);
  // Faults of the thread itself. If they were blocked, they would end the process without a report.
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&most, faults[i]);
  pthread_sigmask(SIG_SETMASK, &most, NULL);
}

_Static_assert(sizeof(pthread_mutex_t) <= procpool_mutex_size, "a mutex fits into its place");

int procpool_mutex_init(void *mutex) {
  pthread_mutexattr_t attributes;
  int code = pthread_mutexattr_init(&attributes);
  if (code != 0) return code;
  if (code == 0) code = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (code == 0) code = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (code == 0) code = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  if (code == 0) code = pthread_mutex_init(mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return code;
}

int procpool_mutex_lock(void *mutex, int64_t timeout_ns) {
  if (timeout_ns < 0) return pthread_mutex_lock(mutex);
  struct timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  int64_t nanoseconds = deadline.tv_nsec + timeout_ns % 1000000000;
  deadline.tv_sec += timeout_ns / 1000000000 + nanoseconds / 1000000000;
  deadline.tv_nsec = nanoseconds % 1000000000;
  return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &deadline);
}

int procpool_mutex_unlock(void *mutex) { return pthread_mutex_unlock(mutex); }

int procpool_mutex_make_consistent(void *mutex) { return pthread_mutex_consistent(mutex); }

union control {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr aligned;
};

int procpool_send_descriptor(int socket, int descriptor) {
  char answer = descriptor >= 0;
  struct iovec piece = {.iov_base = &answer, .iov_len = 1};
  union control control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (descriptor >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int procpool_receive_descriptor(int socket) {
  char answer = 0;
  struct iovec piece = {.iov_base = &answer, .iov_len = 1};
  union control control;
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes,
      // Room for exactly one descriptor: a second would stay open here, unnoticed.
      .msg_controllen = CMSG_LEN(sizeof(int))};
  ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count < 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (count == 0 || !header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return -2;
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

// SCM_MAX_FD, which no header of the C library declares.
enum { most_descriptors = 253 };

union large_control {
  char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
  struct cmsghdr aligned;
};

int procpool_send_descriptors(int socket, const int *descriptors, int count) {
  if (count < 1 || count > most_descriptors) return errno = EINVAL, -1;
  char byte = 0;
  struct iovec piece = {.iov_base = &byte, .iov_len = 1};
  union large_control control;
  size_t size = (size_t)count * sizeof(int);
  memset(&control, 0, CMSG_SPACE(size));
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(size)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(header), descriptors, size);
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

int procpool_receive_descriptors(int socket, int *descriptors, int capacity, int *is_cut) {
  if (capacity < most_descriptors) return errno = EINVAL, -1;
  char byte = 0;
  struct iovec piece = {.iov_base = &byte, .iov_len = 1};
  union large_control control;
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes,
      // Room for exactly this number: another descriptor would stay open here, unnoticed.
      .msg_controllen = CMSG_LEN(most_descriptors * sizeof(int))};
  ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (length < 0) return -1;
  if (length == 0) return errno = EAGAIN, -1;
  *is_cut = (message.msg_flags & MSG_CTRUNC) != 0;
  int count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t size = header->cmsg_len - CMSG_LEN(0);
    memcpy(descriptors + count, CMSG_DATA(header), size);
    count += (int)(size / sizeof(int));
  }
  return count;
}

int procpool_unread(int socket) {
  int bytes = 0;
  return ioctl(socket, TIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

int procpool_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }

int procpool_is_dumpable(void) { return prctl(PR_GET_DUMPABLE) == 1; }

static __thread void *thread_scope;

void *procpool_thread_scope(void) { return thread_scope; }

void procpool_set_thread_scope(void *scope) { thread_scope = scope; }

void procpool_line_buffer_stdout(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

void procpool_flush_stdout(void) {
  if (__fpending(stdout) == 0 || ftrylockfile(stdout) != 0) return;
  fflush(stdout);
  funlockfile(stdout);
}

size_t procpool_allocated_bytes(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 all = mallinfo2();
  return all.uordblks + all.hblkhd;
#else
  return 0;
#endif
}
