/* SPDX-License-Identifier: Apache-2.0 */
/* Who hark is, and what it may do as such: user, groups, capabilities (capabilities(7)). */
#include "capture/show.h"
#include "cli/rights_parts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef HARK_WITH_CAPNG
#include <cap-ng.h>
#endif

/* Of the system's users, and by number where there is none of them. */
#define USER_OF_HARK   "hark"
#define USER_OF_NOBODY "nobody"
enum { ID_OF_NOBODY = 65534, ID_DIGITS = 9 };

/* A number of at most ID_DIGITS; false for a name. */
static bool parse_id(const char *text, unsigned *id) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > ID_DIGITS || text[digits]) {
        return false;
    }
    *id = 0;
    for (; *text; text++) {
        *id = *id * 10 + (unsigned)(*text - '0');
    }
    return true;
}

static void name_user(struct rights_user *user) {
    const struct passwd *entry = getpwuid(user->uid);
    (void)snprintf(user->name, sizeof user->name, "%s", entry ? entry->pw_name : "");
}

static void name_group(struct rights_user *user) {
    const struct group *entry = getgrgid(user->gid);
    (void)snprintf(user->group, sizeof user->group, "%s", entry ? entry->gr_name : "");
}

/* The user's number and first group; false when there is no such user. `has_group` is false for a number
 * that no user has. */
static bool find_user(struct rights_user *user, const char *name, bool *has_group) {
    unsigned id;
    bool is_number = parse_id(name, &id);
    const struct passwd *entry = is_number ? getpwuid((uid_t)id) : getpwnam(name);
    *has_group = entry != NULL;
    if (entry) {
        user->uid = entry->pw_uid;
        user->gid = entry->pw_gid;
    } else if (is_number) {
        user->uid = (uid_t)id;
    }
    return entry || is_number;
}

static bool find_group(struct rights_user *user, const char *name) {
    unsigned id;
    if (parse_id(name, &id)) {
        user->gid = (gid_t)id;
        return true;
    }
    const struct group *entry = getgrnam(name);
    if (entry) {
        user->gid = entry->gr_gid;
    }
    return entry;
}

/* NAME[:GROUP] */
static bool find_asked(struct rights_user *user, const char *asked, char message[RIGHTS_MESSAGE_BYTES]) {
    char name[RIGHTS_NAME_BYTES];
    const char *colon = strchr(asked, ':');
    size_t len = colon ? (size_t)(colon - asked) : strlen(asked);
    struct shown shown = show(asked);
    bool has_group = false;
    if (len == 0) {
        return rights_fail(message, "--user %s: it names no user; write --user NAME[:GROUP]", shown.text);
    }
    if (len >= sizeof name) {
        return rights_fail(message, "--user %s: there is no user with so long a name", shown.text);
    }
    if (colon && colon[1] == '\0') {
        return rights_fail(message,
                           "--user %s: no group follows the colon; name one, or leave the colon out for the "
                           "user's own",
                           shown.text);
    }
    memcpy(name, asked, len);
    name[len] = '\0';
    if (!find_user(user, name, &has_group)) {
        return rights_fail(message, "--user %s: there is no user %s; make one: adduser --system --group %s",
                           shown.text, name, name);
    }
    if (colon && !find_group(user, colon + 1)) {
        return rights_fail(message,
                           "--user %s: there is no group %s; make it (addgroup --system), or name another",
                           shown.text, show(colon + 1).text);
    }
    return colon || has_group ||
           rights_fail(message, "--user %s: no user has this number; give it a group too: --user %s:GROUP",
                       shown.text, name);
}

bool rights_user_exists(const char *asked, char message[RIGHTS_MESSAGE_BYTES]) {
    struct rights_user user = {.asked = true};
    return find_asked(&user, asked, message);
}

/* Root that captures becomes somebody who owns nothing. Root that reads files stays, without capabilities:
 * its output is root's own, as everybody expects. */
bool rights_user_choose(struct rights *rights, const char *asked, bool named,
                        char message[RIGHTS_MESSAGE_BYTES]) {
    struct rights_user *user = &rights->user;
    bool ignored;
    user->uid = getuid(); /* of a set-user-ID program, who started it */
    user->gid = getgid();
    user->asked = asked != NULL;
    if (asked && !find_asked(user, asked, message)) {
        return false;
    }
    if (!asked && user->uid == 0 && rights->live && !find_user(user, USER_OF_HARK, &ignored) &&
        !find_user(user, USER_OF_NOBODY, &ignored)) {
        user->uid = ID_OF_NOBODY;
        user->gid = ID_OF_NOBODY;
    }
    user->change = user->uid != geteuid() || user->gid != getegid() || user->uid != getuid();
    if (named || user->change) { /* the C library asks its files, which a run of a file can do without */
        name_user(user);
        name_group(user);
    }
    return true;
}

#ifdef HARK_WITH_CAPNG

/* What a program executed later could get. Only who has CAP_SETPCAP may; without it no_new_privs must do. */
static bool drop_bounds(void) {
    if (capng_get_caps_process() != 0) {
        return false;
    }
    bool may = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
    capng_clear(CAPNG_SELECT_BOUNDS);
    return !may || capng_apply(CAPNG_SELECT_BOUNDS) == 0;
}

/* The ambient ones go with those that are permitted. */
static void drop_capabilities(struct rights *rights) {
    capng_clear(CAPNG_SELECT_ALL);
    if (capng_apply(CAPNG_SELECT_CAPS) == 0) {
        rights->parts[RIGHTS_CAPABILITIES].outcome = RIGHTS_DROPPED;
    } else {
        rights_lack(rights, RIGHTS_CAPABILITIES, "the kernel keeps them: %s", strerror(errno));
    }
}

#else

static bool drop_bounds(void) {
    return true;
}

static void drop_capabilities(struct rights *rights) {
    if (geteuid() != 0 && rights->parts[RIGHTS_USER].outcome == RIGHTS_DROPPED) {
        rights->parts[RIGHTS_CAPABILITIES].outcome = RIGHTS_DROPPED; /* the kernel takes them from root */
    } else {
        rights_lack(rights, RIGHTS_CAPABILITIES, "this build is without libcap-ng");
    }
}

#endif

static void drop_groups(struct rights *rights) {
    if (getgroups(0, NULL) == 0 || setgroups(0, NULL) == 0) {
        rights->parts[RIGHTS_GROUPS].outcome = RIGHTS_DROPPED;
    } else if (geteuid() == 0 || rights->user.change) {
        rights_lack(rights, RIGHTS_GROUPS, "they can't be left: %s", strerror(errno));
    }
}

bool rights_user_drop(struct rights *rights, char message[RIGHTS_MESSAGE_BYTES]) {
    const struct rights_user *user = &rights->user;
    bool bounded = drop_bounds(); /* before the right to do so goes */
    drop_groups(rights);
    if (user->change) {
        if (setresgid(user->gid, user->gid, user->gid) == 0 &&
            setresuid(user->uid, user->uid, user->uid) == 0) {
            rights->parts[RIGHTS_USER].outcome = RIGHTS_DROPPED;
        } else if (user->asked) {
            return rights_fail(message,
                               "can't become user %s (%u:%u): %s; start hark as root, or leave --user out",
                               user->name, (unsigned)user->uid, (unsigned)user->gid, strerror(errno));
        } else {
            rights_lack(rights, RIGHTS_USER, "can't become user %s: %s", user->name, strerror(errno));
        }
    }
    drop_capabilities(rights);
    if (!bounded) {
        rights_lack(rights, RIGHTS_CAPABILITIES, "the kernel keeps the bounding set");
    }
    return true;
}
