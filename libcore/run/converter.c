/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/converter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/sock.h"
#include "domain/alias.h"
#include "domain/expand.h"
#include "domain/general.h"
#include "domain/os.h"
#include "guard/compute_only.h"
#include "guard/narrow.h"
#include "qemu/facts.h"
#include "run/firmware.h"
#include "run/foresee.h"
#include "run/load.h"

/* More documents than this are worth a process that answers. */
enum { FORESEE_MAX = 8 };

enum question_kind { ASK_CAPS, ASK_EMULATOR, ASK_FIRMWARE };

struct question {
    enum question_kind kind;
    bool kvm;
    union {
        char text[PATH_MAX]; /* emulator or architecture */
        struct firmware_wish wish;
    };
};

/* Facts come as a descriptor besides: a sealed memfd. */
struct answer {
    struct err err;
    bool kvm;
    union {
        char text[PATH_MAX];
        struct firmware_choice firmware;
    };
};

static void read_inputs(struct converter *c, char **operands, int n)
{
    static char standard_input[] = "-";
    char *none[] = { standard_input };
    char **from = n ? operands : none;
    for (int i = 0; i < (n ? n : 1); i++) {
        struct input *in = arena_alloc(c->arena, sizeof *in);
        autostr struct str text = STR_INIT;
        in->name = from[i];
        if (load_text(from[i], &text, &in->err)) {
            char *copy = arena_alloc(c->arena, text.len + 1);
            memcpy(copy, str_text(&text), text.len);
            in->n = text.len;
            in->text = copy;
        }
        list_add(c->arena, &c->inputs, in);
    }
}

static struct known_caps *know(struct converter *c, const char *emulator, bool kvm, struct caps *caps)
{
    struct known_caps *k = arena_alloc(c->arena, sizeof *k);
    *k = (struct known_caps){ .emulator = arena_strdup(c->arena, emulator), .kvm = kvm, .caps = caps };
    list_add(c->arena, &c->known, k);
    return k;
}

static struct known_caps *lookup(struct converter *c, const char *emulator, bool kvm)
{
    for (size_t i = 0; i < c->known.n; i++)
        if (c->known.v[i]->kvm == kvm && streq(c->known.v[i]->emulator, emulator))
            return c->known.v[i];
    return NULL;
}

bool converter_caps_file(struct converter *c, const char *path, struct err *e)
{
    struct caps *caps = caps_read(path, e);
    if (!caps)
        return false;
    const char *emulator = caps_fact(caps, "emulator");
    know(c, emulator ? emulator : "", streq(caps_fact(caps, "accel"), "kvm"), caps);
    c->closed = true;
    return true;
}

void converter_release(struct converter *c)
{
    for (size_t i = 0; i < c->known.n; i++) {
        caps_free(c->known.v[i]->caps);
        c->known.v[i]->caps = NULL;
    }
}

/* Parent */

/* A copy that the child can map and nobody can change. -1 with errno. */
static int sealed_copy(struct caps *caps)
{
    size_t n;
    const char *image = caps_image(caps, &n);
    autoclose int fd = memfd_create("capabilities", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write_all(fd, image, n) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -1;
    return steal_fd(&fd);
}

/* With KVM where it is wanted and can be used; *kvm says whether it is. */
static struct caps *facts_of(const struct converter *c, const char *emulator, bool *kvm, struct err *e)
{
    struct caps *caps = NULL;
    *kvm = *kvm && caps_kvm_usable(&c->env);
    if (!caps_may_run(&c->env, emulator, e))
        return NULL;
    if (*kvm && !(caps = caps_get(&c->env, emulator, true, e))) {
        if (e->status == ST_TIMEOUT)
            return NULL;
        *kvm = false; /* built without KVM, or for another architecture */
    }
    if (!caps && !(caps = caps_get(&c->env, emulator, false, e)))
        return NULL;
    *e = (struct err){ 0 };
    return caps;
}

static int answer_caps(const struct converter *c, const struct question *q, struct answer *to)
{
    to->kvm = q->kvm;
    struct caps *caps = facts_of(c, q->text, &to->kvm, &to->err);
    if (!caps)
        return -1;
    /* A kept file is ours alone, and replaced rather than changed: it can be mapped as it is. */
    int fd = caps_dup_fd(caps);
    if (fd < 0)
        fd = sealed_copy(caps);
    if (fd < 0)
        err_errno(&to->err, "cannot hand on the facts of %s", q->text);
    caps_free(caps);
    return fd;
}

static void answer_firmware(const struct converter *c, const struct question *q, struct answer *to)
{
    struct firmwares all = { 0 };
    struct notes notes = { .arena = c->arena };
    struct firmware_wish wish = q->wish;
    wish.target[sizeof wish.target - 1] = wish.machine[sizeof wish.machine - 1] = '\0';
    firmware_find(c->arena, c->env.sysroot, &all, &notes);
    firmware_choose(&all, &wish, &to->firmware, &to->err);
}

static void answer(const struct converter *c, int to, const struct question *q)
{
    struct answer reply = { 0 };
    autoclose int fd = -1;
    if (q->kind == ASK_CAPS) {
        fd = answer_caps(c, q, &reply);
    } else if (q->kind == ASK_FIRMWARE) {
        answer_firmware(c, q, &reply);
    } else {
        const char *path = caps_find_emulator(&c->env, c->arena, q->text, &reply.err);
        if (path && strlen(path) < sizeof reply.text)
            memcpy(reply.text, path, strlen(path) + 1);
    }
    send_with_fd(to, &reply, sizeof reply, fd); /* a child that has gone shows as end of file */
}

static int serve(const struct converter *c, int link, pid_t child, struct err *e)
{
    struct question q;
    int status;
    for (;;) {
        ssize_t n = recv(link, &q, sizeof q, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != sizeof q)
            break;
        q.text[sizeof q.text - 1] = '\0';
        answer(c, link, &q);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) {
            err_errno(e, "cannot wait for the parser");
            return ST_FAILED;
        }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    err_set(e, ST_FAILED, "the parser ended by signal %d (%s): the document was refused", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    return ST_FAILED;
}

static const struct known_arch *emulator_of(struct converter *c, const char *arch)
{
    for (size_t i = 0; i < c->archs.n; i++)
        if (streq(c->archs.v[i]->arch, arch))
            return c->archs.v[i];
    return NULL;
}

static const struct known_arch *find_emulator(struct converter *c, const char *arch)
{
    const struct known_arch *there = emulator_of(c, arch);
    if (there)
        return there;
    struct known_arch *k = arena_alloc(c->arena, sizeof *k);
    *k = (struct known_arch){ .arch = arch };
    k->emulator = caps_find_emulator(&c->env, c->arena, arch, &k->err);
    list_add(c->arena, &c->archs, k);
    return k;
}

static void get_ready(struct converter *c, const struct foreseen *f)
{
    struct err e = { 0 };
    const char *emulator = c->env.emulator ? c->env.emulator : f->emulator;
    if (!emulator)
        emulator = find_emulator(c, f->arch)->emulator;
    if (!emulator || lookup(c, emulator, f->kvm))
        return;
    bool kvm = f->kvm;
    struct caps *caps = facts_of(c, emulator, &kvm, &e);
    struct known_caps *k = know(c, emulator, f->kvm, caps);
    k->without_kvm = f->kvm && !kvm;
    k->err = e;
}

/* Few documents whose emulators can be told beforehand need nobody to ask. */
static bool all_foreseen(struct converter *c)
{
    struct foreseen f;
    for (size_t i = 0; i < c->inputs.n; i++) {
        const struct input *in = c->inputs.v[i];
        if (c->inputs.n > FORESEE_MAX)
            return false;
        if (!in->text)
            continue;
        if (!foresee(in->text, in->n, c->arena, &f))
            return false;
        if (f.firmware && !c->firmwares) {
            struct notes notes = { .arena = c->arena };
            c->firmwares = arena_alloc(c->arena, sizeof *c->firmwares);
            firmware_find(c->arena, c->env.sysroot, c->firmwares, &notes);
        }
        if (!c->closed)
            get_ready(c, &f);
    }
    return true;
}

bool converter_enter(struct converter *c, char **operands, int n, int *status, struct err *e)
{
    int pair[2];
    *status = ST_FAILED;
    read_inputs(c, operands, n);
    tzset();
    c->link = -1;
    if (all_foreseen(c))
        return guard_compute_only(e);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "cannot make a socket pair");
    pid_t parent = getpid(), child = fork();
    if (child < 0) {
        close(pair[0]);
        close(pair[1]);
        return err_errno(e, "cannot fork");
    }
    if (child) {
        close(pair[1]);
        if (narrow(c->program, c->root, e))
            *status = serve(c, pair[0], child, e);
        close(pair[0]);
        return false;
    }
    close(pair[0]);
    c->link = pair[1];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !guard_compute_only(e))
        _exit(ST_FAILED);
    return true;
}

/* Child */

/* The parent's answer, *fd its descriptor or -1. */
static bool ask(struct converter *c, const struct question *q, struct answer *a, int *fd, struct err *e)
{
    *fd = -1;
    if (c->link < 0)
        return err_set(e, ST_FAILED, "its emulator is not where it seemed to be (try: --emulator)");
    if (send_with_fd(c->link, q, sizeof *q, -1) != sizeof *q || recv_with_fd(c->link, a, sizeof *a, fd) != sizeof *a)
        return err_set(e, ST_FAILED, "the program that asks emulators has gone");
    if (a->err.status) {
        *e = a->err;
        return false;
    }
    return true;
}

/* From --caps alone: best the emulator's own facts, else those of one for the same architecture. */
static struct caps *closed_lookup(struct converter *c, const char *emulator, const char *arch, bool kvm, struct err *e)
{
    struct caps *best = NULL;
    int best_score = 0;
    for (size_t i = 0; i < c->known.n; i++) {
        const struct known_caps *k = c->known.v[i];
        const char *has = caps_fact(k->caps, "arch");
        int score = 0;
        if (streq(k->emulator, emulator))
            score = 8;
        else if (streq(has, arch))
            score = 4;
        else if (streq(arch, "i686") && streq(has, "x86_64"))
            score = 2;
        if (score && k->kvm == kvm)
            score++;
        if (score > best_score) {
            best_score = score;
            best = k->caps;
        }
    }
    if (!best)
        err_set(e, ST_NOENT, "no --caps file is of %s%s", emulator ? emulator : "an emulator for ", emulator ? "" : arch);
    return best;
}

static struct caps *noted(const struct known_caps *k, struct notes *notes, struct err *e)
{
    if (!k->caps) {
        *e = k->err;
        return NULL;
    }
    if (k->without_kvm)
        note_add(notes, "%s cannot use KVM here: what it can do without is taken", k->emulator);
    return k->caps;
}

/* The emulator for that architecture; NULL with e. */
static const char *native_emulator(struct converter *c, const char *arch, struct err *e)
{
    struct question q = { .kind = ASK_EMULATOR };
    struct answer a;
    autoclose int fd = -1;
    if (!arch || strlen(arch) >= sizeof q.text)
        return err_set(e, ST_FAILED, "neither <emulator> nor an architecture is given"), NULL;
    const struct known_arch *k = emulator_of(c, arch);
    if (k) {
        *e = k->err;
        return k->emulator;
    }
    memcpy(q.text, arch, strlen(arch) + 1);
    return ask(c, &q, &a, &fd, e) ? arena_strdup(c->arena, a.text) : NULL;
}

struct caps *converter_caps(struct converter *c, const char *emulator, const char *arch, bool kvm, struct notes *notes,
                            struct err *e)
{
    struct question q = { .kind = ASK_CAPS, .kvm = kvm };
    struct answer a;
    autoclose int fd = -1;
    if (c->closed)
        return closed_lookup(c, emulator, arch, kvm, e);
    if (!emulator && !(emulator = native_emulator(c, arch, e)))
        return NULL;
    struct known_caps *k = lookup(c, emulator, kvm);
    if (k)
        return noted(k, notes, e);
    if (strlen(emulator) >= sizeof q.text)
        return err_set(e, ST_FAILED, "<emulator>: the path is longer than %d bytes", PATH_MAX - 1), NULL;
    memcpy(q.text, emulator, strlen(emulator) + 1);
    struct caps *caps = ask(c, &q, &a, &fd, e) ? caps_map(fd, e) : NULL;
    if (!caps)
        return NULL;
    k = know(c, emulator, kvm, caps);
    k->without_kvm = kvm && !a.kvm;
    return noted(k, notes, e);
}

static bool choose_firmware(struct converter *c, struct domain *d, struct arena *a, struct err *e)
{
    struct question q = { .kind = ASK_FIRMWARE };
    struct answer reply;
    struct firmware_choice *choice = &reply.firmware;
    autoclose int fd = -1;
    if (!firmware_wish(d, &q.wish, e))
        return false;
    if (c->firmwares ? !firmware_choose(c->firmwares, &q.wish, choice, e) : !ask(c, &q, &reply, &fd, e))
        return false;
    choice->path[sizeof choice->path - 1] = choice->nvram_template[sizeof choice->nvram_template - 1] = '\0';
    firmware_apply(d, choice, a);
    return true;
}

bool converter_firmware(struct converter *c, struct domain *d, const char *nvram_dir, struct arena *a, struct err *e)
{
    if (firmware_wanted(d) && !choose_firmware(c, d, a, e))
        return false;
    firmware_nvram(d, nvram_dir, a);
    return true;
}

struct domain *converter_domain(struct converter *c, const struct input *in, const char *emulator, struct parse *p,
                                struct caps **caps)
{
    struct domain *d = domain_parse(in->text, in->n, p);
    if (!d)
        return NULL;
    d->id = (struct inum){ 0 }; /* of a run that was, or is none of ours */
    if (emulator)
        d->devices->emulator = emulator;
    *caps = converter_caps(c, d->devices->emulator, d->os->arch, d->type == DOMAIN_KVM, p->notes, p->err);
    if (!*caps) {
        err_wrap(p->err, "%s", p->file);
        return NULL;
    }
    struct emulator_facts facts = facts_of_caps(*caps);
    if (!domain_expand(d, &facts, p))
        return NULL;
    domain_assign_aliases(d, p->arena);
    return d;
}
