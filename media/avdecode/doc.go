// Package avdecode turns files into frames, exactly and within limits, and
// frames into files. It is the only user of FFmpeg: through go-astiav where
// that suffices, through shim.c where it does not.
//
// # Note [Exact random access]
//
// A picture counts as right only if it equals, bit for bit, the one that
// decoding from the first packet yields. Three traps decide the algorithm:
//
//   - Packets marked as key are not always clean entry points (open GOPs,
//     intra-refresh, broken containers). A seek is accepted only if the first
//     picture at or after the key packet's time has exactly that time and no
//     error flag; else we step back a key, at most three times, then decode
//     from a fresh open.
//   - Decoders learn from the first packet of a file (x264's version decides
//     about a workaround). Every decoder is primed with it, and flushed, never
//     recreated, for a seek.
//   - A seek to minus infinity is no rewind. We reopen.
//
// Files whose packets have missing or repeated times, or whose first decoded
// picture is not the first in time, are decoded through and counted.
//
// # Note [Damage]
//
// Signs of damage are a picture that FFmpeg flags, a packet that the decoder
// refuses, an error that the demuxer logs, a packet that it marks or that the
// file lists and does not hold, a reference that is missing (H.264 and HEVC tell,
// others cannot) and a picture that the index promised and the decoder did not
// give. A sign has a place in the order of packets sent. It taints the pictures
// of the packets from there on, up to a clean key picture that was sent behind
// it and those shown behind that. Frames marks tainted pictures, Clips refuses
// them. Where Clips meets one on its way on from an earlier place, it enters anew
// at the last key in front of the frame: so what can be had of a file does not
// depend on what was read before. Much damage shows no sign at all, so sound
// means "no sign seen".
//
// # Note [Watchdog]
//
// FFmpeg asks the guard while it reads, and we ask it between packets; a decoder
// that loops inside one packet asks nobody. All work therefore runs on a
// goroutine of its own, which is given up some grace past the limit, with the
// memory and the thread that it holds. After a few of those every call fails
// with media.ErrHung. The wall clock decides here, so files that timed out are
// told apart in every report.
//
// # Note [Threads]
//
// A decoder's threads race where a picture is damaged: what refers to it may
// read it before or after it is patched up. So a decoder with threads of its
// own gives up at the first sign (a flag, a refused packet, an error that one of
// the threads logs; results come in the order of packets, so the sign is seen
// before a picture that depends on it), and the file is decoded by one thread
// from then on. Frames therefore do not depend on Options.Threads.
// HEVC always has one: damage in it may show no sign.
package avdecode
