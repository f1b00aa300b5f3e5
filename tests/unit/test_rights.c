/* SPDX-License-Identifier: Apache-2.0 */
/* What is left after rights_apply is found out by trying, each time in a process of its own. */
#include "tests/unit/captures.h"

#include "cli/rights_parts.h"
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ID_OF_NOBODY = 65534 };

static const char *capture;   /* a file of three frames */
static const char *elsewhere; /* a file that no run names */

/* A run that has opened everything. */
struct run {
    struct options options;
    struct source *source;
    struct sink *sink; /* NULL without -o */
    struct rights rights;
    char message[RIGHTS_MESSAGE_BYTES];
};

/* In a child: says what does not hold, and ends it. */
#define MUST(condition, ...)                                                                                 \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s (%s): ", __FILE__, __LINE__, #condition, strerror(errno));            \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fprintf(stderr, "\n");                                                                           \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

/* `arguments`: separated by spaces. */
static void open_run(struct run *run, const char *arguments) {
    static char line[1024];
    char *words[64] = {"hark"}, *rest = NULL;
    int count = 1;
    char message[OPTIONS_MESSAGE_BYTES];
    enum source_error error;
    (void)snprintf(line, sizeof line, "%s", arguments);
    for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    MUST(options_parse(&run->options, count, words, message), "%s", message);
    struct source_files_options files = {.paths = run->options.paths.items,
                                         .path_count = run->options.paths.count,
                                         .filter = run->options.filter,
                                         .hold_open = true};
    struct source_live_options live = {.interfaces = run->options.interfaces.items,
                                       .interface_count = run->options.interfaces.count,
                                       .timeout_ms = 10};
    run->source = run->options.interface ? source_open_live(&live, &error, message)
                                         : source_open_files(&files, &error, message);
    MUST(run->source, "%s", message);
    run->sink = run->options.output ? sink_open(run->options.output, message) : NULL;
    MUST(run->sink || !run->options.output, "%s", message);
}

static void drop(struct run *run) {
    const struct source *source = run->source;
    MUST(rights_init(&run->rights, &run->options, &source, 1, run->message), "%s", run->message);
    MUST(!run->sink || !run->rights.user.change ||
             sink_give(run->sink, run->rights.user.uid, run->rights.user.gid),
         "give");
    MUST(rights_apply(&run->rights, run->message), "%s", run->message);
}

/* Runs `body` in a child, and expects it to return. */
static void in_child(void (*body)(void)) {
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static bool is_root(void) {
    return geteuid() == 0;
}

static bool has_landlock(const struct run *run) {
    return run->rights.parts[RIGHTS_LANDLOCK].outcome == RIGHTS_DROPPED;
}

static bool has_seccomp(const struct run *run) {
    return run->rights.parts[RIGHTS_SECCOMP].outcome == RIGHTS_DROPPED;
}

static void must_refuse(long result, const char *what) {
    MUST(result == -1 && (errno == EPERM || errno == EACCES), "%s gives %ld", what, result);
}

static void must_not_open(const struct run *run, const char *path, int flags) {
    if (has_landlock(run) || (has_seccomp(run) && !RIGHTS_SANITIZED)) {
        must_refuse(open(path, flags, 0600), path);
    }
}

/* ---- what nobody may do any more ---- */

static void refuses_files(const struct run *run) {
    must_not_open(run, elsewhere, O_RDONLY);
    must_not_open(run, elsewhere, O_WRONLY);
    must_not_open(run, "/etc/passwd", O_RDONLY);
    must_not_open(run, "/", O_RDONLY | O_DIRECTORY);
    must_not_open(run, "/tmp", O_TMPFILE | O_RDWR);
    must_not_open(run, path_of("made"), O_WRONLY | O_CREAT);
    must_not_open(run, "/dev/null", O_RDWR);
}

static void *start_thread(void *context) {
    return context;
}

static void refuses_calls(void) {
    char *const none[] = {NULL};
    char *const program[] = {"/bin/true", NULL};
    struct rlimit limit = {1, 1};
    int ends[2];
    must_refuse(execve(program[0], program, none), "execve");
    must_refuse(syscall(SYS_execveat, AT_FDCWD, program[0], program, none, 0), "execveat");
    must_refuse(socket(AF_PACKET, SOCK_RAW, 0), "a packet socket");
    must_refuse(socket(AF_INET, SOCK_RAW, IPPROTO_TCP), "a raw socket");
    must_refuse(socket(AF_INET, SOCK_STREAM, 0), "a TCP socket");
    must_refuse(socket(AF_INET6, SOCK_DGRAM, 0), "a UDP socket");
    must_refuse(socket(AF_UNIX, SOCK_DGRAM, 0), "a UNIX socket");
    must_refuse(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
    must_refuse(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL), "ptrace");
    must_refuse(kill(getppid(), 0), "kill");
    must_refuse(syscall(SYS_tkill, getppid(), 0), "tkill");
    must_refuse(setuid(0), "setuid");
    must_refuse(setgid(0), "setgid");
    must_refuse(setgroups(0, NULL), "setgroups");
    must_refuse(chmod(elsewhere, 0777), "chmod");
    must_refuse(chown(elsewhere, 0, 0), "chown");
    must_refuse(mkdir(path_of("folder"), 0700), "mkdir");
    must_refuse(link(elsewhere, path_of("link")), "link");
    must_refuse(symlink(elsewhere, path_of("link")), "symlink");
    must_refuse(truncate(elsewhere, 0), "truncate");
    must_refuse(chdir("/"), "chdir");
    must_refuse(chroot("/"), "chroot");
    must_refuse(mount("none", "/mnt", "tmpfs", 0, NULL), "mount");
    must_refuse(unshare(CLONE_NEWUSER), "unshare");
    must_refuse(dup3(1, 77, 0), "dup3");
    if (!RIGHTS_SANITIZED) {
        must_refuse(setrlimit(RLIMIT_CORE, &limit), "setrlimit");
        must_refuse(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl");
        must_refuse(fork(), "fork");
        must_refuse((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    "memory to execute");
    }
}

static void refuses_numbers(void) {
    static const long numbers[] = {SYS_bpf,
                                   SYS_perf_event_open,
                                   SYS_process_vm_readv,
                                   SYS_process_vm_writev,
                                   SYS_userfaultfd,
                                   SYS_init_module,
                                   SYS_finit_module,
                                   SYS_kexec_load,
                                   SYS_keyctl,
                                   SYS_add_key,
                                   SYS_memfd_create,
                                   SYS_name_to_handle_at,
                                   SYS_open_by_handle_at,
                                   SYS_setns,
                                   SYS_pivot_root,
                                   SYS_io_uring_setup,
                                   SYS_openat2,
                                   SYS_pidfd_open,
                                   SYS_pidfd_getfd,
                                   SYS_listen,
                                   SYS_accept4,
                                   SYS_connect,
                                   SYS_splice,
                                   SYS_vmsplice,
                                   SYS_shmget,
                                   SYS_msgget,
                                   SYS_semget,
                                   SYS_personality,
                                   SYS_capset,
                                   SYS_sethostname,
                                   SYS_reboot,
                                   SYS_setxattr,
                                   SYS_inotify_init1,
                                   SYS_fanotify_init,
                                   SYS_quotactl,
                                   SYS_seccomp,
                                   SYS_setpriority,
                                   SYS_sched_setscheduler,
                                   SYS_sendmmsg,
                                   SYS_syslog};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "call %ld", numbers[i]);
        must_refuse(syscall(numbers[i], -1L, 0L, 0L, 0L, 0L, 0L), name);
    }
}

/* ---- what a run needs ---- */

static void still_works(struct run *run, unsigned frames) {
    struct frame frame;
    for (unsigned i = 0; i < frames; i++) {
        MUST(source_next(run->source, &frame) == SOURCE_FRAME, "frame %u: %s", i,
             source_message(run->source));
    }
    pthread_t thread;
    void *result = NULL;
    MUST(pthread_create(&thread, NULL, start_thread, run) == 0, "a thread");
    MUST(pthread_join(thread, &result) == 0 && result == run, "its end");
    void *large = malloc(64 << 20); /* a mapping of its own */
    MUST(large, "memory");
    memset(large, 1, 64 << 20);
    large = realloc(large, 128 << 20);
    MUST(large, "more memory");
    free(large);
    if (run->sink) {
        MUST(sink_write(run->sink, slice_of("{}\n")) == SINK_OK, "%s", sink_message(run->sink));
        MUST(sink_close(run->sink) == SINK_OK, "%s", sink_message(run->sink));
    }
}

static void must_be(const struct run *run, enum rights_part part, enum rights_outcome outcome) {
    const struct rights_part_state *state = &run->rights.parts[part];
    MUST(state->outcome == outcome, "part %d: %d, %s", part, state->outcome, state->why);
}

/* Which call is refused depends on what the kernel and the build have. */
static void must_hold(struct run *run) {
    must_be(run, RIGHTS_NO_NEW_PRIVILEGES, RIGHTS_DROPPED);
    refuses_files(run);
    if (has_seccomp(run)) {
        refuses_calls();
        refuses_numbers();
    }
    MUST(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1 || RIGHTS_SANITIZED, "prctl");
}

static struct run run;
static char line[512];

static void files_body(void) {
    (void)snprintf(line, sizeof line, "-r %s -r %s", capture, capture);
    open_run(&run, line);
    drop(&run);
    must_hold(&run);
    must_not_open(&run, capture, O_RDONLY); /* held open: not even those */
    still_works(&run, 6);
    must_be(&run, RIGHTS_USER, RIGHTS_KEPT);
}

static void files_are_read_and_nothing_else(void **state) {
    (void)state;
    in_child(files_body);
}

static void output_body(void) {
    char output[256], old[256];
    (void)snprintf(output, sizeof output, "%s", path_of("out/records"));
    (void)snprintf(old, sizeof old, "%s", path_of("out/records.1"));
    (void)snprintf(line, sizeof line, "-r %s -o %s", capture, output);
    open_run(&run, line);
    drop(&run);
    must_hold(&run);
    must_not_open(&run, output, O_RDONLY);
    must_not_open(&run, "/tmp/hark-unasked", O_WRONLY | O_CREAT);
    MUST(rename(output, old) == 0, "rename");
    int anew = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    MUST(anew >= 0, "a new file");
    MUST(write(anew, "new", 3) == 3 && fsync(anew) == 0 && ftruncate(anew, 1) == 0 && close(anew) == 0, "it");
    MUST(open(output, O_WRONLY | O_TRUNC | O_APPEND | O_CLOEXEC) >= 0, "the same again");
    MUST(unlink(output) == 0, "remove");
    if (has_landlock(&run)) {
        must_refuse(rename(old, path_of("stolen")), "to another folder");
        must_refuse(unlink(elsewhere), "another file");
    }
    still_works(&run, 3);
}

static void the_output_may_rotate(void **state) {
    (void)state;
    in_child(output_body);
}

/* More files than descriptors: those that wait are opened later, and only those. */
static void many_body(void) {
    size_t len = 0;
    static char many[1024];
    for (unsigned i = 0; i < 24; i++) {
        len += (size_t)snprintf(many + len, sizeof many - len, "-r %s ", capture);
    }
    struct rlimit limit = {48, 48};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    open_run(&run, many);
    drop(&run);
    must_hold(&run);
    must_not_open(&run, capture, O_WRONLY);
    still_works(&run, 3 * 24);
}

static void files_beyond_the_descriptors_are_opened_later(void **state) {
    (void)state;
    in_child(many_body);
}

static void notify_body(void) {
    int ends[2], others[2];
    char got[8];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0, "sockets");
    MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, others) == 0, "sockets");
    (void)snprintf(line, sizeof line, "-r %s", capture);
    open_run(&run, line);
    const struct source *source = run.source;
    MUST(rights_init(&run.rights, &run.options, &source, 1, run.message), "%s", run.message);
    run.rights.notify_fd = ends[0];
    MUST(rights_apply(&run.rights, run.message), "%s", run.message);
    MUST(send(ends[0], "READY=1", 7, MSG_NOSIGNAL) == 7, "send");
    struct iovec part = {"STOP", 4};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    MUST(sendmsg(ends[0], &message, MSG_NOSIGNAL) == 4, "sendmsg");
    MUST(read(ends[1], got, sizeof got) == 7, "received");
    if (has_seccomp(&run)) {
        must_refuse(send(others[0], "x", 1, MSG_NOSIGNAL), "another socket");
        must_refuse(sendmsg(others[0], &message, MSG_NOSIGNAL), "another socket");
        must_refuse(connect(ends[0], (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET},
                            sizeof(struct sockaddr_in)),
                    "connect");
    }
    must_hold(&run);
}

static void messages_go_to_one_socket(void **state) {
    (void)state;
    in_child(notify_body);
}

static void unsafe_body(void) {
    (void)snprintf(line, sizeof line, "-r %s --no-sandbox", capture);
    open_run(&run, line);
    drop(&run);
    must_be(&run, RIGHTS_LANDLOCK, RIGHTS_KEPT);
    must_be(&run, RIGHTS_SECCOMP, RIGHTS_KEPT);
    must_be(&run, RIGHTS_NO_NEW_PRIVILEGES, RIGHTS_KEPT);
    MUST(open(elsewhere, O_RDONLY | O_CLOEXEC) >= 0 && kill(getppid(), 0) == 0, "without a sandbox");
    if (run.rights.parts[RIGHTS_CAPABILITIES].outcome == RIGHTS_DROPPED) {
        must_refuse(socket(AF_PACKET, SOCK_RAW, 0), "a packet socket"); /* all the same */
    }
    still_works(&run, 3);
}

static void the_sandbox_may_be_off(void **state) {
    (void)state;
    in_child(unsafe_body);
}

/* ---- users ---- */

static void user_body(void) {
    (void)snprintf(line, sizeof line, "-r %s -o %s --user 4711:4712", capture, path_of("out/given"));
    open_run(&run, line);
    drop(&run);
    must_be(&run, RIGHTS_USER, RIGHTS_DROPPED);
    must_be(&run, RIGHTS_GROUPS, RIGHTS_DROPPED);
    MUST(getuid() == 4711 && geteuid() == 4711 && getgid() == 4712 && getegid() == 4712, "%d", (int)getuid());
    struct stat status;
    MUST(stat(path_of("out/given"), &status) == 0 && status.st_uid == 4711 && status.st_gid == 4712,
         "its output");
    must_hold(&run);
    still_works(&run, 3);
}

static void foreign_output_body(void) {
    struct stat status;
    const char *output = write_file("out/foreign", slice_of("before"));
    (void)snprintf(line, sizeof line, "-r %s -o %s --user 4711:4712", capture, output);
    open_run(&run, line);
    drop(&run);
    MUST(stat(output, &status) == 0 && status.st_uid == 0, "a file that was there has another owner");
    still_works(&run, 3);
}

static void live_body(void) {
    int other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
    MUST(other >= 0, "a socket");
    open_run(&run, "-i lo");
    drop(&run);
    must_be(&run, RIGHTS_USER, RIGHTS_DROPPED);
    must_be(&run, RIGHTS_CAPABILITIES, RIGHTS_DROPPED);
    MUST(getuid() != 0 && geteuid() != 0 && getgid() != 0, "user %d", (int)getuid());
    must_hold(&run);
    struct source_counts counts;
    source_counts(run.source, &counts);
    must_not_open(&run, "/sys/class/net/lo/statistics/rx_bytes", O_WRONLY);
    MUST(open("/sys/class/net/lo/statistics/rx_missed_errors", O_RDONLY | O_CLOEXEC) >= 0, "its drops");
    struct frame frame;
    enum source_status status = source_next(run.source, &frame);
    MUST(status == SOURCE_IDLE || status == SOURCE_FRAME, "%s", source_message(run.source));
    char why[SOURCE_MESSAGE_BYTES];
    MUST(source_cut_frames(run.source, 4352, why) && source_cut_frames(run.source, 0, why), "cutting: %s",
         why);
    must_refuse(setsockopt(other, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), "SO_BROADCAST");
    must_refuse(setsockopt(other, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on), "SO_LOCK_FILTER");
    must_refuse(setsockopt(other, IPPROTO_IP, SO_ATTACH_FILTER, &on, sizeof on), "an option of IP");
    still_works(&run, 0);
}

static void root_becomes_somebody(void **state) {
    (void)state;
    if (!is_root()) {
        skip();
    }
    in_child(user_body);
    in_child(foreign_output_body);
    in_child(live_body);
}

/* A capture that only root may read is read after root's rights have gone. */
static void hidden_body(void) {
    const char *hidden = write_pcap("hidden", usual, 3);
    MUST(chmod(hidden, 0600) == 0 && chown(hidden, 4711, 4711) == 0, "hidden");
    (void)snprintf(line, sizeof line, "-r %s", hidden);
    open_run(&run, line);
    drop(&run);
    if (run.rights.parts[RIGHTS_CAPABILITIES].outcome == RIGHTS_DROPPED) {
        must_not_open(&run, hidden, O_RDONLY);
    }
    still_works(&run, 3);
}

static void unknown_body(void) {
    static const char *const wrong[][2] = {{"--user hark-nobody-here", "there is no user hark-nobody-here"},
                                           {"--user nobody:hark-no-group", "there is no group hark-no-group"},
                                           {"--user :nogroup", "it names no user"},
                                           {"--user nobody:", "no group follows the colon"},
                                           {"--user 4711", "give it a group too"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)snprintf(line, sizeof line, "-r %s %s", capture, wrong[i][0]);
        open_run(&run, line);
        const struct source *source = run.source;
        MUST(!rights_init(&run.rights, &run.options, &source, 1, run.message), "%s", wrong[i][0]);
        MUST(strstr(run.message, wrong[i][1]), "%s", run.message);
        rights_fini(&run.rights);
        source_free(run.source);
        options_fini(&run.options);
    }
}

/* Nobody can become somebody else, and needs no right for the rest. */
static void nobody_body(void) {
    if (is_root()) {
        MUST(setgroups(0, NULL) == 0 && setgid(ID_OF_NOBODY) == 0 && setuid(ID_OF_NOBODY) == 0, "nobody");
    }
    (void)snprintf(line, sizeof line, "-r %s --user root", capture);
    open_run(&run, line);
    const struct source *source = run.source;
    MUST(rights_init(&run.rights, &run.options, &source, 1, run.message), "%s", run.message);
    MUST(!rights_apply(&run.rights, run.message) && strstr(run.message, "can't become user root"), "%s",
         run.message);
}

static void stranger_body(void) {
    if (is_root()) {
        MUST(setgroups(0, NULL) == 0 && setgid(ID_OF_NOBODY) == 0 && setuid(ID_OF_NOBODY) == 0, "nobody");
    }
    files_body();
}

static void users_are_found_or_told(void **state) {
    (void)state;
    in_child(unknown_body);
    in_child(nobody_body);
    in_child(stranger_body);
    if (is_root()) {
        in_child(hidden_body);
    }
}

/* ---- systems that lack something ---- */

/* From now on this kernel has no such call, or with `argument` not of that first argument. */
static void take_away(unsigned call, const unsigned *argument, unsigned error) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | (argument ? BPF_JEQ : BPF_JGE) | BPF_K, argument ? *argument : 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "filter");
}

static void old_kernel_body(void) {
    static const unsigned set_seccomp = PR_SET_SECCOMP;
    take_away(444, NULL, ENOSYS); /* landlock_create_ruleset */
    take_away(SYS_prctl, &set_seccomp, EINVAL);
    take_away(SYS_seccomp, NULL, ENOSYS);
    (void)snprintf(line, sizeof line, "-r %s", capture);
    open_run(&run, line);
    drop(&run);
    must_be(&run, RIGHTS_LANDLOCK, RIGHTS_LACKING);
    must_be(&run, RIGHTS_SECCOMP, RIGHTS_LACKING);
    must_be(&run, RIGHTS_NO_NEW_PRIVILEGES, RIGHTS_DROPPED);
    MUST(run.rights.landlock_abi == 0 && strstr(run.rights.parts[RIGHTS_LANDLOCK].why, "not implemented"),
         "%s", run.rights.parts[RIGHTS_LANDLOCK].why);
    still_works(&run, 3);
}

static void no_landlock_body(void) {
    take_away(444, NULL, EOPNOTSUPP); /* built in, but off */
    files_body();
    must_be(&run, RIGHTS_LANDLOCK, RIGHTS_LACKING);
}

/* A container in which root is not quite root. */
static void bound_root_body(void) {
    static const unsigned nobody = ID_OF_NOBODY;
    take_away(SYS_setresuid, &nobody, EPERM);
    open_run(&run, "-i lo");
    drop(&run);
    must_be(&run, RIGHTS_USER, RIGHTS_LACKING);
    must_be(&run, RIGHTS_CAPABILITIES, RIGHTS_DROPPED);
    MUST(strstr(run.rights.parts[RIGHTS_USER].why, "nobody"), "%s", run.rights.parts[RIGHTS_USER].why);
    must_hold(&run);
}

static void short_body(void) {
    (void)snprintf(line, sizeof line, "-r %s", capture);
    open_run(&run, line);
    const struct source *source = run.source;
    MUST(rights_init(&run.rights, &run.options, &source, 1, run.message), "%s", run.message);
    struct rlimit limit = {3, 3};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    MUST(!rights_apply(&run.rights, run.message) && strstr(run.message, "--no-sandbox"), "%s", run.message);
}

static void what_is_not_there_is_told(void **state) {
    (void)state;
    in_child(old_kernel_body);
    in_child(no_landlock_body);
    if (is_root()) {
        in_child(bound_root_body);
    }
    in_child(short_body);
}

static int prepare(void **state) {
    if (make_folder(state) != 0) {
        return -1;
    }
    capture = strdup(write_pcap("capture", usual, 3));
    elsewhere = strdup(write_file("elsewhere", slice_of("secret")));
    return !capture || !elsewhere || mkdir(path_of("out"), 0755) != 0 || chmod(folder, 0755) != 0 ||
           chmod(capture, 0644) != 0 || chmod(elsewhere, 0666) != 0;
}

static int clean(void **state) {
    static const char *const made[] = {"out/records.1", "out/given", "out/foreign"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        (void)unlink(path_of(made[i]));
    }
    (void)rmdir(path_of("out"));
    free((char *)(uintptr_t)capture);
    free((char *)(uintptr_t)elsewhere);
    return remove_folder(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_and_nothing_else),
        cmocka_unit_test(the_output_may_rotate),
        cmocka_unit_test(files_beyond_the_descriptors_are_opened_later),
        cmocka_unit_test(messages_go_to_one_socket),
        cmocka_unit_test(the_sandbox_may_be_off),
        cmocka_unit_test(root_becomes_somebody),
        cmocka_unit_test(users_are_found_or_told),
        cmocka_unit_test(what_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
