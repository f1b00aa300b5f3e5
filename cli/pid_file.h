/* SPDX-License-Identifier: Apache-2.0 */
/* --pidfile: a file with this process's number, which is locked (fcntl(2)) for as long as the process lives,
 * so that a second hark with the same file does not start. What a dead process left behind is taken over.
 * Embedded by value; one thread. */
#ifndef HARK_CLI_PID_FILE_H
#define HARK_CLI_PID_FILE_H

#include <stdbool.h>

enum { PID_FILE_MESSAGE_BYTES = 512, PID_FILE_NAME_BYTES = 256 };

struct pid_file {
    int directory; /* owned: opened at the start, for the removal at the end */
    int fd;        /* owned, holds the lock; -1 without one */
    char name[PID_FILE_NAME_BYTES];
};

/* False with one line in `message`: another process has it, it is no pid file, or it can't be written.
 * Nothing needs to be let go then. */
bool pid_file_take(struct pid_file *, const char *path, char message[PID_FILE_MESSAGE_BYTES]);
/* Could it be taken, were nobody running with it? Nothing is made or changed. */
bool pid_file_look(const char *path, char message[PID_FILE_MESSAGE_BYTES]);
/* Removes the file if it is still this one; where that is not allowed any more, empties it. */
void pid_file_drop(struct pid_file *);

#endif
