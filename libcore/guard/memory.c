/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "store/lock.h"

struct mark {
    char verb[8]; /* "": there is none, or it is of another boot */
    unsigned count;
    char first[REMEMBER_TEXT]; /* libvirt 9.0 drops what it remembers of a disk with each guest that ends, whatever the count */
    bool there;
};
enum { MARK_TEXT = REMEMBER_TEXT + 80 };

static void names(int fd, const char *layer, char file[40], char attribute[64])
{
    snprintf(file, 40, "/proc/self/fd/%d", fd);
    snprintf(attribute, 64, "trusted.vmutils.%s", layer);
}

static bool mark(int fd, const char *layer, const char *verb, unsigned count, const char *first)
{
    char file[40], attribute[64], text[MARK_TEXT], boot[37];
    names(fd, layer, file, attribute);
    if (!boot_id(boot))
        return false;
    snprintf(text, sizeof text, "%s %u %s %s", verb, count, boot, first);
    return setxattr(file, attribute, text, strlen(text), 0) == 0;
}

static bool unmark(int fd, const char *layer)
{
    char file[40], attribute[64];
    names(fd, layer, file, attribute);
    return removexattr(file, attribute) == 0 || errno == ENODATA;
}

static void read_mark(int fd, const char *layer, struct mark *k)
{
    char file[40], attribute[64], text[MARK_TEXT], boot[37], now[37];
    int at = 0;
    *k = (struct mark){ 0 };
    names(fd, layer, file, attribute);
    ssize_t n = getxattr(file, attribute, text, sizeof text - 1);
    if (n < 0)
        return;
    text[n] = '\0';
    k->there = true;
    if (sscanf(text, "%7[a-z] %u %36s %n", k->verb, &k->count, boot, &at) != 3 || !at || !boot_id(now) || strcmp(boot, now))
        *k->verb = '\0';
    else
        snprintf(k->first, sizeof k->first, "%s", text + at);
}

/* Our one is in the count, or that of the other who took what he found for void: libvirt's idea of when the boot began
 * may be a second beside the one of its last daemon, and then it remembers our owner as the first. */
static bool counted(const struct mark *k, const struct remembered *r)
{
    if (strcmp(k->verb, "in") == 0)
        return strcmp(k->first, r->first) == 0;
    return (strcmp(k->verb, "join") == 0 && r->count == k->count) || (strcmp(k->verb, "leave") == 0 && r->count == k->count + 1);
}

static void look(int fd, const char *layer, struct memory *m, struct mark *k, struct remembered *r)
{
    bool there = remember_get(fd, layer, r) && r->valid;
    *m = (struct memory){ 0 };
    read_mark(fd, layer, k);
    bool in = strcmp(k->verb, "in") == 0, one = there && counted(k, r);
    m->ours = in || one;
    m->others = there ? r->count - one : 0;
    memcpy(m->first, in ? k->first : there ? r->first : "", in || there ? sizeof m->first : 1);
}

void memory_look(int fd, const char *layer, struct memory *m)
{
    struct mark k;
    struct remembered r;
    look(fd, layer, m, &k, &r);
}

bool memory_join(int fd, const char *layer, const char *first)
{
    struct memory m;
    struct mark k;
    struct remembered r;
    look(fd, layer, &m, &k, &r);
    if (m.ours && r.valid)
        return strcmp(k.verb, "in") == 0 || mark(fd, layer, "in", m.others + 1, m.first);
    r = (struct remembered){ .count = m.others + 1, .boot = r.valid ? r.boot : 0 };
    snprintf(r.first, sizeof r.first, "%s", m.others || m.ours ? m.first : first);
    if (!mark(fd, layer, "join", r.count, r.first))
        return false;
    if (remember_set(fd, layer, &r) && mark(fd, layer, "in", r.count, r.first))
        return true;
    int error = errno;
    memory_leave(fd, layer);
    errno = error;
    return false;
}

bool memory_leave(int fd, const char *layer)
{
    struct memory m;
    struct mark k;
    struct remembered r;
    look(fd, layer, &m, &k, &r);
    if (!k.there)
        return true;
    bool marked = *k.verb != '\0', again = strcmp(k.verb, "leave") == 0;
    r.count = m.others;
    if (marked)
        memcpy(r.first, k.first, sizeof r.first);
    if (m.others && marked && !again && m.ours && !mark(fd, layer, "leave", m.others, k.first))
        return false;
    /* What is void, of another boot or half written, is cleared away with our mark. */
    bool change = !m.others || (marked && (m.ours || again));
    return (!change || remember_set(fd, layer, &r)) && unmark(fd, layer);
}
