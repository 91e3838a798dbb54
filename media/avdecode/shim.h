// What go-astiav v0.16 lacks or gets wrong: see ffmpeg.go for the Go side.
#ifndef CLVID_SHIM_H
#define CLVID_SHIM_H

#include <stdint.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// A guard interrupts FFmpeg's input by flag or deadline. It lives in C memory,
// so that no Go pointer stays behind in a C structure.
typedef struct clvid_guard clvid_guard;
clvid_guard *clvid_guard_new(void);
void clvid_guard_free(clvid_guard *g);
void clvid_guard_arm(clvid_guard *g, int64_t micros); // 0: no deadline
void clvid_guard_stop(clvid_guard *g);
int clvid_guard_late(clvid_guard *g); // 1 past the deadline
void clvid_guard_attach(clvid_guard *g, AVFormatContext *fc);

// A note keeps the first error line that FFmpeg logs on this thread. A decoder
// whose opaque is the note also counts there what its own threads log.
typedef struct clvid_note {
	char text[240];
	int too_large; // a picture size was refused
	int container; // the demuxer said so, not a parser or a decoder
	int gap;       // a decoder missed pictures that it was to refer to
	int signs;     // lines from decoder threads that tell of damage
} clvid_note;
void clvid_log_install(void);
int clvid_note_signs(clvid_note *n);
void clvid_note_begin(clvid_note *n);
void clvid_note_end(void);

// One packet of the scanned stream, in file order.
typedef struct clvid_packet {
	int64_t pts, pos;
	int32_t size;
	int32_t flags; // AV_PKT_FLAG_*, and those below
} clvid_packet;
enum { CLVID_HIDDEN = 1 << 16, CLVID_EMPTY = 1 << 17, CLVID_ENCRYPTED = 1 << 18 };

int clvid_find_stream_info(AVFormatContext *fc, int64_t max_pixels);
void clvid_discard_others(AVFormatContext *fc, int stream);
int clvid_index_entries(AVFormatContext *fc, int stream);
int clvid_scan(AVFormatContext *fc, int stream, int64_t limit, clvid_packet **packets, int64_t *count);
const int32_t *clvid_display_matrix(AVFormatContext *fc, int stream);
int clvid_exif_orientation(const AVFrame *f);

// Adds up the channels of a sound frame into dst (f->nb_samples values),
// divided by their number; 0 where the sample format is unknown.
int clvid_mono(const AVFrame *f, float *dst);

// What FFmpeg 5.1 and 7 do differently: see compat.c.
void clvid_number_packet(AVCodecContext *cc, AVPacket *p, int64_t number);
int64_t clvid_picture_number(const AVFrame *f);
int clvid_picture_is_key(const AVFrame *f);
const uint8_t *clvid_stream_side_data(const AVStream *st, enum AVPacketSideDataType type, size_t *size);

int clvid_convert(struct SwsContext **sws, const AVFrame *src, AVFrame *dst, int format, int matrix, int full);
void clvid_fill_rgb(AVFrame *f, const uint8_t *rgb);

#endif
