// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package proc runs the processes that are measured and reads from /proc what
// they cost.
package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stopTimeout is how long a process may take to stop before it is killed.
const stopTimeout = 30 * time.Second

// Command says what to run.
type Command struct {
	Path string
	Args []string
	// Env is added to the environment.
	Env []string
	// Log is the file that takes stdout and stderr.
	Log string
}

// Process is a process that was started.
type Process struct {
	Command Command
	Started time.Time

	cmd  *exec.Cmd
	done chan struct{}
	err  error // what Wait returned, once done is closed
}

// Start starts a process in a process group of its own.
func Start(c Command) (*Process, error) {
	log, err := os.Create(c.Log)
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", filepath.Base(c.Path), err)
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	// The group is how its children are found; it dies with us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Process{Command: c, cmd: cmd, Started: time.Now(), done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", c.Path, err), log.Close())
	}
	go func() {
		defer close(p.done)
		p.err = errors.Join(cmd.Wait(), log.Close())
	}()
	return p, nil
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns an error if the process has ended, with the end of its log.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s has ended (%w); its log %s ends with:\n%s",
			filepath.Base(p.Command.Path), orEOF(p.err), p.Command.Log, p.LogTail(2000))
	default:
		return nil
	}
}

func orEOF(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// LogTail returns the last n bytes of the log.
func (p *Process) LogTail(n int) string {
	data, err := os.ReadFile(p.Command.Log)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-n):])
}

// CPU returns the processor time, user and system, that the process has used,
// and its children that it has waited for.
func (p *Process) CPU() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("reading the processor time: %w", err)
	}
	return parseStat(string(data))
}

// Memory is the resident memory of a process in bytes.
type Memory struct{ RSS, Peak int64 }

// Memory returns what the process holds now, and the most that it ever did.
func (p *Process) Memory() (Memory, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return Memory{}, fmt.Errorf("reading the memory: %w", err)
	}
	return parseStatus(string(data))
}

// Connections returns how many TCP connections the process has to a port.
func (p *Process) Connections(port int) (int, error) {
	inodes, err := sockets(p.PID())
	if err != nil {
		return 0, fmt.Errorf("reading the sockets: %w", err)
	}
	n := 0
	for _, table := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", p.PID(), table))
		if errors.Is(err, os.ErrNotExist) {
			continue // no IPv6 here
		}
		if err != nil {
			return 0, fmt.Errorf("reading the connections: %w", err)
		}
		n += countConnections(string(data), inodes, port)
	}
	return n, nil
}

// Alone fails if the process has children, whose cost CPU and Memory do not
// show as long as they run.
func (p *Process) Alone() error {
	members, err := group(p.PID())
	if err != nil {
		return err
	}
	if len(members) > 1 {
		return fmt.Errorf("%s runs as %d processes, of which one is measured", filepath.Base(p.Command.Path), len(members))
	}
	return nil
}

// Stop ends the process as an operator would, and kills it if that takes too
// long. It returns an error if it had to be killed.
func (p *Process) Stop() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", filepath.Base(p.Command.Path), err)
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		p.Discard()
		return fmt.Errorf("%s had to be killed; its log is %s", filepath.Base(p.Command.Path), p.Command.Log)
	}
}

// Discard ends the process group at once: for one whose work is done and whose
// end nobody measures.
func (p *Process) Discard() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // it may be gone by now
		<-p.done
	}
}
