/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager that started hark, if one did: sd_notify(3)'s protocol, a datagram of lines to the
 * socket that $NOTIFY_SOCKET names, a path or, with an @ for its first byte, an abstract name. Without one,
 * all of this does nothing. Embedded by value; one thread. */
#ifndef HARK_CLI_SERVICE_H
#define HARK_CLI_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

struct service {
    int fd;              /* connected; -1: nobody wants to hear */
    int64_t watchdog_ns; /* half of $WATCHDOG_USEC; 0: there is no watchdog */
};

/* Connects; while the process still has the rights it was started with. */
void service_init(struct service *);
void service_fini(struct service *);
bool service_listens(const struct service *);

/* Packets are captured and the output is open; also the end of service_reloading. */
void service_ready(const struct service *);
void service_reloading(const struct service *);
void service_stopping(const struct service *);
/* Work goes on. */
void service_alive(const struct service *);
/* One line for people. */
__attribute__((format(printf, 2, 3))) void service_status(const struct service *, const char *format, ...);

#endif
