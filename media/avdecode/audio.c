#include "shim.h"

#include <string.h>

// One sample in [-1,1]: integers are divided by the size of their range, as
// torchaudio does.
static double sample_at(const uint8_t *p, enum AVSampleFormat format) {
	switch (format) {
	case AV_SAMPLE_FMT_U8: return (*p - 128) / 128.;
	case AV_SAMPLE_FMT_S16: { int16_t v; memcpy(&v, p, sizeof v); return v / 32768.; }
	case AV_SAMPLE_FMT_S32: { int32_t v; memcpy(&v, p, sizeof v); return v / 2147483648.; }
	case AV_SAMPLE_FMT_S64: { int64_t v; memcpy(&v, p, sizeof v); return v / 9223372036854775808.; }
	case AV_SAMPLE_FMT_FLT: { float v; memcpy(&v, p, sizeof v); return v; }
	case AV_SAMPLE_FMT_DBL: { double v; memcpy(&v, p, sizeof v); return v; }
	default: return 0;
	}
}

int clvid_mono(const AVFrame *f, float *dst) {
	enum AVSampleFormat packed = av_get_packed_sample_fmt(f->format);
	int channels = f->ch_layout.nb_channels, size = av_get_bytes_per_sample(f->format);
	int planar = av_sample_fmt_is_planar(f->format);
	if (channels < 1 || size < 1)
		return 0;
	for (int i = 0; i < f->nb_samples; i++) {
		double sum = 0;
		for (int c = 0; c < channels; c++) {
			const uint8_t *p = planar ? f->extended_data[c] + (size_t)i * size : f->extended_data[0] + ((size_t)i * channels + c) * size;
			sum += sample_at(p, packed);
		}
		dst[i] = (float)(sum / channels);
	}
	return 1;
}
