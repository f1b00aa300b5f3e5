/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/overload.h"

void overload_init(struct overload *overload, int64_t lag_most_ns) {
    *overload = (struct overload){.lag_most_ns = lag_most_ns, .wait_ns = OVERLOAD_LOWER_NS};
}

const char *overload_level_name(enum overload_level level) {
    static const char *const names[OVERLOAD_LEVELS] = {"none", "none", "1/2", "3/4", "7/8", "15/16", "31/32"};
    return names[level];
}

static bool is_dropping(struct overload *o, const struct overload_sample *now) {
    if (now->dropped <= o->last.dropped) {
        return false;
    }
    bool again = o->drops_seen && now->now_ns - o->drops_ns <= OVERLOAD_DROPS_NS;
    o->drops_seen = true;
    o->drops_ns = now->now_ns;
    o->pressed = o->pressed || again; /* the kernel is not asked for each sample */
    return again || now->fill_permille >= OVERLOAD_CALM_PERMILLE;
}

static bool is_pressed(struct overload *o, const struct overload_sample *now) {
    bool dropping = is_dropping(o, now);
    return dropping || now->fill_permille >= OVERLOAD_FULL_PERMILLE || now->lag_ns >= o->lag_most_ns;
}

static bool is_calm(const struct overload *o, const struct overload_sample *now) {
    return now->dropped == o->last.dropped && now->fill_permille < OVERLOAD_CALM_PERMILLE &&
           now->lag_ns < o->lag_most_ns / OVERLOAD_CALM_LAG_PART;
}

static bool is_worth_cutting(const struct overload_sample *now) {
    return now->body_permille >= OVERLOAD_BODIES_PERMILLE;
}

/* Is hark catching up with what is left out now? What cutting wins is room: where that is enough, hark may be
 * behind, but not too far. */
static bool is_sinking(const struct overload *o, const struct overload_sample *now) {
    bool roomy = o->level == OVERLOAD_BODIES && is_worth_cutting(now) && now->lag_ns < o->lag_most_ns;
    return now->dropped == o->last.dropped && (roomy || now->lag_ns < o->last.lag_ns) &&
           now->fill_permille <= o->last.fill_permille;
}

/* `steps` levels above, or the most. */
static enum overload_level above(enum overload_level level, unsigned steps,
                                 const struct overload_sample *now) {
    unsigned next = (unsigned)level + steps + (level == OVERLOAD_NONE && !is_worth_cutting(now));
    return next < OVERLOAD_MOST ? (enum overload_level)next : OVERLOAD_MOST;
}

static enum overload_level below(enum overload_level level, const struct overload_sample *now) {
    return level == OVERLOAD_LEAST && !is_worth_cutting(now) ? OVERLOAD_NONE : level - 1;
}

/* What the buffer's fill needs at least. */
static enum overload_level needed(const struct overload_sample *now) {
    if (now->fill_permille < OVERLOAD_FULL_PERMILLE) {
        return OVERLOAD_NONE;
    }
    unsigned steps = 1 + (now->fill_permille - OVERLOAD_FULL_PERMILLE) / OVERLOAD_RAISE_PERMILLE;
    return above(OVERLOAD_NONE, steps, now);
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
}

static void press(struct overload *o, const struct overload_sample *now) {
    bool tried = o->level == OVERLOAD_NONE || now->dropped > o->last.dropped ||
                 now->now_ns - o->changed_ns >= OVERLOAD_RAISE_NS;
    o->calm = false;
    if (!o->pressed || is_sinking(o, now)) {
        return;
    }
    if (o->level == OVERLOAD_BODIES && !tried && is_worth_cutting(now)) {
        return; /* what came before fills the buffer, and it fills more slowly now */
    }
    bool first = o->level == OVERLOAD_NONE && is_worth_cutting(now);
    enum overload_level level = first ? OVERLOAD_BODIES : needed(now);
    if (tried && o->level < OVERLOAD_MOST && level <= o->level) {
        level = above(o->level, 1, now);
    }
    if (level > o->level) {
        change(o, level, now);
    }
}

static void relax(struct overload *o, const struct overload_sample *now) {
    int64_t now_ns = now->now_ns;
    if (!o->calm) {
        o->calm = true;
        o->calm_ns = now_ns;
    }
    if (o->level != OVERLOAD_NONE && now_ns - o->calm_ns >= o->wait_ns) {
        change(o, below(o->level, now), now);
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
    bool pressed = is_pressed(o, now);
    if (pressed) {
        press(o, now);
    } else if (is_calm(o, now)) {
        relax(o, now);
    } else {
        o->calm = false;
    }
    o->cutting = o->level != OVERLOAD_NONE && (o->cutting || is_worth_cutting(now));
    o->pressed = pressed;
    o->last = *now;
    return o->level;
}
