/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/access_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"

/* LINKS is the kernel's own limit. Directories stay open while they may be needed again, DIRS at most. */
enum { LINKS = 40, DIRS = 400, SLOTS = 1024 };

/* A directory that was passed, with the refusals that were met in it. */
struct node {
    struct node *next;
    const char *path;
    int fd;
    struct stat st;
    bool looked;
    size_t n;
    unsigned *refused;
};

/* What was said already: a directory may be come upon twice. */
struct said {
    struct said *next;
    const char *key;
};

struct access_walk {
    const struct access_check *c;
    struct access_shared *shared;
    struct arena *arena;
    int pipe;
    struct node *nodes[SLOTS];
    size_t n_nodes;
    struct said *said;
    unsigned n_said;
    /* The wish that is walked, and the directory that is asked about (NULL: the object itself). */
    unsigned wish;
    struct node *asking;
    size_t n_stops;
    unsigned *stops;
    /* How to be the subject. */
    enum { SELF, SWITCH, NEVER } become;
    struct __user_cap_data_struct all[2], less[2];
    bool in_namespace; /* a user namespace with a map of its own */
    uid_t overflow_uid;
    gid_t overflow_gid;
};

struct arena *access_arena(struct access_walk *w)
{
    return w->arena;
}

/* ---- The subject ---- */

static bool set_caps(struct __user_cap_data_struct *data)
{
    struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
    return syscall(SYS_capset, &h, data) == 0;
}

static unsigned number_in(const char *file, unsigned fallback)
{
    autostr struct str text = STR_INIT;
    unsigned n;
    return file_read_at(AT_FDCWD, file, 64, false, &text) == 0 && sscanf(str_text(&text), "%u", &n) == 1 ? n : fallback;
}

/* As it counts for files only: signals and limits stay those of the caller. */
static bool become(struct access_walk *w)
{
    const struct access_subject *s = &w->c->subject;
    setfsgid(s->gid);
    setfsuid(s->uid);
    return (uid_t)setfsuid(~0U) == s->uid && (gid_t)setfsgid(~0U) == s->gid && set_caps(w->less);
}

static void unbecome(struct access_walk *w)
{
    setfsuid(0);
    setfsgid(0);
    set_caps(w->all);
}

/* Whether a user namespace has a number for id: lines of "inside outside count". */
static bool mapped(const char *file, unsigned id)
{
    autostr struct str text = STR_INIT;
    unsigned from, to, n;
    int used;
    if (file_read_at(AT_FDCWD, file, 65536, false, &text) < 0)
        return true;
    for (const char *p = str_text(&text); sscanf(p, "%u %u %u%n", &from, &to, &n, &used) == 3; p += used)
        if (id >= from && id - from < n)
            return true;
    return false;
}

/* The subject's groups are taken on for good: whoever may do that has the power to look everywhere all the same. */
static void prepare_subject(struct access_walk *w)
{
    const struct access_subject *s = &w->c->subject;
    struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
    autostr struct str map = STR_INIT;
    unsigned from, to, n;
    if (s->uid == geteuid() && (s->uid || s->overrides))
        w->become = SELF;
    else if (geteuid())
        w->become = NEVER;
    else
        w->become = setgroups(s->n_groups, s->groups) == 0 && syscall(SYS_capget, &h, w->all) == 0 ? SWITCH : NEVER;
    memcpy(w->less, w->all, sizeof w->less);
    if (s->uid || !s->overrides)
        w->less[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
    if (file_read_at(AT_FDCWD, "/proc/self/uid_map", 4096, false, &map) == 0)
        w->in_namespace = sscanf(str_text(&map), "%u %u %u", &from, &to, &n) != 3 || from || to || n != ~0U;
    if (w->become == SWITCH && !become(w)) {
        unbecome(w);
        w->become = NEVER;
    }
    if (w->in_namespace) {
        w->overflow_uid = number_in("/proc/sys/kernel/overflowuid", 65534);
        w->overflow_gid = number_in("/proc/sys/kernel/overflowgid", 65534);
    }
}

bool access_unmapped(struct access_walk *w, uid_t uid, gid_t gid)
{
    return w->in_namespace && (uid == w->overflow_uid || gid == w->overflow_gid);
}

int access_ask(struct access_walk *w, int fd, unsigned need)
{
    if (w->become == NEVER || syscall(SYS_faccessat2, fd, "", need, AT_EMPTY_PATH | AT_EACCESS) == 0)
        return w->become == NEVER ? ENOSYS : 0;
    return errno == EINVAL ? ENOSYS : errno;
}

/* ---- Telling the parent ---- */

static void tell(struct access_walk *w, struct access_record r, const struct str *texts)
{
    autostr struct str out = STR_INIT;
    r.length = texts ? (unsigned)texts->len : 0;
    str_addn(&out, (const char *)&r, sizeof r);
    if (texts)
        str_addn(&out, texts->p, texts->len);
    write_all(w->pipe, out.p, out.len);
}

static void stop_wish(struct access_walk *w, unsigned id)
{
    for (size_t i = 0; i < w->n_stops; i++)
        if (w->stops[i] == id)
            return;
    unsigned *grown = arena_array(w->arena, w->n_stops + 1, sizeof *grown);
    if (w->n_stops)
        memcpy(grown, w->stops, w->n_stops * sizeof *grown);
    grown[w->n_stops++] = id;
    w->stops = grown;
    tell(w, (struct access_record){ .kind = 'W', .id = id, .wish = w->wish }, NULL);
}

static void remember(struct access_walk *w, unsigned id)
{
    struct node *n = w->asking;
    if (n) {
        unsigned *grown = arena_array(w->arena, n->n + 1, sizeof *grown);
        if (n->n)
            memcpy(grown, n->refused, n->n * sizeof *grown);
        grown[n->n++] = id;
        n->refused = grown;
    }
    stop_wish(w, id);
}

static void add_text(struct str *s, const char *text)
{
    str_add(s, text ? text : "\1");
    str_addc(s, '\0');
}

void access_refuse(struct access_walk *w, const struct access_place *p, const struct access_refusal *r)
{
    const char *component = r->component ? r->component : p ? p->path : NULL;
    autostr struct str texts = STR_INIT;
    const char *key = arena_printf(w->arena, "%s\n%s\n%s\n%s", r->layer, r->needs ? r->needs : "", component ? component : "", r->text);
    unsigned id = w->n_said;
    for (const struct said *s = w->said; s; s = s->next) {
        id--;
        if (streq(s->key, key)) {
            remember(w, id);
            return;
        }
    }
    struct said *s = arena_alloc(w->arena, sizeof *s);
    *s = (struct said){ w->said, key };
    w->said = s;
    id = w->n_said++;
    const char *const members[] = { r->layer, component, r->text, r->has, r->needs, r->remedy, r->hint };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        add_text(&texts, members[i]);
    tell(w, (struct access_record){ .kind = 'R', .id = id, .wish = w->wish, .status = (int)r->status }, &texts);
    remember(w, id);
}

/* ---- Directories ---- */

static unsigned slot_of(const char *path)
{
    unsigned h = 2166136261U;
    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * 16777619U;
    return h % SLOTS;
}

static struct node *find(const struct access_walk *w, const char *path)
{
    struct node *n = w->nodes[slot_of(path)];
    while (n && strcmp(n->path, path))
        n = n->next;
    return n;
}

static struct node *keep(struct access_walk *w, const char *path, int fd, const struct stat *st)
{
    struct node *n = arena_alloc(w->arena, sizeof *n);
    unsigned slot = slot_of(path);
    *n = (struct node){ .next = w->nodes[slot], .path = path, .fd = fd, .st = *st };
    w->nodes[slot] = n;
    w->n_nodes++;
    return n;
}

/* but: stays; may be NULL. */
static void forget_all(struct access_walk *w, struct node *but)
{
    for (size_t i = 0; i < SLOTS; i++) {
        for (const struct node *n = w->nodes[i]; n; n = n->next)
            if (n != but)
                close(n->fd);
        w->nodes[i] = NULL;
    }
    w->n_nodes = but != NULL;
    if (but) {
        but->next = NULL;
        w->nodes[slot_of(but->path)] = but;
    }
}

/* From here on the parent believes that this is where time goes. */
static void step(struct access_walk *w, const char *path)
{
    snprintf(w->shared->at, sizeof w->shared->at, "%s", path);
    w->shared->steps++;
}

static void look(struct access_walk *w, const struct access_place *p)
{
    for (size_t i = 0; access_layers[i] && !w->c->only_reach; i++)
        access_layers[i]->look(w, w->c, p);
}

/* A wish on its way: what is left of the path, and where it is. */
struct way {
    const struct access_wish *wish;
    struct node *dir;
    struct str rest;
    size_t from; /* rest begins here */
    unsigned links;
    const char *link; /* the last one that was followed */
};

/* May the subject look names up in this directory? Asked once. */
static void pass(struct access_walk *w, const struct way *y)
{
    struct node *n = y->dir;
    for (size_t i = 0; i < n->n; i++)
        stop_wish(w, n->refused[i]);
    if (n->looked)
        return;
    n->looked = true;
    w->asking = n;
    look(w, &(struct access_place){ n->fd, n->path, &n->st, ACCESS_SEARCH, y->wish, false });
    w->asking = NULL;
}

static const char *child_path(struct arena *a, const struct node *dir, const char *name)
{
    return arena_printf(a, "%s/%s", dir->path[1] ? dir->path : "", name);
}

static void refuse(struct access_walk *w, enum status status, const char *at, const char *text)
{
    access_refuse(w, NULL, &(struct access_refusal){ .status = status, .layer = "file system", .component = at, .text = text });
}

static void refuse_errno(struct access_walk *w, const char *at, int error)
{
    refuse(w, error == EACCES || error == EPERM ? ST_PERM : ST_FAILED, at, strerror(error));
}

/* O_DIRECTORY makes an automounter mount what belongs there; a link or a file is then opened as such. */
static int open_name(const struct node *dir, const char *name, bool last)
{
    int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir->fd, name, flags | (last ? 0 : O_DIRECTORY));
    return fd < 0 && errno == ENOTDIR && !last ? openat(dir->fd, name, flags) : fd;
}

/* As the subject; where that is refused, as this process, to see what else is wrong behind. */
static int open_child(struct access_walk *w, const struct node *dir, const char *name, bool last)
{
    int fd = open_name(dir, name, last);
    if (fd < 0 && errno == EACCES && w->become == SWITCH) {
        unbecome(w);
        fd = open_name(dir, name, last);
        int error = errno;
        become(w);
        errno = error;
    }
    return fd;
}

/* Only the last directory need be QEMU's; those before it are as mkdir makes them. */
static const char *make_directory(struct access_walk *w, const char *dir)
{
    const struct access_subject *s = &w->c->subject;
    autostr struct str out = STR_INIT;
    if (s->uid == geteuid() || s->overrides)
        str_add(&out, "mkdir -p ");
    else
        str_addf(&out, "install -d -o %s -g %u ", s->name, (unsigned)s->gid);
    access_add_word(&out, dir);
    return arena_strdup(w->arena, str_text(&out));
}

static void missing(struct access_walk *w, const struct way *y, const char *path, bool last)
{
    const struct access_wish *x = y->wish;
    bool made = x->missing == ACCESS_QEMU_MAKES;
    if (last && made)
        look(w, &(struct access_place){ y->dir->fd, y->dir->path, &y->dir->st, ACCESS_SEARCH | ACCESS_WRITE, x, true });
    if (x->missing == ACCESS_MAY_MISS || (last && made))
        return;
    const char *text = y->link ? arena_printf(w->arena, "%s, where the link %s leads, is not there", path, y->link)
                       : last  ? "No such file or directory"
                               : arena_printf(w->arena, "there is no directory %s", path);
    const char *rest = y->rest.p + y->from;
    const char *dir = made ? arena_printf(w->arena, "%s%.*s", path, (int)(strrchr(rest, '/') - rest), rest) : NULL;
    access_refuse(w, NULL, &(struct access_refusal){ .status = ST_NOENT, .layer = "file system", .component = path, .text = text,
                                                     .needs = dir ? arena_printf(w->arena, "directory %s", dir) : NULL,
                                                     .remedy = dir ? make_directory(w, dir) : NULL });
}

static void cannot_open(struct access_walk *w, const struct way *y, const char *path, bool last, int error)
{
    if (error == ENOENT || error == ENOTDIR)
        missing(w, y, path, last);
    else if (error != EACCES && error != EPERM)
        refuse_errno(w, path, error);
    else if (!y->dir->n) /* else it is known why already */
        access_refuse(w, NULL, &(struct access_refusal){
            .status = ST_PERM, .layer = "file system", .component = y->dir->path,
            .text = arena_printf(w->arena, "%s: this process may not look into it, so what comes behind is not known", y->dir->path) });
}

/* fs.protected_symlinks: in a sticky directory that all may write, links of others are not followed. */
static bool link_protected(struct access_walk *w, const struct way *y, const struct stat *st, const char *path)
{
    const struct stat *d = &y->dir->st;
    if ((d->st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || st->st_uid == w->c->subject.uid || st->st_uid == d->st_uid ||
        !number_in("/proc/sys/fs/protected_symlinks", 0))
        return false;
    access_refuse(w, NULL, &(struct access_refusal){
        .status = ST_PERM, .layer = "file system", .component = path, .hint = "the file's own path in the domain",
        .text = arena_printf(w->arena, "the kernel does not follow the link %s of another user in a directory that all may write (fs.protected_symlinks)", path),
        .has = access_owner(w->arena, st->st_uid, st->st_gid), .needs = arena_printf(w->arena, "owner '%s'", w->c->subject.name) });
    return true;
}

static bool at_root(struct access_walk *w, struct way *y)
{
    struct stat st;
    y->dir = find(w, "/");
    if (y->dir)
        return true;
    autoclose int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        refuse_errno(w, "/", errno);
        return false;
    }
    y->dir = keep(w, "/", steal_fd(&fd), &st);
    return true;
}

/* Puts the link's target before what is left. False: the walk ends here. */
static bool follow(struct access_walk *w, struct way *y, int fd, const struct stat *st, const char *path)
{
    char target[PATH_MAX];
    struct statfs fs;
    if (++y->links > LINKS) {
        refuse_errno(w, y->wish->path, ELOOP);
        return false;
    }
    /* Links of /proc lead to what a process has open, and QEMU's are not ours. */
    if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
        return false;
    ssize_t n = readlinkat(fd, "", target, sizeof target - 1);
    if (n <= 0) {
        refuse_errno(w, path, n < 0 ? errno : ENOENT);
        return false;
    }
    target[n] = '\0';
    link_protected(w, y, st, path);
    struct str rest = STR_INIT;
    str_add(&rest, target);
    str_add(&rest, y->rest.p + y->from); /* with its slash */
    str_release(&y->rest);
    y->rest = rest;
    y->from = 0;
    y->link = path;
    return *target != '/' || at_root(w, y);
}

static const struct {
    mode_t type;
    const char *name;
    unsigned allowed; /* bits of 1 << enum object_kind */
} types[] = {
    { S_IFREG, "a regular file", 1 << OBJECT_FILE },
    { S_IFDIR, "a directory", 1 << OBJECT_DIRECTORY },
    { S_IFBLK, "a block device", 1 << OBJECT_BLOCK | 1 << OBJECT_FILE },
    { S_IFCHR, "a character device", 1 << OBJECT_BLOCK | 1 << OBJECT_CHARACTER | 1 << OBJECT_FILE },
    { S_IFIFO, "a fifo", 1 << OBJECT_FIFO },
    { S_IFSOCK, "a socket", 1 << OBJECT_SOCKET },
};
static const char *const wanted[] = {
    [OBJECT_FILE] = "a file", [OBJECT_BLOCK] = "a block device", [OBJECT_CHARACTER] = "a character device",
    [OBJECT_DIRECTORY] = "a directory", [OBJECT_SOCKET] = "a socket", [OBJECT_FIFO] = "a fifo",
};

static bool right_type(struct access_walk *w, const struct way *y, const struct stat *st, const char *path)
{
    enum object_kind kind = y->wish->kind;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == (st->st_mode & S_IFMT) && !(types[i].allowed & 1U << kind)) {
            access_refuse(w, NULL, &(struct access_refusal){
                .status = ST_FAILED, .layer = "type", .component = path, .has = types[i].name, .needs = wanted[kind],
                .text = arena_printf(w->arena, "it is %s, not %s", types[i].name, wanted[kind]) });
            return false;
        }
    return true;
}

static bool binds(const struct access_wish *x)
{
    return x->kind == OBJECT_SOCKET && x->missing == ACCESS_QEMU_MAKES;
}

static void arrive(struct access_walk *w, const struct way *y, int fd, const struct stat *st, const char *path)
{
    if (right_type(w, y, st, path))
        look(w, &(struct access_place){ fd, path, st, y->wish->need, y->wish, true });
}

/* One name of the path. False: the walk has ended. */
static bool one_step(struct access_walk *w, struct way *y)
{
    char name[NAME_MAX + 1];
    struct stat st;
    while (y->rest.p[y->from] == '/')
        y->from++;
    size_t n = strcspn(y->rest.p + y->from, "/");
    const char *end = y->rest.p + y->from + n;
    bool last = !end[strspn(end, "/")];
    if (w->n_nodes > DIRS)
        forget_all(w, y->dir);
    if (n == 0) {
        arrive(w, y, y->dir->fd, &y->dir->st, y->dir->path);
        return false;
    }
    pass(w, y);
    if (n > NAME_MAX) {
        refuse_errno(w, y->wish->path, ENAMETOOLONG);
        return false;
    }
    memcpy(name, y->rest.p + y->from, n);
    name[n] = '\0';
    y->from += n;
    if (streq(name, "."))
        return true;
    const char *path = child_path(w->arena, y->dir, name);
    if (streq(name, "..")) {
        const char *slash = strrchr(y->dir->path, '/');
        path = slash == y->dir->path ? "/" : arena_strndup(w->arena, y->dir->path, (size_t)(slash - y->dir->path));
    }
    struct node *known = find(w, path);
    if (known) {
        y->dir = known;
        return true;
    }
    step(w, path);
    if (last && binds(y->wish)) {
        missing(w, y, path, true);
        return false;
    }
    autoclose int fd = open_child(w, y->dir, name, last && !*end);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int error = errno;
        if (fd < 0 || error != EACCES || !access_selinux_hides(w, w->c, y->wish, path, last))
            cannot_open(w, y, path, last, error);
        return false;
    }
    if (S_ISLNK(st.st_mode))
        return follow(w, y, fd, &st, path);
    if (S_ISDIR(st.st_mode)) {
        y->dir = keep(w, path, steal_fd(&fd), &st);
        return true;
    }
    if (*end)
        refuse(w, ST_FAILED, path, arena_printf(w->arena, "%s is not a directory", path));
    else
        arrive(w, y, fd, &st, path);
    return false;
}

static void walk_one(struct access_walk *w, const struct access_wish *x)
{
    struct way y = { .wish = x, .rest = STR_INIT };
    w->n_stops = 0;
    w->stops = NULL;
    if (*x->path != '/')
        return;
    if (strlen(x->path) >= PATH_MAX) {
        refuse_errno(w, x->path, ENAMETOOLONG);
        return;
    }
    str_add(&y.rest, x->path);
    if (at_root(w, &y))
        while (one_step(w, &y))
            ;
    str_release(&y.rest);
}

/* A user that this user namespace has no number for is nobody whom QEMU could become. */
static void check_subject(struct access_walk *w)
{
    const struct access_subject *s = &w->c->subject;
    if (!w->in_namespace || (mapped("/proc/self/uid_map", s->uid) && mapped("/proc/self/gid_map", s->gid)))
        return;
    const char *file = w->c->conf ? w->c->conf->path : "qemu.conf";
    access_refuse(w, NULL, &(struct access_refusal){
        .status = ST_PERM, .layer = "user namespace", .needs = arena_printf(w->arena, "a number for user '%s'", s->name),
        .text = arena_printf(w->arena, "user '%s' (%u:%u) does not exist in this user namespace", s->name, s->uid, s->gid),
        .hint = arena_printf(w->arena, "user = \"root\" and group = \"root\" in %s", file) });
}

/* Room for the directories that stay open and for one path of the longest kind besides. */
static void more_files(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
    }
}

void access_walk(const struct access_check *c, struct access_shared *shared, int pipe)
{
    autoarena struct arena *a = arena_new();
    struct access_walk w = { .c = c, .shared = shared, .arena = a, .pipe = pipe };
    more_files();
    prepare_subject(&w);
    if (!c->only_reach)
        check_subject(&w);
    for (size_t i = 0; i < c->wishes.n; i++) {
        shared->wish = w.wish = (unsigned)i;
        walk_one(&w, c->wishes.v[i]);
    }
    shared->wish = (unsigned)c->wishes.n;
    forget_all(&w, NULL);
}
