/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes QEMU's place in tests: reads its monitors and character devices out of a real QEMU command line, keeps a
 * plausible run state, and misbehaves as told. libc only, a millisecond to start.
 *
 * Behaviours are words, separated by blanks, commas or newlines, taken from $FAKE_QEMU, from the file ARGV0.conf
 * and from arguments "-set fake.qemu.WORD=VALUE" (a start cleans the environment; the file stays):
 *
 *   die, die=COMMAND        exit 1 with lines on stderr, at once or on that command
 *   abort=COMMAND           SIGABRT itself on that command
 *   silent, silent=COMMAND  no greeting at all, or no answer to that command and any later one
 *   mute=COMMAND            no answer to that command only
 *   rubbish[=COMMAND]       something else than JSON as greeting or answer
 *   endless[=COMMAND]       a line without end as greeting or answer
 *   deep=COMMAND            an answer nested 5000 deep
 *   wrongid=COMMAND         answers with a foreign id first, then properly
 *   close=COMMAND           closes the connection
 *   refuse=COMMAND          answers an error
 *   ends=COMMAND            answers, and the guest has switched itself off
 *   delay=MS                waits before each answer
 *   talk=BYTES              as many bytes on stderr, from cont on
 *   ignore-powerdown, ignore-quit, ignore-term
 *   powerdown-delay=MS      the guest takes so long to shut down
 *   shutdown-after=MS, reset-after=MS, panic-after=MS   what the guest does by itself, counted from cont
 *   lingers=MS              its claims but the first are still open so long after its death, as if it died slowly
 *   real=PATH               emulator that answers the capability probe; else the answers of Debian's that
 *                           tests/run recorded are given again, or without these it runs that one
 *
 * Consoles (pty and socket character devices) echo each byte in upper case. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { ENDS_MAX = 32, LINE_MAX_BYTES = 1 << 20 };

struct end {
    char id[64];
    char kind[16]; /* "socket", "pty", … */
    char path[256];
    bool monitor, ready;
    int listener, fd;
    char *in;
    size_t len;
};

static struct end ends[ENDS_MAX];
static size_t end_count;
static char words[8192];
static const char *self, *guest_name = "fake";
static const char *status = "running";
static bool running = true, powerdown_pending, no_shutdown, no_reboot, silenced;
static volatile sig_atomic_t terminated;

struct timer {
    const char *word;
    void (*act)(void);
    long long at;
};

/* ---- behaviours ---- */

/* Next word at or after *w, and its length; 0 at the end. */
static size_t next_word(const char **w)
{
    *w += strspn(*w, " ,\n");
    return strcspn(*w, " ,\n");
}

/* Value of a behaviour: "" when given without one, NULL when not given. */
static const char *behaviour(const char *word)
{
    static char value[256];
    size_t n = strlen(word), len;
    for (const char *w = words; (len = next_word(&w)); w += len)
        if (len >= n && strncmp(w, word, n) == 0 && (len == n || w[n] == '=')) {
            size_t from = len == n ? n : n + 1;
            snprintf(value, sizeof value, "%.*s", (int)(len - from), w + from);
            return value;
        }
    return NULL;
}

/* Is WORD=COMMAND given (just WORD for the command "")? */
static bool behaves(const char *word, const char *command)
{
    char wanted[256];
    size_t n = (size_t)snprintf(wanted, sizeof wanted, "%s%s%s", word, *command ? "=" : "", command), len;
    for (const char *w = words; (len = next_word(&w)); w += len)
        if (len == n && memcmp(w, wanted, n) == 0)
            return true;
    return false;
}

static void add_words(const char *text)
{
    size_t n = strlen(words);
    snprintf(words + n, sizeof words - n, " %s", text);
}

static void read_words(void)
{
    char path[4096], text[4096];
    if (getenv("FAKE_QEMU"))
        add_words(getenv("FAKE_QEMU"));
    snprintf(path, sizeof path, "%s.conf", self);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    close(fd);
    add_words(text);
}

static void die(void)
{
    dprintf(2, "%s: -device fake,id=x: first line of the complaint\n", self);
    dprintf(2, "%s: -device fake,id=x: cannot go on: this is the fake's last line\n", self);
    _exit(1);
}

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* ---- output ---- */

static void put(struct end *m, const char *text)
{
    size_t n = strlen(text);
    while (n && m->fd >= 0) {
        ssize_t w = send(m->fd, text, n, MSG_NOSIGNAL);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return;
        text += w;
        n -= (size_t)w;
    }
}

static void event(const char *name, const char *data)
{
    char line[512];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(line, sizeof line,
             "{\"timestamp\": {\"seconds\": %lld, \"microseconds\": %ld}, \"event\": \"%s\"%s%s}\r\n",
             (long long)t.tv_sec, t.tv_nsec / 1000, name, *data ? ", \"data\": " : "", data);
    for (size_t i = 0; i < end_count; i++)
        if (ends[i].monitor && ends[i].ready)
            put(&ends[i], line);
}

static void endless(struct end *m)
{
    char x[4096];
    memset(x, 'x', sizeof x);
    x[0] = '{';
    while (send(m->fd, x, sizeof x, MSG_NOSIGNAL) > 0 || errno == EINTR)
        ;
}

static void repeat(struct end *m, const char *text, int n)
{
    while (n-- > 0)
        put(m, text);
}

/* ---- what a guest does ---- */

static void change(const char *to, bool run)
{
    if (running != run)
        event(run ? "RESUME" : "STOP", "");
    status = to;
    running = run;
}

static void leave(const char *data)
{
    event("SHUTDOWN", data);
    for (size_t i = 0; i < end_count; i++)
        if (!ends[i].monitor && ends[i].listener >= 0 && *ends[i].path)
            unlink(ends[i].path);
    exit(0);
}

static void guest_shutdown(void)
{
    if (!no_shutdown)
        leave("{\"guest\": true, \"reason\": \"guest-shutdown\"}");
    event("SHUTDOWN", "{\"guest\": true, \"reason\": \"guest-shutdown\"}");
    change("shutdown", false);
}

static void guest_reset(void)
{
    if (no_reboot)
        leave("{\"guest\": true, \"reason\": \"guest-reset\"}");
    event("RESET", "{\"guest\": true, \"reason\": \"guest-reset\"}");
}

static void guest_panic(void)
{
    event("GUEST_PANICKED", "{\"action\": \"pause\"}");
    change("guest-panicked", false);
}

static void guest_powerdown(void)
{
    if (powerdown_pending && running) {
        powerdown_pending = false;
        guest_shutdown();
    }
}

static struct timer timers[] = {
    { "shutdown-after", guest_shutdown, -1 },
    { "reset-after", guest_reset, -1 },
    { "panic-after", guest_panic, -1 },
    { "powerdown-delay", guest_powerdown, -1 },
};
enum { OWN_TIMERS = 3, POWERDOWN_TIMER = 3, TIMERS = sizeof timers / sizeof *timers };

static void set_timer(struct timer *t)
{
    const char *ms = behaviour(t->word);
    if (t->at < 0)
        t->at = ms ? now() + atoll(ms) : -1;
}

static void start_timers(void)
{
    for (size_t i = 0; running && i < OWN_TIMERS; i++)
        set_timer(&timers[i]);
}

static int run_timers(void)
{
    long long next = -1;
    for (size_t i = 0; i < TIMERS; i++) {
        struct timer *t = &timers[i];
        if (t->at >= 0 && t->at <= now()) {
            t->at = -1;
            t->act();
        }
        if (t->at >= 0 && (next < 0 || t->at < next))
            next = t->at;
    }
    long long left = next < 0 ? -1 : next - now();
    return next < 0 ? -1 : left < 0 ? 0 : (int)left;
}

/* ---- commands ---- */

/* Raw text of a member of the object at text, from its first byte; n gets its length. */
static const char *member(const char *text, const char *key, int *n)
{
    int depth = 0;
    const char *found = NULL;
    for (const char *p = text; *p; p++) {
        if (found && depth == 1 && (*p == ',' || *p == '}')) {
            *n = (int)(p - found);
            return found;
        }
        if (*p == '"') {
            const char *s = p + 1;
            for (p++; *p && *p != '"'; p++)
                if (*p == '\\' && p[1])
                    p++;
            if (!*p)
                return NULL;
            size_t len = (size_t)(p - s);
            const char *after = p + 1 + strspn(p + 1, " \t\r\n");
            if (depth == 1 && !found && *after == ':' && len == strlen(key) && memcmp(s, key, len) == 0) {
                found = after + 1 + strspn(after + 1, " \t\r\n");
                p = found - 1;
            }
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            depth--;
        }
    }
    return NULL;
}

/* A string member without its quotes, escapes left as they are. */
static bool text_member(const char *text, const char *key, char *out, size_t size)
{
    int n;
    const char *v = text ? member(text, key, &n) : NULL;
    out[0] = 0;
    if (!v || *v != '"')
        return false;
    const char *end = strchr(v + 1, '"');
    snprintf(out, size, "%.*s", (int)(end - v - 1), v + 1);
    return true;
}

static char answer[65536];

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
    va_list ap;
    size_t n = strlen(answer);
    va_start(ap, fmt);
    vsnprintf(answer + n, sizeof answer - n, fmt, ap);
    va_end(ap);
}

static void do_nothing(const char *args)
{
    (void)args;
    say("{}");
}

static void do_empty_list(const char *args)
{
    (void)args;
    say("[]");
}

static void do_status(const char *args)
{
    (void)args;
    say("{\"status\": \"%s\", \"singlestep\": false, \"running\": %s}", status, running ? "true" : "false");
}

static void talk(long long bytes)
{
    static const char line[] = "this guest has much to say\n";
    char lines[100 * (sizeof line - 1)];
    for (size_t i = 0; i < sizeof lines; i += sizeof line - 1)
        memcpy(lines + i, line, sizeof line - 1);
    for (; bytes > 0; bytes -= (long long)sizeof lines)
        if (write(2, lines, sizeof lines) < 0)
            return;
}

static void do_cont(const char *args)
{
    const char *bytes = behaviour("talk");
    if (bytes)
        talk(atoll(bytes));
    do_nothing(args);
    change("running", true);
    start_timers();
    if (powerdown_pending)
        set_timer(&timers[POWERDOWN_TIMER]);
}

static void do_stop(const char *args)
{
    do_nothing(args);
    if (running)
        change("paused", false);
}

static void do_reset(const char *args)
{
    do_nothing(args);
    event("RESET", "{\"guest\": false, \"reason\": \"host-qmp-system-reset\"}");
    if (strcmp(status, "shutdown") == 0 || strcmp(status, "guest-panicked") == 0)
        status = "paused";
}

static void do_powerdown(const char *args)
{
    do_nothing(args);
    event("POWERDOWN", "");
    if (behaviour("ignore-powerdown"))
        return;
    powerdown_pending = true;
    timers[POWERDOWN_TIMER].at = now();
    if (behaviour("powerdown-delay")) {
        timers[POWERDOWN_TIMER].at = -1;
        set_timer(&timers[POWERDOWN_TIMER]);
    }
}

static bool quitting;
static void do_quit(const char *args)
{
    do_nothing(args);
    quitting = !behaviour("ignore-quit");
}

static void do_chardevs(const char *args)
{
    (void)args;
    say("[");
    for (size_t i = 0; i < end_count; i++)
        say("%s{\"frontend-open\": true, \"filename\": \"%s%s%s\", \"label\": \"%s\"}", i ? ", " : "", ends[i].kind,
            *ends[i].path ? ":" : "", ends[i].path, ends[i].id);
    say("]");
}

static void do_version(const char *args)
{
    (void)args;
    say("{\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"fake\"}");
}

static void do_name(const char *args)
{
    (void)args;
    say("{\"name\": \"%s\"}", guest_name);
}

static void do_hmp(const char *args)
{
    char line[256];
    text_member(args, "command-line", line, sizeof line);
    if (strcmp(line, "info status") == 0)
        say("\"VM status: %s%s%s%s\\r\\n\"", running ? "running" : "paused", running ? "" : " (",
            running ? "" : status, running ? "" : ")");
    else if (strncmp(line, "info ", 5) == 0)
        say("\"\"");
    else
        say("\"unknown command: '%s'\\r\\n\"", line);
}

static void do_cpus(const char *args)
{
    (void)args;
    say("[{\"cpu-index\": 0, \"thread-id\": %d, \"qom-path\": \"/machine/unattached/device[0]\","
        " \"target\": \"x86_64\", \"props\": {\"core-id\": 0, \"thread-id\": 0, \"socket-id\": 0}}]",
        (int)getpid());
}

static const struct command {
    const char *name;
    void (*run)(const char *args);
} commands[] = {
    { "qmp_capabilities", do_nothing },
    { "query-status", do_status },
    { "cont", do_cont },
    { "stop", do_stop },
    { "system_powerdown", do_powerdown },
    { "system_reset", do_reset },
    { "quit", do_quit },
    { "query-chardev", do_chardevs },
    { "query-version", do_version },
    { "query-name", do_name },
    { "query-cpus-fast", do_cpus },
    { "human-monitor-command", do_hmp },
    { "query-block", do_empty_list },
    { "query-named-block-nodes", do_empty_list },
    { "query-iothreads", do_empty_list },
    { "query-rx-filter", do_empty_list },
    { "query-hotpluggable-cpus", do_empty_list },
    { "query-vnc-servers", do_empty_list },
    { "query-migrate", do_nothing },
    { "set_password", do_nothing },
    { "expire_password", do_nothing },
    { "set_link", do_nothing },
    { "set-action", do_nothing },
    { "balloon", do_nothing },
    { "qom-set", do_nothing },
    { "getfd", do_nothing },
    { "dump-guest-memory", do_nothing },
    { "closefd", do_nothing },
    { "add-fd", do_nothing },
    { "device_add", do_nothing },
    { "device_del", do_nothing },
    { "object-add", do_nothing },
    { "object-del", do_nothing },
    { "inject-nmi", do_nothing },
};

static void run_command(const char *name, const char *args)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0 && !behaves("refuse", name)) {
            say("{\"return\": ");
            commands[i].run(args);
            return;
        }
    say("{\"error\": {\"class\": \"%s\", \"desc\": \"The command %s has not been found\"}",
        behaves("refuse", name) ? "GenericError" : "CommandNotFound", name);
}

static void hang_up(struct end *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
    m->len = 0;
    m->ready = false;
}

/* True if a behaviour took the place of an answer. */
static bool misbehave(struct end *m, const char *name)
{
    const char *delay = behaviour("delay");
    if (delay)
        usleep((useconds_t)atoi(delay) * 1000);
    if (behaves("die", name))
        die();
    if (behaves("abort", name))
        abort();
    if (behaves("silent", name))
        silenced = true;
    if (silenced || behaves("mute", name))
        return true;
    if (behaves("close", name)) {
        hang_up(m);
        return true;
    }
    if (behaves("endless", name)) {
        endless(m);
        return true;
    }
    if (behaves("rubbish", name)) {
        put(m, "\033[2J no JSON at all\r\n");
        return true;
    }
    if (behaves("deep", name)) {
        put(m, "{\"return\": ");
        repeat(m, "[", 5000);
        repeat(m, "]", 5000);
        put(m, "}\r\n");
        return true;
    }
    if (behaves("wrongid", name))
        put(m, "{\"return\": {\"status\": \"forged\", \"running\": true}, \"id\": \"guessed\"}\r\n");
    return false;
}

static void obey(struct end *m, const char *line)
{
    char name[128];
    int n = 0;
    if (!text_member(line, "execute", name, sizeof name)) {
        put(m, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Invalid JSON syntax\"}}\r\n");
        return;
    }
    if (misbehave(m, name))
        return;
    char *args = NULL;
    const char *raw = member(line, "arguments", &n);
    if (raw)
        args = strndup(raw, (size_t)n);
    answer[0] = 0;
    run_command(name, args);
    free(args);
    const char *id = member(line, "id", &n);
    if (id)
        say(", \"id\": %.*s", n, id);
    say("}\r\n");
    put(m, answer);
    if (strcmp(name, "qmp_capabilities") == 0)
        m->ready = true;
    if (behaves("ends", name))
        leave("{\"guest\": true, \"reason\": \"guest-shutdown\"}");
    if (quitting)
        leave("{\"guest\": false, \"reason\": \"host-qmp-quit\"}");
}

static void greet(struct end *m)
{
    if (behaves("silent", ""))
        silenced = true;
    else if (behaves("rubbish", ""))
        put(m, "\033[2J login: \r\n");
    else if (behaves("endless", ""))
        endless(m);
    else
        put(m, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"fake\"},"
               " \"capabilities\": [\"oob\"]}}\r\n");
}

/* ---- character devices ---- */

static void take_input(struct end *m)
{
    char bytes[4096];
    ssize_t n = read(m->fd, bytes, sizeof bytes);
    if (n <= 0) {
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            hang_up(m);
        return;
    }
    if (!m->monitor) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
        if (write(m->fd, bytes, (size_t)n) < 0 && m->listener >= 0)
            hang_up(m);
        return;
    }
    if (m->len + (size_t)n >= LINE_MAX_BYTES) {
        hang_up(m);
        return;
    }
    m->in = realloc(m->in, m->len + (size_t)n + 1);
    memcpy(m->in + m->len, bytes, (size_t)n);
    m->len += (size_t)n;
    m->in[m->len] = 0;
    char *end;
    while (m->fd >= 0 && m->len && (end = memchr(m->in, '\n', m->len))) {
        *end = 0;
        if (m->in[strspn(m->in, " \t\r")])
            obey(m, m->in);
        size_t used = (size_t)(end + 1 - m->in);
        if (m->fd < 0)
            break;
        memmove(m->in, end + 1, m->len - used + 1);
        m->len -= used;
    }
}

/* Value of key in "kind,key=value,…"; a doubled comma stands for itself. */
static bool option(const char *text, const char *key, char *out, size_t size)
{
    size_t klen = strlen(key);
    const char *p = text;
    while ((p = strchr(p, ','))) {
        p++;
        if (*p == ',') {
            p++;
            continue;
        }
        if (strncmp(p, key, klen) == 0 && p[klen] == '=') {
            size_t n = 0;
            for (p += klen + 1; *p && (*p != ',' || p[1] == ',') && n + 1 < size; p++) {
                out[n++] = *p;
                if (*p == ',')
                    p++;
            }
            out[n] = 0;
            return true;
        }
    }
    out[0] = 0;
    return false;
}

static void open_pty(struct end *c)
{
    struct termios raw;
    c->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (c->fd < 0 || grantpt(c->fd) < 0 || unlockpt(c->fd) < 0)
        return;
    snprintf(c->path, sizeof c->path, "%s", ptsname(c->fd));
    /* Our own slave stays open: else the master reads as hung up while nobody else has it. */
    int slave = open(c->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave >= 0 && tcgetattr(slave, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(slave, TCSANOW, &raw);
    }
}

static void open_socket(struct end *c, const char *text)
{
    char fd[16];
    int listening = 0;
    socklen_t n = sizeof listening;
    if (option(text, "fd", fd, sizeof fd)) {
        int f = atoi(fd);
        getsockopt(f, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n);
        *(listening ? &c->listener : &c->fd) = f;
        return;
    }
    if (!option(text, "path", c->path, sizeof c->path))
        return;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof a.sun_path, "%s", c->path);
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!strstr(text, "server=on") && !strstr(text, ",server")) {
        if (connect(s, (struct sockaddr *)&a, sizeof a) < 0)
            die();
        c->fd = s;
        return;
    }
    unlink(c->path);
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 1) < 0)
        die();
    c->listener = s;
}

static struct end *add_end(const char *text)
{
    if (end_count == ENDS_MAX)
        return NULL;
    struct end *c = &ends[end_count++];
    c->fd = c->listener = -1;
    snprintf(c->kind, sizeof c->kind, "%.*s", (int)strcspn(text, ",:"), text);
    option(text, "id", c->id, sizeof c->id);
    if (strcmp(c->kind, "pty") == 0)
        open_pty(c);
    else if (strcmp(c->kind, "socket") == 0)
        open_socket(c, text);
    return c;
}

/* "unix:PATH,server=on,wait=off" as -qmp and -serial take it, in the form of -chardev. */
static struct end *add_short(const char *text)
{
    char full[512];
    if (strncmp(text, "unix:", 5) != 0)
        return add_end(text);
    snprintf(full, sizeof full, "socket,id=compat%zu,path=%s", end_count, text + 5);
    return add_end(full);
}

static void make_monitor(const char *text)
{
    char id[64];
    char full[256];
    snprintf(full, sizeof full, ",%s", text);
    if (!option(full, "chardev", id, sizeof id))
        snprintf(id, sizeof id, "%.*s", (int)strcspn(text, ","), text);
    for (size_t i = 0; i < end_count; i++)
        if (strcmp(ends[i].id, id) == 0)
            ends[i].monitor = true;
}

/* ---- start ---- */

static void set_name(const char *text)
{
    static char name[256];
    char full[300];
    snprintf(full, sizeof full, ",%s", text);
    if (!option(full, "guest", name, sizeof name))
        snprintf(name, sizeof name, "%.*s", (int)strcspn(text, ","), text);
    guest_name = name;
}

/* Lines of a file in the directory "probed" (tests/sandbox puts it there), beside one of those that this program is in. */
static size_t recorded(const char *name, char **lines, size_t max)
{
    char path[4096], *slash;
    FILE *f = NULL;
    size_t n = 0, size = 0;
    snprintf(path, sizeof path, "%s", self);
    while (!f && (slash = strrchr(path, '/'))) {
        snprintf(slash, sizeof path - (size_t)(slash - path), "/probed/%s", name);
        f = fopen(path, "re");
        *slash = '\0';
    }
    while (f && n < max && getline(&lines[n], &size, f) > 0) {
        n++;
        size = 0;
    }
    return n;
}

/* With the id that is asked for in place of the recorded one, which stands first or last. */
static void print_answer(const char *text, int recorded_id, int id)
{
    char mark[32];
    int n = snprintf(mark, sizeof mark, "\"id\": %d", recorded_id);
    const char *at = text, *next;
    while ((next = strstr(at + 1, mark)))
        at = next;
    printf("%.*s\"id\": %d%s", (int)(at - text), text, id, at + n);
    fflush(stdout);
}

/* What the real one answered to the same questions, which takes a tenth of the time: the first of them before their
 * ids, in any order. Returns if nothing is recorded, or other questions are. */
static void replay(void)
{
    enum { RECORDED_MAX = 2000 };
    static char *queries[RECORDED_MAX], *answers[RECORDED_MAX + 1], query[LINE_MAX_BYTES];
    size_t n = recorded("queries", queries, RECORDED_MAX), m = recorded("answers", answers, n + 1), i;
    ssize_t peeked = n ? recv(0, query, strlen(queries[0]), MSG_PEEK | MSG_WAITALL) : 0;
    if (!peeked || m != n + 1 || strncmp(query, queries[0], (size_t)peeked) != 0)
        return;
    fputs(answers[0], stdout);
    fflush(stdout);
    while (fgets(query, sizeof query, stdin)) {
        const char *id = strstr(query, ",\"id\":");
        size_t body = id ? (size_t)(id - query) + 6 : 0;
        for (i = 0; i < n && (!id || strncmp(query, queries[i], body) != 0);)
            i++;
        if (i == n) {
            fprintf(stderr, "fake-qemu: not recorded: %s", query);
            exit(1);
        }
        print_answer(answers[i + 1], atoi(queries[i] + body), atoi(query + body));
    }
    exit(0);
}

static void probe(char **argv, bool tcg)
{
    const char *real = behaviour("real");
    if (tcg && !real)
        replay();
    argv[0] = strdup(real ? real : "/usr/bin/qemu-system-x86_64");
    execv(argv[0], argv);
    _exit(127);
}

static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i][0] == '-' && argv[i][1] == '-' ? argv[i] + 1 : argv[i];
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(a, "-set") == 0 && strncmp(v, "fake.qemu.", 10) == 0)
            add_words(v + 10);
        else if (strcmp(a, "-version") == 0 || (strcmp(a, "-machine") == 0 && strncmp(v, "none", 4) == 0))
            probe(argv, strcmp(v, "none,accel=tcg") == 0);
    }
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i][0] == '-' && argv[i][1] == '-' ? argv[i] + 1 : argv[i];
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(a, "-S") == 0) {
            status = "prelaunch";
            running = false;
        } else if (strcmp(a, "-no-shutdown") == 0 || (strcmp(a, "-action") == 0 && strstr(v, "shutdown=pause"))) {
            no_shutdown = true;
        } else if (strcmp(a, "-no-reboot") == 0 || (strcmp(a, "-action") == 0 && strstr(v, "reboot=shutdown"))) {
            no_reboot = true;
        } else if (strcmp(a, "-name") == 0) {
            set_name(v);
        } else if (strcmp(a, "-chardev") == 0) {
            add_end(v);
        } else if (strcmp(a, "-serial") == 0 && (strcmp(v, "pty") == 0 || strncmp(v, "unix:", 5) == 0)) {
            add_short(v);
        } else if (strcmp(a, "-qmp") == 0) {
            struct end *m = add_short(v);
            if (m)
                m->monitor = true;
        }
    }
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "-mon") == 0 && strstr(argv[i + 1], "mode=control"))
            make_monitor(argv[i + 1]);
}

static void on_term(int sig)
{
    (void)sig;
    terminated = 1;
}

static void serve(int wait_ms)
{
    struct pollfd p[ENDS_MAX];
    for (size_t i = 0; i < end_count; i++)
        p[i] = (struct pollfd){ .fd = ends[i].fd >= 0 ? ends[i].fd : ends[i].listener, .events = POLLIN };
    sigset_t none;
    sigemptyset(&none);
    struct timespec t = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L };
    if (ppoll(p, end_count, wait_ms < 0 ? NULL : &t, &none) <= 0)
        return;
    for (size_t i = 0; i < end_count; i++) {
        struct end *c = &ends[i];
        if (!p[i].revents)
            continue;
        if (c->fd >= 0) {
            take_input(c);
        } else if (c->listener >= 0) {
            c->fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
            if (c->fd >= 0 && c->monitor)
                greet(c);
        }
    }
}

/* A process that has died on a busy machine may have closed some of its descriptors and not the others. */
static void linger(const char *ms)
{
    pid_t parent = getpid();
    int first_claim = 100; /* PLAN_CLAIMS */
    if (!ms || fork() != 0)
        return;
    for (int fd = 0; fd <= first_claim; fd++)
        close(fd);
    while (getppid() == parent)
        poll(NULL, 0, 5);
    poll(NULL, 0, atoi(ms));
    _exit(0);
}

int main(int argc, char **argv)
{
    sigset_t term;
    self = argv[0];
    read_words();
    read_arguments(argc, argv);
    if (behaves("die", ""))
        die();
    /* Blocked except inside ppoll, so that no SIGTERM is missed between the test and the wait. */
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigaddset(&term, SIGINT);
    sigprocmask(SIG_BLOCK, &term, NULL);
    struct sigaction act = { .sa_handler = behaviour("ignore-term") ? SIG_IGN : on_term };
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    for (size_t i = 0; i < end_count; i++)
        if (ends[i].monitor && ends[i].fd >= 0)
            greet(&ends[i]);
    start_timers();
    linger(behaviour("lingers"));
    for (;;) {
        if (terminated)
            leave("{\"guest\": false, \"reason\": \"host-signal\"}");
        serve(run_timers());
    }
}
