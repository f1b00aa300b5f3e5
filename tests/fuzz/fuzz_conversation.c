/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of hark on captures of conversations that the input tells step by step, with all that taps do to
 * packets. Beside what holds of any capture (capture_run): as long as both ends speak proper HTTP over proper
 * TCP, no response is paired with a request that is not its own, no body's content becomes a transaction, and
 * what a record that claims to be complete says of status and bodies is so. Of clients that pipeline this is
 * asked only where no packet was lost, which can hide it.
 *
 * Input: one byte of options, then the steps (conversation.c). */
#include "capture_run.h"
#include "conversation.h"

enum options { AGAIN = 0x01, THREADS = 0x02, UNMASKED = 0x04, VLANS = 0x08 };

static struct json_object *member(struct json_object *object, const char *const path[]) {
    for (; object && *path; path++) {
        struct json_object *next = NULL;
        json_object_object_get_ex(object, *path, &next);
        object = next;
    }
    return object;
}

#define MEMBER(object, ...) member(object, (const char *const[]){__VA_ARGS__, NULL})

/* "/1-2" or "1-2"; false for what is no name. */
static bool read_name(const char *text, unsigned *talk, unsigned *number) {
    int len = 0;
    return text && sscanf(text, "%u-%u%n", talk, number, &len) == 2 && text[len] == '\0';
}

static const char *response_name(struct json_object *record) {
    struct json_object *fields = MEMBER(record, "http", "response", "headers");
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        struct json_object *name = MEMBER(field, "name");
        if (name && strcmp(json_object_get_string(name), "Id") == 0) {
            return json_object_get_string(MEMBER(field, "value"));
        }
    }
    return NULL;
}

static void must(bool holds, const char *what, struct json_object *record) {
    if (!holds) {
        fprintf(stderr, "%s: %s\n", what, json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN));
        abort();
    }
}

static void check_complete(struct json_object *record, const struct exchange *e) {
    struct json_object *request = MEMBER(record, "http", "request", "body", "bytes");
    struct json_object *response = MEMBER(record, "http", "response", "body", "bytes");
    uint64_t request_bytes = request ? json_object_get_uint64(request) : 0;
    uint64_t response_bytes = response ? json_object_get_uint64(response) : 0;
    must(request_bytes == e->request_body, "complete, but the request's body has another length", record);
    must(response_bytes == e->response_body, "complete, but the response's body has another length", record);
}

static void look(void *context, struct json_object *record) {
    struct conversation *c = context;
    struct json_object *type = MEMBER(record, "hark", "type");
    if (!c->honest || strcmp(json_object_get_string(type), "transaction") != 0) {
        return;
    }
    unsigned talk, number, talk_of_response, number_of_response;
    struct json_object *target = MEMBER(record, "http", "request", "target");
    const char *text = target ? json_object_get_string(target) : "";
    bool named = text[0] == '/' && read_name(text + 1, &talk, &number);
    bool answered = read_name(response_name(record), &talk_of_response, &number_of_response);
    if (named && talk < CONVERSATION_TALKS && c->pipelines[talk] && !c->lossless) {
        return;
    }
    must(!named || !answered || (talk == talk_of_response && number == number_of_response), "wrongly paired",
         record);
    struct json_object *complete = MEMBER(record, "capture", "complete");
    bool claims = complete && json_object_get_boolean(complete);
    struct exchange *e = named ? conversation_find(c, talk, number) : NULL;
    must(!claims || (e && answered), "complete, but nobody said it", record);
    if (e && answered) {
        struct json_object *status = MEMBER(record, "http", "response", "status_code");
        must(status && json_object_get_int(status) == (int)e->status, "another status was sent", record);
    }
    if (claims) {
        check_complete(record, e);
    }
    if (e && answered) {
        e->found = true;
    }
}

/* Where nothing was lost, and nobody pipelined, every answered request is in a record together with its
 * answer. Met midstream, a segment that was sent again with others, and is captured before them, may hide
 * that nobody pipelined. */
static void check_found(const struct conversation *c) {
    for (size_t i = 0; i < c->exchanges && c->honest && c->lossless; i++) {
        const struct exchange *e = &c->exchange[i];
        if (e->status && !e->found && !c->pipelines[e->talk] && c->begins[e->talk]) {
            fprintf(stderr, "no record of /%u-%u with its answer\n", e->talk, e->number);
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct conversation c;
    struct input in = input_of(data, size);
    uint8_t options = input_u8(&in);
    struct limits limits = capture_run_limits();
    limits.open_requests = limits_default().open_requests; /* what a cap drops is another question */
    conversation_make(&c, &in);
    struct capture_run run = {.workers = 1,
                              .mask_secrets = !(options & UNMASKED),
                              .separate_vlans = options & VLANS,
                              .again = options & AGAIN,
                              .second_workers = options & THREADS ? 2 : 1,
                              .look = look,
                              .context = &c};
    /* with VLANs as part of the key a connection tagged in one direction is two */
    c.honest = c.honest && !run.separate_vlans;
    if (size > 2) {
        capture_run(buf_slice(&c.capture), &limits, &run);
        check_found(&c);
    }
    conversation_fini(&c);
    return 0;
}
