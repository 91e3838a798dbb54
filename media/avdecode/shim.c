#include "shim.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/time.h>

struct clvid_guard {
	atomic_int stop;
	atomic_llong deadline;
};

clvid_guard *clvid_guard_new(void) { return av_mallocz(sizeof(clvid_guard)); }

void clvid_guard_free(clvid_guard *g) { av_free(g); }

void clvid_guard_arm(clvid_guard *g, int64_t micros) {
	atomic_store(&g->stop, 0);
	atomic_store(&g->deadline, micros > 0 ? av_gettime_relative() + micros : 0);
}

void clvid_guard_stop(clvid_guard *g) { atomic_store(&g->stop, 1); }

int clvid_guard_late(clvid_guard *g) {
	int64_t deadline = atomic_load(&g->deadline);
	return deadline && av_gettime_relative() > deadline;
}

static int interrupted(void *opaque) {
	clvid_guard *g = opaque;
	return atomic_load(&g->stop) || clvid_guard_late(g);
}

void clvid_guard_attach(clvid_guard *g, AVFormatContext *fc) {
	fc->interrupt_callback.callback = interrupted;
	fc->interrupt_callback.opaque = g;
}

static _Thread_local clvid_note *note;

// A decoder missed pictures that it was to refer to. H.264 says the first at
// the level of debugging, as streams may have gaps.
static int tells_gap(const char *format) {
	return !strncmp(format, "Frame num gap", 13) || !strncmp(format, "Could not find ref with POC", 27);
}

// on_decoder_log hears a decoder with threads on any of them: their contexts are
// copies with the same opaque. Concealment, logged as mere information, changes
// pictures.
static void on_decoder_log(void *avcl, const AVClass *class, int level, const char *format) {
	clvid_note *n;
	if (!class || strcmp(class->class_name, "AVCodecContext"))
		return;
	n = ((AVCodecContext *)avcl)->opaque;
	if (n && (level <= AV_LOG_ERROR || strstr(format, "concealing") || tells_gap(format)))
		__atomic_add_fetch(&n->signs, 1, __ATOMIC_RELAXED);
}

int clvid_note_signs(clvid_note *n) { return __atomic_load_n(&n->signs, __ATOMIC_RELAXED); }

// Bounded, unlike go-astiav's callback: file metadata may hold any length.
static void on_log(void *avcl, int level, const char *format, va_list args) {
	char line[sizeof note->text];
	const AVClass *class = avcl ? *(const AVClass **)avcl : NULL;
	on_decoder_log(avcl, class, level, format);
	if (!note)
		return;
	if (tells_gap(format))
		note->gap = 1;
	if (level > AV_LOG_ERROR)
		return;
	vsnprintf(line, sizeof line, format, args);
	if (strstr(line, "max pixel count") || strstr(line, "Picture size"))
		note->too_large = 1;
	if (class && !strcmp(class->class_name, "AVFormatContext"))
		note->container = 1;
	if (!note->text[0]) {
		line[strcspn(line, "\r\n")] = 0;
		memcpy(note->text, line, sizeof line);
	}
}

void clvid_log_install(void) { av_log_set_callback(on_log); }

void clvid_note_begin(clvid_note *n) {
	n->text[0] = 0;
	n->too_large = n->container = n->gap = 0;
	note = n;
}

void clvid_note_end(void) { note = NULL; }

// The probing decoders get the pixel limit too: a 60000x60000 header would
// otherwise allocate before any check of ours.
int clvid_find_stream_info(AVFormatContext *fc, int64_t max_pixels) {
	unsigned n = fc->nb_streams;
	AVDictionary **options = n ? av_calloc(n, sizeof *options) : NULL;
	int ret;
	if (n && !options)
		return AVERROR(ENOMEM);
	for (unsigned i = 0; i < n; i++) {
		av_dict_set_int(&options[i], "max_pixels", max_pixels, 0);
		av_dict_set_int(&options[i], "threads", 1, 0);
	}
	ret = avformat_find_stream_info(fc, options);
	for (unsigned i = 0; i < n; i++)
		av_dict_free(&options[i]);
	av_free(options);
	return ret;
}

void clvid_discard_others(AVFormatContext *fc, int stream) {
	for (unsigned i = 0; i < fc->nb_streams; i++)
		fc->streams[i]->discard = (int)i == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
}

int clvid_index_entries(AVFormatContext *fc, int stream) {
	return avformat_index_get_entries_count(fc->streams[stream]);
}

static int packet_flags(enum AVCodecID codec, const AVPacket *p) {
	int flags = p->flags;
	// VP8: an alternate reference frame is coded but never shown.
	if (codec == AV_CODEC_ID_VP8 && p->size > 0 && !(p->data[0] & 0x10))
		flags |= CLVID_HIDDEN;
	// MPEG-4 part 2: an uncoded picture may yield nothing.
	if (codec == AV_CODEC_ID_MPEG4 && p->size <= 8)
		flags |= CLVID_EMPTY;
	if (av_packet_get_side_data(p, AV_PKT_DATA_ENCRYPTION_INFO, NULL))
		flags |= CLVID_ENCRYPTED;
	if (p->size == 0)
		flags |= CLVID_EMPTY;
	return flags;
}

static int append(clvid_packet **list, int64_t *count, int64_t *room, clvid_packet p) {
	if (*count == *room) {
		int64_t more = *room ? 2 * *room : 256;
		clvid_packet *grown = av_realloc_array(*list, more, sizeof p);
		if (!grown)
			return AVERROR(ENOMEM);
		*list = grown;
		*room = more;
	}
	(*list)[(*count)++] = p;
	return 0;
}

// Reads to the end. Returns 0 at the end of the file, else the error that
// stopped it; what was read until then is in packets either way.
int clvid_scan(AVFormatContext *fc, int stream, int64_t limit, clvid_packet **packets, int64_t *count) {
	enum AVCodecID codec = fc->streams[stream]->codecpar->codec_id;
	AVPacket *p = av_packet_alloc();
	int64_t room = 0;
	int ret = p ? 0 : AVERROR(ENOMEM);
	*packets = NULL;
	*count = 0;
	while (ret >= 0 && *count < limit && (ret = av_read_frame(fc, p)) >= 0) {
		if (p->stream_index == stream)
			ret = append(packets, count, &room, (clvid_packet){p->pts, p->pos, p->size, packet_flags(codec, p)});
		av_packet_unref(p);
	}
	av_packet_free(&p);
	return ret == AVERROR_EOF ? 0 : ret;
}

const int32_t *clvid_display_matrix(AVFormatContext *fc, int stream) {
	size_t size = 0;
	const uint8_t *data = clvid_stream_side_data(fc->streams[stream], AV_PKT_DATA_DISPLAYMATRIX, &size);
	return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)data : NULL;
}

int clvid_exif_orientation(const AVFrame *f) {
	AVDictionaryEntry *e = f->metadata ? av_dict_get(f->metadata, "Orientation", NULL, 0) : NULL;
	return e ? atoi(e->value) : 0;
}

static int prepare(AVFrame *dst, int w, int h, int format) {
	if (dst->buf[0] && dst->width == w && dst->height == h && dst->format == format)
		return av_frame_make_writable(dst); // an encoder may still hold the last picture
	av_frame_unref(dst);
	dst->width = w;
	dst->height = h;
	dst->format = format;
	return av_frame_get_buffer(dst, 0);
}

// Converts between pixel formats at one size, with the coefficients and range
// of the source. matrix is an SWS_CS_* value; full tells the Y'CbCr side's range.
int clvid_convert(struct SwsContext **sws, const AVFrame *src, AVFrame *dst, int format, int matrix, int full) {
	const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
	const int *table = sws_getCoefficients(matrix);
	const AVPixFmtDescriptor *to = av_pix_fmt_desc_get(format);
	const AVPixFmtDescriptor *from = av_pix_fmt_desc_get(src->format);
	int from_full = from->flags & AV_PIX_FMT_FLAG_RGB ? 1 : full;
	int to_full = to->flags & AV_PIX_FMT_FLAG_RGB ? 1 : full;
	int ret = prepare(dst, src->width, src->height, format);
	if (ret < 0)
		return ret;
	*sws = sws_getCachedContext(*sws, src->width, src->height, src->format, src->width, src->height, format, flags, NULL, NULL, NULL);
	if (!*sws)
		return AVERROR(EINVAL);
	sws_setColorspaceDetails(*sws, table, from_full, table, to_full, 0, 1 << 16, 1 << 16);
	ret = sws_scale(*sws, (const uint8_t *const *)src->data, src->linesize, 0, src->height, dst->data, dst->linesize);
	return ret < 0 ? ret : 0;
}

void clvid_fill_rgb(AVFrame *f, const uint8_t *rgb) {
	for (int y = 0; y < f->height; y++)
		memcpy(f->data[0] + (ptrdiff_t)y * f->linesize[0], rgb + (size_t)y * 3 * f->width, (size_t)3 * f->width);
}
