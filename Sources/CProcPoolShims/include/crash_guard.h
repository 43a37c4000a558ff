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
// the program that writes the report, which asks a thread of the process for what is in its memory. In Swift 6.3 the two
// can wait for each other for ever, because each holds both ends of the socket between them: when one of them dies, and
// when another thread faults meanwhile. Faults are taken for that one thread's then, so the other goes on as if it were
// that, and ends it. It can be a thread that crashed at the same time, which is held up here; or one that nothing holds
// up because its signals are blocked, as while it is being made. Therefore another process watches for as long as the
// report takes: it kills both when the coordinator ends, when the process that crashes does, or after a minute.
//
// `coordinator` is a pidfd, or negative where there is none; `tasks` a pipe that hangs up when the coordinator goes;
// `errors` is where the guard writes, which is not 2 because a task may have closed that. `crash` gets the number of the
// signal. All of them stay what they are as long as the process lives.
void procpool_guard_crashes(int coordinator, int tasks, int errors, int32_t *crash);

#endif
