/* SPDX-License-Identifier: Apache-2.0 */
/* Which transactions' packets -w saves. Plain values, read-only once made. */
#ifndef HARK_CLI_SAVE_RULE_H
#define HARK_CLI_SAVE_RULE_H

#include "analyzer/transaction.h"

struct save_rule {
    bool all;
    bool failures; /* event.outcome is not "success" */
    bool
        slow; /* timing.total is more than slower_ns; tunnels and surplus bytes, which last, are never slow */
    int64_t slower_ns;
};

#define SAVE_SLOWER_NS NS_PER_SECOND /* without --save-slower */

/* Adds what `text` names: all, failures and slow, with commas between them. False where it names anything
 * else. */
bool save_rule_add(struct save_rule *, const char *text);
bool save_rule_wants(const struct save_rule *, const struct transaction *);

#endif
