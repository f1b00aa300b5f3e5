/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/show.h"
#include "cli/rights_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

bool rights_fail(char message[RIGHTS_MESSAGE_BYTES], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    show_line(message, RIGHTS_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

void rights_lack(struct rights *rights, enum rights_part part, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rights->parts[part].why, RIGHTS_WHY_BYTES, format, arguments);
    va_end(arguments);
    rights->parts[part].outcome = RIGHTS_LACKING;
}

bool rights_add(struct rights *rights, const char *path, enum rights_access access) {
    if (rights->path_count == rights->path_cap) {
        return false;
    }
    char *copy = strdup(path);
    if (copy) {
        rights->paths[rights->path_count++] = (struct rights_path){.path = copy, .access = access, .fd = -1};
    }
    return copy;
}

static bool add_folder_of(struct rights *rights, const char *file, enum rights_access access) {
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", file) >= (int)sizeof copy) {
        return true; /* no such path can be opened either */
    }
    return rights_add(rights, dirname(copy), access);
}

/* The output may be opened again under its name, and files made beside it. What is no regular file is only
 * opened again; what has no name (/proc/self/fd/1 may be a pipe) not even that. With rotation all files are
 * beside the name, whatever has it. */
static bool add_output(struct rights *rights, const char *output, bool rotates) {
    struct stat itself;
    char real[PATH_MAX];
    if (!output || strcmp(output, "-") == 0) {
        return true;
    }
    if (rotates || lstat(output, &itself) != 0 ||
        S_ISREG(itself.st_mode)) { /* --check may find it not made yet */
        return add_folder_of(rights, output, RIGHTS_WRITE_FOLDER);
    }
    if (!S_ISLNK(itself.st_mode)) {
        return rights_add(rights, output, RIGHTS_WRITE);
    }
    if (!realpath(output, real) || stat(real, &itself) != 0) {
        return true;
    }
    return S_ISREG(itself.st_mode) ? add_folder_of(rights, real, RIGHTS_WRITE_FOLDER)
                                   : rights_add(rights, real, RIGHTS_WRITE);
}

/* libpcap reads what the interface itself dropped from files below the interface's folder, whenever it is
 * asked; that folder is a new one when the interface comes back, the one above it stays. */
static bool add_interface(struct rights *rights, const char *interface) {
    char path[PATH_MAX], real[PATH_MAX];
    (void)snprintf(path, sizeof path, "/sys/class/net/%s", interface);
    return strchr(interface, '/') || !realpath(path, real) || add_folder_of(rights, real, RIGHTS_READ);
}

static bool opens_later(const struct source *const *sources, size_t count, uint32_t file) {
    for (size_t i = 0; i < count; i++) {
        if (source_opens_later(sources[i], file)) {
            return true;
        }
    }
    return false;
}

static bool add_inputs(struct rights *rights, const struct options *options,
                       const struct source *const *sources, size_t count) {
    for (uint64_t i = 0; i < options->paths.count; i++) {
        if (opens_later(sources, count, (uint32_t)i) &&
            !rights_add(rights, options->paths.items[i], RIGHTS_READ)) {
            return false;
        }
    }
    return true;
}

static bool add_interfaces(struct rights *rights, const struct text_list *names) {
    for (uint64_t i = 0; i < names->count; i++) {
        if (!add_interface(rights, names->items[i])) {
            return false;
        }
    }
    return true;
}

void rights_make_room(uint64_t files) {
    enum { OTHER_DESCRIPTORS = 64 };
    struct rlimit limit;
    uint64_t wanted = files + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* else some are opened on their turn */
    }
}

bool rights_init(struct rights *rights, const struct options *options, const struct source *const *sources,
                 size_t count, char message[RIGHTS_MESSAGE_BYTES]) {
    *rights = (struct rights){.sandbox = !options->no_sandbox,
                              .live = options->interface != NULL,
                              .ciphers = options->anonymize_addresses,
                              .notify_fd = -1};
    rights->path_cap = options->paths.count + options->interfaces.count + RIGHTS_MORE_PATHS +
                       5; /* output, pid file, the sanitizers' */
    rights->paths = calloc(rights->path_cap, sizeof *rights->paths);
    if (!rights->paths || !add_inputs(rights, options, sources, count) ||
        !add_output(rights, options->output, options_rotate(options)) ||
        (options->pid_file && !add_folder_of(rights, options->pid_file, RIGHTS_REMOVE)) ||
        !add_interfaces(rights, &options->interfaces) ||
        (RIGHTS_SANITIZED &&
         !(rights_add(rights, "/proc", RIGHTS_READ) && rights_add(rights, "/proc/self/exe", RIGHTS_READ) &&
           rights_add(rights, "/usr/lib", RIGHTS_READ)))) {
        return rights_fail(message, "out of memory");
    }
    return rights_user_choose(rights, options->user, options->check, message);
}

void rights_fini(struct rights *rights) {
    for (size_t i = 0; i < rights->path_count; i++) {
        free(rights->paths[i].path);
    }
    free(rights->paths);
    *rights = (struct rights){.notify_fd = -1};
}

/* A folder is reached as the output reaches it: through a descriptor, whatever may be searched above it. */
static void open_folders(struct rights *rights) {
    for (size_t i = 0; i < rights->path_count; i++) {
        struct rights_path *path = &rights->paths[i];
        bool folder = path->access == RIGHTS_WRITE_FOLDER || path->access == RIGHTS_REMOVE;
        path->fd = folder ? open(path->path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    }
}

static bool is_granted(const struct rights_path *path, int mode) {
    return faccessat(path->fd >= 0 ? path->fd : AT_FDCWD, path->fd >= 0 ? "." : path->path, mode,
                     AT_EACCESS) == 0;
}

static void close_folders(struct rights *rights) {
    for (size_t i = 0; i < rights->path_count; i++) {
        if (rights->paths[i].fd >= 0) {
            (void)close(rights->paths[i].fd);
            rights->paths[i].fd = -1;
        }
    }
}

/* Does the file system grant it to who we are now? */
static void look_at_paths(struct rights *rights) {
    static const int modes[] = {[RIGHTS_READ] = R_OK,
                                [RIGHTS_WRITE] = W_OK,
                                [RIGHTS_WRITE_FOLDER] = W_OK | X_OK,
                                [RIGHTS_REMOVE] = W_OK | X_OK};
    for (size_t i = 0; i < rights->path_count; i++) {
        struct rights_path *path = &rights->paths[i];
        path->usable = is_granted(path, modes[path->access]);
    }
}

void rights_user_text(const struct rights *rights, char *text, size_t room) {
    const struct rights_user *user = &rights->user;
    if (!user->change) {
        (void)snprintf(text, room, "hark without its capabilities");
    } else if (*user->name) {
        (void)snprintf(text, room, "user %s", user->name);
    } else {
        (void)snprintf(text, room, "user %u", (unsigned)user->uid);
    }
}

const char *rights_lacking_folder(const struct rights *rights) {
    for (size_t i = 0; i < rights->path_count; i++) {
        if (rights->paths[i].access == RIGHTS_WRITE_FOLDER && !rights->paths[i].usable) {
            return rights->paths[i].path;
        }
    }
    return NULL;
}

static void set_no_new_privileges(struct rights *rights) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        rights->parts[RIGHTS_NO_NEW_PRIVILEGES].outcome = RIGHTS_DROPPED;
    } else {
        rights_lack(rights, RIGHTS_NO_NEW_PRIVILEGES, "%s", strerror(errno));
    }
}

/* Libraries open some files when they are first used: that is now. The first cipher makes libcrypto read its
 * configuration, and load the modules which that names. */
static void load_libraries(const struct rights *rights) {
    if (rights->ciphers) {
        (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    }
}

bool rights_apply(struct rights *rights, char message[RIGHTS_MESSAGE_BYTES]) {
    int ruleset = -1;
    load_libraries(rights);
    if (rights->sandbox && !rights_landlock_prepare(rights, &ruleset, message)) {
        return false;
    }
    open_folders(rights);
    bool dropped = rights_user_drop(rights, message);
    look_at_paths(rights);
    close_folders(rights);
    if (!dropped) {
        if (ruleset >= 0) {
            (void)close(ruleset);
        }
        return false;
    }
    if (!rights->sandbox) {
        return true;
    }
    set_no_new_privileges(rights);
    return rights_landlock_enforce(rights, ruleset, message) && rights_seccomp_load(rights, message);
}
