/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/passed.h"

#include <assert.h>
#include <string.h>

static_assert(PASSED_FEW > 1 && PASSED_MOST > PASSED_FEW, "a small block has room for some");

bool passed_reserve(struct passed **passed, struct page_pool *pages) {
    struct passed *p = *passed;
    if (p && p->count < p->room) {
        return true;
    }
    enum page_kind kind = p ? PAGE_WHOLE : PAGE_SMALL;
    struct passed *larger = p && p->kind == PAGE_WHOLE ? NULL : page_take(pages, kind);
    if (!larger) {
        return false;
    }
    *larger = (struct passed){.room = p ? PASSED_MOST : PASSED_FEW, .kind = kind};
    if (p) {
        larger->count = p->count;
        memcpy(larger->holes, p->holes, p->count * sizeof p->holes[0]);
        page_give(pages, p, PAGE_SMALL);
    }
    *passed = larger;
    return true;
}

bool passed_add(struct passed **passed, struct page_pool *pages, const struct passed_hole *hole) {
    assert(hole->from < hole->to);
    if (!passed_reserve(passed, pages)) {
        return false;
    }
    struct passed *p = *passed;
    assert(p->count == 0 || p->holes[p->count - 1].to < hole->from);
    p->holes[p->count++] = *hole;
    return true;
}

const struct passed_hole *passed_find(const struct passed *p, uint64_t start, uint64_t end) {
    for (unsigned i = 0; p && i < p->count; i++) {
        if (p->holes[i].to > start) {
            return p->holes[i].from < end ? &p->holes[i] : NULL;
        }
    }
    return NULL;
}

static void remove_hole(struct passed **passed, struct page_pool *pages, unsigned i) {
    struct passed *p = *passed;
    p->count--;
    memmove(&p->holes[i], &p->holes[i + 1], (p->count - i) * sizeof p->holes[0]);
    if (p->count == 0) {
        passed_clear(passed, pages);
    }
}

/* A piece is taken out of the hole's middle: what is behind it becomes a hole of its own. */
static void split(struct passed *p, unsigned i, uint64_t to) {
    assert(p->count < p->room);
    memmove(&p->holes[i + 1], &p->holes[i], (p->count - i) * sizeof p->holes[0]);
    p->holes[i + 1].from = to;
    p->count++;
}

void passed_take(struct passed **passed, struct page_pool *pages, uint64_t from, uint64_t to,
                 int64_t now_ns) {
    struct passed *p = *passed;
    unsigned i = 0;
    while (p->holes[i].to <= from) {
        i++;
        assert(i < p->count);
    }
    struct passed_hole *hole = &p->holes[i];
    assert(hole->from <= from && from < to && to <= hole->to);
    if (hole->from == from) {
        hole->from = to;
        if (to == hole->to) {
            remove_hole(passed, pages, i);
        }
        return;
    }
    if (to < hole->to) {
        split(p, i, to);
    }
    hole->to = from;
    hole->since_ns = hole->acked_ns = now_ns;
}

void passed_note_cut(struct passed *p, uint64_t from, uint64_t to) {
    for (unsigned i = 0; p && i < p->count; i++) {
        p->holes[i].cut |= p->holes[i].from < to && from < p->holes[i].to;
    }
}

void passed_clear(struct passed **passed, struct page_pool *pages) {
    if (*passed) {
        page_give(pages, *passed, (*passed)->kind);
        *passed = NULL;
    }
}
