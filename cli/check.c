/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "capture/show.h"
#include "capture/source_fanout.h"
#include "cli/fanout.h"
#include "cli/pid_file.h"
#include "cli/rights.h"
#include "cli/units.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATUS_BYTES = 4096, LINE_BYTES = 1024, COLUMN = 16 };

struct check {
    const struct options *options;
    struct rights rights;
    int status; /* /proc/self/status, opened while that was allowed */
    int output; /* -o's file; negative: none, or not there */
    int saved;  /* -w's, likewise */
    unsigned faults;
    char facts[STATUS_BYTES]; /* what the kernel says in it */
};

__attribute__((format(printf, 2, 3))) static void say(const char *what, const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    show_line(line, sizeof line, format, arguments);
    va_end(arguments);
    printf("%-*s%s\n", COLUMN, what, line);
}

/* The same, of what can't be had. */
__attribute__((format(printf, 3, 4))) static void miss(struct check *check, const char *what,
                                                       const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    check->faults++;
    va_start(arguments, format);
    show_line(line, sizeof line, format, arguments);
    va_end(arguments);
    printf("%-*smissing: %s\n", COLUMN, what, line);
}

/* The value of a line of /proc/self/status, "" when it is not there; cut at `room`. */
static const char *fact(const struct check *check, const char *name, char *text, size_t room) {
    size_t len = strlen(name);
    text[0] = '\0';
    for (const char *line = check->facts; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1 + strspn(line + len + 1, " \t");
            (void)snprintf(text, room, "%.*s", (int)strcspn(value, "\n"), value);
            break;
        }
    }
    for (char *at = text; *at; at++) {
        *at = *at == '\t' ? ' ' : *at;
    }
    return text;
}

static void read_facts(struct check *check) {
    ssize_t got = pread(check->status, check->facts, sizeof check->facts - 1, 0);
    check->facts[got > 0 ? got : 0] = '\0';
    if (got <= 0) {
        miss(check, "kernel", "/proc/self/status can't be read: %s", strerror(errno));
    }
}

/* ---- what is open ---- */

static bool is_same_file(const struct stat *one, const char *path) {
    struct stat other;
    return stat(path, &other) == 0 && other.st_dev == one->st_dev && other.st_ino == one->st_ino;
}

static bool is_input(const struct check *check, const struct stat *status) {
    for (uint64_t i = 0; i < check->options->paths.count; i++) {
        if (is_same_file(status, check->options->paths.items[i])) {
            return true;
        }
    }
    return false;
}

/* One that is bound to no port and connected to nobody: interfaces are asked about through it. */
static bool is_for_asking(int fd, int domain) {
    struct sockaddr_storage at = {0}, peer;
    socklen_t at_len = sizeof at, peer_len = sizeof peer;
    const struct sockaddr_in *internet = (const void *)&at;
    return domain == AF_INET && getsockname(fd, (struct sockaddr *)&at, &at_len) == 0 &&
           internet->sin_port == 0 && getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0;
}

static const char *describe_socket(const struct check *check, int fd, char *text, size_t room) {
    int domain = 0;
    socklen_t len = sizeof domain;
    struct sockaddr_ll at = {0};
    socklen_t at_len = sizeof at;
    char name[IF_NAMESIZE] = "any";
    if (fd == check->rights.notify_fd) {
        return "messages to the service manager";
    }
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0) {
        return "inherited: not hark's";
    }
    if (domain != AF_PACKET) {
        return check->rights.live && is_for_asking(fd, domain) ? "asks about interfaces"
                                                               : "inherited: not hark's";
    }
    if (getsockname(fd, (struct sockaddr *)&at, &at_len) == 0 && at.sll_ifindex > 0 &&
        !if_indextoname((unsigned)at.sll_ifindex, name)) {
        name[0] = '\0';
    }
    (void)snprintf(text, room, "packets of %s", name);
    return text;
}

/* What the descriptor is for. `link`: what the kernel calls it. */
static const char *purpose_of(const struct check *check, int fd, const char *link, char *text, size_t room) {
    static const char *const standard[] = {"standard input", "standard output", "standard error"};
    struct stat status;
    if (fd <= STDERR_FILENO) {
        return standard[fd];
    }
    if (fd == check->output) {
        return "records";
    }
    if (fd == check->saved) {
        return "saved packets";
    }
    if (fd == check->status) {
        return "this check";
    }
    if (strncmp(link, "socket:", 7) == 0) {
        return describe_socket(check, fd, text, room);
    }
    if (strcmp(link, "anon_inode:[eventfd]") == 0) {
        return "wakes the reader";
    }
    return fstat(fd, &status) == 0 && is_input(check, &status) ? "packets" : "inherited: not hark's";
}

static void list_open(const struct check *check) {
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[64], link[256], text[64];
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] == '.' || fd == dirfd(folder)) {
            continue;
        }
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, link, sizeof link - 1);
        link[len > 0 ? len : 0] = '\0';
        say("open", "%d %s (%s)", fd, purpose_of(check, fd, link, text, sizeof text), link);
    }
    if (folder) {
        (void)closedir(folder);
    }
}

/* Can a file be made there? Else errno says why. */
static bool folder_takes(const char *file) {
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", file) >= (int)sizeof copy) {
        errno = ENAMETOOLONG;
        return false;
    }
    return access(dirname(copy), W_OK | X_OK) == 0;
}

/* The output as it is: not made, not emptied. A pipe would wait for its reader. Negative when it is not open
 * now. */
static int open_output(struct check *check, const char *what, const char *path) {
    struct stat status;
    if (!path || strcmp(path, "-") == 0 || (stat(path, &status) == 0 && S_ISFIFO(status.st_mode))) {
        return -1;
    }
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && (errno != ENOENT || !folder_takes(path))) {
        miss(check, what, "%s: %s", show(path).text, strerror(errno));
    }
    return fd;
}

/* It is taken before the rights go, and is not taken now: a check may be made beside a run. */
static void check_pid_file(struct check *check) {
    const char *path = check->options->pid_file;
    char message[PID_FILE_MESSAGE_BYTES];
    if (path && !pid_file_look(path, message)) {
        miss(check, "pid file", "%s", message);
    }
}

/* ---- what is left ---- */

static void say_user(struct check *check) {
    const struct rights *rights = &check->rights;
    const struct rights_user *user = &rights->user;
    char ids[64], groups[256], wanted[64];
    fact(check, "Uid", ids, sizeof ids);
    (void)snprintf(wanted, sizeof wanted, "%u %u %u %u", (unsigned)user->uid, (unsigned)user->uid,
                   (unsigned)user->uid, (unsigned)user->uid);
    if (rights->parts[RIGHTS_USER].outcome == RIGHTS_LACKING) {
        miss(check, "user", "%s (ids %s)", rights->parts[RIGHTS_USER].why, ids);
    } else if (strcmp(ids, wanted) != 0) {
        miss(check, "user", "the ids are %s, not %s", ids, wanted);
    } else {
        say("user", "%s, group %s (user ids %s)%s", user->name, user->group, ids,
            user->change ? "" : ", as it was started");
    }
    fact(check, "Groups", groups, sizeof groups);
    size_t len = strlen(groups);
    groups[len && groups[len - 1] == ' ' ? len - 1 : len] = '\0';
    if (rights->parts[RIGHTS_GROUPS].outcome == RIGHTS_LACKING) {
        miss(check, "groups", "%s: %s", rights->parts[RIGHTS_GROUPS].why, groups);
    } else {
        say("groups", "%s%s", *groups ? groups : "no others",
            *groups ? ", as it was started (only root can leave them)" : "");
    }
}

static void say_capabilities(struct check *check) {
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    const struct rights_part_state *part = &check->rights.parts[RIGHTS_CAPABILITIES];
    bool none = true;
    char text[64], bounding[64];
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        fact(check, sets[i], text, sizeof text);
        none = none && *text && strspn(text, "0") == strlen(text);
    }
    fact(check, "CapEff", text, sizeof text);
    fact(check, "CapBnd", bounding, sizeof bounding);
    if (part->outcome == RIGHTS_LACKING || !none) {
        miss(check, "capabilities", "%s; effective %s, bounding %s", *part->why ? part->why : "some are left",
             text, bounding);
    } else {
        say("capabilities", "none (bounding set %s)", bounding);
    }
}

static void say_path(struct check *check, const struct rights_path *path) {
    static const char *const does[] = {[RIGHTS_READ] = "read",
                                       [RIGHTS_WRITE] = "write",
                                       [RIGHTS_WRITE_FOLDER] = "make, write, remove files in",
                                       [RIGHTS_REMOVE] = "remove files in"};
    say("  path", "%s %s%s%s%s", does[path->access], show(path->path).text,
        path->usable ? "" : " (not granted to ", path->usable ? "" : check->rights.user.name,
        path->usable ? "" : " by the file system)");
    if (!path->usable && path->access == RIGHTS_WRITE_FOLDER && options_rotate(check->options)) {
        char user[RIGHTS_NAME_BYTES + 8];
        rights_user_text(&check->rights, user, sizeof user);
        miss(check, "rotation", "%s may not make files in %s", user, path->path);
    }
}

static void say_files(struct check *check) {
    const struct rights *rights = &check->rights;
    const struct rights_part_state *part = &rights->parts[RIGHTS_LANDLOCK];
    if (!rights->sandbox) {
        say("files", "Landlock is off (--no-sandbox): all that the user may open");
        return;
    }
    if (part->outcome == RIGHTS_LACKING) {
        miss(check, "files", "Landlock: %s", part->why);
    } else {
        say("files", "Landlock ABI %u: %s", rights->landlock_abi,
            rights->path_count ? "none but" : "no file can be opened by name");
    }
    for (size_t i = 0; i < rights->path_count; i++) {
        say_path(check, &rights->paths[i]);
    }
}

static void say_calls(struct check *check) {
    const struct rights *rights = &check->rights;
    char mode[16];
    if (!rights->sandbox) {
        say("system calls", "seccomp is off (--no-sandbox): all");
        return;
    }
    fact(check, "Seccomp", mode, sizeof mode);
    if (rights->parts[RIGHTS_SECCOMP].outcome == RIGHTS_LACKING) {
        miss(check, "system calls", "seccomp: %s", rights->parts[RIGHTS_SECCOMP].why);
    } else if (strcmp(mode, "2") != 0) {
        miss(check, "system calls", "seccomp: its mode is %s, not 2", mode);
    } else {
        say("system calls", "seccomp mode 2: %u calls allowed, others fail with EPERM", rights->calls);
    }
}

static void say_privileges(struct check *check) {
    char value[16];
    if (!check->rights.sandbox) {
        say("new privileges", "not forbidden (--no-sandbox)");
    } else if (strcmp(fact(check, "NoNewPrivs", value, sizeof value), "1") != 0) {
        miss(check, "new privileges", "no_new_privs is %s", *value ? value : "unknown to this kernel");
    } else {
        say("new privileges", "never (no_new_privs 1)");
    }
}

/* What must fail, tried. Each returns 0 when it was possible, else the errno. */
static int try_file(void) {
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = errno;
    return fd < 0 ? error : (close(fd), 0);
}

static int try_socket(int domain, int type) {
    int fd = socket(domain, type | SOCK_CLOEXEC, 0);
    int error = errno;
    return fd < 0 ? error : (close(fd), 0);
}

static void say_tried(struct check *check, const char *what, int error, bool by_sandbox) {
    if (error == EPERM || error == EACCES) {
        say("  tried", "%s: %s", what, strerror(error));
    } else if (check->rights.sandbox || !by_sandbox) {
        miss(check, "  tried", "%s: %s", what, error ? strerror(error) : "possible");
    } else {
        say("  tried", "%s: %s", what, error ? strerror(error) : "possible (--no-sandbox)");
    }
}

static void try_all(struct check *check) {
    char *const none[] = {NULL};
    say_tried(check, "opening another file", try_file(), true);
    say_tried(check, "a packet socket", try_socket(AF_PACKET, SOCK_RAW), false);
    say_tried(check, "an internet socket", try_socket(AF_INET, SOCK_STREAM), true);
    (void)execve("/nonexistent", none, none);
    say_tried(check, "executing a program", errno, true);
}

static void say_caps(const struct check *check) {
    const struct options *options = check->options;
    size_t readers = (size_t)options->fanout;
    struct limits limits = fanout_limits(options, readers);
    char memory[UNITS_TEXT_BYTES], buffer[UNITS_TEXT_BYTES], part[UNITS_TEXT_BYTES];
    units_size_text(options->memory, memory);
    units_size_text(options->buffer_bytes, buffer);
    say("memory", "%s at most, %" PRIu64 " connections", memory,
        readers > 1 ? options->flows : (uint64_t)limits.flows);
    if (readers > 1) {
        units_bytes_for_people(options->memory / readers, part);
        say("readers", "%zu (--fanout), each with %s, %" PRIu64 " connections and a socket of its own",
            readers, part, (uint64_t)limits.flows);
        units_bytes_for_people(source_fanout_buffer_bytes(options->buffer_bytes, readers), part);
        say("buffers", "%zu of %s of the kernel's for packets of %s", readers, part, options->interface);
        return;
    }
    for (uint64_t i = 0; i < options->interfaces.count; i++) {
        say("buffer", "%s of the kernel's for packets of %s", buffer, options->interfaces.items[i]);
    }
}

static void say_all(struct check *check) {
    read_facts(check);
    say_user(check);
    say_capabilities(check);
    say_privileges(check);
    say_files(check);
    say_calls(check);
    try_all(check);
    say_caps(check);
}

enum exit_status check(const struct options *options, const struct source *const *sources, size_t count) {
    struct check run = {.options = options};
    char message[RIGHTS_MESSAGE_BYTES];
    run.status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    run.output = open_output(&run, "output", options->output);
    run.saved = open_output(&run, "saved packets", options->write);
    check_pid_file(&run);
    bool ok = rights_init(&run.rights, options, sources, count, message);
    if (ok) {
        list_open(&run);
    }
    ok = ok && rights_apply(&run.rights, message);
    if (ok) {
        say_all(&run);
    } else {
        (void)fflush(stdout);
        fprintf(stderr, "hark: %s\n", message);
    }
    rights_fini(&run.rights);
    if (run.output >= 0) {
        (void)close(run.output);
    }
    if (run.saved >= 0) {
        (void)close(run.saved);
    }
    if (run.status >= 0) {
        (void)close(run.status);
    }
    return ok && run.faults == 0 ? EXIT_DONE : EXIT_FAILED;
}
