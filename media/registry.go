package media

// augmentations lists what may change the pixels of a view, in the order in
// which it happens; crop and mirror come before, as part of the View.
var augmentations = [...]Augmentation{
	{Name: "rand-augment", Doc: "drawn ones of 14 operations (RandAugment)", Setting: "augment.rand_ops", Draw: drawRandAugment},
	{Name: "colour", Doc: "brightness, contrast, saturation, hue: linear, as SimCLR or as torchvision", Setting: "augment.colour_style", Draw: drawColour},
	{Name: "grey", Doc: "no colour", Setting: "augment.grey", Draw: drawGrey},
	{Name: "blur", Doc: "Gaussian blur, kernels as of SimCLR or torchvision", Setting: "augment.blur_prob", Draw: drawBlur},
	{Name: "solarise", Doc: "bright values turned dark", Setting: "augment.solarise", Draw: drawSolarise},
	{Name: "erase", Doc: "a rectangle erased, of drawn shape", Setting: "augment.erase", Draw: drawErase},
	{Name: "cutout", Doc: "a square erased, of fixed size", Setting: "augment.cutout", Draw: drawCutout},
}

// Augmentations returns the changes of pixels in the order in which they happen.
func Augmentations() []Augmentation { return augmentations[:] }

// Names of samplers.
const (
	SamplerRandom  = "random"
	SamplerUniform = "uniform"
	SamplerDense   = "dense"
)

// samplers lists how clips can be cut.
var samplers = [...]Sampler{
	{Name: SamplerRandom, Doc: "T frames of a stride from anywhere; test: clips evenly from end to end", Setting: "media.sampler", Train: randomTrain, Test: evenTest},
	{Name: SamplerUniform, Doc: "a frame from each of T equal parts (TSN); test: their centres", Setting: "media.sampler", Train: uniformTrain, Test: uniformTest},
	{Name: SamplerDense, Doc: "T frames, both ends of T x stride included (SlowFast); test: clip i of k at i/k", Setting: "media.sampler", Train: denseTrain, Test: denseTest},
	{Name: "interval", Doc: "two clips, close ones more often than distant ones (CVRL)", Setting: "pairs.gap"},
	{Name: "rho", Doc: "2 or more clips with bounds on the gaps between them (rho-MoCo)", Setting: "rho"},
	{Name: "pace", Doc: "a clip of a drawn pace that goes on at the first frame (pace prediction)", Setting: "pace"},
}

// Samplers returns all ways of cutting clips.
func Samplers() []Sampler { return samplers[:] }
