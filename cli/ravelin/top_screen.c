/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin top: full-screen display. */
#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ravelin/library.h>

#include "cli/ravelin/top.h"

/* These macros of curses.h hide functions that are loaded with dlsym(). */
#undef wattroff
#undef wattron
#undef getmaxx
#undef getmaxy
#undef cbreak
#undef noecho

#define FUNCTIONS(X)							\
	X(initscr) X(endwin) X(cbreak) X(noecho) X(keypad) X(curs_set)	\
	X(wtimeout) X(wgetch) X(wmove) X(waddnstr) X(wattron)		\
	X(wattroff) X(wclrtoeol) X(werase) X(wrefresh) X(getmaxx)	\
	X(getmaxy) X(has_colors) X(start_color) X(use_default_colors)	\
	X(init_pair)

/* Loaded on demand: other commands do not need it. */
static struct {
#define RV_X(name) typeof(name) *name;
	FUNCTIONS(RV_X)
#undef RV_X
} ncurses_lib;

static const struct rv_symbol ncurses_symbols[] = {
#define RV_X(name) { #name, &ncurses_lib.name },
	FUNCTIONS(RV_X)
#undef RV_X
	{ NULL, NULL },
};

static const char *const ncurses_sonames[] = { "libncursesw.so.6", NULL };

static const struct rv_library ncurses_library = {
	.sonames = ncurses_sonames,
	.symbols = ncurses_symbols,
	.lacking = "rules cannot be shown on the terminal; --batch prints them",
	.hint = "install ncurses (Debian: libncursesw6)",
};

struct screen {
	struct rv_cli *cli;
	struct rv_top_view *view;
	unsigned int interval;
	WINDOW *window;
	struct rv_top_sample sample[2];	/* current and previous */
	unsigned int now;
	size_t first, shown;		/* index of the top line; number of lines */
	bool paused, typing, help;	/* typing: entering the filter */
	char filter[64];
};

/* Colour pairs. */
enum { PLAIN, DROPS, HEAD };

/* ---- drawing ---------------------------------------------------------------------------------- */

static void put_row(struct screen *s, int row, const char *text, chtype attributes)
{
	int width = ncurses_lib.getmaxx(s->window);

	ncurses_lib.wmove(s->window, row, 0);
	ncurses_lib.wattron(s->window, (int)attributes);
	ncurses_lib.waddnstr(s->window, text, width);
	ncurses_lib.wattroff(s->window, (int)attributes);
	ncurses_lib.wclrtoeol(s->window);
}

static void draw_top(struct screen *s)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_buf_puts(&b, "ravelin top: ");
	rv_top_put_view(&b, s->view);
	rv_buf_printf(&b, "; %zu lines%s", s->shown, s->paused ? "; PAUSED" : "");
	put_row(s, 0, rv_buf_text(&b) ? b.data : "", A_BOLD);
	rv_buf_reset(&b);
	if (s->typing)
		rv_buf_printf(&b, "only lines with: %s_", s->filter);
	else
		rv_buf_puts(&b, "q quit  / filter  s sort  d drops first  c chains  t table  space pause  ? help");
	put_row(s, 1, rv_buf_text(&b) ? b.data : "", s->typing ? A_BOLD : A_DIM);
	rv_buf_reset(&b);
	rv_top_put_head(&b, s->view);
	put_row(s, 2, rv_buf_text(&b) ? b.data : "", A_REVERSE);
	rv_buf_free(&b);
}

#define ROWS_ABOVE 3

static void draw_lines(struct screen *s)
{
	int rows = ncurses_lib.getmaxy(s->window) - ROWS_ABOVE;
	const struct rv_top_line **list = rv_top_select(&s->sample[s->now], s->view, &s->shown);
	struct rv_buf b = RV_BUF_INIT;

	if (!list)
		return;
	if (s->first + (rows > 0 ? (size_t)rows : 0) > s->shown)
		s->first = s->shown > (size_t)rows && rows > 0 ? s->shown - (size_t)rows : 0;
	for (int i = 0; i < rows && s->first + (size_t)i < s->shown; i++) {
		const struct rv_top_line *l = list[s->first + (size_t)i];
		chtype color = l->drops ? COLOR_PAIR(DROPS) : COLOR_PAIR(PLAIN);

		rv_buf_reset(&b);
		rv_top_put_line(&b, l);
		put_row(s, ROWS_ABOVE + i, rv_buf_text(&b) ? b.data : "",
			color | (l->packets > 0 ? A_BOLD : A_NORMAL));
	}
	rv_buf_free(&b);
	free(list);
}

static void draw_help(struct screen *s)
{
	static const char *const text[] = {
		"q           quit",
		"/           filter by text; Enter ends the input, Escape clears the filter",
		"s           change the sort order: packets/s, bytes/s, packets, bytes, place",
		"p b P B o   sort by packets/s, bytes/s, packets, bytes, place",
		"d           rules and policies that drop or reject first",
		"c           totals of chains instead of rules",
		"t           the next table, or all",
		"4 6         IPv4 rules, IPv6 rules, or both",
		"+ -         double and halve the interval",
		"space       pause and continue",
		"arrows, Page Up and Down, Home, End: scroll",
	};

	for (unsigned int i = 0; i < sizeof(text) / sizeof(*text); i++)
		put_row(s, ROWS_ABOVE + (int)i, text[i], A_NORMAL);
}

static void draw(struct screen *s)
{
	ncurses_lib.werase(s->window);
	if (s->help)
		draw_help(s);
	else
		draw_lines(s);
	draw_top(s);
	ncurses_lib.wrefresh(s->window);
}

/* ---- keys --------------------------------------------------------------------------------------- */

static void type_key(struct screen *s, int key)
{
	size_t len = strlen(s->filter);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		s->typing = false;
	} else if (key == 27 /* Escape */) {
		s->typing = false;
		s->filter[0] = '\0';
	} else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		if (len)
			s->filter[len - 1] = '\0';
	} else if (key >= ' ' && key < 256 && len + 1 < sizeof(s->filter)) {
		s->filter[len] = (char)key;
		s->filter[len + 1] = '\0';
	}
	s->first = 0;
}

static void next_table(struct rv_top_view *v)
{
	const struct rv_table_def *next = v->table ? v->table + 1 : rv_table_defs;

	v->table = next->name ? next : NULL;
}

/* Toggles between one family and both. */
static void toggle_family(struct rv_top_view *v, bool ip6)
{
	bool alone = v->ip != v->ip6 && v->ip6 == ip6;

	v->ip = alone || !ip6;
	v->ip6 = alone || ip6;
}

/* Number of lines the key scrolls. */
static long scroll_of(const struct screen *s, int key)
{
	long page = ncurses_lib.getmaxy(s->window) - ROWS_ABOVE - 1;

	switch (key) {
	case KEY_UP:
		return -1;
	case KEY_DOWN:
		return 1;
	case KEY_PPAGE:
		return -page;
	case KEY_NPAGE:
		return page;
	case KEY_HOME:
		return -(long)s->shown;
	case KEY_END:
		return (long)s->shown;
	default:
		return 0;
	}
}

static const char order_keys[] = "pbPBo";	/* index: enum rv_top_order */

/* Keys that change what is read, so that a new sample is needed. Returns whether it was one. */
static bool read_key(struct rv_top_view *v, int key)
{
	switch (key) {
	case 'c':
		v->chains = !v->chains;
		return true;
	case 't':
		next_table(v);
		return true;
	case '4':
	case '6':
		toggle_family(v, key == '6');
		return true;
	default:
		return false;
	}
}

static void show_key(struct screen *s, int key)
{
	const char *order = key > 0 && key < 128 ? strchr(order_keys, key) : NULL;
	long by = scroll_of(s, key);

	if (order)
		s->view->order = (enum rv_top_order)(order - order_keys);
	else if (key == 's')
		s->view->order = (s->view->order + 1) % (RV_TOP_PLACE + 1);
	else if (key == 'd')
		s->view->drops = !s->view->drops;
	else if (key == ' ')
		s->paused = !s->paused;
	else if (key == '/')
		s->typing = true;
	else if (key == '?' || key == 'h')
		s->help = !s->help;
	else if (key == '+' && s->interval < 60000)
		s->interval *= 2;
	else if (key == '-' && s->interval >= 200)
		s->interval /= 2;
	s->first = by < 0 && (size_t)-by > s->first ? 0 : s->first + (size_t)by;
}

/* ---- main loop ------------------------------------------------------------------------------- */

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int take_sample(struct screen *s, bool rates, struct rv_error *err)
{
	struct rv_top_sample *before = &s->sample[s->now], *next = &s->sample[!s->now];

	rv_top_free(next);
	if (rv_top_read(next, s->cli, s->view, rates ? before : NULL, err))
		return -1;
	s->now = !s->now;
	return 0;
}

static int loop(struct screen *s, struct rv_error *err)
{
	int64_t due = clock_ms() + s->interval, left;
	int key;

	if (take_sample(s, false, err))
		return -1;
	for (;;) {
		draw(s);
		left = due - clock_ms();
		ncurses_lib.wtimeout(s->window, left > 0 ? (int)left : 0);
		key = ncurses_lib.wgetch(s->window);
		if (s->typing && key != ERR)
			type_key(s, key);
		else if (key == 'q' || key == 3 /* Control-C */)
			return 0;
		else if (read_key(s->view, key)) {
			if (take_sample(s, false, err))
				return -1;
		} else
			show_key(s, key);
		if (clock_ms() < due)
			continue;
		if (!s->paused && take_sample(s, true, err))
			return -1;
		due = clock_ms() + s->interval;
	}
}

int rv_top_screen(struct rv_cli *cli, struct rv_top_view *v, unsigned int interval, struct rv_error *err)
{
	struct screen s = { .cli = cli, .view = v, .interval = interval };
	int rc;

	if (rv_library_load(&ncurses_library, err))
		return -1;
	snprintf(s.filter, sizeof(s.filter), "%s", v->filter ? v->filter : "");
	v->filter = s.filter;
	setlocale(LC_CTYPE, "");
	s.window = ncurses_lib.initscr();
	ncurses_lib.cbreak();
	ncurses_lib.noecho();
	ncurses_lib.keypad(s.window, true);
	ncurses_lib.curs_set(0);
	if (ncurses_lib.has_colors()) {
		ncurses_lib.start_color();
		ncurses_lib.use_default_colors();
		ncurses_lib.init_pair(DROPS, COLOR_RED, -1);
	}
	rc = loop(&s, err);
	ncurses_lib.endwin();
	v->filter = NULL;
	rv_top_free(&s.sample[0]);
	rv_top_free(&s.sample[1]);
	return rc;
}
