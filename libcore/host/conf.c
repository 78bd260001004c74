/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/conf_own.h"

#ifndef QEMU_USER
#define QEMU_USER "root"
#define QEMU_GROUP "root"
#endif

#define TEXT(t) CONF_TEXT, true, .fallback = { .type = CONF_TEXT, .text = t }
#define NUMBER(n, low, high) \
    CONF_NUMBER, true, .min = low, .max = high, .fallback = { .type = CONF_NUMBER, .number = n, .text = #n }
/* As QEMU or the caller has it, which n stands for in the code. */
#define UNSET_NUMBER(n, low, high) \
    CONF_NUMBER, true, .min = low, .max = high, .fallback = { .type = CONF_NUMBER, .number = n }
#define SWITCH(n) NUMBER(n, 0, 1)
#define LIST_OF(...)                                                                                               \
    CONF_LIST, true,                                                                                               \
        .fallback = { .type = CONF_LIST,                                                                           \
                      .list = { sizeof(const char *[]){ __VA_ARGS__ } / sizeof(const char *), (const char *[]){ __VA_ARGS__ } } }
#define UNSET_LIST CONF_LIST, true, .fallback = { .type = CONF_LIST }
#define IGNORED_TEXT CONF_TEXT, .honoured = false
#define IGNORED_NUMBER CONF_NUMBER, .honoured = false
#define IGNORED_LIST CONF_LIST, .honoured = false
static const char *const controllers[] = { "cpu", "devices", "memory", "blkio", "cpuset", "cpuacct", NULL };
static const char *const namespaces[] = { "mount", NULL };
/* The keys of libvirt 9.0's qemu.conf; those with a default are honoured. */
static const struct conf_key libvirt_keys[] = {
    { "auto_dump_bypass_cache", IGNORED_NUMBER },
    { "auto_dump_path", TEXT(NULL), .absolute = true }, /* dump below lib/qemu of the root */
    { "auto_start_bypass_cache", IGNORED_NUMBER },
    { "backup_tls_x509_cert_dir", IGNORED_TEXT },
    { "backup_tls_x509_secret_uuid", IGNORED_TEXT },
    { "backup_tls_x509_verify", IGNORED_NUMBER },
    { "bridge_helper", IGNORED_TEXT },
    { "capability_filters", IGNORED_LIST },
    { "cgroup_controllers", LIST_OF("cpu", "devices", "memory", "blkio", "cpuset", "cpuacct"), .words = controllers },
    { "cgroup_device_acl", LIST_OF("/dev/null", "/dev/full", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/ptmx", "/dev/kvm"), .absolute = true },
    { "chardev_tls", IGNORED_NUMBER },
    { "chardev_tls_x509_cert_dir", TEXT("/etc/pki/qemu"), .absolute = true },
    { "chardev_tls_x509_secret_uuid", IGNORED_TEXT },
    { "chardev_tls_x509_verify", IGNORED_NUMBER },
    { "clear_emulator_capabilities", SWITCH(0) },
    { "dbus_daemon", IGNORED_TEXT },
    { "default_tls_x509_cert_dir", IGNORED_TEXT },
    { "default_tls_x509_secret_uuid", IGNORED_TEXT },
    { "default_tls_x509_verify", IGNORED_NUMBER },
    { "deprecation_behavior", IGNORED_TEXT },
    { "dump_guest_core", SWITCH(0) },
    { "dump_image_format", IGNORED_TEXT },
    { "dynamic_ownership", SWITCH(1) },
    { "gluster_debug_level", IGNORED_NUMBER },
    { "group", TEXT(QEMU_GROUP), .of_build = true },
    { "hugetlbfs_mount", UNSET_LIST, .absolute = true }, /* /dev/hugepages, /dev/hugepages1G */
    { "keepalive_count", IGNORED_NUMBER },
    { "keepalive_interval", IGNORED_NUMBER },
    { "lock_manager", IGNORED_TEXT },
    { "log_timestamp", IGNORED_NUMBER },
    { "mac_filter", IGNORED_NUMBER },
    { "max_core", UNSET_NUMBER(-1, 0, INT64_MAX), .word = "unlimited" },
    { "max_files", UNSET_NUMBER(0, 0, INT32_MAX) },
    { "max_locked_memory", UNSET_NUMBER(0, 0, INT64_MAX >> 10), .word = "unlimited" }, /* KiB; libvirt has no such key */
    { "max_processes", UNSET_NUMBER(0, 0, INT32_MAX) },
    { "max_queued", IGNORED_NUMBER },
    { "max_threads_per_process", IGNORED_NUMBER },
    { "memory_backing_dir", TEXT(NULL), .absolute = true }, /* ram below lib/qemu of the root */
    { "migrate_tls_x509_cert_dir", IGNORED_TEXT },
    { "migrate_tls_x509_secret_uuid", IGNORED_TEXT },
    { "migrate_tls_x509_verify", IGNORED_NUMBER },
    { "migrate_tls_force", IGNORED_NUMBER },
    { "migration_address", IGNORED_TEXT },
    { "migration_host", IGNORED_TEXT },
    { "migration_port_max", NUMBER(49215, 1, 65535) },
    { "migration_port_min", NUMBER(49152, 1, 65535) },
    { "namespaces", LIST_OF("mount"), .words = namespaces },
    { "nbd_tls", IGNORED_NUMBER },
    { "nbd_tls_x509_cert_dir", IGNORED_TEXT },
    { "nbd_tls_x509_secret_uuid", IGNORED_TEXT },
    { "nogfx_allow_host_audio", IGNORED_NUMBER },
    { "nographics_allow_host_audio", IGNORED_NUMBER },
    { "nvram", IGNORED_LIST },
    { "passt", IGNORED_TEXT },
    { "pr_helper", TEXT("qemu-pr-helper") },
    { "relaxed_acs_check", IGNORED_NUMBER },
    { "remember_owner", SWITCH(1) },
    { "remote_display_port_max", NUMBER(65535, 5900, 65535) },
    { "remote_display_port_min", NUMBER(5900, 5900, 65535) },
    { "remote_websocket_port_max", NUMBER(65535, 5700, 65535) },
    { "remote_websocket_port_min", NUMBER(5700, 5700, 65535) },
    { "save_image_format", IGNORED_TEXT },
    { "sched_core", IGNORED_TEXT },
    { "seccomp_sandbox", NUMBER(-1, INT32_MIN, INT32_MAX) },
    { "security_default_confined", SWITCH(1) },
    { "security_driver", UNSET_LIST },
    { "security_require_confined", SWITCH(0) },
    { "set_process_name", IGNORED_NUMBER },
    { "slirp_helper", IGNORED_TEXT },
    { "snapshot_image_format", IGNORED_TEXT },
    { "spice_auto_unix_socket", IGNORED_NUMBER },
    { "spice_listen", TEXT("127.0.0.1") },
    { "spice_password", IGNORED_TEXT },
    { "spice_sasl", IGNORED_NUMBER },
    { "spice_sasl_dir", IGNORED_TEXT },
    { "spice_tls", IGNORED_NUMBER },
    { "spice_tls_x509_cert_dir", TEXT("/etc/pki/libvirt-spice"), .absolute = true },
    { "stdio_handler", IGNORED_TEXT },
    { "swtpm_group", TEXT(NULL) }, /* that of tss */
    { "swtpm_user", TEXT(NULL) },  /* tss, else as QEMU */
    { "user", TEXT(QEMU_USER), .of_build = true },
    { "virtiofsd_debug", IGNORED_NUMBER },
    { "vnc_allow_host_audio", IGNORED_NUMBER },
    { "vnc_auto_unix_socket", IGNORED_NUMBER },
    { "vnc_listen", TEXT("127.0.0.1") },
    { "vnc_password", IGNORED_TEXT },
    { "vnc_sasl", IGNORED_NUMBER },
    { "vnc_sasl_dir", IGNORED_TEXT },
    { "vnc_tls", IGNORED_NUMBER },
    { "vnc_tls_x509_cert_dir", IGNORED_TEXT },
    { "vnc_tls_x509_secret_uuid", IGNORED_TEXT },
    { "vnc_tls_x509_verify", IGNORED_NUMBER },
    { "vxhs_tls", IGNORED_NUMBER },
    { "vxhs_tls_x509_cert_dir", IGNORED_TEXT },
    { "vxhs_tls_x509_secret_uuid", IGNORED_TEXT },
};
#undef TEXT
#undef NUMBER
#undef UNSET_NUMBER
#undef UNSET_LIST
#undef SWITCH
#undef LIST_OF
#undef IGNORED_TEXT
#undef IGNORED_NUMBER
#undef IGNORED_LIST
const struct conf_table conf_libvirt = { "qemu.conf", "libvirt 9.0", libvirt_keys, sizeof libvirt_keys / sizeof *libvirt_keys };

const struct conf_table *conf_other(const struct conf_table *t)
{
    return t == &conf_own ? &conf_libvirt : &conf_own;
}

const struct conf_key *conf_key(const struct conf_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (streq(t->keys[i].name, name))
            return &t->keys[i];
    return NULL;
}

struct scan {
    const char *p;
    int line;
    struct conf *conf;
    struct arena *arena;
    struct err *err;
};

static bool wrong(const struct scan *s, const char *what)
{
    return err_set(s->err, ST_FAILED, "%s:%d: %s", s->conf->path, s->line, what);
}

/* Blanks and comments; line ends too where a value may go on (inside a list) or a new entry begins. */
static void skip(struct scan *s, bool lines)
{
    for (;;) {
        if (*s->p == '#')
            s->p += strcspn(s->p, "\n");
        if (*s->p == '\n' && lines)
            s->line++;
        else if (*s->p == '\0' || *s->p == '\n' || !isspace((unsigned char)*s->p))
            return;
        s->p++;
    }
}

static bool read_text(struct scan *s, const char **to)
{
    char quote = *s->p;
    bool triple = strncmp(s->p, "\"\"\"", 3) == 0;
    const char *from = s->p + (triple ? 3 : 1);
    const char *end = triple ? strstr(from, "\"\"\"") : strchr(from, quote);
    if (!end || (!triple && memchr(from, '\n', (size_t)(end - from))))
        return wrong(s, "text without a closing quote");
    *to = arena_strndup(s->arena, from, (size_t)(end - from));
    for (const char *c = from; c < end; c++)
        s->line += *c == '\n';
    s->p = end + (triple ? 3 : 1);
    return true;
}

static bool read_list(struct scan *s, struct conf_value *v)
{
    v->type = CONF_LIST;
    s->p++;
    for (;;) {
        skip(s, true);
        if (*s->p == ']') {
            s->p++;
            return true;
        }
        const char *item;
        if (*s->p != '"' && *s->p != '\'')
            return wrong(s, "a list holds quoted texts");
        if (!read_text(s, &item))
            return false;
        list_add(s->arena, &v->list, item);
        skip(s, true);
        if (*s->p == ',')
            s->p++;
        else if (*s->p != ']')
            return wrong(s, "',' or ']' is missing in a list");
    }
}

static bool read_value(struct scan *s, struct conf_value *v)
{
    if (*s->p == '"' || *s->p == '\'') {
        v->type = CONF_TEXT;
        return read_text(s, &v->text);
    }
    if (*s->p == '[')
        return read_list(s, v);
    size_t n = strspn(s->p, "-0123456789");
    int64_t number;
    const char *text = arena_strndup(s->arena, s->p, n);
    if (!n || !parse_i64(text, &number))
        return wrong(s, "neither a number nor a \"text\" nor a [ list ]");
    *v = (struct conf_value){ v->name, CONF_NUMBER, number, text, { 0, NULL }, v->line };
    s->p += n;
    return true;
}

static bool of_words(const struct conf_key *k, const char *text)
{
    for (size_t i = 0; k->words && k->words[i]; i++)
        if (streq(k->words[i], text))
            return true;
    return !k->words;
}

static bool absolute(struct scan *s, const struct conf_key *k, const struct conf_value *v)
{
    const char *relative = v->type == CONF_TEXT && *v->text && *v->text != '/' ? v->text : NULL;
    for (size_t i = 0; v->type == CONF_LIST && i < v->list.n && !relative; i++)
        relative = *v->list.v[i] && *v->list.v[i] != '/' ? v->list.v[i] : NULL;
    return !k->absolute || !relative ||
           err_set(s->err, ST_FAILED, "%s:%d: %s: '%s' does not begin with /", s->conf->path, v->line, v->name, relative);
}

static bool in_words(struct scan *s, const struct conf_key *k, const struct conf_value *v)
{
    const char *wrong_one = v->type == CONF_TEXT && !of_words(k, v->text) ? v->text : NULL;
    for (size_t i = 0; v->type == CONF_LIST && i < v->list.n && !wrong_one; i++)
        wrong_one = of_words(k, v->list.v[i]) ? NULL : v->list.v[i];
    if (!wrong_one)
        return true;
    err_set(s->err, ST_FAILED, "%s:%d: %s cannot be '%s' (try:", s->conf->path, v->line, v->name, wrong_one);
    for (size_t i = 0; k->words[i]; i++)
        err_add(s->err, "%s %s", i ? "," : "", k->words[i]);
    return err_add(s->err, ")");
}

static bool fits(struct scan *s, const struct conf_key *k, struct conf_value *v)
{
    static const char *const names[] = { "a \"text\"", "a number", "a list" };
    /* libvirt takes a single text where a list may stand. */
    if (k->type == CONF_LIST && v->type == CONF_TEXT) {
        list_add(s->arena, &v->list, v->text);
        v->type = CONF_LIST;
    }
    if (k->word && v->type == CONF_TEXT && streq(v->text, k->word)) {
        v->type = CONF_NUMBER;
        v->number = -1;
        return true;
    }
    if (k->type != v->type)
        return err_set(s->err, ST_FAILED, "%s:%d: %s must be %s", s->conf->path, v->line, v->name, names[k->type]);
    if (v->type == CONF_NUMBER && k->honoured && (v->number < k->min || v->number > k->max))
        return err_set(s->err, ST_FAILED, "%s:%d: %s = %lld: must be from %lld to %lld", s->conf->path, v->line, v->name, v->number,
                       k->min, k->max);
    return in_words(s, k, v) && absolute(s, k, v);
}

static void note_unknown(const struct scan *s, const struct conf_value *v, struct notes *notes)
{
    const struct conf_table *other = conf_other(s->conf->table);
    bool elsewhere = conf_key(other, v->name);
    note_add(notes, "%s:%d: unknown key %s is passed over%s%s", s->conf->path, v->line, v->name, elsewhere ? ": it is one of " : "",
             elsewhere ? other->file : "");
}

static bool read_entry(struct scan *s, struct notes *notes)
{
    size_t n = strspn(s->p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (!n)
        return wrong(s, "not of the form key = value");
    struct conf_value *v = arena_alloc(s->arena, sizeof *v);
    v->name = arena_strndup(s->arena, s->p, n);
    v->line = s->line;
    s->p += n;
    skip(s, false);
    if (*s->p != '=')
        return wrong(s, "'=' is missing");
    s->p++;
    skip(s, false);
    if (!read_value(s, v))
        return false;
    skip(s, false);
    if (*s->p && *s->p != '\n')
        return wrong(s, "something follows the value");
    const struct conf_key *k = conf_key(s->conf->table, v->name);
    if (!k)
        note_unknown(s, v, notes);
    else if (!fits(s, k, v))
        return false;
    list_add(s->arena, &s->conf->values, v);
    return true;
}

bool conf_check(struct conf *c, const struct conf_table *t, struct arena *a, const char *path, const char *text, struct notes *notes,
                struct notes *faults)
{
    struct err e;
    *c = (struct conf){ .path = path, .table = t };
    struct scan s = { text, 1, c, a, &e };
    size_t before = faults->n;
    for (skip(&s, true); *s.p; skip(&s, true))
        if (!read_entry(&s, notes)) {
            note_add(faults, "%s", e.text);
            s.p += strcspn(s.p, "\n");
        }
    return faults->n == before;
}

bool conf_parse(struct conf *c, const struct conf_table *t, struct arena *a, const char *path, const char *text, struct notes *notes,
                struct err *e)
{
    *c = (struct conf){ .path = path, .table = t };
    struct scan s = { text, 1, c, a, e };
    for (skip(&s, true); *s.p; skip(&s, true))
        if (!read_entry(&s, notes))
            return false;
    return true;
}

bool conf_read(struct conf *c, const struct conf_table *t, struct arena *a, const char *path, struct notes *notes, struct err *e)
{
    autostr struct str text = STR_INIT;
    *c = (struct conf){ .path = path, .table = t };
    if (file_read_at(AT_FDCWD, path, 1 << 20, false, &text) < 0)
        return errno == ENOENT || errno == ENOTDIR ? true : err_errno(e, "cannot read %s", path);
    return conf_parse(c, t, a, path, str_text(&text), notes, e);
}

bool conf_refused(const struct conf_value *v, const struct root *r)
{
    return r->kind == ROOT_SESSION && (streq(v->name, "user") || streq(v->name, "group"));
}

bool conf_read_root(struct conf *c, struct arena *a, const struct root *r, struct notes *notes, struct err *e)
{
    if (!conf_read(c, &conf_libvirt, a, r->conf, notes, e))
        return false;
    for (size_t i = 0; i < c->values.n; i++)
        if (conf_refused(c->values.v[i], r))
            return err_set(e, ST_FAILED, "%s:%d: %s: not settable in session mode, where guests run as who starts them (try: remove that line)",
                           c->path, c->values.v[i]->line, c->values.v[i]->name);
    return true;
}

const struct conf_value *conf_get(const struct conf *c, const char *key)
{
    /* The last one counts. */
    for (size_t i = c->values.n; i-- > 0;)
        if (streq(c->values.v[i]->name, key))
            return c->values.v[i];
    return NULL;
}

const struct conf_value *conf_value(const struct conf *c, const char *key)
{
    static const struct conf_value none = { 0 };
    const struct conf_value *v = conf_get(c, key);
    const struct conf_key *k = v ? NULL : conf_key(c->table ? c->table : &conf_libvirt, key);
    return v ? v : k ? &k->fallback : &none;
}

const char *conf_text(const struct conf *c, const char *key)
{
    return conf_value(c, key)->text;
}

long long conf_number(const struct conf *c, const char *key)
{
    return conf_value(c, key)->number;
}

bool user_id(const char *text, uid_t *uid)
{
    uint64_t n;
    const struct passwd *p = text[0] == '+' ? NULL : getpwnam(text);
    if (p)
        *uid = p->pw_uid;
    else if (parse_u64(text[0] == '+' ? text + 1 : text, &n) && n < UINT32_MAX)
        *uid = (uid_t)n;
    else
        return false;
    return true;
}

bool group_id(const char *text, gid_t *gid)
{
    uint64_t n;
    const struct group *g = text[0] == '+' ? NULL : getgrnam(text);
    if (g)
        *gid = g->gr_gid;
    else if (parse_u64(text[0] == '+' ? text + 1 : text, &n) && n < UINT32_MAX)
        *gid = (gid_t)n;
    else
        return false;
    return true;
}

static bool no_such(const struct conf *c, const char *key, const char *value, struct err *e)
{
    const struct conf_value *v = conf_get(c, key);
    if (v)
        return err_set(e, ST_NOENT, "%s:%d: %s: there is no %s '%s' on this host", c->path, v->line, key, key, value);
    return err_set(e, ST_NOENT, "there is no %s '%s' on this host, which this build runs QEMU as (try: %s = \"…\" in %s)", key,
                   value, key, c->path);
}

bool conf_qemu_ids(const struct conf *c, uid_t *uid, gid_t *gid, struct err *e)
{
    const char *user = conf_text(c, "user"), *group = conf_text(c, "group");
    if (!user_id(user, uid))
        return no_such(c, "user", user, e);
    if (!group_id(group, gid))
        return no_such(c, "group", group, e);
    return true;
}
