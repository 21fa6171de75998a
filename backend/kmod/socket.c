/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transport to ravelin.ko: socket options of a raw socket. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod.h"

struct link {
	int fd;
};

static int call(void *priv, unsigned int option, void *buf, uint32_t len)
{
	const struct link *l = priv;
	socklen_t out = len;
	int rc;

	if (option == RVK_SO_COUNTERS)
		rc = setsockopt(l->fd, SOL_IP, (int)option, buf, len);
	else
		rc = getsockopt(l->fd, SOL_IP, (int)option, buf, &out);
	return rc ? -errno : 0;
}

static int knock(struct link *l)
{
	struct rvk_info info = { .version = RVK_VERSION, .table = { .name = "filter",
								    .family = NFPROTO_IPV4 } };

	return call(l, RVK_SO_INFO, &info, sizeof(info));
}

/* Path of the kernel's module loader. */
static bool modprobe_path(char path[PATH_MAX])
{
	int fd = open("/proc/sys/kernel/modprobe", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, path, PATH_MAX - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	path[n] = '\0';
	path[strcspn(path, "\n")] = '\0';
	return path[0] == '/';
}

/* Like request_module() in the kernel: quiet, with a minimal environment. */
static void load_module(void)
{
	char path[PATH_MAX], *argv[] = { path, (char[]){ "-q" }, (char[]){ "ravelin" }, NULL };
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL };
	pid_t pid;

	if (geteuid() != 0 || !modprobe_path(path) ||
	    posix_spawn(&pid, path, NULL, NULL, argv, env))
		return;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int not_loaded(struct rv_error *err)
{
	rv_fail(err, RV_ERR_VERSION, NULL, "the kernel module ravelin is not loaded");
	return rv_hint(err, "run modprobe ravelin to see the reason");
}

static int socket_open(void **priv, const char *arg, struct rv_error *err)
{
	struct link *l = calloc(1, sizeof(*l));
	int rc;

	(void)arg;
	*priv = l;
	if (!l)
		return rv_fail_memory(err);
	l->fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (l->fd < 0 && (errno == EPERM || errno == EACCES))
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "Permission denied (you must be root)");
	if (l->fd < 0)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot open a raw socket: %s",
			       strerror(errno));
	rc = knock(l);
	if (rc == -ENOPROTOOPT) {
		load_module();
		rc = knock(l);
	}
	return rc == -ENOPROTOOPT ? not_loaded(err) : 0;
}

static void socket_close(void *priv)
{
	struct link *l = priv;

	if (l && l->fd >= 0)
		close(l->fd);
	free(l);
}

const struct rv_kmod_transport rv_kmod_socket = {
	.open = socket_open,
	.close = socket_close,
	.call = call,
};
