/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock (landlock(7)) by its system calls: the C library has none of them, and the kernel's headers may be
 * older than the kernel. A path that no rule names can't be opened, whatever its owner and mode. */
#include "cli/rights_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers are the same for all machines; layouts and bits are linux/landlock.h's. */
enum { CALL_CREATE_RULESET = 444, CALL_ADD_RULE = 445, CALL_RESTRICT_SELF = 446 };
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

enum {
    FILE_EXECUTE = 1 << 0,
    FILE_WRITE = 1 << 1,
    FILE_READ = 1 << 2,
    FOLDER_READ = 1 << 3,
    FOLDER_REMOVE_FILE = 1 << 5,
    FOLDER_MAKE_REGULAR = 1 << 8,
    FILE_TRUNCATE = 1 << 14,
};

struct ruleset_attributes {
    uint64_t files, network, scopes;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* All that an ABI knows of: what is handled and named by no rule is forbidden. */
struct abi_bits {
    unsigned abi;
    uint64_t files, network, scopes;
};
static const struct abi_bits abis[] = {
    {1, (1 << 13) - 1, 0, 0}, {2, (1 << 14) - 1, 0, 0},
    {3, (1 << 15) - 1, 0, 0}, {4, (1 << 15) - 1, 3, 0}, /* TCP: bind, connect */
    {5, (1 << 16) - 1, 3, 0}, {6, (1 << 16) - 1, 3, 3}, /* abstract UNIX sockets and signals of others */
};

static const struct abi_bits *bits_of(unsigned abi) {
    const struct abi_bits *best = &abis[0];
    for (size_t i = 0; i < sizeof abis / sizeof abis[0]; i++) {
        best = abis[i].abi <= abi ? &abis[i] : best;
    }
    return best;
}

/* Short of something, as opposed to not there. */
static bool is_shortage(int error) {
    return error == ENOMEM || error == EMFILE || error == ENFILE;
}

static bool fail_short(int error, char message[RIGHTS_MESSAGE_BYTES]) {
    return rights_fail(message, "the sandbox (Landlock) can't be set up: %s; --no-sandbox goes on without it",
                       strerror(error));
}

static uint64_t bits_for(const struct rights_path *path, bool is_folder) {
    switch (path->access) {
    case RIGHTS_READ:
        return is_folder ? FILE_READ | FOLDER_READ : FILE_READ;
    case RIGHTS_WRITE:
        return FILE_WRITE | FILE_TRUNCATE;
    case RIGHTS_REMOVE:
        return FOLDER_REMOVE_FILE;
    case RIGHTS_WRITE_FOLDER:
        break;
    }
    return FILE_WRITE | FILE_TRUNCATE | FOLDER_READ | FOLDER_REMOVE_FILE | FOLDER_MAKE_REGULAR;
}

/* A path that is not there, or is no file system's (a pipe by /proc/self/fd), gets no rule: opening it says
 * why, or needs none. */
static bool add_rule(int ruleset, const struct rights_path *path, uint64_t known,
                     char message[RIGHTS_MESSAGE_BYTES]) {
    struct stat status;
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int error = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return !is_shortage(error) || fail_short(error, message);
    }
    struct path_rule rule = {.allowed = bits_for(path, S_ISDIR(status.st_mode)) & known, .parent = fd};
    long added = syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
    int error = errno;
    (void)close(fd);
    return added == 0 || !is_shortage(error) || fail_short(error, message);
}

bool rights_landlock_prepare(struct rights *rights, int *ruleset, char message[RIGHTS_MESSAGE_BYTES]) {
    *ruleset = -1;
    long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
    if (abi < 1) {
        rights_lack(rights, RIGHTS_LANDLOCK, "the kernel has it not, or not switched on (%s)",
                    strerror(errno));
        return true;
    }
    rights->landlock_abi = (unsigned)abi;
    const struct abi_bits *bits = bits_of(rights->landlock_abi);
    struct ruleset_attributes attributes = {bits->files, bits->network, bits->scopes};
    *ruleset = (int)syscall(CALL_CREATE_RULESET, &attributes, sizeof attributes, 0);
    if (*ruleset < 0) {
        if (is_shortage(errno)) {
            return fail_short(errno, message);
        }
        rights_lack(rights, RIGHTS_LANDLOCK, "no rules can be made: %s", strerror(errno));
        return true;
    }
    for (size_t i = 0; i < rights->path_count; i++) {
        if (!add_rule(*ruleset, &rights->paths[i], bits->files, message)) {
            (void)close(*ruleset);
            return false;
        }
    }
    return true;
}

bool rights_landlock_enforce(struct rights *rights, int ruleset, char message[RIGHTS_MESSAGE_BYTES]) {
    if (ruleset < 0) {
        return true;
    }
    long enforced = syscall(CALL_RESTRICT_SELF, ruleset, 0);
    int error = errno;
    (void)close(ruleset);
    if (enforced == 0) {
        rights->parts[RIGHTS_LANDLOCK].outcome = RIGHTS_DROPPED;
        return true;
    }
    if (is_shortage(error)) {
        return fail_short(error, message);
    }
    rights_lack(rights, RIGHTS_LANDLOCK, "the rules can't be put in force: %s", strerror(error));
    return true;
}
