// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: USER_HZ is 100 for every program.
const tick = 10 * time.Millisecond

// Places in /proc/PID/stat, counted after the command's name.
const (
	statGroup = 2
	statUser  = 11
	statTimes = 4 // user, system, and both of waited-for children
)

// statFields returns what stands after the command's name, which may hold blanks
// and parentheses.
func statFields(stat string) ([]string, error) {
	_, rest, ok := cutLast(stat, ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < statUser+statTimes {
		return nil, fmt.Errorf("%q is not a line of /proc/PID/stat", stat)
	}
	return fields, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func parseStat(stat string) (time.Duration, error) {
	fields, err := statFields(stat)
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, f := range fields[statUser : statUser+statTimes] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading /proc/PID/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

func parseStatus(status string) (Memory, error) {
	var m Memory
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		var into *int64
		switch name {
		case "VmRSS":
			into = &m.RSS
		case "VmHWM":
			into = &m.Peak
		default:
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return m, fmt.Errorf("reading %s of /proc/PID/status: %w", name, err)
		}
		*into = kb << 10
	}
	if m.RSS == 0 || m.Peak == 0 {
		return m, errors.New("/proc/PID/status has no VmRSS and VmHWM: the process has ended")
	}
	return m, nil
}

// sockets returns the inodes of a process's sockets.
func sockets(pid int) (map[string]bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	inodes := map[string]bool{}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed since
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			inodes[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return inodes, nil
}

// established is a TCP state in /proc/net/tcp.
const established = "01"

// countConnections counts the lines of a table of /proc/net that are established
// connections of these sockets to a port.
func countConnections(table string, inodes map[string]bool, port int) int {
	const remote, state, inode = 2, 3, 9
	want := fmt.Sprintf("%04X", port)
	n := 0
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) <= inode || f[state] != established || !inodes[f[inode]] {
			continue
		}
		if _, p, _ := strings.Cut(f[remote], ":"); p == want {
			n++
		}
	}
	return n
}

// group returns the members of a process group.
func group(id int) ([]string, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var members []string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if f, err := statFields(string(data)); err == nil && f[statGroup] == strconv.Itoa(id) {
			members = append(members, filepath.Base(filepath.Dir(path)))
		}
	}
	return members, nil
}
