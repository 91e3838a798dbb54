package media

// augmentations lists what may change the pixels of a view, in the order in
// which it happens; crop and mirror come before, as part of the View.
var augmentations = [...]Augmentation{
	{Name: "rand-augment", Doc: "drawn operations of RandAugment", Draw: drawRandAugment},
	{Name: "colour", Doc: "brightness, contrast, saturation, hue", Draw: drawColour},
	{Name: "grey", Doc: "no colour", Draw: drawGrey},
	{Name: "blur", Doc: "Gaussian blur", Draw: drawBlur},
	{Name: "solarise", Doc: "bright values turned dark", Draw: drawSolarise},
	{Name: "erase", Doc: "a rectangle erased", Draw: drawErase},
	{Name: "cutout", Doc: "a square erased", Draw: drawCutout},
}

// Augmentations returns the changes of pixels in the order in which they happen.
func Augmentations() []Augmentation { return augmentations[:] }
