/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "domain/alias.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/expand.h"
#include "domain/general.h"
#include "domain/graphics.h"
#include "domain/os.h"
#include "domain/seclabel.h"
#include "guard/access.h"
#include "guard/dac.h"
#include "guard/guard.h"
#include "host/firmware.h"
#include "host/machine.h"
#include "qemu/argv.h"
#include "qemu/facts.h"
#include "store/claim.h"
#include "run/firmware.h"
#include "run/made.h"
#include "run/plan.h"
#include "run/plan_devices.h"
#include "run/plan_hostdevs.h"
#include "run/plan_memory.h"
#include "run/plan_pr.h"
#include "run/plan_protect.h"
#include "run/plan_smbios.h"
#include "run/plan_sockets.h"
#include "run/plan_tpm.h"
#include "store/beside.h"
#include "store/guest.h"

struct planning {
    struct plan *p;
    struct life *l;
    struct domain *d;
    const struct plan_options *o;
    struct notes *notes;
    struct caps *caps;
    struct command command;
    uid_t uid;
    gid_t gid;
    const char *private_dir, *channel_dir;
};

static bool add_claim(struct planning *g, int fd, struct err *e)
{
    if (g->p->n_claims == sizeof g->p->claims / sizeof *g->p->claims) {
        close(fd);
        return err_set(e, ST_FAILED, "%s: too many claims for one guest", g->l->name);
    }
    g->p->claims[g->p->n_claims++] = fd;
    return true;
}

/* The first guest of a root makes them; an administrator who changes QEMU's user changes them, too. */
static bool make_directories_of_qemu(struct planning *g, struct err *e)
{
    uid_t uid;
    gid_t gid;
    return conf_qemu_ids(g->o->conf, &uid, &gid, e) && root_make_for(g->l->root, ROOT_LIB, uid, gid, e) &&
           root_make_for(g->l->root, ROOT_RUN, uid, gid, e);
}

/* Stands for the guest whatever else is removed: QEMU has it from the fork to its death. */
static bool claim_itself(struct planning *g, struct err *e)
{
    char name[CLAIM_NAME];
    bool busy;
    claim_guest_name(name, g->l->root->dir[ROOT_STATE], g->l->name);
    int fd = claim_take(g->l->claims, name, false, now_ms() + CLAIM_DYING_MS, &busy, e);
    if (busy)
        return err_set(e, ST_BUSY, "%s: already runs, though nothing of it is left in %s (try: end its QEMU by hand)",
                       g->l->name, g->l->root->dir[ROOT_STATE]);
    if (fd < 0 || !add_claim(g, fd, e))
        return false;
    /* libvirt's daemon must not start the same guest beside it. */
    fd = beside_claim_root(g->l->root, e);
    return fd >= 0 && add_claim(g, fd, e);
}

static bool choose_emulator(struct planning *g, struct err *e)
{
    const char *emulator = g->d->devices->emulator;
    if (!emulator)
        emulator = caps_find_emulator(g->o->caps, g->p->arena, g->d->os->arch, e);
    if (!emulator || !caps_may_run(g->o->caps, emulator, e))
        return false;
    g->d->devices->emulator = emulator;
    g->p->emulator = emulator;
    const struct plan_known *known = g->o->known && streq(g->o->known->emulator, emulator) ? g->o->known : NULL;
    if (known && !known->caps)
        *e = known->err;
    else
        g->caps = known ? known->caps : caps_get(g->o->caps, emulator, g->d->type == DOMAIN_KVM, e);
    return g->caps != NULL;
}

static bool expand(struct planning *g, struct err *e)
{
    struct emulator_facts facts = facts_of_caps(g->caps);
    struct parse p = { .arena = g->p->arena, .file = g->l->name, .notes = g->notes, .err = e };
    return domain_expand(g->d, &facts, &p);
}

/* startupPolicy='optional': what is not there is left out, a drive for media stays and is empty. This comes after
 * addresses were given: the others keep theirs. */
static void leave_out_missing(struct planning *g)
{
    struct devices *v = g->d->devices;
    size_t kept = 0;
    for (size_t i = 0; i < v->disks.n; i++) {
        struct disk *d = v->disks.v[i];
        const char *path = !d->source ? NULL : d->type == STORAGE_BLOCK ? d->source->dev : d->source->file;
        bool missing = path && d->source->startup_policy == STARTUP_OPTIONAL && access(path, F_OK) < 0 && errno == ENOENT;
        if (missing && g->notes)
            note_add(g->notes, "%s: disk %s: %s is not there: started without it", g->l->name, d->target, path);
        if (missing)
            d->source = NULL;
        if (!missing || d->device == DISK_CDROM || d->device == DISK_FLOPPY)
            v->disks.v[kept++] = d;
    }
    v->disks.n = kept;
}

static bool find_hostdevs(struct planning *g, struct err *e)
{
    const struct devices *v = g->d->devices;
    if (!plan_hostdevs(g->d, g->l->name, g->l->root, g->p->arena, g->notes, e))
        return false;
    for (size_t i = 0; i < v->hostdevs.n && !g->o->dry_run; i++) {
        const char *name = plan_hostdev_claim(v->hostdevs.v[i], g->p->arena);
        bool busy = false;
        bool shared = v->hostdevs.v[i]->shareable == TRI_YES;
        int fd = name ? claim_take(g->l->claims, name, shared, now_ms() + CLAIM_DYING_MS, &busy, e) : -1;
        if (busy)
            return err_set(e, ST_BUSY, "line %d: <hostdev>: another guest has the device (%s)", v->hostdevs.v[i]->meta.line, name);
        if (name && (fd < 0 || !add_claim(g, fd, e)))
            return false;
    }
    return true;
}

static bool choose_firmware(struct planning *g, struct err *e)
{
    struct firmwares all = { 0 };
    struct firmware_wish wish;
    struct firmware_choice choice;
    if (firmware_wanted(g->d)) {
        firmware_find(g->p->arena, NULL, &all, g->notes);
        if (!firmware_wish(g->d, &wish, e) || !firmware_choose(&all, &wish, &choice, e))
            return false;
        firmware_apply(g->d, &choice, g->p->arena);
    }
    firmware_nvram(g->d, g->l->root->dir[ROOT_NVRAM], g->p->arena);
    return true;
}

static bool choose_id(struct planning *g, struct err *e)
{
    unsigned id = 0;
    if (g->o->dry_run)
        return true;
    autoclose int state = root_open(g->l->root, ROOT_STATE, true, e);
    if (state < 0 || !guest_new_id(state, &id, e))
        return false;
    g->d->id = (struct inum){ .set = true, .v = id };
    return true;
}

static bool one_port(struct planning *g, struct inum *port, const char *address, int from, int to, struct err *e)
{
    int chosen = 0;
    if (port->set && port->v > 0 && !g->o->dry_run) {
        from = to = (int)port->v;
    } else if (!port->set || port->v != -1) {
        return true;
    }
    if (g->o->dry_run) {
        *port = (struct inum){ .set = true, .v = from };
        return true;
    }
    int fd = claim_port(g->l->claims, address, from, to, &chosen, e);
    if (fd < 0)
        return err_wrap(e, "%s: <graphics>", g->l->name);
    port->set = true;
    port->v = chosen;
    return add_claim(g, fd, e);
}

static const char *listen_address(const struct graphics *gr, const struct conf *conf)
{
    const char *key = gr->type == GRAPHICS_SPICE ? "spice_listen" : "vnc_listen";
    for (size_t i = 0; i < gr->listens.n; i++)
        if (gr->listens.v[i]->type == LISTEN_ADDRESS && gr->listens.v[i]->address)
            return gr->listens.v[i]->address;
    return gr->listen ? gr->listen : conf_text(conf, key);
}

static bool by_socket(const struct graphics *gr)
{
    for (size_t i = 0; i < gr->listens.n; i++)
        if (gr->listens.v[i]->type == LISTEN_SOCKET || gr->listens.v[i]->type == LISTEN_NONE)
            return true;
    return gr->socket != NULL;
}

/* The domain as it runs tells it, as libvirt's does: who connects need not know qemu.conf. */
static void tell_address(struct graphics *gr, const char *address)
{
    struct listen *l = gr->listens.n ? gr->listens.v[0] : NULL;
    if (l && l->type == LISTEN_ADDRESS && !l->address)
        gr->listen = l->address = address;
}

static bool choose_ports(struct planning *g, struct err *e)
{
    int from = (int)conf_number(g->o->conf, "remote_display_port_min");
    int to = (int)conf_number(g->o->conf, "remote_display_port_max");
    int web_from = (int)conf_number(g->o->conf, "remote_websocket_port_min");
    int web_to = (int)conf_number(g->o->conf, "remote_websocket_port_max");
    for (size_t i = 0; i < g->d->devices->graphics.n; i++) {
        struct graphics *gr = g->d->devices->graphics.v[i];
        const char *address = listen_address(gr, g->o->conf);
        if ((gr->type != GRAPHICS_VNC && gr->type != GRAPHICS_SPICE) || by_socket(gr))
            continue;
        tell_address(gr, address);
        if (gr->autoport == TRI_YES || !gr->port.set)
            gr->port = (struct inum){ .set = true, .v = -1 };
        if (!one_port(g, &gr->port, address, from, to, e) || !one_port(g, &gr->websocket, address, web_from, web_to, e))
            return false;
        if (gr->type == GRAPHICS_SPICE && gr->tls_port.set && !one_port(g, &gr->tls_port, address, from, to, e))
            return false;
    }
    return true;
}

static bool restarts(int action)
{
    return action == ACTION_RESTART || action == ACTION_RENAME_RESTART;
}

static bool dumps(int action)
{
    return action == ACTION_COREDUMP_DESTROY || action == ACTION_COREDUMP_RESTART;
}

static bool check_actions(struct planning *g, struct err *e)
{
    const struct domain *d = g->d;
    g->p->dumps = dumps(d->on_crash);
    if (g->p->dumps && g->o->no_reap)
        return err_set(e, ST_FAILED, "%s: <on_crash> %s needs vm-reap (try: without --no-reap)", g->l->name,
                       lifecycle_action_names[d->on_crash]);
    if (g->p->dumps && !caps_option(g->caps, "action", "panic"))
        return err_set(e, ST_FAILED, "%s: <on_crash> %s: %s ends before its memory could be written (try: destroy or restart)",
                       g->l->name, lifecycle_action_names[d->on_crash], g->p->emulator);
    if (g->o->no_reap && (restarts(d->on_poweroff) || restarts(d->on_crash)))
        return err_set(e, ST_FAILED, "%s: asks to be restarted when it ends, which needs vm-reap (try: without --no-reap)",
                       g->l->name);
    return true;
}

/* libvirt's command line leaves a guest that has shut down to a daemon, which then ends QEMU. Here QEMU ends by
 * itself, and its parent acts on that. */
static void add_actions(struct planning *g)
{
    struct arena *a = g->p->arena;
    const struct domain *d = g->d;
    bool no_reboot = false;
    for (size_t i = 0; i < g->command.args.n; i++) {
        const char *word = g->command.args.v[i];
        no_reboot = no_reboot || streq(word, "-no-reboot");
        if (streq(word, "-no-shutdown") && d->on_poweroff != ACTION_PRESERVE)
            continue;
        list_add(a, &g->p->args, word);
    }
    if (!no_reboot && d->on_reboot == ACTION_DESTROY)
        list_add(a, &g->p->args, "-no-reboot");
    if ((d->on_crash == ACTION_PRESERVE || g->p->dumps) && caps_option(g->caps, "action", "panic")) {
        list_add(a, &g->p->args, "-action");
        list_add(a, &g->p->args, "panic=pause");
    }
    if (!g->o->no_reap) {
        list_add(a, &g->p->args, "-chardev");
        list_add(a, &g->p->args, arena_printf(a, "socket,id=charevents,fd=%d", PLAN_EVENTS));
        list_add(a, &g->p->args, "-mon");
        list_add(a, &g->p->args, "chardev=charevents,id=events,mode=control");
    }
}

static bool build(struct planning *g, struct err *e)
{
    struct arena *a = g->p->arena;
    const struct root *r = g->l->root;
    g->private_dir = arena_printf(a, "%s/domain-%s", r->dir[ROOT_LIB], g->l->name);
    g->channel_dir = arena_printf(a, "%s/channel/target/domain-%s", r->dir[ROOT_LIB], g->l->name);
    struct argv_options o = {
        .private_dir = g->private_dir, .channel_dir = g->channel_dir, .home = g->private_dir,
        .lib_dir = r->dir[ROOT_LIB], .ram_dir = conf_text(g->o->conf, "memory_backing_dir"),
        .monitor_fd = PLAN_MONITOR, .first_fd = PLAN_FIRST_FD,
        .dump_guest_core = conf_number(g->o->conf, "dump_guest_core") == 1,
        .sandbox = conf_number(g->o->conf, "seccomp_sandbox") != 0,
        .vnc_listen = conf_text(g->o->conf, "vnc_listen"), .spice_listen = conf_text(g->o->conf, "spice_listen"),
        .tls_dir_chardev = conf_text(g->o->conf, "chardev_tls_x509_cert_dir"),
        .tls_dir_spice = conf_text(g->o->conf, "spice_tls_x509_cert_dir"),
        .socket_path = plan_socket_path, .socket_arg = g->p,
    };
    if (!plan_huge_mounts(a, g->o->conf, &o, e))
        return false;
    if (g->d->os->smbios == SMBIOS_HOST && !(o.host_smbios = plan_smbios(a, root_sysroot(r), e)))
        return false;
    g->command = (struct command){ .arena = a, .notes = g->notes };
    domain_assign_aliases(g->d, a);
    plan_name_sockets(g->p, g->d, g->private_dir, g->channel_dir);
    if (!argv_build(g->d, g->caps, &o, a, &g->command, e))
        return false;
    if (g->command.beyond.n)
        return err_set(e, ST_FAILED, "%s: %s", g->l->name, g->command.beyond.v[0]);
    add_actions(g);
    for (size_t i = 0; i < g->command.setup.n; i++)
        list_add(a, &g->p->setup, g->command.setup.v[i]);
    for (size_t i = 0; i < g->command.env.n; i++)
        list_add(a, &g->p->env, g->command.env.v[i]);
    return true;
}

static bool mentions(const struct plan *p, const char *text)
{
    for (size_t i = 0; i < p->dirs.n; i++)
        if (str_starts(p->dirs.v[i]->path, text))
            return true;
    for (size_t i = 0; i < p->args.n; i++)
        if (strstr(p->args.v[i], text))
            return true;
    return false;
}

static void add_dir(struct planning *g, const char *path, const char *why)
{
    char owner[32];
    snprintf(owner, sizeof owner, "%u:%u", (unsigned)g->uid, (unsigned)g->gid);
    journal_add(&g->p->journal, &(struct row){ .kind = "dir", .object = path, .before = "absent", .wanted = owner, .why = why });
}

static void add_nvram(struct planning *g)
{
    const struct domain_os *os = g->d->os;
    char wanted[PATH_MAX + 32];
    if (!os->nvram || *os->nvram != '/' || !os->nvram_template || access(os->nvram, F_OK) == 0)
        return;
    snprintf(wanted, sizeof wanted, "%u:%u %s", (unsigned)g->uid, (unsigned)g->gid, os->nvram_template);
    journal_add(&g->p->journal, &(struct row){ .kind = "nvram", .object = os->nvram, .before = "absent", .wanted = wanted,
                                               .why = "nvram" });
}

/* All that QEMU would be refused, before anything is changed for it. plan: why the plan could not be made, or NULL. */
static bool check_access(struct planning *g, const struct guard *guard, const struct err *plan, struct err *e)
{
    struct access_check c = { .arena = g->p->arena };
    access_of_plan(&c, guard);
    if (!access_check(&c, e))
        return err_wrap(e, "%s", g->l->name);
    for (size_t i = 0; !plan && g->o->dry_run && i < c.refusals.n; i++)
        note_add(g->notes, "%s: %s", g->l->name, access_line(&c, i));
    return (!plan && g->o->dry_run) || access_say(&c, g->l->name, plan, g->notes, e);
}

/* The labels that the guest gets are seen in live.xml, as libvirt shows them. */
static void show_labels(struct planning *g, const struct guard *guard)
{
    for (size_t i = 0; i < guard->processes.n; i++) {
        const struct guard_process *p = guard->processes.v[i];
        struct seclabel *l = NULL;
        for (size_t k = 0; k < g->d->seclabels.n && p->image; k++)
            /* Without a model it is the one of SELinux or AppArmor. */
            if (g->d->seclabels.v[k]->model ? streq(g->d->seclabels.v[k]->model, p->layer) : !streq(p->layer, "dac"))
                l = g->d->seclabels.v[k];
        if (!p->image)
            continue;
        if (!l) {
            l = arena_alloc(g->p->arena, sizeof *l);
            *l = (struct seclabel){ .type = SECLABEL_DYNAMIC, .relabel = TRI_YES };
            list_add(g->p->arena, &g->d->seclabels, l);
        }
        l->model = p->layer;
        l->label = p->live ? p->live : p->label;
        l->imagelabel = p->image;
    }
}

static bool confine(struct planning *g, struct err *e)
{
    bool look = g->o->dry_run && !g->o->hold;
    struct guard *guard = arena_alloc(g->p->arena, sizeof *guard);
    *guard = (struct guard){
        .arena = g->p->arena, .name = g->l->name, .domain = g->d, .conf = g->o->conf, .root = g->l->root,
        .emulator = g->p->emulator, .claims = look && !g->o->draws ? -1 : g->l->claims, .level = g->o->level, .dry_run = look, .notes = g->notes,
        .uid = g->uid, .gid = g->gid, .journal = &g->p->journal,
        .private_dir = mentions(g->p, g->private_dir) ? g->private_dir : NULL,
        .inherited = g->p->claims, .n_inherited = g->p->n_claims,
        .channel_dir = mentions(g->p, g->channel_dir) ? g->channel_dir : NULL,
    };
    g->p->guard = guard;
    for (size_t i = 0; i < g->p->helpers.n; i++) {
        struct plan_helper *h = g->p->helpers.v[i];
        list_add(g->p->arena, &guard->helpers, &h->as);
    }
    bool ok = guard_plan(guard, e);
    for (size_t i = 0; i < guard->n_held; i++)
        ok = add_claim(g, guard->held[i], e) && ok;
    show_labels(g, guard);
    g->p->enter = guard->enter;
    g->p->threads = guard->threads;
    made_add(guard, &g->p->journal, g->p->dumps);
    if (g->o->labels)
        return ok;
    struct err plan = *e;
    return check_access(g, guard, ok ? NULL : &plan, e);
}

static bool add_rows(struct planning *g, struct err *e)
{
    add_nvram(g);
    if (mentions(g->p, g->private_dir))
        add_dir(g, g->private_dir, "private directory");
    if (mentions(g->p, g->channel_dir))
        add_dir(g, g->channel_dir, "channel sockets");
    for (size_t i = 0; i < g->command.dirs.n; i++)
        add_dir(g, g->command.dirs.v[i], "memory");
    plan_sockets(g->p, g->d, g->private_dir, g->channel_dir);
    if (!plan_tpm(g->p, g->l, g->d, g->o, g->uid, g->gid, g->private_dir, e))
        return false;
    if (mentions(g->p, "/pr-helper0.sock") && !plan_pr(g->p, g->o, g->private_dir, e))
        return false;
    return confine(g, e);
}

/* Before anything here looks at the guest's files by itself. */
static bool files_answer(struct planning *g, struct err *e)
{
    return dac_process(g->d, g->o->conf, g->l->root->privileged, &g->uid, &g->gid, e) &&
           access_answers(&(struct guard){ .arena = g->p->arena, .name = g->l->name, .domain = g->d, .conf = g->o->conf,
                                           .root = g->l->root, .emulator = g->p->emulator, .uid = g->uid, .gid = g->gid }, e);
}

/* What a document says by itself of its files. */
static bool plan_of_document(struct planning *g, struct err *e)
{
    if (!g->o->labels)
        return false;
    note_add(g->notes, "%s: %s: the plan has only what the document says by itself", g->l->name, e->text);
    *e = (struct err){ 0 };
    return files_answer(g, e) && confine(g, e);
}

static bool plan(struct planning *g, struct err *e)
{
    if (!g->o->dry_run && (!make_directories_of_qemu(g, e) || !claim_itself(g, e)))
        return false;
    if (!choose_emulator(g, e))
        return plan_of_document(g, e);
    if (!check_actions(g, e) || !expand(g, e) || (!g->o->labels && !plan_protect(g->d, g->o->conf, g->p->arena, e)) || !files_answer(g, e))
        return false;
    leave_out_missing(g);
    if ((!g->o->labels && !find_hostdevs(g, e)) || !choose_firmware(g, e) || !choose_id(g, e) || !choose_ports(g, e))
        return false;
    if (!build(g, e))
        return plan_of_document(g, e);
    return plan_devices(g->p, g->l->root, &g->command, g->o->dry_run, e) && add_rows(g, e);
}

static void print_live(struct plan *p)
{
    autostr struct str text = STR_INIT;
    domain_print(p->domain, &text, PRINT_LIVE | PRINT_SECRETS);
    p->live = arena_strdup(p->arena, str_text(&text));
}

static bool complete(struct plan *p, const json_t *chardevs, struct err *e)
{
    plan_ptys(p->domain, chardevs, p->arena, p->enter.user.change ? p->enter.user.uid : geteuid());
    print_live(p);
    (void)e;
    return true;
}

bool plan_domain(struct plan *p, struct life *l, struct domain *d, const struct plan_options *o, struct notes *notes,
                 struct err *e)
{
    struct planning g = { .p = p, .l = l, .d = d, .o = o, .notes = notes };
    *p = (struct plan){ .arena = l->arena, .name = l->name, .journal = { .arena = l->arena }, .domain = d };
    bool ok = journal_new_id(&p->journal, e) && plan(&g, e);
    if (!o->known || g.caps != o->known->caps)
        caps_free(g.caps);
    if (!ok) {
        plan_release(p);
        return err_wrap_once(e, l->name);
    }
    if (mentions(p, "pty,"))
        p->complete = complete;
    print_live(p);
    return true;
}
