#include "deinterlace.h"

#include <stdio.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>

struct clvid_deinterlacer {
	AVFilterGraph *graph;
	AVFilterContext *source, *sink;
	int64_t pushed;
	int width, height, format;
};

static int add(AVFilterGraph *graph, AVFilterContext **to, const char *name, const char *args, AVFilterContext *after) {
	const AVFilter *filter = avfilter_get_by_name(name);
	int ret = filter ? avfilter_graph_create_filter(to, filter, NULL, args, NULL, graph) : AVERROR_FILTER_NOT_FOUND;
	return ret >= 0 && after ? avfilter_link(after, 0, *to, 0) : ret;
}

static int build(clvid_deinterlacer *d, int flagged) {
	AVFilterContext *filter;
	char args[128];
	int ret;
	d->graph->nb_threads = 1;
	// A format that the filter does not take is refused, not converted.
	avfilter_graph_set_auto_convert(d->graph, AVFILTER_AUTO_CONVERT_NONE);
	snprintf(args, sizeof args, "video_size=%dx%d:pix_fmt=%d:time_base=1/25", d->width, d->height, d->format);
	if ((ret = add(d->graph, &d->source, "buffer", args, NULL)) < 0)
		return ret;
	snprintf(args, sizeof args, "mode=send_frame:parity=auto:deint=%s", flagged ? "interlaced" : "all");
	if ((ret = add(d->graph, &filter, "bwdif", args, d->source)) < 0)
		return ret;
	if ((ret = add(d->graph, &d->sink, "buffersink", NULL, filter)) < 0)
		return ret;
	return avfilter_graph_config(d->graph, NULL);
}

int clvid_deinterlacer_new(clvid_deinterlacer **to, const AVFrame *like, int flagged) {
	clvid_deinterlacer *d = av_mallocz(sizeof *d);
	int ret;
	if (!d)
		return AVERROR(ENOMEM);
	d->width = like->width;
	d->height = like->height;
	d->format = like->format;
	d->graph = avfilter_graph_alloc();
	ret = d->graph ? build(d, flagged) : AVERROR(ENOMEM);
	if (ret < 0) {
		clvid_deinterlacer_free(d);
		return ret;
	}
	*to = d;
	return 0;
}

int clvid_deinterlacer_fits(const clvid_deinterlacer *d, const AVFrame *f) {
	return d->width == f->width && d->height == f->height && d->format == f->format;
}

int clvid_deinterlacer_push(clvid_deinterlacer *d, const AVFrame *f) {
	AVFrame *copy;
	int ret;
	if (!f)
		return av_buffersrc_add_frame(d->source, NULL);
	if (!(copy = av_frame_clone(f)))
		return AVERROR(ENOMEM);
	copy->pts = d->pushed++; // whatever the file says, these rise
	ret = av_buffersrc_add_frame(d->source, copy);
	av_frame_free(&copy);
	return ret;
}

int clvid_deinterlacer_pull(clvid_deinterlacer *d, AVFrame *out) {
	av_frame_unref(out);
	return av_buffersink_get_frame(d->sink, out);
}

void clvid_deinterlacer_free(clvid_deinterlacer *d) {
	if (d)
		avfilter_graph_free(&d->graph);
	av_free(d);
}

int clvid_picture_is_interlaced(const AVFrame *f) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
	return !!(f->flags & AV_FRAME_FLAG_INTERLACED);
#else
	return f->interlaced_frame;
#endif
}
