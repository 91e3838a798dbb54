package isolate

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startLimit bounds the start of a process, which takes a tenth of a second on
// an idle machine.
const startLimit = time.Minute

// process is one worker as its parent sees it. One goroutine at a time uses it.
type process struct {
	o      *Options
	slot   int // its place among the kept, or behind them
	cmd    *exec.Cmd
	calls  *os.File // its standard input
	out    *os.File
	reader *bufio.Reader
	shared []byte
	last   uint32 // number of the last call
	owed   int    // bytes of the ring that were read and not given back
	words  *ending
	gone   chan struct{} // closed when it has ended and was reaped
}

// start starts a worker and waits until it is ready.
func start(o *Options, slot int) (*process, error) {
	p := &process{o: o, slot: slot, words: new(ending), gone: make(chan struct{})}
	if err := p.launch(); err != nil {
		return nil, fmt.Errorf("isolate: start a worker: %w", err)
	}
	deadline := time.Now().Add(startLimit)
	m, err := p.receive(func() (time.Time, error) {
		if time.Now().After(deadline) {
			return deadline, fmt.Errorf("it was not ready within %s", startLimit)
		}
		return deadline, nil
	})
	if err == nil && m.kind != sayHello {
		err = errBody
	}
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("isolate: start a worker: %w: %s", err, p.obituary())
	}
	return p, nil
}

// launch makes pipes and shared memory and starts the process. Only the ends
// that the parent needs stay open here; all are closed on exec, so that no
// worker holds another's.
func (p *process) launch() error {
	callsRead, calls, err := os.Pipe()
	if err != nil {
		return err
	}
	defer callsRead.Close()
	out, outWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, calls.Close())
	}
	defer outWrite.Close()
	shared, err := newShared(p.o.Ring)
	if err == nil {
		defer shared.Close()
		p.shared, err = mapShared(shared)
	}
	if err == nil {
		err = p.run(callsRead, outWrite, shared)
	}
	if err != nil {
		return errors.Join(err, calls.Close(), out.Close(), p.unmap())
	}
	p.calls, p.out, p.reader = calls, out, bufio.NewReaderSize(out, 1<<16)
	return nil
}

func (p *process) run(calls, out, shared *os.File) error {
	if len(p.o.Command) == 0 {
		return errors.New("Options.Command is empty: name the program that serves as a worker")
	}
	p.cmd = exec.Command(p.o.Command[0], p.o.Command[1:]...)
	p.cmd.Args[0] = os.Args[0] // for who lists processes
	p.cmd.Stdin, p.cmd.Stderr, p.cmd.ExtraFiles = calls, p.words, []*os.File{out, shared}
	// A worker has one decoder, whose threads are C's. Of a crash, the first line
	// tells all that is reported.
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=2", "GOTRACEBACK=none")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = time.Second
	started := make(chan error)
	// The kernel counts the end of the starting thread as the parent's death. Go
	// ends a thread only with a goroutine that is locked to it: this one is not.
	go func() {
		started <- p.cmd.Start()
		if p.cmd.Process != nil {
			p.cmd.Wait() // what it says is in ProcessState
			close(p.gone)
		}
	}()
	return <-started
}

// receive reads one message. while is asked before every wait: until when, or
// why no longer.
func (p *process) receive(while func() (time.Time, error)) (message, error) {
	return readMessage(&waiter{p, while})
}

// waiter reads from the process and lets while end it.
type waiter struct {
	p     *process
	while func() (time.Time, error)
}

// Read waits until while says stop.
func (w *waiter) Read(b []byte) (int, error) {
	for {
		if w.p.reader.Buffered() == 0 {
			// First the deadline, then the question: a cancellation moves the deadline
			// into the past.
			until, err := w.while()
			if err != nil {
				return 0, err
			}
			if err := w.p.out.SetReadDeadline(until); err != nil {
				return 0, err
			}
			if _, err := w.while(); err != nil {
				return 0, err
			}
		}
		n, err := w.p.reader.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// send writes one message. A worker always reads, so one that does not is
// stopped or dead.
func (p *process) send(m message) error {
	if err := p.calls.SetWriteDeadline(time.Now().Add(p.o.Grace)); err != nil {
		return err
	}
	return writeMessage(p.calls, m)
}

// ended tells whether the process is known to be dead.
func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// kill ends the process at once and frees what it held here.
func (p *process) kill() {
	if !p.ended() {
		p.cmd.Process.Kill()
	}
	p.free()
}

// await gives a process that is ending the time to say how.
func (p *process) await() {
	select {
	case <-p.gone:
	case <-time.After(p.o.Grace):
	}
}

// close lets the process end by itself, and kills it where it does not.
func (p *process) close() {
	p.calls.Close()
	p.await()
	p.kill()
}

func (p *process) free() {
	<-p.gone
	p.calls.Close()
	p.out.Close()
	p.unmap()
}

func (p *process) unmap() error {
	shared := p.shared
	if p.shared = nil; shared == nil {
		return nil
	}
	return unix.Munmap(shared)
}

// resident is the process's memory in bytes, 0 where it cannot be told.
func (p *process) resident() int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(data), &total, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// obituary says how a process that has ended did.
func (p *process) obituary() string {
	words := p.words.line()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return strings.TrimSuffix(fmt.Sprintf("signal %s (%s): %s", unix.SignalName(status.Signal()), status.Signal(), words), ": ")
	}
	return strings.TrimSuffix(fmt.Sprintf("exit status %d: %s", p.cmd.ProcessState.ExitCode(), words), ": ")
}

// outOfMemory tells whether it ended because the kernel gave no more.
func (p *process) outOfMemory() bool {
	words := p.words.all()
	return slices.ContainsFunc([]string{
		"out of memory", "cannot allocate memory", // Go
		"failed to allocate", // the race detector
		"std::bad_alloc",     // C++ libraries that FFmpeg calls
	}, func(said string) bool { return strings.Contains(words, said) })
}

// ending keeps the first lines that a worker writes to standard error.
type ending struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps what fits.
func (e *ending) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, b[:min(len(b), 4096-len(e.text))]...)
	return len(b), nil
}

func (e *ending) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.ToValidUTF8(string(e.text), "?")
}

// line is the first that is not empty, cut short.
func (e *ending) line() string {
	text, _, _ := strings.Cut(strings.TrimSpace(e.all()), "\n")
	return text[:min(len(text), 200)]
}
