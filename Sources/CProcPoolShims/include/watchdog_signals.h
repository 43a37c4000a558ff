// What the signals do to a worker whose coordinator has gone.

#ifndef PROCPOOL_WATCHDOG_SIGNALS_H
#define PROCPOOL_WATCHDOG_SIGNALS_H

// Has SIGHUP and SIGPIPE end the process as before, unless the reader of its results, a pipe, has gone: then the worker's
// watchdog ends it, after what its tasks have started. Has the kernel send SIGCONT when the parent ends, so that the
// watchdog of a stopped worker runs. To be called once.
//
// In C because it installs a handler for signals, in which little may be done and nothing of Swift's.
void procpool_spare_for_watchdog(int results);

#endif
