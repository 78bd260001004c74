/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/cgroup.h"
#include "store/claim.h"

enum { TEXT_MAX = 8 << 20, NAME_LEN = 255, CUT_LEN = 200 };

const char *const cgroup_controller_names[CGROUP_CONTROLLERS] = { "cpu", "cpuset", "memory", "blkio", "devices" };
static const char *const v2_names[CGROUP_CONTROLLERS] = { "cpu", "cpuset", "memory", "io", NULL };

/* "\040" and its like, as the kernel writes blanks of paths. */
static char *unescaped(struct arena *a, const char *s, size_t n)
{
    char *out = arena_alloc(a, n + 1), *p = out;
    for (size_t i = 0; i < n; i++) {
        unsigned c;
        if (s[i] == '\\' && n - i > 3 && sscanf(s + i + 1, "%3o", &c) == 1) {
            *p++ = (char)c;
            i += 3;
        } else {
            *p++ = s[i];
        }
    }
    *p = '\0';
    return out;
}

/* The bits of the controllers that a text with separators names. */
static unsigned controllers_in(const char *text, size_t n, const char *separators, const char *const names[])
{
    unsigned has = 0;
    for (size_t i = 0; i < n;) {
        size_t len = 0;
        while (i + len < n && !strchr(separators, text[i + len]))
            len++;
        for (size_t k = 0; k < CGROUP_CONTROLLERS; k++)
            if (names[k] && strlen(names[k]) == len && strncmp(names[k], text + i, len) == 0)
                has |= 1U << k;
        i += len + 1;
    }
    return has;
}

static bool below(const char *path, const char *top)
{
    size_t n = strlen(top);
    return streq(top, "/") || (strncmp(path, top, n) == 0 && (path[n] == '/' || !path[n]));
}

/* The words of a line of mountinfo that matter: device, root, mount point, options, type, super options. */
enum { M_DEVICE, M_ROOT, M_POINT, M_OPTIONS, M_TYPE, M_SUPER, M_WORDS };
struct mount {
    const char *word[M_WORDS];
    size_t len[M_WORDS];
};

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" (proc_pid_mountinfo(5)) */
static bool split(const char *line, size_t n, struct mount *m)
{
    *m = (struct mount){ 0 };
    size_t field = 0, type = 0; /* type: number of the field behind the "-" */
    for (size_t i = 0; i < n; field++) {
        size_t len = 0;
        while (i + len < n && line[i + len] != ' ')
            len++;
        size_t at = field >= 2 && field <= 5 ? field - 2 : type && field == type ? M_TYPE : type && field == type + 2 ? M_SUPER : M_WORDS;
        if (at < M_WORDS) {
            m->word[at] = line + i;
            m->len[at] = len;
        }
        if (!type && field > 5 && len == 1 && line[i] == '-')
            type = field + 1;
        i += len + 1;
    }
    return m->word[M_SUPER] != NULL;
}

/* Where the caller is in the hierarchy of version 2, below its mount point; NULL if that does not show it. */
static const char *own_group(struct arena *a, const char *own, const char *root, const char *mount)
{
    const char *p = own && str_starts(own, "0::") ? own : own ? strstr(own, "\n0::") : NULL;
    if (!p)
        return NULL;
    p = strstr(p, "0::") + 3;
    const char *path = arena_strndup(a, p, strcspn(p, "\n"));
    if (!below(path, root) || strstr(path, "/../"))
        return NULL;
    return arena_printf(a, "%s%s", mount, streq(root, "/") ? streq(path, "/") ? "" : path : path + strlen(root));
}

static void one_mount(struct cgroups *c, struct arena *a, const struct mount *m, const char *own)
{
    const char *at = unescaped(a, m->word[M_POINT], m->len[M_POINT]);
    bool v1 = m->len[M_TYPE] == 6 && strncmp(m->word[M_TYPE], "cgroup", 6) == 0;
    bool v2 = m->len[M_TYPE] == 7 && strncmp(m->word[M_TYPE], "cgroup2", 7) == 0;
    size_t kept = 0; /* what is mounted later is on top */
    for (size_t i = 0; i < c->n; i++)
        if (!streq(c->tree[i].mount, at))
            c->tree[kept++] = c->tree[i];
    c->n = kept;
    if ((!v1 && !v2) || c->n == CGROUP_TREES)
        return;
    struct cgroup_tree *t = &c->tree[c->n];
    *t = (struct cgroup_tree){ .v2 = v2, .mount = at, .base = at };
    t->has = v2 ? 1U << CGROUP_DEVICES : controllers_in(m->word[M_SUPER], m->len[M_SUPER], ",", cgroup_controller_names);
    sscanf(m->word[M_DEVICE], "%u:%u", &t->major, &t->minor);
    if (strncmp(m->word[M_OPTIONS], "ro", 2) == 0 && !islower((unsigned char)m->word[M_OPTIONS][2]))
        t->refused = "mounted read-only";
    if (v2)
        t->base = own_group(a, own, unescaped(a, m->word[M_ROOT], m->len[M_ROOT]), at);
    if (t->has)
        c->n++;
}

void cgroup_parse(struct cgroups *c, struct arena *a, const char *mountinfo, const char *own)
{
    struct mount m;
    c->n = 0;
    for (const char *line = mountinfo; *line;) {
        size_t n = strcspn(line, "\n");
        if (split(line, n, &m))
            one_mount(c, a, &m, own);
        line += n + (line[n] == '\n');
    }
}

/* Root has the whole tree. A user has what was delegated: the topmost group around his own that he may write to. */
static void find_base(struct cgroup_tree *t, struct arena *a)
{
    char *own = arena_strdup(a, t->base), *base = NULL;
    if (geteuid() == 0) {
        t->base = t->mount;
    } else if (t->v2 && own) {
        for (char *end; faccessat(AT_FDCWD, own, W_OK, AT_EACCESS) == 0 &&
                        faccessat(AT_FDCWD, arena_printf(a, "%s/cgroup.procs", own), W_OK, AT_EACCESS) == 0;) {
            base = arena_strdup(a, own);
            if (strlen(own) <= strlen(t->mount) || !(end = strrchr(own, '/')))
                break;
            *end = '\0';
        }
        t->base = base ? base : t->mount;
    }
    if (!t->base)
        t->base = t->mount;
    if (!t->refused && faccessat(AT_FDCWD, t->base, W_OK, AT_EACCESS) < 0)
        t->refused = geteuid() == 0 ? "it cannot be written to" : "no part of it was delegated to this user";
}

static void find_controllers(struct cgroup_tree *t, struct arena *a)
{
    autostr struct str text = STR_INIT;
    if (t->v2 && file_read_at(AT_FDCWD, arena_printf(a, "%s/cgroup.controllers", t->base), TEXT_MAX, false, &text) == 0)
        t->has |= controllers_in(str_text(&text), text.len, " \n", v2_names);
}

/* Another mount may be on top of it. */
static bool in_sight(const struct cgroup_tree *t)
{
    struct stat st;
    return stat(t->mount, &st) == 0 && major(st.st_dev) == t->major && minor(st.st_dev) == t->minor;
}

static unsigned allowed(const struct conf *conf)
{
    const struct conf_value *v = conf ? conf_get(conf, "cgroup_controllers") : NULL;
    unsigned has = 0;
    if (!v)
        return ~0U;
    for (size_t i = 0; i < v->list.n; i++)
        has |= controllers_in(v->list.v[i], strlen(v->list.v[i]), ",", cgroup_controller_names);
    return has;
}

bool cgroup_find(struct cgroups *c, struct arena *a, const char *only, const struct conf *conf, struct err *e)
{
    autostr struct str mounts = STR_INIT, own = STR_INIT;
    *c = (struct cgroups){ 0 };
    /* A kernel without control groups has no /proc/self/cgroup. */
    if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", TEXT_MAX, false, &mounts) < 0)
        return err_errno(e, "/proc/self/mountinfo");
    file_read_at(AT_FDCWD, "/proc/self/cgroup", TEXT_MAX, false, &own);
    cgroup_parse(c, a, str_text(&mounts), str_text(&own));
    size_t kept = 0, len = only ? strlen(only) : 0;
    unsigned seen = 0, may = allowed(conf);
    while (len > 1 && only[len - 1] == '/')
        len--;
    for (size_t i = 0; i < c->n; i++) {
        struct cgroup_tree t = c->tree[i];
        if ((only && (strlen(t.mount) != len || strncmp(t.mount, only, len))) || !in_sight(&t))
            continue;
        find_base(&t, a);
        find_controllers(&t, a);
        t.has &= may;
        /* One hierarchy of version 1 may be mounted at several places. */
        if (!t.v2 && !(t.has & ~seen))
            continue;
        if (!t.v2)
            seen |= t.has;
        if (t.has)
            c->tree[kept++] = t;
    }
    c->n = kept;
    autostr struct str quoted = STR_INIT;
    str_add_shell(&quoted, only ? only : "");
    return kept || !only ||
           err_set(e, ST_NOENT, "%s: no control groups are mounted there (try: mkdir -p %s; mount -t cgroup none %s -o devices)",
                   only, str_text(&quoted), str_text(&quoted));
}

const struct cgroup_tree *cgroup_tree_of(const struct cgroups *c, enum cgroup_controller which)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->tree[i].has & 1U << which)
            return &c->tree[i];
    return NULL;
}

static bool reserved(const char *name)
{
    static const char *const files[] = { "tasks", "notify_on_release", "release_agent" };
    static const char *const prefixes[] = { "cgroup", "cpu", "cpuacct", "cpuset", "memory", "blkio", "io", "devices", "freezer",
                                            "pids", "net_cls", "net_prio", "perf_event", "hugetlb", "rdma", "misc", "irq", "dmem",
                                            "debug" };
    size_t n = strcspn(name, ".");
    if (*name == '.' || *name == '_' || name_index(files, sizeof files / sizeof *files, name) >= 0)
        return true;
    for (size_t i = 0; name[n] && i < sizeof prefixes / sizeof *prefixes; i++)
        if (strlen(prefixes[i]) == n && strncmp(prefixes[i], name, n) == 0)
            return true;
    return false;
}

static const char *hash_of(struct arena *a, const char *dir, const char *text)
{
    char claim[CLAIM_NAME];
    claim_guest_name(claim, dir, text);
    return arena_strndup(a, claim + strlen("guest-"), 16);
}

static const char *leaf(struct arena *a, const char *text)
{
    if (strlen(text) <= NAME_LEN)
        return text;
    size_t n = CUT_LEN;
    while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return arena_printf(a, "%.*s-%s", (int)n, text, hash_of(a, "", text));
}

const char *cgroup_escape(struct arena *a, const char *name)
{
    return leaf(a, arena_printf(a, "%s%s", reserved(name) ? "_" : "", name));
}

bool cgroup_partition_next(struct arena *a, const char *partition, const char **at, const char **word, struct err *e)
{
    const char *p = *at;
    *word = NULL;
    if (*p != '/')
        return p > partition || err_set(e, ST_FAILED, "<resource> partition '%s' is no absolute path", partition);
    p++;
    *at = p + strcspn(p, "/");
    const char *name = arena_strndup(a, p, (size_t)(*at - p));
    if (!*name || *name == '.')
        return err_set(e, ST_FAILED, "<resource> partition '%s': '%s' is no name of a partition", partition, name);
    *word = name;
    return true;
}

/* "/a/b" as "a.partition/b.partition"; libvirt's own first ones (machine, system, user) have no suffix. */
static const char *partition_place(struct arena *a, const char *partition, struct err *e)
{
    static const char *const bare[] = { "machine", "system", "user" };
    autostr struct str s = STR_INIT;
    const char *at = partition, *word;
    while (cgroup_partition_next(a, partition, &at, &word, e)) {
        if (!word)
            return arena_strdup(a, str_text(&s));
        bool plain = !s.len && name_index(bare, 3, word) >= 0;
        str_addf(&s, "%s%s%s", s.len ? "/" : "", cgroup_escape(a, word), plain ? "" : ".partition");
    }
    return NULL;
}

const char *cgroup_root_hash(struct arena *a, const struct root *root)
{
    return root->kind == ROOT_SYSTEM ? NULL : hash_of(a, root->dir[ROOT_STATE], "");
}

const char *cgroup_place(struct arena *a, const struct root *root, const char *name, const char *partition, struct err *e)
{
    const char *hash = cgroup_root_hash(a, root);
    if (!partition || streq(partition, "/machine"))
        return arena_printf(a, "libvirt/qemu%s%s/%s", hash ? "-" : "", hash ? hash : "", cgroup_escape(a, name));
    const char *place = partition_place(a, partition, e);
    if (!place)
        return NULL;
    const char *last = arena_printf(a, "%s%s%s.libvirt-qemu", cgroup_escape(a, name), hash ? "-" : "", hash ? hash : "");
    return arena_printf(a, "%s/%s", place, leaf(a, last));
}
