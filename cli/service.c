/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/service.h"

#include "capture/limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 512 };

/* A number in the environment; 0 where there is none. */
static uint64_t number_in(const char *name) {
    const char *text = getenv(name);
    char *end = NULL;
    if (!text || *text < '0' || *text > '9') {
        return 0;
    }
    uint64_t number = strtoull(text, &end, 10);
    return *end == '\0' ? number : 0;
}

/* The time within which the manager wants to hear something; it may be meant for another process. */
static int64_t watchdog_of_environment(void) {
    uint64_t process = number_in("WATCHDOG_PID"), usec = number_in("WATCHDOG_USEC");
    bool ours = process == 0 || process == (uint64_t)getpid();
    return ours && usec > 0 && usec <= INT64_MAX / 1000 ? (int64_t)usec * 1000 / 2 : 0;
}

static int connect_to(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof address.sun_path) {
        return -1;
    }
    memcpy(address.sun_path, name, len);
    address.sun_path[0] = name[0] == '@' ? '\0' : name[0];
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, bytes) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

void service_init(struct service *service) {
    const char *name = getenv("NOTIFY_SOCKET");
    service->fd = name ? connect_to(name) : -1;
    service->watchdog_ns = service->fd >= 0 ? watchdog_of_environment() : 0;
}

void service_fini(struct service *service) {
    if (service->fd >= 0) {
        (void)close(service->fd);
        service->fd = -1;
    }
}

bool service_listens(const struct service *service) {
    return service->fd >= 0;
}

/* A manager that does not keep up misses a line; hark waits for nobody. */
static void tell(const struct service *service, const char *lines) {
    if (service->fd >= 0) {
        (void)send(service->fd, lines, strlen(lines), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

void service_ready(const struct service *service) {
    tell(service, "READY=1\n");
}

void service_reloading(const struct service *service) {
    struct timespec now;
    char lines[MESSAGE_BYTES];
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(service, lines);
}

void service_stopping(const struct service *service) {
    tell(service, "STOPPING=1\n");
}

void service_alive(const struct service *service) {
    tell(service, "WATCHDOG=1\n");
}

void service_status(const struct service *service, const char *format, ...) {
    char lines[MESSAGE_BYTES] = "STATUS=";
    size_t head = strlen(lines);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(lines + head, sizeof lines - head, format, arguments);
    va_end(arguments);
    tell(service, lines);
}
