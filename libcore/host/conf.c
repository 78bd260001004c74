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

#ifndef QEMU_USER
#define QEMU_USER "root"
#define QEMU_GROUP "root"
#endif

#define T(name, honoured) { name, CONF_TEXT, honoured }
#define N(name, honoured) { name, CONF_NUMBER, honoured }
#define L(name, honoured) { name, CONF_LIST, honoured }
/* The keys of libvirt 9.0's qemu.conf. */
const struct conf_key conf_keys[] = {
    N("auto_dump_bypass_cache", false), T("auto_dump_path", false), N("auto_start_bypass_cache", false),
    T("backup_tls_x509_cert_dir", false), T("backup_tls_x509_secret_uuid", false), N("backup_tls_x509_verify", false),
    T("bridge_helper", false), L("capability_filters", false), L("cgroup_controllers", false),
    L("cgroup_device_acl", true), N("chardev_tls", false), T("chardev_tls_x509_cert_dir", true),
    T("chardev_tls_x509_secret_uuid", false), N("chardev_tls_x509_verify", false),
    N("clear_emulator_capabilities", false), T("dbus_daemon", false), T("default_tls_x509_cert_dir", false),
    T("default_tls_x509_secret_uuid", false), N("default_tls_x509_verify", false), T("deprecation_behavior", false),
    N("dump_guest_core", false), T("dump_image_format", false), N("dynamic_ownership", true),
    N("gluster_debug_level", false), T("group", true), L("hugetlbfs_mount", false), N("keepalive_count", false),
    N("keepalive_interval", false), T("lock_manager", false), N("log_timestamp", false), N("mac_filter", false),
    N("max_core", false), N("max_files", false), N("max_processes", false), N("max_queued", false),
    N("max_threads_per_process", false), T("memory_backing_dir", false), T("migrate_tls_x509_cert_dir", false),
    T("migrate_tls_x509_secret_uuid", false), N("migrate_tls_x509_verify", false), N("migrate_tls_force", false),
    T("migration_address", false), T("migration_host", false), N("migration_port_max", false),
    N("migration_port_min", false), L("namespaces", false), N("nbd_tls", false), T("nbd_tls_x509_cert_dir", false),
    T("nbd_tls_x509_secret_uuid", false), N("nogfx_allow_host_audio", false), N("nographics_allow_host_audio", false),
    L("nvram", false), T("passt", false), T("pr_helper", false), N("relaxed_acs_check", false), N("remember_owner", false),
    N("remote_display_port_max", true), N("remote_display_port_min", true), N("remote_websocket_port_max", true),
    N("remote_websocket_port_min", true), T("save_image_format", false), T("sched_core", false),
    N("seccomp_sandbox", true), N("security_default_confined", false), L("security_driver", false),
    N("security_require_confined", false), N("set_process_name", false), T("slirp_helper", false),
    T("snapshot_image_format", false), N("spice_auto_unix_socket", false), T("spice_listen", true),
    T("spice_password", false), N("spice_sasl", false), T("spice_sasl_dir", false), N("spice_tls", false),
    T("spice_tls_x509_cert_dir", true), T("stdio_handler", false), T("swtpm_group", false), T("swtpm_user", false),
    T("user", true), N("virtiofsd_debug", false), N("vnc_allow_host_audio", false), N("vnc_auto_unix_socket", false),
    T("vnc_listen", true), T("vnc_password", false), N("vnc_sasl", false), T("vnc_sasl_dir", false), N("vnc_tls", false),
    T("vnc_tls_x509_cert_dir", true), T("vnc_tls_x509_secret_uuid", false), N("vnc_tls_x509_verify", false),
    N("vxhs_tls", false), T("vxhs_tls_x509_cert_dir", false), T("vxhs_tls_x509_secret_uuid", false),
};
#undef T
#undef N
#undef L
const size_t conf_n_keys = sizeof conf_keys / sizeof *conf_keys;

static const struct conf_key *known(const char *name)
{
    for (size_t i = 0; i < conf_n_keys; i++)
        if (streq(conf_keys[i].name, name))
            return &conf_keys[i];
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

static bool fits(struct scan *s, const struct conf_key *k, struct conf_value *v)
{
    static const char *const names[] = { "a \"text\"", "a number", "a list" };
    if (k->type == v->type)
        return true;
    /* libvirt takes a single text where a list may stand. */
    if (k->type == CONF_LIST && v->type == CONF_TEXT) {
        list_add(s->arena, &v->list, v->text);
        v->type = CONF_LIST;
        return true;
    }
    return err_set(s->err, ST_FAILED, "%s:%d: %s must be %s", s->conf->path, v->line, v->name, names[k->type]);
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
    const struct conf_key *k = known(v->name);
    if (!k) {
        note_add(notes, "%s:%d: unknown key %s is passed over", s->conf->path, v->line, v->name);
        return true;
    }
    if (!fits(s, k, v))
        return false;
    list_add(s->arena, &s->conf->values, v);
    return true;
}

bool conf_parse(struct conf *c, struct arena *a, const char *path, const char *text, struct notes *notes, struct err *e)
{
    *c = (struct conf){ .path = path };
    struct scan s = { text, 1, c, a, e };
    for (skip(&s, true); *s.p; skip(&s, true))
        if (!read_entry(&s, notes))
            return false;
    return true;
}

bool conf_read(struct conf *c, struct arena *a, const char *path, struct notes *notes, struct err *e)
{
    autostr struct str text = STR_INIT;
    *c = (struct conf){ .path = path };
    if (file_read_at(AT_FDCWD, path, 1 << 20, false, &text) < 0)
        return errno == ENOENT || errno == ENOTDIR ? true : err_errno(e, "cannot read %s", path);
    return conf_parse(c, a, path, str_text(&text), notes, e);
}

const struct conf_value *conf_get(const struct conf *c, const char *key)
{
    /* The last one counts. */
    for (size_t i = c->values.n; i-- > 0;)
        if (streq(c->values.v[i]->name, key))
            return c->values.v[i];
    return NULL;
}

const char *conf_text(const struct conf *c, const char *key, const char *fallback)
{
    const struct conf_value *v = conf_get(c, key);
    return v && v->text ? v->text : fallback;
}

long long conf_number(const struct conf *c, const char *key, long long fallback)
{
    const struct conf_value *v = conf_get(c, key);
    return v && v->type == CONF_NUMBER ? v->number : fallback;
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
    const char *user = conf_text(c, "user", QEMU_USER), *group = conf_text(c, "group", QEMU_GROUP);
    if (!user_id(user, uid))
        return no_such(c, "user", user, e);
    if (!group_id(group, gid))
        return no_such(c, "group", group, e);
    return true;
}
