/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/graphics.h"
#include "domain/interface.h"
#include "domain/hostdev.h"
#include "domain/misc.h"
#include "domain/qemu_ns.h"
#include "guard/devices.h"
#include "guard/guard.h"
#include "guard/landlock.h"
#include "guard/needs.h"
#include "host/conf_own.h"
#include "host/elf.h"

enum {
    WRITE = LL_READ_FILE | LL_WRITE_FILE,
    DEVICE = LL_READ_FILE | LL_WRITE_FILE | LL_IOCTL_DEV,
    TREE = LL_READ_FILE | LL_READ_DIR,
    /* All that can be done in a directory but to make device nodes. */
    OWN_TREE = LL_READ_FILE | LL_READ_DIR | (LL_CHANGE & ~(LL_MAKE_CHAR | LL_MAKE_BLOCK)),
};

struct making {
    struct guard *g;
    struct enter_landlock *l;
    const char *emulator; /* NULL: not chosen yet */
    struct elf_needs elf;
    size_t entry; /* of the guard's, where the search for a path goes on */
    const char *prefix; /* what is above the emulator's bin */
};

/* Objects and their entries come in the same order. */
static struct identity id_of(struct making *m, const char *path)
{
    const struct guard *g = m->g;
    for (size_t n = 0; path && n < g->entries.n; n++) {
        size_t i = (m->entry + n) % g->entries.n;
        const struct guard_entry *x = g->entries.v[i];
        if (!x->id.known || strcmp(x->path, path))
            continue;
        m->entry = i + 1;
        return x->id;
    }
    return (struct identity){ 0 };
}

static void add_rule(struct making *m, const struct landlock_rule *rule)
{
    struct arena *a = m->g->arena;
    if (!rule->path || *rule->path != '/')
        return;
    for (size_t i = m->l->rules.n; i-- > 0 && !rule->socket;) {
        struct landlock_rule *old = m->l->rules.v[i];
        if (streq(old->path, rule->path) && (old->access | rule->access) == old->access)
            return;
    }
    struct landlock_rule *copy = arena_alloc(a, sizeof *copy);
    *copy = *rule;
    copy->path = arena_strdup(a, rule->path);
    list_add(a, &m->l->rules, copy);
}

static void add(struct making *m, const char *path, uint64_t access, const char *why, bool create)
{
    add_rule(m, &(struct landlock_rule){ .path = path, .access = access, .why = why, .create = create });
}

static void add_own(struct making *m, const char *path, uint64_t access, const char *why, bool create)
{
    add_rule(m, &(struct landlock_rule){ .path = path, .access = access, .why = why, .create = create, .own = true,
                                      .id = id_of(m, path) });
}

/* Distributions make firmware a link to another package's file. */
static void add_links(struct making *m, const char *dir, const char *why)
{
    char real[PATH_MAX];
    autodir DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        const char *path = f->d_type == DT_LNK ? arena_printf(m->g->arena, "%s/%s", dir, f->d_name) : NULL;
        if (path && realpath(path, real) && (!str_starts(real, dir) || real[strlen(dir)] != '/'))
            add(m, real, LL_READ_FILE, why, false);
    }
}

static const char *home_of(uid_t uid)
{
    const struct passwd *p = getpwuid(uid);
    return p ? p->pw_dir : NULL;
}

static void add_need(struct making *m, const struct need *n)
{
    struct arena *a = m->g->arena;
    const char *base = NULL, *rest = n->path;
    if (str_starts(n->path, "{libs}")) {
        for (size_t i = 0; i < m->elf.dirs.n; i++)
            add(m, m->elf.dirs.v[i], n->access, n->why, false);
        return;
    }
    if (*n->path == '{') {
        rest = strchr(n->path, '}') + 1;
        base = str_starts(n->path, "{prefix}")  ? m->prefix
               : str_starts(n->path, "{home}") ? home_of(m->g->uid)
                                               : getenv("XDG_RUNTIME_DIR");
        if (!base)
            return;
    }
    const char *path = base ? arena_printf(a, "%s%s", base, rest) : n->path;
    struct stat st;
    if (stat(path, &st) < 0)
        return;
    add(m, path, n->access, n->why, false);
    if (n->features & NEED_ALWAYS && S_ISDIR(st.st_mode) && base)
        add_links(m, path, n->why);
}

static void add_program(struct making *m, const char *why, const char *interpreter)
{
    struct arena *a = m->g->arena;
    char real[PATH_MAX];
    if (!realpath(m->emulator, real))
        return;
    char *slash = strrchr(real, '/');
    const char *dir = arena_strndup(a, real, (size_t)(slash - real));
    const char *up = strrchr(dir, '/');
    m->prefix = up ? arena_strndup(a, dir, (size_t)(up - dir)) : "";
    add(m, m->emulator, LL_READ_FILE | LL_EXECUTE, why, false);
    add(m, m->elf.interpreter, LL_READ_FILE | LL_EXECUTE, interpreter, false);
}

static void add_emulator(struct making *m)
{
    struct arena *a = m->g->arena;
    add_program(m, "emulator", "the emulator's interpreter");
    char real[PATH_MAX];
    if (!realpath(m->emulator, real))
        return;
    const char *dir = arena_strndup(a, real, (size_t)(strrchr(real, '/') - real));
    /* One that was built and not installed finds its firmware and modules here, by links into its source. */
    struct stat st;
    if (stat(arena_printf(a, "%s/qemu-bundle", dir), &st) == 0 && S_ISDIR(st.st_mode)) {
        add(m, dir, TREE, "the emulator's build", false);
        add(m, arena_printf(a, "%s/pc-bios", m->prefix), TREE, "the emulator's build", false);
    }
}

/* A raw image has the size that it is made with; all others grow. */
static bool grows(const struct domain *d, const struct object *o)
{
    for (size_t i = 0; i < d->devices->disks.n; i++) {
        const struct disk *x = d->devices->disks.v[i];
        if (x->source && streq(x->source->file, o->path))
            return x->format != FORMAT_RAW && x->format != FORMAT_UNSET;
    }
    return true;
}

static void add_object(struct making *m, const struct object *o)
{
    bool readonly = o->use == OBJECT_READONLY;
    uint64_t access = readonly ? LL_READ_FILE : WRITE;
    /* connect() asks for no right of Landlock: see sockets.h. */
    if (o->kind == OBJECT_SOCKET)
        return;
    if (o->kind == OBJECT_DIRECTORY)
        access = readonly ? TREE : OWN_TREE;
    else if (o->kind == OBJECT_FILE && !readonly && grows(m->g->domain, o))
        access |= LL_TRUNCATE;
    bool log = o->kind == OBJECT_FILE && !readonly && !str_starts(o->why, "disk ");
    add_own(m, o->path, access, o->why, log);
}

/* A socket that QEMU binds: its name appears in the directory, where it may remove none. */
static void add_socket(struct making *m, const char *path, const char *why)
{
    const char *slash = path && *path == '/' ? strrchr(path, '/') : NULL;
    const char *dir = !slash ? NULL : slash == path ? "/" : arena_strndup(m->g->arena, path, (size_t)(slash - path));
    add_rule(m, &(struct landlock_rule){ .path = dir, .access = LL_MAKE_SOCK, .why = why, .socket = path });
}

static void add_sockets(struct making *m)
{
    const struct devices *v = m->g->domain->devices;
    for (const struct chardev_host *const *h = needs_chardevs(m->g->domain, m->g->arena); *h; h++)
        if ((*h)->type == CHARDEV_UNIX && chardev_first(*h)->mode != SOCKET_CONNECT)
            add_socket(m, chardev_first(*h)->path, "socket of a character device");
    for (size_t i = 0; i < v->graphics.n; i++) {
        add_socket(m, v->graphics.v[i]->socket, "socket of graphics");
        for (size_t k = 0; k < v->graphics.v[i]->listens.n; k++)
            add_socket(m, v->graphics.v[i]->listens.v[k]->socket, "socket of graphics");
    }
    for (size_t i = 0; i < v->interfaces.n; i++)
        if (v->interfaces.v[i]->type == INTERFACE_VHOSTUSER && !streq(v->interfaces.v[i]->mode, "client"))
            add_socket(m, v->interfaces.v[i]->path, "socket of an interface");
}

static void add_rom(struct making *m, const struct device_info *info)
{
    add(m, info->rom_file, LL_READ_FILE, "ROM of a device", false);
}

static void add_small(struct making *m)
{
    const struct devices *v = m->g->domain->devices;
    for (size_t i = 0; i < v->interfaces.n; i++)
        add_rom(m, &v->interfaces.v[i]->info);
    for (size_t i = 0; i < v->hostdevs.n; i++)
        add_rom(m, &v->hostdevs.v[i]->info);
    for (size_t i = 0; i < v->smartcards.n; i++)
        for (size_t k = 0; k < v->smartcards.v[i]->certificates.n; k++)
            add(m, v->smartcards.v[i]->certificates.v[k], TREE, "smart card", false);
}

static void add_devices(struct making *m)
{
    struct device_rules rules = { 0 };
    bool own_list = conf_get(m->g->conf, "cgroup_device_acl") != NULL;
    devices_plan_objects(m->g->domain, &m->g->objects, m->g->conf, m->g->arena, &rules, NULL);
    for (size_t i = 0; i < rules.all.n; i++)
        if (own_list || !streq(rules.all.v[i]->why, "shared"))
            add_own(m, rules.all.v[i]->path, strchr(rules.all.v[i]->access, 'w') ? DEVICE : LL_READ_FILE | LL_IOCTL_DEV,
                    rules.all.v[i]->why, false);
}

static void add_directories_of_conf(struct making *m)
{
    static const char *const keys[] = { "default_tls_x509_cert_dir", "vnc_tls_x509_cert_dir", "spice_tls_x509_cert_dir",
                                        "chardev_tls_x509_cert_dir", "nbd_tls_x509_cert_dir", "vxhs_tls_x509_cert_dir",
                                        "vnc_sasl_dir", "spice_sasl_dir" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct conf_value *v = conf_get(m->g->conf, keys[i]);
        add(m, v ? v->text : NULL, TREE, keys[i], false);
    }
}

/* Words that nobody but QEMU understands: each path in them that is there is the guest's. */
static void add_words(struct making *m)
{
    const struct qemu_commandline *c = m->g->domain->qemu_commandline;
    for (size_t i = 0; c && i < c->args.n; i++)
        for (const char *p = c->args.v[i]->value; p && *p;) {
            size_t n = strcspn(p, ",=\"");
            const char *path = *p == '/' ? arena_strndup(m->g->arena, p, n) : NULL;
            struct stat st;
            if (path && stat(path, &st) == 0)
                add(m, path, S_ISDIR(st.st_mode) ? OWN_TREE : DEVICE | LL_TRUNCATE, "<qemu:commandline>", false);
            p += n + (p[n] != '\0');
        }
}

static void add_needs(struct making *m, unsigned features)
{
    for (size_t i = 0; i < needs_n; i++)
        if (needs_table[i].features & features)
            add_need(m, &needs_table[i]);
}

static void add_files(struct making *m)
{
    struct guard *g = m->g;
    unsigned features = needs_of(g->domain, g->arena);
    for (size_t i = 0; i < g->objects.all.n; i++)
        add_object(m, g->objects.all.v[i]);
    add(m, g->private_dir, OWN_TREE, "private directory", false);
    add(m, g->channel_dir, OWN_TREE, "channel sockets", false);
    /* Those and others that are made for this guest: of memory in files and huge pages. */
    for (size_t i = 0; g->journal && i < g->journal->rows.n; i++)
        if (streq(g->journal->rows.v[i]->kind, "dir"))
            add(m, g->journal->rows.v[i]->object, OWN_TREE, g->journal->rows.v[i]->why, false);
    add_sockets(m);
    add_small(m);
    add_devices(m);
    add_words(m);
    if (features & (NEED_TLS | NEED_SASL))
        add_directories_of_conf(m);
    if (m->emulator)
        add_emulator(m);
    add_needs(m, features);
}

static void add_port(struct making *m, unsigned port, uint64_t net)
{
    struct landlock_port *p = arena_alloc(m->g->arena, sizeof *p);
    *p = (struct landlock_port){ (uint16_t)port, net };
    list_add(m->g->arena, &m->l->ports, p);
}

/* Returns what is not covered, NULL: nothing. */
static const char *add_network(struct making *m, const struct need_ports *ports)
{
    struct arena *a = m->g->arena;
    long long last = conf_number(m->g->conf, "migration_port_max");
    m->l->wants.net = (ports->any_bind ? 0 : LL_BIND_TCP) | (ports->any_connect ? 0 : LL_CONNECT_TCP);
    for (size_t i = 0; i < ports->all.n; i++)
        add_port(m, ports->all.v[i]->port, ports->all.v[i]->net);
    /* To other hosts and from them. */
    for (long long port = conf_number(m->g->conf, "migration_port_min"); port <= last; port++)
        add_port(m, (unsigned)port, LL_BIND_TCP | LL_CONNECT_TCP);
    return ports->any_connect ? arena_printf(a, "TCP connections are not limited: %s", ports->any_connect) : NULL;
}

/* *why: NULL: it is not. */
static bool switched_off(const struct guard *g, const char **why, struct err *e)
{
    struct conf conf;
    const char *path = conf_own_path(g->root, g->arena);
    *why = NULL;
    if (conf_no_landlock()) {
        *why = "VMUTILS_LANDLOCK=0";
        return true;
    }
    if (!conf_read(&conf, &conf_own, g->arena, path, g->notes, e))
        return false;
    if (!conf_number(&conf, "landlock"))
        *why = arena_printf(g->arena, "landlock = 0 in %s", path);
    return true;
}

/* NULL: nothing speaks against it. */
static const char *cannot(const struct making *m, const struct enter *x)
{
    const struct elf_needs *elf = &m->elf;
    if (enter_takes_label(x) && !m->g->root->privileged)
        return "the label that it takes on forbids it to a start by an ordinary user";
    if (m->emulator && (!elf->elf || !elf->native))
        return "the program is not of this machine's kind: what it runs is not known";
    return ruleset_abi() ? NULL : "this kernel has no Landlock";
}

/* Rules come in the order of the objects: each search goes on where the last ended. What is no object is everybody's. */
static const char *use_of(const struct guard *g, const char *path, size_t *from)
{
    size_t all = g->objects.all.n;
    for (size_t n = 0; n < all; n++) {
        const struct object *o = g->objects.all.v[(*from + n) % all];
        if (!streq(o->path, path))
            continue;
        *from = (*from + n + 1) % all;
        return object_use_names[o->use];
    }
    return NULL;
}

static void show(struct guard *g, const struct enter_landlock *l)
{
    size_t from = 0;
    for (size_t i = 0; i < l->rules.n; i++) {
        const struct landlock_rule *r = l->rules.v[i];
        guard_add(g, &(struct guard_entry){ .layer = "landlock", .path = r->path, .why = r->why, .use = use_of(g, r->path, &from),
                                            .wanted = landlock_words(g->arena, r->access) });
    }
}

bool landlock_layer(struct guard *g, struct err *e)
{
    struct making m = { .g = g, .l = &g->enter.landlock, .emulator = g->emulator ? g->emulator : g->domain->devices->emulator };
    struct need_ports ports = { .arena = g->arena };
    const char *off;
    if (!switched_off(g, &off, e))
        return false;
    if (m.emulator && !off)
        elf_look(m.emulator, g->arena, &m.elf);
    const char *why_not = off ? off : cannot(&m, &g->enter);
    if (why_not) {
        guard_add_process(g, "landlock", NULL, why_not);
        if (!off)
            note_add(g->notes, "without Landlock: %s", why_not);
        return true;
    }
    needs_ports(g->domain, &ports);
    *m.l = (struct enter_landlock){ .abi = ruleset_abi(), .uid = g->uid, .gid = g->gid, .privileged = g->root->privileged };
    m.l->wants = (struct ruleset_wants){ .fs = UINT64_MAX, .scoped = LL_SCOPE_ABSTRACT | LL_SCOPE_SIGNAL };
    add_files(&m);
    const char *note = add_network(&m, &ports);
    if (needs_of(g->domain, g->arena) & NEED_DESKTOP)
        m.l->wants.scoped = LL_SCOPE_SIGNAL; /* X11 servers have an abstract socket */
    guard_add_process(g, "landlock", arena_printf(g->arena, "ABI %d", m.l->abi), note);
    show(g, m.l);
    return true;
}

/* Of its rules only those for what is its own are shown: the others are for programs of its kind, whatever the guest. */
bool landlock_helper(struct guard *g, struct guard_helper *h, struct err *e)
{
    enum { STATE = TREE | WRITE | LL_TRUNCATE | LL_MAKE_REG | LL_REMOVE_FILE };
    struct making m = { .g = g, .l = &h->enter.landlock, .emulator = h->path };
    const char *off;
    if (!switched_off(g, &off, e))
        return false;
    if (!off)
        elf_look(m.emulator, g->arena, &m.elf);
    const char *why_not = off ? off : cannot(&m, &h->enter);
    if (why_not) {
        guard_add_helper_process(g, h, "landlock", NULL, why_not);
        return true;
    }
    *m.l = (struct enter_landlock){ .abi = ruleset_abi(), .uid = h->user.uid, .gid = h->user.gid, .privileged = g->root->privileged };
    m.l->wants = (struct ruleset_wants){ .fs = UINT64_MAX, .net = LL_BIND_TCP | LL_CONNECT_TCP,
                                         .scoped = LL_SCOPE_SIGNAL | (h->unix_sockets ? 0 : LL_SCOPE_ABSTRACT) };
    guard_add_helper_process(g, h, "landlock", arena_printf(g->arena, "ABI %d", m.l->abi), NULL);
    if (h->state)
        add(&m, h->state, STATE, h->state_why, false);
    show(g, m.l);
    add_program(&m, h->name, h->name);
    add_needs(&m, h->needs);
    return true;
}
