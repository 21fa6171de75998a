/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A match is registered and unregistered repeatedly while threads run packets through tables that
 * may use it: it must never be called while unregistered.
 */
#include "tests/engine/test.h"
#include "tests/engine/user/user.h"

#define THREADS	2
#define ROUNDS	300
#define PATIENCE 100000	/* rounds until packets and the other thread were active */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;	/* serialises registration and
								 * its flag */
static bool there, stop;
static unsigned long calls, ghosts, taken_out;

static bool match_there(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)pkt;
	(void)data;
	(void)state;
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&there, __ATOMIC_RELAXED))
		__atomic_add_fetch(&ghosts, 1, __ATOMIC_RELAXED);
	return true;
}

static struct rv_handler come_and_go = {
	.name = "come_and_go", .kind = RVK_KIND_MATCH, .match = match_there,
};

static void *run_packets(void *engine)
{
	struct rv_test_packet t;

	rv_test_packet(&t, NFPROTO_IPV4, 6, NF_INET_LOCAL_IN);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL);
	return NULL;
}

static void *take_out(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		pthread_mutex_lock(&turn);
		if (!rv_unregister_match(&come_and_go)) {
			__atomic_store_n(&there, false, __ATOMIC_RELAXED);
			__atomic_add_fetch(&taken_out, 1, __ATOMIC_RELAXED);
		}
		pthread_mutex_unlock(&turn);
	}
	return arg;
}

static int put_in(void)
{
	int rc;

	pthread_mutex_lock(&turn);
	rc = rv_register_match(&come_and_go);
	if (!rc)
		__atomic_store_n(&there, true, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&turn);
	return rc;
}

static int replace(struct rv_engine *e, bool use)
{
	struct rv_blob b;

	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_rules_at(&b, NF_INET_LOCAL_IN);
	rv_blob_rule(&b);
	if (use)
		rv_blob_data(&b, RVK_KIND_MATCH, come_and_go.name, 0, "", 0);
	rv_blob_verdict(&b, RVK_CONTINUE);
	return rv_blob_finish(&b, NF_INET_LOCAL_IN, e, NULL);
}

static bool came_between(void)
{
	return __atomic_load_n(&calls, __ATOMIC_RELAXED) && __atomic_load_n(&taken_out, __ATOMIC_RELAXED);
}

/* It is still registered, or was unregistered before the table could use it. */
static unsigned int change_often(struct rv_engine *e)
{
	for (unsigned int i = 0; i < ROUNDS || (i < PATIENCE && !came_between()); i++) {
		int rc = put_in();

		if (rc && rc != -EEXIST)
			return __LINE__;
		rc = replace(e, true);
		if (rc && rc != -ENOENT)
			return __LINE__;
		if (replace(e, false))
			return __LINE__;
	}
	return 0;
}

unsigned int rv_test_registering(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	pthread_t threads[THREADS + 1];
	unsigned int line;

	for (unsigned int i = 0; i <= THREADS; i++)
		pthread_create(&threads[i], NULL, i < THREADS ? run_packets : take_out, e);
	line = change_often(e);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
	rv_engine_free(e);
	rv_unregister_match(&come_and_go);
	if (!line && (ghosts || !calls || !taken_out))
		line = __LINE__;
	return line;
}
