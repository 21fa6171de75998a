/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the engine, built into debug builds of the module and into a user-space program with
 * sanitizers. They use only the engine, its port layer, and packets in memory.
 */
#ifndef RAVELIN_TESTS_ENGINE_H
#define RAVELIN_TESTS_ENGINE_H

#include "../../kernel/engine/internal.h"
#include "../../kernel/user/user.h"

struct rv_test {
	const char *name;		/* NULL ends the array */
	void (*run)(void);
};

extern const struct rv_test rv_tests_check[], rv_tests_run[], rv_tests_match[], rv_tests_state[],
	rv_tests_target[], rv_tests_call[], rv_tests_ct[], rv_tests_ct_tcp[],
	rv_tests_ct_rules[], rv_tests_lookup[];

/*
 * Runs all tests and calls say with the name of each and the line of its first failure, 0 if it
 * passed. Returns the number of failures.
 */
unsigned int rv_engine_selftest(void (*say)(const char *name, unsigned int failed_line));

/* Sufficient number of slots for rv_engine_new(). */
extern unsigned int rv_test_slots;

void rv_test_fail(unsigned int line);
#define EXPECT(what)	do { if (!(what)) rv_test_fail(__LINE__); } while (0)

/* ---- tables ------------------------------------------------------------------------------- */

#define RV_BLOB_ROOM	(256 << 10)

/* A table being built, in ABI order. */
struct rv_blob {
	uint8_t *bytes;			/* RV_BLOB_ROOM bytes: struct rvk_replace, rvk_table,
					 * entries */
	struct rvk_table *head;
	uint8_t *entries;
	uint32_t open;			/* offset of the current entry */
};

void rv_blob_start(struct rv_blob *b, uint8_t family, const char *table);
void rv_blob_free(struct rv_blob *b);
/* Start the base chain of a hook, or end it with its policy. */
void rv_blob_hook(struct rv_blob *b, unsigned int hook);
void rv_blob_policy(struct rv_blob *b, unsigned int hook, int verdict);
/*
 * Starts a user chain and returns its offset for jumps. End it with rv_blob_rule() and
 * rv_blob_verdict(RVK_RETURN).
 */
uint32_t rv_blob_chain(struct rv_blob *b, const char *name);
/* Adds base chains for all hooks of the table up to hook, which is left open. */
void rv_blob_rules_at(struct rv_blob *b, unsigned int hook);
/* Ends that chain with accept and adds the remaining ones. */
void rv_blob_rules_end(struct rv_blob *b, unsigned int hook);
/* Starts a rule; the caller fills in the IP part. */
struct rvk_ip *rv_blob_rule(struct rv_blob *b);
struct rvk_element *rv_blob_data(struct rv_blob *b, unsigned int kind, const char *name,
				 unsigned int revision, const void *data, uint32_t size);
struct rvk_predicate *rv_blob_predicate(struct rv_blob *b, const char *name, unsigned int sel,
					unsigned int op, unsigned int len, const void *value,
					const void *other);
/* Adds the target, which ends the rule. Returns its verdict, to patch forward jumps. */
struct rvk_verdict *rv_blob_verdict(struct rv_blob *b, int verdict);
void rv_blob_target(struct rv_blob *b, const char *name, unsigned int revision, const void *data,
		    uint32_t size);
/*
 * Adds base chains up to the hook's, whose first rule drops packets that the match fits. Returns
 * the match.
 */
struct rvk_element *rv_blob_drop_at(struct rv_blob *b, unsigned int hook, const char *name,
				    unsigned int revision, const void *data, uint32_t size);
/* Entry n. */
struct rvk_entry *rv_blob_entry(struct rv_blob *b, uint32_t n);
/* Replaces the table with that generation and count. Returns 0 or -Exxx and the reason. */
int rv_blob_send(struct rv_blob *b, struct rv_engine *e, const struct rvk_table *old,
		 struct rvk_refusal *why);
/* Replaces the current table. */
int rv_blob_replace(struct rv_blob *b, struct rv_engine *e, struct rvk_refusal *why);
/*
 * Ends the base chains, of which hook's is open, replaces the table and frees b. Returns like the
 * above.
 */
int rv_blob_finish(struct rv_blob *b, unsigned int hook, struct rv_engine *e, struct rvk_refusal *why);
/* Header of the current table. */
struct rvk_table rv_test_info(struct rv_engine *e, uint8_t family, const char *table);
/* Counters of entry n. */
struct rvk_counters rv_test_counters(struct rv_engine *e, uint8_t family, const char *table,
				     uint32_t n);

/* ---- packets ------------------------------------------------------------------------------------ */

#define RV_PACKET_ROOM 256

struct rv_test_packet {
	struct rv_user_packet p;
	uint8_t bytes[RV_PACKET_ROOM];
};

/* 10.1.2.3 to 10.4.5.6, or fd00::1 to fd00::2; protocol; ports 1000 and 80; payload "ravelin". */
void rv_test_packet(struct rv_test_packet *t, uint8_t family, uint8_t proto, unsigned int hook);
/* Whether the transport checksum, and in IPv4 the header checksum, are correct. */
bool rv_test_checksums(const struct rv_test_packet *t);
/* Sets correct checksums. */
void rv_test_sum(struct rv_test_packet *t);

#endif
