/* SPDX-License-Identifier: MIT */
/* parse_bench.c - nanoseconds to parse a request head, for each way to scan. */
#include "http/parse_variants.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char small[] = "GET / HTTP/1.1\r\nHost: localhost:8888\r\n\r\n";

static const char browser[] =
    "GET /story/4711/comments?page=2&sort=new HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: https://www.example.com/story/4711\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=2|1:0|10:1700000000|7:session|24:bW9yZSB0aGFuIHlvdSBrbm93|b7e1c2; lang=en\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Cache-Control: max-age=0\r\n\r\n";

static const char post[] = "POST /api/items HTTP/1.1\r\n"
                           "Host: api.example.com\r\n"
                           "Content-Type: application/json\r\n"
                           "Content-Length: 348\r\n"
                           "Accept: */*\r\n\r\n";

static const struct {
    const char *name;
    enum gy__parse_level level;
    gy__parse_fn *parse;
} forms[] = {
    {"plain", GY__PARSE_PLAIN, gy__parse_request_plain},
#if defined(__x86_64__)
    {"sse4.2", GY__PARSE_SSE42, gy__parse_request_sse42},
    {"avx2", GY__PARSE_AVX2, gy__parse_request_avx2},
#endif
    {"chosen", GY__PARSE_PLAIN, gy__parse_request},
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The least of many short rounds: others use the machine too. The copies stand for the recv that brings the bytes, and undo the
 * NULs of the last time; they are measured alone and taken off. Several buffers in turn, because a
 * load right behind a store of another width waits for it, which no real request does. */
enum { BUFFERS = 16, SIZE = 1024 };

static double measure(gy__parse_fn *parse, const char *text, size_t len)
{
    static char buffers[BUFFERS][SIZE];
    static gy_field fields[100];
    const struct gy__limits_head lim = {65536, 8192, 100, false};
    const int count = 500;
    double best = 1e9;
    for (int round = 0; round < 200; round++) {
        double start = now();
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < BUFFERS; k++) {
                memcpy(buffers[k], text, len);
            }
            __asm__ volatile("" : : "r"(buffers) : "memory");
            for (int k = 0; parse && k < BUFFERS; k++) {
                struct gy__head head;
                const char *reason;
                if (parse(buffers[k], len, &lim, fields, &head, &reason) != (long)len) {
                    abort();
                }
                __asm__ volatile("" : : "r"(&head), "r"(fields) : "memory");
            }
        }
        double spent = (now() - start) / (count * BUFFERS);
        best = spent < best ? spent : best;
    }
    return best;
}

static void row(const char *name, const char *text, size_t len)
{
    double copy = measure(NULL, text, len);
    printf("%-10s %5zu bytes ", name, len);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].level <= gy__parse_level()) {
            printf("  %s %6.1f ns", forms[i].name, measure(forms[i].parse, text, len) - copy);
        }
    }
    printf("\n");
}

int main(void)
{
    row("small", small, sizeof small - 1);
    row("post", post, sizeof post - 1);
    row("browser", browser, sizeof browser - 1);
    return 0;
}
