/* SPDX-License-Identifier: MIT */
/* page.c - the first page: what gyre is, and a line on each route. */

#include "page.h"

#define ROW(path_, text_)                                                                          \
    "<tr><td><a href='" path_ "'><code>" path_ "</code></a></td><td>" text_ "</td></tr>\n"

#define RACE(path_, text_)                                                                         \
    "<tr><td><button data-path='" path_ "'>5 at once</button></td>"                                \
    "<td><code>" path_ "</code></td><td>" text_ "</td><td class='out'></td></tr>\n"

static const char top[] =
    "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>\n"
    "<meta name='viewport' content='width=device-width,initial-scale=1'>\n"
    "<title>gyre</title><link rel='icon' href='data:,'>\n<style>\n"
    ":root{--sea:#0b4f6c;--ink:#1b2733;--pale:#eef5f7;--line:#cfdfe4}\n"
    "body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:#fff}\n"
    "header{background:var(--sea);color:#fff;padding:2.2rem 1.2rem}\n"
    "header div,main{max-width:52rem;margin:0 auto}\n"
    "h1{margin:0;font-size:2.4rem;letter-spacing:.04em}header p{margin:.4rem 0 0;max-width:40rem}\n"
    "main{padding:1rem 1.2rem 3rem}h2{color:var(--sea);margin:2rem 0 .5rem;font-size:1.25rem}\n"
    "table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);"
    "padding:.45rem .8rem .45rem 0;vertical-align:top}td:first-child{white-space:nowrap}\n"
    "code{background:var(--pale);padding:.1rem .35rem;border-radius:3px;font-size:.92em}\n"
    "a{color:var(--sea)}button{font:inherit;font-size:.9em;color:#fff;background:var(--sea);"
    "border:0;border-radius:4px;padding:.25rem .8rem;cursor:pointer}button:disabled{opacity:.5}\n"
    ".out{min-width:8.5rem;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "pre{background:var(--pale);padding:1rem;overflow:auto;border-radius:4px;line-height:1.4}\n"
    "@media(max-width:40rem){tr,td{display:block}td{border:0;padding:.15rem 0}"
    "tr{border-top:1px solid var(--line);padding:.5rem 0}.out{min-height:1.55em}}\n"
    "</style></head><body>\n";

/* clang-format off */
static const char about[] =
    "<header><div><h1>gyre</h1><p>A web framework and asynchronous networking library for C. One "
    "process holds tens of thousands of connections, and handlers read from top to bottom: they "
    "sleep, stream and wait in plain calls, because each runs as a task with a stack of its "
    "own.</p></div></header>\n<main>\n"
    "<h2>What a handler looks like</h2>\n<pre>"
    "static int hello(gy_request *r)\n"
    "{\n"
    "    return gy_write(r, \"Hello, world\\n\");\n"
    "}\n\n"
    "static const gy_route routes[] = {\n"
    "    GY_GET(\"/hello\", hello),\n"
    "    GY_MOUNT(\"/delay\", delay_routes),\n"
    "    ...\n"
    "    GY_END,\n"
    "};\n</pre>\n"
    "<h2>Waiting, three ways</h2>\n"
    "<p>Each answer takes one second. Ask for five at once and see how long all of them take:</p>\n"
    "<table>\n"
    RACE("/delay/task/1", "the task sleeps, the loop goes on: all five share the second")
    RACE("/delay/thread/1", "a blocking call on the thread pool: as many at once as it has threads")
    RACE("/delay/blocking/1", "a blocking call done wrong: one after another, and this whole page "
                              "waits")
    "</table>\n";

static const char all_routes[] =
    "<h2>Every route</h2>\n<table>\n"
    ROW("/hello/", "the smallest handler: one line of text")
    ROW("/delay/task/1", "<code>gy_sleep</code>: a second as a task, while others go on")
    ROW("/delay/thread/1", "<code>gy_offload</code>: a second on the thread pool, for code that can "
                           "only block")
    ROW("/delay/blocking/1", "a second of the whole process: what not to do")
    ROW("/delay/now", "answers at once, unless somebody blocks the loop")
    ROW("/ticker/", "a streamed response: a line a second, ten of them")
    ROW("/books/stories", "a JSON list, written piece by piece")
    ROW("/books/story/7", "a typed path argument and a JSON shape")
    ROW("/books/story/8", "<code>gy_fail</code>: 404, with the reason in the log only")
    ROW("/books/search?q=Byzantium", "a query argument")
    ROW("/books/search", "the same without it: 400")
    ROW("/nowhere", "no route: 404")
    "</table>\n"
    "<p>One more example, <code>build/examples/echo</code>, speaks TCP without HTTP.</p>\n"
    "</main>\n";
/* clang-format on */

static const char script[] =
    "<script>\n"
    "for (const b of document.querySelectorAll('button')) b.onclick = async () => {\n"
    "  const out = b.closest('tr').querySelector('.out'), t = performance.now();\n"
    "  b.disabled = true; out.textContent = '\\u2026';\n"
    "  await Promise.all([1,2,3,4,5].map(i => fetch(b.dataset.path + '?' + i)));\n"
    "  out.textContent = 'all after ' + ((performance.now() - t) / 1000).toFixed(2) + ' s';\n"
    "  b.disabled = false;\n};\n"
    "</script></body></html>\n";

int demo_page(gy_request *r)
{
    gy_write(r, top);
    gy_write(r, about);
    gy_write(r, all_routes);
    return gy_write(r, script);
}
