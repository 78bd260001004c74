/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/metadata.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/str.h"

#define OWN_NAMESPACE "urn:vmutils:confinement"

static bool is(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && n->ns && streq((const char *)n->ns->href, OWN_NAMESPACE) &&
           streq((const char *)n->name, name);
}

static void add(xmlNode *n, struct arena *a, struct named_directories *out)
{
    xmlChar *path = xmlGetNoNsProp(n, (const xmlChar *)"path"), *readonly = xmlGetNoNsProp(n, (const xmlChar *)"readonly");
    if (path && *path == '/') {
        struct named_directory *d = arena_alloc(a, sizeof *d);
        *d = (struct named_directory){ arena_strdup(a, (const char *)path), streq((const char *)readonly, "yes") };
        list_add(a, &out->dirs, d);
    }
    xmlFree(path);
    xmlFree(readonly);
}

void metadata_directories(const struct domain *d, struct arena *a, struct named_directories *out)
{
    /* Most have none, and need no second reader for it. */
    if (!d->metadata || !strstr(d->metadata, OWN_NAMESPACE))
        return;
    const char *text = arena_printf(a, "<all>%s</all>", d->metadata);
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), "metadata", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *top = doc ? xmlDocGetRootElement(doc)->children : NULL;
    /* With or without <metadata> itself around it. */
    while (top && top->type != XML_ELEMENT_NODE)
        top = top->next;
    if (top && streq((const char *)top->name, "metadata"))
        top = top->children;
    for (xmlNode *n = top; n; n = n->next)
        for (xmlNode *c = is(n, "confinement") ? n->children : NULL; c; c = c->next)
            if (is(c, "directory"))
                add(c, a, out);
    xmlFreeDoc(doc);
}
