/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_cut.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/* An accumulator that is returned is compared first, behind the program's end, where no jump of it has to
 * become longer. */
size_t source_cut_program(const struct sock_filter *program, size_t count, uint32_t bytes,
                          struct sock_filter *cut) {
    size_t tail = count;
    for (size_t i = 0; i < count; i++) {
        cut[i] = program[i];
        if (BPF_CLASS(program[i].code) != BPF_RET) {
            continue;
        }
        if (BPF_RVAL(program[i].code) == BPF_K) {
            cut[i].k = program[i].k < bytes ? program[i].k : bytes;
        } else if (BPF_RVAL(program[i].code) == BPF_A) {
            cut[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(count - i - 1));
            tail = count + SOURCE_CUT_ADDED;
        } else {
            return 0;
        }
    }
    if (tail > count) {
        cut[count] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, bytes, 0, 1);
        cut[count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, bytes);
        cut[count + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    }
    return tail <= BPF_MAXINSNS ? tail : 0;
}

/* The filter with room for what is added, owned by the caller; NULL without one, and with an error, which
 * errno tells: 0 for none. The kernel counts instructions, not bytes. */
static struct sock_filter *read_filter(int fd, size_t *count) {
    socklen_t len = 0;
    *count = 0;
    errno = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &len) != 0 || len == 0) {
        return NULL;
    }
    struct sock_filter *filter = calloc(len, sizeof *filter);
    if (filter && getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, filter, &len) != 0) {
        free(filter);
        return NULL;
    }
    *count = len;
    return filter;
}

static bool attach(int fd, struct sock_filter *filter, size_t count) {
    struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static bool attach_cut(int fd, const struct sock_filter *whole, size_t count, uint32_t bytes) {
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, bytes);
    if (count == 0) {
        return attach(fd, &all, 1);
    }
    struct sock_filter *cut = calloc(count + SOURCE_CUT_ADDED, sizeof *cut);
    size_t cut_count = cut ? source_cut_program(whole, count, bytes, cut) : 0;
    if (cut && cut_count == 0) {
        errno = EOPNOTSUPP;
    }
    bool attached = cut_count > 0 && attach(fd, cut, cut_count);
    int saved_errno = errno;
    free(cut);
    errno = saved_errno;
    return attached;
}

bool source_cut_begin(struct source_cut *cut, int fd, uint32_t bytes) {
    size_t count;
    if (cut->cutting) {
        return true;
    }
    struct sock_filter *whole = read_filter(fd, &count);
    if (!whole && errno != 0) {
        return false;
    }
    if (!attach_cut(fd, whole, count, bytes)) {
        int saved_errno = errno;
        free(whole);
        errno = saved_errno;
        return false;
    }
    *cut = (struct source_cut){.bytes = bytes, .cutting = true, .whole = whole, .whole_count = count};
    return true;
}

bool source_cut_end(struct source_cut *cut, int fd) {
    int ignored = 0;
    if (!cut->cutting) {
        return true;
    }
    bool restored = cut->whole ? attach(fd, cut->whole, cut->whole_count)
                               : setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) == 0;
    if (restored) {
        source_cut_fini(cut);
    }
    return restored;
}

void source_cut_fini(struct source_cut *cut) {
    free(cut->whole);
    cut->whole = NULL;
    cut->whole_count = 0;
    cut->cutting = false;
}
