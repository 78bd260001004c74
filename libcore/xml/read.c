/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "xml/private.h"
#include "xml/vocab.h"

/* Reading one element of a table: the struct to fill, its table, and where in it we are. */
struct reader {
    const char *name; /* of the element as it stands in the document: one table may serve several */
    const struct element *e;
    char *self;
    char prefix[160]; /* path from the table's element to the XML element being read, "" at the top */
    size_t n;
};

static bool read_element(struct reader *r, xmlNode *x, struct parse *p);

static const char *short_name(const struct reader *r)
{
    const char *slash = strrchr(r->prefix, '/');
    return !r->n ? r->name : slash ? slash + 1 : r->prefix;
}

/* Text of an element without blanks around it; libvirt trims the same way for numbers and keeps
 * strings, but no string of the vocabulary means anything by its outer blanks. */
static const char *text_of(struct arena *a, xmlNode *x)
{
    if (!x->children)
        return "";
    if (!x->children->next && (x->children->type == XML_TEXT_NODE || x->children->type == XML_CDATA_SECTION_NODE)) {
        const char *s = (const char *)x->children->content;
        while (isspace((unsigned char)*s))
            s++;
        size_t n = strlen(s);
        while (n && isspace((unsigned char)s[n - 1]))
            n--;
        return arena_strndup(a, s, n);
    }
    xmlChar *all = xmlNodeGetContent(x);
    const char *s = all ? (const char *)all : "";
    while (isspace((unsigned char)*s))
        s++;
    size_t n = strlen(s);
    while (n && isspace((unsigned char)s[n - 1]))
        n--;
    char *copy = arena_strndup(a, s, n);
    xmlFree(all);
    return copy;
}

static const char *raw_of(struct arena *a, xmlNode *x)
{
    xmlBufferPtr b = xmlBufferCreate();
    if (!b)
        return NULL;
    xmlNodeDump(b, x->doc, x, 0, 0);
    const char *s = arena_strdup(a, (const char *)xmlBufferContent(b));
    xmlBufferFree(b);
    return s;
}

/* Where a value stands, for messages: tail is what its field's path says beyond the reader's place. */
struct place {
    const struct reader *r;
    const char *tail;
    int line;
};

/* Whether no other field of the table is an attribute of that name. */
static bool only_one(const struct element *e, const char *attribute)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_fields; i++) {
        const char *sign = strchr(e->fields[i].path, '@');
        n += sign && strcmp(sign, attribute) == 0;
    }
    return n == 1;
}

/* "<disk> bus" rather than "<target> bus" where that leaves no doubt: people think of the disk's bus. */
static const char *describe(struct parse *p, const struct place *at)
{
    if (at->tail[0] == '@')
        return arena_printf(p->arena, "<%s> %s", only_one(at->r->e, at->tail) ? at->r->name : short_name(at->r),
                            at->tail + 1);
    return arena_printf(p->arena, "<%s>", at->tail[0] ? at->tail : short_name(at->r));
}

static bool bad_enum(struct parse *p, const struct place *at, const struct field *f, const char *value)
{
    autostr struct str all = STR_INIT;
    for (size_t i = 0; i < f->n_names; i++)
        if (f->names[i])
            str_addf(&all, "%s%s", all.len ? ", " : "", f->names[i]);
    return parse_error(p, at->line, "%s '%s': not one of %s", describe(p, at), value, str_text(&all));
}

static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    { "b", 1 }, { "bytes", 1 }, { "byte", 1 },
    { "KB", 1000 }, { "k", 1024 }, { "K", 1024 }, { "KiB", 1024 },
    { "MB", 1000000 }, { "M", 1ull << 20 }, { "m", 1ull << 20 }, { "MiB", 1ull << 20 },
    { "GB", 1000000000 }, { "G", 1ull << 30 }, { "g", 1ull << 30 }, { "GiB", 1ull << 30 },
    { "TB", 1000000000000 }, { "T", 1ull << 40 }, { "t", 1ull << 40 }, { "TiB", 1ull << 40 },
    { "PB", 1000000000000000 }, { "P", 1ull << 50 }, { "PiB", 1ull << 50 },
    { "EB", 1000000000000000000 }, { "E", 1ull << 60 }, { "EiB", 1ull << 60 },
};

/* Units as libvirt's formatdomain page has them; without @unit the field's own. Rounded up. */
static bool read_size(struct parse *p, const struct place *at, const struct field *f, xmlNode *x, const char *text,
                      struct num *to)
{
    uint64_t base = f->unit ? f->unit : 1024, bytes = base, v;
    xmlChar *unit = x ? xmlGetNoNsProp(x, (const xmlChar *)"unit") : NULL;
    if (unit) {
        bytes = 0;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(units[i].name, (const char *)unit) == 0)
                bytes = units[i].bytes;
        if (!bytes)
            parse_error(p, at->line, "%s unit '%s': not one of b, KB, KiB, MB, MiB, GB, GiB, TB, TiB", describe(p, at), (char *)unit);
        xmlFree(unit);
        if (!bytes)
            return false;
    }
    if (!parse_u64(text, &v))
        return parse_error(p, at->line, "%s '%s': not a number", describe(p, at), text);
    if (v > UINT64_MAX / bytes || v * bytes > UINT64_MAX - base)
        return parse_error(p, at->line, "%s '%s': too large", describe(p, at), text);
    *to = NUM((v * bytes + base - 1) / base);
    return true;
}

static bool read_uuid(struct parse *p, const struct place *at, const char *text, const char **to)
{
    char hex[33], *out = arena_alloc(p->arena, 37);
    size_t n = 0;
    for (const char *s = text; *s; s++) {
        if (*s == '-' || isspace((unsigned char)*s))
            continue;
        if (n == 32 || !isxdigit((unsigned char)*s))
            return parse_error(p, at->line, "%s '%s': not a UUID", describe(p, at), text);
        hex[n++] = (char)tolower((unsigned char)*s);
    }
    if (n != 32)
        return parse_error(p, at->line, "%s '%s': not a UUID", describe(p, at), text);
    hex[n] = '\0';
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    *to = out;
    return true;
}

static bool read_tri(struct parse *p, const struct place *at, const char *text, const char *yes, const char *no,
                     enum tri *to)
{
    if (strcmp(text, yes) == 0)
        *to = TRI_YES;
    else if (strcmp(text, no) == 0)
        *to = TRI_NO;
    else
        return parse_error(p, at->line, "%s '%s': not one of %s, %s", describe(p, at), text, yes, no);
    return true;
}

static bool read_number(struct parse *p, const struct place *at, const struct field *f, const char *text, void *to)
{
    uint64_t u;
    uint64_t max = f->max ? f->max : f->kind == K_U32 || f->kind == K_HEX ? UINT32_MAX : UINT64_MAX;
    if (f->kind == K_I64) {
        struct inum i = { .set = true };
        if (!parse_i64(text, &i.v))
            return parse_error(p, at->line, "%s '%s': not a number", describe(p, at), text);
        memcpy(to, &i, sizeof i);
        return true;
    }
    if (!parse_u64(text, &u))
        return parse_error(p, at->line, "%s '%s': not a number%s", describe(p, at), text, text[0] == '-' ? " of 0 or more" : "");
    if (u > max)
        return parse_error(p, at->line, "%s '%s': more than %llu", describe(p, at), text, (unsigned long long)max);
    struct num n = NUM(u);
    memcpy(to, &n, sizeof n);
    return true;
}

/* One value that stands in an attribute or as an element's text (x: that element, for units). */
static bool read_value(struct reader *r, const struct field *f, const char *tail, const char *text, xmlNode *x, int line,
                       struct parse *p)
{
    const struct place at = { r, tail, line };
    void *to = r->self + f->at;
    switch (f->kind) {
    case K_STR:
        if (*text || (f->flags & F_EMPTY_OK))
            memcpy(to, &text, sizeof text);
        return true;
    case K_ENUM: {
        int i = name_index(f->names, f->n_names, text);
        if (i < 0)
            return bad_enum(p, &at, f, text);
        memcpy(to, &i, sizeof i);
        return true;
    }
    case K_YESNO:
        return read_tri(p, &at, text, "yes", "no", to);
    case K_ONOFF:
        return read_tri(p, &at, text, "on", "off", to);
    case K_U32:
    case K_U64:
    case K_I64:
    case K_HEX:
        return read_number(p, &at, f, text, to);
    case K_SIZE:
        return read_size(p, &at, f, x, text, to);
    case K_UUID:
        return read_uuid(p, &at, text, to);
    default:
        return true;
    }
}

static void keep_extra(struct reader *r, struct parse *p, const char *name, const char *text, bool element, int line)
{
    struct meta *m = (void *)r->self;
    struct extra *x = arena_alloc(p->arena, sizeof *x);
    *x = (struct extra){ arena_strndup(p->arena, r->prefix, r->n), name, text, element, line };
    list_add(p->arena, &m->extras, x);
}

static bool known_prefix(const struct parse *p, const char *prefix, size_t n)
{
    for (const struct xml_namespace *k = p->namespaces; k && k->uri; k++)
        if (strlen(k->prefix) == n && strncmp(k->prefix, prefix, n) == 0)
            return true;
    return false;
}

static bool unknown(struct reader *r, struct parse *p, const char *name, bool element, int line)
{
    char what[256];
    size_t colon = strcspn(name, ":");
    if (name[colon] && known_prefix(p, name, colon))
        return parse_error(p, line, "<%s>: %s: no such thing in this namespace", short_name(r), name);
    snprintf(what, sizeof what, element ? "<%s>: unknown element <%s>" : "<%s>: unknown attribute %s", short_name(r), name);
    if (p->strict)
        return parse_error(p, line, "%s", what);
    if (p->notes)
        note_add(p->notes, "%s:%d: %s is kept, but has no effect", p->file, line, what);
    return true;
}

static const struct field *find(const struct reader *r, char type, const char *name, const char **tail, bool *below)
{
    const struct field *text = NULL;
    size_t n = strlen(name);
    for (size_t i = 0; i < r->e->n_fields; i++) {
        const struct field *f = &r->e->fields[i];
        int at = field_tail(f->path, r->prefix, r->n);
        if (at < 0)
            continue;
        const char *t = f->path + at;
        if (type == '@') {
            if (t[0] == '@' && strcmp(t + 1, name) == 0) {
                *tail = t;
                return f;
            }
        } else if (t[0] == name[0] && strncmp(t, name, n) == 0) {
            if (t[n] == '\0') {
                *tail = t;
                text = f;
            } else if (t[n] == '@' || t[n] == '/') {
                *below = true;
            }
        }
    }
    return text;
}

/* The name that tables use: with the canonical prefix of a known namespace, else as it stood. *ours is false
 * for a name of another namespace, which no table means. */
static const char *table_name(struct parse *p, const xmlNs *ns, const xmlChar *local, bool *ours)
{
    const char *prefix = ns ? (const char *)ns->prefix : NULL;
    *ours = !prefix;
    for (const struct xml_namespace *k = p->namespaces; ns && ns->href && k && k->uri; k++)
        if (strcmp(k->uri, (const char *)ns->href) == 0) {
            prefix = k->prefix;
            *ours = true;
        }
    return prefix ? arena_printf(p->arena, "%s:%s", prefix, (const char *)local) : (const char *)local;
}

/* Declarations are kept for what is printed as it stood. A prefix that we print ourselves cannot keep
 * another meaning: read_namespaces drops its declaration, and unknown() refuses what would need it. */
static void read_namespaces(struct reader *r, xmlNode *x, struct parse *p)
{
    for (const xmlNs *ns = x->nsDef; ns; ns = ns->next) {
        const char *prefix = (const char *)ns->prefix, *uri = ns->href ? (const char *)ns->href : "";
        if (prefix && !known_prefix(p, prefix, strlen(prefix)))
            keep_extra(r, p, arena_printf(p->arena, "xmlns:%s", prefix), arena_strdup(p->arena, uri), false,
                       (int)xmlGetLineNo(x));
    }
}

/* @unit belongs to the size that stands in the same element. */
static bool is_unit(const struct reader *r, const char *name)
{
    if (strcmp(name, "unit") != 0)
        return false;
    for (size_t i = 0; i < r->e->n_fields; i++) {
        const struct field *f = &r->e->fields[i];
        if (f->kind == K_SIZE && strcspn(f->path, "@") == r->n && strncmp(f->path, r->prefix, r->n) == 0)
            return true;
    }
    return false;
}

static const char *attribute_value(xmlNode *x, const xmlAttr *a, struct parse *p)
{
    if (!a->children)
        return "";
    if (!a->children->next && a->children->content)
        return arena_strdup(p->arena, (const char *)a->children->content);
    xmlChar *all = xmlNodeListGetString(x->doc, a->children, 1);
    const char *value = arena_strdup(p->arena, all ? (const char *)all : "");
    xmlFree(all);
    return value;
}

static bool read_attributes(struct reader *r, xmlNode *x, struct parse *p)
{
    int line = (int)xmlGetLineNo(x);
    if (x->nsDef)
        read_namespaces(r, x, p);
    for (xmlAttr *a = x->properties; a; a = a->next) {
        bool ours;
        const char *name = table_name(p, a->ns, a->name, &ours);
        const char *value = attribute_value(x, a, p);
        const char *tail = NULL;
        bool below = false;
        const struct field *f = ours ? find(r, '@', name, &tail, &below) : NULL;
        if (f) {
            if (!read_value(r, f, tail, value, x, line, p))
                return false;
        } else if (!is_unit(r, name)) {
            if (!unknown(r, p, name, false, line))
                return false;
            keep_extra(r, p, arena_strdup(p->arena, name), value, false, line);
        }
    }
    return true;
}

static bool is_missing(const struct field *f, const char *self)
{
    const void *at = self + f->at;
    void *v;
    struct num n;
    int e;
    switch (f->kind) {
    case K_STR:
    case K_UUID:
    case K_RAW:
    case K_STRUCT:
        memcpy(&v, at, sizeof v);
        return !v;
    case K_ENUM:
    case K_YESNO:
    case K_ONOFF:
        memcpy(&e, at, sizeof e);
        return !e;
    case K_U32:
    case K_U64:
    case K_HEX:
    case K_SIZE:
        memcpy(&n, at, sizeof n);
        return !n.set;
    default:
        return false;
    }
}

static bool missing(const struct element *e, const struct field *f, struct parse *p, int line)
{
    const char *attr = strchr(f->path, '@'), *slash = strrchr(f->path, '/');
    const char *child = slash && (!attr || slash < attr) ? slash + 1 : f->path;
    int n = (int)strcspn(child, "@");
    if (!attr)
        return parse_error(p, line, n ? "<%s>: <%s> is missing" : "<%s>: its text is missing", e->name, child);
    if (!n)
        return parse_error(p, line, "<%s>: attribute %s is missing", e->name, attr + 1);
    return parse_error(p, line, "<%s>: attribute %s of <%.*s> is missing", e->name, attr + 1, n, child);
}

static void *read_struct(const struct element *e, xmlNode *x, struct parse *p)
{
    struct reader r;
    r.e = e;
    /* Names in a namespace are given in the canonical prefix, which only the table knows. */
    r.name = x->ns && x->ns->prefix ? e->name : (const char *)x->name;
    r.self = arena_alloc(p->arena, e->size);
    r.n = 0;
    r.prefix[0] = '\0';
    struct meta *m = (void *)r.self;
    m->line = (int)xmlGetLineNo(x);
    if (p->depth++ > XML_MAX_DEPTH) {
        parse_error(p, m->line, "nested more than %d deep", XML_MAX_DEPTH);
        return NULL;
    }
    bool ok = e->read ? e->read(r.self, x, p) : read_element(&r, x, p);
    for (size_t i = 0; ok && i < e->n_fields; i++)
        if ((e->fields[i].flags & F_REQUIRED) && is_missing(&e->fields[i], r.self))
            ok = missing(e, &e->fields[i], p, m->line);
    if (ok && e->parsed)
        ok = e->parsed(r.self, p);
    p->depth--;
    return ok ? r.self : NULL;
}

/* A child that a field claims: a struct of its own, a list's next item, or a plain value. */
static bool read_child(struct reader *r, const struct field *f, const char *tail, xmlNode *x, bool below, struct parse *p)
{
    int line = (int)xmlGetLineNo(x);
    void *at = r->self + f->at, *item;
    switch (f->kind) {
    case K_STRUCT:
        memcpy(&item, at, sizeof item);
        if (item) /* the first one counts, as in libvirt */
            return true;
        if (!(item = read_struct(f->sub, x, p)))
            return false;
        memcpy(at, &item, sizeof item);
        return true;
    case K_LIST:
        if (!(item = read_struct(f->sub, x, p)))
            return false;
        list_add_raw(p->arena, at, item);
        return true;
    case K_STRS: {
        const char *text = text_of(p->arena, x);
        char *copy = arena_strdup(p->arena, text);
        list_add_raw(p->arena, at, copy);
        return true;
    }
    case K_RAW: {
        const char *raw = raw_of(p->arena, x);
        memcpy(at, &raw, sizeof raw);
        return true;
    }
    case K_FLAG: {
        enum tri yes = TRI_YES;
        memcpy(at, &yes, sizeof yes);
        break;
    }
    default:
        if (!read_value(r, f, tail, text_of(p->arena, x), x, line, p))
            return false;
    }
    (void)below;
    return true;
}

static bool deeper(struct reader *in, const struct reader *r, const char *name)
{
    size_t n = strlen(name), at = r->n ? r->n + 1 : 0;
    if (at + n >= sizeof in->prefix)
        return false;
    memcpy(in->prefix, r->prefix, r->n);
    if (r->n)
        in->prefix[r->n] = '/';
    memcpy(in->prefix + at, name, n + 1);
    in->n = at + n;
    return true;
}

static bool read_children(struct reader *r, xmlNode *x, struct parse *p)
{
    for (xmlNode *c = x->children; c; c = c->next) {
        if (c->type != XML_ELEMENT_NODE)
            continue;
        bool ours;
        const char *name = table_name(p, c->ns, c->name, &ours);
        const char *tail = NULL;
        bool below = false;
        const struct field *f = ours ? find(r, '<', name, &tail, &below) : NULL;
        bool whole = f && (f->kind == K_STRUCT || f->kind == K_LIST || f->kind == K_RAW);
        if (!f && !below) {
            if (!unknown(r, p, name, true, (int)xmlGetLineNo(c)))
                return false;
            keep_extra(r, p, arena_strdup(p->arena, name), raw_of(p->arena, c), true, (int)xmlGetLineNo(c));
            continue;
        }
        if (f && !read_child(r, f, tail, c, below, p))
            return false;
        if (whole)
            continue;
        /* Deeper fields of the same struct, or unknown things inside a plain element. */
        if (!c->properties && !c->nsDef && (!c->children || (!c->children->next && c->children->type != XML_ELEMENT_NODE)))
            continue;
        struct reader in;
        in.e = r->e;
        in.name = r->name;
        in.self = r->self;
        if (!deeper(&in, r, name))
            return parse_error(p, (int)xmlGetLineNo(c), "nested too deep");
        if (!read_element(&in, c, p))
            return false;
    }
    return true;
}

static bool read_element(struct reader *r, xmlNode *x, struct parse *p)
{
    if (++p->depth > XML_MAX_DEPTH)
        return parse_error(p, (int)xmlGetLineNo(x), "nested more than %d deep", XML_MAX_DEPTH);
    bool ok = read_attributes(r, x, p) && read_children(r, x, p);
    if (ok && !r->n)
        for (size_t i = 0; ok && i < r->e->n_fields; i++)
            if (!r->e->fields[i].path[0] && r->e->fields[i].kind != K_FLAG)
                ok = read_value(r, &r->e->fields[i], "", text_of(p->arena, x), x, (int)xmlGetLineNo(x), p);
    p->depth--;
    return ok;
}

static void quiet(void *ctx, const char *fmt, ...)
{
    (void)ctx;
    (void)fmt;
}

static xmlDoc *parse_text(const char *text, size_t n, struct parse *p)
{
    if (n > XML_MAX_BYTES) {
        parse_error(p, 0, "larger than %d MiB", XML_MAX_BYTES >> 20);
        return NULL;
    }
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (!ctxt)
        return parse_error(p, 0, "out of memory"), NULL;
    xmlSetGenericErrorFunc(NULL, quiet);
    xmlDoc *doc = xmlCtxtReadMemory(ctxt, text, (int)n, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT |
                                        XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
    if (!doc || !ctxt->wellFormed || !ctxt->nsWellFormed) {
        const xmlError *x = xmlCtxtGetLastError(ctxt);
        char reason[512];
        snprintf(reason, sizeof reason, "%s", x && x->message ? x->message : "empty document");
        reason[strcspn(reason, "\n")] = '\0';
        parse_error(p, x ? x->line : 1, "not well-formed XML: %s", reason);
        xmlFreeDoc(doc);
        doc = NULL;
    } else if (doc->intSubset || doc->extSubset) {
        /* Entities are the only thing a DTD could bring, and the only use of those is harm. */
        parse_error(p, 1, "document type declarations are not accepted");
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(ctxt);
    return doc;
}

void *xml_parse(const struct element *e, const char *root_name, const char *text, size_t n, struct parse *p)
{
    xmlDoc *doc = parse_text(text, n, p);
    if (!doc)
        return NULL;
    void *self = NULL;
    xmlNode *root = xmlDocGetRootElement(doc);
    if (!root || strcmp((const char *)root->name, root_name) != 0)
        parse_error(p, root ? (int)xmlGetLineNo(root) : 1, "<%s> found where <%s> is wanted",
                    root ? (const char *)root->name : "", root_name);
    else
        self = read_struct(e, root, p);
    xmlFreeDoc(doc);
    return self;
}
