/* SPDX-License-Identifier: Apache-2.0 */
/* Records of transactions built by hand, parsed back by json-c and compared value by value. With the argument
 * "print" the records go to standard output, for tests/tools/validate.py. */
#include "output/record.h"

#include "output/omission.h"
#include "output/writer.h"
#include "record_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <json.h>

enum { ROOM = 1 << 20 };

static bool printing; /* set once, in main */

static const char *file_name(void *context, uint32_t file) {
    static const char *const names[] = {"first.pcap", "second.pcap"};
    (void)context;
    return names[file];
}

static struct record_options options(enum record_format format, bool mask) {
    return (struct record_options){
        .format = format, .mask_secrets = mask, .record_bytes = ROOM, .file_name = file_name};
}

static void write_line(const struct sample *s, const struct record_options *with, struct buf *out) {
    struct record_writer *writer = record_writer_new(with);
    assert_non_null(writer);
    buf_init(out, 2 * ROOM);
    assert_true(record_write(writer, &s->t, out));
    assert_true(out->len > 0 && out->ptr[out->len - 1] == '\n');
    assert_ptr_equal(memchr(out->ptr, '\n', out->len), out->ptr + out->len - 1);
    assert_true(utf8_is_valid(buf_slice(out)));
    record_writer_free(writer);
}

static struct json_object *parse_line(struct slice line) {
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, (const char *)line.ptr, (int)line.len - 1);
    json_tokener_free(tokener);
    assert_non_null(object);
    return object;
}

/* The record as json-c reads it; the caller puts it. */
static struct json_object *record_with(const struct sample *s, const struct record_options *with) {
    struct buf out;
    write_line(s, with, &out);
    if (printing) {
        (void)fwrite(out.ptr, 1, out.len, stdout);
    }
    struct json_object *record = parse_line(buf_slice(&out));
    buf_fini(&out);
    return record;
}

static struct json_object *record_of(const struct sample *s, bool mask) {
    struct record_options with = options(RECORD_NDJSON, mask);
    return record_with(s, &with);
}

static struct json_object *at(struct json_object *record, const char *pointer) {
    struct json_object *value = NULL;
    if (json_pointer_get(record, pointer, &value) != 0) {
        return NULL;
    }
    return value;
}

static void assert_text(struct json_object *record, const char *pointer, const char *expected) {
    struct json_object *value = at(record, pointer);
    if (!value) {
        print_error("%s is missing\n", pointer);
    }
    assert_non_null(value);
    assert_int_equal(json_object_get_type(value), json_type_string);
    assert_string_equal(json_object_get_string(value), expected);
}

static void assert_number(struct json_object *record, const char *pointer, int64_t expected) {
    struct json_object *value = at(record, pointer);
    if (!value) {
        print_error("%s is missing\n", pointer);
    }
    assert_non_null(value);
    assert_int_equal(json_object_get_type(value), json_type_int);
    assert_int_equal(json_object_get_int64(value), expected);
}

static void assert_bool(struct json_object *record, const char *pointer, bool expected) {
    struct json_object *value = at(record, pointer);
    assert_non_null(value);
    assert_int_equal(json_object_get_type(value), json_type_boolean);
    assert_int_equal(json_object_get_boolean(value), expected);
}

static void assert_absent(struct json_object *record, const char *pointer) {
    if (at(record, pointer)) {
        print_error("%s is there\n", pointer);
    }
    assert_null(at(record, pointer));
}

static void assert_length(struct json_object *record, const char *pointer, size_t expected) {
    struct json_object *value = at(record, pointer);
    assert_non_null(value);
    assert_int_equal(json_object_get_type(value), json_type_array);
    assert_int_equal(json_object_array_length(value), expected);
}

static void test_envelope(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/@timestamp", "2023-11-14T22:13:20.123456789Z");
    assert_text(r, "/ecs/version", "8.17.0");
    assert_text(r, "/event/kind", "event");
    assert_text(r, "/event/category/0", "network");
    assert_text(r, "/event/category/1", "web");
    assert_text(r, "/event/type/0", "access");
    assert_text(r, "/event/dataset", "hark.http");
    assert_text(r, "/event/id", "00112233445566778899aabbccddeeff");
    assert_number(r, "/event/duration", 50 * MS);
    assert_text(r, "/event/outcome", "success");
    assert_text(r, "/hark/version", "1.0");
    assert_text(r, "/hark/type", "transaction");
    assert_absent(r, "/hark/parent");
    assert_absent(r, "/hark/tunnel");
    assert_text(r, "/network/community_id", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    assert_text(r, "/network/transport", "tcp");
    assert_text(r, "/network/protocol", "http");
    assert_absent(r, "/network/vlan");
    assert_text(r, "/client/ip", "128.232.110.120");
    assert_number(r, "/client/port", 34855);
    assert_number(r, "/client/bytes", 200);
    assert_number(r, "/client/packets", 2);
    assert_absent(r, "/client/mac");
    assert_text(r, "/server/ip", "66.35.250.204");
    assert_number(r, "/server/port", 80);
    assert_number(r, "/server/bytes", 1300);
    assert_length(r, "/notes", 0);
    assert_absent(r, "/http_tunnel");
    json_object_put(r);
}

static void test_http(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/url/full", "http://www.example.com/index.html?a=b");
    assert_text(r, "/url/scheme", "http");
    assert_text(r, "/url/domain", "www.example.com");
    assert_number(r, "/url/port", 80);
    assert_text(r, "/url/path", "/index.html");
    assert_text(r, "/url/query", "a=b");
    assert_text(r, "/http/version", "1.1");
    assert_text(r, "/http/request/method", "GET");
    assert_text(r, "/http/request/target", "/index.html?a=b");
    assert_text(r, "/http/request/target_form", "origin");
    assert_text(r, "/http/request/referrer", "http://www.example.com/start");
    assert_text(r, "/http/request/framing", "none");
    assert_number(r, "/http/request/bytes", 200);
    assert_number(r, "/http/request/body/bytes", 0);
    assert_number(r, "/http/request/body/missing_bytes", 0);
    assert_absent(r, "/http/request/content_type");
    assert_absent(r, "/http/request/trailers");
    assert_length(r, "/http/request/headers", 4);
    assert_text(r, "/http/request/headers/2/name", "accept");
    assert_text(r, "/http/request/headers/2/value", "*/*");
    assert_absent(r, "/http/request/headers/2/raw");
    assert_text(r, "/http/response/version", "1.1");
    assert_number(r, "/http/response/status_code", 200);
    assert_text(r, "/http/response/status_class", "2xx");
    assert_text(r, "/http/response/status_name", "OK");
    assert_text(r, "/http/response/reason", "OK");
    assert_text(r, "/http/response/content_type", "text/html");
    assert_text(r, "/http/response/framing", "length");
    assert_number(r, "/http/response/bytes", 1300);
    assert_number(r, "/http/response/body/bytes", 1000);
    assert_absent(r, "/http/response/interim");
    assert_text(r, "/user_agent/original", "curl/7.88.1");
    json_object_put(r);
}

static void test_facts_of_the_capture(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.t.tcp.at_start[0].retransmits = 3;
    s.t.tcp.ended = true;
    s.t.tcp.at_end[0].retransmits = 5;
    s.t.tcp.at_end[0].out_of_order = 1;
    s.t.tcp.at_end[1].duplicate_acks = 7;
    s.t.tcp.at_end[1].zero_window = 2;
    s.t.tcp.at_end[0].fast_retransmits = 1;
    s.t.tcp.at_end[0].rto_stall_ns = 200;
    s.t.tcp.at_end[0].srtt_ns = 5100;
    s.t.tcp.at_end[0].min_rtt_ns = 4900;
    s.t.tcp.at_end[1].zero_window_ns = 300;
    s.t.tcp.at_end[1].stalls = 2;
    s.t.tcp.at_end[1].stalled_ns = 400;
    s.t.tcp.at_end[0].tap_duplicates = 4;
    s.t.tcp.at_end[1].tap_duplicates = 5;
    s.t.response.last.file = 1;
    struct json_object *r = record_of(&s, true);
    assert_number(r, "/timing/connect", 25 * MS);
    assert_number(r, "/timing/connect_retries", 0);
    assert_number(r, "/timing/idle_before", 5 * MS);
    assert_number(r, "/timing/request", 1 * MS);
    assert_number(r, "/timing/wait", 40 * MS);
    assert_number(r, "/timing/response", 9 * MS);
    assert_number(r, "/timing/ttfb", 41 * MS);
    assert_number(r, "/timing/total", 50 * MS);
    assert_number(r, "/timing/server_think", 20 * MS);
    assert_absent(r, "/timing/blocked");
    assert_number(r, "/tcp/client/retransmits", 2);
    assert_number(r, "/tcp/client/out_of_order", 1);
    assert_number(r, "/tcp/server/duplicate_acks", 7);
    assert_number(r, "/tcp/server/zero_window", 2);
    assert_number(r, "/tcp/client/fast_retransmits", 1);
    assert_number(r, "/tcp/client/rto_retransmits", 1);
    assert_number(r, "/tcp/client/rto_stall", 200);
    assert_number(r, "/tcp/client/srtt", 5100);
    assert_number(r, "/tcp/client/rtt_min", 4900);
    assert_absent(r, "/tcp/client/stalls");
    assert_absent(r, "/tcp/client/zero_window_time");
    assert_absent(r, "/tcp/server/fast_retransmits");
    assert_absent(r, "/tcp/server/srtt");
    assert_number(r, "/tcp/server/zero_window_time", 300);
    assert_number(r, "/tcp/server/stalls", 2);
    assert_number(r, "/tcp/server/stalled", 400);
    assert_number(r, "/tcp/server/rto_stall", 0);
    assert_absent(r, "/tcp/end");
    assert_number(r, "/tcp/rtt_client", 5 * MS);
    assert_number(r, "/tcp/rtt_server", 20 * MS);
    assert_number(r, "/timing/share/client", MS);
    assert_number(r, "/timing/share/network", 29 * MS);
    assert_number(r, "/timing/share/server", 20 * MS);
    assert_text(r, "/pairing/by", "ack");
    assert_absent(r, "/pairing/reason");
    assert_bool(r, "/capture/complete", true);
    assert_number(r, "/capture/gap_bytes/client", 0);
    assert_number(r, "/capture/gap_bytes/server", 0);
    assert_bool(r, "/capture/midstream", false);
    assert_bool(r, "/capture/snaplen_cut", false);
    assert_number(r, "/capture/duplicates", 9);
    assert_text(r, "/capture/request/file", "first.pcap");
    assert_number(r, "/capture/request/first_frame", 4);
    assert_number(r, "/capture/request/last_frame", 5);
    assert_absent(r, "/capture/request/last_file");
    assert_text(r, "/capture/response/last_file", "second.pcap");
    json_object_put(r);
}

static void test_orphan_request(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_orphan_request(&s, PAIRING_CAPTURE_ENDED);
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/hark/type", "orphan_request");
    assert_text(r, "/event/outcome", "unknown");
    assert_number(r, "/event/duration", 1 * MS);
    assert_absent(r, "/http/response");
    assert_absent(r, "/server/bytes");
    assert_absent(r, "/timing/ttfb");
    assert_absent(r, "/capture/response");
    assert_absent(r, "/capture/gap_bytes/server");
    assert_bool(r, "/capture/complete", false);
    assert_text(r, "/pairing/by", "none");
    assert_text(r, "/pairing/reason", "capture_ended");
    assert_number(r, "/pairing/candidates", 0);
    json_object_put(r);
    sample_interim(&s); /* an interim response was all that came */
    r = record_of(&s, true);
    assert_length(r, "/http/response/interim", 1);
    assert_absent(r, "/http/response/headers");
    json_object_put(r);
}

static void test_orphan_response(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_orphan_response(&s, PAIRING_REQUEST_LOST);
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/hark/type", "orphan_response");
    assert_text(r, "/@timestamp", "2023-11-14T22:13:20.164456789Z");
    assert_text(r, "/http/version", "1.1");
    assert_number(r, "/http/response/status_code", 200);
    assert_absent(r, "/http/request");
    assert_absent(r, "/url");
    assert_absent(r, "/user_agent");
    assert_absent(r, "/client/bytes");
    assert_absent(r, "/capture/request");
    assert_text(r, "/pairing/reason", "request_lost");
    assert_number(r, "/pairing/candidates", 2);
    json_object_put(r);
}

static void test_bytes_that_are_no_utf8(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_request_field(&s, "X-Name", "caf\xE9");
    sample_request_field(&s, "X-\xE9", "v");
    sample_target(&s, "G\xFFT", "/caf\xE9");
    sample_status(&s, 200, "200",
                  "D\xE9"
                  "j\xE0");
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/http/request/headers/4/value", "caf\xEF\xBF\xBD");
    assert_text(r, "/http/request/headers/4/raw", "Y2Fm6Q==");
    assert_absent(r, "/http/request/headers/4/name_raw");
    assert_text(r, "/http/request/headers/5/name", "X-\xEF\xBF\xBD");
    assert_text(r, "/http/request/headers/5/name_raw", "WC3p");
    assert_absent(r, "/http/request/headers/5/raw");
    assert_text(r, "/http/request/method_raw", "R/9U");
    assert_text(r, "/http/request/target", "/caf\xEF\xBF\xBD");
    assert_text(r, "/http/request/target_raw", "L2NhZuk=");
    assert_text(r, "/url/path", "/caf\xEF\xBF\xBD");
    assert_text(r, "/http/response/reason_raw", "ROlq4A==");
    json_object_put(r);
}

static void test_fields_keep_every_byte(void **state) {
    (void)state;
    struct sample s;
    char all[255];
    sample_init(&s);
    for (int byte = 1; byte < 256; byte++) {
        all[byte - 1] = (char)byte;
    }
    sample_add(&s.t.request.headers, "X-Low", slice_make(all, 127));
    sample_add(&s.t.request.headers, "X-All", slice_make(all, 255));
    sample_add(&s.t.request.headers, "X-Nul", slice_make("a\0b", 3));
    struct json_object *r = record_of(&s, false);
    struct json_object *low = at(r, "/http/request/headers/4/value");
    assert_int_equal(json_object_get_string_len(low), 127);
    assert_memory_equal(json_object_get_string(low), all, 127);
    struct buf expected;
    struct writer w;
    buf_init(&expected, ROOM);
    writer_init(&w, &expected);
    writer_base64(&w, slice_make(all, 255));
    assert_true(buf_append(&expected, "", 1));
    expected.ptr[expected.len - 2] = '\0'; /* the closing quote */
    assert_text(r, "/http/request/headers/5/raw", (const char *)expected.ptr + 1);
    assert_int_equal(json_object_get_string_len(at(r, "/http/request/headers/6/value")), 3);
    assert_memory_equal(json_object_get_string(at(r, "/http/request/headers/6/value")), "a\0b", 3);
    buf_fini(&expected);
    json_object_put(r);
}

static void test_interim_trailers_and_drops(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_interim(&s);
    s.t.interim_count = 5;
    s.interim.headers.dropped = 6;
    s.t.response.framing.kind = H1_BODY_CHUNKED;
    sample_add(&s.t.response.trailers, "Checksum", slice_of("abc"));
    s.t.response.headers.dropped = 2;
    s.t.response.trailers.dropped = 1;
    struct json_object *r = record_of(&s, true);
    assert_length(r, "/http/response/interim", 1);
    assert_text(r, "/http/response/interim/0/time", "2023-11-14T22:13:20.143456789Z");
    assert_number(r, "/http/response/interim/0/status_code", 103);
    assert_text(r, "/http/response/interim/0/status_name", "Early Hints");
    assert_text(r, "/http/response/interim/0/headers/0/name", "Link");
    assert_number(r, "/http/response/interim/0/fields_dropped", 6);
    assert_number(r, "/http/response/interim_dropped", 4);
    assert_text(r, "/http/response/framing", "chunked");
    assert_text(r, "/http/response/trailers/0/name", "Checksum");
    assert_number(r, "/http/response/fields_dropped", 3);
    json_object_put(r);
}

static void test_encapsulation(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    struct packet_path *path = &s.connection.path[0];
    memcpy(path->mac[0], "\x00\x1B\xAB\xCD\xEF\x01", 6);
    memcpy(path->mac[1], "\x02\x00\x00\x00\x00\x0F", 6);
    path->has_mac = true;
    path->vlan_count = 2;
    path->vlan[0] = 100;
    path->vlan[1] = 4094;
    path->tunnel_count = 2;
    path->tunnel[0].kind = TUNNEL_VXLAN;
    path->tunnel[0].id = 42;
    path->tunnel[0].has_id = path->tunnel[0].has_outer = true;
    path->tunnel[0].outer[0] = address_of_v4((const uint8_t[]){10, 0, 0, 1});
    memcpy(path->tunnel[0].outer[1].bytes, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    path->tunnel[1].kind = TUNNEL_IPIP;
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/client/mac", "00-1B-AB-CD-EF-01");
    assert_text(r, "/server/mac", "02-00-00-00-00-0F");
    assert_text(r, "/network/vlan/id", "100");
    assert_text(r, "/network/inner/vlan/id", "4094");
    assert_length(r, "/hark/tunnel", 2);
    assert_text(r, "/hark/tunnel/0/kind", tunnel_kind_name(TUNNEL_VXLAN));
    assert_text(r, "/hark/tunnel/0/id", "42");
    assert_text(r, "/hark/tunnel/0/source/ip", "10.0.0.1");
    assert_text(r, "/hark/tunnel/0/destination/ip", "2001:db8::1");
    assert_absent(r, "/hark/tunnel/1/id");
    assert_absent(r, "/hark/tunnel/1/source");
    json_object_put(r);
}

static void test_ipv6_and_the_other_direction(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.connection.key.ip_version = 6;
    memcpy(s.connection.key.side[1].address.bytes, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    memcpy(s.connection.key.side[0].address.bytes, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    s.connection.key.side[1].port = 40000;
    s.connection.key.side[0].port = 8080;
    s.t.client = DIRECTION_1; /* the first packet came from the server */
    s.request_fields[0].value = slice_of("[2001:db8::2]:8080");
    sample_target(&s, "GET", "/");
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/client/ip", "2001:db8::1");
    assert_number(r, "/client/port", 40000);
    assert_text(r, "/server/ip", "2001:db8::2");
    assert_text(r, "/url/domain", "[2001:db8::2]");
    assert_text(r, "/url/full", "http://[2001:db8::2]:8080/");
    assert_number(r, "/url/port", 8080);
    assert_absent(r, "/url/query");
    assert_text(r, "/network/community_id", "1:NMosVQEUAAFD+rYKkZLCwJyP3BU=");
    json_object_put(r);
}

static void test_target_forms(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_target(&s, "GET", "https://user:pw@other.example:8443?");
    struct json_object *r = record_of(&s, false);
    assert_text(r, "/http/request/target_form", "absolute");
    assert_text(r, "/url/full", "https://user:pw@other.example:8443/?");
    assert_text(r, "/url/query", "");
    json_object_put(r);
    r = record_of(&s, true);
    assert_text(r, "/url/full", "https://***@other.example:8443/?");
    assert_text(r, "/http/request/target", "https://***@other.example:8443?");
    json_object_put(r);
    sample_target(&s, "CONNECT", "other.example:443");
    r = record_of(&s, true);
    assert_text(r, "/url/domain", "other.example");
    assert_number(r, "/url/port", 443);
    assert_absent(r, "/url/full");
    assert_absent(r, "/url/scheme");
    assert_absent(r, "/url/path");
    json_object_put(r);
    sample_target(&s, "OPTIONS", "*");
    r = record_of(&s, true);
    assert_text(r, "/http/request/target_form", "asterisk");
    assert_text(r, "/url/full", "http://www.example.com");
    assert_absent(r, "/url/path");
    json_object_put(r);
    s.request_fields[0].name = slice_of("X-No-Host");
    sample_target(&s, "GET", "/only/path");
    r = record_of(&s, true);
    assert_absent(r, "/url/full");
    assert_absent(r, "/url/domain");
    assert_absent(r, "/url/port");
    assert_text(r, "/url/path", "/only/path");
    json_object_put(r);
}

/* A request whose version was left out says none; the response has one. */
static void test_version_left_out(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.t.request.line[2] = slice_of("");
    s.t.request.major = s.t.request.minor = 0;
    s.t.response.line[0] = slice_of("HTTP/1.0");
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/http/version", "1.0");
    assert_text(r, "/http/response/version", "1.0");
    json_object_put(r);
}

static void test_http09(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.t.request.headers.count = s.t.response.headers.count = 0;
    sample_target(&s, "GET", "/old");
    s.t.request.line[2] = slice_of("");
    s.t.request.major = s.t.response.major = 0;
    s.t.request.minor = s.t.response.minor = 9;
    s.t.response.line[0] = slice_of("");
    sample_status(&s, 0, "", "");
    s.t.response.framing.kind = H1_BODY_CLOSE;
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/http/version", "0.9");
    assert_text(r, "/event/outcome", "unknown");
    assert_absent(r, "/http/response/status_code");
    assert_absent(r, "/http/response/reason");
    assert_absent(r, "/http/response/version");
    assert_length(r, "/http/response/headers", 0);
    assert_text(r, "/http/response/framing", "close");
    json_object_put(r);
    s.t.request.line[2] = slice_of("HTTP/x.y");
    r = record_of(&s, true);
    assert_absent(r, "/http/version");
    json_object_put(r);
}

static void test_incomplete_messages(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.t.response.head_complete = false;
    s.t.response.end_known = false;
    s.t.response.truncated = true;
    s.t.response.gap_bytes = 100;
    s.t.uncertain = true;
    s.connection.midstream = true;
    struct json_object *r = record_of(&s, true);
    assert_bool(r, "/capture/complete", false);
    assert_absent(r, "/http/response/body");
    assert_absent(r, "/http/response/framing");
    assert_absent(r, "/timing/response");
    assert_number(r, "/http/response/bytes", 1300);
    assert_number(r, "/server/bytes", 1200);
    assert_number(r, "/capture/gap_bytes/server", 100);
    assert_bool(r, "/capture/midstream", true);
    assert_text(r, "/event/outcome", "unknown");
    json_object_put(r);
    sample_init(&s);
    s.t.response.truncated = true;
    r = record_of(&s, true);
    assert_absent(r, "/http/response/body/missing_bytes");
    json_object_put(r);
    s.t.response.missing_bytes = 77;
    r = record_of(&s, true);
    assert_number(r, "/http/response/body/missing_bytes", 77);
    json_object_put(r);
}

static void test_outcomes(void **state) {
    (void)state;
    static const struct {
        unsigned status;
        bool uncertain, reset;
        const char *outcome;
    } cases[] = {
        {200, false, false, "success"}, {304, false, false, "success"}, {101, false, false, "success"},
        {404, false, false, "failure"}, {503, true, false, "failure"},  {200, true, false, "unknown"},
        {200, false, true, "failure"},  {0, false, false, "unknown"},   {999, false, false, "unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        sample_init(&s);
        sample_status(&s, cases[i].status, "", "");
        s.t.uncertain = cases[i].uncertain;
        s.t.reset = cases[i].reset;
        struct json_object *r = record_of(&s, true);
        assert_text(r, "/event/outcome", cases[i].outcome);
        json_object_put(r);
    }
}

static void test_status_without_a_class(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_status(&s, 999, "999", "");
    struct json_object *r = record_of(&s, true);
    assert_number(r, "/http/response/status_code", 999);
    assert_absent(r, "/http/response/status_class");
    assert_absent(r, "/http/response/status_name");
    assert_text(r, "/http/response/reason", "");
    json_object_put(r);
}

static void test_early_response(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.t.request.last.time_ns = SAMPLE_START + 60 * MS;
    notes_add(&s.t.notes, NOTE_EARLY_RESPONSE);
    struct json_object *r = record_of(&s, true);
    assert_number(r, "/timing/wait", -19 * MS);
    assert_number(r, "/timing/total", 60 * MS);
    json_object_put(r);
}

static void test_ends_of_the_connection(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.t.timed_out = true;
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/tcp/end", "timeout");
    json_object_put(r);
    s.t.reset = true;
    s.t.reset_from = DIRECTION_1;
    r = record_of(&s, true);
    assert_text(r, "/tcp/end", "server_reset");
    json_object_put(r);
    s.t.reset_from = DIRECTION_0;
    r = record_of(&s, true);
    assert_text(r, "/tcp/end", "client_reset");
    json_object_put(r);
}

static void test_tunnels(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_tunnel(&s, false);
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/hark/type", "tunnel");
    assert_text(r, "/hark/parent", "abababababababababababababababab");
    assert_text(r, "/@timestamp", "2023-11-14T22:13:20.183456789Z");
    assert_number(r, "/event/duration", 100 * MS);
    assert_text(r, "/event/category/0", "network");
    assert_absent(r, "/event/category/1");
    assert_text(r, "/event/type/0", "connection");
    assert_absent(r, "/http");
    assert_absent(r, "/user_agent");
    assert_absent(r, "/pairing");
    assert_text(r, "/http_tunnel/kind", "connect");
    assert_text(r, "/http_tunnel/protocol", "tls");
    assert_text(r, "/network/protocol", "tls");
    assert_number(r, "/client/bytes", 100);
    assert_number(r, "/server/bytes", 2000);
    assert_absent(r, "/client/packets");
    assert_number(r, "/timing/total", 100 * MS);
    assert_bool(r, "/capture/complete", true);
    json_object_put(r);
    sample_init(&s);
    sample_tunnel(&s, true);
    s.t.tcp.ended = true;
    s.t.tcp.at_end[1].gap_bytes = 10;
    r = record_of(&s, true);
    assert_text(r, "/http_tunnel/kind", "upgrade");
    assert_text(r, "/http_tunnel/protocol", "websocket");
    assert_number(r, "/capture/gap_bytes/server", 10);
    assert_bool(r, "/capture/complete", false);
    json_object_put(r);
    s.t.tunnel_protocol = TUNNELLED_UNKNOWN;
    r = record_of(&s, true);
    assert_absent(r, "/http_tunnel/protocol");
    assert_absent(r, "/network/protocol");
    json_object_put(r);
}

static void test_surplus_bytes(void **state) {
    (void)state;
    for (int of_client = 0; of_client < 2; of_client++) {
        struct sample s;
        sample_init(&s);
        sample_surplus(&s, of_client);
        struct json_object *r = record_of(&s, true);
        assert_text(r, "/hark/type", "surplus");
        assert_text(r, "/hark/parent", "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
        assert_text(r, "/event/type/0", "info");
        assert_text(r, "/event/outcome", "unknown");
        assert_text(r, "/network/protocol", "http");
        assert_number(r, of_client ? "/client/bytes" : "/server/bytes", 13);
        assert_absent(r, of_client ? "/server/bytes" : "/client/bytes");
        assert_absent(r, of_client ? "/client/packets" : "/server/packets");
        assert_absent(r, "/http");
        assert_absent(r, "/url");
        assert_absent(r, "/user_agent");
        assert_absent(r, "/pairing");
        assert_absent(r, "/semantics");
        assert_number(r, "/timing/total", of_client ? 1 * MS : 9 * MS);
        assert_absent(r, "/timing/request");
        assert_absent(r, "/timing/response");
        assert_absent(r, "/timing/idle_before");
        assert_absent(r, "/timing/connect");
        assert_number(r, of_client ? "/capture/request/first_frame" : "/capture/response/first_frame",
                      of_client ? 4 : 6);
        assert_absent(r, of_client ? "/capture/response" : "/capture/request");
        assert_bool(r, "/capture/complete", false);
        assert_text(r, "/notes/0/id", "surplus_bytes");
        json_object_put(r);
    }
}

static void test_every_reason(void **state) {
    (void)state;
    for (unsigned reason = PAIRING_PAIRED + 1; reason < PAIRING_REASONS; reason++) {
        struct sample s;
        sample_init(&s);
        if (reason < PAIRING_REQUEST_LOST) {
            sample_orphan_request(&s, (enum pairing_reason)reason);
        } else {
            sample_orphan_response(&s, (enum pairing_reason)reason);
        }
        struct json_object *r = record_of(&s, true);
        assert_text(r, "/pairing/reason", pairing_reason_name((enum pairing_reason)reason));
        json_object_put(r);
    }
}

static void test_every_network_tunnel(void **state) {
    (void)state;
    for (unsigned kind = TUNNEL_NONE + 1; kind < TUNNEL_KINDS; kind++) {
        struct sample s;
        sample_init(&s);
        s.connection.path[0].tunnel_count = 1;
        s.connection.path[0].tunnel[0].kind = (uint8_t)kind;
        struct json_object *r = record_of(&s, true);
        assert_text(r, "/hark/tunnel/0/kind", tunnel_kind_name((enum tunnel_kind)kind));
        json_object_put(r);
    }
}

static void test_every_note(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    for (unsigned id = 0; id < NOTE_IDS; id++) {
        notes_add(&s.t.notes, (enum note_id)id);
    }
    struct json_object *r = record_of(&s, true);
    assert_length(r, "/notes", NOTE_IDS);
    for (unsigned id = 0; id < NOTE_IDS; id++) {
        char pointer[32];
        (void)snprintf(pointer, sizeof pointer, "/notes/%u/id", id);
        assert_text(r, pointer, note_info((enum note_id)id)->name);
        (void)snprintf(pointer, sizeof pointer, "/notes/%u/severity", id);
        assert_text(r, pointer, note_severity_name(note_info((enum note_id)id)->severity));
    }
    json_object_put(r);
}

/* Secrets wherever a transaction can carry one. */
static void plant(struct sample *s, const char *target) {
    static const char *const fields[][2] = {
        {"Authorization", "Basic SECRET"},
        {"Proxy-Authorization", "SECRET"},
        {"Cookie", "a=SECRET; b=\"SECRET\""},
        {"X-Api-Key", "SECRET"},
        {"Referer", "http://u:SECRET@h/?token=SECRET"},
        {"Host", "u:SECRET@www.example.com"},
        {"User-Agent", "x password=SECRET"},
        {"X-Raw\xFF", "http://u:SECRET@\xFF/"},
        {"X-Text", "http://u:SECRET\xE9@h/"},
        {"Content-Type", "text/html?token=SECRET"},
        {"Authorization Basic SECRET", ""},
        {"Cookie\xFF", "SECRET"},
        {"Link", "<http://x/?sig=SECRET>; rel=next"},
        {"X-Folded", "y Authorization: Bearer SECRET"},
    };
    static const char *const answers[][2] = {
        {"Set-Cookie", "sid=SECRET; Path=/"},
        {"Location", "/cb?code=SECRET#access_token=SECRET"},
        {"Content-Location", "http://u:SECRET/SECRET@h/"},
        {"WWW-Authenticate", "NTLM SECRET"},
        {"Refresh", "1; url=/?password=SECRET"},
        {"X-Auth-Token", "SECRET"},
    };
    s->t.request.headers.count = s->t.response.headers.count = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        sample_request_field(s, fields[i][0], fields[i][1]);
        sample_add(&s->t.request.trailers, fields[i][0], slice_of(fields[i][1]));
    }
    sample_interim(s);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        sample_response_field(s, answers[i][0], answers[i][1]);
        sample_add(&s->t.response.trailers, answers[i][0], slice_of(answers[i][1]));
        sample_add(&s->interim.headers, answers[i][0], slice_of(answers[i][1]));
    }
    sample_status(s, 302, "302", "http://u:SECRET@h/");
    s->interim.reason = slice_of("token=SECRET");
    sample_target(s, "GET", target);
}

/* In clear or in base64, wherever in a group of three bytes it begins. */
static bool shows_secret(struct slice text) {
    static const char *const forms[] = {"SECRET", "U0VDUkVU", "NFQ1JFV", "TRUNSRV"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (memmem(text.ptr, text.len, forms[i], strlen(forms[i]))) {
            return true;
        }
    }
    return false;
}

static void test_planted_secrets_never_come_out(void **state) {
    (void)state;
    static const char *const targets[] = {
        "/?token=SECRET",
        "http://u:SECRET@h/p?q",
        "http://u:p/SECRET@h/",
        "u:SECRET@h:443",
        "/;jsessionid=SECRET?x",
        "/?r=http%3A%2F%2Fu%3ASECRET%40h",
        "/\xFF?password=SECRET",
        "http://u:SECRET/SECRET@h/",
        "u:SECRET/x@h",
        "//u:SECRET@h/",
        "http://u:1/SECRET:x@h/?sig=SECRET",
        "http://u:SECRET?SECRET@h/",
        "/a b?secret=SECRET c",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        for (int shape = 0; shape < 4; shape++) {
            struct sample s;
            sample_init(&s);
            plant(&s, targets[i]);
            if (i == 10 || shape == 1) {
                s.t.target.form = TARGET_INVALID; /* a numeric password with a slash is a port and a path */
                s.t.request.line[1] = slice_of("/");
            }
            if (shape == 1) {
                sample_orphan_response(&s, PAIRING_REQUEST_LOST);
            } else if (shape == 2) {
                sample_orphan_request(&s, PAIRING_IDLE);
            } else if (shape == 3) {
                s.t.type = TRANSACTION_TUNNEL;
            }
            for (int format = RECORD_NDJSON; format <= RECORD_TEXT; format++) {
                struct record_options with = options((enum record_format)format, true);
                struct buf out;
                write_line(&s, &with, &out);
                if (shows_secret(buf_slice(&out))) {
                    print_error("%.*s\n", (int)out.len, (const char *)out.ptr);
                }
                assert_false(shows_secret(buf_slice(&out)));
                buf_fini(&out);
            }
        }
    }
}

static void test_a_host_that_is_a_url_is_no_domain(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.request_fields[0].value = slice_of("h/?token=SECRET");
    sample_target(&s, "GET", "/");
    struct json_object *r = record_of(&s, true);
    assert_absent(r, "/url/domain");
    assert_absent(r, "/url/full");
    assert_text(r, "/http/request/headers/0/value", "h/?token=***");
    json_object_put(r);
}

static void test_secrets_kept_on_demand(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    plant(&s, "/?token=SECRET");
    struct json_object *r = record_of(&s, false);
    assert_text(r, "/http/request/headers/0/value", "Basic SECRET");
    assert_text(r, "/http/request/target", "/?token=SECRET");
    assert_text(r, "/url/query", "token=SECRET");
    json_object_put(r);
    struct record_options with = options(RECORD_TEXT, false);
    struct buf out;
    write_line(&s, &with, &out);
    assert_true(shows_secret(buf_slice(&out)));
    buf_fini(&out);
}

static void test_a_record_too_long_leaves_no_trace(void **state) {
    (void)state;
    for (int format = RECORD_NDJSON; format <= RECORD_TEXT; format++) {
        struct record_options with = options((enum record_format)format, true);
        struct sample s;
        struct buf whole;
        sample_init(&s);
        write_line(&s, &with, &whole);
        for (size_t most = 1; most < whole.len + 2; most += 7) {
            struct buf out;
            with.record_bytes = most;
            struct record_writer *writer = record_writer_new(&with);
            assert_non_null(writer);
            buf_init(&out, ROOM);
            assert_true(buf_append(&out, "before\n", 7));
            bool wrote = record_write(writer, &s.t, &out);
            assert_int_equal(wrote, most >= whole.len);
            assert_false(out.failed);
            assert_int_equal(out.len, wrote ? 7 + whole.len : 7);
            assert_memory_equal(out.ptr, "before\n", 7);
            record_writer_free(writer);
            buf_fini(&out);
        }
        buf_fini(&whole);
    }
}

static void test_a_full_buffer_leaves_no_trace(void **state) {
    (void)state;
    struct record_options with = options(RECORD_NDJSON, true);
    struct sample s;
    sample_init(&s);
    struct record_writer *writer = record_writer_new(&with);
    assert_non_null(writer);
    for (size_t cap = 8; cap < 2500; cap += 50) {
        struct buf out;
        buf_init(&out, cap);
        assert_true(buf_append(&out, "before\n", 7));
        bool wrote = record_write(writer, &s.t, &out);
        assert_false(out.failed);
        assert_true(wrote || out.len == 7);
        buf_fini(&out);
    }
    record_writer_free(writer);
}

static void test_many_flows_through_one_writer(void **state) {
    (void)state;
    struct record_options with = options(RECORD_NDJSON, true);
    struct record_writer *writer = record_writer_new(&with);
    struct buf out;
    assert_non_null(writer);
    buf_init(&out, ROOM);
    for (unsigned round = 0; round < 3; round++) {
        for (uint16_t port = 1; port < 1000; port++) { /* more than are remembered */
            struct sample s;
            sample_init(&s);
            s.connection.ordinal = port;
            s.connection.key.side[0].port = port;
            buf_clear(&out);
            assert_true(record_write(writer, &s.t, &out));
            struct json_object *r = parse_line(buf_slice(&out));
            assert_number(r, "/client/port", port);
            if (port == 999) {
                assert_text(r, "/network/community_id", "1:1rQVrjAFHLxxXqlimbzxTcXChuM=");
            }
            json_object_put(r);
        }
    }
    buf_fini(&out);
    record_writer_free(writer);
}

static void test_parts_left_out(void **state) {
    (void)state;
    static const char *const parts[] = {
        "http.response.headers", "semantics.fields", "tcp", "client.mac", "url.full", "capture.request"};
    struct record_options with = options(RECORD_NDJSON, true);
    struct sample s;
    sample_init(&s);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_true(omission_add(&with.omitted, slice_of(parts[i])));
    }
    struct json_object *r = record_with(&s, &with);
    assert_length(r, "/hark/omitted", 6);
    assert_text(r, "/hark/omitted/0", "client.mac"); /* in the record's order */
    assert_text(r, "/hark/omitted/5", "semantics.fields");
    assert_absent(r, "/http/response/headers");
    assert_length(r, "/http/request/headers", 4);
    assert_absent(r, "/semantics/fields");
    assert_text(r, "/semantics/status/class", "successful");
    assert_absent(r, "/tcp");
    assert_absent(r, "/url/full");
    assert_text(r, "/url/domain", "www.example.com");
    assert_absent(r, "/capture/request");
    assert_bool(r, "/capture/complete", true);
    json_object_put(r);
}

/* An object that is left without members is absent, and no comma stays behind. */
static void test_all_parts_left_out(void **state) {
    (void)state;
    struct record_options with = options(RECORD_NDJSON, true);
    struct sample s;
    sample_init(&s);
    for (size_t i = OMIT_STATUS; i < OMISSION_PARTS; i++) {
        with.omitted |= UINT64_C(1) << i;
    }
    struct json_object *r = record_with(&s, &with);
    assert_length(r, "/hark/omitted", OMISSION_PARTS - OMIT_STATUS);
    assert_absent(r, "/semantics");
    json_object_put(r);
    with.omitted = (UINT64_C(1) << OMISSION_PARTS) - 1;
    r = record_with(&s, &with);
    assert_absent(r, "/client");
    assert_absent(r, "/timing");
    assert_number(r, "/event/duration", 50 * MS);
    assert_text(r, "/http/request/method", "GET");
    assert_number(r, "/http/response/status_code", 200);
    assert_text(r, "/pairing/by", "ack");
    json_object_put(r);
}

/* A 1xx alone, of which only those beyond the cap are told then. */
static void test_interim_left_out(void **state) {
    (void)state;
    struct record_options with = options(RECORD_NDJSON, true);
    struct sample s;
    sample_init(&s);
    s.t.type = TRANSACTION_ORPHAN_REQUEST;
    s.t.by = PAIRING_NONE;
    s.t.reason = PAIRING_CONNECTION_CLOSED;
    s.t.response = (struct http_message){.seen = false};
    s.interim = (struct interim){.status = 103, .reason = slice_of("Early Hints"), .time_ns = SAMPLE_START};
    s.t.interim = s.t.interim_last = &s.interim;
    s.t.interim_count = 1;
    with.omitted = UINT64_C(1) << OMIT_INTERIM;
    struct json_object *r = record_with(&s, &with);
    assert_absent(r, "/http/response");
    json_object_put(r);
    s.t.interim_count = 3;
    r = record_with(&s, &with);
    assert_absent(r, "/http/response/interim");
    assert_number(r, "/http/response/interim_dropped", 2);
    json_object_put(r);
}

static void semantics_of_status_and_fields(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_response_field(&s, "X-Own", "1");
    struct json_object *r = record_of(&s, true);
    assert_text(r, "/semantics/status/class", "successful");
    assert_text(r, "/semantics/status/origin", "registered");
    assert_text(r, "/semantics/status/source", "RFC 9110 section 15.3.1");
    assert_absent(r, "/semantics/status/taken_for");
    assert_absent(r, "/semantics/status/log_only");
    assert_number(r, "/semantics/fields/request/classes/request", 4);
    assert_absent(r, "/semantics/fields/request/classes/entity");
    assert_number(r, "/semantics/fields/request/topics/negotiation", 1);
    assert_number(r, "/semantics/fields/response/classes/entity", 3);
    assert_number(r, "/semantics/fields/response/topics/representation", 2);
    assert_number(r, "/semantics/fields/response/topics/extension", 1);
    json_object_put(r);
    sample_status(&s, 499, "499", "");
    r = record_of(&s, true);
    assert_text(r, "/semantics/status/origin", "vendor");
    assert_bool(r, "/semantics/status/log_only", true);
    json_object_put(r);
}

static void semantics_of_codes_without_a_meaning(void **state) {
    (void)state;
    static const struct {
        unsigned code;
        const char *class;
        int64_t taken_for;
    } codes[] = {{427, "client_error", 400}, {299, "successful", 200}, {999, "invalid", 500}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct sample s;
        sample_init(&s);
        sample_status(&s, codes[i].code, "?", "");
        struct json_object *r = record_of(&s, true);
        assert_text(r, "/semantics/status/class", codes[i].class);
        assert_number(r, "/semantics/status/taken_for", codes[i].taken_for);
        assert_absent(r, "/semantics/status/origin");
        json_object_put(r);
    }
}

static void semantics_of_what_is_not_there(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_orphan_request(&s, PAIRING_CAPTURE_ENDED);
    struct json_object *r = record_of(&s, true);
    assert_absent(r, "/semantics/status");
    assert_absent(r, "/semantics/fields/response");
    json_object_put(r);
    sample_init(&s);
    sample_orphan_response(&s, PAIRING_REQUEST_LOST);
    r = record_of(&s, true);
    assert_text(r, "/semantics/status/class", "successful");
    assert_absent(r, "/semantics/fields/request");
    json_object_put(r);
    sample_init(&s);
    sample_tunnel(&s, false);
    r = record_of(&s, true);
    assert_absent(r, "/semantics");
    json_object_put(r);
}

int main(int argc, char **argv) {
    printing = argc > 1 && strcmp(argv[1], "print") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(semantics_of_status_and_fields),
        cmocka_unit_test(test_parts_left_out),
        cmocka_unit_test(test_all_parts_left_out),
        cmocka_unit_test(test_interim_left_out),
        cmocka_unit_test(semantics_of_codes_without_a_meaning),
        cmocka_unit_test(semantics_of_what_is_not_there),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_facts_of_the_capture),
        cmocka_unit_test(test_orphan_request),
        cmocka_unit_test(test_orphan_response),
        cmocka_unit_test(test_bytes_that_are_no_utf8),
        cmocka_unit_test(test_fields_keep_every_byte),
        cmocka_unit_test(test_interim_trailers_and_drops),
        cmocka_unit_test(test_encapsulation),
        cmocka_unit_test(test_ipv6_and_the_other_direction),
        cmocka_unit_test(test_target_forms),
        cmocka_unit_test(test_version_left_out),
        cmocka_unit_test(test_http09),
        cmocka_unit_test(test_incomplete_messages),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_status_without_a_class),
        cmocka_unit_test(test_early_response),
        cmocka_unit_test(test_ends_of_the_connection),
        cmocka_unit_test(test_tunnels),
        cmocka_unit_test(test_surplus_bytes),
        cmocka_unit_test(test_every_reason),
        cmocka_unit_test(test_every_network_tunnel),
        cmocka_unit_test(test_every_note),
        cmocka_unit_test(test_planted_secrets_never_come_out),
        cmocka_unit_test(test_a_host_that_is_a_url_is_no_domain),
        cmocka_unit_test(test_secrets_kept_on_demand),
        cmocka_unit_test(test_a_record_too_long_leaves_no_trace),
        cmocka_unit_test(test_a_full_buffer_leaves_no_trace),
        cmocka_unit_test(test_many_flows_through_one_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
