/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the engine. The same files are built into the module, in debug builds, and into a
 * program with sanitizers; so they see nothing but the engine, its port, and packets in memory.
 */
#ifndef RAVELIN_TESTS_ENGINE_H
#define RAVELIN_TESTS_ENGINE_H

#include "../../kernel/engine/internal.h"
#include "../../kernel/user/user.h"

struct rv_test {
	const char *name;		/* NULL ends the table */
	void (*run)(void);
};

extern const struct rv_test rv_tests_check[], rv_tests_run[], rv_tests_match[], rv_tests_state[],
	rv_tests_target[], rv_tests_call[];

/*
 * Runs all of them, and calls say with each one's name and the first line that was not as expected,
 * 0 if it passed. Returns how many failed.
 */
unsigned int rv_engine_selftest(void (*say)(const char *name, unsigned int failed_line));

/* A slot count that suffices wherever the tests run. */
extern unsigned int rv_test_slots;

void rv_test_fail(unsigned int line);
#define EXPECT(what)	do { if (!(what)) rv_test_fail(__LINE__); } while (0)

/* ---- blobs ---------------------------------------------------------------------------------- */

#define RV_BLOB_ROOM	(256 << 10)

/* A table that is being written, in the order of the ABI. */
struct rv_blob {
	uint8_t *bytes;			/* RV_BLOB_ROOM of them: struct rvk_replace, rvk_table, entries */
	struct rvk_table *head;
	uint8_t *entries;
	uint32_t open;			/* offset of the entry that is being written */
};

void rv_blob_start(struct rv_blob *b, uint8_t family, const char *table);
void rv_blob_free(struct rv_blob *b);
/* The base chain of a hook begins, or ends with its policy. */
void rv_blob_hook(struct rv_blob *b, unsigned int hook);
void rv_blob_policy(struct rv_blob *b, unsigned int hook, int verdict);
/* A user chain begins; returns the offset to jump to. rv_blob_rule() and rv_blob_verdict(RVK_RETURN) end it. */
uint32_t rv_blob_chain(struct rv_blob *b, const char *name);
/* Base chains without rules for all hooks of the table, of which hook's is open when this returns. */
void rv_blob_rules_at(struct rv_blob *b, unsigned int hook);
/* Ends that chain with accept, and makes the ones behind it. */
void rv_blob_rules_end(struct rv_blob *b, unsigned int hook);
/* A rule begins; ip to be filled in. */
struct rvk_ip *rv_blob_rule(struct rv_blob *b);
struct rvk_element *rv_blob_data(struct rv_blob *b, unsigned int kind, const char *name,
				 unsigned int revision, const void *data, uint32_t size);
struct rvk_predicate *rv_blob_predicate(struct rv_blob *b, const char *name, unsigned int sel,
					unsigned int op, unsigned int len, const void *value,
					const void *other);
/* Its target, which ends it. Returns where the verdict stands, for jumps to what is not yet there. */
struct rvk_verdict *rv_blob_verdict(struct rv_blob *b, int verdict);
void rv_blob_target(struct rv_blob *b, const char *name, unsigned int revision, const void *data,
		    uint32_t size);
/* Base chains up to the hook's, whose first rule drops what the match fits. Returns the match. */
struct rvk_element *rv_blob_drop_at(struct rv_blob *b, unsigned int hook, const char *name,
				    unsigned int revision, const void *data, uint32_t size);
/* Entry n of it. */
struct rvk_entry *rv_blob_entry(struct rv_blob *b, uint32_t n);
/* Puts it in the place of the table that had this generation and count. Returns 0 or -Exxx, and why. */
int rv_blob_send(struct rv_blob *b, struct rv_engine *e, const struct rvk_table *old,
		 struct rvk_refusal *why);
/* The same of the table that is there. */
int rv_blob_replace(struct rv_blob *b, struct rv_engine *e, struct rvk_refusal *why);
/* Ends the base chains, of which hook's is open, puts it there and frees it. Returns as those do. */
int rv_blob_finish(struct rv_blob *b, unsigned int hook, struct rv_engine *e, struct rvk_refusal *why);
/* Generation and count of the present table. */
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

/* 10.1.2.3 to 10.4.5.6, or fd00::1 to fd00::2: protocol, ports 1000 and 80, payload "ravelin" */
void rv_test_packet(struct rv_test_packet *t, uint8_t family, uint8_t proto, unsigned int hook);
/* Is its transport checksum right, and in IPv4 that of its header? */
bool rv_test_checksums(const struct rv_test_packet *t);
/* Puts right ones there. */
void rv_test_sum(struct rv_test_packet *t);

#endif
