/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP to a UNIX socket, by libcurl. Each request has a connection of its own, a deadline, and
 * an answer of bounded size. Nothing in the environment (proxies) and nothing in an answer
 * (redirects) can lead elsewhere.
 */
#include "guest-ch.h"
#include "guest.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HEADERS_MAX (64 << 10)
/* The rest of a request ends where the path begins; the socket says who is meant. */
#define HOST "http://localhost"

struct http {
	struct vfp_ctx *ctx;
	CURL *curl;
	struct curl_slist *headers;
	char *socket;
};

/* What one request fills in. */
struct transfer {
	struct ch_answer *answer;
	size_t header_bytes;
	bool too_large;
};

static void http_free(void *data)
{
	struct http *http = data;

	if (!http)
		return;
	curl_slist_free_all(http->headers);
	curl_easy_cleanup(http->curl);
	free(http->socket);
	free(http);
}

static void http_freep(struct http **http)
{
	http_free(*http);
}

static int http_new(struct vfp_ctx *ctx, const char *socket, struct http **ret_http)
{
	_cleanup_(http_freep) struct http *http = NULL;

	if (strlen(socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -EINVAL;
	http = calloc(1, sizeof(*http));
	/* No TLS: nothing of it has to be set up. */
	if (!http || curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		return -ENOMEM;
	http->ctx = ctx;
	http->curl = curl_easy_init();
	http->socket = strdup(socket);
	/* Without waiting for a "100 Continue", which the other side does not send. */
	http->headers = curl_slist_append(NULL, "Expect:");
	if (!http->curl || !http->socket || !http->headers ||
	    !curl_slist_append(http->headers, "Content-Type: application/json"))
		return -ENOMEM;
	*ret_http = take(http);
	return 0;
}

/* -- one request ---------------------------------------------------------------------------- */

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *transfer = data;
	struct str *body = &transfer->answer->body;

	if (size * n > CH_ANSWER_MAX - body->len) {
		transfer->too_large = true;
		return 0;
	}
	return str_add_bytes(body, bytes, size * n) < 0 ? 0 : size * n;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *transfer = data;

	(void)bytes;
	transfer->header_bytes += size * n;
	if (transfer->header_bytes > HEADERS_MAX)
		transfer->too_large = true;
	return transfer->too_large ? 0 : size * n;
}

/* Called about once a second, and after each signal. */
static int go_on(void *data, curl_off_t down, curl_off_t so_far, curl_off_t up,
		 curl_off_t sent)
{
	(void)down, (void)so_far, (void)up, (void)sent;
	return vfp_ctx_cancelled(data);
}

static int set_way(struct http *http)
{
	CURL *curl = http->curl;

	return curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, http->socket) ?:
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") ?:
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) ?:
	       curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ?:
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ?:
	       curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) ?:
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ?:
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) ?:
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) ?:
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http->ctx);
}

/* Of a deadline that has passed one millisecond is left: to libcurl 0 is no limit. */
static int set_time(CURL *curl, int64_t deadline)
{
	int left = deadline_poll(deadline);
	long limit = left < 0 ? 0 : left == 0 ? 1 : left;

	return curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit)
		     ?: curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, limit);
}

static int set_request(CURL *curl, struct curl_slist *headers, const char *method,
		       const char *url, const char *body)
{
	CURLcode r = curl_easy_setopt(curl, CURLOPT_URL, url);

	if (body)
		r = r ?: curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	r = r ?: curl_easy_setopt(curl, CURLOPT_HTTPHEADER, body ? headers : NULL);
	return r ?: curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static int set_answer(CURL *curl, struct transfer *transfer)
{
	return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) ?:
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) ?:
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) ?:
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
}

/* -- what came of it ------------------------------------------------------------------------ */

/* The words for what went wrong on the socket. */
static const char *mishap(CURLcode code, int *ret_error)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		*ret_error = -ENODEV;
		return "nobody answers there; is Cloud Hypervisor running with this "
		       "--api-socket?";
	case CURLE_OPERATION_TIMEDOUT:
		*ret_error = -ETIMEDOUT;
		return "no answer in time";
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		*ret_error = -EPIPE;
		return "the connection ended before the whole answer was there";
	default:
		*ret_error = -EPROTO;
		return curl_easy_strerror(code);
	}
}

static int judge(const struct http *http, CURLcode code, const struct transfer *transfer,
		 char **ret_why)
{
	const char *what = "its answer is too large to be one";
	int error = -EPROTO;

	if (!transfer->too_large) {
		if (code == CURLE_OK)
			return 0;
		if (code == CURLE_OUT_OF_MEMORY)
			return -ENOMEM;
		if (code == CURLE_ABORTED_BY_CALLBACK)
			return -ECANCELED;
		what = mishap(code, &error);
	}
	return say_why(ret_why, error, "%s: %s", http->socket, what);
}

static int http_ask(void *data, const struct ch_question *question, int64_t deadline,
		    struct ch_answer *answer, char **ret_why)
{
	struct transfer transfer = { .answer = answer };
	_cleanup_free_ char *url = strf(HOST "%s", question->path);
	struct http *http = data;
	int r;

	curl_easy_reset(http->curl);
	if (!url || set_way(http) || set_time(http->curl, deadline) ||
	    set_request(http->curl, http->headers, question->method, url,
			question->body) ||
	    set_answer(http->curl, &transfer))
		return -ENOMEM;
	r = judge(http, curl_easy_perform(http->curl), &transfer, ret_why);
	if (r == 0 && curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE,
					&answer->status) != CURLE_OK)
		return -EPROTO;
	return r;
}

/* Who listens at the socket. */
static int http_process(void *data)
{
	const struct http *http = data;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	memcpy(address.sun_path, http->socket, strlen(http->socket));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 0;
	return peer.pid;
}

static const struct ch_way http_way = { .ask = http_ask,
					.process = http_process,
					.close = http_free };

int guest_ch_new(struct vfp_ctx *ctx, const char *socket,
		 const struct vfp_guest_ops **ret_ops, void **ret_data)
{
	struct http *http = NULL;
	int r = http_new(ctx, socket, &http);

	return r ?: ch_guest_new(ctx, &http_way, http, ret_ops, ret_data);
}
