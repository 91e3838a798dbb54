// FFmpeg's filter bwdif, one picture out for each in.
#ifndef CLVID_DEINTERLACE_H
#define CLVID_DEINTERLACE_H

#include "shim.h"

typedef struct clvid_deinterlacer clvid_deinterlacer;

// flagged: only pictures that are flagged as interlaced are changed.
int clvid_deinterlacer_new(clvid_deinterlacer **d, const AVFrame *like, int flagged);
int clvid_deinterlacer_fits(const clvid_deinterlacer *d, const AVFrame *f);
int clvid_deinterlacer_push(clvid_deinterlacer *d, const AVFrame *f); // NULL: the end
int clvid_deinterlacer_pull(clvid_deinterlacer *d, AVFrame *out);     // AVERROR(EAGAIN), AVERROR_EOF
void clvid_deinterlacer_free(clvid_deinterlacer *d);
int clvid_picture_is_interlaced(const AVFrame *f);

#endif
