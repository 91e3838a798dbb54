// Package isolate decodes in other processes, so that a file which makes the
// decoder crash, hang or take all memory costs that file and nothing else. It
// knows no decoder: the program starts itself anew as a worker, and Work serves
// there whatever decoder it is given.
//
// # Note [Worker processes]
//
// A worker serves one open video at a time, and a video has a worker to itself
// until it is closed, so that what dies with a process is known. Idle workers
// wait for the next file; where more videos are open than Options.Workers,
// further ones are started and end with their video, so that nobody waits for
// somebody else's Close.
//
// A worker that dies is replaced and the call is made again, once: somebody
// may have killed the process whatever the file, and then nothing changes. A
// file that ends two of them is to blame. Workers that gave no answer in time
// or took too much memory are killed, and their file is not tried again.
//
// Workers end with their parent: their standard input does, and the kernel
// kills them if they are deep in a decoder then. They have a process group of
// their own, so that the terminal's interrupt reaches the parent alone.
//
// # Note [Protocol]
//
// Both sides are the same program, so there are no versions. Still the parent
// believes nothing: lengths are bounded before memory is taken, and a frame
// whose planes do not hold its picture is refused, as a worker whose memory a
// file has spoiled may write anything.
//
// A message is its length, a kind, the number of the call it belongs to, and a
// body. The parent calls (open, clips, frames, close), may cancel the call, and
// gives credit; the worker answers with any number of frames and faults, then
// one end. Pixels go through memory that both sides map, as a ring: one copy
// in, one out, against two and a system call per 64 kB through a pipe. Credit
// says how much of the ring has been read. Pictures that are larger than the
// ring follow their message through the pipe.
package isolate
