// What ends a crash that does not come to an end.
//
// In C because it runs in signal handlers and in a copy of a process that has just crashed, where little may be called,
// and nothing of Swift's.

#ifndef PROCPOOL_CRASH_GUARD_H
#define PROCPOOL_CRASH_GUARD_H

#include <stdint.h>

// Guards the crashes of this process that Swift's runtime reports, if it does, from now on. Once in a process.
//
// The runtime holds up all threads of a process that crashes, those that watch its coordinator among them, and waits for
// the program that writes the report. A second signal can make the two wait for each other for ever, and so can the death
// of one of them: in Swift 6.3 each holds both ends of the socket between them. So another process watches for as long as
// the report takes: it kills both when the coordinator ends, when the process that crashes does, or after a minute.
//
// `coordinator` is a pidfd, or negative where there is none; `tasks` a pipe that hangs up when the coordinator goes.
// `crash` gets the number of the signal. All three stay what they are as long as the process lives.
void procpool_guard_crashes(int coordinator, int tasks, int32_t *crash);

#endif
