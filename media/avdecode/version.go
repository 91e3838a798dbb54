package avdecode

// #include "shim.h"
import "C"

// Library describes the FFmpeg that the program is linked with.
type Library struct {
	Version       string // as its builder names it, such as 5.1.9-0+deb12u1
	Licence       string // what its configuration puts it under
	Configuration string // the options that it was configured with
}

// FFmpeg tells which FFmpeg runs here. Its licence is the program's concern: a
// GPL build is linked at run time, an LGPL one may be linked in.
func FFmpeg() Library {
	return Library{
		Version:       C.GoString(C.av_version_info()),
		Licence:       C.GoString(C.avcodec_license()),
		Configuration: C.GoString(C.avcodec_configuration()),
	}
}
