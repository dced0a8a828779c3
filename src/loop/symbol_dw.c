/* SPDX-License-Identifier: MIT */
/* symbol_dw.c - symbols and lines by libdw of the elfutils. */

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shared_library.h"
#include "loop/backtrace_text.h"

/* Loaded when the first name is asked for, with the three libraries that it needs: most programs never
 * ask for one. */
static struct {
    __typeof__(dwarf_getsrc_die) *getsrc_die;
    __typeof__(dwarf_haspc) *haspc;
    __typeof__(dwarf_lineno) *lineno;
    __typeof__(dwarf_linesrc) *linesrc;
    __typeof__(dwfl_addrmodule) *addrmodule;
    __typeof__(dwfl_begin) *begin;
    __typeof__(dwfl_lineinfo) *lineinfo;
    __typeof__(dwfl_linux_proc_find_elf) *find_elf;
    __typeof__(dwfl_linux_proc_report) *proc_report;
    __typeof__(dwfl_module_addrinfo) *addrinfo;
    __typeof__(dwfl_module_build_id) *build_id;
    __typeof__(dwfl_module_getsrc) *getsrc;
    __typeof__(dwfl_module_nextcu) *nextcu;
    __typeof__(dwfl_report_begin) *report_begin;
    __typeof__(dwfl_report_end) *report_end;
} dw;

static const struct gy__library_function functions[] = {
    {"dwarf_getsrc_die", &dw.getsrc_die},
    {"dwarf_haspc", &dw.haspc},
    {"dwarf_lineno", &dw.lineno},
    {"dwarf_linesrc", &dw.linesrc},
    {"dwfl_addrmodule", &dw.addrmodule},
    {"dwfl_begin", &dw.begin},
    {"dwfl_lineinfo", &dw.lineinfo},
    {"dwfl_linux_proc_find_elf", &dw.find_elf},
    {"dwfl_linux_proc_report", &dw.proc_report},
    {"dwfl_module_addrinfo", &dw.addrinfo},
    {"dwfl_module_build_id", &dw.build_id},
    {"dwfl_module_getsrc", &dw.getsrc},
    {"dwfl_module_nextcu", &dw.nextcu},
    {"dwfl_report_begin", &dw.report_begin},
    {"dwfl_report_end", &dw.report_end},
};

static struct gy__library library = {
    .file = "libdw.so.1",
    .functions = functions,
    .count = sizeof functions / sizeof functions[0],
};

/* Debug information that was split off is looked for where distributions put it, and nowhere else: the
 * library's own search may ask servers in the network. */
static int find_split_off(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                          const char *file, const char *link, GElf_Word crc, char **found)
{
    const unsigned char *id;
    GElf_Addr where;
    char path[128] = "/usr/lib/debug/.build-id/";
    int n = dw.build_id(module, &id, &where);
    size_t at = sizeof "/usr/lib/debug/.build-id/" - 1;
    (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
    if (n < 2 || n > 32)
        return -1;
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, i == 1 ? "/%02x" : "%02x", id[i]);
    snprintf(path + at, sizeof path - at, ".debug");
    return open(path, O_RDONLY | O_CLOEXEC);
}

static Dwfl *session;

static Dwfl *begin(void)
{
    static Dwfl_Callbacks callbacks = {.find_debuginfo = find_split_off};
    callbacks.find_elf = dw.find_elf;
    return dw.begin(&callbacks);
}

static int report(void)
{
    dw.report_begin(session);
    int e = dw.proc_report(session, getpid());
    return dw.report_end(session, NULL, NULL) || e ? -1 : 0;
}

/* The files of this process; read again when an address is in none of them: one may have been loaded
 * since. */
static Dwfl_Module *module_of(Dwarf_Addr at)
{
    Dwfl_Module *m = session ? dw.addrmodule(session, at) : NULL;
    if (m)
        return m;
    if (!session)
        session = begin();
    return session && report() == 0 ? dw.addrmodule(session, at) : NULL;
}

/* Some compilers write no index of addresses: then each unit is asked. */
static Dwarf_Line *line_without_index(Dwfl_Module *m, Dwarf_Addr at)
{
    Dwarf_Addr bias;
    for (Dwarf_Die *unit = NULL; (unit = dw.nextcu(m, unit, &bias));)
        if (dw.haspc(unit, at - bias) > 0)
            return dw.getsrc_die(unit, at - bias);
    return NULL;
}

static void find_line(Dwfl_Module *m, Dwarf_Addr at, struct gy__symbol *s)
{
    Dwfl_Line *indexed = dw.getsrc(m, at);
    if (indexed) {
        s->file = dw.lineinfo(indexed, NULL, &s->line, NULL, NULL, NULL);
        return;
    }
    Dwarf_Line *line = line_without_index(m, at);
    if (line && dw.lineno(line, &s->line) == 0)
        s->file = dw.linesrc(line, NULL, NULL);
}

void gy__symbol_find(const void *address, struct gy__symbol *s)
{
    Dwarf_Addr at = (Dwarf_Addr)(uintptr_t)address;
    Dwfl_Module *m = gy__library_load(&library) ? module_of(at) : NULL;
    *s = (struct gy__symbol){.function = NULL};
    if (!m)
        return;
    GElf_Off offset = 0;
    GElf_Sym symbol;
    s->function = dw.addrinfo(m, at, &offset, &symbol, NULL, NULL, NULL);
    s->offset = (size_t)offset;
    find_line(m, at, s);
}
