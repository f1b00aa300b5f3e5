/* SPDX-License-Identifier: Apache-2.0 */
/* Every capture at hand, read by hark and by libpcap: those of pcaps/, and those of other projects where they
 * are (HARK_SHARED in the environment, or ../shared beside the checkout). */
#include "tests/unit/captures.h"

#include "tests/fuzz/file_oracle.h"

#include <fts.h>
#include <pcap/pcap.h>
#include <sys/stat.h>

struct seen {
    uint64_t files;
    uint64_t frames;
    uint64_t explained;
    uint64_t different;
};

static bool ends_with(const char *path, const char *end) {
    size_t len = strlen(path);
    return len >= strlen(end) && strcmp(path + len - strlen(end), end) == 0;
}

static enum source_status next_frame(void *context, struct frame *frame) {
    return source_next(context, frame);
}

/* Unpacked where it is packed; NULL where it can't be opened. */
static FILE *open_unpacked(const char *path) {
    const char *tool = ends_with(path, ".gz") ? "gzip -dc" : ends_with(path, ".zst") ? "zstd -qdc" : NULL;
    char command[8192];
    if (!tool || strchr(path, '\'')) {
        return fopen(path, "r");
    }
    const char *name = path_of("unpacked");
    (void)snprintf(command, sizeof command, "%s '%s' >'%s'", tool, path, name);
    return system(command) == 0 ? fopen(name, "r") : NULL;
}

static void compare_file(const char *path, struct seen *seen) {
    enum source_error error;
    char message[SOURCE_MESSAGE_BYTES];
    uint8_t magic[4] = {0};
    FILE *file = open_unpacked(path);
    if (!file) {
        return;
    }
    size_t got = fread(magic, 1, sizeof magic, file);
    rewind(file);
    struct source *source =
        source_open_files(&(struct source_files_options){.paths = &path, .path_count = 1}, &error, message);
    if (!source) { /* no capture at all: then for libpcap neither */
        char problem[PCAP_ERRBUF_SIZE];
        pcap_t *pcap = pcap_fopen_offline(file, problem);
        if (pcap) {
            printf("%s: hark can't read it (%s), libpcap can\n", path, message);
            seen->different++;
            pcap_close(pcap);
        } else {
            (void)fclose(file);
        }
        return;
    }
    struct file_oracle oracle = {.next = next_frame,
                                 .context = source,
                                 .is_pcapng = got == 4 && memcmp(magic, "\x0a\x0d\x0d\x0a", 4) == 0};
    enum file_oracle_verdict verdict = file_oracle_compare(&oracle, file);
    if (verdict != ORACLE_SAME) {
        printf("%s%s: %s\n", verdict == ORACLE_DIFFERENT ? "different: " : "", path, oracle.text);
    }
    seen->files++;
    seen->frames += oracle.frames;
    seen->explained += verdict == ORACLE_EXPLAINED;
    seen->different += verdict == ORACLE_DIFFERENT;
    source_free(source);
}

static bool may_be_capture(const char *path) {
    static const char *const magics[] = {"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
                                         "\x4d\x3c\xb2\xa1", "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1",
                                         "\x0a\x0d\x0d\x0a"};
    char first[4] = {0};
    FILE *file = fopen(path, "r");
    bool good = file && fread(first, 1, sizeof first, file) == sizeof first;
    if (file) {
        (void)fclose(file);
    }
    for (size_t i = 0; good && i < sizeof magics / sizeof magics[0]; i++) {
        if (memcmp(first, magics[i], sizeof first) == 0) {
            return true;
        }
    }
    bool packed = false;
#ifdef HARK_WITH_ZLIB
    packed = packed || ends_with(path, ".gz");
#endif
#ifdef HARK_WITH_ZSTD
    packed = packed || ends_with(path, ".zst");
#endif
    return good && packed;
}

static void compare_folder(const char *path) {
    char copy[4096];
    (void)snprintf(copy, sizeof copy, "%s", path);
    char *const paths[] = {copy, NULL};
    struct seen seen = {0};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    assert_non_null(walk);
    for (const FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
        if (entry->fts_info == FTS_F && may_be_capture(entry->fts_path)) {
            compare_file(entry->fts_path, &seen);
        }
    }
    (void)fts_close(walk);
    printf("%s: %llu captures, %llu frames the same, %llu read further than libpcap does\n", path,
           (unsigned long long)seen.files, (unsigned long long)seen.frames,
           (unsigned long long)seen.explained);
    assert_int_equal(seen.different, 0);
    assert_true(seen.files > 50);
}

static void own_captures_are_read_as_libpcap_does(void **state) {
    (void)state;
    compare_folder(HARK_ROOT "/pcaps");
}

static void captures_of_others_are_read_as_libpcap_does(void **state) {
    (void)state;
    const char *shared = getenv("HARK_SHARED");
    char path[4096];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/pcaps", shared && *shared ? shared : HARK_ROOT "/../shared");
    if (stat(path, &status) != 0) {
        printf("no captures of other projects in %s\n", path);
        skip();
    }
    compare_folder(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_captures_are_read_as_libpcap_does),
        cmocka_unit_test(captures_of_others_are_read_as_libpcap_does),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
