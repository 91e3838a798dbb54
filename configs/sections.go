package configs

import (
	"fmt"
	"slices"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/eval"
)

// Decode bounds what one file may cost.
type Decode struct {
	Pixels  int64 `yaml:"pixels" doc:"most pixels of a frame, width x height"`
	Streams int   `yaml:"streams" doc:"most streams in a container"`
	// MemoryMB is held against an estimate: size x references x threads, and
	// the frames of the clips.
	MemoryMB int           `yaml:"memory_mb" doc:"most memory for the pictures of one file"`
	Timeout  time.Duration `yaml:"timeout" doc:"for one clip request"`
	Threads  int           `yaml:"threads" doc:"of one decoder; more than 1 pays only for a single large video"`
	// OpenFiles changes no frame.
	OpenFiles int  `yaml:"open_files" doc:"closed videos kept open for their next use, 0 keeps none"`
	Strict    bool `yaml:"strict" doc:"a damaged frame makes the file bad"`
	// Deinterlace and ToneMap change pixels.
	Deinterlace string `yaml:"deinterlace" doc:"off, auto (pictures flagged as interlaced) or on (all); part of the result"`
	ToneMap     string `yaml:"tonemap" doc:"HDR (PQ, HLG) to SDR: off, or a curve: hable, mobius, reinhard or clip; part of the result"`
	Cache       string `yaml:"cache" doc:"where decoded videos are kept, whole, for later epochs: off, memory or disk"`
	CacheMB     int    `yaml:"cache_mb" doc:"bound of what is kept; a video fills at most a sixteenth"`
	// CacheSide changes pixels, whether a video is kept or not.
	CacheSide int    `yaml:"cache_side" doc:"pixels of the short side to which all pictures are reduced first, even; 0 as decoded; part of the result"`
	CacheDir  string `yaml:"cache_dir" doc:"folder of decode.cache=disk; '' is clvid/frames in the user's cache folder"`
	// Isolate changes no bit of what sound files give.
	Isolate  bool `yaml:"isolate" doc:"decode in worker processes, whose crash costs one file"`
	WorkerMB int  `yaml:"worker_mb" doc:"memory of such a process in all; more than memory_mb, whose errors are kinder"`
}

// DefaultDecode allows 8K pictures and keeps small sets decoded.
func DefaultDecode() Decode {
	return Decode{Pixels: 8192 * 4320, Streams: 32, MemoryMB: 4096, Timeout: 30 * time.Second, Threads: 1, OpenFiles: 8, Deinterlace: Off, ToneMap: Off, Cache: CacheMemory, CacheMB: 1024, WorkerMB: 5120}
}

// Off leaves out deinterlacing or tone mapping.
const Off = "off"

// The values of Decode.Deinterlace and Decode.ToneMap, as media/avdecode knows them.
var (
	deinterlacings = []string{Off, "auto", "on"}
	toneMaps       = []string{Off, "hable", "mobius", "reinhard", "clip"}
)

// The values of Decode.Cache.
const (
	CacheOff    = "off"
	CacheMemory = "memory"
	CacheDisk   = "disk"
)

// maxDecodeThreads is as many as FFmpeg recommends for any codec.
const maxDecodeThreads = 16

// maxOpenFiles stays below the number of files that systems let a process open.
const maxOpenFiles = 256

// Validate checks the ranges.
func (d Decode) Validate() error {
	switch {
	case d.Pixels < 1:
		return fmt.Errorf("decode.pixels is %d, want at least 1", d.Pixels)
	case d.Streams < 1:
		return fmt.Errorf("decode.streams is %d, want at least 1", d.Streams)
	case d.MemoryMB < 1:
		return fmt.Errorf("decode.memory_mb is %d MB, want at least 1", d.MemoryMB)
	case d.Timeout <= 0:
		return fmt.Errorf("decode.timeout is %v, want more than 0s", d.Timeout)
	case d.WorkerMB < 256:
		return fmt.Errorf("decode.worker_mb is %d MB, want at least 256", d.WorkerMB)
	case d.Cache != CacheOff && d.Cache != CacheMemory && d.Cache != CacheDisk:
		return fmt.Errorf("decode.cache is %q, want %s, %s or %s", d.Cache, CacheOff, CacheMemory, CacheDisk)
	case d.CacheSide != 0 && (d.CacheSide < 16 || d.CacheSide > 4096 || d.CacheSide%2 != 0):
		return fmt.Errorf("decode.cache_side is %d pixels, want an even number from 16 to 4096, or 0 for as decoded", d.CacheSide)
	case !slices.Contains(deinterlacings, d.Deinterlace):
		return fmt.Errorf("decode.deinterlace is %q, want one of %v", d.Deinterlace, deinterlacings)
	case !slices.Contains(toneMaps, d.ToneMap):
		return fmt.Errorf("decode.tonemap is %q, want one of %v", d.ToneMap, toneMaps)
	case d.Threads < 1 || d.Threads > maxDecodeThreads:
		return fmt.Errorf("decode.threads is %d, want 1 to %d", d.Threads, maxDecodeThreads)
	case d.OpenFiles < 0 || d.OpenFiles > maxOpenFiles:
		return fmt.Errorf("decode.open_files is %d, want 0 to %d", d.OpenFiles, maxOpenFiles)
	case d.CacheMB < 0:
		return fmt.Errorf("decode.cache_mb is %d MB, want at least 0", d.CacheMB)
	}
	return nil
}

// Eval holds the settings of kNN, linear probe and retrieval.
type Eval struct {
	Clips          int     `yaml:"clips" doc:"clips of a video whose features, or class probabilities of a classifier, are averaged"`
	Crops          int     `yaml:"crops" doc:"windows of each clip, averaged too: 1 central one, or 3 along the long side"`
	Batch          int     `yaml:"batch" doc:"clips in one forward pass"`
	KNN            int     `yaml:"knn_k" doc:"neighbours that vote"`
	KNNTemperature float64 `yaml:"knn_temperature" doc:"of their votes, exp(cosine/temperature)"`
	LinearC        float64 `yaml:"linear_c" doc:"inverse strength of the probe's L2 penalty"`
	LabelsPerClass int     `yaml:"labels_per_class" doc:"labelled videos drawn from each class, 0 takes all"`
	Draws          int     `yaml:"draws" doc:"repetitions of that draw"`
}

// DefaultEval is the protocol of the shipped tables.
func DefaultEval() Eval {
	return Eval{Clips: 3, Crops: 1, Batch: 32, KNN: 5, KNNTemperature: .07, LinearC: .01, Draws: 10}
}

// Validate checks the ranges; those of the probes are the probes' own.
func (e Eval) Validate() error {
	switch {
	case e.Clips < 1 || e.Batch < 1 || e.Draws < 1:
		return fmt.Errorf("eval: clips is %d, batch %d, draws %d: want at least 1 each", e.Clips, e.Batch, e.Draws)
	case !slices.Contains(media.TestCrops(), e.Crops):
		return fmt.Errorf("eval.crops is %d, want one of %v", e.Crops, media.TestCrops())
	case e.LabelsPerClass < 0:
		return fmt.Errorf("eval.labels_per_class is %d, want 0 (all) or more", e.LabelsPerClass)
	}
	if err := (eval.KNNConfig{K: e.KNN, Temperature: e.KNNTemperature}).Validate(); err != nil {
		return err
	}
	linear := eval.DefaultLinearConfig()
	linear.C = e.LinearC
	return linear.Validate()
}

// Finetune holds the settings of training with labels. With few labels
// (eval.labels_per_class above 0) a run is shorter and its batches smaller.
type Finetune struct {
	Steps          int     `yaml:"steps" doc:"of training with all labels"`
	Batch          int     `yaml:"batch" doc:"videos in a step"`
	FewSteps       int     `yaml:"few_steps" doc:"in place of steps with few labels a class"`
	FewBatch       int     `yaml:"few_batch" doc:"in place of batch with few labels a class"`
	LR             float64 `yaml:"lr" doc:"in place of optimizer.lr"`
	WeightDecay    float64 `yaml:"weight_decay" doc:"in place of optimizer.weight_decay"`
	WarmupSteps    int     `yaml:"warmup_steps" doc:"in place of optimizer.warmup_steps"`
	CropMin        float64 `yaml:"crop_min" doc:"in place of augment.crop_min"`
	ColourStrength float64 `yaml:"colour_strength" doc:"in place of augment.colour_strength"`
}

// DefaultFinetune is the recipe of the synthetic set.
func DefaultFinetune() Finetune {
	return Finetune{Steps: 80, Batch: 20, FewSteps: 80, FewBatch: 20,
		LR: .003, WeightDecay: .01, WarmupSteps: 20, CropMin: .6, ColourStrength: .4}
}

// Validate checks the ranges.
func (f Finetune) Validate() error {
	switch {
	case f.Steps < 1 || f.Batch < 1 || f.FewSteps < 1 || f.FewBatch < 1:
		return fmt.Errorf("finetune: steps is %d, batch %d, few_steps %d, few_batch %d: want at least 1 each", f.Steps, f.Batch, f.FewSteps, f.FewBatch)
	case !(f.LR > 0) || !(f.WeightDecay >= 0) || f.WarmupSteps < 0:
		return fmt.Errorf("finetune: lr is %g, weight_decay %g, warmup_steps %d: want more than 0, at least 0, at least 0", f.LR, f.WeightDecay, f.WarmupSteps)
	case !(f.CropMin > 0 && f.CropMin <= 1):
		return fmt.Errorf("finetune.crop_min is %g, want more than 0, at most 1", f.CropMin)
	case !(f.ColourStrength >= 0 && f.ColourStrength <= 1.25):
		return fmt.Errorf("finetune.colour_strength is %g, want 0 to 1.25", f.ColourStrength)
	}
	return nil
}
