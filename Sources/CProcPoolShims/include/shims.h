// The C library calls that Swift cannot import, each with the reason why.
//
// Most are here because the module map of glibc is built without _GNU_SOURCE, which hides Linux's own calls;
// the rest are variadic functions or macros. No logic lives here: retries, errors and ownership are Swift's.

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
// Sends it to the group that the process leads or led. Since Linux 6.9; EINVAL before.
int procpool_pidfd_signal_group(int pidfd, int signal);
// A descriptor that is readable once the calling thread has ended. Since Linux 6.9; EINVAL before.
int procpool_pidfd_open_thread(void);
// How a process ended, as `wait` has it, after somebody has taken its status. Since Linux 6.15; ENOTTY or EINVAL before,
// ESRCH while nobody has taken it.
int procpool_pidfd_exit_status(int pidfd, int *status);

// siginfo_t's fields are macros over a union. `code` is CLD_EXITED and so on; returns 1 when a child had ended.
// `peak` is the child's largest resident set in KiB: the C library's waitid does not pass rusage on.
int procpool_reap(int pidfd, int *code, int *status, long *peak);

// cpu_set_t is used through macros, and grows with the machine. Returns the number of processors, or -1.
int procpool_affinity_count(void);
// Bytes that the C library's allocator has handed out; 0 if that is not known.
size_t procpool_allocated_bytes(void);
int procpool_set_affinity(pid_t thread, const uint32_t *processors, int count);

// Has the process write into a word how it leaves: `exit_base` plus the status that it hands to `exit`. on_exit is hidden
// behind _DEFAULT_SOURCE in glibc's module map.
int procpool_note_exit(int32_t *word, int32_t exit_base);

// The soft limit of RLIMIT_LOCKS as a mark of processes (`Offspring`): glibc names the resource by an enumeration that C
// and C++ see differently. The mark is 0 where this process may not look.
int procpool_set_mark(uint64_t mark);
uint64_t procpool_mark_of(int process);

// `environ` is a mutable global, which Swift 6 does not let anybody read.
char **procpool_environment(void);

// The enumeration types of resources and of priorities are named differently in each C library.
int procpool_limit_data(uint64_t bytes);
int procpool_limit_processor_time(uint64_t soft, uint64_t hard);  // seconds
int procpool_set_niceness(pid_t thread, int niceness);

// ptrace is variadic, and the layout of registers is the processor's. `wait` returns 1 once the thread has stopped, which must
// not be its process's first, and says which signal the thread was about to take, for `end` to pass on.
int procpool_trace_begin(pid_t thread);
int procpool_trace_wait(pid_t thread, int *signal);
int procpool_trace_registers(pid_t thread, uint64_t *counter, uint64_t *stack, uint64_t *frame);
void procpool_trace_end(pid_t thread, int signal);
// Copies memory of another process; returns how many bytes there were.
size_t procpool_read_memory(pid_t process, uint64_t address, void *memory, size_t count);
// A name of Swift's as its source has it, to be freed; NULL if it is not one. The runtime exports the function, no header
// declares it.
char *procpool_demangle(const char *name, size_t length);

// What runs in a copy that fork has made may do little, and nothing of Swift's: it gives the copy memory of its own
// where the original shares it. At most one range for a process.
int procpool_unshare_in_copies(void *base, size_t count);
// Whether this process is such a copy.
int procpool_is_copy(void);

// Takes a callback with a struct whose header is hidden. Copies at most `capacity` bytes, returns the length, 0 if none.
int procpool_build_id(uint8_t *bytes, int capacity);

// The enumeration type of RLIMIT_NOFILE is named differently in each C library.
int procpool_descriptor_limit(uint64_t *soft);
// Raises or lowers the soft limit, within the hard one.
int procpool_set_descriptor_limit(uint64_t soft);
// Likewise RLIMIT_FSIZE, in bytes; the largest number where there is no limit.
uint64_t procpool_file_size_limit(void);

// sigaction's handler field is a macro over a union, and sigset_t is opaque: one call restores what exec inherits.
void procpool_restore_signal_defaults(void);
void procpool_clear_signal_mask(void);
void procpool_block_signals(void);

// The futex call has no wrapper. Shared between processes; `word` is an aligned uint32_t.
void procpool_futex_wait(void *word, uint32_t expected);
void procpool_futex_wake(void *word);
// For a time, which is not negative.
int procpool_futex_wait_for(void *word, uint32_t expected, int64_t nanoseconds);

// A mutex in memory that several processes map: robust, process-shared, error-checking. The attributes' types and
// pthread_mutex_clocklock are hidden or differ between C libraries. All return an error number, or 0.
enum { procpool_mutex_size = 64 };
int procpool_mutex_init(void *mutex);
int procpool_mutex_lock(void *mutex, int64_t timeout_ns);  // a negative timeout waits for ever
int procpool_mutex_unlock(void *mutex);
int procpool_mutex_make_consistent(void *mutex);

// Descriptors in messages between processes: the macros that lay out such a message have no names in Swift.
int procpool_send_descriptor(int socket, int descriptor);  // or -1, to say that there is none
int procpool_receive_descriptor(int socket);  // -2: the other side has none, or is gone
// Several at once, 253 at the most; neither call waits. The second returns how many there were, and says whether some were
// lost, since this process may have no more; -1 with EAGAIN where nothing has come, and where the other side is gone.
int procpool_send_descriptors(int socket, const int *descriptors, int count);
int procpool_receive_descriptors(int socket, int *descriptors, int capacity, int *is_cut);
// ioctl is variadic. What has been sent and the other side has not taken, in bytes of the kernel's memory, or -1.
int procpool_unread(int socket);
// accept4 is GNU's.
int procpool_accept(int socket);

// prctl takes what it likes, which Swift does not import.
int procpool_is_dumpable(void);

// A variable of the thread: Swift has none that costs as little.
void *procpool_thread_scope(void);
void procpool_set_thread_scope(void *scope);

// stdout is a mutable global of C's, which Swift 6 does not let near threads.
void procpool_line_buffer_stdout(void);
// Costs a call to the system only if something is held back. Does nothing while another thread holds stdout's lock.
void procpool_flush_stdout(void);

#endif
