/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer writes, hark's own reader and libpcap read. */
#include "tests/unit/captures.h"

#include "capture/file_format.h"
#include "capture/pcapng_writer.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_CAP = 1 << 20 };

static struct frame frame_of(const char *bytes, int64_t time_ns, int link_type, uint32_t interface) {
    struct slice text = slice_of(bytes);
    return (struct frame){.bytes = text,
                          .wire_len = (uint32_t)text.len + 7,
                          .time_ns = time_ns,
                          .link_type = link_type,
                          .interface = interface};
}

/* The next frame in the file; false at its end. */
static bool next(struct file_format *format, struct slice *rest, struct frame *frame) {
    for (;;) {
        size_t bytes = 0;
        enum file_step step = rest->len ? file_format_next(format, *rest, &bytes, frame) : FILE_MORE;
        if (step == FILE_MORE) {
            assert_int_equal(rest->len, 0);
            return false;
        }
        assert_true(step == FILE_FRAME || step == FILE_PASSED);
        *rest = slice_after(*rest, bytes);
        if (step == FILE_FRAME) {
            return true;
        }
    }
}

static void test_frames_come_back(void **state) {
    (void)state;
    const struct frame frames[] = {
        frame_of("one", INT64_C(1700000000123456789), DLT_EN10MB, 0),
        frame_of("", 0, DLT_EN10MB, 1),
        frame_of("three3", 4294967296, DLT_RAW, 1),
        frame_of("four", FRAME_TIME_MOST_NS, DLT_EN10MB, 0),
        frame_of("fives", 5, DLT_NULL, UINT32_MAX),
    };
    enum { FRAMES = sizeof frames / sizeof frames[0] };
    const int links[] = {DLT_EN10MB, DLT_EN10MB, DLT_RAW, DLT_NULL};
    struct buf out;
    struct pcapng_writer writer;
    buf_init(&out, OUT_CAP);
    pcapng_writer_init(&writer);
    assert_true(pcapng_write_section(&out));
    for (size_t i = 0; i < FRAMES; i++) {
        size_t before = out.len;
        assert_true(pcapng_write_frame(&writer, &out, &frames[i], "eth0", i == 2 ? "a comment" : ""));
        assert_true(out.len - before <= pcapng_frame_bytes(&frames[i]) && out.len % 4 == 0);
    }
    struct file_format format;
    struct slice rest = buf_slice(&out);
    struct frame got;
    file_format_init(&format);
    for (size_t i = 0; i < FRAMES; i++) {
        assert_true(next(&format, &rest, &got));
        assert_true(slice_equal(got.bytes, frames[i].bytes));
        assert_int_equal(got.wire_len, frames[i].wire_len);
        assert_int_equal(got.time_ns, frames[i].time_ns);
        assert_int_equal(got.link_type, frames[i].link_type);
    }
    assert_false(next(&format, &rest, &got));
    assert_int_equal(file_format_interfaces(&format), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(file_format_link_type(&format, i), links[i]);
    }
    file_format_fini(&format);
    pcapng_writer_fini(&writer);
    buf_fini(&out);
}

static void test_libpcap_reads_it(void **state) {
    (void)state;
    struct buf out;
    struct pcapng_writer writer;
    buf_init(&out, OUT_CAP);
    pcapng_writer_init(&writer);
    assert_true(pcapng_write_section(&out));
    struct frame frame = frame_of("\x45 raw", INT64_C(1700000000123456789), DLT_RAW, 3);
    assert_true(pcapng_write_frame(&writer, &out, &frame, "tun0", "event.id 00"));
    frame.time_ns++;
    assert_true(pcapng_write_frame(&writer, &out, &frame, "tun0", ""));
    char path[] = "/tmp/pcapng_writer_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, out.ptr, out.len) == (ssize_t)out.len);
    char problem[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, problem);
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_RAW);
    for (int i = 0; i < 2; i++) {
        struct pcap_pkthdr *header;
        const u_char *bytes;
        assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
        assert_int_equal(header->caplen, frame.bytes.len);
        assert_int_equal(header->len, frame.wire_len);
        assert_int_equal(header->ts.tv_sec, 1700000000);
        assert_int_equal(header->ts.tv_usec, 123456789 + i);
        assert_memory_equal(bytes, frame.bytes.ptr, frame.bytes.len);
    }
    struct pcap_pkthdr *header;
    const u_char *bytes;
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(pcap);
    close(fd);
    unlink(path);
    pcapng_writer_fini(&writer);
    buf_fini(&out);
}

/* What does not fit is not begun, and the same frame fits later. */
static void test_nothing_half(void **state) {
    (void)state;
    struct frame frame = frame_of("some bytes that need their room", 1, DLT_EN10MB, 0);
    struct buf whole;
    struct pcapng_writer writer;
    buf_init(&whole, OUT_CAP);
    pcapng_writer_init(&writer);
    assert_true(pcapng_write_frame(&writer, &whole, &frame, "eth0", "comment"));
    pcapng_writer_fini(&writer);
    for (size_t cap = 0; cap < whole.len; cap++) {
        struct buf out;
        buf_init(&out, cap);
        pcapng_writer_init(&writer);
        assert_false(pcapng_write_frame(&writer, &out, &frame, "eth0", "comment"));
        assert_true(out.len == 0 && !out.failed && writer.count == 0);
        struct buf later;
        buf_init(&later, OUT_CAP);
        assert_true(pcapng_write_frame(&writer, &later, &frame, "eth0", "comment"));
        assert_true(slice_equal(buf_slice(&later), buf_slice(&whole)));
        buf_fini(&later);
        buf_fini(&out);
        pcapng_writer_fini(&writer);
    }
    buf_fini(&whole);
}

/* Beyond the cap a frame goes to an interface of its link type; without one it is refused. */
static void test_too_many_interfaces(void **state) {
    (void)state;
    struct buf out;
    struct pcapng_writer writer;
    buf_init(&out, OUT_CAP);
    pcapng_writer_init(&writer);
    for (uint32_t i = 0; i < PCAPNG_INTERFACES; i++) {
        struct frame frame = frame_of("x", 1, DLT_EN10MB, i);
        assert_true(pcapng_write_frame(&writer, &out, &frame, "", ""));
    }
    size_t before = out.len;
    struct frame frame = frame_of("x", 1, DLT_RAW, 0);
    assert_false(pcapng_write_frame(&writer, &out, &frame, "", ""));
    assert_int_equal(out.len, before);
    frame = frame_of("x", 1, DLT_EN10MB, PCAPNG_INTERFACES);
    assert_true(pcapng_write_frame(&writer, &out, &frame, "", ""));
    assert_int_equal(writer.count, PCAPNG_INTERFACES);
    assert_int_equal(out.len - before, 12 + 20 + 4);
    pcapng_writer_fini(&writer);
    buf_fini(&out);
}

/* Long texts are cut, and not within a character. */
static void test_long_comment(void **state) {
    (void)state;
    static char comment[2 * PCAPNG_COMMENT_BYTES + 2];
    for (size_t i = 1; i + 1 < sizeof comment; i += 2) {
        memcpy(comment + i, "\xc3\xa4", 2);
    }
    comment[0] = 'a';
    comment[sizeof comment - 1] = '\0';
    struct buf out;
    struct pcapng_writer writer;
    buf_init(&out, OUT_CAP);
    pcapng_writer_init(&writer);
    struct frame frame = frame_of("x", 1, DLT_EN10MB, 0);
    assert_true(pcapng_write_frame(&writer, &out, &frame, "", ""));
    size_t before = out.len;
    assert_true(pcapng_write_frame(&writer, &out, &frame, "", comment));
    uint16_t len;
    memcpy(&len, out.ptr + before + 8 + 20 + 4 + 2, sizeof len);
    assert_int_equal(len, PCAPNG_COMMENT_BYTES - 1);
    pcapng_writer_fini(&writer);
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_back), cmocka_unit_test(test_libpcap_reads_it),
        cmocka_unit_test(test_nothing_half),     cmocka_unit_test(test_too_many_interfaces),
        cmocka_unit_test(test_long_comment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
