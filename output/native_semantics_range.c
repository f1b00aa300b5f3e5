/* SPDX-License-Identifier: Apache-2.0 */
/* `range` of the semantics. */
#include "output/native_semantics.h"
#include "output/native_semantics_parts.h"

static void write_range(struct writer *w, const struct byte_range *range) {
    writer_begin_object(w);
    if (range->suffix) {
        WRITER_KEY(w, "suffix");
    } else {
        WRITER_KEY(w, "first");
    }
    writer_unsigned(w, range->first);
    if (range->has_last) {
        WRITER_KEY(w, "last");
        writer_unsigned(w, range->last);
    }
    writer_end_object(w);
}

static void write_asked(struct native *native, struct writer *w, const struct semantics_range *r) {
    WRITER_UP_TO(w, "\"asked\":{");
    WRITER_KEY(w, "legal");
    writer_bool(w, r->asked_legal);
    if (r->unit.len) {
        WRITER_KEY(w, "unit");
        native_write_shown(native, w, r->unit);
    }
    if (r->count) {
        WRITER_KEY(w, "ranges");
        writer_begin_array(w);
        for (uint32_t i = 0; i < r->count; i++) {
            write_range(w, &r->ranges[i]);
        }
        writer_end_array(w);
    }
    if (r->dropped) {
        WRITER_KEY(w, "ranges_dropped");
        writer_unsigned(w, r->dropped);
    }
    writer_end_object(w);
}

static void write_served(struct writer *w, const struct semantics_range *r) {
    if (r->has_served) {
        WRITER_UP_TO(w, "\"served\":{\"first\":");
        writer_unsigned(w, r->first);
        WRITER_KEY(w, "last");
        writer_unsigned(w, r->last);
        writer_end_object(w);
    }
    if (r->has_total) {
        WRITER_KEY(w, "total");
        writer_unsigned(w, r->total);
    }
    if (r->subset) {
        WRITER_RAW(w, "\"subset\":true");
    }
}

static void write_judgement(struct writer *w, const struct semantics_range *r) {
    WRITER_KEY(w, "consistent");
    writer_bool(w, r->problems == 0);
    if (!r->problems) {
        return;
    }
    WRITER_KEY(w, "problems");
    writer_begin_array(w);
    for (unsigned i = 0; i < RANGE_PROBLEMS; i++) {
        if (r->problems >> i & 1) {
            writer_text(w, range_problem_name((enum range_problem)i));
        }
    }
    writer_end_array(w);
}

void native_write_range(struct native *native, struct writer *w, const struct semantics_range *r) {
    if (!r->asked && !r->judged && !r->accepts.len) {
        return;
    }
    const bool more = r->asked || r->judged || r->if_range != IF_RANGE_NONE || r->outcome != RANGE_UNKNOWN ||
                      r->has_served || r->has_total || r->subset;
    if (!more && slice_is(r->accepts, "bytes")) { /* mostly */
        WRITER_RAW(w, "\"range\":{\"accepts\":\"bytes\"}");
        return;
    }
    WRITER_UP_TO(w, "\"range\":{");
    if (r->asked) {
        write_asked(native, w, r);
    }
    if (r->if_range != IF_RANGE_NONE) {
        WRITER_KEY(w, "if_range");
        writer_text(w, if_range_name(r->if_range));
    }
    if (r->outcome != RANGE_UNKNOWN) {
        WRITER_KEY(w, "outcome");
        writer_text(w, range_outcome_name(r->outcome));
    }
    write_served(w, r);
    if (r->judged) {
        write_judgement(w, r);
    }
    if (slice_is(r->accepts, "bytes")) {
        WRITER_RAW(w, "\"accepts\":\"bytes\"");
    } else if (r->accepts.len) {
        WRITER_KEY(w, "accepts");
        native_write_shown(native, w, r->accepts);
    }
    writer_end_object(w);
}
