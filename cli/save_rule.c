/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save_rule.h"

#include "analyzer/timing.h"

bool save_rule_add(struct save_rule *rule, const char *text) {
    for (;;) {
        size_t len = strcspn(text, ",");
        struct slice name = slice_make(text, len);
        if (slice_is(name, "all")) {
            rule->all = true;
        } else if (slice_is(name, "failures")) {
            rule->failures = true;
        } else if (slice_is(name, "slow")) {
            rule->slow = true;
        } else {
            return false;
        }
        if (text[len] == '\0') {
            return true;
        }
        text += len + 1;
    }
}

static bool is_slow(const struct save_rule *rule, const struct transaction *t) {
    if (!transaction_has_messages(t)) {
        return false;
    }
    struct timing timing;
    timing_of(t, &timing);
    return timing.total.known && timing.total.ns > rule->slower_ns;
}

bool save_rule_wants(const struct save_rule *rule, const struct transaction *t) {
    return rule->all || (rule->failures && transaction_outcome(t) != OUTCOME_SUCCESS) ||
           (rule->slow && is_slow(rule, t));
}
