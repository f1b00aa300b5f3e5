/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator's functions, defined by the program itself, so that every library gets these. What does not
 * fail is passed on: to the sanitizer's allocator, where there is one, else to libc's. */
#include "tests/fault/fault.h"

#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef FAULT_SANITIZED
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t);
void *REAL(calloc)(size_t, size_t);
void *REAL(realloc)(void *, size_t);
void *REAL(memalign)(size_t, size_t);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static _Atomic(struct fault_plan *) armed;

void fault_arm(struct fault_plan *plan) {
    atomic_store(&armed, plan);
}

static void tell_stack(void) {
    void *calls[32];
    struct fault_plan *plan = atomic_exchange(&armed, NULL); /* telling may allocate */
    backtrace_symbols_fd(calls, backtrace(calls, sizeof calls / sizeof *calls), STDERR_FILENO);
    (void)!write(STDERR_FILENO, "\n", 1);
    atomic_store(&armed, plan);
}

static bool fails(enum fault_kind kind) {
    struct fault_plan *plan = atomic_load_explicit(&armed, memory_order_relaxed);
    if (!plan || plan->kind != kind) {
        return false;
    }
    uint64_t call = atomic_fetch_add(&plan->calls, 1) + 1;
    if (call < plan->number || (call > plan->number && !plan->onward)) {
        return false;
    }
    if (plan->trace) {
        tell_stack();
    }
    atomic_fetch_add(&plan->failures, 1);
    errno = plan->error;
    return true;
}

/* Bytes that a read or write may move. */
static size_t share(enum fault_kind kind, size_t bytes) {
    struct fault_plan *plan = atomic_load_explicit(&armed, memory_order_relaxed);
    return plan && plan->kind == kind && plan->most && plan->most < bytes ? plan->most : bytes;
}

/* A call that moves fewer bytes does not fail. */
static bool transfer_fails(enum fault_kind kind) {
    struct fault_plan *plan = atomic_load_explicit(&armed, memory_order_relaxed);
    return plan && !plan->most && fails(kind);
}

void *malloc(size_t bytes) {
    return fails(FAULT_ALLOCATION) ? NULL : REAL(malloc)(bytes);
}

void *calloc(size_t count, size_t bytes) {
    return fails(FAULT_ALLOCATION) ? NULL : REAL(calloc)(count, bytes);
}

void *realloc(void *old, size_t bytes) {
    return fails(FAULT_ALLOCATION) ? NULL : REAL(realloc)(old, bytes);
}

void *memalign(size_t alignment, size_t bytes) {
    return fails(FAULT_ALLOCATION) ? NULL : REAL(memalign)(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    return memalign(alignment, bytes);
}

int posix_memalign(void **to, size_t alignment, size_t bytes) {
    void *got = memalign(alignment, bytes);
    *to = got ? got : *to;
    return got ? 0 : ENOMEM;
}

ssize_t read(int fd, void *to, size_t bytes) {
    return transfer_fails(FAULT_READ) ? -1 : syscall(SYS_read, fd, to, share(FAULT_READ, bytes));
}

ssize_t write(int fd, const void *from, size_t bytes) {
    return transfer_fails(FAULT_WRITE) ? -1 : syscall(SYS_write, fd, from, share(FAULT_WRITE, bytes));
}

/* Where a call moves fewer bytes, they are of the first part. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (share(FAULT_WRITE, SIZE_MAX) < SIZE_MAX) {
        return write(fd, parts[0].iov_base, parts[0].iov_len);
    }
    return transfer_fails(FAULT_WRITE) ? -1 : syscall(SYS_writev, fd, parts, count);
}

/* As on Linux, the descriptor is closed in any case. */
int close(int fd) {
    int closed = (int)syscall(SYS_close, fd);
    return fails(FAULT_CLOSE) ? -1 : closed;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context) {
    return fails(FAULT_THREAD) ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}
