/* SPDX-License-Identifier: Apache-2.0 */
/* What a run may still do once everything is open, and how it gives up the rest. Captures are hostile input:
 * whoever finds a way into the process through one must find nothing there that is worth it. In this order,
 * before there are threads and before the first packet is looked at:
 *
 * 1. the user and group change, other groups and all capabilities go (rights_user.c);
 * 2. no_new_privs;
 * 3. Landlock: files, by name, ports, signals to others (rights_landlock.c);
 * 4. seccomp: the system calls (rights_seccomp.c).
 *
 * Whatever is needed later must be open before, or be added here: a path by rights_add, the descriptor that
 * messages are sent on by `notify_fd`. No socket can be made afterwards, and nothing executed.
 * Embedded by value; the main thread, while it is the only one. */
#ifndef HARK_CLI_RIGHTS_H
#define HARK_CLI_RIGHTS_H

#include "capture/source.h"
#include "cli/options.h"

#include <sys/types.h>

enum rights_part {
    RIGHTS_USER,
    RIGHTS_GROUPS, /* the supplementary ones */
    RIGHTS_CAPABILITIES,
    RIGHTS_NO_NEW_PRIVILEGES,
    RIGHTS_LANDLOCK,
    RIGHTS_SECCOMP,
    RIGHTS_PARTS
};

enum rights_outcome {
    RIGHTS_KEPT,    /* nobody asked for a change */
    RIGHTS_DROPPED, /* in force */
    RIGHTS_LACKING, /* wanted, but it can't be had here: `why` says so */
};

enum { RIGHTS_WHY_BYTES = 128, RIGHTS_NAME_BYTES = 64, RIGHTS_MESSAGE_BYTES = 512 };

struct rights_part_state {
    enum rights_outcome outcome;
    char why[RIGHTS_WHY_BYTES];
};

enum rights_access {
    RIGHTS_READ,         /* the file, or all files below the folder */
    RIGHTS_WRITE,        /* the file */
    RIGHTS_WRITE_FOLDER, /* make, write, rename and remove files below it */
    RIGHTS_REMOVE,       /* files below the folder */
};

struct rights_path {
    char *path; /* owned */
    enum rights_access access;
    int fd;      /* a folder, open before and while the user changes; -1: none */
    bool usable; /* known after rights_apply: the file system grants it to the user, too */
};

struct rights_user {
    bool change; /* to these; without it they say who the process is and stays */
    bool asked;  /* by --user: it is a failure when it can't be had */
    uid_t uid;
    gid_t gid;
    char name[RIGHTS_NAME_BYTES], group[RIGHTS_NAME_BYTES]; /* "" where not found, or not looked for */
};

struct rights {
    bool sandbox;  /* parts 2 to 4 */
    bool live;     /* packet sockets stay in use */
    bool ciphers;  /* libcrypto's will be used */
    int notify_fd; /* a connected socket that messages are sent on; negative: none */
    struct rights_user user;
    struct rights_path *paths; /* owned, of `path_cap` */
    size_t path_count, path_cap;
    struct rights_part_state parts[RIGHTS_PARTS]; /* of rights_apply */
    unsigned landlock_abi;                        /* the kernel's; 0: it has no Landlock */
    unsigned calls;                               /* that seccomp allows, with or without conditions */
};

/* --user's argument names a user and, where it names one, a group; false, and one line, when it doesn't. */
bool rights_user_exists(const char *asked, char message[RIGHTS_MESSAGE_BYTES]);
/* Before the source is opened: room for so many open files, where the system allows it. */
void rights_make_room(uint64_t files);
/* After rights_apply: the first folder that the user may not make files in; NULL: there is none. Borrowed. */
const char *rights_lacking_folder(const struct rights *);
/* Who hark is then: "user NAME", or "hark without its capabilities". */
void rights_user_text(const struct rights *, char *text, size_t room);
/* What is wanted by these options, with open sources (all of the same files): who to become, which paths.
 * False: --user names nobody, or there is no memory, and `message` says so in one line. rights_fini in any
 * case. */
bool rights_init(struct rights *, const struct options *, const struct source *const *sources, size_t count,
                 char message[RIGHTS_MESSAGE_BYTES]);
void rights_fini(struct rights *);
/* One path more, at most RIGHTS_MORE_PATHS beyond those of rights_init; false without room or memory. */
enum { RIGHTS_MORE_PATHS = 8 };
bool rights_add(struct rights *, const char *path, enum rights_access);

/* Gives up the rest, for good. What the kernel or the build does not have is LACKING, and no failure; false
 * when something is short (memory, descriptors) or --user can't be had: the run must not go on. */
bool rights_apply(struct rights *, char message[RIGHTS_MESSAGE_BYTES]);

#endif
