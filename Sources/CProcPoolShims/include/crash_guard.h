// A guard that ends crashes whose report does not complete.
//
// In C because it runs in signal handlers and in a fork of a crashed process, where few functions,
// and no Swift code, may be called.

#ifndef PROCPOOL_CRASH_GUARD_H
#define PROCPOOL_CRASH_GUARD_H

#include <stdint.h>

// Guards the crashes of this process that Swift's runtime reports, if it reports any. Call once per
// process.
//
// The runtime suspends all threads of a crashing process, including the watchdog, and waits for the
// program that writes the report. That program asks a thread of the crashing process to read its
// memory. In Swift 6.3 the two can wait for each other for ever, because each holds both ends of
// the socket between them: if one of them dies, or if another thread faults meanwhile. The runtime
// takes any fault for one of the reading thread, which then continues as if its read had failed,
// and ends it. The faulting thread can be one that crashed at the same time, which is suspended
// here, or one whose signals are blocked, as while it is being created. Therefore another process
// watches during the report. It kills both when the coordinator ends, when the crashing process
// ends, or after a minute.
//
// `coordinator` is a pidfd, or negative if there is none. `tasks` is a pipe that hangs up when the
// coordinator ends. `errors` is the descriptor for the guard's message; it is not 2, which a task
// may have closed. `crash` receives the number of the signal. All of them must stay valid for the
// life of the process.
void procpool_guard_crashes(int coordinator, int tasks, int errors, int32_t *crash);

#endif
