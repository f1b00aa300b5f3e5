/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/overload.h"

void overload_init(struct overload *overload, int64_t lag_most_ns) {
    *overload = (struct overload){.lag_most_ns = lag_most_ns, .wait_ns = OVERLOAD_LOWER_NS};
}

const char *overload_level_name(enum overload_level level) {
    static const char *const names[OVERLOAD_LEVELS] = {
        "nothing",
        "bodies",
        "bodies and 1/2 of new connections",
        "bodies and 3/4 of new connections",
        "bodies and 7/8 of new connections",
        "bodies and 15/16 of new connections",
    };
    return names[level];
}

static bool is_pressed(const struct overload *o, const struct overload_sample *now) {
    return now->dropped > o->last.dropped || now->fill_permille >= OVERLOAD_FULL_PERMILLE ||
           now->lag_ns >= o->lag_most_ns;
}

static bool is_calm(const struct overload *o, const struct overload_sample *now) {
    return now->dropped == o->last.dropped && now->fill_permille < OVERLOAD_CALM_PERMILLE &&
           now->lag_ns < o->lag_most_ns / OVERLOAD_CALM_LAG_PART;
}

/* Is hark catching up with what is left out now? */
static bool is_sinking(const struct overload *o, const struct overload_sample *now) {
    return now->dropped == o->last.dropped && now->lag_ns < o->last.lag_ns &&
           now->fill_permille <= o->last.fill_permille;
}

/* Has the level had its time? */
static bool is_tried(const struct overload *o, const struct overload_sample *now) {
    return now->now_ns - o->changed_ns >= OVERLOAD_RAISE_NS || now->dropped > o->last.dropped ||
           now->fill_permille >= o->changed_permille + OVERLOAD_RAISE_PERMILLE;
}

static void change(struct overload *o, enum overload_level level, const struct overload_sample *now) {
    bool up = level > o->level;
    int64_t now_ns = now->now_ns;
    if (up && o->lowered && now_ns - o->changed_ns < OVERLOAD_LOWER_MOST_NS) {
        o->wait_ns = o->wait_ns < OVERLOAD_LOWER_MOST_NS ? 2 * o->wait_ns : OVERLOAD_LOWER_MOST_NS;
    }
    o->counts.episodes += o->level == OVERLOAD_NONE;
    o->counts.highest = (uint64_t)level > o->counts.highest ? (uint64_t)level : o->counts.highest;
    o->level = level;
    o->lowered = !up;
    o->changed_ns = o->calm_ns = now_ns;
    o->changed_permille = now->fill_permille;
}

static void press(struct overload *o, const struct overload_sample *now) {
    o->calm = false;
    if (o->level < OVERLOAD_MOST &&
        (o->level == OVERLOAD_NONE || (is_tried(o, now) && !is_sinking(o, now)))) {
        change(o, o->level + 1, now);
    }
}

static void relax(struct overload *o, const struct overload_sample *now) {
    int64_t now_ns = now->now_ns;
    if (!o->calm) {
        o->calm = true;
        o->calm_ns = now_ns;
    }
    if (o->level != OVERLOAD_NONE && now_ns - o->calm_ns >= o->wait_ns) {
        change(o, o->level - 1, now);
    } else if (o->level == OVERLOAD_NONE && now_ns - o->changed_ns >= OVERLOAD_LOWER_MOST_NS) {
        o->wait_ns = OVERLOAD_LOWER_NS;
    }
}

enum overload_level overload_step(struct overload *o, const struct overload_sample *now) {
    if (!o->started) {
        o->started = true;
        o->last = *now;
        o->changed_ns = now->now_ns;
    }
    int64_t passed = now->now_ns - o->last.now_ns;
    o->counts.ns_at_level[o->level] += passed > 0 ? (uint64_t)passed : 0;
    if (is_pressed(o, now)) {
        press(o, now);
    } else if (is_calm(o, now)) {
        relax(o, now);
    } else {
        o->calm = false;
    }
    o->last = *now;
    return o->level;
}
