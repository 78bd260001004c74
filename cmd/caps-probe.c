/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/file.h"
#include "guard/narrow.h"
#include "guard/driver.h"
#include "host/conf.h"
#include "host/root.h"
#include "qemu/caps_digest.h"
#include "qemu/caps_probe.h"
#include "run/capsdoc.h"

static bool domain, no_cache, refresh, queries;
static const char *arch, *machine, *virttype, *emulator, *format, *sysroot, *device, *export_to;
static struct cli_list bindirs;
static long long timeout_ms = CAPS_TIMEOUT_MS;

static const struct cli_option options[] = {
    { "domain", 0, NULL, CLI_FLAG, &domain, "domain capabilities of one emulator, in place of the host's" },
    { "arch", 0, "ARCH", CLI_TEXT, &arch, "with --domain, --device, --export, --queries: architecture (the host's)" },
    { "machine", 0, "MACHINE", CLI_TEXT, &machine, "with --domain: machine type (the emulator's default)" },
    { "virttype", 0, "kvm|qemu", CLI_TEXT, &virttype, "likewise: accelerator (kvm where it can be used)" },
    { "emulator", 0, "PATH", CLI_TEXT, &emulator, "ask only this emulator" },
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "search emulators here before /usr/bin (any number of times)" },
    { "device", 0, "TYPE", CLI_TEXT, &device, "properties of a device or object type" },
    { "export", 0, "FILE", CLI_TEXT, &export_to, "write one emulator's facts for xml-to-argv --caps (- for standard output)" },
    { "format", 0, "xml|json", CLI_TEXT, &format, "XML (default), or all facts as JSON" },
    { "timeout", 0, "SECONDS", CLI_SECONDS, &timeout_ms, "give an emulator up after so long (10)" },
    { "refresh", 0, NULL, CLI_FLAG, &refresh, "ask again, and keep what is said now" },
    { "no-cache", 0, NULL, CLI_FLAG, &no_cache, "ask again, whatever is kept" },
    { "queries", 0, NULL, CLI_FLAG, &queries, "print the QMP commands that one emulator is sent" },
    { "sysroot", 0, "DIR", CLI_TEXT, &sysroot, "look at /usr/bin, /dev, /proc, /sys below DIR" },
    CLI_END
};
static const struct cli_program program = { "caps-probe", "", "tells what this host and its emulators can do", options,
                                            CLI_URI | CLI_JSON };

static struct err e;

static void check_usage(const char *operand)
{
    static const char *const formats[] = { "xml", "json" }, *const types[] = { "kvm", "qemu" };
    if (operand)
        cli_usage("operand '%s' is not understood", operand);
    if (format && name_index(formats, 2, format) < 0)
        cli_usage("--format '%s': not one of xml, json", format);
    if (virttype && name_index(types, 2, virttype) < 0)
        cli_usage("--virttype '%s': not one of kvm, qemu", virttype);
    if (!(domain || device || export_to || queries) && (arch || machine || virttype))
        cli_usage("--%s is for one emulator: add --domain", machine ? "machine" : virttype ? "virttype" : "arch");
    cli.json |= streq(format, "json");
}

static int put(const struct str *out)
{
    fwrite(str_text(out), 1, out->len, stdout);
    return cli_done(ST_DONE);
}

/* What qemu.conf makes of the host's security: which models are in force, and the owner that QEMU has in roots of
 * root; users' guests run as themselves. */
static struct host_facts_more security(struct arena *a, const struct root *r, struct notes *notes)
{
    struct conf conf = { .path = r->conf };
    struct host_facts_more more = { .no_apparmor = !r->privileged && !sysroot };
    uid_t uid;
    gid_t gid;
    struct err ignored;
    if (!conf_read(&conf, &conf_libvirt, a, r->conf, notes, &ignored))
        return more;
    more.no_selinux = !mac_wanted(&conf, MAC_SELINUX);
    more.no_apparmor |= !mac_wanted(&conf, MAC_APPARMOR);
    if (r->privileged && conf_qemu_ids(&conf, &uid, &gid, &ignored))
        more.baselabel = arena_printf(a, "+%u:+%u", (unsigned)uid, (unsigned)gid);
    return more;
}

static int host(struct arena *a, const struct caps_env *env, const struct root *r, struct notes *notes, struct str *out)
{
    struct caps_emulators found = { { 0, NULL } };
    if (emulator && !caps_find_one(env, a, emulator, &found, &e))
        return cli_fail(&e);
    if (!emulator)
        caps_find_all(env, a, &found, notes);
    if (cli.json)
        capsdoc_json(out, a, env, &found);
    else
        capsdoc_host(out, a, env, &found, security(a, r, notes), notes);
    caps_emulators_release(&found);
    cli_notes(notes);
    return put(out);
}

static bool write_export(struct caps *c, struct str *out)
{
    size_t n;
    const char *image = caps_image(c, &n);
    caps_export(image, n, out);
    if (streq(export_to, "-"))
        return true;
    if (file_replace(export_to, out->p, out->len, 0644, false) < 0)
        return err_errno(&e, "cannot write %s", export_to);
    str_clear(out);
    return true;
}

static int one(struct arena *a, const struct caps_env *env, struct notes *notes, struct str *out)
{
    struct capsdoc_choice choice = { emulator, arch, machine, virttype };
    struct caps *c = capsdoc_choose(a, env, &choice, &e);
    if (!c)
        return cli_fail(&e);
    if (queries)
        caps_queries_of(out, c);
    bool as_json = domain && cli.json && !queries && !export_to && !device;
    if (as_json)
        capsdoc_one_json(out, c, &choice);
    bool ok = queries || as_json ? true
              : export_to ? write_export(c, out)
              : device  ? capsdoc_properties(out, env, &choice, device, cli.json, &e)
                        : capsdoc_domain(out, a, env, c, &choice, notes, &e);
    caps_free(c);
    cli_notes(notes);
    return ok ? put(out) : cli_fail(&e);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    check_usage(first < argc ? argv[first] : NULL);
    autoarena struct arena *a = arena_new();
    autostr struct str out = STR_INIT;
    struct notes notes = { .arena = a };
    struct root root;
    if (!root_init(&root, a, cli.uri, &e) || !narrow_with(program.name, export_to && strcmp(export_to, "-") ? "--export" : NULL, export_to, &root, &e))
        return cli_fail(&e);
    struct caps_env env = {
        .cache_dir = no_cache ? NULL : root.dir[ROOT_PROBES],
        .bindirs = bindirs.v,
        .n_bindirs = bindirs.n,
        .emulator = emulator,
        .sysroot = sysroot,
        .refresh = refresh,
        .timeout_ms = timeout_ms,
    };
    return domain || device || export_to || queries ? one(a, &env, &notes, &out) : host(a, &env, &root, &notes, &out);
}
