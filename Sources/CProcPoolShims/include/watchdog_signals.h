// The effect of signals on a worker whose coordinator has ended.

#ifndef PROCPOOL_WATCHDOG_SIGNALS_H
#define PROCPOOL_WATCHDOG_SIGNALS_H

// Makes SIGHUP and SIGPIPE end the process as before, except if the reader of its result pipe has
// closed it. In that case the worker's watchdog ends the process, after the processes that its
// tasks have started. Also makes the kernel send SIGCONT when the parent ends, so that the watchdog
// of a stopped worker runs. Call once.
//
// In C because it installs a signal handler, in which few functions, and no Swift code, may be
// called.
void procpool_spare_for_watchdog(int results);

#endif
