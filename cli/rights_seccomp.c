/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that are left (seccomp(2)): a list of what a run needs, by what it does. Any other one
 * fails with EPERM, and the kernel's audit log has it. It does not end the process: a library that asks for
 * something new must not end a sensor, and whoever broke in can do nothing with a call that fails. */
#include "cli/rights_parts.h"

#ifdef HARK_WITH_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a run does. */
enum {
    FOR_ALL = 0,
    FOR_LIVE = 1 << 0,
    FOR_OPENING = 1 << 1, /* files by name, to read */
    FOR_WRITING = 1 << 2, /* files by name, to write, rename and remove */
    FOR_NOTIFYING = 1 << 3,
    FOR_SANITIZER = 1 << 4,
    FOR_REMOVING = 1 << 5, /* files by name */
};

static const struct {
    const char *name;
    unsigned condition; /* all of these */
} calls[] = {
    /* descriptors that are open */
    {"read", FOR_ALL},
    {"readv", FOR_ALL},
    {"pread64", FOR_ALL},
    {"preadv", FOR_ALL},
    {"write", FOR_ALL},
    {"writev", FOR_ALL},
    {"pwrite64", FOR_ALL},
    {"pwritev", FOR_ALL},
    {"lseek", FOR_ALL},
    {"_llseek", FOR_ALL},
    {"close", FOR_ALL},
    {"dup", FOR_ALL},
    {"fcntl", FOR_ALL},
    {"fcntl64", FOR_ALL},
    {"fstat", FOR_ALL},
    {"fstat64", FOR_ALL},
    {"newfstatat", FOR_ALL}, /* glibc's fstat; of other files it tells what it would without hark */
    {"fstatat64", FOR_ALL},
    {"statx", FOR_ALL},
    {"fstatfs", FOR_ALL},
    {"fstatfs64", FOR_ALL},
    {"fadvise64", FOR_ALL},
    {"fadvise64_64", FOR_ALL},
    {"fallocate", FOR_ALL},
    {"ftruncate", FOR_ALL},
    {"ftruncate64", FOR_ALL},
    {"fsync", FOR_ALL},
    {"fdatasync", FOR_ALL},
    {"sync_file_range", FOR_ALL},
    {"poll", FOR_ALL},
    {"ppoll", FOR_ALL},
    {"ppoll_time64", FOR_ALL},
    /* memory */
    {"brk", FOR_ALL},
    {"munmap", FOR_ALL},
    {"mremap", FOR_ALL},
    {"madvise", FOR_ALL},
    {"getrandom", FOR_ALL},
    {"sysinfo", FOR_ALL},
    /* threads and signals */
    {"futex", FOR_ALL},
    {"futex_time64", FOR_ALL},
    {"set_robust_list", FOR_ALL},
    {"rseq", FOR_ALL},
    {"set_tid_address", FOR_ALL},
    {"sched_yield", FOR_ALL},
    {"sched_getaffinity", FOR_ALL},
    {"gettid", FOR_ALL},
    {"getpid", FOR_ALL},
    {"getuid", FOR_ALL},
    {"geteuid", FOR_ALL},
    {"getgid", FOR_ALL},
    {"getegid", FOR_ALL},
    {"exit", FOR_ALL},
    {"exit_group", FOR_ALL},
    {"rt_sigaction", FOR_ALL},
    {"rt_sigprocmask", FOR_ALL},
    {"rt_sigreturn", FOR_ALL},
    {"sigreturn", FOR_ALL},
    {"sigaltstack", FOR_ALL},
    {"restart_syscall", FOR_ALL},
    /* time and use */
    {"clock_gettime", FOR_ALL},
    {"clock_gettime64", FOR_ALL},
    {"clock_getres", FOR_ALL},
    {"clock_nanosleep", FOR_ALL},
    {"clock_nanosleep_time64", FOR_ALL},
    {"nanosleep", FOR_ALL},
    {"gettimeofday", FOR_ALL},
    {"time", FOR_ALL},
    {"getrusage", FOR_ALL},
    /* the packet socket: its counts, and its interface when that comes back */
    {"getsockopt", FOR_LIVE},
    {"getsockname", FOR_LIVE},
    {"recvfrom", FOR_LIVE},
    {"recvmsg", FOR_LIVE},
    {"bind", FOR_LIVE},
    /* rotation */
    {"rename", FOR_WRITING},
    {"renameat", FOR_WRITING},
    {"renameat2", FOR_WRITING},
    {"unlink", FOR_WRITING},
    {"unlinkat", FOR_REMOVING},
    {"getdents64", FOR_WRITING},
    /* sanitizers: their threads, their look at maps and other threads, their reports */
    {"openat", FOR_SANITIZER},
    {"open", FOR_SANITIZER},
    {"readlink", FOR_SANITIZER},
    {"readlinkat", FOR_SANITIZER},
    {"stat", FOR_SANITIZER},
    {"access", FOR_SANITIZER},
    {"getdents", FOR_SANITIZER},
    {"getdents64", FOR_SANITIZER},
    {"mmap", FOR_SANITIZER},
    {"mprotect", FOR_SANITIZER},
    {"clone", FOR_SANITIZER},
    {"ptrace", FOR_SANITIZER},
    {"wait4", FOR_SANITIZER},
    {"tgkill", FOR_SANITIZER},
    {"prctl", FOR_SANITIZER},
    {"prlimit64", FOR_SANITIZER},
    {"arch_prctl", FOR_SANITIZER},
    {"getppid", FOR_SANITIZER},
    {"uname", FOR_SANITIZER},
    {"membarrier", FOR_SANITIZER},
};

/* A call with a condition on one argument: (argument & mask) == value. */
struct conditional_call {
    const char *name;
    unsigned condition;
    unsigned argument;
    uint64_t mask, value;
};

static const struct conditional_call conditional_calls[] = {
    /* to read: neither made nor emptied */
    {"openat", FOR_OPENING, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    {"openat", FOR_WRITING, 2, 0, 0},
    /* no code */
    {"mmap", FOR_ALL, 2, PROT_EXEC, 0},
    {"mmap2", FOR_ALL, 2, PROT_EXEC, 0},
    {"mprotect", FOR_ALL, 2, PROT_EXEC, 0},
    /* threads, no processes */
    {"clone", FOR_ALL, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM},
    {"prctl", FOR_ALL, 0, UINT32_MAX, PR_SET_NAME},
    {"prlimit64", FOR_ALL, 2, UINT64_MAX, 0}, /* asks, and sets nothing */
    /* terminals and interfaces: looked at, not changed */
    {"ioctl", FOR_ALL, 1, UINT32_MAX, TCGETS},
    {"ioctl", FOR_ALL, 1, UINT32_MAX, TIOCGWINSZ},
    {"ioctl", FOR_LIVE, 1, UINT32_MAX, SIOCGIFINDEX},
    {"ioctl", FOR_LIVE, 1, UINT32_MAX, SIOCGIFFLAGS},
    {"ioctl", FOR_LIVE, 1, UINT32_MAX, SIOCGIFNAME},
    {"ioctl", FOR_LIVE, 1, UINT32_MAX, SIOCGIFHWADDR},
    {"setsockopt", FOR_LIVE, 1, UINT32_MAX, SOL_PACKET},
};

static unsigned what_it_does(const struct rights *rights) {
    unsigned does = (rights->live ? FOR_LIVE : 0) | (rights->notify_fd >= 0 ? FOR_NOTIFYING : 0) |
                    (RIGHTS_SANITIZED ? FOR_SANITIZER : 0);
    static const unsigned uses[] = {[RIGHTS_READ] = FOR_OPENING,
                                    [RIGHTS_WRITE] = FOR_WRITING | FOR_REMOVING,
                                    [RIGHTS_WRITE_FOLDER] = FOR_WRITING | FOR_REMOVING,
                                    [RIGHTS_REMOVE] = FOR_REMOVING};
    for (size_t i = 0; i < rights->path_count; i++) {
        does |= uses[rights->paths[i].access];
    }
    return does;
}

/* 0, or a negative errno. A call that the machine does not have needs no rule. */
static int allow(scmp_filter_ctx filter, const char *name, unsigned conditions,
                 const struct scmp_arg_cmp *condition) {
    int number = seccomp_syscall_resolve_name(name);
    return number < 0 ? 0 : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, conditions, condition);
}

static int allow_plain(scmp_filter_ctx filter, unsigned does) {
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof calls / sizeof calls[0]; i++) {
        if ((calls[i].condition & ~does) == 0) {
            error = allow(filter, calls[i].name, 0, NULL);
        }
    }
    return error;
}

static int allow_conditional(scmp_filter_ctx filter, unsigned does) {
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof conditional_calls / sizeof conditional_calls[0]; i++) {
        const struct conditional_call *call = &conditional_calls[i];
        struct scmp_arg_cmp condition = {call->argument, SCMP_CMP_MASKED_EQ, call->mask, call->value};
        if ((call->condition & ~does) == 0) {
            error = allow(filter, call->name, 1, &condition);
        }
    }
    return error;
}

/* How much the kernel keeps of a frame (capture/source_cut.h). */
static int allow_filters(scmp_filter_ctx filter, unsigned does) {
    static const int options[] = {SO_ATTACH_FILTER, SO_DETACH_FILTER};
    int error = 0;
    for (size_t i = 0; does & FOR_LIVE && error == 0 && i < sizeof options / sizeof options[0]; i++) {
        const struct scmp_arg_cmp conditions[] = {
            {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, SOL_SOCKET},
            {2, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)options[i]},
        };
        error = allow(filter, "setsockopt", 2, conditions);
    }
    return error;
}

/* Conditions that are known only now. */
static int allow_own(const struct rights *rights, scmp_filter_ctx filter, unsigned does) {
    struct scmp_arg_cmp own_process = {0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)getpid()};
    struct scmp_arg_cmp socket = {0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)rights->notify_fd};
    int error = allow(filter, "tgkill", 1, &own_process); /* abort() */
    if (error == 0 && does & FOR_NOTIFYING) {
        error = allow(filter, "sendto", 1, &socket);
        error = error ? error : allow(filter, "sendmsg", 1, &socket);
    }
    /* Its flags are in memory, where a filter can't look: the C library takes clone instead. */
    int clone3 = seccomp_syscall_resolve_name("clone3");
    return error || clone3 < 0 ? error : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
}

static bool is_listed(const char *name, unsigned does, size_t before) {
    for (size_t i = 0; i < before; i++) {
        if ((calls[i].condition & ~does) == 0 && strcmp(calls[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* How many system calls of this machine there are rules for. */
static unsigned count_calls(unsigned does) {
    enum {
        CALLS = sizeof calls / sizeof calls[0],
        CONDITIONAL = sizeof conditional_calls / sizeof conditional_calls[0]
    };
    unsigned count = !is_listed("tgkill", does, CALLS) + (does & FOR_NOTIFYING ? 2 : 0);
    for (size_t i = 0; i < CALLS; i++) {
        count += (calls[i].condition & ~does) == 0 && !is_listed(calls[i].name, does, i) &&
                 seccomp_syscall_resolve_name(calls[i].name) >= 0;
    }
    const char *last = "";
    for (size_t i = 0; i < CONDITIONAL; i++) {
        const struct conditional_call *call = &conditional_calls[i];
        if ((call->condition & ~does) == 0 &&
            strcmp(call->name, last) != 0) { /* rows of a call are together */
            last = call->name;
            count += !is_listed(last, does, CALLS) && seccomp_syscall_resolve_name(last) >= 0;
        }
    }
    return count;
}

/* Attributes that an old kernel may not have, and that nothing depends on. */
static void set_attributes(scmp_filter_ctx filter) {
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);    /* a sanitizer may have a thread already */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);      /* what is refused is in the audit log */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* the kernel's own errno */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
}

bool rights_seccomp_load(struct rights *rights, char message[RIGHTS_MESSAGE_BYTES]) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    unsigned does = what_it_does(rights);
    int error = filter ? 0 : -ENOMEM;
    if (filter) {
        set_attributes(filter);
        error = allow_plain(filter, does);
        error = error ? error : allow_conditional(filter, does);
        error = error ? error : allow_filters(filter, does);
        error = error ? error : allow_own(rights, filter, does);
        error = error ? error : seccomp_load(filter);
        seccomp_release(filter);
    }
    switch (-error) {
    case 0:
        rights->parts[RIGHTS_SECCOMP].outcome = RIGHTS_DROPPED;
        rights->calls = count_calls(does);
        return true;
    case ENOSYS: /* a kernel without it, or a container that forbids it */
    case EINVAL:
    case EPERM:
    case EACCES:
        rights_lack(rights, RIGHTS_SECCOMP, "the kernel does not take the filter: %s", strerror(-error));
        return true;
    case EFAULT: /* the library's word for it */
        error = -ENOMEM;
        __attribute__((fallthrough));
    default:
        return rights_fail(message,
                           "the sandbox (seccomp) can't be set up: %s; --no-sandbox goes on without it",
                           strerror(-error));
    }
}

#else

bool rights_seccomp_load(struct rights *rights, char message[RIGHTS_MESSAGE_BYTES]) {
    message[0] = '\0';
    rights_lack(rights, RIGHTS_SECCOMP, "this build is without libseccomp");
    return true;
}

#endif
