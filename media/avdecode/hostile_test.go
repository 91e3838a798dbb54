package avdecode

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// refused are the hostile files that give no frame, and why. The ffmpeg command
// gives none of any of them either, but for cbcs.mp4, whose encrypted samples it
// decodes to noise.
var refused = map[string]struct {
	kind  error
	words string
}{
	"bbb5s_aac_sidx.mp4":             {media.ErrNoVideo, "sound alone"},
	"cbcs.mp4":                       {media.ErrUnsupported, "encrypted"},
	"chunk_out_of_range.mp4":         {media.ErrCorrupt, "tables of samples contradict each other"},
	"heapbof.png":                    {media.ErrCorrupt, "it is no PNG"},
	"init.mp4":                       {media.ErrCorrupt, "it holds no packets of the stream"},
	"init_truncated.mp4":             {media.ErrNoVideo, "no streams"},
	"invalid_userdata.mp4":           {media.ErrCorrupt, "the file is cut off"},
	"licence_text.mp4":               {media.ErrUnsupported, "plain text"},
	"mp3_named.wav":                  {media.ErrNoVideo, "sound alone"},
	"no-ftyp.avif":                   {media.ErrCorrupt, "the part that lists the frames"},
	"opus.mp4":                       {media.ErrNoVideo, "sound alone"},
	"pillow_apng_chunk_no_fdat.png":  {media.ErrCorrupt, "a feature that FFmpeg lacks"},
	"pillow_broken.png":              {media.ErrCorrupt, "cut off or damaged"},
	"pillow_broken_data_stream.png":  {media.ErrCorrupt, "cut off or damaged"},
	"pillow_decompression_bomb.gif":  {media.ErrCorrupt, "outside the GIF's screen"},
	"sigsegv.png":                    {media.ErrCorrupt, "cut off or damaged"},
	"sine_16ch_s16.wav":              {media.ErrNoVideo, "sound alone"},
	"sine_mono_u8.wav":               {media.ErrNoVideo, "sound alone"},
	"small_AudioVideoInterleave.avi": {media.ErrCorrupt, "it holds no packets of the stream"},
	"small_FlashVideo.flv":           {media.ErrCorrupt, "the file ends before its content"},
	"small_Mpeg4.mp4":                {media.ErrNoVideo, "no streams"},
	"small_WindowsMediaVideo.wmv":    {media.ErrCorrupt, "it holds no packets of the stream"},
	"small_gif.gif":                  {media.ErrCorrupt, "it holds no packets of the stream"},
	"small_heif.heif":                {media.ErrCorrupt, "the part that lists the frames"},
	"small_mp3.mp3":                  {media.ErrUnsupported, "it holds no whole frame of sound"},
	"small_mp4-with-audio.mp4":       {media.ErrNoVideo, "sound alone"},
	"small_png-truncated.png":        {media.ErrCorrupt, "cut off or damaged"},
	"small_typescript.ts":            {media.ErrCorrupt, "the file is empty"},
	"small_wav.wav":                  {media.ErrNoVideo, "sound alone"},
	"small_webp.webp":                {media.ErrCorrupt, "the WebP data is damaged"},
	"truncated_no_moov.mp4":          {media.ErrCorrupt, "the part that lists the frames"},
	"vvc_400kbps_2s.mp4":             {media.ErrUnsupported, "no decoder for codec"},
	"zero_bytes.mp4":                 {media.ErrCorrupt, "the file is empty"},
	"zero_empty_stsc.mp4":            {media.ErrCorrupt, "incomplete"},
}

// partly are the hostile files that are damaged and give frames: sound ones and
// those that are marked.
var partly = map[string]struct{ sound, marked int }{
	"bad_huffman.jpg":         {0, 1},
	"bitflips.mp4":            {37, 47},
	"corrupt.jpg":             {0, 1},
	"corrupted.mp4":           {29, 20},
	"no_timescale.mp4":        {0, 168}, // 170 with one thread by the command; two come out behind later ones
	"resolution_change.ts":    {59, 1},  // two streams joined: the counter jumps in front of one picture
	"truncated_faststart.mp4": {44, 0},
}

// TestHostileFiles: each file gives as many frames as the ffmpeg command did for
// its CSV, or one of the errors above.
func TestHostileFiles(t *testing.T) {
	d := New(Options{IndexCache: "off", Timeout: 10 * time.Second})
	defer d.Close()
	goroutines := runtime.NumGoroutine()
	rows := table(t, sharedFile(t, "hostile", "files.csv"))
	if len(rows) != 102 {
		t.Fatalf("%d files, want 102", len(rows))
	}
	for _, row := range rows {
		t.Run(row["path"], func(t *testing.T) {
			start := time.Now()
			sound, marked, err := survive(d, sharedFile(t, "hostile", row["path"]))
			t.Logf("%d sound, %d marked, %s by FFmpeg, %v: %v", sound, marked, row["frames_decoded"], time.Since(start).Round(time.Millisecond), err)
			if took := time.Since(start); took > 10*time.Second { // the largest has 4096x4096 pixels
				t.Errorf("took %v", took)
			}
			want, convErr := strconv.Atoi(row["frames_decoded"])
			if convErr != nil {
				t.Fatal(convErr)
			}
			no, isRefused := refused[row["path"]]
			some, isPartly := partly[row["path"]]
			switch {
			case isRefused:
				if sound+marked > 0 || !isMedia(err, no.kind, no.words) {
					t.Errorf("%d frames, error %v, want %v with %q", sound+marked, err, no.kind, no.words)
				}
			case isPartly:
				if sound != some.sound || marked != some.marked || !isMedia(err, media.ErrCorrupt, "frames are sound") {
					t.Errorf("%d sound, %d marked, %v, want %d and %d", sound, marked, err, some.sound, some.marked)
				}
				if (sound+marked)*100 < want*95 {
					t.Errorf("%d frames, FFmpeg gives %d", sound+marked, want)
				}
			case err != nil || sound != want || marked > 0:
				t.Errorf("%d sound, %d marked, %v, want %d sound", sound, marked, err, want)
			}
		})
	}
	noneLeft(t, goroutines)
}

// isMedia tells whether err is a *media.Error of a kind, with words for people.
func isMedia(err error, kind error, words string) bool {
	var e *media.Error
	return errors.As(err, &e) && errors.Is(err, kind) && strings.Contains(err.Error(), words)
}

// survive opens and decodes a file all through.
func survive(d *Decoder, path string) (sound, marked int, err error) {
	ctx := context.Background()
	v, err := d.Open(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer v.Close()
	for f, err := range v.Frames(ctx) {
		switch {
		case err != nil:
			return sound, marked, err
		case f.Damage != "":
			marked++
		default:
			sound++
		}
		_ = hash(&f.Image)
	}
	return sound, marked, nil
}
