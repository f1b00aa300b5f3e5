/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_unpack.h"

#include <assert.h>
#include <stdlib.h>

#ifdef HARK_WITH_ZLIB
#define ZLIB_CONST
#include <zlib.h>
#endif
#ifdef HARK_WITH_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

struct source_unpack {
    enum source_packing packing;
    bool complete; /* between members or frames, at least one of which is done */
    bool no_memory;
    const char *failed; /* what is wrong with the data; it sticks */
#ifdef HARK_WITH_ZLIB
    z_stream zlib;
#endif
#ifdef HARK_WITH_ZSTD
    ZSTD_DCtx *zstd;
    size_t zstd_wants; /* bytes up to the end of the next block */
#endif
};

/* The least that libzstd needs to see of a frame's header. */
enum { ZSTD_FIRST_WANT = 5 };

struct packing_magic {
    const char *bytes;
    size_t len;
    enum source_packing packing;
    const char *tool;
};

enum source_packing source_packing_of(struct slice first, const char **tool) {
    static const struct packing_magic known[] = {
        {"\x1f\x8b", 2, PACKING_GZIP, "gzip -dc"},
        {"\x28\xb5\x2f\xfd", 4, PACKING_ZSTD, "zstd -dc"},
        {"\xfd\x37\x7a\x58\x5a\x00", 6, PACKING_UNSUPPORTED, "xz -dc"},
        {"\x04\x22\x4d\x18", 4, PACKING_UNSUPPORTED, "lz4 -dc"},
        {"BZh", 3, PACKING_UNSUPPORTED, "bzip2 -dc"},
        {"PK\x03\x04", 4, PACKING_UNSUPPORTED, "unzip -p"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (slice_equal(slice_first(first, known[i].len), slice_make(known[i].bytes, known[i].len))) {
            *tool = known[i].tool;
            return known[i].packing;
        }
    }
    /* A skippable frame (RFC 8878 section 3.1.2) opens the files of some parallel zstd tools. */
    if (first.len >= 4 && first.ptr[0] >> 4 == 5 && first.ptr[1] == 0x2a && first.ptr[2] == 0x4d &&
        first.ptr[3] == 0x18) {
        *tool = "zstd -dc";
        return PACKING_ZSTD;
    }
    *tool = "";
    return PACKING_NONE;
}

static const char out_of_memory[] = "out of memory";

#ifdef HARK_WITH_ZLIB
static bool gzip_open(struct source_unpack *unpack) {
    return inflateInit2(&unpack->zlib, 16 + MAX_WBITS) == Z_OK; /* 16: gzip format only */
}

static bool gzip_run(struct source_unpack *unpack, struct slice *in, uint8_t *out, size_t room,
                     size_t *written, const char **problem) {
    if (unpack->complete) {
        /* Zeros pad a gzip file to a tape's block; anything else must be the next member. */
        while (in->len && in->ptr[0] == 0) {
            *in = slice_after(*in, 1);
        }
        if (in->len == 0) {
            return true;
        }
        unpack->complete = false;
        (void)inflateReset(&unpack->zlib);
    }
    z_stream *zlib = &unpack->zlib;
    uInt offered = in->len < UINT32_MAX ? (uInt)in->len : UINT32_MAX;
    zlib->next_in = in->ptr;
    zlib->avail_in = offered;
    zlib->next_out = out;
    zlib->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    int result = inflate(zlib, Z_NO_FLUSH);
    *in = slice_after(*in, offered - zlib->avail_in);
    *written = (size_t)(zlib->next_out - out);
    if (result == Z_STREAM_END) {
        unpack->complete = true;
        return true;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) { /* the latter: it needs more input */
        return true;
    }
    unpack->no_memory = result == Z_MEM_ERROR;
    *problem = unpack->no_memory ? out_of_memory : zlib->msg ? zlib->msg : "damaged gzip data";
    return false;
}
#endif

#ifdef HARK_WITH_ZSTD
static bool zstd_open(struct source_unpack *unpack) {
    unpack->zstd_wants = ZSTD_FIRST_WANT;
    unpack->zstd = ZSTD_createDCtx();
    return unpack->zstd &&
           !ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
}

static bool zstd_run(struct source_unpack *unpack, struct slice *in, uint8_t *out, size_t room,
                     size_t *written, const char **problem) {
    /* A call that meets damage does not say what it wrote before, so that it gets a block at a time. */
    struct slice block = slice_first(*in, unpack->zstd_wants);
    ZSTD_inBuffer input = {.src = block.ptr, .size = block.len, .pos = 0};
    ZSTD_outBuffer output = {.dst = out, .size = room, .pos = 0};
    size_t result = ZSTD_decompressStream(unpack->zstd, &output, &input);
    if (ZSTD_isError(result)) {
        unpack->no_memory = ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;
        *problem = unpack->no_memory ? out_of_memory : ZSTD_getErrorName(result);
        return false;
    }
    *in = slice_after(*in, input.pos);
    *written = output.pos;
    unpack->zstd_wants = result ? result : ZSTD_FIRST_WANT;
    if (input.pos || output.pos) {
        unpack->complete = result == 0;
    }
    return true;
}
#endif

struct source_unpack *source_unpack_new(enum source_packing packing, const char **problem, bool *no_memory) {
    struct source_unpack *unpack = calloc(1, sizeof *unpack);
    *problem = out_of_memory;
    *no_memory = !unpack;
    if (!unpack) {
        return NULL;
    }
    unpack->packing = packing;
    bool opened = false;
    switch (packing) {
    case PACKING_GZIP:
#ifdef HARK_WITH_ZLIB
        opened = gzip_open(unpack);
        *no_memory = !opened;
#else
        *problem = "this hark was built without zlib (HARK_WITH_ZLIB)";
#endif
        break;
    case PACKING_ZSTD:
#ifdef HARK_WITH_ZSTD
        opened = zstd_open(unpack);
        *no_memory = !opened;
#else
        *problem = "this hark was built without libzstd (HARK_WITH_ZSTD)";
#endif
        break;
    case PACKING_UNSUPPORTED:
        *problem = "hark does not know this compression";
        break;
    case PACKING_NONE:
        *problem = "it is not compressed";
        break;
    }
    if (!opened) {
        source_unpack_free(unpack);
        return NULL;
    }
    return unpack;
}

void source_unpack_free(struct source_unpack *unpack) {
    if (!unpack) {
        return;
    }
#ifdef HARK_WITH_ZLIB
    if (unpack->packing == PACKING_GZIP) {
        (void)inflateEnd(&unpack->zlib);
    }
#endif
#ifdef HARK_WITH_ZSTD
    if (unpack->packing == PACKING_ZSTD) {
        (void)ZSTD_freeDCtx(unpack->zstd);
    }
#endif
    free(unpack);
}

static bool run_packing(struct source_unpack *unpack, struct slice *in, uint8_t *out, size_t room,
                        size_t *written, const char **problem) {
#ifdef HARK_WITH_ZLIB
    if (unpack->packing == PACKING_GZIP) {
        return gzip_run(unpack, in, out, room, written, problem);
    }
#endif
#ifdef HARK_WITH_ZSTD
    if (unpack->packing == PACKING_ZSTD) {
        return zstd_run(unpack, in, out, room, written, problem);
    }
#endif
    (void)unpack, (void)in, (void)out, (void)room, (void)written; /* where neither library is in */
    *problem = "it is not compressed";
    return false;
}

bool source_unpack_run(struct source_unpack *unpack, struct slice *in, uint8_t *out, size_t room,
                       size_t *written, const char **problem) {
    assert(room > 0);
    *written = 0;
    if (!unpack->failed && !run_packing(unpack, in, out, room, written, &unpack->failed)) {
        assert(unpack->failed);
    }
    *problem = unpack->failed ? unpack->failed : "";
    return !unpack->failed;
}

bool source_unpack_no_memory(const struct source_unpack *unpack) {
    return unpack->no_memory;
}

bool source_unpack_complete(const struct source_unpack *unpack) {
    return unpack->complete;
}
