/* SPDX-License-Identifier: MIT */
/* symbol_dw.c - symbols and lines by libdw of the elfutils. */

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/backtrace_text.h"

/* Debug information that was split off is looked for where distributions put it, and nowhere else: the
 * library's own search may ask servers in the network. */
static int find_split_off(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                          const char *file, const char *link, GElf_Word crc, char **found)
{
    const unsigned char *id;
    GElf_Addr where;
    char path[128] = "/usr/lib/debug/.build-id/";
    int n = dwfl_module_build_id(module, &id, &where);
    size_t at = sizeof "/usr/lib/debug/.build-id/" - 1;
    (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
    if (n < 2 || n > 32)
        return -1;
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, i == 1 ? "/%02x" : "%02x", id[i]);
    snprintf(path + at, sizeof path - at, ".debug");
    return open(path, O_RDONLY | O_CLOEXEC);
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = find_split_off,
};

static Dwfl *session;

static int report(void)
{
    dwfl_report_begin(session);
    int e = dwfl_linux_proc_report(session, getpid());
    return dwfl_report_end(session, NULL, NULL) || e ? -1 : 0;
}

/* The files of this process; read again when an address is in none of them: one may have been loaded
 * since. */
static Dwfl_Module *module_of(Dwarf_Addr at)
{
    Dwfl_Module *m = session ? dwfl_addrmodule(session, at) : NULL;
    if (m)
        return m;
    if (!session)
        session = dwfl_begin(&callbacks);
    return session && report() == 0 ? dwfl_addrmodule(session, at) : NULL;
}

/* Some compilers write no index of addresses: then each unit is asked. */
static Dwarf_Line *line_without_index(Dwfl_Module *m, Dwarf_Addr at)
{
    Dwarf_Addr bias;
    for (Dwarf_Die *unit = NULL; (unit = dwfl_module_nextcu(m, unit, &bias));)
        if (dwarf_haspc(unit, at - bias) > 0)
            return dwarf_getsrc_die(unit, at - bias);
    return NULL;
}

static void find_line(Dwfl_Module *m, Dwarf_Addr at, struct gy__symbol *s)
{
    Dwfl_Line *indexed = dwfl_module_getsrc(m, at);
    if (indexed) {
        s->file = dwfl_lineinfo(indexed, NULL, &s->line, NULL, NULL, NULL);
        return;
    }
    Dwarf_Line *line = line_without_index(m, at);
    if (line && dwarf_lineno(line, &s->line) == 0)
        s->file = dwarf_linesrc(line, NULL, NULL);
}

void gy__symbol_find(const void *address, struct gy__symbol *s)
{
    Dwarf_Addr at = (Dwarf_Addr)(uintptr_t)address;
    Dwfl_Module *m = module_of(at);
    *s = (struct gy__symbol){.function = NULL};
    if (!m)
        return;
    GElf_Off offset = 0;
    GElf_Sym symbol;
    s->function = dwfl_module_addrinfo(m, at, &offset, &symbol, NULL, NULL, NULL);
    s->offset = (size_t)offset;
    find_line(m, at, s);
}
