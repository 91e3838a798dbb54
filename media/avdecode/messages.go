package avdecode

import "strings"

// meanings says in plain words what a line of FFmpeg's log means. The first
// whose mark the line holds counts.
var meanings = []struct{ mark, means string }{
	{"moov atom not found", "the part that lists the frames (moov) is missing: the file was cut off or never finished"},
	{"contradictionary STSC and STCO", "its tables of samples contradict each other"},
	{"Invalid NAL unit size", "a packet holds wrong lengths"},
	{"missing picture in access unit", "a packet holds no picture"},
	{"error while decoding MB", "the bitstream is damaged"},
	{"no frame", "a packet holds no picture"},
	{"decode_slice_header error", "a picture's header is damaged"},
	{"Invalid frame marker", "a picture's header is damaged"},
	{"illegal memory management", "a picture's header is damaged"},
	{"error count", "the JPEG data is damaged"},
	{"error y=", "the JPEG data is damaged"},
	{"chunk too big", "the PNG is cut off or damaged"},
	{"Invalid PNG signature", "it is no PNG"},
	{"invalid color cache bits", "the WebP data is damaged"},
	{"Invalid top position", "a picture lies outside the GIF's screen"},
	{"EBML number", "bytes that are no Matroska"},
	{"exceeds containing master element", "sizes in the Matroska contradict each other"},
	{"Invalid frame size (", "it holds no whole frame of sound"},
	{"partial file", "the file is cut off"},
	{"End of file", "the file ends before its content"},
	{"Cannot allocate memory", "it asks for more memory than there is"},
	{"patches welcome", "a feature that FFmpeg lacks"},
	{"Could not find ref with POC", "a reference picture is missing"},
	{"Invalid data found when processing input", "no content was recognised"},
}

// inPlainWords says what a line of FFmpeg's log means, and quotes it.
func inPlainWords(line string) string {
	line = strings.TrimRight(line, ". \n")
	for _, m := range meanings {
		if strings.Contains(line, m.mark) {
			return m.means + ` (FFmpeg: "` + line + `")`
		}
	}
	return `FFmpeg says "` + line + `"`
}
