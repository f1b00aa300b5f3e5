/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that rights_apply puts together; private to rights*.c. All return false only when the run must
 * not go on, with a message. */
#ifndef HARK_CLI_RIGHTS_PARTS_H
#define HARK_CLI_RIGHTS_PARTS_H

#include "cli/rights.h"

/* Sanitizers look at the process from inside, with system calls that hark has no use for. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RIGHTS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RIGHTS_SANITIZED 1
#endif
#endif
#ifndef RIGHTS_SANITIZED
#define RIGHTS_SANITIZED 0
#endif

__attribute__((format(printf, 2, 3))) bool rights_fail(char message[RIGHTS_MESSAGE_BYTES], const char *format,
                                                       ...);
__attribute__((format(printf, 3, 4))) void rights_lack(struct rights *, enum rights_part, const char *format,
                                                       ...);

/* `asked`: --user's argument, or NULL. `named`: names are wanted even of a user who stays. */
bool rights_user_choose(struct rights *, const char *asked, bool named, char message[RIGHTS_MESSAGE_BYTES]);
bool rights_user_drop(struct rights *, char message[RIGHTS_MESSAGE_BYTES]);

/* While the paths can still be reached; `ruleset` is a descriptor, or -1 where the kernel has no Landlock. */
bool rights_landlock_prepare(struct rights *, int *ruleset, char message[RIGHTS_MESSAGE_BYTES]);
/* Closes the ruleset. */
bool rights_landlock_enforce(struct rights *, int ruleset, char message[RIGHTS_MESSAGE_BYTES]);

bool rights_seccomp_load(struct rights *, char message[RIGHTS_MESSAGE_BYTES]);

#endif
