/* SPDX-License-Identifier: Apache-2.0 */
/* hark_fault KIND (once|onward) FIRST STEP LAST [trace] -- HARK'S ARGUMENTS
 *
 * KIND is malloc, thread, read, write or close, or with what happens then: write=28 (an errno), write/7 (no
 * failure, but no call moves more than 7 bytes).
 *
 * Runs hark over and over, each time in a process of its own that is forked, in which another call fails:
 * the FIRSTth, then STEP further, until LAST or until nothing failed because there are no more calls. For
 * each run standard output gets a line, "number failures calls status bytes-out bytes-err", and then what
 * hark wrote on its standard output (a regular file) and error. A negative status is the signal that ended
 * it; one that hangs is ended by SIGALRM. */
#include "tests/fault/fault.h"

#include <errno.h>
#include <execinfo.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 30, FIRST_ARGUMENT = 6 };

/* cli/main.c's, under another name. */
int hark_main(int argc, char **argv);

static void give_up(const char *what) {
    perror(what);
    exit(2);
}

static int run_child(struct fault_plan *plan, int out, int err, int argc, char **argv) {
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) {
        give_up("dup2");
    }
    (void)close(out);
    (void)close(err);
    (void)alarm(PATIENCE_SECONDS);
    fault_arm(plan);
    int status = hark_main(argc, argv);
    fault_arm(NULL); /* what comes after main is no business of hark's */
    return status;
}

static void copy_out(int fd) {
    char piece[65536];
    ssize_t got;
    if (lseek(fd, 0, SEEK_SET) < 0) {
        give_up("lseek");
    }
    while ((got = read(fd, piece, sizeof piece)) > 0) {
        (void)fwrite(piece, 1, (size_t)got, stdout);
    }
    (void)close(fd);
}

static off_t size_of(int fd) {
    return lseek(fd, 0, SEEK_END);
}

/* One run. False when nothing failed. */
static bool run_once(struct fault_plan *plan, int argc, char **argv) {
    atomic_store(&plan->calls, 0);
    atomic_store(&plan->failures, 0);
    int out = memfd_create("out", 0);
    int err = memfd_create("err", 0);
    if (out < 0 || err < 0) {
        give_up("memfd_create");
    }
    (void)fflush(stdout);
    pid_t child = fork();
    if (child < 0) {
        give_up("fork");
    }
    if (child == 0) {
        exit(run_child(plan, out, err, argc, argv)); /* by exit, so that leaks are looked for */
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) {
        give_up("waitpid");
    }
    uint64_t failures = atomic_load(&plan->failures);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %d %lld %lld\n", plan->number, failures,
           atomic_load(&plan->calls), WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
           (long long)size_of(out), (long long)size_of(err));
    copy_out(out);
    copy_out(err);
    return failures > 0;
}

static struct fault_plan *make_plan(char **argv) {
    struct fault_plan *plan =
        mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (plan == MAP_FAILED) {
        give_up("mmap");
    }
    static const struct {
        const char *name;
        enum fault_kind kind;
        int error;
    } kinds[] = {{"malloc", FAULT_ALLOCATION, ENOMEM},
                 {"thread", FAULT_THREAD, EAGAIN},
                 {"read", FAULT_READ, EIO},
                 {"write", FAULT_WRITE, EIO},
                 {"close", FAULT_CLOSE, EIO}};
    size_t len = strcspn(argv[1], "=/");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].name) == len && strncmp(argv[1], kinds[i].name, len) == 0) {
            plan->kind = kinds[i].kind;
            plan->error = kinds[i].error;
        }
    }
    plan->error = argv[1][len] == '=' ? (int)strtol(argv[1] + len + 1, NULL, 10) : plan->error;
    plan->most = argv[1][len] == '/' ? strtoull(argv[1] + len + 1, NULL, 10) : 0;
    plan->onward = strcmp(argv[2], "onward") == 0;
    return plan;
}

int main(int argc, char **argv) {
    if (argc <= FIRST_ARGUMENT) {
        (void)fprintf(stderr, "hark_fault: see its first lines\n");
        return 2;
    }
    struct fault_plan *plan = make_plan(argv);
    int first = FIRST_ARGUMENT;
    for (; first < argc && strcmp(argv[first], "--") != 0; first++) {
        if (strcmp(argv[first], "trace") == 0) {
            void *calls[1];
            (void)backtrace(calls, 1); /* its first call allocates */
            plan->trace = true;
        }
    }
    if (first == argc) {
        (void)fprintf(stderr, "hark_fault: no arguments for hark\n");
        return 2;
    }
    uint64_t step = strtoull(argv[4], NULL, 10);
    uint64_t last = strtoull(argv[5], NULL, 10);
    argv[first] = argv[0];
    for (plan->number = strtoull(argv[3], NULL, 10); plan->number <= last; plan->number += step) {
        if (!run_once(plan, argc - first, argv + first)) {
            break;
        }
    }
    return 0;
}
