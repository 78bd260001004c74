/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/sock.h"

struct qmp {
    int fd;
    bool broken;
    uint64_t nonce;
    unsigned tickets;
    struct str in;
    size_t at;      /* start of the next line in in.p */
    size_t scanned; /* no newline from there to here */
    json_t *greeting;
    char error_class[64];
    qmp_event_fn *on_event;
    void *event_arg;
};

enum got { GOT_ANSWER, GOT_EVENT, GOT_OTHER, GOT_FAILED };

static bool expired(long long deadline)
{
    return deadline >= 0 && now_ms() >= deadline;
}

static bool broken(struct qmp *q, struct err *e, const char *why)
{
    q->broken = true;
    return err_set(e, ST_QEMU, "%s", why);
}

/* ---- JSON under limits ---- */

/* Position after the integer at text[i], and whether it fits a signed 64-bit number. */
static size_t pass_number(const char *text, size_t i, size_t n, bool *fits)
{
    size_t start = i;
    if (text[i] == '-')
        i++;
    size_t digits = i;
    while (i < n && text[i] >= '0' && text[i] <= '9')
        i++;
    *fits = true;
    if (i < n && strchr(".eE", text[i]) && text[i]) {
        while (i < n && text[i] && strchr("+-.eE0123456789", text[i]))
            i++;
    } else if (i - digits > 18) {
        char number[32];
        size_t len = i - start;
        *fits = false;
        if (len < sizeof number) {
            memcpy(number, text + start, len);
            number[len] = 0;
            errno = 0;
            strtoll(number, NULL, 10);
            *fits = errno == 0;
        }
    }
    return i;
}

static size_t pass_string(const char *text, size_t i, size_t n)
{
    for (i++; i < n && text[i] != '"'; i++)
        if (text[i] == '\\')
            i++;
    return i < n ? i + 1 : n;
}

/* jansson's own limit of nesting is 2048, and it refuses integers above INT64_MAX, such as QEMU's
 * 18446744073709551615 for the default of an unsigned property: those are written as reals into wide. */
static bool scan(const char *text, size_t n, struct str *wide, struct err *e)
{
    size_t copied = 0;
    int depth = 0;
    for (size_t i = 0; i < n;) {
        char c = text[i];
        bool fits = true;
        if (c == '"') {
            i = pass_string(text, i, n);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            i = pass_number(text, i, n, &fits);
        } else {
            if ((c == '{' || c == '[') && ++depth > QMP_DEPTH_MAX)
                return err_set(e, ST_FAILED, "JSON nested deeper than %d levels", QMP_DEPTH_MAX);
            if (c == '}' || c == ']')
                depth--;
            i++;
        }
        if (!fits) {
            str_addn(wide, text + copied, i - copied);
            str_add(wide, ".0");
            copied = i;
        }
    }
    if (copied)
        str_addn(wide, text + copied, n - copied);
    return true;
}

json_t *qmp_parse(const char *text, size_t n, struct err *e)
{
    autostr struct str wide = STR_INIT;
    json_error_t bad;
    if (!scan(text, n, &wide, e))
        return NULL;
    json_t *j = wide.len ? json_loadb(wide.p, wide.len, JSON_REJECT_DUPLICATES, &bad)
                         : json_loadb(text, n, JSON_REJECT_DUPLICATES, &bad);
    if (!j) {
        autostr struct str shown = STR_INIT;
        str_add_shown(&shown, bad.text);
        err_set(e, ST_FAILED, "not JSON: %s", str_text(&shown));
    }
    return j;
}

/* ---- bytes ---- */

/* One read after waiting for input; false when the deadline passes or the peer is gone. */
static bool fill(struct qmp *q, long long deadline, struct err *e)
{
    char bytes[65536];
    for (;;) {
        if (expired(deadline))
            return err_set(e, ST_TIMEOUT, "no answer from QEMU in time");
        struct pollfd p = { .fd = q->fd, .events = POLLIN };
        if (poll(&p, 1, ms_left(deadline)) < 0 && errno != EINTR)
            return err_errno(e, "poll");
        if (!p.revents)
            continue;
        ssize_t n = recv(q->fd, bytes, sizeof bytes, 0);
        if (n > 0) {
            str_addn(&q->in, bytes, (size_t)n);
            return true;
        }
        if (n == 0 || errno == ECONNRESET)
            return broken(q, e, "QEMU closed the connection");
        if (errno != EAGAIN && errno != EINTR) {
            q->broken = true;
            return err_errno(e, "reading from QEMU");
        }
    }
}

/* Writes while also taking in what QEMU says: else both could block, each on the other's full buffer. */
static bool send_bytes(struct qmp *q, const char *bytes, size_t n, int fd, long long deadline, struct err *e)
{
    while (n) {
        if (expired(deadline))
            return err_set(e, ST_TIMEOUT, "QEMU did not take the command in time");
        ssize_t sent = send_with_fd(q->fd, bytes, n, fd);
        if (sent > 0) {
            fd = -1;
            bytes += sent;
            n -= (size_t)sent;
            continue;
        }
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return broken(q, e, "QEMU closed the connection");
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            q->broken = true;
            return err_errno(e, "writing to QEMU");
        }
        struct pollfd p = { .fd = q->fd, .events = POLLIN | POLLOUT };
        if (poll(&p, 1, ms_left(deadline)) < 0 && errno != EINTR)
            return err_errno(e, "poll");
        if ((p.revents & (POLLIN | POLLHUP | POLLERR)) && !(p.revents & POLLOUT)) {
            if (q->in.len - q->at > 2 * (size_t)QMP_LINE_MAX)
                return broken(q, e, "QEMU sends without reading");
            if (!fill(q, deadline, e))
                return false;
        }
    }
    return true;
}

/* Next line, valid until the next call; NULL on failure. */
static const char *next_line(struct qmp *q, long long deadline, size_t *len, struct err *e)
{
    for (;;) {
        char *line = q->in.p + q->at;
        char *end = q->in.len > q->scanned ? memchr(q->in.p + q->scanned, '\n', q->in.len - q->scanned) : NULL;
        *len = end ? (size_t)(end - line) : q->in.len - q->at;
        if (*len > QMP_LINE_MAX) {
            broken(q, e, "QEMU sent a line of more than 16 MiB");
            return NULL;
        }
        if (end) {
            q->at = q->scanned = (size_t)(end + 1 - q->in.p);
            return line;
        }
        if (q->at) {
            memmove(q->in.p, line, *len);
            q->in.len = *len;
            q->at = 0;
        }
        q->scanned = q->in.len;
        if (!fill(q, deadline, e))
            return NULL;
    }
}

static json_t *next_object(struct qmp *q, long long deadline, struct err *e)
{
    const char *line;
    size_t len;
    do {
        if (expired(deadline)) {
            err_set(e, ST_TIMEOUT, "no answer from QEMU in time");
            return NULL;
        }
        line = next_line(q, deadline, &len, e);
        if (!line)
            return NULL;
    } while (strspn(line, " \t\r") >= len);
    struct err why;
    json_t *j = qmp_parse(line, len, &why);
    if (json_is_object(j))
        return j;
    q->broken = true;
    err_set(e, ST_QEMU, "QEMU sent rubbish: %s", j ? "not an object" : why.text);
    json_decref(j);
    return NULL;
}

/* ---- messages ---- */

static void ticket_id(const struct qmp *q, unsigned ticket, char id[40])
{
    snprintf(id, 40, "%016" PRIx64 "-%u", q->nonce, ticket);
}

/* Reads one message; *out (a new reference) is set for answers to id only. */
static enum got read_message(struct qmp *q, const char *id, long long deadline, json_t **out, bool *enough,
                             struct err *e)
{
    autojson json_t *j = next_object(q, deadline, e);
    if (!j)
        return GOT_FAILED;
    if (json_is_string(json_object_get(j, "event"))) {
        if (q->on_event && q->on_event(q->event_arg, j))
            *enough = true;
        return GOT_EVENT;
    }
    const json_t *error = json_object_get(j, "error");
    if (!error && !json_object_get(j, "return"))
        return broken(q, e, "QEMU sent rubbish: neither answer nor event") ? GOT_OTHER : GOT_FAILED;
    const json_t *got = json_object_get(j, "id");
    /* QEMU answers without id what its JSON reader refuses (too long a token, too deep): that is ours. */
    bool mine = got ? streq(json_string_value(got), id) : error != NULL;
    if (!id || !mine)
        return GOT_OTHER;
    *out = json_incref(j);
    return GOT_ANSWER;
}

static bool read_answer(struct qmp *q, unsigned ticket, long long deadline, json_t **answer, struct err *e)
{
    char id[40];
    bool enough = false;
    ticket_id(q, ticket, id);
    for (;;) {
        switch (read_message(q, id, deadline, answer, &enough, e)) {
        case GOT_ANSWER: return true;
        case GOT_FAILED: return false;
        case GOT_EVENT:
        case GOT_OTHER: break;
        }
    }
}

static bool send_object(struct qmp *q, json_t *command, int fd, long long deadline, unsigned *ticket, struct err *e)
{
    char id[40];
    if (q->broken)
        return err_set(e, ST_QEMU, "the connection to QEMU is broken");
    *ticket = ++q->tickets;
    ticket_id(q, *ticket, id);
    json_object_set_new(command, "id", json_string(id));
    autofree char *text = json_dumps(command, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (!text)
        return err_set(e, ST_FAILED, "command cannot be written as JSON");
    autostr struct str line = STR_INIT;
    str_add(&line, text);
    str_addc(&line, '\n');
    return send_bytes(q, line.p, line.len, fd, deadline, e);
}

/* Takes the value out of an answer; an error answer fails as QEMU worded it. */
static bool open_answer(struct qmp *q, json_t *answer, json_t **reply, struct err *e)
{
    const json_t *error = json_object_get(answer, "error");
    if (!error) {
        if (reply)
            *reply = json_incref(json_object_get(answer, "return"));
        return true;
    }
    autostr struct str shown = STR_INIT;
    const char *class = json_string_value(json_object_get(error, "class"));
    const char *desc = json_string_value(json_object_get(error, "desc"));
    snprintf(q->error_class, sizeof q->error_class, "%s", class ? class : "GenericError");
    str_add_shown(&shown, desc ? desc : "no description");
    str_add(&shown, " (");
    str_add_shown(&shown, q->error_class);
    str_addc(&shown, ')');
    return err_set(e, ST_QEMU, "%s", str_text(&shown));
}

static json_t *command_object(const char *name, json_t *args)
{
    json_t *command = json_object();
    json_object_set_new(command, "execute", json_string(name));
    if (args)
        json_object_set_new(command, "arguments", args);
    return command;
}

unsigned qmp_post(struct qmp *q, const char *name, json_t *args, long long deadline, struct err *e)
{
    autojson json_t *command = command_object(name, args);
    unsigned ticket;
    if (send_object(q, command, -1, deadline, &ticket, e))
        return ticket;
    err_wrap(e, "%s", name);
    return 0;
}

bool qmp_collect(struct qmp *q, unsigned ticket, long long deadline, json_t **reply, struct err *e)
{
    autojson json_t *answer = NULL;
    if (reply)
        *reply = NULL;
    q->error_class[0] = 0;
    if (q->broken)
        return err_set(e, ST_QEMU, "the connection to QEMU is broken");
    return read_answer(q, ticket, deadline, &answer, e) && open_answer(q, answer, reply, e);
}

bool qmp_command_fd(struct qmp *q, const char *name, json_t *args, int fd, long long deadline, json_t **reply,
                    struct err *e)
{
    autojson json_t *command = command_object(name, args);
    unsigned ticket;
    if (reply)
        *reply = NULL;
    if (send_object(q, command, fd, deadline, &ticket, e) && qmp_collect(q, ticket, deadline, reply, e))
        return true;
    return err_wrap(e, "%s", name);
}

bool qmp_command(struct qmp *q, const char *name, json_t *args, long long deadline, json_t **reply, struct err *e)
{
    return qmp_command_fd(q, name, args, -1, deadline, reply, e);
}

const char *qmp_error_class(const struct qmp *q)
{
    return q->error_class;
}

bool qmp_hmp(struct qmp *q, const char *line, long long deadline, struct str *out, struct err *e)
{
    autojson json_t *reply = NULL;
    json_t *args = json_pack("{s:s}", "command-line", line);
    if (!args)
        return err_set(e, ST_USAGE, "monitor command is not valid UTF-8");
    if (!qmp_command(q, "human-monitor-command", args, deadline, &reply, e))
        return false;
    if (!json_is_string(reply))
        return err_set(e, ST_QEMU, "human-monitor-command: QEMU answered with something other than text");
    str_addn(out, json_string_value(reply), json_string_length(reply));
    return true;
}

bool qmp_exchange(struct qmp *q, const json_t *command, int fd, long long deadline, json_t **answer, struct err *e)
{
    autojson json_t *copy = json_copy((json_t *)(uintptr_t)command);
    json_t *id = json_object_get(command, "id");
    unsigned ticket;
    *answer = NULL;
    if (!send_object(q, copy, fd, deadline, &ticket, e) || !read_answer(q, ticket, deadline, answer, e))
        return false;
    if (id)
        json_object_set(*answer, "id", id);
    else
        json_object_del(*answer, "id");
    return true;
}

void qmp_on_event(struct qmp *q, qmp_event_fn *fn, void *arg)
{
    q->on_event = fn;
    q->event_arg = arg;
}

bool qmp_listen(struct qmp *q, long long deadline, struct err *e)
{
    bool enough = false;
    if (q->broken)
        return err_set(e, ST_QEMU, "the connection to QEMU is broken");
    while (!enough) {
        json_t *none = NULL;
        if (read_message(q, NULL, deadline, &none, &enough, e) == GOT_FAILED)
            return false;
    }
    return true;
}

const json_t *qmp_greeting(const struct qmp *q)
{
    return q->greeting;
}

int qmp_fd(const struct qmp *q)
{
    return q->fd;
}

/* ---- connections ---- */

int unix_connect(int dir, const char *name, long long deadline, struct err *e)
{
    struct stat st;
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    /* The path is opened first and connected to through the descriptor: its length does not matter then. */
    autoclose int path = openat(dir, name, O_PATH | O_CLOEXEC);
    if (path < 0 || fstat(path, &st) < 0) {
        err_errno(e, "%s", name);
        return -1;
    }
    if (!S_ISSOCK(st.st_mode)) {
        err_set(e, ST_FAILED, "%s: not a socket", name);
        return -1;
    }
    autoclose int s = socket_towards(path);
    if (s < 0) {
        err_errno(e, "socket");
        return -1;
    }
    /* With a full backlog connect() waits; SO_SNDTIMEO bounds that. */
    int left = ms_left(deadline);
    struct timeval wait = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 + 1 };
    if (left >= 0)
        setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d", path);
    if (connect(s, (struct sockaddr *)&to, sizeof to) < 0) {
        if (errno == EAGAIN)
            err_set(e, ST_TIMEOUT, "%s: nobody accepts the connection in time", name);
        else if (errno == ECONNREFUSED)
            err_set(e, ST_QEMU, "%s: nobody listens on this socket", name);
        else
            err_errno(e, "%s", name);
        return -1;
    }
    return steal_fd(&s);
}

static bool shake_hands(struct qmp *q, long long deadline, struct err *e)
{
    autojson json_t *j = next_object(q, deadline, e);
    if (!j)
        return err_wrap(e, "greeting");
    json_t *greeting = json_object_get(j, "QMP");
    if (!json_is_object(greeting))
        return broken(q, e, "not QMP: the peer sent no greeting");
    q->greeting = json_incref(greeting);
    return qmp_command(q, "qmp_capabilities", NULL, deadline, NULL, e);
}

struct qmp *qmp_wrap(int fd, long long deadline, struct err *e)
{
    struct qmp *q = calloc(1, sizeof *q);
    int flags = fcntl(fd, F_GETFL);
    if (!q || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        getrandom(&q->nonce, sizeof q->nonce, 0) != sizeof q->nonce) {
        err_errno(e, "monitor");
        if (fd >= 0)
            close(fd);
        free(q);
        return NULL;
    }
    q->fd = fd;
    if (shake_hands(q, deadline, e))
        return q;
    qmp_free(q);
    return NULL;
}

struct qmp *qmp_connect(int dir, const char *name, long long deadline, struct err *e)
{
    int fd = unix_connect(dir, name, deadline, e);
    struct qmp *q = fd < 0 ? NULL : qmp_wrap(fd, deadline, e);
    if (fd >= 0 && !q)
        err_wrap(e, "%s", name);
    return q;
}

void qmp_free(struct qmp *q)
{
    if (!q)
        return;
    close(q->fd);
    json_decref(q->greeting);
    str_release(&q->in);
    free(q);
}
