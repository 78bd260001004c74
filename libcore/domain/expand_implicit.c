/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/expand_private.h"
#include "domain/graphics.h"
#include "domain/input.h"
#include "domain/misc.h"
#include "domain/sound.h"

/* The host end as the other device has it, in lists of its own. */
static void copy_host(struct expansion *x, struct chardev *to, const struct chardev *from)
{
    struct chardev *copy = xml_copy(&chardev_element, from, x->p->arena);
    to->host = copy->host;
}

static bool serial_has_console(const struct chardev *serial)
{
    return serial->target != TARGET_PCI_SERIAL && serial->target != TARGET_USB_SERIAL && serial->target != TARGET_ISA_DEBUG;
}

static void number_consoles(struct devices *d)
{
    for (size_t i = 0; i < d->consoles.n; i++)
        d->consoles.v[i]->port = NUM(i);
}

/* A console of type serial is no device: it is another name of the first serial device. Whichever of the
 * two is written, the other follows. */
bool expand_console(struct expansion *x)
{
    struct devices *d = x->d->devices;
    struct chardev *console = d->consoles.n ? d->consoles.v[0] : NULL;
    number_consoles(d);
    if (console && console->target != TARGET_SERIAL)
        return true;
    if (console && d->serials.n == 0) {
        struct chardev *serial = xml_copy(&chardev_element, console, x->p->arena);
        serial->target = x->m->serial;
        serial->target_model = x->m->serial_model;
        serial->port = NUM(0);
        list_add(x->p->arena, &d->serials, serial);
    }
    if (d->serials.n == 0)
        return true;
    if (!console) {
        if (!serial_has_console(d->serials.v[0]))
            return true;
        console = arena_alloc(x->p->arena, sizeof *console);
        console->target = TARGET_SERIAL;
        list_insert(x->p->arena, &d->consoles, 0, console);
    }
    copy_host(x, console, d->serials.v[0]);
    console->tty = NULL;
    console->info = (struct device_info){ 0 };
    number_consoles(d);
    return true;
}

/* The first console shows the address of the serial device that it is. */
bool expand_console_address(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    if (d->serials.n && d->consoles.n && d->consoles.v[0]->target == TARGET_SERIAL)
        d->consoles.v[0]->info.address = d->serials.v[0]->info.address;
    return true;
}

static void add_input(struct expansion *x, enum input_type type)
{
    struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->inputs.n; i++)
        if (d->inputs.v[i]->type == type && d->inputs.v[i]->bus == INPUT_BUS_PS2)
            return;
    struct input *in = arena_alloc(x->p->arena, sizeof *in);
    in->type = type;
    in->bus = INPUT_BUS_PS2;
    list_add(x->p->arena, &d->inputs, in);
}

static void add_video(struct expansion *x)
{
    struct devices *d = x->d->devices;
    if (d->graphics.n == 0 || d->videos.n)
        return;
    struct video *v = arena_alloc(x->p->arena, sizeof *v);
    v->model = x->m->video;
    v->heads = NUM(1);
    v->primary = TRI_YES;
    if (v->model == VIDEO_VGA || v->model == VIDEO_CIRRUS)
        v->vram = NUM(16384);
    list_add(x->p->arena, &d->videos, v);
}

/* Sound goes to the display that takes it; a window's sound is left to the user's session. */
static void add_audio(struct expansion *x)
{
    struct devices *d = x->d->devices;
    if (d->audios.n)
        return;
    enum audio_type type = d->graphics.n ? AUDIO_UNSET : AUDIO_NONE;
    for (size_t i = 0; i < d->graphics.n; i++)
        if (d->graphics.v[i]->type == GRAPHICS_SPICE || (d->graphics.v[i]->type == GRAPHICS_VNC && !type))
            type = d->graphics.v[i]->type == GRAPHICS_SPICE ? AUDIO_SPICE : AUDIO_NONE;
    if (!type)
        return;
    struct audio *a = arena_alloc(x->p->arena, sizeof *a);
    a->id = "1";
    a->type = type;
    list_add(x->p->arena, &d->audios, a);
}

bool expand_implicit(struct expansion *x)
{
    struct devices *d = x->d->devices;
    if (x->m->ps2) {
        add_input(x, INPUT_MOUSE);
        add_input(x, INPUT_KEYBOARD);
    }
    if (x->m->balloon && d->memballoons.n == 0) {
        struct memballoon *b = arena_alloc(x->p->arena, sizeof *b);
        b->model = MEMBALLOON_VIRTIO;
        list_add(x->p->arena, &d->memballoons, b);
    }
    bool has_panic = false;
    for (size_t i = 0; i < d->panics.n; i++)
        has_panic |= d->panics.v[i]->model == PANIC_PSERIES || d->panics.v[i]->model == PANIC_S390;
    if (x->m->panic && !has_panic) {
        struct panic *p = arena_alloc(x->p->arena, sizeof *p);
        p->model = x->m->family == MACHINE_PSERIES ? PANIC_PSERIES : PANIC_S390;
        list_add(x->p->arena, &d->panics, p);
    }
    add_video(x);
    add_audio(x);
    return true;
}
