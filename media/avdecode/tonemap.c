#include "tonemap.h"

#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>

static int make(clvid_wide *c, const AVFrame *f, int full, int site_x, int site_y) {
	const int *table = sws_getCoefficients(SWS_CS_BT2020); // not used: the matrix stays
	sws_freeContext(c->sws);
	c->sws = sws_alloc_context();
	if (!c->sws)
		return AVERROR(ENOMEM);
	av_opt_set_int(c->sws, "srcw", f->width, 0);
	av_opt_set_int(c->sws, "srch", f->height, 0);
	av_opt_set_int(c->sws, "src_format", f->format, 0);
	av_opt_set_int(c->sws, "dstw", f->width, 0);
	av_opt_set_int(c->sws, "dsth", f->height, 0);
	av_opt_set_int(c->sws, "dst_format", c->out->format, 0);
	av_opt_set_int(c->sws, "src_h_chr_pos", site_x, 0);
	av_opt_set_int(c->sws, "src_v_chr_pos", site_y, 0);
	av_opt_set_int(c->sws, "sws_flags", SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT, 0);
	sws_setColorspaceDetails(c->sws, table, full, table, full, 0, 1 << 16, 1 << 16);
	return sws_init_context(c->sws, NULL, NULL);
}

int clvid_widen(clvid_wide *c, const AVFrame *f, int full, int site_x, int site_y) {
	int ret;
	if (!c->out && !(c->out = av_frame_alloc()))
		return AVERROR(ENOMEM);
	if (!c->sws || c->width != f->width || c->height != f->height || c->format != f->format || c->full != full || c->site_x != site_x || c->site_y != site_y) {
		av_frame_unref(c->out);
		c->out->width = f->width;
		c->out->height = f->height;
		c->out->format = av_pix_fmt_desc_get(f->format)->flags & AV_PIX_FMT_FLAG_RGB ? AV_PIX_FMT_GBRP16 : AV_PIX_FMT_YUV444P16;
		if ((ret = av_frame_get_buffer(c->out, 0)) < 0 || (ret = make(c, f, full, site_x, site_y)) < 0) {
			clvid_wide_free(c);
			return ret;
		}
		c->width = f->width;
		c->height = f->height;
		c->format = f->format;
		c->full = full;
		c->site_x = site_x;
		c->site_y = site_y;
	}
	ret = sws_scale(c->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, c->out->data, c->out->linesize);
	return ret < 0 ? ret : 0;
}

void clvid_wide_free(clvid_wide *c) {
	sws_freeContext(c->sws);
	c->sws = NULL;
	av_frame_free(&c->out);
}

double clvid_peak(const AVFrame *f) {
	AVFrameSideData *d = av_frame_get_side_data(f, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
	if (d && ((AVContentLightMetadata *)d->data)->MaxCLL)
		return ((AVContentLightMetadata *)d->data)->MaxCLL;
	d = av_frame_get_side_data(f, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
	if (d && ((AVMasteringDisplayMetadata *)d->data)->has_luminance)
		return av_q2d(((AVMasteringDisplayMetadata *)d->data)->max_luminance);
	return 0;
}
