/* SPDX-License-Identifier: MIT */
/* log_journal.c - log lines for journald, in its native protocol. */
#include <stdio.h>
#include <string.h>

#include "base/log_output.h"

/* A value with line ends in it goes with its length, of 64 bits, the lowest byte first. */
static size_t put_length(char out[16], size_t len)
{
    memcpy(out, "MESSAGE\n", 8);
    for (int i = 0; i < 8; i++)
        out[8 + i] = (char)((uint64_t)len >> 8 * i & 0xff);
    return 16;
}

void gy__log_journal(struct gy__log_socket *s, const char *name, const struct gy__log_line *line)
{
    char head[512], id[GY__LOG_ID], message[16] = "MESSAGE=", end[] = "\n";
    size_t id_len = gy__log_plain_id(id, line->id), message_len = 8;
    int n = snprintf(head, sizeof head,
                     "PRIORITY=%d\nSYSLOG_IDENTIFIER=%.60s\nGYRE_CHANNEL=%s\n%s%.*s%s",
                     gy__log_severity(line->level), name, gy__log_channel_name(line->channel),
                     id_len ? "REQUEST_ID=" : "", (int)id_len, id, id_len ? "\n" : "");
    if (memchr(line->raw, '\n', line->raw_len))
        message_len = put_length(message, line->raw_len);
    struct iovec parts[] = {{head, (size_t)n},
                            {message, message_len},
                            {(void *)(uintptr_t)line->raw, line->raw_len},
                            {end, 1}};
    gy__log_socket_send(s, parts, 4);
}
