/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file backend: atomic replacement of files, and commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ravelin/parser.h>
#include <ravelin/store.h>

#include "backend/file/replace.h"

static char folder[64], path[128];

/* ---- helpers -------------------------------------------------------------------- */

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ravelin-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/rules", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char name[512];
	DIR *d = opendir(folder);

	(void)state;
	if (!d)
		return -1;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.' || e->d_name[1] == 'r')
			unlink(name);
	}
	closedir(d);
	return rmdir(folder);
}

/* Number of files in the directory, to detect leftover temporary files. */
static int count_files(void)
{
	DIR *d = opendir(folder);
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_holds(const char *name, const char *text)
{
	char got[4096];
	int fd = open(name, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, got, sizeof(got) - 1);
	assert_true(n >= 0);
	got[n] = '\0';
	close(fd);
	assert_string_equal(got, text);
}

static struct stat status(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st;
}

/* Opens for writing, replaces, closes. */
static int replace(const char *name, const char *text, struct rv_error *err)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_file f;
	int rc;

	memset(err, 0, sizeof(*err));
	if (rv_file_open(&f, name, true, 100, err) < 0)
		return -1;
	rv_buf_puts(&b, text);
	rc = rv_file_replace(&f, &b, err);
	rv_file_close(&f);
	rv_buf_free(&b);
	return rc;
}

/* ---- replacement ----------------------------------------------------------------- */

static void test_new_file_is_private(void **state)
{
	mode_t old = umask(0);
	struct rv_error err;

	(void)state;
	assert_int_equal(replace(path, "one\n", &err), 0);
	umask(old);
	assert_holds(path, "one\n");
	assert_int_equal(status(path).st_mode & 07777, 0600);
	assert_int_equal(count_files(), 1);
}

static void test_mode_and_owner_stay(void **state)
{
	struct rv_error err;
	struct stat st;

	(void)state;
	put(path, "old\n", 0644);
	if (geteuid() == 0)
		assert_int_equal(chown(path, 12, 34), 0);
	st = status(path);
	assert_int_equal(replace(path, "new\n", &err), 0);
	assert_holds(path, "new\n");
	assert_int_equal(status(path).st_mode, st.st_mode);
	assert_int_equal(status(path).st_uid, st.st_uid);
	assert_int_equal(status(path).st_gid, st.st_gid);
	assert_int_equal(count_files(), 1);
}

static void test_links_are_followed(void **state)
{
	char first[192], second[192];
	struct rv_error err;
	struct stat st;

	(void)state;
	snprintf(first, sizeof(first), "%s/first", folder);
	snprintf(second, sizeof(second), "%s/second", folder);
	assert_int_equal(symlink("second", first), 0);
	assert_int_equal(symlink("rules", second), 0);
	/* The link's target does not exist, then it does. */
	assert_int_equal(replace(first, "one\n", &err), 0);
	assert_holds(path, "one\n");
	assert_int_equal(replace(first, "two\n", &err), 0);
	assert_holds(path, "two\n");
	assert_int_equal(lstat(first, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_files(), 3);
}

static void test_link_loop(void **state)
{
	struct rv_error err;

	(void)state;
	assert_int_equal(symlink("rules", path), 0);
	assert_int_equal(replace(path, "x", &err), -1);
	assert_non_null(strstr(err.text, "Too many levels of symbolic links"));
}

static void test_no_folder(void **state)
{
	struct rv_error err;
	char name[192];

	(void)state;
	snprintf(name, sizeof(name), "%s/none/rules", folder);
	assert_int_equal(replace(name, "x", &err), -1);
	assert_non_null(strstr(err.text, name));
	assert_non_null(strstr(err.text, "No such file or directory"));
	assert_int_equal(rv_error_exit(&err), RV_EXIT_RESOURCE);
}

static void test_only_regular_files(void **state)
{
	struct rv_error err;

	(void)state;
	assert_int_equal(replace(folder, "x", &err), -1);
	assert_non_null(strstr(err.text, "not a regular file"));
	assert_int_equal(replace("/dev/null", "x", &err), -1);
	assert_non_null(strstr(err.text, "not a regular file"));
}

/* Root may write any file, so the test switches to another user. */
static void test_unwritable(void **state)
{
	struct rv_error err;
	uid_t me = geteuid();

	(void)state;
	put(path, "old\n", 0444);
	if (me == 0) {
		assert_int_equal(chown(folder, 65534, (gid_t)-1), 0);
		assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(replace(path, "new\n", &err), -1);
	assert_int_equal(seteuid(me), 0);
	assert_non_null(strstr(err.text, "Permission denied"));
	assert_holds(path, "old\n");
}

static void test_unwritable_folder(void **state)
{
	struct rv_error err;
	uid_t me = geteuid();

	(void)state;
	put(path, "old\n", 0666);
	assert_int_equal(chmod(folder, 0555), 0);
	if (me == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(replace(path, "new\n", &err), -1);
	assert_int_equal(seteuid(me), 0);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_non_null(strstr(err.text, "Permission denied"));
	assert_holds(path, "old\n");
}

/* Full disk: the old file stays and nothing is left behind. */
static void test_full(void **state)
{
	struct rlimit old, small;
	struct rv_error err;
	int rc;

	(void)state;
	put(path, "old\n", 0600);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = replace(path, "a longer text\n", &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.text, "File too large"));
	assert_holds(path, "old\n");
	assert_int_equal(count_files(), 1);
}

/* ---- locking ------------------------------------------------------------------------ */

/* flock() locks belong to open files, so a second open acts as a second writer. */
static void lock_keeps_out(const char *name)
{
	struct rv_error err = { 0 };
	struct rv_file writer, other;

	assert_int_equal(rv_file_open(&writer, name, true, 0, &err), 0);
	assert_int_equal(rv_file_open(&other, name, true, 20, &err), -1);
	assert_int_equal(err.kind, RV_ERR_RESOURCE);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_RESOURCE);
	memset(&err, 0, sizeof(err));
	assert_int_equal(rv_file_open(&other, name, false, 0, &err), 0);
	rv_file_close(&other);
	rv_file_close(&writer);
	assert_int_equal(rv_file_open(&other, name, true, 0, &err), 0);
	rv_file_close(&other);
}

static void test_lock(void **state)
{
	(void)state;
	put(path, "old\n", 0600);
	lock_keeps_out(path);
}

static void test_lock_of_missing_file(void **state)
{
	(void)state;
	lock_keeps_out(path);
	assert_int_equal(count_files(), 0);
}

static void test_lock_goes_on_after_replacing(void **state)
{
	struct rv_error err = { 0 };
	struct rv_buf b = RV_BUF_INIT;
	struct rv_file writer, other;

	(void)state;
	rv_buf_puts(&b, "text\n");
	assert_int_equal(rv_file_open(&writer, path, true, 0, &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rv_file_replace(&writer, &b, &err), 0);
		assert_int_equal(rv_file_open(&other, path, true, 0, &err), -1);
		memset(&err, 0, sizeof(err));
	}
	rv_file_close(&writer);
	rv_buf_free(&b);
}

static int add_line(void)
{
	struct rv_error err = { 0 };
	struct rv_buf b = RV_BUF_INIT;
	struct rv_file f;
	int rc = rv_file_open(&f, path, true, 60000, &err);

	if (rc == 0) {
		rc = rv_file_read(&f, &b, &err);
		rv_buf_puts(&b, "x\n");
		if (rc == 0)
			rc = rv_file_replace(&f, &b, &err);
		rv_file_close(&f);
	}
	rv_buf_free(&b);
	return rc;
}

#define WRITERS 40
#define TURNS 3

static void test_many_writers_lose_nothing(void **state)
{
	int ended, good = 0;

	(void)state;
	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			int rc = 0;

			for (int turn = 0; turn < TURNS; turn++)
				rc |= add_line();
			_exit(rc != 0);
		}
	}
	while (wait(&ended) > 0)
		good += ended == 0;
	assert_int_equal(good, WRITERS);
	assert_int_equal(status(path).st_size, WRITERS * TURNS * 2);
	assert_int_equal(count_files(), 1);
}

/* Each version repeats one letter: a reader must never see two letters, or none. */
static void test_readers_see_whole_files(void **state)
{
	pid_t pid;
	int ended;

	(void)state;
	put(path, "", 0600);
	for (int i = 0; i < 2; i++)
		add_line();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < 200; i++)
			if (add_line() != 0)
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &ended, WNOHANG) == 0) {
		struct rv_error err = { 0 };
		struct rv_buf b = RV_BUF_INIT;
		struct rv_file f;

		assert_int_equal(rv_file_open(&f, path, false, 0, &err), 0);
		assert_int_equal(rv_file_read(&f, &b, &err), 0);
		assert_true(b.len >= 4 && b.len % 2 == 0);
		rv_file_close(&f);
		rv_buf_free(&b);
	}
	assert_int_equal(ended, 0);
}

/* ---- commands ---------------------------------------------------------------------- */

#define HEAD "# Written by ravelin\n"

/* Runs one iptables command on the file; words are separated by single spaces. */
static int run(rv_family_t family, const char *line, struct rv_error *err)
{
	char spec[160], copy[512], *argv[32], *rest;
	struct rv_options opts = { .family = family };
	struct rv_command cmd;
	struct rv_store s;
	int argc = 0, rc;

	memset(err, 0, sizeof(*err));
	snprintf(spec, sizeof(spec), "file:%s", path);
	snprintf(copy, sizeof(copy), "iptables %s", line);
	for (char *w = strtok_r(copy, " ", &rest); w && argc < 31; w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	rv_command_init(&cmd);
	rc = rv_parse_argv(argc, argv, family, &cmd, &opts, err);
	if (rc == 0)
		rc = rv_store_open(&s, spec, family, cmd.kind == RV_CMD_CHECK, err);
	if (rc == 0) {
		rc = rv_store_apply(&s, &cmd, err);
		if (rc == 0)
			rc = rv_store_commit(&s, err);
		rv_store_close(&s);
	}
	rv_command_clear(&cmd);
	return rc;
}

static void good(const char *line)
{
	struct rv_error err;

	if (run(NFPROTO_IPV4, line, &err) < 0)
		fail_msg("%s: %s", line, err.text);
}

/* Opens a file of its own and appends a rule that jumps to chain two. */
static void stage(struct rv_store *s, const char *name, const char *chain)
{
	char spec[160], *argv[] = { (char *)"iptables", (char *)"-A", (char *)chain, (char *)"-j", (char *)"two" };
	struct rv_options opts = { .family = NFPROTO_IPV4 };
	struct rv_error err = { 0 };
	struct rv_command cmd;
	FILE *file;

	snprintf(spec, sizeof(spec), "file:%s/%s", folder, name);
	file = fopen(spec + strlen("file:"), "w");
	assert_non_null(file);
	fputs("*filter\n:one - [0:0]\n:two - [0:0]\nCOMMIT\n", file);
	fclose(file);
	rv_command_init(&cmd);
	assert_int_equal(rv_parse_argv(5, argv, NFPROTO_IPV4, &cmd, &opts, &err), 0);
	assert_int_equal(rv_store_open(s, spec, NFPROTO_IPV4, false, &err), 0);
	assert_int_equal(rv_store_apply(s, &cmd, &err), 0);
	rv_command_clear(&cmd);
}

static bool has_rule(const char *name)
{
	char file[160], text[512] = "";
	FILE *in;

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	in = fopen(file, "r");
	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	unlink(file);
	return strstr(text, "-j two");
}

/* Chain two that jumps to itself is refused on commit. */
static void test_commit_all(void **state)
{
	static const char *const names[] = { "first", "second", "third" };
	struct rv_store stores[3], *list[] = { &stores[0], &stores[1], &stores[2] };
	struct rv_error err = { 0 };

	(void)state;
	assert_int_equal(rv_store_commit_all(list, 0, &err), 0);
	for (int bad = 3; bad >= 1; bad--) {
		for (int i = 0; i < 3; i++)
			stage(&stores[i], names[i], i == bad ? "two" : "one");
		assert_int_equal(rv_store_commit_all(list, 3, &err), bad < 3 ? -1 : 0);
		for (int i = 0; i < 3; i++) {
			rv_store_close(&stores[i]);
			assert_int_equal(has_rule(names[i]), i < bad);
		}
		assert_string_equal(err.text, bad < 3 ? " RULE_APPEND failed (Too many links): rule in chain two: "
							"-A two -j two: the jump creates a loop" : "");
		memset(&err, 0, sizeof(err));
	}
}

static void test_commands(void **state)
{
	(void)state;
	good("-N web");
	good("-A INPUT -p tcp --dport 80 -j web");
	good("-A web -s 10.0.0.0/8 -j ACCEPT");
	good("-P FORWARD DROP");
	good("-I INPUT -i lo -j ACCEPT");
	good("-t nat -A POSTROUTING -o eth0 -j MASQUERADE");
	assert_holds(path, HEAD
		     "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		     ":web - [0:0]\n-A INPUT -i lo -j ACCEPT\n"
		     "-A INPUT -p tcp -m tcp --dport 80 -j web\n"
		     "-A web -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n"
		     "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n"
		     ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
		     "-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n");
	good("-C web -s 10.0.0.0/8 -j ACCEPT");
	good("-D INPUT 1");
	good("-D INPUT -p tcp --dport 80 -j web");
	good("-F web");
	good("-X web");
	good("-P FORWARD ACCEPT");
}

static void test_counters_are_kept(void **state)
{
	(void)state;
	put(path, "*filter\n:INPUT DROP [5:600]\n[7:800] -A INPUT -j ACCEPT\n-A INPUT -j DROP\n"
		  "COMMIT\n", 0600);
	good("-A OUTPUT -j ACCEPT");
	assert_holds(path, HEAD
		     "*filter\n:INPUT DROP [5:600]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		     "[7:800] -A INPUT -j ACCEPT\n-A INPUT -j DROP\n-A OUTPUT -j ACCEPT\nCOMMIT\n");
}

/* Failing and read-only commands do not touch the file. */
static void test_failures_touch_nothing(void **state)
{
	static const char *const bad[] = {
		"-A NOPE -j ACCEPT", "-D INPUT 3", "-A INPUT -j NOPE", "-C INPUT -j DROP",
		"-N INPUT", "-X used", "-A used -j used",
	};
	static const char text[] = "# mine\n*filter\n:used - [0:0]\n-A INPUT -j used\nCOMMIT\n";
	struct rv_error err;
	struct stat st;

	(void)state;
	put(path, text, 0640);
	st = status(path);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (run(NFPROTO_IPV4, bad[i], &err) == 0)
			fail_msg("%s was accepted", bad[i]);
	good("-C INPUT -j used");
	assert_holds(path, text);
	assert_int_equal(status(path).st_ino, st.st_ino);
}

static void test_nothing_is_made_by_reading(void **state)
{
	struct rv_error err;

	(void)state;
	assert_int_equal(run(NFPROTO_IPV4, "-C INPUT -j DROP", &err), -1);
	assert_int_equal(run(NFPROTO_IPV4, "-D INPUT 1", &err), -1);
	assert_int_equal(count_files(), 0);
}

/* Errors in the file are reported with its name and line. */
static void test_error_in_the_file(void **state)
{
	struct rv_error err;

	(void)state;
	put(path, "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p nonsense\nCOMMIT\n", 0600);
	assert_int_equal(run(NFPROTO_IPV4, "-A INPUT -j ACCEPT", &err), -1);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "line 3"));
	assert_int_equal(err.loc.line, 0);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_RESOURCE);
	put(path, "*filter\n-A INPUT -j ACCEPT\n", 0600);
	assert_int_equal(run(NFPROTO_IPV4, "-A INPUT -j ACCEPT", &err), -1);
	assert_non_null(strstr(err.text, "COMMIT expected"));
}

static void test_one_family_per_file(void **state)
{
	struct rv_error err;

	(void)state;
	put(path, "*filter\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n", 0600);
	assert_int_equal(run(NFPROTO_IPV6, "-A INPUT -j ACCEPT", &err), -1);
	assert_non_null(strstr(err.text, "line 2"));
}

/* Rulesets that the kernel would refuse are not written. */
static void test_what_a_kernel_refuses(void **state)
{
	struct rv_error err;

	(void)state;
	good("-N a");
	good("-N b");
	good("-A a -j b");
	good("-A INPUT -j a");
	assert_int_equal(run(NFPROTO_IPV4, "-A b -j a", &err), -1);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_OTHER);
	assert_int_equal(run(NFPROTO_IPV4, "-t nat -A PREROUTING -j MASQUERADE", &err), -1);
	assert_int_equal(run(NFPROTO_IPV4, "-A INPUT -j SNAT --to-source 1.2.3.4", &err), -1);
	good("-A b -j ACCEPT");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_new_file_is_private),
		WITH_FOLDER(test_mode_and_owner_stay),
		WITH_FOLDER(test_links_are_followed),
		WITH_FOLDER(test_link_loop),
		WITH_FOLDER(test_no_folder),
		WITH_FOLDER(test_only_regular_files),
		WITH_FOLDER(test_unwritable),
		WITH_FOLDER(test_unwritable_folder),
		WITH_FOLDER(test_full),
		WITH_FOLDER(test_lock),
		WITH_FOLDER(test_lock_of_missing_file),
		WITH_FOLDER(test_lock_goes_on_after_replacing),
		WITH_FOLDER(test_many_writers_lose_nothing),
		WITH_FOLDER(test_readers_see_whole_files),
		WITH_FOLDER(test_commit_all),
		WITH_FOLDER(test_commands),
		WITH_FOLDER(test_counters_are_kept),
		WITH_FOLDER(test_failures_touch_nothing),
		WITH_FOLDER(test_nothing_is_made_by_reading),
		WITH_FOLDER(test_error_in_the_file),
		WITH_FOLDER(test_one_family_per_file),
		WITH_FOLDER(test_what_a_kernel_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
