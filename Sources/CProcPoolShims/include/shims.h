// C library calls that Swift cannot import, each with the reason.
//
// Most are here because the module map of glibc is built without _GNU_SOURCE, which hides
// Linux-specific calls. The rest are variadic functions or macros. They contain no logic: retries,
// errors and ownership are handled in Swift.

#ifndef PROCPOOL_SHIMS_H
#define PROCPOOL_SHIMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Hidden behind _GNU_SOURCE.
int procpool_pipe_cloexec(int descriptors[2]);
int procpool_memory_file(const char *name);
int procpool_seal_size(int descriptor);
int procpool_open_path(const char *path);
int procpool_open_nameless(const char *directory);
int procpool_wipe_in_copies(void *base, size_t count);
int procpool_populate(void *base, size_t count, int writes);
// ioctl is variadic. Returns the columns of a terminal, or 0.
int procpool_terminal_width(int descriptor);
int procpool_pipe_capacity(int descriptor);
int procpool_set_pipe_capacity(int descriptor, int bytes);
int procpool_mark_others_close_on_exec(unsigned first);
int procpool_name_thread(const char *name);

// Not in glibc's module map: <sys/epoll.h> and <sys/eventfd.h>. An event is flattened to (mask, token).
int procpool_epoll_create(void);
int procpool_epoll_add(int epoll, int descriptor, uint32_t mask, uint64_t token);
int procpool_epoll_modify(int epoll, int descriptor, uint32_t mask, uint64_t token);
int procpool_epoll_remove(int epoll, int descriptor);
int procpool_epoll_wait(int epoll, uint32_t *masks, uint64_t *tokens, int capacity, int64_t timeout_ns);
int procpool_eventfd(void);
extern const uint32_t procpool_epoll_in, procpool_epoll_out, procpool_epoll_hangup;

// System calls without a wrapper in the glibc versions that Swift supports.
int procpool_pidfd_open(pid_t pid);
int procpool_pidfd_send_signal(int pidfd, int signal);
// Sends a signal to the group that the process leads or led. Since Linux 6.9; EINVAL before.
int procpool_pidfd_signal_group(int pidfd, int signal);
// Returns a descriptor that becomes readable when the calling thread has ended. Since Linux 6.9;
// EINVAL before.
int procpool_pidfd_open_thread(void);
// The end of a process as `wait` reports it, after its status has been taken. Since Linux 6.15;
// before, ENOTTY or EINVAL. ESRCH if the status has not been taken.
int procpool_pidfd_exit_status(int pidfd, int *status);

// siginfo_t's fields are macros over a union. `code` is CLD_EXITED and so on. Returns 1 if a child
// had ended. `peak` is the child's largest resident set in KiB, which the C library's waitid does
// not return.
int procpool_reap(int pidfd, int *code, int *status, long *peak);

// cpu_set_t is used through macros, and grows with the machine. Returns the number of processors, or -1.
int procpool_affinity_count(void);
// Bytes that the C library's allocator has handed out; 0 if unknown.
size_t procpool_allocated_bytes(void);
int procpool_set_affinity(pid_t thread, const uint32_t *processors, int count);

// Makes the process record its exit in a word: `exit_base` plus the status passed to `exit`.
// on_exit is hidden behind _DEFAULT_SOURCE in glibc's module map.
int procpool_note_exit(int32_t *word, int32_t exit_base);

// The soft limit of RLIMIT_LOCKS as a mark of processes (`Offspring`). glibc declares the resource
// as an enumeration that C and C++ import differently. The mark is 0 if this process may not read
// it.
int procpool_set_mark(uint64_t mark);
uint64_t procpool_mark_of(int process);

// `environ` is a mutable global, which Swift 6 does not import as safe.
char **procpool_environment(void);

// The enumeration types of resources and of priorities are named differently in each C library.
int procpool_limit_data(uint64_t bytes);
int procpool_limit_processor_time(uint64_t soft, uint64_t hard);  // seconds
int procpool_set_niceness(pid_t thread, int niceness);

// ptrace is variadic, and the register layout depends on the processor. `wait` returns 1 once the
// thread has stopped. The thread must not be the first of its process. `wait` also returns the
// signal that the thread was about to receive, which `end` passes on.
int procpool_trace_begin(pid_t thread);
int procpool_trace_wait(pid_t thread, int *signal);
int procpool_trace_registers(pid_t thread, uint64_t *counter, uint64_t *stack, uint64_t *frame);
void procpool_trace_end(pid_t thread, int signal);
// Copies memory of another process, and returns the number of bytes.
size_t procpool_read_memory(pid_t process, uint64_t address, void *memory, size_t count);
// Returns the demangled form of a Swift name, to be freed; NULL if the name is not mangled. The
// runtime exports the function, but no header declares it.
char *procpool_demangle(const char *name, size_t length);

// Gives every fork of this process private memory in place of a shared range. At most one range per
// process. In C because a fork of a process with several threads may call few functions, and no
// Swift code.
int procpool_unshare_in_copies(void *base, size_t count);
// Whether this process is such a fork.
int procpool_is_copy(void);

// The callback takes a struct whose header is hidden. Copies at most `capacity` bytes, and returns
// the length, or 0 if there is no build ID.
int procpool_build_id(uint8_t *bytes, int capacity);

// The enumeration type of RLIMIT_NOFILE is named differently in each C library.
int procpool_descriptor_limit(uint64_t *soft);
// Sets the soft limit, within the hard limit.
int procpool_set_descriptor_limit(uint64_t soft);
// RLIMIT_FSIZE in bytes, for the same reason; the largest number if there is no limit.
uint64_t procpool_file_size_limit(void);

// sigaction's handler field is a macro over a union, and sigset_t is opaque. One call resets what
// exec inherits.
void procpool_restore_signal_defaults(void);
void procpool_clear_signal_mask(void);
void procpool_block_signals(void);

// The futex call has no wrapper. Shared between processes; `word` is an aligned uint32_t.
void procpool_futex_wait(void *word, uint32_t expected);
void procpool_futex_wake(void *word);
// The same with a nonnegative time limit.
int procpool_futex_wait_for(void *word, uint32_t expected, int64_t nanoseconds);

// A mutex in memory that several processes map: robust, process-shared, error-checking. The attributes' types and
// pthread_mutex_clocklock are hidden or differ between C libraries. All return an error number, or 0.
enum { procpool_mutex_size = 64 };
int procpool_mutex_init(void *mutex);
int procpool_mutex_lock(void *mutex, int64_t timeout_ns);  // a negative timeout waits for ever
int procpool_mutex_unlock(void *mutex);
int procpool_mutex_make_consistent(void *mutex);

// Passing descriptors between processes: Swift does not import the macros that lay out such
// messages.
int procpool_send_descriptor(int socket, int descriptor);  // -1: there is none
int procpool_receive_descriptor(int socket);  // -2: the other side has none, or has closed
// Passes several descriptors, at most 253. Neither call waits. The second returns their number, and
// whether some were lost because of this process's limit; -1 with EAGAIN if no message has arrived,
// or if the other side has closed.
int procpool_send_descriptors(int socket, const int *descriptors, int count);
int procpool_receive_descriptors(int socket, int *descriptors, int capacity, int *is_cut);
// ioctl is variadic. Returns how much has been sent and not received, in bytes of kernel memory, or
// -1.
int procpool_unread(int socket);
// accept4 is a GNU extension.
int procpool_accept(int socket);

// prctl is variadic, so Swift does not import it.
int procpool_is_dumpable(void);

// A thread-local variable, which is cheaper than any in Swift.
void *procpool_thread_scope(void);
void procpool_set_thread_scope(void *scope);

// stdout is a mutable global of C, which Swift 6 does not import as safe.
void procpool_line_buffer_stdout(void);
// Makes a system call only if text is buffered. Does nothing while another thread holds stdout's
// lock.
void procpool_flush_stdout(void);

#endif
