/* SPDX-License-Identifier: Apache-2.0 */
/* measure CPUS OUTPUT COMMAND...: runs a command on the processors named (2, or 0,1), its standard output and
 * standard error to OUTPUT and OUTPUT.err, and prints wall, user and system seconds, peak RSS in KiB and the
 * exit status (128 + N for signal N), tab-separated. A program this small because the kernel counts what the
 * process was before its exec into the peak: measured from Python, nothing could have less than Python. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Noreturn static void die(const char *what) {
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    _exit(127);
}

static void pin(const char *list) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (char *end; *list; list = end + (*end == ',')) {
        unsigned long cpu = strtoul(list, &end, 10);
        if (end == list || (*end != ',' && *end != '\0') || cpu >= CPU_SETSIZE) {
            errno = EINVAL;
            die(list);
        }
        CPU_SET(cpu, &cpus);
    }
    if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) {
        die("sched_setaffinity");
    }
}

static void redirect(const char *path, int to) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || dup2(file, to) < 0) {
        die(path);
    }
    close(file);
}

_Noreturn static void become(char **arguments) {
    char errors[4096];
    if (snprintf(errors, sizeof(errors), "%s.err", arguments[2]) >= (int)sizeof(errors)) {
        errno = ENAMETOOLONG;
        die(arguments[2]);
    }
    pin(arguments[1]);
    redirect(arguments[2], STDOUT_FILENO);
    redirect(errors, STDERR_FILENO);
    execvp(arguments[3], arguments + 3);
    die(arguments[3]);
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int count, char **arguments) {
    if (count < 4) {
        fprintf(stderr, "usage: measure CPUS OUTPUT COMMAND...\n");
        return 2;
    }
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t child = fork();
    if (child < 0) {
        die("fork");
    }
    if (child == 0) {
        become(arguments);
    }
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            die("wait4");
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double wall = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    printf("%.6f\t%.6f\t%.6f\t%ld\t%d\n", wall, seconds(usage.ru_utime), seconds(usage.ru_stime),
           usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
