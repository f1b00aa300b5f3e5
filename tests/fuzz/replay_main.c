/* SPDX-License-Identifier: Apache-2.0 */
/* Replays inputs through a fuzz harness in builds without libFuzzer: every file named, and every file in
 * every folder named. A folder that is not there has no inputs. Exit status 1 when nothing was replayed. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static bool replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "cannot read %s\n", path);
        return false;
    }
    struct stat status;
    bool good = fstat(fileno(file), &status) == 0;
    size_t size = good ? (size_t)status.st_size : 0;
    /* Exactly as large as the input, so that a read beyond it is seen. */
    uint8_t *data = malloc(size ? size : 1);
    good = good && data && fread(data, 1, size, file) == size;
    fclose(file);
    if (good) {
        (void)LLVMFuzzerTestOneInput(data, size);
        replayed++;
    } else {
        fprintf(stderr, "cannot read %s\n", path);
    }
    free(data);
    return good;
}

static bool replay_folder(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) {
        return true;
    }
    bool good = true;
    for (struct dirent *entry = readdir(folder); entry && good; entry = readdir(folder)) {
        char name[4096];
        struct stat status;
        int len = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (len > 0 && (size_t)len < sizeof name && stat(name, &status) == 0 && S_ISREG(status.st_mode)) {
            good = replay_file(name);
        }
    }
    closedir(folder);
    return good;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        struct stat status;
        bool is_file = stat(argv[i], &status) == 0 && S_ISREG(status.st_mode);
        if (!(is_file ? replay_file(argv[i]) : replay_folder(argv[i]))) {
            return 1;
        }
    }
    printf("replayed %u inputs\n", replayed);
    return replayed ? 0 : 1;
}
