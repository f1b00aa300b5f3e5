/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/truth/messages.h"
#include "tests/truth/frames.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct head {
    bool chunked;
    bool has_length;
    uint64_t length;
};

/* CRC-32 as in zlib. */
static uint32_t checksum(uint32_t crc, const char *bytes, size_t length) {
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1)));
        }
    }
    return ~crc;
}

static bool is(struct text text, const char *word) {
    return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

static uint64_t number(struct text text, unsigned base) {
    uint64_t value = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 32U) - 'a' + 10;
        if (digit >= base) {
            break;
        }
        value = value * base + digit;
    }
    return value;
}

/* The line at `at` without its CRLF; false when it has no end. */
static bool line_at(const char *bytes, size_t length, size_t at, struct text *line) {
    const char *end = memmem(bytes + at, length - at, "\r\n", 2);
    *line = (struct text){bytes + at, end ? (size_t)(end - bytes) - at : 0};
    return end != NULL;
}

static struct text trim(struct text text) {
    while (text.length && (*text.bytes == ' ' || *text.bytes == '\t')) {
        text.bytes++;
        text.length--;
    }
    while (text.length && (text.bytes[text.length - 1] == ' ' || text.bytes[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

static void split_start_line(struct message *message, struct text line) {
    for (int i = 0; i < 3; i++) {
        const char *space = i < 2 ? memchr(line.bytes, ' ', line.length) : NULL;
        size_t length = space ? (size_t)(space - line.bytes) : line.length;
        message->words[i] = (struct text){line.bytes, length};
        size_t past = space ? length + 1 : length;
        line = (struct text){line.bytes + past, line.length - past};
    }
}

static void read_field(struct message *message, struct head *head, struct text line) {
    const char *colon = memchr(line.bytes, ':', line.length);
    if (!colon) {
        frames_die("a field without a colon: '%.*s'", (int)line.length, line.bytes);
    }
    struct text name = {line.bytes, (size_t)(colon - line.bytes)};
    struct text value = trim((struct text){colon + 1, line.length - name.length - 1});
    message->fields = checksum(message->fields, name.bytes, name.length);
    message->fields = checksum(message->fields, ":", 1);
    message->fields = checksum(message->fields, value.bytes, value.length);
    message->fields = checksum(message->fields, "\n", 1);
    message->field_count++;
    if (is(name, "X-Truth-Id")) {
        message->id = value;
    } else if (is(name, "Content-Length")) {
        head->has_length = true;
        head->length = number(value, 10);
    } else if (is(name, "Transfer-Encoding")) {
        head->chunked = is(value, "chunked");
    }
}

/* False when the head does not end in the stream. */
static bool read_head(struct message *message, struct head *head, const char *bytes, size_t length,
                      size_t at) {
    struct text line;
    *message = (struct message){.start = at};
    *head = (struct head){0};
    if (!line_at(bytes, length, at, &line)) {
        return false;
    }
    split_start_line(message, line);
    for (;;) {
        at += line.length + 2;
        if (!line_at(bytes, length, at, &line)) {
            return false;
        }
        if (!line.length) {
            message->head_end = message->end = at + 2;
            return true;
        }
        read_field(message, head, line);
    }
}

static void read_length(struct message *message, uint64_t body, size_t length) {
    size_t there = length - message->head_end;
    message->ended = body <= there;
    message->body = message->ended ? body : there;
    message->end = message->head_end + message->body;
}

static void read_chunks(struct message *message, const char *bytes, size_t length) {
    size_t at = message->head_end;
    struct text line;
    bool last = false;
    message->end = length;
    while (line_at(bytes, length, at, &line)) {
        at += line.length + 2;
        if (last && !line.length) {
            message->ended = true;
            message->end = at;
            return;
        }
        if (!last) {
            uint64_t size = number(line, 16);
            last = size == 0;
            if (!last && size + 2 > length - at) {
                message->body += size < length - at ? size : length - at;
                return;
            }
            message->body += size;
            at += last ? 0 : size + 2;
        }
    }
}

static void read_to_close(struct message *message, size_t length, bool closed) {
    message->by_close = true;
    message->ended = closed;
    message->end = length;
    message->body = length - message->head_end;
}

static void read_body(struct message *message, const struct head *head, const char *bytes, size_t length,
                      bool closed, const struct messages *requests, size_t index) {
    bool response = requests != NULL;
    bool to_head = response && index < requests->count && is(requests->items[index].words[0], "HEAD");
    if (response && (to_head || message->status == 204 || message->status == 304)) {
        message->ended = true;
    } else if (head->chunked) {
        read_chunks(message, bytes, length);
    } else if (head->has_length) {
        read_length(message, head->length, length);
    } else if (response) {
        read_to_close(message, length, closed);
    } else {
        message->ended = true;
    }
}

static void add(struct messages *messages, const struct message *message) {
    if (messages->count == messages->capacity) {
        messages->capacity = messages->capacity ? messages->capacity * 2 : 64;
        messages->items = frames_allocate(messages->items, messages->capacity, sizeof(*messages->items));
    }
    messages->items[messages->count++] = *message;
}

void messages_read(struct messages *messages, const char *bytes, size_t length, bool closed,
                   const struct messages *requests) {
    size_t at = 0;
    unsigned interim = 0;
    struct message message;
    struct head head;
    while (at < length && read_head(&message, &head, bytes, length, at)) {
        const struct text *version = &message.words[requests ? 0 : 2];
        if (version->length != 8 || memcmp(version->bytes, "HTTP/1.", 7) != 0) {
            frames_die("no HTTP/1 at offset %zu: '%.40s'", at, bytes + at);
        }
        message.status = requests ? (unsigned)number(message.words[1], 10) : 0;
        if (requests && message.status < 200) {
            interim++;
            at = message.head_end;
            continue;
        }
        message.interim = interim;
        interim = 0;
        read_body(&message, &head, bytes, length, closed, requests, messages->count);
        add(messages, &message);
        at = message.end;
        if (!message.ended) {
            break;
        }
    }
}

void messages_clear(struct messages *messages) {
    free(messages->items);
    *messages = (struct messages){0};
}
