package dataset

// Format is one way in which a set can be laid out.
type Format struct {
	Name   string
	Doc    string
	detect func(place) bool
	read   func(place) (*Set, error)
}

// formats are tried in this order.
var formats = [...]Format{
	{Name: "webdataset", Doc: "tar shards: a file, a pattern (train-{000..009}.tar), a folder, or - for standard input", detect: isWebDataset, read: readWebDataset},
	{Name: "kinetics", Doc: "official CSV (label,youtube_id,time_start,time_end,split), or a folder of them", detect: isKinetics, read: readKinetics},
	{Name: "jsfusion", Doc: "MSR-VTT test list of 1k-A (key,vid_key,video_id,sentence)", detect: isJSFusion, read: readJSFusion},
	{Name: "path-label", Doc: "lines `path label` or `path label frames`, or a folder with train.csv, val.csv, test.csv of them", detect: isPathLabel, read: readPathLabel},
	{Name: "ucf101", Doc: "official splits: classInd.txt, trainlist01.txt, testlist01.txt", detect: isUCF101, read: readUCF101},
	{Name: "hmdb51", Doc: "official splits: CLASS_test_split1.txt with 0, 1 or 2 behind each name", detect: isHMDB51, read: readHMDB51},
	{Name: "ssv2", Doc: "Something-Something v2: something-something-v2-train.json and its labels", detect: isSSv2, read: readSSv2},
	{Name: "msrvtt", Doc: "MSR-VTT: MSRVTT_data.json, split by its 9k and JSFUSION lists where they lie beside it", detect: isMSRVTT, read: readMSRVTT},
	{Name: "msvd", Doc: "MSVD: train_list.txt, val_list.txt, test_list.txt and raw-captions.json or .pkl", detect: isMSVD, read: readMSVD},
	{Name: "didemo", Doc: "DiDeMo: train_data.json and the like, one item for each moment", detect: isDiDeMo, read: readDiDeMoMoments},
	{Name: "didemo-paragraphs", Doc: "the same, one item for each video with all its descriptions as one", detect: never, read: readDiDeMoParagraphs},
	{Name: "flickr8k", Doc: "Flickr8k (and 30k): captions.txt or Flickr8k.token.txt", detect: isFlickr, read: readFlickr},
	{Name: "coco", Doc: "COCO captions: captions_train2017.json and the like", detect: isCOCO, read: readCOCO},
	{Name: "manifest", Doc: "a .csv file with a column path, or a folder that holds clips.csv or that file alone", detect: isManifest, read: readManifest},
	{Name: "jsonl", Doc: "the same as JSON lines", detect: isJSONL, read: readJSONL},
	{Name: "parquet", Doc: "the same as Parquet", detect: isParquet, read: readParquet},
	{Name: "frames", Doc: "a folder of numbered pictures for each video; found out where they are called frame or img", detect: isFrames, read: readFrames},
	{Name: "folder", Doc: "a folder of videos and images, or a folder for each class", detect: isFolder, read: readFolder},
}

// never is the detection of formats that have to be named.
func never(place) bool { return false }

// Formats lists the known layouts in the order in which they are tried.
func Formats() []Format { return formats[:] }

// FormatNames lists the names of Formats.
func FormatNames() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.Name)
	}
	return out
}
