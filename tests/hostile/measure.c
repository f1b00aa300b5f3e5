/* SPDX-License-Identifier: Apache-2.0 */
/* measure REPORT PROGRAM [ARGUMENT...]: runs the program and writes to the file REPORT, in one line: its exit
 * status (-1 for a signal), its largest resident memory in KiB, and the CPU time that it took, in
 * microseconds. A program of its own because a child begins with the resident memory of its parent, and this
 * one has little. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long microseconds(const struct timeval *t) {
    return t->tv_sec * 1000000LL + t->tv_usec;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        return 2;
    }
    pid_t child = fork();
    if (child < 0) {
        return 1;
    }
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) {
        return 1;
    }
    FILE *report = fopen(argv[1], "w");
    if (!report) {
        return 1;
    }
    (void)fprintf(report, "%d %ld %lld\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, usage.ru_maxrss,
                  microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime));
    return fclose(report) ? 1 : 0;
}
