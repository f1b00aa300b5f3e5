/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that keep less of a frame: what libpcap's interpreter makes of them, and what the kernel does, on
 * sockets that need no privilege. */
#include "capture/source.h"
#include "capture/source_cut.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES = 4352, FRAME = 60000, PROGRAM_MOST = 512 };

#define STMT(code, k)         ((struct sock_filter)BPF_STMT((code), (k)))
#define JUMP(code, k, jt, jf) ((struct sock_filter)BPF_JUMP((code), (k), (jt), (jf)))
#define COUNT(array)          (sizeof(array) / sizeof((array)[0]))

static uint8_t frame[FRAME];

/* How many bytes the program keeps of `frame`. */
static uint32_t keeps(const struct sock_filter *program, size_t count) {
    _Static_assert(sizeof(struct bpf_insn) == sizeof *program, "libpcap's instructions are the kernel's");
    assert_true(bpf_validate((const struct bpf_insn *)program, (int)count));
    return bpf_filter((const struct bpf_insn *)program, frame, FRAME, FRAME);
}

static void must_keep(const struct sock_filter *program, size_t count, uint32_t whole, uint32_t cut) {
    struct sock_filter patched[PROGRAM_MOST + SOURCE_CUT_ADDED];
    size_t patched_count = source_cut_program(program, count, BYTES, patched);
    assert_true(patched_count >= count);
    assert_int_equal(keeps(program, count), whole);
    assert_int_equal(keeps(patched, patched_count), cut);
}

static void constants_become_smaller(void **state) {
    (void)state;
    static const struct {
        uint32_t whole, cut;
    } returns[] = {{262144, BYTES}, {UINT32_MAX, BYTES},    {BYTES + 1, BYTES},
                   {BYTES, BYTES},  {BYTES - 1, BYTES - 1}, {96, 96},
                   {0, 0}};
    for (size_t i = 0; i < COUNT(returns); i++) {
        const struct sock_filter program[] = {STMT(BPF_RET | BPF_K, returns[i].whole)};
        must_keep(program, 1, returns[i].whole, returns[i].cut);
    }
}

/* Each way through a program with several ends. */
static void every_return_is_changed(void **state) {
    (void)state;
    const struct sock_filter program[] = {
        STMT(BPF_LD | BPF_B | BPF_ABS, 0), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
        STMT(BPF_RET | BPF_K, 262144),     JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
        STMT(BPF_RET | BPF_K, 100),        JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1),
        STMT(BPF_RET | BPF_K, 0),          STMT(BPF_RET | BPF_K, 5000),
    };
    static const uint32_t expected[][2] = {{5000, BYTES}, {262144, BYTES}, {100, 100}, {0, 0}};
    for (uint8_t first = 0; first < COUNT(expected); first++) {
        frame[0] = first;
        must_keep(program, COUNT(program), expected[first][0], expected[first][1]);
    }
    frame[0] = 0;
}

/* The accumulator may be anything, and returns of it stand anywhere. */
static void accumulators_are_compared(void **state) {
    (void)state;
    static const uint32_t values[][2] = {
        {0, 0}, {1, 1}, {BYTES - 1, BYTES - 1}, {BYTES, BYTES}, {BYTES + 1, BYTES}, {UINT32_MAX, BYTES}};
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct sock_filter program[] = {
            STMT(BPF_LD | BPF_B | BPF_ABS, 0),    JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2),
            STMT(BPF_LD | BPF_IMM, values[i][0]), STMT(BPF_RET | BPF_A, 0),
            STMT(BPF_LD | BPF_IMM, values[i][0]), STMT(BPF_RET | BPF_A, 0),
        };
        for (uint8_t first = 0; first < 2; first++) {
            frame[0] = first;
            must_keep(program, COUNT(program), values[i][0], values[i][1]);
        }
    }
    frame[0] = 0;
}

static void what_is_no_filter_is_refused(void **state) {
    (void)state;
    struct sock_filter *program = calloc(BPF_MAXINSNS, sizeof *program);
    struct sock_filter *cut = calloc(BPF_MAXINSNS + SOURCE_CUT_ADDED, sizeof *cut);
    assert_true(program && cut);
    program[0] = STMT(BPF_RET | BPF_X, 0);
    assert_int_equal(source_cut_program(program, 1, BYTES, cut), 0);
    /* as long as can be, without room for a comparison and with it */
    for (size_t i = 0; i < BPF_MAXINSNS; i++) {
        program[i] = STMT(BPF_RET | BPF_K, 9999);
    }
    assert_int_equal(source_cut_program(program, BPF_MAXINSNS, BYTES, cut), BPF_MAXINSNS);
    program[7] = STMT(BPF_RET | BPF_A, 0);
    assert_int_equal(source_cut_program(program, BPF_MAXINSNS, BYTES, cut), 0);
    assert_int_equal(source_cut_program(program, BPF_MAXINSNS - SOURCE_CUT_ADDED, BYTES, cut), BPF_MAXINSNS);
    free(program);
    free(cut);
}

/* What users write: the same frames pass, and of each only so much. */
static void compiled_filters_let_the_same_pass(void **state) {
    (void)state;
    static const char *const filters[] = {"",
                                          "tcp port 80 or (vlan and tcp port 80)",
                                          "host 192.0.2.1 and not icmp",
                                          "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
                                          "udp",
                                          "len > 300 or ip6"};
    /* Ethernet, IPv4, TCP to port 80 */
    static const uint8_t head[] = {2,    0,    0,    0,    0, 2,  2,  0, 0, 0, 0,   1, 8, 0, 0x45, 0,
                                   0xea, 0x52, 0,    0,    0, 0,  64, 6, 0, 0, 192, 0, 2, 1, 192,  0,
                                   2,    2,    0x30, 0x39, 0, 80, 0,  0, 0, 0, 0,   0, 0, 0, 0x50};
    memcpy(frame, head, sizeof head);
    memcpy(frame + 54, "GET ", 4);
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);
    unsigned passed = 0;
    for (size_t i = 0; i < COUNT(filters); i++) {
        struct bpf_program program;
        assert_int_equal(pcap_compile(pcap, &program, filters[i], 1, PCAP_NETMASK_UNKNOWN), 0);
        assert_in_range(program.bf_len, 1, PROGRAM_MOST);
        const struct sock_filter *filter = (const struct sock_filter *)program.bf_insns;
        uint32_t whole = keeps(filter, program.bf_len);
        assert_true(whole == 0 || whole == 262144);
        must_keep(filter, program.bf_len, whole, whole ? BYTES : 0);
        passed += whole > 0;
        pcap_freecode(&program);
    }
    assert_int_equal(passed, COUNT(filters) - 1); /* all but udp */
    pcap_close(pcap);
    memset(frame, 0, sizeof frame);
}

/* ---- the kernel ---- */

/* Bytes that arrive of a datagram of FRAME bytes; 0: none does. */
static size_t arrives(const int ends[2]) {
    static uint8_t got[FRAME];
    assert_int_equal(send(ends[1], frame, FRAME, MSG_DONTWAIT), FRAME);
    ssize_t len = recv(ends[0], got, sizeof got, MSG_DONTWAIT);
    assert_true(len >= 0 || errno == EAGAIN);
    return len < 0 ? 0 : (size_t)len;
}

static void attach(int fd, const struct sock_filter *filter, size_t count) {
    struct sock_filter copy[PROGRAM_MOST];
    memcpy(copy, filter, count * sizeof *filter);
    struct sock_fprog program = {.len = (unsigned short)count, .filter = copy};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
}

/* Cut and whole again, twice, and the program is the one that was there. */
static void round_trip(const int ends[2], const struct sock_filter *filter, size_t count, size_t whole,
                       size_t cut) {
    struct source_cut state = {.bytes = 0};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(arrives(ends), whole);
        assert_true(source_cut_end(&state, ends[0])); /* nothing to do */
        assert_true(source_cut_begin(&state, ends[0], BYTES));
        assert_int_equal(arrives(ends), cut);
        assert_true(source_cut_begin(&state, ends[0], BYTES));
        assert_true(state.cutting);
        assert_true(source_cut_end(&state, ends[0]));
        assert_false(state.cutting);
        assert_int_equal(arrives(ends), whole);
        struct sock_filter now[PROGRAM_MOST];
        socklen_t len = count > 0 ? PROGRAM_MOST : 0;
        assert_int_equal(getsockopt(ends[0], SOL_SOCKET, SO_GET_FILTER, count > 0 ? now : NULL, &len), 0);
        assert_int_equal(len, count);
        if (count > 0) {
            assert_memory_equal(now, filter, count * sizeof *filter);
        }
    }
    assert_int_equal(state.bytes, BYTES);
    source_cut_fini(&state);
}

static void a_socket_is_cut_and_whole_again(void **state) {
    (void)state;
    int ends[2];
    const struct sock_filter all[] = {STMT(BPF_RET | BPF_K, 262144)};
    const struct sock_filter small[] = {STMT(BPF_RET | BPF_K, 1000)};
    const struct sock_filter none[] = {STMT(BPF_LD | BPF_B | BPF_ABS, 0),
                                       JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1),
                                       STMT(BPF_RET | BPF_K, 262144), STMT(BPF_RET | BPF_K, 0)};
    const struct sock_filter length[] = {STMT(BPF_LD | BPF_W | BPF_LEN, 0), STMT(BPF_RET | BPF_A, 0)};
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    round_trip(ends, NULL, 0, FRAME, BYTES);
    attach(ends[0], all, COUNT(all));
    round_trip(ends, all, COUNT(all), FRAME, BYTES);
    attach(ends[0], small, COUNT(small));
    round_trip(ends, small, COUNT(small), 1000, 1000);
    attach(ends[0], none, COUNT(none));
    round_trip(ends, none, COUNT(none), 0, 0);
    attach(ends[0], length, COUNT(length));
    round_trip(ends, length, COUNT(length), FRAME, BYTES);
    close(ends[0]);
    close(ends[1]);
}

/* A locked filter stays, and so does what is no socket. */
static void what_can_not_be_cut_is_told(void **state) {
    (void)state;
    int ends[2], on = 1;
    struct source_cut cut = {.bytes = 0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    const struct sock_filter all[] = {STMT(BPF_RET | BPF_K, 262144)};
    attach(ends[0], all, 1);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on), 0);
    assert_false(source_cut_begin(&cut, ends[0], BYTES));
    assert_int_equal(errno, EPERM);
    assert_false(cut.cutting);
    assert_int_equal(arrives(ends), FRAME);
    assert_true(source_cut_begin(&cut, ends[1], BYTES));
    assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on), 0);
    assert_false(source_cut_end(&cut, ends[1]));
    assert_true(cut.cutting);
    source_cut_fini(&cut);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(pipe(ends), 0);
    assert_false(source_cut_begin(&cut, ends[0], BYTES));
    assert_int_equal(errno, ENOTSOCK);
    close(ends[0]);
    close(ends[1]);
}

/* Packet sockets, several in one source, of which one is cooked. */
static void interfaces_are_cut_together(void **state) {
    (void)state;
    const char *const names[] = {"lo", "any"};
    char message[SOURCE_MESSAGE_BYTES];
    enum source_error error;
    const struct source_live_options options = {.interfaces = names,
                                                .interface_count = 2,
                                                .filter = "tcp",
                                                .buffer_bytes = 1 << 20,
                                                .timeout_ms = 10};
    struct source *source = source_open_live(&options, &error, message);
    if (!source) {
        skip(); /* not root */
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_true(source_cut_frames(source, BYTES, message));
        assert_true(source_cut_frames(source, BYTES, message));
        assert_true(source_cut_frames(source, 0, message));
    }
    struct source_counts counts;
    source_counts(source, &counts);
    assert_int_equal(counts.cut_frames, 0);
    source_free(source);
}

static void only_what_was_cut_off_is_counted(void **state) {
    (void)state;
    struct source_cut cut = {.bytes = 0};
    assert_int_equal(source_cut_off(&cut, BYTES, FRAME), 0); /* never cut */
    cut.bytes = BYTES;
    assert_int_equal(source_cut_off(&cut, BYTES, FRAME), FRAME - BYTES);
    assert_int_equal(source_cut_off(&cut, BYTES + 4, FRAME + 4),
                     FRAME - BYTES); /* with a VLAN tag put back */
    assert_int_equal(source_cut_off(&cut, BYTES, BYTES), 0);
    assert_int_equal(source_cut_off(&cut, 1514, 1514), 0);
    assert_int_equal(source_cut_off(&cut, 96, 96), 0); /* by -s */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_become_smaller),
        cmocka_unit_test(every_return_is_changed),
        cmocka_unit_test(accumulators_are_compared),
        cmocka_unit_test(what_is_no_filter_is_refused),
        cmocka_unit_test(compiled_filters_let_the_same_pass),
        cmocka_unit_test(a_socket_is_cut_and_whole_again),
        cmocka_unit_test(what_can_not_be_cut_is_told),
        cmocka_unit_test(interfaces_are_cut_together),
        cmocka_unit_test(only_what_was_cut_off_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
