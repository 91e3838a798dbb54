#include "shim.h"

// A number that goes into a decoder with a packet and comes out with the picture
// made of it. FFmpeg 7 has no field for it left, but hands a packet's pointer on.

void clvid_number_packet(AVCodecContext *cc, AVPacket *p, int64_t number) {
#if LIBAVCODEC_VERSION_MAJOR >= 61
	cc->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
	p->opaque = (void *)(intptr_t)number;
#else
	(void)p;
	cc->reordered_opaque = number;
#endif
}

int64_t clvid_picture_number(const AVFrame *f) {
#if LIBAVCODEC_VERSION_MAJOR >= 61
	return (intptr_t)f->opaque;
#else
	return f->reordered_opaque;
#endif
}

int clvid_picture_is_key(const AVFrame *f) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
	return !!(f->flags & AV_FRAME_FLAG_KEY);
#else
	return f->key_frame;
#endif
}

// Since FFmpeg 6.1 a stream's side data lies with its codec parameters.
const uint8_t *clvid_stream_side_data(const AVStream *st, enum AVPacketSideDataType type, size_t *size) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
	const AVPacketSideData *d = av_packet_side_data_get(st->codecpar->coded_side_data, st->codecpar->nb_coded_side_data, type);
	*size = d ? d->size : 0;
	return d ? d->data : NULL;
#else
	return av_stream_get_side_data(st, type, size);
#endif
}
