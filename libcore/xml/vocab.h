/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XML_VOCAB_H
#define XML_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The vocabulary engine: one table of fields per XML element, from which parsing, printing, checking
 * and the list of known words derive. Adding an attribute is adding a row.
 *
 * A table fills a plain C struct that begins with struct meta. A field's path says where its value
 * stands, seen from the element of the table:
 *
 *     "@device"            attribute of the element itself
 *     ""                   text of the element itself
 *     "serial"             text of child <serial>
 *     "target@bus"         attribute of child <target>
 *     "iotune/read_bytes_sec"   text of a grandchild
 *     "source/auth@username"    and so on
 *
 * Fields whose paths share a prefix stand together in the table: they are printed into one element.
 * Values not given stay zero: NULL strings, unset numbers, enum 0. Everything parsed lives in the arena
 * of the document. Attributes and elements that no field claims are kept in meta and printed again. */

/* Enum values start at 1; 0 is "not given". Names are an array indexed by the enum, [0] = NULL. */
enum tri { TRI_UNSET, TRI_YES, TRI_NO };

struct num {
    uint64_t v;
    bool set;
};
struct inum {
    int64_t v;
    bool set;
};
#define NUM(x) ((struct num){ (x), true })

/* An attribute or element that the table does not know: value of the attribute, or the element's XML
 * text as it stood; path is "" for the element of the table or the child path it stood in. */
struct extra {
    const char *path;
    const char *name; /* attribute name with prefix, or element name */
    const char *text;
    bool element;
    int line;
};

/* First member of every struct that a table fills. */
struct meta {
    int line;              /* where the element began; 0 for what was not read from a document */
    LIST(struct extra) extras;
};

enum kind {
    K_STR,    /* const char * */
    K_ENUM,   /* int-sized enum, .names/.n_names */
    K_YESNO,  /* enum tri: yes, no */
    K_ONOFF,  /* enum tri: on, off */
    K_U32,    /* struct num, limited to 32 bits (or .max) */
    K_U64,    /* struct num */
    K_I64,    /* struct inum */
    K_HEX,    /* struct num, printed 0x%0*x with .width digits */
    K_SIZE,   /* struct num in units of .unit bytes (default KiB); reads @unit, rounds up as libvirt does;
                 printed with unit attribute .unit_name (beside an attribute, or of the text's element) */
    K_UUID,   /* const char *, normalised to lower case with dashes */
    K_FLAG,   /* enum tri: element present (TRI_YES); an empty element */
    K_STRUCT, /* T *: one child element with a table of its own (.sub) */
    K_LIST,   /* LIST(T): child elements of that name, any number, in order (.sub) */
    K_STRS,   /* LIST(const char): text of repeated child elements */
    K_RAW,    /* const char *: the element's XML, printed as it stood */
};

enum {
    F_REQUIRED = 1,  /* missing is an error that names element and attribute */
    F_READONLY = 2,  /* printed only with PRINT_LIVE (aliases, labels, ptys); always parsed */
    F_OBSOLETE = 4,  /* parsed, never printed (the hook moves it to its new place) */
    F_EMPTY_OK = 8,  /* K_STR: an empty string counts as given and is printed */
    F_SECRET = 16,   /* printed only with PRINT_SECRETS (passwords) */
    F_USER_ID = 64,  /* K_STR: printed without PRINT_LIVE only when the user chose it ("ua-…") */
    F_NO_EMPTY = 32, /* K_STRUCT: not printed while nothing in it is given */
};

struct element;

struct field {
    const char *path;
    enum kind kind;
    size_t at;
    const char *const *names; /* K_ENUM */
    uint16_t n_names;
    uint16_t flags;
    uint16_t width;           /* K_HEX */
    uint64_t max;             /* numbers: largest allowed, 0 for the kind's own limit */
    uint64_t unit;            /* K_SIZE: bytes per unit of the stored number; 0 means 1024 */
    const char *unit_name;    /* K_SIZE: "KiB" by default */
    const struct element *sub;
    bool row;                 /* see AT */
};

struct parse;

struct element {
    const char *name;          /* for messages; the child name comes from the field's path */
    size_t size;
    const struct field *fields;
    size_t n_fields;
    /* Odd cases: called after the fields were read, before the parent goes on. */
    bool (*parsed)(void *self, struct parse *p);
    /* Elements whose attributes are read by type (addresses): take over one element whole. xml is an
     * xmlNode; print returns false when there is nothing to print. NULL: the table does it. */
    bool (*read)(void *self, void *xml, struct parse *p);
    bool (*print)(const void *self, const char *name, struct str *out, int indent);
};

/* The offset of the member. The designator behind it says that what follows is left out on purpose, which
 * keeps -Wmissing-field-initializers quiet for rows of three values. */
#define AT(type, member) offsetof(type, member), .row = true
#define NAMES(a) .names = (a), .n_names = sizeof(a) / sizeof *(a)
#define FIELDS(a) .fields = (a), .n_fields = sizeof(a) / sizeof *(a)

/* A namespace that tables know: its elements are found as "prefix:name", whatever prefix the document
 * bound to the URI. Declarations of other namespaces are kept as attributes "xmlns:PREFIX". */
struct xml_namespace {
    const char *prefix, *uri;
};

/* What a hook may need: the arena, the file name for messages, the error to fill. */
struct parse {
    struct arena *arena;
    const char *file;
    struct notes *notes;   /* unknown words are named here; NULL: nobody wants to know */
    struct err *err;
    bool strict;           /* unknown words are errors */
    unsigned depth;
    const struct xml_namespace *namespaces; /* up to an entry of NULLs; NULL: none */
};

/* Refuses at line with "FILE:LINE: " and the message; ST_FAILED. Returns false. */
bool parse_error(struct parse *p, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Limits of documents: larger or deeper is refused. */
enum { XML_MAX_BYTES = 16 * 1024 * 1024, XML_MAX_DEPTH = 128 };

/* Parses text as an XML document (no DTD, no entities but the five, no network, no external anything)
 * whose root element is root_name. Returns the filled struct in p->arena, NULL with p->err. */
void *xml_parse(const struct element *e, const char *root_name, const char *text, size_t n, struct parse *p);

enum { PRINT_LIVE = 1, PRINT_SECRETS = 2 };

/* Appends the element and all below, two blanks of indent per level, as libvirt prints it. */
void xml_print(const struct element *e, const char *name, const void *self, struct str *out, int indent, unsigned flags);

/* Deep copy into the arena (strings are shared when share_strings, else copied too). */
void *xml_copy(const struct element *e, const void *self, struct arena *a);

/* Calls visit for every path that the table and its sub-tables know ("domain/devices/disk/@device"). */
void xml_words(const struct element *e, const char *name, void (*visit)(const char *path, void *data), void *data);

/* The name of an enum value, "" for 0 or out of range. */
#define enum_name(names, v) ((size_t)(v) < sizeof(names) / sizeof *(names) && (names)[v] ? (names)[v] : "")

#endif
