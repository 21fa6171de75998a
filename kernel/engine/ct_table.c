/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash table of connections. Readers take no lock: each chain ends with a marker that
 * identifies its bucket and table, so that a reader detects that its current node was moved to
 * another chain. Writers take a lock selected by the low bits of the hash, which is the same lock
 * for all table sizes.
 */
#include "ct.h"

#define LOCKS		1024
#define BUCKETS_MAX	(1U << 24)
#define CHAIN_MAX	80	/* most nodes of a bucket: 50 plus a random number up to 30 */
#define CHAIN_SPREAD	31
#define EVICT_BUCKETS	8	/* nodes to examine for a connection to evict */
#define NEARLY_FULL	95	/* percent full: collect closing connections */

struct rv_buckets {
	uint32_t mask;			/* number of buckets - 1 */
	uint32_t turn;			/* number of resizes; its parity is in the end markers */
	struct rv_node *heads[];
};

/* Shared by all trackers: locks of buckets, and of connections (chosen by their address). */
static struct rv_lock locks[LOCKS], conn_locks[LOCKS];
static struct rv_lock first_use = RV_LOCK_INIT(first_use);
static bool locks_made;

static void make_locks(void)
{
	rv_lock(&first_use);
	for (unsigned int i = 0; i < LOCKS && !locks_made; i++) {
		rv_lock_init(&locks[i]);
		rv_lock_init(&conn_locks[i]);
	}
	locks_made = true;
	rv_unlock(&first_use);
}

uint64_t rv_ct_now(void)
{
	return rv_clock(RV_CLOCK_COARSE);
}

uint32_t rv_ct_hash(const struct rv_ct *ct, const struct rv_tuple *t)
{
	return (uint32_t)rv_siphash(t->words, RV_TUPLE_WORDS, ct->key);
}

static struct rv_lock *conn_lock(const struct rv_conn *c)
{
	return &conn_locks[(uintptr_t)c / 64 % LOCKS];
}

void rv_conn_lock(const struct rv_ct *ct, const struct rv_conn *c)
{
	(void)ct;
	rv_lock(conn_lock(c));
}

void rv_conn_unlock(const struct rv_ct *ct, const struct rv_conn *c)
{
	(void)ct;
	rv_unlock(conn_lock(c));
}

/* ---- nodes ------------------------------------------ */

static struct rv_node *marker(const struct rv_buckets *b, uint32_t bucket)
{
	return (struct rv_node *)((uintptr_t)bucket << 2 | (b->turn & 1) << 1 | 1);
}

static bool is_marker(const struct rv_node *n)
{
	return (uintptr_t)n & 1;
}

static enum rv_ct_dir node_dir(const struct rv_node *n)
{
	return rv_relaxed(n->tuple.kind) & RV_KIND_REPLY ? RV_CT_REPLY : RV_CT_ORIGINAL;
}

static struct rv_conn *conn_of(struct rv_node *n, enum rv_ct_dir dir)
{
	return (struct rv_conn *)(void *)(n - dir);
}

/* Returns whether the node has the tuple and belongs to one of the directions dirs (bits). */
static bool node_is(const struct rv_node *n, const struct rv_tuple *t, unsigned int dirs)
{
	const uint32_t kind = rv_relaxed(n->tuple.kind);

	if ((kind & ~(uint32_t)RV_KIND_REPLY) != t->kind)
		return false;
	for (unsigned int i = 0; i < RV_TUPLE_WORDS - 1; i++)
		if (rv_relaxed(n->tuple.words[i]) != t->words[i])
			return false;
	return dirs >> (kind & RV_KIND_REPLY ? RV_CT_REPLY : RV_CT_ORIGINAL) & 1;
}

static bool get_conn(struct rv_conn *c)
{
	uint32_t refs = rv_relaxed(c->refs);

	while (refs)
		if (__atomic_compare_exchange_n(&c->refs, &refs, refs + 1, true, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

void rv_conn_put(struct rv_ct *ct, struct rv_conn *c)
{
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	__atomic_fetch_sub(&ct->count, 1, __ATOMIC_RELAXED);
	rv_pool_put(ct->pool, c);
}

static void put_tuple(struct rv_conn *c, enum rv_ct_dir dir, const struct rv_tuple *t)
{
	for (unsigned int i = 0; i < RV_TUPLE_WORDS - 1; i++)
		rv_set_relaxed(c->nodes[dir].tuple.words[i], t->words[i]);
	rv_set_relaxed(c->nodes[dir].tuple.kind,
		       t->kind | (dir == RV_CT_REPLY ? RV_KIND_REPLY : 0));
}

static bool is_expired(const struct rv_conn *c, uint64_t now)
{
	return rv_conn_confirmed(c) && rv_relaxed(c->expires) <= now;
}

/* ---- lookup ------------------------------------------ */

/* Takes a reference if the connection still has the tuple: the memory may have been reused. */
static bool get_same(struct rv_ct *ct, struct rv_node *n, const struct rv_tuple *t, unsigned int dirs)
{
	struct rv_conn *c = conn_of(n, node_dir(n));

	if (!get_conn(c))
		return false;
	if ((rv_conn_status(c) & (IPS_CONFIRMED | IPS_DYING)) == IPS_CONFIRMED && node_is(n, t, dirs))
		return true;
	rv_conn_put(ct, c);
	return false;
}

/*
 * Finds the node with the tuple in a chain and takes a reference to its connection. Returns NULL
 * if there is none, with *lost set if the reader ended in another chain, so must search again.
 */
static struct rv_node *search(struct rv_ct *ct, const struct rv_buckets *b, uint32_t bucket,
			      const struct rv_tuple *t, unsigned int dirs, bool *lost)
{
	struct rv_node *n = rv_deref(b->heads[bucket]);

	for (; !is_marker(n); n = rv_deref(n->next))
		if (node_is(n, t, dirs) && get_same(ct, n, t, dirs))
			return n;
	*lost = n != marker(b, bucket);
	return NULL;
}

/* Searches a bucket that the caller has locked, so that its nodes do not move. */
static struct rv_node *search_locked(const struct rv_ct *ct, uint32_t hash, const struct rv_tuple *t,
				     unsigned int dirs)
{
	const struct rv_buckets *tables[2] = { rv_deref(ct->now), rv_deref(ct->before) };
	struct rv_node *n = NULL;

	for (unsigned int i = 0; i < 2 && !n; i++) {
		if (!tables[i])
			continue;
		for (n = tables[i]->heads[hash & tables[i]->mask]; !is_marker(n); n = n->next)
			if (node_is(n, t, dirs))
				break;
		if (is_marker(n))
			n = NULL;
	}
	return n;
}

static struct rv_node *find_locked(struct rv_ct *ct, uint32_t hash, const struct rv_tuple *t,
				   unsigned int dirs)
{
	struct rv_lock *lock = &locks[hash & ct->lock_mask];
	struct rv_node *n;

	rv_lock(lock);
	n = search_locked(ct, hash, t, dirs);
	/* The table holds a reference to each connection in a chain. */
	if (n)
		__atomic_fetch_add(&conn_of(n, node_dir(n))->refs, 1, __ATOMIC_RELAXED);
	rv_unlock(lock);
	return n;
}

/* Searches again if nothing was found while a resize was in progress. */
static struct rv_node *find_node(struct rv_ct *ct, uint32_t hash, const struct rv_tuple *t,
				 unsigned int dirs)
{
	for (;;) {
		const struct rv_buckets *b = rv_deref(ct->now);
		bool lost = false;
		struct rv_node *n = search(ct, b, hash & b->mask, t, dirs, &lost);

		if (n)
			return n;
		if (!lost && (rv_deref(ct->now) != b || rv_deref(ct->before)))
			return find_locked(ct, hash, t, dirs);
		if (!lost)
			return NULL;
	}
}

struct rv_conn *rv_ct_find(struct rv_ct *ct, const struct rv_tuple *t, unsigned int dirs,
			   enum rv_ct_dir *dir)
{
	const uint32_t hash = rv_ct_hash(ct, t);

	for (;;) {
		struct rv_conn *c = NULL;
		struct rv_node *n;

		rv_read_begin();
		n = find_node(ct, hash, t, dirs);
		if (n)
			c = conn_of(n, node_dir(n));
		rv_read_end();
		if (!c)
			return NULL;
		*dir = node_dir(n);
		if (!is_expired(c, rv_ct_now()))
			return c;
		rv_ct_kill(ct, c);
		rv_conn_put(ct, c);
	}
}

/* ---- changes ------------------------------------------ */

/* The locks for a connection's two tuples, in the order of locking, and their hashes. */
struct both {
	struct rv_lock *first, *second;	/* second: NULL if both tuples have the same lock */
	uint32_t hash[RV_CT_DIRS];
};

static void lock_both(const struct rv_ct *ct, const struct rv_conn *c, struct both *b)
{
	uint32_t low, high;

	for (unsigned int dir = 0; dir < RV_CT_DIRS; dir++) {
		const struct rv_tuple t = rv_conn_tuple(c, dir);

		b->hash[dir] = rv_ct_hash(ct, &t);
	}
	low = b->hash[0] & ct->lock_mask;
	high = b->hash[1] & ct->lock_mask;
	if (low > high) {
		low = b->hash[1] & ct->lock_mask;
		high = b->hash[0] & ct->lock_mask;
	}
	b->first = &locks[low];
	b->second = low == high ? NULL : &locks[high];
	rv_read_begin();
	rv_lock(b->first);
	if (b->second)
		rv_lock_second(b->second);
}

static void unlock_both(const struct both *b)
{
	if (b->second)
		rv_unlock_second(b->second);
	rv_unlock(b->first);
	rv_read_end();
}

static void insert_node(struct rv_buckets *b, struct rv_node *n, uint32_t hash)
{
	struct rv_node **head = &b->heads[hash & b->mask];

	rv_publish(n->next, *head);
	rv_publish(*head, n);
}

static bool remove_from(struct rv_buckets *b, struct rv_node *n, uint32_t hash)
{
	struct rv_node **at = &b->heads[hash & b->mask];

	while (!is_marker(*at) && *at != n)
		at = &(*at)->next;
	if (*at != n)
		return false;
	rv_publish(*at, n->next);
	return true;
}

/* Unlinks a node. Keeps n->next: a reader at n must still reach the end of the chain. */
static void remove_node(struct rv_ct *ct, struct rv_node *n, uint32_t hash)
{
	struct rv_buckets *before;

	if (remove_from(rv_deref(ct->now), n, hash))
		return;
	before = rv_deref(ct->before);
	if (before)
		remove_from(before, n, hash);
}

bool rv_ct_kill(struct rv_ct *ct, struct rv_conn *c)
{
	struct both both;
	bool mine, listed;

	lock_both(ct, c, &both);
	mine = rv_conn_set(c, IPS_DYING);
	listed = mine && rv_conn_confirmed(c);
	for (unsigned int dir = 0; listed && dir < RV_CT_DIRS; dir++)
		remove_node(ct, &c->nodes[dir], both.hash[dir]);
	unlock_both(&both);
	if (listed)
		rv_conn_put(ct, c);
	return mine;
}

/* Returns whether the bucket of a hash has more nodes than allowed. Called with its lock held. */
static bool is_long(const struct rv_ct *ct, uint32_t hash)
{
	const uint32_t max = CHAIN_MAX - rv_random() % CHAIN_SPREAD;
	const struct rv_buckets *b = rv_deref(ct->now);
	const struct rv_node *n = b->heads[hash & b->mask];
	uint32_t length = 0;

	for (; !is_marker(n) && length < max; n = n->next)
		length++;
	return length == max;
}

/* Inserts both nodes unless another connection has one of the tuples. Needs both locks. */
static enum rv_confirmed enter(struct rv_ct *ct, struct rv_conn *c, const struct both *both,
			       struct rv_conn **winner)
{
	for (unsigned int dir = 0; dir < RV_CT_DIRS; dir++) {
		const struct rv_tuple t = rv_conn_tuple(c, dir);
		struct rv_node *other = search_locked(ct, both->hash[dir], &t, 3);

		if (!other)
			continue;
		*winner = conn_of(other, node_dir(other));
		__atomic_fetch_add(&(*winner)->refs, 1, __ATOMIC_RELAXED);
		return RV_CONFIRM_CLASH;
	}
	if (is_long(ct, both->hash[0]) || is_long(ct, both->hash[1])) {
		rv_ct_count_one(ct, chain_too_long);
		return RV_CONFIRM_FAILED;
	}
	/* Until now, expires was a duration. */
	rv_set_relaxed(c->expires, rv_ct_now() + c->expires);
	if (ct->config.timestamp)
		c->started = rv_clock(RV_CLOCK_UTC);
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_or(&c->status, IPS_CONFIRMED, __ATOMIC_RELEASE);
	/* Lookups find the last one inserted: if both tuples are equal, the reply, as in Linux. */
	insert_node(rv_deref(ct->now), &c->nodes[RV_CT_ORIGINAL], both->hash[RV_CT_ORIGINAL]);
	insert_node(rv_deref(ct->now), &c->nodes[RV_CT_REPLY], both->hash[RV_CT_REPLY]);
	return RV_CONFIRMED;
}

enum rv_confirmed rv_ct_confirm(struct rv_ct *ct, struct rv_conn *c, struct rv_conn **winner)
{
	enum rv_confirmed done = RV_CONFIRM_FAILED;
	struct both both;

	lock_both(ct, c, &both);
	/* A clone of the packet may have been confirmed already. */
	if (rv_conn_confirmed(c))
		done = RV_CONFIRMED;
	else if (!(rv_conn_status(c) & IPS_DYING))
		done = enter(ct, c, &both, winner);
	unlock_both(&both);
	if (done == RV_CONFIRMED)
		rv_ct_count_one(ct, insert);
	return done;
}

/* ---- new connections ------------------------------------------ */

/* Takes a reference to the first connection of a bucket for which fn returns true. */
static struct rv_conn *pick(struct rv_ct *ct, const struct rv_buckets *b, uint32_t bucket,
			    bool (*fn)(const struct rv_conn *c, uint64_t now), uint64_t now)
{
	struct rv_lock *lock = &locks[bucket & ct->lock_mask];
	struct rv_conn *found = NULL;

	rv_lock(lock);
	for (struct rv_node *n = b->heads[bucket]; !is_marker(n) && !found; n = n->next) {
		struct rv_conn *c = conn_of(n, node_dir(n));

		if (!fn(c, now))
			continue;
		__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
		found = c;
	}
	rv_unlock(lock);
	return found;
}

static bool is_evictable(const struct rv_conn *c, uint64_t now)
{
	return is_expired(c, now) || !(rv_conn_status(c) & IPS_ASSURED);
}

/* Evicts a connection that is not ASSURED from a bucket near the hash. */
static bool evict(struct rv_ct *ct, uint32_t hash)
{
	const uint64_t now = rv_ct_now();
	bool done = false;

	for (uint32_t i = 0; i < EVICT_BUCKETS && !done; i++) {
		const struct rv_buckets *b;
		struct rv_conn *c;

		rv_read_begin();
		b = rv_deref(ct->now);
		c = pick(ct, b, (hash + i) & b->mask, is_evictable, now);
		rv_read_end();
		if (!c)
			continue;
		done = rv_ct_kill(ct, c);
		rv_conn_put(ct, c);
	}
	if (done)
		rv_ct_count_one(ct, early_drop);
	return done;
}

struct rv_conn *rv_conn_new(struct rv_ct *ct, const struct rv_tuple *original,
			    const struct rv_tuple *reply)
{
	struct rv_conn *c = NULL;

	if (__atomic_add_fetch(&ct->count, 1, __ATOMIC_RELAXED) <= ct->config.max ||
	    evict(ct, rv_ct_hash(ct, original)))
		c = rv_pool_get(ct->pool);
	if (!c) {
		__atomic_fetch_sub(&ct->count, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	/*
	 * Readers of the previous connection in this memory may still access nodes, status and
	 * time.
	 */
	rv_set_relaxed(c->status, 0);
	rv_set_relaxed(c->expires, 0);
	put_tuple(c, RV_CT_ORIGINAL, original);
	put_tuple(c, RV_CT_REPLY, reply);
	memset((char *)c + offsetof(struct rv_conn, mark), 0,
	       sizeof(*c) - offsetof(struct rv_conn, mark));
	c->serial = __atomic_add_fetch(&ct->made, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->refs, 1, __ATOMIC_RELEASE);
	return c;
}

/* ---- collecting ------------------------------------------ */

static bool is_over(const struct rv_conn *c, uint64_t now)
{
	return is_expired(c, now);
}

static bool is_over_or_closing(const struct rv_conn *c, uint64_t now)
{
	return is_expired(c, now) || rv_ct_closing(c);
}

static bool is_any(const struct rv_conn *c, uint64_t now)
{
	(void)c;
	(void)now;
	return true;
}

/* Removes the connections of a bucket for which fn returns true. */
static void collect(struct rv_ct *ct, uint32_t bucket,
		    bool (*fn)(const struct rv_conn *c, uint64_t now), uint64_t now)
{
	struct rv_conn *c;

	do {
		const struct rv_buckets *b;

		rv_read_begin();
		b = rv_deref(ct->now);
		c = pick(ct, b, bucket & b->mask, fn, now);
		rv_read_end();
		if (c) {
			rv_ct_kill(ct, c);
			rv_conn_put(ct, c);
		}
	} while (c);
}

void rv_ct_gc(struct rv_ct *ct, uint32_t n)
{
	const bool full = (uint64_t)rv_ct_count(ct) * 100 >= (uint64_t)ct->config.max * NEARLY_FULL;
	const uint64_t now = rv_ct_now();

	while (n--)
		collect(ct, ct->gc_next++, full ? is_over_or_closing : is_over, now);
}

/* ---- the table ------------------------------------------ */

static struct rv_buckets *make_buckets(uint32_t n, uint32_t turn)
{
	struct rv_buckets *b = rv_alloc(sizeof(*b) + n * sizeof(*b->heads), true);

	if (!b)
		return NULL;
	b->mask = n - 1;
	b->turn = turn;
	for (uint32_t i = 0; i < n; i++)
		b->heads[i] = marker(b, i);
	return b;
}

/* Moves the nodes of a bucket, whose lock is the same in both tables. */
static void move_bucket(struct rv_ct *ct, struct rv_buckets *from, struct rv_buckets *to, uint32_t bucket)
{
	struct rv_lock *lock = &locks[bucket & ct->lock_mask];
	struct rv_node *n;

	rv_lock(lock);
	while (!is_marker(n = from->heads[bucket])) {
		struct rv_tuple t = n->tuple;

		t.kind &= ~(uint32_t)RV_KIND_REPLY;
		rv_publish(from->heads[bucket], n->next);
		insert_node(to, n, rv_ct_hash(ct, &t));
	}
	rv_unlock(lock);
}

int rv_ct_resize(struct rv_ct *ct, uint32_t buckets)
{
	struct rv_buckets *old = ct->now, *b;

	if (!buckets || buckets & (buckets - 1) || buckets > BUCKETS_MAX)
		return -EINVAL;
	/* The number of locks does not change with the number of buckets. */
	if (buckets <= ct->lock_mask)
		buckets = ct->lock_mask + 1;
	b = make_buckets(buckets, old->turn + 1);
	if (!b)
		return -ENOMEM;
	rv_publish(ct->before, old);
	rv_publish(ct->now, b);
	for (uint32_t i = 0; i <= old->mask; i++) {
		move_bucket(ct, old, b, i);
		rv_rest();
	}
	rv_publish(ct->before, NULL);
	rv_wait_readers();
	rv_free(old);
	return 0;
}

struct rv_ct *rv_ct_new(const struct rv_ct_config *config, unsigned int slots)
{
	struct rv_ct *ct = rv_alloc(sizeof(*ct), true);

	if (!ct)
		return NULL;
	make_locks();
	ct->config = *config;
	ct->slots = slots;
	ct->lock_mask = (config->buckets < LOCKS ? config->buckets : LOCKS) - 1;
	for (unsigned int i = 0; i < 2; i++) {
		ct->key[i] = (uint64_t)rv_random() << 32 | rv_random();
		ct->id_key[i] = (uint64_t)rv_random() << 32 | rv_random();
	}
	ct->pool = rv_pool_new(sizeof(struct rv_conn));
	ct->now = make_buckets(config->buckets, 0);
	ct->stats = rv_alloc(slots * sizeof(*ct->stats), true);
	if (ct->pool && ct->now && ct->stats)
		return ct;
	rv_ct_free(ct);
	return NULL;
}

void rv_ct_free(struct rv_ct *ct)
{
	if (!ct)
		return;
	for (uint32_t i = 0; ct->now && i <= ct->now->mask; i++)
		collect(ct, i, is_any, 0);
	rv_wait_readers();
	rv_pool_free(ct->pool);
	rv_free(ct->now);
	rv_free(ct->stats);
	rv_free(ct);
}

/* rv_ct_each() references at most so many connections of a bucket at a time. */
#define BATCH	(CHAIN_MAX + 1)

static uint32_t get_batch(struct rv_ct *ct, const struct rv_buckets *b, uint32_t bucket,
			  struct rv_conn *batch[BATCH])
{
	struct rv_lock *lock = &locks[bucket & ct->lock_mask];
	uint32_t n = 0;

	rv_lock(lock);
	for (struct rv_node *at = b->heads[bucket]; !is_marker(at) && n < BATCH; at = at->next) {
		if (node_dir(at) != RV_CT_ORIGINAL)
			continue;
		batch[n] = conn_of(at, RV_CT_ORIGINAL);
		__atomic_fetch_add(&batch[n++]->refs, 1, __ATOMIC_RELAXED);
	}
	rv_unlock(lock);
	return n;
}

int rv_ct_each(struct rv_ct *ct, int (*fn)(struct rv_conn *c, void *arg), void *arg)
{
	struct rv_conn *batch[BATCH];
	uint32_t bucket = 0, mask;
	int rc = 0;

	do {
		const struct rv_buckets *b;
		uint32_t n;

		rv_read_begin();
		b = rv_deref(ct->now);
		mask = b->mask;
		n = get_batch(ct, b, bucket & mask, batch);
		rv_read_end();
		for (uint32_t i = 0; i < n; i++) {
			if (!rc && !is_expired(batch[i], rv_ct_now()))
				rc = fn(batch[i], arg);
			rv_conn_put(ct, batch[i]);
		}
		rv_rest();
	} while (!rc && bucket++ < mask);
	return rc;
}

uint32_t rv_ct_count(const struct rv_ct *ct)
{
	return rv_relaxed(ct->count);
}

uint32_t rv_ct_buckets(const struct rv_ct *ct)
{
	return rv_deref(ct->now)->mask + 1;
}

uint32_t rv_conn_id(const struct rv_ct *ct, const struct rv_conn *c)
{
	const struct rv_tuple t = rv_conn_tuple(c, RV_CT_ORIGINAL);
	uint32_t words[RV_TUPLE_WORDS + 2];

	memcpy(words, t.words, sizeof(t.words));
	words[RV_TUPLE_WORDS] = c->serial;
	words[RV_TUPLE_WORDS + 1] = 0;
	return (uint32_t)rv_siphash(words, RV_TUPLE_WORDS + 2, ct->id_key);
}

struct rv_ct_stat rv_ct_stat(const struct rv_ct *ct)
{
	struct rv_ct_stat sum = { 0 };
	__u64 *to = (__u64 *)(void *)&sum;

	for (unsigned int i = 0; i < ct->slots; i++) {
		const __u64 *from = (const __u64 *)(const void *)&ct->stats[i];

		for (size_t n = 0; n < sizeof(sum) / sizeof(*to); n++)
			to[n] += rv_relaxed(from[n]);
	}
	return sum;
}
